// The conversation with the server: JSON there and back, and what to do when nobody answers.

export class Refused extends Error {
  constructor(status, sentence, retryS) {
    super(sentence);
    this.status = status;
    this.retryS = retryS;
  }
}

let key = sessionStorage.getItem("assay-key") || "";

export function setKey(given) {
  key = given;
  sessionStorage.setItem("assay-key", given); // gone with the tab
}

export function hasKey() {
  return key !== "";
}

// Relative addresses: the page also works below a path of a reverse proxy.
export async function ask(path, { body, model, signal } = {}) {
  const address = model ? `${path}?model=${encodeURIComponent(model)}` : path;
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  if (body) headers["Content-Type"] = "application/json";
  const answer = await fetch(address, { method: body ? "POST" : "GET", headers, signal, body: body && JSON.stringify(body) });
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, content.error || `HTTP ${answer.status}`, Number(answer.headers.get("Retry-After")) || 0);
  return content;
}

// One question at a time, always the newest: what was typed meanwhile is asked as soon as the answer is there.
export function newestOnly(work) {
  let running = false;
  let waiting = null;
  return async function next(...given) {
    waiting = given;
    if (running) return;
    running = true;
    try {
      while (waiting) {
        const now = waiting;
        waiting = null;
        await work(...now);
      }
    } finally {
      running = false;
    }
  };
}
