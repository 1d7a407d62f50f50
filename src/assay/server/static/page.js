// The page: what is typed is asked, what is answered is shown. Texts reach the page as text nodes only, never as markup.

import { ask, hasKey, newestOnly, Refused, setKey } from "./server.js";
import { fillIn, isolated, listed, parts, percent, say } from "./say.js";
import { askLines, fillTable, save, splitLines, toCsv } from "./table.js";

const SHOWN_SCORES = 8;
const HEADLINES = { // macro F1: of several labels per text
  accuracy: { test: "about_right", validation: "about_right", out_of_fold: "about_right_folds" },
  f1_macro: { test: "about_macro", validation: "about_macro", out_of_fold: "about_macro_folds" },
};
const FEW_TEST_TEXTS = 100; // fewer say little beside twice as many of the evidence: the rule of `says_more` in Python
const RETRY_MS = 2000;
const LONG_NAME = 16; // letters: longer label names get a line of their own
const FAINT = 0.08; // words that push less than this share of the strongest are not marked
const SHOWN_NEAR = 3;
const LEAST = 0.5; // logits: where no word pushes more, the strongest one is no reason for a strong colour
const $ = (id) => document.getElementById(id);
const state = { info: null, model: null, many: false, label: null, showAll: false, answer: null, rows: [], round: 0 };
let asking = new AbortController();
let retry = 0;

function alertOf(sentence) {
  if (!sentence) document.body.classList.remove("stale");
  $("alert").hidden = !sentence;
  $("alert").textContent = sentence || "";
}

function served() {
  return state.info.models.find((model) => model.name === state.model) || state.info.models[0];
}

function query() {
  return state.info?.models.length > 1 ? state.model : undefined;
}

// ---- what goes wrong

function explainFailure(err) {
  if (err.name === "AbortError") return;
  document.body.classList.add("stale"); // what is shown answers another text
  if (!(err instanceof Refused)) return askAgain(say("gone"), RETRY_MS);
  if (err.status === 401) {
    alertOf(hasKey() ? say("wrong_key") : "");
    $("key-form").hidden = false;
    $("key").focus();
    return;
  }
  if (err.status === 429 || err.status === 503) return askAgain(say("busy"), Math.max(err.retryS * 1000, RETRY_MS));
  alertOf(err.message);
}

function askAgain(sentence, afterMs) {
  alertOf(sentence);
  clearTimeout(retry);
  retry = setTimeout(() => (state.info ? update() : start()), afterMs);
}

// ---- one text

const askOne = newestOnly(async (text) => {
  clearTimeout(retry);
  const round = ++state.round;
  try {
    const nearest = served().kept_texts ? { nearest: SHOWN_NEAR } : {};
    const answer = await ask("v1/classify", { body: { inputs: text, ...nearest }, model: query() });
    if (round !== state.round) return;
    alertOf("");
    state.answer = answer;
    showAnswer(answer);
    if (text !== $("text").value) return; // scores keep up with the typing, words wait for a pause
    asking = new AbortController();
    const label = state.label || answer.labels?.[0]; // of several labels, the surest that is given
    const body = label ? { inputs: text, label } : { inputs: text };
    const explanation = await ask("explain", { body, model: query(), signal: asking.signal });
    if (round === state.round && text === $("text").value) showWords(text, explanation);
  } catch (err) {
    explainFailure(err);
  }
});

function showAnswer(answer) {
  $("answer").classList.toggle("unsure", answer.labels ? !answer.labels.length : answer.confidence === "does not know");
  $("verdict").replaceChildren(...verdictOf(answer));
  $("doubt").hidden = answer.in_scope !== false;
  $("doubt").textContent = answer.in_scope === false ? say("unlike") : "";
  showScores(answer.scores, answer.best_label);
  showNear(answer);
}

