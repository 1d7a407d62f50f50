"""Advice on sources in which no column of texts or labels is found."""

from __future__ import annotations

import pytest

from assay.data.load import load_data
from assay.errors import DataError

ROWS = "".join(f"com.a,{i},a longer text number {i},{'xy'[i % 2]}\n" for i in range(20))


def error_of(path, content, **options):
    """Write a file; return the error of reading it."""
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match="column") as caught:
        load_data(path, **options)
    return caught.value


def test_header_is_looked_for_below_a_title(tmp_path):
    """Not where the user named a column: what is first is the header then."""
    content = f"Exported today\nid,nr,text,label\n{ROWS}"
    path = tmp_path / "d.csv"
    assert "line 2 seems to be the header" in error_of(path, content).hint
    assert "line 2" not in error_of(path, content, text_column="texts").hint


def test_header_is_looked_for_below_the_title_of_a_workbook(tmp_path):
    """As people give their tables a headline."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["Tickets", None], ["text", "label"], ["one", "a"], ["two", "b"]):
        book.active.append(row)
    book.save(tmp_path / "d.xlsx")
    with pytest.raises(DataError, match="no text column found") as caught:
        load_data(tmp_path / "d.xlsx")
    assert "line 2 seems to be the header" in caught.value.hint


def test_flags_name_both_columns_where_neither_has_a_usual_name(tmp_path):
    """A command that fails at the other column would be no help."""
    err = error_of(tmp_path / "d.csv", f"App,Date of text,My text,Stars\n{ROWS}")
    assert err.flags == ("--text-column 'My text' --label-column Stars",)


def test_flags_name_one_column_where_the_other_is_known(tmp_path):
    """Then one flag is a whole command."""
    err = error_of(tmp_path / "d.csv", f"App,Nr,My text,label\n{ROWS}")
    assert err.flags == ("--text-column 'My text'",)


def test_columns_between_white_space_are_named(tmp_path):
    """As SAS and R print tables: they cannot be told from the white space of texts."""
    err = error_of(tmp_path / "d.csv", "text  label\none  a\ntwo  b\n")
    assert "white space separates its columns" in err.hint


def test_rows_of_json_have_no_header(tmp_path):
    """So that nobody is told to read the first line as a row."""
    path = tmp_path / "d.jsonl"
    assert "header" not in error_of(path, '{"_id": 1, "_source": {"text": "a"}}\n').hint


def test_a_chance_word_in_a_name_does_not_outweigh_what_is_in_the_column(tmp_path):
    """The Vietnamese for "kind of request" holds the word for a sentence, but for an accent."""
    rows = "".join(f"Tôi cần hỗ trợ việc số {i} thật gấp,{'AB'[i % 2]}\n" for i in range(20))
    error = error_of(tmp_path / "d.csv", f"Phản ánh,Loại yêu cầu\n{rows}")
    assert error.flags == ("--text-column 'Phản ánh' --label-column 'Loại yêu cầu'",)


def test_several_columns_are_not_proposed_where_one_label_is_asked_for(tmp_path):
    """With --single-label, the command with --label-columns is refused."""
    header = "text,rude,funny,long\n"
    rows = [f"a longer text number {i},{i % 2},{i // 2 % 2},{i // 4 % 2}\n" for i in range(20)]
    err = error_of(tmp_path / "d.csv", header + "".join(rows), single_label=True)
    assert "--label-columns" not in f"{err.hint} {err.flags}"
    assert err.flags[0] == "--text-column text --label-column rude"
