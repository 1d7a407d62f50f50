"""Output follows the input: the program that wrote a table opens what is written beside it."""

from __future__ import annotations

import pytest

from assay.data.files.readers import read_rows
from assay.data.files.reading import Reading
from assay.data.files.style import TableStyle, style_of
from assay.data.files.writers import Before, open_writer

ROWS = [{"text": "Größe; passt", "label": "so"}, {"text": 'er sagt "ja"', "label": "so"}]


@pytest.mark.parametrize("gz", ["", ".gz"])
@pytest.mark.parametrize(
    ("written", "reading"),
    [
        ("utf-8", {}),
        ("utf-8-sig", {}),
        ("cp1252", {"encoding": "cp1252"}),
        ("utf-16", {"encoding": "utf-16"}),
    ],
)
def test_delimiter_encoding_and_mark_come_back(tmp_path, written, reading, gz):
    """Also where the output grows piece by piece: there is one byte order mark."""
    source = tmp_path / "data.csv"
    source.write_bytes("text;label\nGröße;so\n".encode(written))
    out = tmp_path / f"out.csv{gz}"
    style = style_of(source, Reading(**reading), like=out)
    assert style is not None
    with open_writer(out, like=out, before=Before(), style=style) as writer:
        writer.write(ROWS[0])
    with open_writer(out, like=out, before=Before(writer.columns), style=style) as writer:
        writer.write(ROWS[1])
    assert [row.values for row in read_rows(out, **reading)] == ROWS
    if not gz:
        content = out.read_bytes()
        assert content.startswith("text;label\n".encode(written))
        assert content.decode(written).count("\ufeff") == 0


def test_tables_without_quoting_stay_without(tmp_path):
    """A quote is written as it was read; a text that cannot be written so is an error."""
    source = tmp_path / "data.tsv"
    source.write_text('text\tlabel\n"so\tx\n')
    style = style_of(source, Reading(quoting="none"), like=tmp_path / "out.tsv")
    assert style == TableStyle("\t", quotes=False)
    out = tmp_path / "out.tsv"
    with open_writer(out, like=out, style=style) as writer:
        writer.write({"text": '"so', "label": "x"})
    assert out.read_text() == 'text\tlabel\n"so\tx\n'


@pytest.mark.parametrize(("kind", "delimiter"), [(".csv", ","), (".tsv", "\t")])
def test_table_of_a_workbook_begins_with_a_mark(tmp_path, kind, delimiter):
    """Who has Excel opens it there, and without the mark Excel shows other letters than Latin wrongly."""
    out = tmp_path / f"out{kind}"
    style = style_of(tmp_path / "tickets.xlsx", Reading(), like=out)
    assert style is not None
    with open_writer(out, like=out, style=style) as writer:
        writer.write({"내용": "환불", "n": "1"})
    assert out.read_bytes() == f"\ufeff내용{delimiter}n\n환불{delimiter}1\n".encode()
    assert style_of(tmp_path / "tickets.xlsx", Reading(), like=tmp_path / "out.jsonl") is None


@pytest.mark.parametrize("name", ["data.jsonl", "data.txt", "nothing.csv"])
def test_other_files_are_not_followed(tmp_path, name):
    """What is written is then UTF-8 with the delimiter of its suffix."""
    if name != "nothing.csv":
        (tmp_path / name).write_text("so glad;joy\n")
    assert style_of(tmp_path / name, Reading(), like=tmp_path / "out.csv") is None
