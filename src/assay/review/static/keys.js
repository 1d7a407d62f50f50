// Which key is meant. Where a key writes no Latin letter or digit, as with a Korean or Russian layout or an input method,
// it is known by its place. So are the digits of a French or Czech keyboard, which write & or + without Shift; with
// Shift, and on other keyboards, these write digits themselves.

const PLACE = /^(?:Key([A-Z])|Digit([0-9]))$/;

export function keyOf(event) {
  // A capital letter is one with Shift, whatever Caps Lock says.
  if (/^[A-Za-z]$/.test(event.key)) return event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase();
  const place = PLACE.exec(event.code || "");
  if (!place) return event.key;
  const [, letter, digit] = place;
  const isDigit = digit && !event.shiftKey && !/^[A-Za-z0-9]$/.test(event.key);
  if (/^[ -~]$/.test(event.key) && !isDigit) return event.key;
  if (digit) return digit;
  return event.shiftKey ? letter : letter.toLowerCase();
}
