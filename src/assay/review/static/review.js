// The review page: a row that an audit found, a key, the next row. Texts reach the page as text nodes only.

import { ask, Refused } from "./server.js";
import { fillIn, listed, percent, say } from "./say.js";
import { keyOf } from "./keys.js";
import { acting, alertOf, withKey, leaveClickedButtons } from "./acting.js";
import { isMapOpen, setUpMap } from "./region.js";

// Keys of the labels. K keeps and Z takes back, so they are none of them.
const KEYS = [..."123456789", ..."abcdefghijlmnopqrstuvwxy"];
const LONG_TEXT = 280; // characters from which a text is set smaller
const NO_LABEL = "[]"; // what rows without any label are looked for by
const GUESSES = ["wrong_label", "doubtful_label"]; // of one label; several are pressed one by one
const FILTERS = ["kind", "given_label", "split"]; // label is what a row gets
const $ = (id) => document.getElementById(id);
let state = null;
let chosen = new Set(); // with several labels per text: those that are pressed

function wanted() {
  return Object.fromEntries(FILTERS.map((name) => [name, $(name).value]));
}

// ---- what is shown

// A label; with several per text a list of them, as JSON.
function namesOf(label) {
  return state.several ? JSON.parse(label || "[]") : [label];
}

function wordsOf(label) {
  return listed(namesOf(label)) || say("none");
}

function show(next) {
  const before = state?.item?.key;
  if (state && state.version !== next.version && !$("effect").disabled) $("effect-note").textContent = "";
  state = next;
  const item = state.item;
  if (item?.key !== before && item) chosen = new Set(namesOf(item.proposed || item.row.label));
  const text = item ? item.row.text : say(state.n_waiting ? "none_matching" : "all_done");
  $("text").textContent = text;
  $("text").classList.toggle("long", text.length > LONG_TEXT);
  $("text").scrollTop = 0;
  $("place").textContent = item ? [...item.kinds.map((kind) => say(`kind_${kind}`)), whereOf(item.row)].join(" · ") : "";
  $("question").textContent = item ? questionOf(item) : "";
  $("effect-part").hidden = state.several;
  $("accept").hidden = !item || !(state.several ? isChanged(item) : item.proposed);
  if (item) withKey($("accept"), "Enter", actOf("accept", state.several ? pressed() : [item.proposed]));
  $("keep").hidden = !item;
  if (item) withKey($("keep"), "K", actOf("keep", namesOf(item.row.label)));
  $("skip").disabled = !item;
  showLabels(item);
  showRows("others", item?.others || [], item);
  showRows("nearest", item?.nearest || [], item);
  showNumbers();
}

// What a button does with labels, or with none.
function actOf(act, names) {
  return names.length ? say(act, { label: listed(names) }) : say(`${act}_none`);
}

// Several labels per text: whether those that are pressed are others than the row has.
function isChanged(item) {
  const own = namesOf(item.row.label);
  return own.length !== chosen.size || !own.every((label) => chosen.has(label));
}

function whereOf(row) {
  const place = { split: say(`split_${row.split}`), row: String(row.row) };
  return row.id ? say("where_id", { ...place, id: row.id }) : say("where", place);
}

function questionOf(item) {
  const given = wordsOf(item.row.label);
  if (item.proposed) {
    const question = say("given_and_proposed", { given, proposed: wordsOf(item.proposed) });
    if (item.guess === "doubtful_label") return `${question}. ${say(item.guess)}`;
    return item.is_by_decision ? `${question} ${say("by_decision")}` : question;
  }
  return say("given", { given });
}

function showLabels(item) {
  const rows = state.labels.map((label, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.disabled = !item;
    if (state.several) button.setAttribute("aria-pressed", String(chosen.has(label)));
    if (KEYS[i]) withKey(button, KEYS[i], label);
    else Object.assign(button, { textContent: label, dir: "auto" });
    button.addEventListener("click", () => press(label));
    const row = document.createElement("li");
    row.append(button);
    return row;
  });
  $("labels").replaceChildren(...rows);
}

function showRows(name, rows, item) {
  $(`${name}-part`).hidden = rows.length === 0;
  const elements = rows.map((row) => {
    const element = document.createElement("li");
    const label = row.is_decided ? say("decided", { label: wordsOf(row.label) }) : wordsOf(row.label);
    for (const [kind, words] of [["label", label], ["said", row.text]]) {
      const part = document.createElement("span");
      part.className = kind;
      part.textContent = words;
      if (kind === "label") part.dir = "auto";
      if (kind === "label" && row.label !== item.row.label) part.classList.add("other");
      element.append(part);
    }
    element.title = whereOf(row);
    return element;
  });
  $(name).replaceChildren(...elements);
}

