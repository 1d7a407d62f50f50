// Accuracy over the number of labels, as a small picture.

import { say } from "./say.js";

const SVG = "http://www.w3.org/2000/svg";
const LEFT = 34;
const RIGHT = 290;
const TOP = 10;
const BOTTOM = 90;

function draw(name, attributes, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

export function drawCurve(svg, points, title) {
  for (const element of [svg, document.getElementById(`${svg.id}-title`)]) element.toggleAttribute("hidden", points.length < 2);
  if (points.length < 2) return;
  const most = Math.max(...points.map((one) => one.n));
  const lowest = Math.floor(10 * Math.min(...points.map((one) => one.accuracy))) / 10;
  const x = (n) => LEFT + ((RIGHT - LEFT) * n) / most;
  const y = (accuracy) => BOTTOM - ((BOTTOM - TOP) * (accuracy - lowest)) / Math.max(1 - lowest, 0.1);
  const places = points.map((one) => `${x(one.n)},${y(one.accuracy)}`).join(" ");
  svg.setAttribute("aria-label", title);
  svg.replaceChildren(
    draw("line", { x1: LEFT, x2: RIGHT, y1: BOTTOM, y2: BOTTOM }),
    draw("polyline", { points: places }),
    ...points.map((one) => draw("circle", { cx: x(one.n), cy: y(one.accuracy), r: 3 })),
    draw("text", { x: 0, y: TOP + 4 }, say("percent", { value: 100 })),
    draw("text", { x: 0, y: BOTTOM }, say("percent", { value: Math.round(100 * lowest) })),
    ...points.map((one) => draw("text", { x: x(one.n), y: 106, "text-anchor": "middle" }, String(one.n))),
  );
}
