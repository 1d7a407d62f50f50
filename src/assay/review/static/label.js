// The label page: a text, a key, the next text. Texts reach the page as text nodes only, never as markup.

import { ask, Refused } from "./server.js";
import { fillIn, listed, percent, say } from "./say.js";
import { drawCurve } from "./curve.js";
import { keyOf } from "./keys.js";
import { acting, alertOf, alone, isBusy, isPassing, withKey, leaveClickedButtons } from "./acting.js";
import { isMapOpen, setUpMap } from "./region.js";

// Keys of the labels. Z takes back, so it is none of them; capital letters need Shift.
const SMALL = "abcdefghijklmnopqrstuvwxy";
const KEYS = [..."123456789", ...SMALL, ...SMALL.toUpperCase()];
const LONG_TEXT = 280; // characters from which a text is set smaller
const TEXTS_FOR_ACCURACY = 80; // every fourth of them is drawn at random, and 20 of those are needed
const POLL_MS = 3000; // how often the numbers are asked for while nothing is decided
const DOUBLE_MS = 300; // an Enter that follows another one so soon was meant for the same text
const $ = (id) => document.getElementById(id);
let state = null;
let item = null; // what is on the screen: the text to decide on, or one of the history
let back = -1; // how far the page looks back; -1: not at all
let chosen = new Set(); // with several labels per text: those that are pressed
let shownMs = 0;
let enteredMs = -Infinity; // when Enter was pressed last, if no label was pressed since
let renamed = "";
let shown = ""; // the state that is on the screen, as JSON

// ---- what is shown

function show(next, wasBack = false) {
  const written = JSON.stringify(next);
  if (written === shown && !wasBack) return; // so that what has the focus keeps it
  shown = written;
  const isOther = !state || wasBack || next.item?.mark !== item?.mark;
  if (state && !isOther) followNames(state.last, next);
  state = next;
  item = next.item;
  if (isOther) showItem();
  showLabels();
  showNumbers();
}

// A label that is pressed stays so where it gets another name, or has its earlier one again.
function followNames(before, next) {
  const labels = next.labels.map((one) => one.label);
  for (const [from, to] of [[next.last?.label, next.last?.to], [before?.to, before?.label]]) {
    if (labels.includes(to) && !labels.includes(from) && chosen.delete(from)) chosen.add(to);
  }
}

function showItem() {
  // A text that was decided has its labels pressed; another one of several labels those that are suggested.
  chosen = new Set(item?.labels || (state.several && item?.suggested) || []);
  $("text").hidden = !item;
  $("end").hidden = Boolean(item);
  $("end").textContent = say("all_done");
  $("text").textContent = item ? item.text : "";
  $("text").classList.toggle("long", (item?.text.length || 0) > LONG_TEXT);
  $("text").scrollTop = 0;
  $("note").value = item?.note || "";
  shownMs = performance.now();
}

function showLabels() {
  const suggested = (back < 0 && item?.suggested) || [];
  $("suggestion").textContent = sentenceOf();
  $("place").textContent = item ? say(placeKey(), { line: item.line }) : "";
  $("newest").hidden = back < 0;
  const rows = state.labels.map(({ label }, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.disabled = !item;
    button.classList.toggle("suggested", suggested.includes(label));
    if (state.several || back >= 0) button.setAttribute("aria-pressed", String(chosen.has(label)));
    if (KEYS[i]) withKey(button, KEYS[i], label);
    else Object.assign(button, { textContent: label, dir: "auto" });
    button.addEventListener("click", () => press(label));
    const row = document.createElement("li");
    row.append(button);
    return row;
  });
  $("labels").replaceChildren(...rows);
  $("done").hidden = !state.several;
  $("done").disabled = !item;
  $("skip").disabled = !item;
  $("undo").disabled = !state.last;
  withKey($("undo"), "Z", say(state.last ? `undo_${state.last.kind}` : "undo", state.last || {}));
}

// Labels in the order of the page.
function inOrder(labels) {
  return state.labels.map((one) => one.label).filter((label) => labels.includes(label));
}

// Where a text can have several labels, a key presses one of them, and Enter is what decides.
function placeKey() {
  if (back < 0) return "line";
  return state.several ? "line_back_several" : "line_back";
}

