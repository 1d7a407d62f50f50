// What both pages do alike: one thing at a time, what a person did sent and its answer shown, what went wrong said.

import { Refused } from "./server.js";
import { isolated, say } from "./say.js";
import { newId, send } from "./sending.js";

const $ = (id) => document.getElementById(id);
let isBusyNow = false;
let isPassingNow = false;

export function isBusy() {
  return isBusyNow;
}

// Whether the alert is over as soon as the server answers again.
export function isPassing() {
  return isPassingNow;
}

// Says what went wrong: a sentence, or "gone" where the server does not answer; nothing takes it away.
export function alertOf(sentence, passes = sentence === "gone") {
  isPassingNow = passes;
  $("alert").hidden = !sentence;
  $("alert").textContent = sentence === "gone" ? say("gone") : sentence || "";
}

export function withKey(element, key, sentence) {
  const shown = document.createElement("kbd");
  shown.textContent = key;
  // Not by `dir`: a sentence that begins with an Arabic label would be read from right to left in Korean, too.
  element.replaceChildren(shown, Object.assign(document.createElement("span"), { textContent: isolated(sentence) }));
}

// Does one thing; what is asked for meanwhile is left out.
export async function alone(work) {
  if (isBusyNow) return;
  isBusyNow = true;
  try {
    await work();
  } finally {
    isBusyNow = false;
  }
}

// Returns what sends an act of a person to a path. `view` returns what every act names of the state on the screen, or
// nothing while there is none; `show` is given the state after it; `showAgain` asks for it where the act was refused.
export function acting({ view, show, showAgain }) {
  return async (path, body) => {
    const seen = view();
    if (!seen) return;
    await alone(async () => {
      try {
        show(await send(path, { id: newId(), ...seen, ...body }, alertOf));
      } catch (err) {
        alertOf(err instanceof Refused && err.status === 409 ? say("other_page") : err.message);
        await showAgain();
      }
    });
  };
}

// After a click, the next Enter or Space is a key of the page, and does not press the clicked button once more.
// Whoever goes from button to button by keyboard, whose clicks have no detail, stays on the button.
export function leaveClickedButtons() {
  document.addEventListener("click", (event) => {
    const button = document.activeElement;
    if (event.detail && button instanceof HTMLButtonElement && button.contains(event.target)) $("text").focus({ preventScroll: true });
  });
}
