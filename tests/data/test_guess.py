"""Columns are proposed by what is in them, where their names say nothing."""

from __future__ import annotations

import pytest

from assay.data.files.row import Row
from assay.data.guess import propose_columns
from assay.data.load import load_data
from assay.errors import DataError


def rows_of(n, **columns):
    """Return rows whose cells are made from their number."""
    return [Row(i + 2, {name: cell(i) for name, cell in columns.items()}) for i in range(n)]


def test_long_texts_and_few_values_are_proposed():
    """Numbers, dates and names are neither."""
    rows = rows_of(
        20,
        nr=str,
        v1=lambda i: ("ham", "spam")[i % 2],
        day=lambda i: f"2026-11-{i + 1}",
        v2=lambda i: f"call this number {i}",
        note=lambda i: "",
    )
    assert propose_columns(rows, has_header=True) == ["--text-column v2 --label-column v1"]


def test_several_label_columns_are_all_proposed():
    """The one with the fewest values first; a name with a space is quoted."""
    rows = rows_of(
        30,
        topic=lambda i: f"t{i % 5}",
        mood=lambda i: f"m{i % 2}",
        **{"the text": lambda i: f"something that was said {i}"},
    )
    assert propose_columns(rows, has_header=True) == [
        "--text-column 'the text' --label-column mood",
        "--text-column 'the text' --label-column topic",
    ]


def test_columns_of_yes_and_no_are_proposed_together(tmp_path):
    """One alone would be a label with two classes, and the others would be lost.

    A label may be rare: so few rows may all say no.
    """
    names = {
        "grade": lambda i: str(1 + i % 3),
        "praise": lambda i: ("yes", "no")[i % 2],
        "fair, square": lambda i: "no",
        "remark": lambda i: f"something that was said {i}",
    }
    assert propose_columns(rows_of(30, **names), has_header=True) == [
        "--text-column remark --label-columns 'praise,\"fair, square\"'",
        "--text-column remark --label-column grade",
        "--text-column remark --label-column praise",
    ]
    path = tmp_path / "d.csv"
    lines = [
        f"remark {i} of a long text,{1 + i % 3},{['yes', 'no'][i % 2]},no,x" for i in range(30)
    ]
    path.write_text("\n".join(["comment,grade,praise,pride,note", *lines]), encoding="utf-8")
    with pytest.raises(DataError) as raised:
        load_data(path)
    assert raised.value.flags[0] == "--text-column comment --label-columns praise,pride,note"


def test_folds_are_no_labels():
    """Their numbers say which rows are for testing, and come again and again as labels do."""
    columns = {
        "fold": lambda i: str(1 + i % 5),
        "kind": lambda i: f"k{i % 6}",
        "words": lambda i: f"something that was said {i}",
    }
    proposed = propose_columns(rows_of(30, **columns), has_header=True)
    assert proposed == ["--text-column words --label-column kind"]


def test_a_header_that_is_a_row_is_told():
    """Its cell is one of the labels: columns are then named by their numbers."""
    rows = rows_of(
        20, **{"1": lambda i: str(i % 4), "a b c d e f g": lambda i: f"a long enough text {i}"}
    )
    assert propose_columns(rows, has_header=True) == [
        "--no-header --text-column 2 --label-column 1"
    ]


def test_a_column_of_splits_is_no_label():
    """A column with the same name and other values is proposed like any other."""
    columns = {
        "topic": lambda i: f"t{i % 3}",
        "words": lambda i: f"something that was said {i}",
    }
    rows = rows_of(20, **columns, split=lambda i: ("train", "test")[i % 2])
    assert propose_columns(rows, has_header=True) == ["--text-column words --label-column topic"]
    rows = rows_of(20, **columns, split=lambda i: ("left", "right")[i % 2])
    assert propose_columns(rows, has_header=True) == [
        "--text-column words --label-column split",
        "--text-column words --label-column topic",
    ]


@pytest.mark.parametrize("n", [0, 3])
def test_nothing_is_proposed_for_a_few_rows(n):
    """Nor where no column is one of texts."""
    assert (
        propose_columns(rows_of(n, a=lambda i: "a long text of words", b=str), has_header=True)
        == []
    )
    assert propose_columns(rows_of(20, a=str, b=lambda i: str(i % 2)), has_header=True) == []


def test_proposal_is_a_command_with_everything_else_that_is_wrong(tmp_path):
    """Columns and encoding are answered at once."""
    rows = "".join(f'{("ham", "spam")[i % 2]},"£{i} to win, call now"\n' for i in range(20))
    (tmp_path / "d.csv").write_bytes(f"v1,v2\n{rows}".encode("latin-1"))
    with pytest.raises(DataError) as caught:
        load_data(tmp_path / "d.csv")
    assert caught.value.flags[0] == "--text-column v2 --label-column v1 --encoding cp1252"


def test_columns_of_frames_are_proposed(tmp_path):
    """A notebook shows them below the error, as arguments; empty cells are no values."""
    pandas = pytest.importorskip("pandas")
    rows = [
        {
            "nr": i,
            "msg": f"something was said {i}",
            "late": "x" * (i % 2),
            "rude": "x" * (i % 3 == 0),
        }
        for i in range(20)
    ]
    made = pandas.DataFrame(rows)
    for frame in (made, made.replace("", None), made.replace("", float("nan"))):
        with pytest.raises(DataError, match="no text column found in DataFrame") as caught:
            load_data(frame)
        assert "all of them with label_columns" in str(caught.value)
        assert caught.value.__notes__ == ["try: text_column='msg', label_columns=['late', 'rude']"]
    assert len(load_data(frame, text_column="msg", label_columns=["late", "rude"])["all"]) == 20
