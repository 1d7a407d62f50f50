"""A map of characters as SentencePiece and `tokenizers` keep one: a "precompiled charsmap".

It is a trie over the UTF-8 bytes of what is replaced, as a double array, followed by the
replacements, each ended by a zero byte. XLM-R's own tokenizer normalises text this way. NFKC would
not do: it reorders combining marks, and pieces of Burmese and Arabic would no longer match.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

__all__ = ["pack_charsmap"]

HAS_VALUE, IS_VALUE = 1 << 8, 1 << 31  # bits of a unit
BASE_SHIFT = 10  # where the base begins in a unit; the bits below hold the byte that leads there


def pack_charsmap(replacements: Mapping[str, str]) -> bytes:
    """Return the charsmap that replaces each key by its value; what is no key stays as it is."""
    places: dict[bytes, int] = {}
    texts = bytearray()
    for character, replacement in replacements.items():
        places[character.encode()] = len(texts)
        texts += replacement.encode() + b"\0"
    units = _double_array(places)
    return (4 * len(units)).to_bytes(4, "little") + units.tobytes() + bytes(texts)


def _double_array(places: Mapping[bytes, int]) -> np.ndarray:
    """Pack a trie into units of 32 bits, "<u4" of shape (n_units,).

    From a node with base b, byte c leads to the unit b ^ c, if that says it is reached by c. The
    value of a key is at b ^ 0. The key "é" (c3 a9) with the value 7 makes four units:

        unit 0 (root)     unit 1^c3         unit 2^a9                      unit 3^00
        base 1            byte c3, base 2   byte a9, base 3, has a value   the value, 7

    No two nodes have the same base, so that no byte leads to the unit of another node's child.
    """
    children = _children(places)
    units, bases, unit_of = {0: 0}, {0}, {b"": 0}
    base = 1
    for prefix in sorted(children, key=len):
        labels = sorted(children[prefix])
        while base in bases or any(base ^ label in units for label in labels):
            base += 1
        bases.add(base)
        unit = unit_of[prefix]
        units[unit] |= (unit ^ base) << BASE_SHIFT
        for label in labels:
            units[base ^ label] = label
            unit_of[prefix + bytes([label])] = base ^ label
        if 0 in labels:
            units[unit] |= HAS_VALUE
            units[base] = places[prefix] | IS_VALUE
    # Whoever reads it may follow any byte from any base: all of those units have to exist.
    packed = np.zeros((max(*units, *bases) | 0xFF) + 1, dtype="<u4")
    for place, unit in units.items():
        packed[place] = unit
    return packed


def _children(keys: Iterable[bytes]) -> dict[bytes, set[int]]:
    """Return the bytes that follow each beginning of a key; 0 follows a whole key."""
    children: dict[bytes, set[int]] = {}
    for key in keys:
        for end in range(len(key)):
            children.setdefault(key[:end], set()).add(key[end])
        children.setdefault(key, set()).add(0)
    return children