function sentenceOf() {
  if (!item) return "";
  if (back >= 0) return item.is_skip ? say("was_skipped") : say("was_labelled", { labels: listed(item.labels) || say("none") });
  if (!item.suggested) return whyNone();
  if (state.several) return item.suggested.length ? say("presses", { labels: listed(inOrder(item.suggested)) }) : say("presses_none");
  const [label] = item.suggested;
  if (item.confidence === null) return say("by_name", { label });
  return say("suggests", { label, share: percent(item.confidence) });
}

// Why no label is suggested.
function whyNone() {
  if (state.has_model) return say(item.is_random ? "at_random" : "no_suggestion_here");
  const isTaught = state.labels.filter(({ n }) => n).length > 1;
  return say(isTaught ? "no_suggestion_yet" : "no_suggestion");
}

function showNumbers() {
  $("about").textContent = say("about", { pool: state.pool, n: state.n_pool });
  $("progress").textContent = say("progress", { n: state.n_decided, n_skipped: state.n_skipped, n_left: state.n_left, minutes: Math.round(state.minutes) });
  $("region").textContent = state.n_region ? say("region", { n: state.n_region }) : say("region_all");
  showAccuracy(state.estimate);
  const rows = state.labels.map(({ label, n }) => {
    const row = document.createElement("tr");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = say("rename");
    button.setAttribute("aria-label", say("rename_this", { label }));
    button.addEventListener("click", () => openRename(label));
    for (const content of [label, n.toLocaleString(), button]) {
      const cell = document.createElement("td");
      if (content === label) cell.dir = "auto";
      cell.append(content);
      row.append(cell);
    }
    return row;
  });
  $("counts").replaceChildren(...rows);
  $("reads").textContent = readsBy();
}

function readsBy() {
  if (!state.reads_by) return say("reads_nothing_yet");
  if (state.reads_by === "terms") return say("reads_terms", { why: state.why_terms });
  return say("reads", { checkpoint: state.reads_by, n: state.n_read, n_pool: state.n_pool });
}

function points(fraction) {
  return (100 * fraction).toFixed(1);
}

function accuracyNote(estimate) {
  if (state.several) return say("accuracy_several");
  if (!estimate) return say(state.is_estimating ? "accuracy_soon" : state.n_pool < TEXTS_FOR_ACCURACY ? "accuracy_never" : "accuracy_later", { n: state.n_pool });
  const { n_random: n, n_chosen } = estimate;
  const note = say("accuracy_note", { low: percent(estimate.low), high: percent(estimate.high), n });
  return n_chosen ? `${note} ${say("accuracy_chosen", { n: n_chosen })}` : note;
}

function showAccuracy(estimate) {
  $("accuracy").textContent = estimate ? percent(estimate.accuracy) : "–";
  $("accuracy-note").textContent = accuracyNote(estimate);
  const forecast = estimate?.forecast;
  const n = forecast?.n_more;
  $("gain").textContent = forecast ? say("gain", { n, points: points(forecast.gain), low: points(forecast.low), high: points(forecast.high) }) : "";
  $("stop").hidden = !estimate?.can_stop;
  $("stop").textContent = estimate?.can_stop ? say("can_stop", { n }) : "";
  drawCurve($("curve"), estimate?.curve || [], say("curve"));
}

// ---- what is done

const act = acting({
  view: () => state && { version: state.version },
  show: (next) => {
    const wasBack = back >= 0;
    back = -1;
    show(next, wasBack);
  },
  showAgain,
});

async function showAgain() {
  const wasBack = back >= 0;
  back = -1;
  shown = "";
  try {
    show(await ask("state"), wasBack);
  } catch {
    alertOf("gone"); // the next poll shows the state
  }
}

function press(label) {
  if (!item) return;
  enteredMs = -Infinity;
  if (!state.several) return decide([label], false);
  if (!chosen.delete(label)) chosen.add(label);
  showLabels();
}

// A note beside a text that was decided is kept at once: nobody would decide again for that. The text stays.
async function keepNote() {
  if (back < 0 || !item || $("note").value === (item.note || "")) return;
  await decide(item.labels, item.is_skip);
  look(1);
}

