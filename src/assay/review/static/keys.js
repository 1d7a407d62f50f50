// Which key is meant. Where it writes no Latin letter or digit, as with a Korean or Russian layout, an input method, or
// the digits of a French keyboard, it is known by its place.

const PLACE = /^(?:Key([A-Z])|Digit([0-9]))$/;

export function keyOf(event) {
  const place = PLACE.exec(event.code || "");
  if (!place || /^[ -~]$/.test(event.key)) return event.key;
  const letter = place[1];
  if (!letter) return place[2];
  return event.shiftKey ? letter : letter.toLowerCase();
}
