// The map: a dot per text; what a line is drawn around becomes the list. Texts are text nodes only.

import { ask, Refused } from "./server.js";
import { say } from "./say.js";

const RADIUS = 4; // pixels, on a map of the width below; less on a phone
const WIDE = 700;
const MARGIN = 14;
const PALE = 0.35; // of dots that have no colour
const NEAR = 12; // pixels within which a dot is pointed at
const READ_MS = 1000; // between two looks whether texts have been read
const $ = (id) => document.getElementById(id);
let map = null;
let again = 0; // the next look
let hint = "map_how"; // what is said while no dot is pointed at
let line = []; // what is being drawn, in pixels of the canvas
let isDrawing = false;
let pick = () => {};

function place(i) {
  const { width, height } = $("map-canvas");
  return [MARGIN + map.x[i] * (width - 2 * MARGIN), height - MARGIN - map.y[i] * (height - 2 * MARGIN)];
}

function tone(name) {
  const value = getComputedStyle(document.body).getPropertyValue(name);
  return name === "--towards" || name === "--against" ? `rgb(${value})` : value;
}

// How the texts are coloured; where they may have several labels, by one of these, such as "labels 3".
function colouring() {
  const [by, place] = $("map-colour").value.split(" ");
  const { names, places } = map.colours[by] || { names: [], places: [] };
  if (by !== "labels") return { by, names, places };
  if (place === undefined) return { by, names, places: places.map(() => null) };
  const has = (own) => own && Number(own.includes(Number(place)));
  return { by, names: [say("map_without", { label: names[place] }), names[place]], places: places.map(has) };
}

// The colour of a text: of its name, or from blue, 0, to orange, 1.
function colourOf(place, { by, names }) {
  if (place === null || place === undefined) return tone("--muted");
  if (!names) {
    const [low, high] = ["--towards", "--against"].map((name) => tone(name).match(/\d+/g).map(Number));
    return `rgb(${low.map((one, i) => Math.round(one + place * (high[i] - one))).join(" ")})`;
  }
  const verdict = { agrees: "--towards", differs: "--against", else: "--muted" }[names[place]];
  if (by === "right") return tone(verdict);
  if (by === "labels") return tone(place ? "--towards" : "--muted");
  return `hsl(${(210 + 137 * place) % 360} 65% 55%)`;
}

function draw() {
  const canvas = $("map-canvas");
  const pen = canvas.getContext("2d");
  const shrink = Math.max(0.6, Math.min(1, canvas.clientWidth / WIDE));
  const radius = (RADIUS * shrink * canvas.width) / canvas.clientWidth;
  pen.clearRect(0, 0, canvas.width, canvas.height);
  const way = colouring();
  const { places } = way;
  // What has no colour is below, what is most suspect on top.
  const order = [...map.x.keys()].sort((a, b) => (places[a] ?? -1) - (places[b] ?? -1));
  order.forEach((i) => {
    const has = places[i] !== null && places[i] !== undefined;
    pen.globalAlpha = has ? 0.95 : PALE;
    pen.fillStyle = colourOf(places[i], way);
    pen.beginPath();
    // What cannot be chosen is smaller.
    pen.arc(...place(i), map.name[i] ? radius : radius / 2, 0, 2 * Math.PI);
    pen.fill();
  });
  pen.globalAlpha = 1;
  if (line.length < 2) return;
  pen.strokeStyle = getComputedStyle(document.body).getPropertyValue("--ink");
  pen.lineWidth = 2;
  pen.beginPath();
  line.forEach(([x, y]) => pen.lineTo(x, y));
  pen.closePath();
  pen.stroke();
}

// Whether a point is inside of a line that closes itself: a ray from it crosses the line an odd number of times.
export function isInside([x, y], corners) {
  let inside = false;
  corners.forEach(([x1, y1], i) => {
    const [x2, y2] = corners[(i + 1) % corners.length];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  });
  return inside;
}

function pointOf(event) {
  const box = $("map-canvas").getBoundingClientRect();
  const scale = $("map-canvas").width / box.width;
  return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
}

function showNearest([x, y]) {
  let best = -1;
  let least = (NEAR * $("map-canvas").width) / $("map-canvas").clientWidth;
  map.x.forEach((_, i) => {
    const [px, py] = place(i);
    const distance = Math.hypot(px - x, py - y);
    if (distance < least) [best, least] = [i, distance];
  });
  $("map-text").textContent = best < 0 ? say(hint) : map.text[best];
}

