"""The JSON array reader, at every place where a chunk can be cut."""

from __future__ import annotations

import io
import json

import pytest

from assay.data.files import json_array
from assay.data.files.bounds import FileBounds
from assay.data.files.json_array import JsonArray, JsonBreak

VALUES = [
    {"text": 'a "b" \\ 한국어 😀', "n": -12.5e3},
    {},
    {"deep": [{"x": [True, None]}]},
    1234567,
    "tail",
]


def read_all(stream):
    """Read an array with its own cursor, as the file reader does."""
    array, values = JsonArray(stream, FileBounds()), []
    assert array.peek() == "["
    array.skip()
    while array.peek() != "]":
        values.append(array.value()[0])
        if array.peek() == ",":
            array.skip()
    return values


@pytest.mark.parametrize("chunk_chars", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_array_survives_every_chunk_size(monkeypatch, chunk_chars, ascii_only):
    """Numbers, escapes and surrogate pairs cut by a chunk come out whole."""
    monkeypatch.setattr(json_array, "CHUNK_CHARS", chunk_chars)
    source = json.dumps(VALUES, ensure_ascii=ascii_only, indent=1)
    assert read_all(io.StringIO(source)) == VALUES


def test_array_counts_lines_across_chunks(monkeypatch):
    """The line of a value is where it starts."""
    monkeypatch.setattr(json_array, "CHUNK_CHARS", 4)
    array = JsonArray(io.StringIO('[\n\n{"a":\n1},\n{"b": 2}]'), FileBounds())
    array.peek()
    array.skip()
    array.peek()
    assert array.line == 3
    array.value()
    assert array.peek() == ","
    array.skip()
    array.peek()
    assert array.line == 5


def test_array_does_not_read_on_after_a_real_error():
    """A break in the first element does not pull the whole file into memory."""
    stream = io.StringIO("[{broken}" + "x" * 10_000_000)
    array = JsonArray(stream, FileBounds())
    array.peek()
    array.skip()
    with pytest.raises(JsonBreak, match="Expecting property name"):
        array.value()
    assert stream.tell() < 1_000_000
