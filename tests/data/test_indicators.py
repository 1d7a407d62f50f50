"""One column per label: which ones are found, and what is said of those that are not.

How their rows are read is tested in test_several_labels.py.
"""

from pathlib import Path

import pytest

from assay import load_data
from assay.errors import DataError


def write(path: Path, n_rows: int = 20, odd: str = "0") -> Path:
    """Write a table of two label columns, one of which has a comma in its name."""
    rows = [f"{i},text {i},{i % 2},{int(i % 3 == 0)}" for i in range(n_rows)]
    rows[3] = f"3,text 3,{odd},0"
    path.write_text('id,text,bug,"login, again"\n' + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_columns_that_are_found_are_named(tmp_path: Path, caplog) -> None:
    """So are those that are left alone; names that were given are not said again."""
    path = write(tmp_path / "a.csv")
    splits = load_data(path)
    assert list(splits.label_set) == ["bug", "login, again"]
    assert 'or the like: bug, "login, again"; not used: id' in caplog.text
    assert splits.origins["all"].used == ("text", "bug", "login, again")
    caplog.clear()
    load_data(path, label_columns=["bug", "login, again"])
    assert not caplog.text


@pytest.mark.parametrize("odd", ["maybe", "2", "0.5"])
def test_a_wrong_value_among_label_columns_is_named(tmp_path: Path, odd: str) -> None:
    """The columns are not taken for something else because of one cell."""
    with pytest.raises(DataError, match=f"column 'bug' holds '{odd}' in line 5; oth") as caught:
        load_data(write(tmp_path / "a.csv", odd=odd))
    assert """--label-columns 'bug,"login, again"'""" in caught.value.hint


def test_columns_with_many_other_values_are_no_label_columns(tmp_path: Path) -> None:
    """The usual message stays where the columns are something else."""
    path = tmp_path / "a.csv"
    path.write_text("text,age,size\n" + "".join(f"t{i},{i},{i % 5}\n" for i in range(20)))
    with pytest.raises(DataError, match=r"no label column found in a\.csv; columns"):
        load_data(path)


def test_text_column_among_label_columns_is_refused(tmp_path: Path) -> None:
    """Texts are no zeros and ones; a label may be called text where the texts are named."""
    path = write(tmp_path / "a.csv")
    with pytest.raises(DataError, match=r"'text' of label_columns is the text column of a\.csv"):
        load_data(path, label_columns=["bug", "text"])
    other = tmp_path / "b.csv"
    other.write_text("body,text,bug\na,1,0\nb,0,1\n")
    assert list(load_data(other, label_columns=["bug", "text"]).label_set) == ["bug", "text"]


@pytest.mark.parametrize(("yes", "no"), [("O", "X"), ("o", ""), ("ㅇ", "x")])
@pytest.mark.parametrize("label_columns", [None, ["a", "b"]])
def test_circles_and_crosses_are_refused(tmp_path: Path, yes, no, label_columns) -> None:
    """As Korean teachers mark: one circle among 300 rows was left out, and each cross said yes."""
    rows = "".join(
        f"text {i},{yes if i == 5 else no},{yes if i == 6 else no}\n" for i in range(300)
    )
    path = tmp_path / "a.csv"
    path.write_text(f"text,a,b\n{rows}", encoding="utf-8")
    with pytest.raises(DataError, match=r"column 'a' of a\.csv holds '.' in line 7") as caught:
        load_data(path, label_columns=label_columns)
    assert "write 1 where a text has the label" in caught.value.hint


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("Y", "n"),
        ("YES", "No"),
        ("예", "아니오"),
        ("是", "否"),
        ("✓", ""),
        ("✔\ufe0f", ""),
        ("X", ""),
    ],
)
@pytest.mark.parametrize("label_columns", [None, ["a", "b"]])
def test_words_that_say_yes_and_no(tmp_path: Path, yes, no, label_columns) -> None:
    """In three languages, in capitals or not, and ticks in black or in colour."""
    path = tmp_path / "a.csv"
    path.write_text(f"text,a,b\nt 1,{yes},{no}\nt 2,{no},{yes}\nt 3,{no},{no}\n", encoding="utf-8")
    assert load_data(path, label_columns=label_columns)["all"].labels == (("a",), ("b",), ())


@pytest.mark.parametrize("other", ["Y", "✓", "1", "예"])
@pytest.mark.parametrize("label_columns", [None, ["a", "b"]])
def test_crosses_beside_another_yes_are_refused(tmp_path: Path, other, label_columns) -> None:
    """All rows of a table with Y and X had the label, and X says no as often as yes."""
    path = tmp_path / "a.csv"
    path.write_text(f"text,a,b\nt 1,X,X\nt 2,X,{other}\n", encoding="utf-8")
    message = rf"hold 'X' \('a', line 2\) and '{other}' \('b', line 3\): an x may say yes or no"
    with pytest.raises(DataError, match=message) as caught:
        load_data(path, label_columns=label_columns)
    assert "write 1 where a text has the label" in caught.value.hint


def test_ticks_beside_other_marks_are_refused_with_what_is_accepted(tmp_path: Path) -> None:
    """The sentence lists every accepted pair."""
    path = tmp_path / "a.csv"
    path.write_text("text,a,b\n" + "t,✓,✓\n" * 19 + "t,✗,✓\n", encoding="utf-8")
    with pytest.raises(DataError, match="column 'a' holds '✗' in line 21") as caught:
        load_data(path)
    assert "예 or 아니오, 是 or 否, ✓ or nothing, x or nothing is accepted" in caught.value.hint