function showNumbers() {
  $("about").textContent = say("about", { n: state.n_waiting });
  $("progress").textContent = say("counts", state.decided);
  $("region").textContent = state.n_region ? say("region", { n: state.n_region }) : say("region_all");
  $("matching").textContent = say("matching", { n: state.n_matching });
  if (!state.decided.changed) $("effect").disabled = true;
  else if ($("effect-note").textContent !== say("effect_busy")) $("effect").disabled = false;
  $("at-once-note").textContent = noteOfGuesses();
  $("undo").disabled = Object.values(state.decided).every((n) => n === 0);
  $("accept-all").textContent = say("accept_all", { n: state.n_acceptable });
  $("keep-all").textContent = say("keep_all", { n: state.n_matching });
  $("accept-all").disabled = !state.n_acceptable;
  $("keep-all").disabled = !state.n_matching;
  fillSelect("kind", Object.entries(state.kinds).map(([kind, n]) => [kind, `${say(`kind_${kind}`)} (${n})`]));
  fillSelect("given_label", state.all_labels.map((label) => [label, state.several && label === NO_LABEL ? say("without_label") : label]));
  fillSelect("split", state.splits.map((split) => [split, say(`split_${split}`)]));
}

// What is proposed by models is changed at once only where its kind is chosen, and not without a warning.
function noteOfGuesses() {
  if (state.n_guesses) return say("guesses_left_out", { n: state.n_guesses });
  const { kind } = wanted();
  return state.n_acceptable && GUESSES.includes(kind) ? say(kind) : "";
}

function fillSelect(name, options) {
  const before = $(name).value;
  const elements = [["", say("all")], ...options].map(([value, words]) => new Option(words, value));
  $(name).replaceChildren(...elements);
  $(name).value = before;
}

// ---- what is done

const act = acting({
  view: () => state && { version: state.version, list_mark: state.list_mark, ...wanted() },
  show,
  showAgain,
});

async function showAgain() {
  try {
    show(await ask(address()));
  } catch {
    alertOf("gone");
    setTimeout(refresh, 2000);
  }
}

function decide(body) {
  if (!state?.item) return;
  return act("decide", { key: state.item.key, ...body });
}

function pressed() {
  return state.labels.filter((label) => chosen.has(label));
}

function press(label) {
  if (!state.several) return decide({ label });
  if (!chosen.delete(label)) chosen.add(label);
  show(state);
}

function accept(more = {}) {
  if (state?.several) return decide({ label: JSON.stringify(pressed()) });
  if (state?.item?.proposed) return decide({ accepts: true, ...more });
}

// What the decisions so far do to the score: asked for by hand, because it takes a while.
async function measure() {
  $("effect").disabled = true;
  $("effect-note").textContent = say("effect_busy");
  const found = await ask("effect", { body: {} }).catch((err) => err);
  if (found instanceof Refused) $("effect-note").textContent = found.message;
  else if (found instanceof Error) $("effect-note").textContent = say("unmeasured");
  else {
    const advice = say(`effect_${found.verdict}`);
    $("effect-note").textContent = `${say("effect_found", { ...found, before: percent(found.before), after: percent(found.after) })} ${advice}`;
  }
  $("effect").disabled = state.decided.changed === 0;
}

function address() {
  return `state?${new URLSearchParams(wanted())}`;
}

async function refresh() {
  let next = null;
  try {
    next = await ask(address());
  } catch (err) {
    alertOf(err instanceof Refused ? err.message : "gone");
    setTimeout(refresh, 2000);
    return;
  }
  show(next);
  alertOf("");
}

const ACTS = {
  Enter: () => accept(),
  k: () => decide({}),
  K: () => decide({}),
  " ": () => decide({ is_skip: true }),
  z: () => act("undo", {}),
  Z: () => act("undo", {}),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isMapOpen() || event.target instanceof HTMLSelectElement) return;
  const isButton = event.target instanceof HTMLButtonElement;
  if (isButton && (event.key === "Enter" || event.key === " ")) return; // it presses the button
  const key = keyOf(event);
  const i = KEYS.indexOf(key);
  const work = ACTS[key] || (state && i >= 0 && i < state.labels.length && (() => press(state.labels[i])));
  if (!work) return;
  event.preventDefault();
  if (!event.repeat) work();
}

fillIn();
setUpMap((names) => act("region", { names }));
withKey($("skip"), "␣", say("skip"));
withKey($("undo"), "Z", say("undo"));
$("accept").addEventListener("click", () => accept());
$("keep").addEventListener("click", () => decide({}));
$("skip").addEventListener("click", () => decide({ is_skip: true }));
$("undo").addEventListener("click", () => act("undo", {}));
$("accept-all").addEventListener("click", () => decide({ accepts: true, all: true }));
$("keep-all").addEventListener("click", () => decide({ all: true }));
$("effect").addEventListener("click", measure);
for (const name of FILTERS) $(name).addEventListener("change", refresh);
document.addEventListener("keydown", onKey);
leaveClickedButtons();
refresh();