function verdictOf(answer) {
  if (isByRule(answer)) return parts("by_rule", { label: answer.label, best: answer.best_label }, strong);
  if (!answer.labels) return parts(answer.confidence.replaceAll(" ", "_"), { label: answer.best_label }, strong);
  if (!answer.labels.length) return parts(answer.confidence === "does not know" ? "no_label" : "none_fits", { label: answer.best_label }, strong);
  return parts("several_labels", { labels: listed(answer.labels) }, strong);
}

// A model may give another label than the one with the highest score: see --min-recall and --cost.
function isByRule(answer) {
  return !answer.labels && answer.label !== null && answer.label !== answer.best_label;
}

function showNear(answer) {
  const found = answer.nearest;
  $("near").hidden = false;
  $("near-title").hidden = !found;
  $("near-note").textContent = !found ? say("keeps_none") : found.length ? "" : say("near_none");
  $("near-texts").replaceChildren(...(found || []).map((one) => {
    const item = document.createElement("li");
    const [label, text, alike] = ["label", "text", "value"].map((kind) => Object.assign(document.createElement("span"), { className: kind }));
    label.textContent = one.labels ? listed(one.labels) || say("near_without") : one.label;
    label.classList.toggle("other", isOther(one, answer));
    text.textContent = one.text;
    text.title = one.text;
    label.dir = text.dir = "auto";
    alike.textContent = say("alike", { share: percent(one.similarity) });
    item.append(label, " ", text, " ", alike);
    return item;
  }));
}

// Several labels of a training text are marked where the text is given none of them.
function isOther(near, answer) {
  if (!near.labels) return near.label !== answer.best_label;
  return near.labels.length ? !near.labels.some((label) => answer.labels.includes(label)) : answer.labels.length > 0;
}

function showScores(scores, best) {
  const usual = (best !== null && state.answer?.labels?.[0]) || best; // what is explained unless a label is chosen
  const explained = state.label || usual;
  const shown = state.showAll ? scores : scores.filter((one, i) => i < SHOWN_SCORES || one.label === explained);
  $("thresholds-note").hidden = !served().thresholds;
  $("least-note").hidden = !served().min_labels;
  $("scope-note").hidden = served().out_of_scope_below !== null;
  const several = best === null ? undefined : state.answer?.labels; // as far as the model gives several
  const focused = document.activeElement?.dataset?.score;
  $("scores").classList.toggle("long", scores.some((one) => one.label.length > LONG_NAME));
  $("scores").replaceChildren(...shown.map((one) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.score = one.label;
    button.setAttribute("aria-pressed", String(several ? several.includes(one.label) : one.label === explained));
    if (several && one.label === explained) button.setAttribute("aria-current", "true");
    const [name, bar, value] = ["name", "bar", "value"].map((kind) => Object.assign(document.createElement("span"), { className: kind }));
    name.textContent = one.label;
    name.dir = "auto";
    value.textContent = best === null ? "" : percent(one.score);
    const fill = document.createElement("span");
    fill.style.width = best === null ? "0" : `${Math.max(one.score * 100, 0.4)}%`;
    bar.append(fill, ...thresholdOn(one.label, button));
    button.append(name, bar, value);
    button.addEventListener("click", () => { state.label = one.label === usual ? null : one.label; showScores(scores, best); update(); });
    item.append(button);
    return item;
  }));
  if (focused) [...$("scores").querySelectorAll("button")].find((button) => button.dataset.score === focused)?.focus();
  $("all-scores").hidden = scores.length <= SHOWN_SCORES;
  $("all-scores").textContent = state.showAll ? say("few_scores") : say("all_scores", { n: scores.length });
}

// With several labels per text: a mark on the bar where the label is given from.
function thresholdOn(label, button) {
  const { labels, thresholds } = served();
  if (!thresholds) return [];
  const from = thresholds[labels.indexOf(label)];
  const mark = document.createElement("i");
  mark.style.left = `${from * 100}%`;
  button.title = say("given_from", { share: percent(from) });
  return [mark];
}