function onDown(event) {
  if (!map) return;
  isDrawing = true;
  hint = "map_how";
  line = [pointOf(event)];
  $("map-canvas").setPointerCapture(event.pointerId);
}

function onMove(event) {
  if (!map) return;
  if (!isDrawing) return showNearest(pointOf(event));
  line.push(pointOf(event));
  draw();
}

function onUp() {
  if (!isDrawing) return;
  isDrawing = false;
  const names = map.name.filter((name, i) => name && isInside(place(i), line));
  line = [];
  draw();
  if (!names.length) {
    hint = "map_none_inside";
    $("map-text").textContent = say(hint);
    return;
  }
  $("map").close();
  pick(names);
}

// Only what some text has: a colour that is nowhere on the map says nothing.
function showLegend() {
  const way = colouring();
  const { by, names, places } = way;
  const wordsOf = (name) => (by === "right" ? say(`map_${name}`) : name);
  const own = places.filter((place) => place !== null);
  const near = new Set(own.map((place) => (names ? place : Math.round(2 * place) / 2)));
  let entries = [[0, say("map_low")], [0.5, say("map_middle")], [1, say("map_high")]];
  if (names) entries = names.map((name, place) => [place, wordsOf(name)]);
  entries = entries.filter(([place]) => near.has(place));
  if (own.length < places.length) entries.push([null, say(`map_none_${by}`)]);
  const rows = entries.map(([place, words]) => {
    const entry = document.createElement("li");
    const dot = document.createElement("span");
    dot.className = "dot";
    dot.style.background = colourOf(place, way);
    if (place === null) dot.style.opacity = PALE;
    entry.append(dot, words);
    return entry;
  });
  $("map-legend").replaceChildren(...rows);
}

// The ways to colour; the one that was chosen before stays.
function showColours() {
  const before = $("map-colour").selectedOptions[0]?.text;
  const options = Object.keys(map.colours).flatMap((by) => by === "labels" ? labelOptions() : [new Option(say(`map_by_${by}`), by)]);
  $("map-colour").replaceChildren(...options);
  const again = options.find((one) => one.text === before);
  if (again) again.selected = true;
  $("map-colour").disabled = options.length < 2;
}

function labelOptions() {
  if (!map.colours.labels.names.length) return [new Option(say("map_by_label"), "labels")];
  return map.colours.labels.names.map((label, place) => new Option(say("map_by_labels", { label }), `labels ${place}`));
}

function open() {
  map = null;
  const canvas = $("map-canvas");
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height); // no longer what is so
  $("map").showModal();
  $("map-text").textContent = say("map_busy");
  $("map-legend").replaceChildren();
  clearTimeout(again);
  return fill();
}

async function fill() {
  const found = await ask("map").catch((err) => err);
  if (!$("map").open) return;
  if (found instanceof Error) {
    $("map-text").textContent = found instanceof Refused ? found.message : say("unmapped");
    return;
  }
  if (!found.x.length) {
    $("map-text").textContent = say("map_empty");
    again = setTimeout(fill, READ_MS);
    return;
  }
  map = found;
  hint = "map_how";
  $("map-text").textContent = say(hint);
  showColours();
  showLegend();
  draw();
}

// `picked` gets the names of the texts that the line is drawn around; none of them, to look at all again.
export function setUpMap(picked) {
  pick = picked;
  $("map-open").addEventListener("click", open);
  $("map-colour").addEventListener("change", () => {
    if (!map) return;
    showLegend();
    draw();
  });
  $("map-close").addEventListener("click", () => $("map").close());
  // A dialog gives the focus back to the button that opened it, where Enter would open it again.
  $("map").addEventListener("close", () => $("text").focus());
  $("map-all").addEventListener("click", () => {
    $("map").close();
    pick([]);
  });
  const canvas = $("map-canvas");
  canvas.addEventListener("pointerdown", onDown);
  canvas.addEventListener("pointermove", onMove);
  canvas.addEventListener("pointerup", onUp);
  canvas.addEventListener("pointercancel", () => { isDrawing = false; });
}

export function isMapOpen() {
  return $("map").open;
}
