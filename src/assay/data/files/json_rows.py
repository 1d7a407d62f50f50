"""Rows of JSON Lines, one object per line, and of JSON, an array of objects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TextIO

from assay.data.files.bounds import FileBounds, is_deeper
from assay.data.files.decoding import (
    Advice,
    Lines,
    advise_encoding,
    bad_bytes_problem,
)
from assay.data.files.file_errors import path_of
from assay.data.files.json_array import JsonArray, JsonBreak
from assay.data.files.null_bytes import END_OF_DOS, find_nulls
from assay.data.files.row import Problem, Row
from assay.errors import DataError

__all__ = ["json_line_rows", "json_rows", "numbered_line_rows"]

WHAT_FOLLOWS = {"\0": "null bytes follow"}
PYTHON_DICT = ("{'", "[{'")  # how what Python prints begins
KINDS = {list: "array", str: "string", type(None): "null", bool: "true or false"}


def json_line_rows(stream: TextIO, name: str, codec: str) -> Iterator[Row]:
    """Stream the objects of JSON Lines; blank lines are no rows.

    Parameters
    ----------
    stream : text stream
        Opened so that lines end at line feeds only.
    name : str
        How messages call the file.
    codec : str
        What `stream` is decoded with, for messages.
    """
    lines = Lines(stream, encoding=codec)
    for line in lines:
        if not line.strip():
            continue
        if problem := lines.take_problem():
            yield Row(lines.n_lines, {}, problem)
            continue
        try:
            value = json.loads(line)
        except json.JSONDecodeError as err:
            if line.strip() != END_OF_DOS:
                yield Row(lines.n_lines, {}, find_nulls(line) or _explain(err))
        except RecursionError:
            yield Row(lines.n_lines, {}, f"not JSON that can be read: {lines.bounds.deep_value}")
        except ValueError:
            yield Row(lines.n_lines, {}, f"not JSON that can be read: {lines.bounds.long_number()}")
        else:
            too_deep = _judge_nesting(line, value, lines.bounds)
            yield _object_row(lines.n_lines, value, too_deep)


def _explain(err: json.JSONDecodeError) -> str:
    """Say what is wrong with a line; a comma behind it is left from an array."""
    what = err.msg
    if err.doc.lstrip().startswith(PYTHON_DICT):
        what = "a dict of Python, whose quotes are single (json.dumps writes JSON),"
    elif err.doc[err.pos :].strip() == ",":
        what = "a comma after the object, which lines of JSON do not have,"
    return f"not JSON: {what} at character {err.pos + 1}"


def numbered_line_rows(stream: TextIO, name: str, codec: str) -> Iterator[Row]:
    """Stream JSON Lines of a file that is called .json, whose rows are counted as in an array.

    Parameters and errors as of `json_line_rows`; problems name the line where it is another number.
    """
    for number, row in enumerate(json_line_rows(stream, name, codec), 1):
        problem = row.problem
        if problem is not None and number != row.line:
            problem = Problem(f"{problem} (line {row.line:,})", row.fixes)
        yield replace(row, line=number, problem=problem)


def json_rows(stream: TextIO, name: str, codec: str) -> Iterator[Row]:
    """Stream the objects of one JSON array; parameters as of `json_line_rows`.

    `Row.line` counts the objects, of which several may be on one line; problems name the line.

    Raises
    ------
    DataError
        The file does not begin with an array.
    """
    bounds = FileBounds.from_environment()
    array = JsonArray(stream, bounds)
    first = array.peek()
    if first != "[":
        what = "is empty" if not first else "does not start with '['"
        raise DataError(
            f"{name} {what}; an array of objects is accepted", hint="one object per line is .jsonl"
        )
    array.skip()
    advice: Advice | None = None
    number = 0
    while array.peek() != "]":
        line, number = array.line, number + 1
        try:
            value, source = array.value()
        except JsonBreak as err:
            yield Row(number, {}, f"not JSON: {err} (line {line}); nothing after it can be read")
            return
        problem = bad_bytes_problem(source, encoding=codec)
        if problem is None:
            yield _object_row(number, value, _judge_nesting(source, value, bounds))
        elif advice is None:
            advice = advise_encoding(source, encoding=codec, path=path_of(stream))
            sentence = f"{problem} (line {line}){advice.sentence}"
            yield Row(number, {}, Problem(sentence, advice.flags))
        else:
            yield Row(number, {}, f"{problem} (line {line})")
        if array.peek() == ",":
            array.skip()
        elif array.peek() != "]":
            sentence = f"not JSON: ',' or ']' expected (line {array.line})"
            yield Row(number + 1, {}, f"{sentence}; nothing after it can be read")
            return
    array.skip()
    if array.peek():
        what = WHAT_FOLLOWS.get(array.peek(), "something follows")
        yield Row(number + 1, {}, f"{what} the array (line {array.line})")


def _judge_nesting(source: str, value: Any, bounds: FileBounds) -> str | None:
    """Return why a value cannot be taken: it is nested too deep; None if it can.

    What is nested deep has many brackets. Counting them is cheap, and nearly all rows have few.
    """
    n_brackets = source.count("[") + source.count("{")
    if n_brackets > bounds.nesting and is_deeper(value, bounds.nesting):
        return bounds.deep_value
    return None


def _is_of_spacy(value: Any) -> bool:
    """Tell whether a value is a text with its annotations, as spaCy's training data had them."""
    if not isinstance(value, list) or len(value) != 2:
        return False
    text, notes = value
    return isinstance(text, str) and isinstance(notes, dict) and isinstance(notes.get("cats"), dict)


def _object_row(line: int, value: Any, problem: str | None) -> Row:
    if problem is not None:
        return Row(line, {}, problem)
    if isinstance(value, dict):
        return Row(line, value)
    if _is_of_spacy(value):
        return Row(line, {"text": value[0], "cats": value[1]["cats"]})
    kind = KINDS.get(type(value), "number")
    return Row(line, {}, f"a JSON {kind} where an object is accepted")