function showWords(text, explanation) {
  if (!explanation) {
    $("words").hidden = true;
    return;
  }
  $("words").hidden = explanation.words.length === 0;
  $("words-title").replaceChildren(...parts("words_title", { label: explanation.label }, strong));
  const letters = [...text]; // the server counts characters, the browser halves of some
  const strongest = Math.max(...explanation.words.map((word) => Math.abs(word.contribution)), LEAST);
  const marked = [];
  let last = 0;
  for (const word of explanation.words) {
    const share = word.contribution / strongest;
    marked.push(letters.slice(last, word.start).join(""));
    marked.push(Math.abs(share) < FAINT ? word.word : mark(word, share));
    last = word.end;
  }
  $("marked").replaceChildren(...marked, letters.slice(last).join(""));
  const top = [...explanation.words].sort((a, b) => b.contribution - a.contribution).filter((word, i, all) =>
    word.contribution / strongest > FAINT && all.findIndex((other) => other.word === word.word) === i).slice(0, 3);
  const words = top.map((word) => `${isolated(word.word)} ${signed(word.contribution)}`).join(", ");
  const isMarked = $("marked").querySelector("mark") !== null;
  const sentence = words ? "strongest" : isMarked ? "only_against" : "no_word";
  $("strongest").textContent = say(sentence, { words, how: say(explanation.kind) });
}

function mark(word, share) {
  const element = document.createElement("mark");
  element.textContent = word.word;
  element.className = share > 0 ? "towards" : "against";
  element.style.setProperty("--share", Math.abs(share).toFixed(2));
  element.title = signed(word.contribution);
  return element;
}

function signed(value) {
  return (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
}

function strong(text) {
  return Object.assign(document.createElement("strong"), { textContent: text, dir: "auto" });
}

function showNothing() {
  state.round += 1;
  state.answer = null;
  alertOf("");
  $("answer").classList.remove("unsure");
  $("doubt").hidden = true;
  $("words").hidden = true;
  $("near").hidden = true;
  $("verdict").textContent = say("empty", { n: served().labels.length });
  showScores(served().labels.map((label) => ({ label, score: 0 })), null);
}

// ---- many lines

const askMany = newestOnly(async (text) => {
  clearTimeout(retry);
  const lines = splitLines(text);
  asking = new AbortController();
  const progress = (rows) => {
    state.rows = rows;
    fillTable($("rows"), rows);
    $("batch-title").textContent = rows.length < lines.length ? say("lines_done", { n_done: rows.length, n: lines.length }) : say("lines", { n: lines.length });
  };
  progress([]);
  $("save").disabled = true;
  try {
    const size = state.info.limits.max_batch_texts;
    await askLines(lines, { model: query(), size, signal: asking.signal, progress });
    alertOf("");
    $("save").disabled = lines.length === 0;
  } catch (err) {
    explainFailure(err);
  }
});

// ---- what is typed

function update() {
  if (!state.info) return;
  const text = $("text").value;
  const lines = state.many ? splitLines(text) : [];
  $("count").textContent = state.many ? say("lines", { n: lines.length }) : text ? say("count", { n: [...text].length, max: state.info.limits.max_text_chars }) : "";
  $("answer").hidden = state.many;
  $("words").hidden = $("words").hidden || state.many;
  $("near").hidden = $("near").hidden || state.many;
  $("batch").hidden = !state.many;
  document.body.classList.toggle("many", state.many);
  showCode(text);
  asking.abort(); // an answer to what nobody asks any more frees its place on the server
  if (state.many) askMany(text);
  else if (text.trim()) askOne(text);
  else showNothing();
}

function setMany(many) {
  state.many = many;
  $("mode-one").setAttribute("aria-pressed", String(!many));
  $("mode-many").setAttribute("aria-pressed", String(many));
  update();
}

// ---- links and code

function link() {
  const given = new URLSearchParams();
  if (query()) given.set("model", state.model);
  if (state.many) given.set("many", "1");
  given.set("text", $("text").value);
  return `${location.href.split("#")[0]}#${given}`; // after the #: browsers keep that to themselves, no log has it
}

function readLink() {
  const given = new URLSearchParams(location.hash.slice(1));
  if (!given.has("text")) return;
  $("text").value = given.get("text");
  state.many = given.get("many") === "1";
  if (state.info.models.some((model) => model.name === given.get("model"))) state.model = given.get("model");
}

function showCode(text) {
  const inputs = state.many ? splitLines(text) : text;
  const address = new URL("predict", location.href.split("#")[0]);
  if (query()) address.searchParams.set("model", state.model);
  const body = JSON.stringify({ inputs });
  const header = hasKey() ? ` \\\n  -H "Authorization: Bearer $ASSAY_API_KEY"` : "";
  $("curl").textContent = `curl '${address}' \\\n  -H 'Content-Type: application/json'${header} \\\n  -d '${body.replaceAll("'", "'\\''")}'`;
  const auth = hasKey() ? `, "Authorization": "Bearer " + os.environ["ASSAY_API_KEY"]` : "";
  $("python").textContent = `import json${hasKey() ? ", os" : ""}, urllib.request\n\nrequest = urllib.request.Request(\n    ${JSON.stringify(String(address))},\n` +
    `    data=json.dumps({"inputs": ${JSON.stringify(inputs)}}).encode(),\n    headers={"Content-Type": "application/json"${auth}},\n)\nprint(json.load(urllib.request.urlopen(request)))`;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    $("copied").textContent = say("copied");
  } catch {
    $("copied").textContent = say("not_copied"); // only https and localhost have a clipboard
  }
  setTimeout(() => { $("copied").textContent = ""; }, 4000);
}

