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