function decide(labels, isSkip) {
  if (!item) return;
  const seconds = (performance.now() - shownMs) / 1000;
  return act("decide", { position: item.position, mark: item.mark, labels, is_skip: isSkip, seconds, note: $("note").value });
}

function enter() {
  const isDouble = performance.now() - enteredMs < DOUBLE_MS;
  enteredMs = performance.now();
  if (!item || isDouble) return;
  if (state.several) return decide(inOrder([...chosen]), false);
  if (back < 0 && item.suggested) return decide(item.suggested, false);
}

// Each step waits for the one before it, so that two quick keys go two texts back.
let looking = Promise.resolve();

function look(step) {
  looking = looking.then(() => lookBy(step)).catch((err) => alertOf(err instanceof Refused ? err.message : "gone"));
}

async function lookBy(step) {
  if (!state) return;
  await alone(async () => {
    const wanted = back + step;
    if (wanted < 0) {
      back = -1;
      item = state.item;
    } else {
      const found = await ask(`history?back=${wanted}`);
      if (!found.item) return;
      back = wanted;
      item = found.item;
    }
    showItem();
    showLabels();
  });
}

function openRename(label) {
  renamed = label;
  $("rename-form").hidden = false;
  $("rename-title").textContent = say("rename_this", { label });
  $("rename-note").textContent = say("rename_note");
  $("rename").value = label;
  $("rename").focus();
  $("rename").select();
}

function closeRename() {
  $("rename-form").hidden = true;
  $("text").focus();
}

// ---- keys

const ACTS = {
  Enter: enter,
  " ": () => decide([], true),
  z: () => act("undo", {}),
  Z: () => act("undo", {}),
  ArrowLeft: () => look(1),
  ArrowRight: () => look(-1),
  "/": () => $("note").focus(),
  "+": () => $("add").focus(),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isMapOpen()) return;
  const isField = event.target instanceof HTMLInputElement;
  if (isField) {
    if (event.key === "Escape") $("text").focus();
    if (event.key === "Enter" && event.target === $("note")) $("text").focus();
    return;
  }
  const isButton = event.target instanceof HTMLButtonElement;
  if (isButton && (event.key === "Enter" || event.key === " ")) return; // it presses the button
  const key = keyOf(event);
  const i = KEYS.indexOf(key);
  const work = ACTS[key] || (state && i >= 0 && i < state.labels.length && (() => press(state.labels[i].label)));
  if (!work) return;
  event.preventDefault();
  if (!event.repeat) work();
}

async function poll() {
  if (isWaiting()) {
    try {
      const before = shown;
      const next = await ask("state");
      // A decision that was made meanwhile has brought a newer state.
      if (isWaiting() && shown === before) show(next);
      if (isPassing()) alertOf("");
    } catch (err) {
      alertOf(err instanceof Refused ? err.message : "gone", true);
    }
  }
  setTimeout(poll, POLL_MS);
}

function isWaiting() {
  return !isBusy() && back < 0 && !document.hidden && $("rename-form").hidden;
}

fillIn();
setUpMap((names) => act("region", { names }));
withKey($("skip"), "␣", say("skip"));
withKey($("undo"), "Z", say("undo"));
withKey($("earlier"), "←", say("earlier"));
withKey($("later"), "→", say("later"));
$("note").addEventListener("change", keepNote);
$("done").addEventListener("click", enter);
$("skip").addEventListener("click", () => decide([], true));
$("undo").addEventListener("click", () => act("undo", {}));
$("earlier").addEventListener("click", () => look(1));
$("later").addEventListener("click", () => look(-1));
$("newest").addEventListener("click", () => look(-back - 1));
$("rename-cancel").addEventListener("click", closeRename);
$("add-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const label = $("add").value.normalize("NFC").trim().split(/\s+/).join(" "); // as the server keeps it
  $("add").value = "";
  $("text").focus();
  if (state?.labels.some((one) => one.label === label)) alertOf(say("label_known", { label }));
  else if (label) act("labels", { label });
});
$("rename-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const to = $("rename").value.trim();
  closeRename();
  if (to && to !== renamed) act("labels", { label: renamed, to });
});
document.addEventListener("keydown", onKey);
leaveClickedButtons();
poll();
