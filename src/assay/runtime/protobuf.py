"""The fields of a protobuf message, one after another, without a schema.

That is all that is needed to look into an ONNX file before ONNX Runtime reads it. Nothing is
copied: a value of bytes is a view of the file.

The format: https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["BrokenMessage", "Value", "read_fields", "read_integers"]

VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5  # kinds of values on the wire
FIXED_BYTES = {FIXED_64: 8, FIXED_32: 4}
MAX_VARINT_BYTES = 10

Value = int | memoryview


class BrokenMessage(ValueError):
    """The bytes are no protobuf message."""


def read_fields(message: memoryview) -> Iterator[tuple[int, Value]]:
    """Read the fields of a message.

    Parameters
    ----------
    message : memoryview of bytes

    Yields
    ------
    (number, value)
        The number of the field; an int, or a view of its bytes: a text, a message, packed numbers,
        or a number of fixed size.

    Raises
    ------
    BrokenMessage
        A value does not end where the message does.
    """
    at, end = 0, len(message)
    while at < end:
        key, at = _read_varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _read_varint(message, at)
            yield number, value
            continue
        if kind == BYTES:
            n_bytes, at = _read_varint(message, at)
        elif kind in FIXED_BYTES:
            n_bytes = FIXED_BYTES[kind]
        else:
            raise BrokenMessage(f"a field of kind {kind}")
        if n_bytes > end - at:
            raise BrokenMessage("a field is longer than its message")
        yield number, message[at : at + n_bytes]
        at += n_bytes


def read_integers(value: Value) -> list[int]:
    """Return the signed integers of one field: one, or several that are packed."""
    if isinstance(value, int):
        return [_signed(value)]
    found, at = [], 0
    while at < len(value):
        number, at = _read_varint(value, at)
        found.append(_signed(number))
    return found


def _signed(number: int) -> int:
    """Return an int64 from its 64 bits."""
    return number - (1 << 64) if number >> 63 else number


def _read_varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return a number that is written in 7 bits per byte, and where it ends."""
    number = 0
    for shift, byte in enumerate(message[at : at + MAX_VARINT_BYTES]):
        number |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return number & ((1 << 64) - 1), at + shift + 1
    raise BrokenMessage("a number that does not end")
