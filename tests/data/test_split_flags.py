"""Columns such as is_train divide a table; numbers of folds are a question."""

from __future__ import annotations

import pytest

from assay._optional import require
from assay.data.files.remembered import complete_reading
from assay.data.load import load_data
from assay.errors import DataError


def _table(path, header, cells):
    rows = [f"word{i % 9} {i},{'ab'[i % 2]},{cells[i % len(cells)]}" for i in range(60)]
    path.write_text("\n".join([f"text,label,{header}", *rows]) + "\n")
    return path


def _sizes(splits):
    return {name: len(labelled) for name, labelled in splits.items()}


@pytest.mark.parametrize(
    ("header", "cells", "sizes"),
    [
        ("is_train", ("TRUE", "TRUE", "FALSE"), {"train": 40, "test": 20}),
        ("Is Train", ("1", "1", "0"), {"train": 40, "test": 20}),
        ("is_test", ("no", "yes", "no"), {"train": 40, "test": 20}),
        ("is_valid", ("False", "True"), {"train": 30, "validation": 30}),
        (
            "is_train,is_val,is_test",
            ("1,0,0", "0,1,0", "0,0,1"),
            {"train": 20, "validation": 20, "test": 20},
        ),
    ],
)
def test_flags_divide_a_table_and_are_said(tmp_path, caplog, header, cells, sizes):
    """No row that is meant for test is trained on."""
    path = _table(tmp_path / "d.csv", header, cells)
    assert _sizes(load_data(path)) == sizes
    assert "says which split a row belongs to" in caplog.text
    assert list(load_data(path, split_column="none")) == ["all"]


def test_flag_may_be_asked_for(tmp_path):
    """Also where several columns could be meant."""
    path = _table(tmp_path / "d.csv", "is_train,is_test", ("1,0", "0,1", "0,0"))
    with pytest.raises(DataError, match="line 4 has is_train '0', is_test '0': it is not known"):
        load_data(path)
    assert _sizes(load_data(path, split_column="is_test")) == {"train": 40, "test": 20}


def test_flag_that_is_missing_somewhere_is_a_question(tmp_path):
    """A blank cell is neither train nor test; a column of other words is none of splits."""
    path = _table(tmp_path / "d.csv", "is_train", ("1", "0", ""))
    with pytest.raises(DataError, match="has is_train '': it is not known") as caught:
        load_data(path)
    assert caught.value.flags == ("--split-column none",)
    assert list(load_data(_table(path, "is_train", ("bus", "tram")))) == ["all"]


@pytest.mark.parametrize("column", ["fold", "k-fold", "split"])
def test_numbers_of_folds_are_a_question(tmp_path, column, caplog):
    """One command keeps the last fold as test, another takes all rows."""
    path = _table(tmp_path / "d.csv", column, "12345")
    with pytest.raises(DataError, match="holds 1, 2, 3, 4 and 5, and nothing says") as caught:
        load_data(path)
    assert caught.value.flags == (f"--split-column '{column}=5'", "--split-column none")
    splits = load_data(path, split_column=f"{column}=5")
    assert _sizes(splits) == {"train": 48, "test": 12}
    assert splits["test"].lines[:2] == (6, 11)
    assert not caplog.messages  # it is what was asked for
    assert _sizes(load_data(path, split_column="none")) == {"all": 60}


def test_value_that_no_row_has_is_an_error(tmp_path):
    """The values are listed."""
    path = _table(tmp_path / "d.csv", "fold", "12")
    said = "no row of d.csv has '9' in column 'fold'; its values are 1, 2"
    with pytest.raises(DataError, match=said):
        load_data(path, split_column="fold=9")
    with pytest.raises(DataError, match=r"every row of d.csv has '1' in column 'fold'"):
        load_data(_table(path, "fold", "1"), split_column="fold=1")


@pytest.mark.parametrize("cells", [("1",), ("a", "b"), tuple(map(str, range(60)))])
def test_other_values_under_the_name_of_folds_are_left_alone(tmp_path, cells):
    """One value, words, or a number for each row."""
    assert list(load_data(_table(tmp_path / "d.csv", "fold", cells))) == ["all"]


def test_number_that_python_does_not_read_is_no_fold(tmp_path):
    """Five thousand digits: a column like any other."""
    path = tmp_path / "d.csv"
    rows = [f"text {i},{'ab'[i % 2]},{'9' * 5000 if i % 3 else 1}" for i in range(20)]
    path.write_text("\n".join(["text,label,fold", *rows]) + "\n")
    assert list(load_data(path)) == ["all"]


def test_frames_have_such_columns_too():
    """A frame with numbers and booleans is divided as a file."""
    pandas = require("pandas")
    frame = pandas.DataFrame({"text": list("abcdef"), "label": list("xyxyxy")})
    flagged = frame.assign(is_train=[True, True, True, True, False, False])
    assert _sizes(load_data(flagged)) == {"train": 4, "test": 2}
    numbered = frame.assign(fold=[1, 2, 3, 1, 2, 3])
    with pytest.raises(DataError, match="holds 1, 2 and 3"):
        load_data(numbered)
    assert _sizes(load_data(numbered, split_column="fold=3")) == {"train": 4, "test": 2}


def test_fold_is_remembered_where_the_column_is(tmp_path):
    """A model reads its data again as they were read."""
    path = _table(tmp_path / "d.csv", "fold", "123")
    completed = complete_reading({"split_column": None}, {"split_column": "fold=3"}, path)
    assert completed == {"split_column": "fold=3"}
    completed = complete_reading({"split_column": None}, {"split_column": "k=3"}, path)
    assert completed == {"split_column": None}
