// What is decided is sent one by one, and again and again until the server has it: it knows a decision by its id.

import { ask, Refused } from "./server.js";

const RETRY_MS = 2000;
const FULL = 507;

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// Returns the state after it. `say` is told why it waits: "gone", or the sentence of a full disk; and "" at the end.
export async function send(path, body, say) {
  for (;;) {
    try {
      const state = await ask(path, { body });
      say("");
      return state;
    } catch (err) {
      if (err instanceof Refused && err.status !== FULL) throw err;
      say(err instanceof Refused ? err.message : "gone");
      await pause(RETRY_MS);
    }
  }
}
