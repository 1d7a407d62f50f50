"""JSON again with other labels in some rows: only the values of the labels change.

What is around them stays as it was written, down to spaces and the order of keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from assay.data.files.json_object import find_records
from assay.data.files.relabelled_values import OF_TOOLS, Changes, NewLabel, of_same_type
from assay.data.files.row import Record
from assay.errors import InputError

__all__ = ["relabel_array", "relabel_object", "relabel_rows"]

WHITE_SPACE = " \t\r\n"
DECODER = json.JSONDecoder()


class _Text(str):
    """A string, and where its source is."""

    span: tuple[int, int]


class _Number(int):
    """A whole number, and where its source is."""

    span: tuple[int, int]


class _Truth(int):
    """True or false, and where its source is."""

    span: tuple[int, int]


class _Decimal(float):
    """A number with a decimal point, and where its source is."""

    span: tuple[int, int]


class _List(list[Any]):
    """A list, and where its source is."""

    span: tuple[int, int]


PLACED: dict[type, type[_Text | _Number | _Truth | _Decimal]] = {
    str: _Text,
    int: _Number,
    bool: _Truth,
    float: _Decimal,
}


def relabel_array(content: str, changes: Changes) -> str:
    """Return the text of a JSON array with other labels in some of its objects."""
    written, copied = [], 0
    for number, (start, end) in enumerate(_elements(content), 1):
        if number in changes:
            changed = relabel_object(content[start:end], changes[number])
            written += [content[copied:start], changed]
            copied = end
    return "".join([*written, content[copied:]])


def _elements(content: str) -> Iterator[tuple[int, int]]:
    """Yield where each element of a JSON array begins and ends."""
    at = content.index("[") + 1
    while content[at := _skip(content, at)] != "]":
        if content[at] == ",":
            at = _skip(content, at + 1)
        end = DECODER.raw_decode(content, at)[1]
        yield at, end
        at = end


def relabel_object(source: str, cells: Mapping[str, NewLabel]) -> str:
    """Return the text of a JSON object with other labels.

    Raises
    ------
    InputError
        It has no such key: a tool for labelling keeps its labels elsewhere.
    """
    for column, label in cells.items():
        source = _with_value(source, column, label)
    return source


def _with_value(source: str, column: str, label: NewLabel) -> str:
    found: tuple[int, int, Any] | None = None
    at = source.index("{") + 1
    while source[at := _skip(source, at)] != "}":
        if source[at] == ",":
            at = _skip(source, at + 1)
        key, at = DECODER.raw_decode(source, at)
        start = _skip(source, _skip(source, at) + 1)  # after the colon
        value, at = DECODER.raw_decode(source, start)
        if key == column:
            found = start, at, value
    if found is None:
        raise InputError(OF_TOOLS)
    start, end, before = found
    return source[:start] + _written(before, label, source) + source[end:]


def _written(before: Any, label: NewLabel, source: str) -> str:
    """Return the JSON of a label, escaped as the source is."""
    for placed, kind in ((_Truth, bool), (_Number, int), (_Decimal, float)):
        if isinstance(before, placed):
            before = kind(before)
    return json.dumps(of_same_type(before, label), ensure_ascii=source.isascii())


def relabel_rows(content: str, changes: Changes) -> str:
    """Return the text of a JSON object that holds all rows, in whichever of its forms.

    Raises
    ------
    InputError
        A row has no label of its own that could be changed.
    """
    value, _ = _decode(content, _skip(content, 0))
    records = find_records(value) or []
    places: list[tuple[int, int, str]] = []
    for number, cells in changes.items():
        for column, label in cells.items():
            before = records[number - 1].get(column)
            span = getattr(before, "span", None)
            if span is None:
                raise InputError(OF_TOOLS)
            places.append((*span, _written(before, label, content)))
    for start, end, written in sorted(places, reverse=True):
        content = content[:start] + written + content[end:]
    return content


def _decode(source: str, at: int) -> tuple[Any, int]:
    """Return a value whose texts, numbers and lists know where they are, and where it ends."""
    if source[at] == "{":
        return _decode_object(source, at)
    if source[at] == "[":
        return _decode_list(source, at)
    value, end = DECODER.raw_decode(source, at)
    kind = PLACED.get(type(value))
    if kind is None:
        return value, end  # null
    placed = kind(value)
    placed.span = at, end
    return placed, end


def _decode_object(source: str, at: int) -> tuple[Record, int]:
    found: Record = {}
    at = _skip(source, at + 1)
    while source[at] != "}":
        if source[at] == ",":
            at = _skip(source, at + 1)
        key, at = DECODER.raw_decode(source, at)
        start = _skip(source, _skip(source, at) + 1)  # after the colon
        found[key], at = _decode(source, start)
        at = _skip(source, at)
    return found, at + 1


def _decode_list(source: str, start: int) -> tuple[_List, int]:
    found = _List()
    at = _skip(source, start + 1)
    while source[at] != "]":
        if source[at] == ",":
            at = _skip(source, at + 1)
        value, at = _decode(source, at)
        found.append(value)
        at = _skip(source, at)
    found.span = start, at + 1
    return found, at + 1


def _skip(source: str, at: int) -> int:
    while source[at] in WHITE_SPACE:
        at += 1
    return at
