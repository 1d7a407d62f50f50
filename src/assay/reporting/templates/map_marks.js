// The mark of a class on the map: a colour and a shape, so that many classes can be told apart, in black and white too.
"use strict";

const polygon = (n, turn, size) => Array.from({ length: n }, (_, i) => {
  const angle = 2 * Math.PI * (i / n) + turn;
  return [size * Math.cos(angle), size * Math.sin(angle)];
});
const TRIANGLE = polygon(3, -Math.PI / 2, 1.3).map(([x, y]) => [x, y + 0.2]);
const PLUS = [[1, 3], [1, 1], [3, 1], [3, -1], [1, -1], [1, -3], [-1, -3], [-1, -1], [-3, -1], [-3, 1], [-1, 1], [-1, 3]]
  .map(([x, y]) => [x / 2.5, y / 2.5]);
const SHAPES = [
  null, // a circle
  polygon(4, Math.PI / 4, 1.2),
  TRIANGLE,
  polygon(4, 0, 1.3),
  TRIANGLE.map(([x, y]) => [x, -y]),
  PLUS,
  PLUS.map(([x, y]) => [0.72 * (x - y), 0.72 * (x + y)]),
];

// Colours come round first, then shapes, then the same shapes hollow.
function drawMark(target, labelId, { centre, radius, colours, paper }) {
  const round = Math.floor(labelId / colours.length);
  const colour = colours[labelId % colours.length];
  const hollow = Math.floor(round / SHAPES.length) % 2 === 1;
  const shape = SHAPES[round % SHAPES.length];
  target.beginPath();
  if (shape) shape.forEach(([x, y]) => target.lineTo(centre + radius * x, centre + radius * y));
  else target.arc(centre, centre, radius, 0, 2 * Math.PI);
  target.closePath();
  target.fillStyle = hollow ? paper : colour;
  target.fill();
  target.lineWidth = radius * (hollow ? 0.45 : 0.2);
  target.strokeStyle = hollow ? colour : "rgb(0 0 0 / 0.4)"; // an edge keeps marks apart where they crowd
  target.stroke();
}

// A picture that marks are stamped on, pixel by pixel: 4,000 marks take a few milliseconds without a graphics card,
// several times less than the canvas needs to draw them.
class Picture {
  constructor(width, height) {
    this.border = 64; // pixels around it that are not shown, so that marks at its edge need no clipping
    this.image = new ImageData(width + 2 * this.border, height + 2 * this.border);
    this.bytes = this.image.data;
    this.words = new Uint32Array(this.bytes.buffer); // a pixel a word
    this.scratch = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  }

  // look: radius, colours, paper, and opacity, which is that of a mark on paper: marks hide each other wholly.
  makeStamps(nClasses, look) {
    const { scratch } = this, size = 2 * Math.ceil(1.6 * look.radius + 1), nColumns = 32;
    const sheet = scratch.canvas;
    [sheet.width, sheet.height] = [size * nColumns, size * (1 + Math.ceil(nClasses / nColumns))];
    for (let labelId = 0; labelId < nClasses; labelId++) {
      scratch.setTransform(1, 0, 0, 1, size * (labelId % nColumns), size * Math.floor(labelId / nColumns));
      drawMark(scratch, labelId, { ...look, centre: size / 2 });
    }
    scratch.resetTransform();
    scratch.fillStyle = look.paper;
    scratch.globalAlpha = 1 - look.opacity;
    scratch.globalCompositeOperation = "source-atop"; // where marks are, not around them
    scratch.fillRect(0, 0, sheet.width, sheet.height);
    scratch.globalAlpha = 1;
    scratch.globalCompositeOperation = "source-over";
    scratch.fillRect(0, sheet.height - 1, 1, 1);
    const bytes = scratch.getImageData(0, 0, sheet.width, sheet.height).data, words = new Uint32Array(bytes.buffer);
    this.paper = words[(sheet.height - 1) * sheet.width];
    return Array.from({ length: nClasses }, (_, labelId) => {
      const corner = size * (Math.floor(labelId / nColumns) * sheet.width + (labelId % nColumns));
      return this.makeStamp({ bytes, words, corner, width: sheet.width, size });
    });
  }

  // Pixels that are written as they are, and those of the edge, which are mixed with what is under them.
  makeStamp({ bytes, words, corner, width, size }) {
    const solid = [], edge = [];
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const from = corner + y * width + x, at = 4 * from, offset = y * this.image.width + x;
        const alpha = bytes[at + 3];
        if (alpha > 250) solid.push(offset, words[from]);
        else if (alpha > 0) edge.push(offset, bytes[at], bytes[at + 1], bytes[at + 2], Math.round(alpha * 256 / 255));
      }
    }
    return { half: size / 2, solid: Uint32Array.from(solid), edge: Int32Array.from(edge) };
  }

  show(context) {
    context.putImageData(this.image, -this.border, -this.border);
  }

  clear() {
    this.words.fill(this.paper);
  }

  stamp({ half, solid, edge }, left, top) {
    const { words, bytes, border } = this, { width, height } = this.image;
    const x0 = border + Math.round(left - half), y0 = border + Math.round(top - half);
    if (x0 < 0 || y0 < 0 || x0 + 2 * half > width || y0 + 2 * half > height) return;
    const corner = y0 * width + x0;
    for (let k = 0; k < solid.length; k += 2) words[corner + solid[k]] = solid[k + 1];
    for (let k = 0; k < edge.length; k += 5) {
      const to = 4 * (corner + edge[k]), share = edge[k + 4];
      bytes[to] += ((edge[k + 1] - bytes[to]) * share) >> 8;
      bytes[to + 1] += ((edge[k + 2] - bytes[to + 1]) * share) >> 8;
      bytes[to + 2] += ((edge[k + 3] - bytes[to + 2]) * share) >> 8;
    }
  }
}