// ---- start

function showModels() {
  const { models } = state.info;
  $("model-choice").hidden = models.length < 2;
  $("model").replaceChildren(...models.map((model) => Object.assign(document.createElement("option"), { value: model.name, textContent: model.name })));
  $("model").value = served().name;
  const about = { n: served().labels.length, method: served().method };
  const shown = served().scores.filter((one) => HEADLINES[one.metric]?.[one.split]);
  const [test, evidence] = [shown.find((one) => one.split === "test"), shown.find((one) => one.split !== "test")];
  const saysMore = evidence && test && test.n_texts < FEW_TEST_TEXTS && evidence.n_texts >= 2 * test.n_texts;
  const found = saysMore ? evidence : test;
  if (!found) {
    $("about").textContent = say("about", about);
    return;
  }
  const { n_texts, value, interval } = found.without_leaks || found; // texts that it was trained on are none it had never seen
  const [low, high] = interval.map(percent);
  const near = found.near_duplicates ? `. ${say("about_near", found.near_duplicates)}` : "";
  $("about").textContent = say(HEADLINES[found.metric][found.split], { ...about, n_texts, right: percent(value), low, high }) + near;
}

async function start() {
  try {
    state.info = await ask("info");
  } catch (err) {
    explainFailure(err);
    return;
  }
  alertOf("");
  $("key-form").hidden = true;
  state.model ??= state.info.models[0].name;
  if (!$("text").value) readLink();
  showModels();
  setMany(state.many);
}

fillIn();
$("text").addEventListener("input", () => { state.label = null; update(); });
$("mode-one").addEventListener("click", () => setMany(false));
$("mode-many").addEventListener("click", () => setMany(true));
$("model").addEventListener("change", () => { state.model = $("model").value; state.label = null; showModels(); update(); });
$("all-scores").addEventListener("click", () => { state.showAll = !state.showAll; if (state.answer) showScores(state.answer.scores, state.answer.best_label); else showNothing(); });
$("save").addEventListener("click", () => save("assay.csv", toCsv(state.rows, served().labels)));
$("link").addEventListener("click", () => { history.replaceState(null, "", link()); copy(link()); });
for (const button of document.querySelectorAll(".copy")) button.addEventListener("click", () => copy($(button.dataset.copies).textContent));
$("key-form").addEventListener("submit", (event) => { event.preventDefault(); setKey($("key").value); start(); });
window.addEventListener("hashchange", () => { if (state.info) { readLink(); showModels(); setMany(state.many); } });
start();
