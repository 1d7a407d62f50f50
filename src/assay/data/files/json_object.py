"""A JSON file that holds one object: which rows are in it, by its form.

- ``{"train": [["so glad", "joy"], ...], "test": [...]}``: corpora such as CLINC150; also objects
- ``{"text": [...], "label": [...]}``: `Dataset.to_dict`, Argilla
- ``{"text": {"0": "so glad", ...}, "label": {...}}``: `DataFrame.to_json`
- ``{"columns": [...], "index": [...], "data": [[...], ...]}``: the same with ``orient="split"``
- ``{"0": {"text": "so glad", "label": "joy"}, ...}``: the same with ``orient="index"``
- ``{"schema": {...}, "data": [{...}, ...]}``: the same with ``orient="table"``; deeper: Rasa
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

from assay.data.files.bounds import FileBounds, is_deeper
from assay.data.files.decoding import advise_encoding, bad_bytes_problem
from assay.data.files.file_errors import path_of
from assay.data.files.row import Record, Row
from assay.errors import DataError

__all__ = ["SPLIT_KEY", "is_json_lines", "object_rows"]

SPLIT_KEY = "split"  # the column that names the list of each row
SPLIT_WORDS = frozenset(("train", "validation", "val", "dev", "valid", "test"))
WORD = re.compile(r"[^\W_]+")
PAIR = ("text", "label")

Object = Mapping[str, Any]


def is_json_lines(stream: TextIO, bounds: FileBounds) -> bool:
    """Tell whether a file whose name says JSON holds one object per line.

    Its first line is a whole object then, and another line follows.
    """
    lines = (line for line in iter(lambda: stream.readline(bounds.line_chars), "") if line.strip())
    first = next(lines, "")
    if not first.lstrip().startswith("{"):
        return False
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return next(lines, None) is not None


def object_rows(stream: TextIO, name: str, codec: str) -> Iterator[Row]:
    """Stream the rows of a file that holds one JSON object, which is read as a whole.

    Parameters
    ----------
    stream : text stream
    name : str
        How messages call the file.
    codec : str
        What `stream` is decoded with, for messages.

    Raises
    ------
    DataError
        It is no JSON, too large, or an object of another form.
    """
    bounds = FileBounds.from_environment()
    source = stream.read(bounds.object_chars + 1)
    if len(source) > bounds.object_chars:
        raise DataError(f"{name} holds {bounds.large_object}", hint="one object per line is .jsonl")
    if problem := bad_bytes_problem(source, encoding=codec):
        advice = advise_encoding(source, encoding=codec, path=path_of(stream))
        raise DataError(f"{name}: {problem}{advice.sentence}", flags=advice.flags)
    records = find_records(_parse(source, name, bounds))
    if records is None:
        raise DataError(
            f"{name} holds one object without rows; an array of objects is accepted",
            hint="one object per line is .jsonl",
        )
    for number, record in enumerate(records, 1):
        yield Row(number, record)


def _parse(source: str, name: str, bounds: FileBounds) -> Object:
    try:
        value = json.loads(source)
    except json.JSONDecodeError as err:
        if err.msg == "Extra data" and source[err.pos : err.pos + 1] == "{":
            raise DataError(
                f"{name} holds objects one after the other, without commas between them",
                hint="write one object per line, such as with jq -c ., and call it .jsonl",
            ) from err
        raise DataError(f"{name} is not JSON: {err.msg} (line {err.lineno})") from err
    except RecursionError as err:
        raise DataError(f"{name} holds {bounds.deep_value}") from err
    except ValueError as err:
        raise DataError(f"{name} holds {bounds.long_number()}") from err
    if is_deeper(value, bounds.nesting):
        raise DataError(f"{name} holds {bounds.deep_value}")
    assert isinstance(value, dict)  # else it would not begin with a brace
    return value


def find_records(value: Object) -> list[Record] | None:
    """Return the rows of an object; None if it has none of the forms.

    Examples
    --------
    >>> find_records({"train": [["so glad", "joy"]], "oos_val": [["what?", "oos"]]})[1]
    {'text': 'what?', 'label': 'oos', 'split': 'val'}
    >>> find_records({"text": {"0": "so glad"}, "label": {"0": "joy"}})
    [{'text': 'so glad', 'label': 'joy'}]
    """
    for form in (_of_splits, _of_rows_and_columns, _of_columns, _of_index, _of_one_list):
        records = form(value)
        if records:
            return records
    return None


def _of_splits(value: Object) -> list[Record] | None:
    """Read lists of rows under keys that name splits, such as ``train`` and ``oos_train``."""
    records: list[Record] = []
    for key, inside in value.items():
        if not isinstance(inside, list | dict):
            continue  # a version, a name
        split = _split_of_key(key)
        rows = _rows_of(inside)
        if split is None or rows is None:
            return None
        records += [row | {SPLIT_KEY: split} for row in rows]
    return records


def _split_of_key(key: str) -> str | None:
    """Return the one word of a key that names a split.

    >>> _split_of_key("oos_train"), _split_of_key("domains"), _split_of_key("train_test")
    ('train', None, None)
    """
    named: list[str] = [word for word in WORD.findall(key.casefold()) if word in SPLIT_WORDS]
    if len(named) != 1:
        return None
    return named[0]


def _rows_of(inside: Any) -> list[Record] | None:
    """Return the rows of one split: objects, pairs of a text and a label, or columns."""
    if isinstance(inside, dict):
        return _of_columns(inside)
    if _are_objects(inside):
        return list(inside)
    if all(_is_pair(one) for one in inside):
        return [dict(zip(PAIR, one, strict=True)) for one in inside]
    return None


def _is_pair(value: Any) -> bool:
    """Tell whether a value is a text with its label: a name, or the number of a class."""
    if not isinstance(value, list) or len(value) != len(PAIR):
        return False
    text, label = value
    return isinstance(text, str) and isinstance(label, str | int)


def _of_rows_and_columns(value: Object) -> list[Record] | None:
    """Read the names of the columns and, beside them, a list of cells per row."""
    columns, rows = value.get("columns"), value.get("data")
    if not isinstance(columns, list) or not isinstance(rows, list):
        return None
    if not all(isinstance(row, list) and len(row) == len(columns) for row in rows):
        return None
    return [dict(zip(map(str, columns), row, strict=True)) for row in rows]


def _of_columns(value: Object) -> list[Record] | None:
    """Read columns of the same length: lists, or objects with the index of each row as key."""
    columns = list(value.values())
    if len(columns) < len(PAIR):
        return None
    if all(isinstance(column, dict) for column in columns):
        index = list(columns[0])
        if not _counts(index) or any(list(column) != index for column in columns):
            return None
        columns = [list(column.values()) for column in columns]
    if not _are_as_long(columns):
        return None
    return [dict(zip(value, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _are_as_long(columns: Sequence[Any]) -> bool:
    """Tell whether values are lists of one length, with no rows inside them."""
    if not all(isinstance(column, list) for column in columns):
        return False
    has_rows = any(isinstance(cell, dict) for cell in columns[0])
    return len(set(map(len, columns))) == 1 and not has_rows


def _of_index(value: Object) -> list[Record] | None:
    """Read one object per row, under the number of the row."""
    rows = list(value.values())
    if not _counts(list(value)) or not all(isinstance(row, dict) for row in rows):
        return None
    return rows


def _counts(keys: Sequence[str]) -> bool:
    """Tell whether keys are whole numbers, as the index of a frame has them."""
    return bool(keys) and all(key.isdecimal() for key in keys)


def _of_one_list(value: Object) -> list[Record] | None:
    """Read the only list of objects, here or in the only object that holds one."""
    lists = [one for one in value.values() if isinstance(one, list) and one]
    if not lists:
        inner = [one for one in value.values() if isinstance(one, dict)]
        if len(inner) != 1:
            return None
        return _of_one_list(inner[0])
    rows = list(filter(_are_objects, lists))
    if len(rows) != 1:
        return None
    return rows[0]


def _are_objects(values: Sequence[Any]) -> bool:
    return all(isinstance(one, dict) for one in values)
