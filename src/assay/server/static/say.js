// What the page says, in the reader's language. The sentences are those of the catalogue, in which every language is
// one file: the server makes sentences.js of them.

import sentences from "./sentences.js";

const SLOT = /\{(\w+)(?::([^{}]*))?\}/u; // {name}, or {n:line|lines}: the form that goes with the number n
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;
const FORMS = ["one", "two", "few", "many", "other"];

export const language = navigator.languages.map((one) => one.toLowerCase().split("-")[0]).find((code) => code in sentences) || "en";
const own = sentences[language];
const plurals = new Intl.PluralRules(language);

function formOf(n, forms) {
  const known = FORMS.filter((form) => plurals.resolvedOptions().pluralCategories.includes(form));
  return forms[Math.min(known.indexOf(plurals.select(n)), forms.length - 1)];
}

// The parts of a sentence: what `show` makes of the values, and the words between them.
export function parts(name, values = {}, show = (value) => value) {
  // The pattern has two groups: words, name and forms come in turn.
  const pieces = own[name].split(SLOT);
  const found = [];
  for (let i = 0; i < pieces.length; i += 3) {
    if (pieces[i]) found.push(pieces[i]);
    const [slot, forms] = pieces.slice(i + 1, i + 3);
    if (slot === undefined) continue;
    const value = values[slot];
    if (forms) found.push(formOf(value, forms.split("|")));
    else found.push(show(typeof value === "number" ? value.toLocaleString(language) : value));
  }
  return found;
}

// A value that is read from right to left must not change the order of the words and numbers around it.
export function isolated(value) {
  return RIGHT_TO_LEFT.test(value) ? `\u2068${value}\u2069` : value;
}

// Labels in one line: with semicolons between them where one holds a comma, as everywhere else.
export function listed(labels) {
  return labels.join(labels.some((label) => label.includes(",")) ? "; " : ", ");
}

export function say(name, values) {
  return parts(name, values, isolated).join("");
}

export function percent(share) {
  const value = share * 100;
  return say("percent", { value: value > 0 && value < 0.1 ? "<0.1" : value.toFixed(value > 99.9 && value < 100 ? 2 : 1) });
}

export function fillIn() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", say(element.dataset.label));
  for (const element of document.querySelectorAll("[data-hint]")) element.placeholder = say(element.dataset.hint);
}
