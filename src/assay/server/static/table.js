// Many lines: asked in pieces, shown as a table, saved as a CSV that no spreadsheet takes for formulas.

import { ask } from "./server.js";
import { listed, percent, say } from "./say.js";

const SHOWN = 500; // rows on the page; the CSV has all
// The rule of OWASP, as in assay's own CSV files: an apostrophe before what would start a formula.
const RISKY = /^'*[\s\ufeff]*[=+\-@\t\r\n＝＋－＠]/u;

export function splitLines(text) {
  return text.split(/\r\n|\r|\n/u).filter((line) => line.trim() !== "");
}

export async function askLines(lines, { model, size, signal, progress }) {
  const rows = [];
  for (let i = 0; i < lines.length; i += size) {
    const part = lines.slice(i, i + size);
    const answers = await ask("v1/classify", { body: { inputs: part }, model, signal });
    answers.forEach((answer, j) => rows.push({ line: i + j + 1, text: part[j], ...answer }));
    progress(rows);
  }
  return rows;
}

export function fillTable(body, rows) {
  body.replaceChildren(...rows.slice(0, SHOWN).map((row) => {
    const tr = document.createElement("tr");
    const label = row.labels ? listed(row.labels) || "–" : row.label ?? row.best_label;
    const cells = [row.line, label, percent(row.score), say(`${row.confidence.replaceAll(" ", "_")}_short`), row.text];
    cells.forEach((value, i) => {
      const td = document.createElement("td");
      td.textContent = value;
      if (i === 1 || i === 4) td.dir = "auto";
      if (i === 4) td.className = "text";
      tr.append(td);
    });
    if (row.confidence === "does not know") tr.className = "unsure";
    return tr;
  }));
}

export function toCsv(rows, labels) {
  const head = ["line", "text", "label", "best_label", "score", "confidence", "in_scope", ...labels.map((label) => `score:${label}`)];
  const lines = rows.map((row) => {
    const scores = Object.fromEntries(row.scores.map((one) => [one.label, one.score]));
    return [row.line, row.text, row.labels ? JSON.stringify(row.labels) : row.label ?? "", row.best_label, row.score, row.confidence, row.in_scope ?? "", ...labels.map((label) => scores[label])];
  });
  return [head, ...lines].map((cells) => cells.map(cell).join(",")).join("\r\n") + "\r\n";
}

function cell(value) {
  if (typeof value !== "string") return String(value);
  const safe = RISKY.test(value) ? `'${value}` : value;
  return /[",\r\n]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function save(name, content) {
  const link = document.createElement("a");
  // With a byte order mark, without which Excel takes Korean in UTF-8 for something else.
  link.href = URL.createObjectURL(new Blob(["\ufeff", content], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
