"""Files that are not what their names say are called what they are.

These are also the tests of null_bytes.
"""

from __future__ import annotations

import pytest

from assay.data.files.beginnings import BEGINNINGS
from assay.data.files.disguise import check_content
from assay.data.files.readers import read_rows
from assay.data.files.reading import Reading
from assay.errors import DataError


@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("kind", [".csv", ".jsonl", ".txt"])
def test_beginning_is_recognised(tmp_path, beginning, kind):
    """In one sentence with what to do, whatever the suffix."""
    path = tmp_path / f"data{kind}"
    path.write_bytes(beginning.upper() + b" and more\n")
    what, advice = BEGINNINGS[beginning]
    with pytest.raises(DataError) as caught:
        check_content(path, kind, Reading())
    assert (caught.value.message, caught.value.hint) == (f"data{kind} {what}", advice)


def test_others_are_left_alone(tmp_path):
    """Texts about such files, other kinds, and an encoding that was named."""
    path = tmp_path / "data.csv"
    for content in (b"text,label\n%PDF,a\n", b'"{""a"": 1}",b\n', b"{a},b\n", b"PKW,b\n", b""):
        path.write_bytes(content)
        check_content(path, ".csv", Reading())
    path.write_bytes(b"PAR1")
    check_content(path, ".parquet", Reading())
    path.write_bytes(b"Insert into the slot,a\n")
    check_content(path, ".csv", Reading())
    path.write_bytes("今日は,b\n".encode("iso2022_jp"))
    check_content(path, ".csv", Reading(encoding="iso2022_jp"))
    with pytest.raises(DataError, match="escape sequences of iso2022_jp"):
        check_content(path, ".csv", Reading())


@pytest.mark.parametrize("kind", [".csv", ".tsv", ".jsonl"])
def test_array_of_objects_is_recognised(tmp_path, kind):
    """On one line or on many; a list in a cell is none."""
    path = tmp_path / f"data{kind}"
    for content in ('[{"text": "a"}]\n', '\ufeff[\n {\n  "text": "a"\n }\n]\n'):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(DataError, match="holds an array of JSON objects"):
            check_content(path, kind, Reading())
    path.write_text('["a", "b"]\n[{b},c\n')
    check_content(path, kind, Reading())


def test_table_of_markdown_is_recognised(tmp_path):
    """By the line of dashes below the names; dashes in a text are none."""
    path = tmp_path / "data.csv"
    path.write_text("| text | label |\n|---|:---:|\n| so glad | joy |\n")
    with pytest.raises(DataError, match="is a table of Markdown"):
        check_content(path, ".csv", Reading())
    path.write_text("text|label\n---|a\n")
    check_content(path, ".csv", Reading())


@pytest.mark.parametrize(
    ("kind", "content", "what", "advice"),
    [
        (".xlsx", b"", "it is empty", "copy or download it again"),
        (".xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1", "it is encrypted or an old", "without a password"),
        (".xlsx", "größe;x\n".encode("cp1252"), "it is text", "call it .csv if it is a table"),
        (".xlsx", b"<html><table>", "it is a web page", "download the file itself"),
        (".parquet", b"text,label\na,b\n", "Parquet: it is text", "call it .csv"),
        (".parquet", b"PK\x03\x04", "it is a zip archive", "unpack it"),
    ],
)
def test_what_is_called_a_workbook_or_parquet_is_called_what_it_is(
    tmp_path, kind, content, what, advice
):
    """A file with another beginning is not handed to a library that knows nothing of it."""
    path = tmp_path / f"d{kind}"
    path.write_bytes(content)
    with pytest.raises(DataError, match=what) as caught:
        check_content(path, kind, Reading())
    assert advice in caught.value.hint
    path.write_bytes(b"\0\1\2 of no known kind")
    check_content(path, kind, Reading())


@pytest.mark.parametrize(
    "content",
    [
        b"INSERT INTO t (text,label) VALUES ('a','b');",
        b"-- MySQL dump 10\n--\n/*!40101 SET x */;\nDROP TABLE IF EXISTS `t`;\n",
        b"create table t (\n  a text\n);",
        b"--\n-- PostgreSQL database dump\n--\nSET x = 0;\n",
        b"COPY public.t (text, label) FROM stdin;\na\tb\n",
    ],
)
def test_dump_of_a_database_is_recognised(tmp_path, content):
    """Its commas separate no columns."""
    path = tmp_path / "d.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"d\.csv is a dump of a database"):
        check_content(path, ".csv", Reading())


@pytest.mark.parametrize(
    "content",
    [
        b"/**/" * 16_000 + b"x",
        b"---" + b"+" * 65_000 + b"x",
        b"|" * 60_000 + b"\nx",
        b"a|b\n" + b" " * 60_000 + b"x",
    ],
)
def test_long_file_of_signs_is_looked_at_once(tmp_path, content):
    """Patterns that go back over what they took would need minutes, or ages, for these."""
    path = tmp_path / "d.csv"
    path.write_bytes(content)
    check_content(path, ".csv", Reading())


@pytest.mark.parametrize("kind", [".csv", ".tsv", ".jsonl", ".json", ".txt"])
def test_end_of_null_bytes_is_named_with_its_line(tmp_path, kind):
    """A file whose end was never written: what is before it may lack rows."""
    path = tmp_path / f"d{kind}"
    path.write_bytes(b"text,label\na,b\nc," + bytes(600))
    with pytest.raises(DataError, match="ends in 600 null bytes, from line 3 on") as caught:
        read_rows(path)
    assert "its first 2 lines are whole" in caught.value.hint
    path.write_bytes(b"text,label\n" + bytes(600))
    with pytest.raises(DataError, match="from line 2 on") as caught:
        read_rows(path)
    assert "whole" not in caught.value.hint
    path.write_bytes(bytes(600))
    with pytest.raises(DataError, match="holds 600 null bytes and nothing else"):
        read_rows(path)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-32-le"])
def test_null_bytes_of_wide_encodings_are_no_such_end(tmp_path, encoding):
    """Their last character has one or three of them."""
    path = tmp_path / "d.csv"
    path.write_bytes("text,label\na,b\n".encode(encoding))
    assert [row.values for row in read_rows(path, encoding=encoding)] == [
        {"text": "a", "label": "b"}
    ]
