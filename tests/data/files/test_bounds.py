"""Lines, columns, nesting and numbers that are too large are refused, and memory stays flat."""

import gzip
import json
import tracemalloc

import pytest

from assay.data.files.bounds import FileBounds, is_deeper
from assay.data.files.readers import read_lines, read_rows
from assay.errors import DataError

LONG = 200  # characters: the bound on lines in these tests


@pytest.fixture(autouse=True)
def _short_bounds(monkeypatch):
    monkeypatch.setenv("ASSAY_MAX_LINE_CHARS", str(LONG))
    monkeypatch.setenv("ASSAY_MAX_COLUMNS", "20")
    monkeypatch.setenv("ASSAY_MAX_NESTING", "3")


def read(path, content):
    """Write a file and return the texts of its rows, and the problems of the others."""
    data = content.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    rows = list(read_rows(path))
    return [row.values.get("text") if row.problem is None else row.problem for row in rows]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("n_chars", [LONG - 20, LONG + 20, 5 * LONG, 200_000])
def test_long_line_is_one_bad_row(tmp_path, n_chars, end):
    """Rows before and after a line that is too long are read, in every format of lines."""
    long = "a" * n_chars
    problem = f"a line of more than {LONG} characters (ASSAY_MAX_LINE_CHARS)"
    expected = ["one", long if n_chars < LONG else problem, "two"]
    lines = [json.dumps({"text": text}) for text in ("one", long, "two")]
    assert read(tmp_path / "a.jsonl", end.join([*lines, ""])) == expected
    assert read(tmp_path / "a.jsonl.gz", end.join([*lines, ""])) == expected
    table = end.join(["text,label", "one,x", f"{long},x", "two,x", ""])
    assert read(tmp_path / "a.csv", table) == expected
    plain = tmp_path / "a.txt"
    plain.write_bytes(end.join(["one", long, "two", ""]).encode())
    assert [row.problem or row.values["text"] for row in read_lines(plain)] == expected


@pytest.mark.parametrize("n_chars", range(LONG - 3, LONG + 4))
def test_line_of_the_very_length_is_read_to_its_end(tmp_path, n_chars):
    """Around the bound no line is lost, doubled or cut in two."""
    plain = tmp_path / "a.txt"
    plain.write_bytes(b"one\n" + b"a" * n_chars + b"\ntwo\n")
    rows = list(read_lines(plain))
    assert [row.line for row in rows] == [1, 2, 3]
    assert [row.values["text"] for row in rows[::2]] == ["one", "two"]
    assert (rows[1].problem is None) == (n_chars <= LONG - 1)


def test_last_line_without_an_end_may_be_too_long(tmp_path):
    """The end of the file ends a line as well."""
    plain = tmp_path / "a.txt"
    plain.write_bytes(b"one\n" + b"a" * 5 * LONG)
    assert [row.problem is None for row in read_lines(plain)] == [True, False]


def test_endless_line_needs_no_memory(tmp_path):
    """A line of 20 million characters is read over in pieces."""
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(b'{"text": "one"}\n{"text": "')
        for _ in range(20):
            stream.write(b"a" * 1_000_000)
        stream.write(b'"}\n{"text": "two"}\n')
    tracemalloc.start()
    rows = list(read_rows(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [row.problem is None for row in rows] == [True, False, True]
    assert peak < 2_000_000


def test_endless_object_of_an_array_ends_the_file(tmp_path, monkeypatch):
    """What comes before it is read."""
    monkeypatch.setenv("ASSAY_MAX_LINE_CHARS", "1000")
    content = json.dumps([{"text": "one"}, {"text": "a" * 500_000}, {"text": "two"}])
    first, problem = read(tmp_path / "a.json", content)
    assert first == "one"
    assert "a line of more than 1,000 characters" in problem


@pytest.mark.parametrize("suffix", ["jsonl", "json"])
@pytest.mark.parametrize("depth", [2, 3, 100, 900, 100_000])
def test_deep_value_is_a_bad_row(tmp_path, suffix, depth, monkeypatch):
    """Also where Python itself would read it: what reads a value may be too deep to be written."""
    monkeypatch.setenv("ASSAY_MAX_LINE_CHARS", "1000000")
    deep = '{"text": "one", "x": ' + "[" * depth + "]" * depth + "}"
    (found,) = read(tmp_path / f"a.{suffix}", f"[{deep}]" if suffix == "json" else deep)
    if depth < 3:
        assert found == "one"
    else:
        assert "arrays or objects nested deeper than 3 (ASSAY_MAX_NESTING)" in found


@pytest.mark.parametrize("suffix", ["jsonl", "json"])
def test_number_of_thousands_of_digits_is_a_bad_row(tmp_path, suffix, monkeypatch):
    """The message says how many digits are read, and what sets it."""
    monkeypatch.setenv("ASSAY_MAX_LINE_CHARS", "1000000")
    row = '{"text": "one", "x": ' + "9" * 5000 + "}"
    (found,) = read(tmp_path / f"a.{suffix}", f"[{row}]" if suffix == "json" else row)
    assert "a whole number of more than 4,300 digits (PYTHONINTMAXSTRDIGITS)" in found


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_table_of_many_columns_is_refused(tmp_path, suffix):
    """A header of hundreds of thousands of columns would take minutes and gigabytes."""
    delimiter = "," if suffix == "csv" else "\t"
    names = delimiter.join(["text", *(f"c{i}" for i in range(20))])
    with pytest.raises(DataError, match=r"has 21 columns; up to 20 are accepted \(ASSAY_MAX_COL"):
        read(tmp_path / f"a.{suffix}", f"{names}\n{delimiter * 20}\n")


def test_depth_is_counted_level_by_level():
    """Siblings do not add up, and the order of keys does not matter."""
    assert not is_deeper({"a": [1, 2], "b": [3], "c": {"d": 4}}, 2)
    assert is_deeper({"b": 1, "a": [1, {"c": 1}]}, 2)
    assert not is_deeper(7, 0)
    assert FileBounds.from_environment() == FileBounds(line_chars=LONG, columns=20, nesting=3)
