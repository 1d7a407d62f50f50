// The interactive map. No library, no network; texts of the data enter the page through textContent only.
// World coordinates are the data's, y downwards; screen = world * scale + offset, in CSS pixels of the canvas.
(() => {
  const element = (id) => document.getElementById(id);
  const data = JSON.parse(element("data").textContent);
  const canvas = element("canvas"), plot = element("plot"), tooltip = element("tooltip");
  const context = canvas.getContext("2d", { alpha: false });
  // Where texts may have several labels, one is chosen, and dots have two marks: with it (0) and without (1).
  const sets = data.sets ?? null, WITH = 0, WITHOUT = 1;
  let chosen = 0;
  if (sets) data.label = sets.map((own) => (own.includes(chosen) ? WITH : WITHOUT));
  const n = data.x.length, nClasses = sets ? 2 : data.labels.length;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const count = new Intl.NumberFormat(document.documentElement.lang);

  const say = (name, values) => data.say[name].replace(/\{(\w+)\}/g, (_, value) => count.format(values[value]));

  const visible = new Array(nClasses).fill(true);
  const view = { scale: 1, x: 0, y: 0, fit: 1, width: 0, height: 0, ratio: 1 };
  let picked = -1; // the dot whose text is shown
  let lit = -1; // the class that the legend points at
  let frame = 0;
  let picture = null, stamps = [], faintStamps = null, stampRadius = 0; // the pixels, and marks of one radius

  // ---- Dots ----

  let look = {}; // colours of the classes, of the page and of what is written on it

  function readLook() {
    const style = getComputedStyle(document.documentElement);
    const [paper, ink] = ["--page", "--ink"].map((name) => style.getPropertyValue(name).trim());
    const colours = dark.matches ? data.colours.dark : data.colours.light;
    look = { colours: sets ? [colours[0], "#8a94a3"] : colours, paper, ink };
    stampRadius = 0;
  }

  function drawSwatch(swatch, labelId) {
    swatch.width = swatch.height = Math.round(16 * view.ratio);
    drawMark(swatch.getContext("2d"), labelId, { ...look, centre: swatch.width / 2, radius: 5 * view.ratio });
  }

  function dotRadius() {
    const base = n > 2000 ? 3 : n > 600 ? 3.6 : 4.6;
    const grown = base * Math.min(2.2, Math.max(0.8, (view.scale / view.fit) ** 0.35) * (view.width < 500 ? 0.85 : 1));
    return Math.round(grown * 2) / 2;
  }

  function draw() {
    frame = 0;
    const radius = dotRadius() * view.ratio;
    if (radius !== stampRadius) [stampRadius, stamps, faintStamps] = [radius, makeStamps(1), null];
    picture.clear();
    if (sets) {
      faintStamps ??= makeStamps(0.35);
      stampDots(faintStamps, (labelId) => labelId === WITHOUT);
      stampDots(stamps, (labelId) => labelId === WITH);
    } else if (lit < 0) {
      stampDots(stamps, () => true);
    } else {
      faintStamps ??= makeStamps(0.15);
      stampDots(faintStamps, (labelId) => labelId !== lit);
      stampDots(stamps, (labelId) => labelId === lit);
    }
    picture.show(context);
    if (picked >= 0) drawRing();
  }

  const makeStamps = (opacity) => picture.makeStamps(nClasses, { ...look, radius: dotRadius() * view.ratio, opacity });

  function stampDots(made, wanted) {
    const drawn = visible.map((shown, labelId) => shown && wanted(labelId));
    const { ratio, x, y, width, height, scale } = view;
    for (let i = 0; i < n; i++) {
      const left = data.x[i] * scale + x, top = data.y[i] * scale + y;
      if (!drawn[data.label[i]] || left < -20 || top < -20 || left > width + 20 || top > height + 20) continue;
      picture.stamp(made[data.label[i]], left * ratio, top * ratio);
    }
  }

  function drawRing() {
    const [left, top] = toScreen(picked);
    context.beginPath();
    context.arc(left * view.ratio, top * view.ratio, stampRadius + 3.5 * view.ratio, 0, 2 * Math.PI);
    context.lineWidth = 2 * view.ratio;
    context.strokeStyle = look.ink;
    context.stroke();
  }

  function redraw() {
    if (!frame) frame = requestAnimationFrame(draw);
  }

  // ---- View: fit, zoom, pan ----

  const toScreen = (i) => [data.x[i] * view.scale + view.x, data.y[i] * view.scale + view.y];
  const MARGIN = 22, MAX_ZOOM = 200;

  function fit() {
    const { width, height } = view;
    view.fit = Math.min(Math.max(1, width - 2 * MARGIN) / data.width, Math.max(1, height - 2 * MARGIN) / data.height);
    view.scale = view.fit;
    view.x = (width - data.width * view.scale) / 2;
    view.y = (height - data.height * view.scale) / 2;
    moved();
  }

  function zoom(factor, left = view.width / 2, top = view.height / 2) {
    const scale = Math.min(MAX_ZOOM * view.fit, Math.max(0.7 * view.fit, view.scale * factor));
    view.x = left - (left - view.x) * (scale / view.scale);
    view.y = top - (top - view.y) * (scale / view.scale);
    view.scale = scale;
    moved();
  }

  function pan(right, down) {
    view.x += right;
    view.y += down;
    moved();
  }

  function moved() {
    // The middle of the canvas never leaves the map, so that nobody gets lost beside it.
    const { width, height, scale } = view;
    view.x = Math.min(width / 2, Math.max(width / 2 - data.width * scale, view.x));
    view.y = Math.min(height / 2, Math.max(height / 2 - data.height * scale, view.y));
    if (picked >= 0) placeTooltip();
    redraw();
  }

  function resize() {
    const ratio = window.devicePixelRatio || 1;
    const { width, height } = plot.getBoundingClientRect();
    if (!width || !height) return;
    const [centreX, centreY, zoomed] = [
      (view.width / 2 - view.x) / view.scale, (view.height / 2 - view.y) / view.scale, view.scale / view.fit,
    ];
    const isFirst = !view.width;
    Object.assign(view, { width: canvas.clientWidth, height: canvas.clientHeight, ratio });
    canvas.width = Math.round(view.width * ratio);
    canvas.height = Math.round(view.height * ratio);
    picture = new Picture(canvas.width, canvas.height);
    stampRadius = 0;
    fit();
    if (!isFirst && zoomed !== 1) {
      view.scale = view.fit * zoomed;
      view.x = view.width / 2 - centreX * view.scale;
      view.y = view.height / 2 - centreY * view.scale;
      moved();
    }
  }

  // ---- Finding the dot at a place: a grid of about as many cells as dots ----

  const side = Math.max(1, Math.ceil(Math.sqrt(n)));
  const cellWidth = data.width / side, cellHeight = data.height / side;
  const column = (x) => Math.min(side - 1, Math.max(0, Math.floor(x / cellWidth)));
  const row = (y) => Math.min(side - 1, Math.max(0, Math.floor(y / cellHeight)));
  const cells = new Map();
  for (let i = 0; i < n; i++) {
    const cell = row(data.y[i]) * side + column(data.x[i]);
    if (cells.has(cell)) cells.get(cell).push(i);
    else cells.set(cell, [i]);
  }

  function nearest(left, top, reach) {
    const x = (left - view.x) / view.scale, y = (top - view.y) / view.scale, far = reach / view.scale;
    let found = -1, least = far * far;
    for (let r = row(y - far); r <= row(y + far); r++) {
      for (let c = column(x - far); c <= column(x + far); c++) {
        for (const i of cells.get(r * side + c) ?? []) {
          const distance = (data.x[i] - x) ** 2 + (data.y[i] - y) ** 2;
          // Of dots on one spot the last is on top.
          if (distance <= least && visible[data.label[i]]) [found, least] = [i, distance];
        }
      }
    }
    return found;
  }

  function nextDot(right, down) {
    let found = -1, least = Infinity;
    for (let i = 0; i < n; i++) {
      const x = data.x[i] - data.x[picked], y = data.y[i] - data.y[picked];
      const ahead = x * right + y * down, aside = Math.abs(x * down - y * right);
      if (ahead > 0 && ahead + 2 * aside < least && visible[data.label[i]]) [found, least] = [i, ahead + 2 * aside];
    }
    return found;
  }

  // ---- Tooltip ----

  function pick(i, { aloud = false } = {}) {
    canvas.classList.toggle("on-dot", i >= 0);
    if (i === picked) return;
    picked = i;
    tooltip.hidden = i < 0;
    if (i >= 0) {
      const label = nameOf(i);
      drawSwatch(tooltip.querySelector("canvas"), data.label[i]);
      tooltip.querySelector("b").textContent = label;
      tooltip.querySelector("p").textContent = data.text[i];
      tooltip.querySelector("small").textContent = say("line", { line: data.line[i] });
      if (aloud) element("spoken").textContent = `${label}: ${data.text[i]}`;
      placeTooltip();
    }
    redraw();
  }

  const nameOf = (i) => (sets ? sets[i].map((one) => data.labels[one]).join(", ") || data.say.no_label : data.labels[data.label[i]]);

  function placeTooltip() {
    const [left, top] = toScreen(picked);
    tooltip.hidden = left < 0 || top < 0 || left > view.width || top > view.height;
    if (tooltip.hidden) return;
    const { offsetWidth, offsetHeight } = tooltip;
    const space = 14;
    const x = left + space + offsetWidth <= view.width ? left + space : left - space - offsetWidth;
    const below = top + space, above = top - space - offsetHeight;
    const y = below + offsetHeight <= view.height || above < 0 ? below : above;
    // Beside the dot where there is room, else over or under it: never off the page.
    const inside = Math.min(Math.max(8, x), Math.max(8, view.width - offsetWidth - 8));
    tooltip.style.transform = `translate(${Math.round(inside)}px, ${Math.round(y)}px)`;
  }

  // ---- Mouse and fingers ----

  const pointers = new Map();
  let travelled = 0;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
    if (pointers.size === 1) travelled = 0;
  });

  canvas.addEventListener("pointermove", (event) => {
    const now = place(event), before = pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType === "mouse") pick(nearest(...now, 12));
      return;
    }
    pointers.set(event.pointerId, now);
    if (pointers.size === 2) pinch(event.pointerId, before, now);
    else if (pointers.size === 1) drag(now[0] - before[0], now[1] - before[1]);
  });

  function drag(right, down) {
    travelled += Math.hypot(right, down);
    if (travelled < 4) return; // a click that shakes
    canvas.classList.add("dragged");
    pick(-1);
    pan(right, down);
  }

  function pinch(id, before, now) {
    const [, other] = [...pointers].find(([otherId]) => otherId !== id);
    const apart = (one) => Math.max(1, Math.hypot(one[0] - other[0], one[1] - other[1]));
    travelled += 100;
    pick(-1);
    pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    zoom(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  }

  function release(event) {
    if (!pointers.delete(event.pointerId) || pointers.size) return;
    canvas.classList.remove("dragged");
    if (event.type === "pointerup" && travelled < 4) pick(nearest(...place(event), event.pointerType === "mouse" ? 12 : 26));
  }
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse" && !pointers.size) pick(-1);
  });
  canvas.addEventListener("dblclick", fit);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? 18 : event.deltaMode === 2 ? 300 : 1);
    zoom(Math.exp(-Math.max(-240, Math.min(240, pixels)) * (event.ctrlKey ? 0.01 : 0.0018)), ...place(event));
    pick(nearest(...place(event), 12));
  }, { passive: false });

  // ---- Keyboard and buttons ----

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const pickCentre = () => pick(nearest(view.width / 2, view.height / 2, view.width), { aloud: true });

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow && event.shiftKey) goOn(...arrow);
    else if (arrow) [pan(-0.1 * view.width * arrow[0], -0.1 * view.height * arrow[1]), pickCentre()];
    else if (event.key === "+" || event.key === "=") zoom(1.3);
    else if (event.key === "-" || event.key === "_") zoom(1 / 1.3);
    else if (event.key === "0" || event.key === "Home") fit();
    else if (event.key === "Escape") pick(-1);
    else return;
    event.preventDefault();
  });

  function goOn(right, down) {
    if (picked < 0) return pickCentre();
    const next = nextDot(right, down);
    if (next < 0) return;
    pick(next, { aloud: true });
    const [left, top] = toScreen(next);
    if (left < 0 || top < 0 || left > view.width || top > view.height) pan(view.width / 2 - left, view.height / 2 - top);
  }

  canvas.addEventListener("focus", () => {
    if (canvas.matches(":focus-visible") && !pointers.size) pickCentre();
  });
  canvas.addEventListener("blur", () => pick(-1));
  element("zoom-in").addEventListener("click", () => zoom(1.5));
  element("zoom-out").addEventListener("click", () => zoom(1 / 1.5));
  element("reset").addEventListener("click", fit);

  // ---- Legend ----

  const sizes = new Array(data.labels.length).fill(0);
  (sets ? sets.flat() : data.label).forEach((labelId) => { sizes[labelId] += 1; });
  const markOf = (labelId) => (sets ? (labelId === chosen ? WITH : WITHOUT) : labelId);
  const buttons = data.labels.map(makeButton);

  function makeButton(label, labelId) {
    const [item, button, swatch, name, size] = ["li", "button", "canvas", "span", "small"]
      .map((tag) => document.createElement(tag));
    button.type = "button";
    button.title = name.textContent = label;
    name.dir = "auto";
    size.textContent = count.format(sizes[labelId]);
    button.append(swatch, name, size);
    button.addEventListener("click", () => (sets ? choose(labelId) : show((shown, i) => (i === labelId ? !shown : shown))));
    button.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && light(labelId));
    button.addEventListener("pointerleave", () => light(-1));
    button.addEventListener("focus", () => button.matches(":focus-visible") && light(labelId));
    button.addEventListener("blur", () => light(-1));
    item.append(button);
    element("legend").append(item);
    return button;
  }

  function choose(labelId) {
    chosen = labelId;
    sets.forEach((own, i) => { data.label[i] = own.includes(chosen) ? WITH : WITHOUT; });
    buttons.forEach((button, i) => {
      button.setAttribute("aria-pressed", String(i === chosen));
      drawSwatch(button.querySelector("canvas"), markOf(i));
    });
    element("shown").textContent = say("some_shown", { n_shown: sizes[chosen], n });
    if (picked >= 0) drawSwatch(tooltip.querySelector("canvas"), data.label[picked]);
    redraw();
  }

  function light(labelId) {
    if (sets) return;
    lit = labelId >= 0 && visible[labelId] ? labelId : -1;
    redraw();
  }

  function show(decide) {
    visible.forEach((shown, i) => { visible[i] = decide(shown, i); });
    let nShown = 0;
    buttons.forEach((button, i) => {
      button.setAttribute("aria-pressed", String(visible[i]));
      if (visible[i]) nShown += sizes[i];
    });
    element("shown").textContent = nShown === n ? say("all_shown", { n }) : say("some_shown", { n_shown: nShown, n });
    if (picked >= 0 && !visible[data.label[picked]]) pick(-1);
    if (lit >= 0 && !visible[lit]) lit = -1;
    redraw();
  }

  if (!sets) {
    element("all").addEventListener("click", () => show(() => true));
    element("none").addEventListener("click", () => show(() => false));
  }

  // ---- Screens change: another size, another density, day and night ----

  function restyle() {
    readLook();
    buttons.forEach((button, i) => drawSwatch(button.querySelector("canvas"), markOf(i)));
    if (picked >= 0) drawSwatch(tooltip.querySelector("canvas"), data.label[picked]);
    redraw();
  }

  function watchDensity() {
    matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`).addEventListener("change", () => {
      resize();
      restyle();
      watchDensity();
    }, { once: true });
  }

  element("explorer").hidden = false;
  readLook();
  resize();
  if (sets) choose(sizes.indexOf(Math.max(...sizes)));
  else show(() => true);
  restyle();
  draw(); // at once: pages that are printed or pictured do not wait for a frame
  watchDensity();
  dark.addEventListener("change", restyle);
  new ResizeObserver(resize).observe(plot);
})();
