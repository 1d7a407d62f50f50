"""Scores by the values of a column of the data."""

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import DataError, InputError
from assay.recipes.steps.by_column import NO_VALUE, OTHER_VALUES, read_column, score_values


def test_values_are_those_of_the_lines(tmp_path):
    """Each text has the value of its own line, in a file or in the file of its split."""
    content = 'text,label,priority\nso happy,joy,high\n"so\nsad",sadness,\nso glad,joy,low\n'
    (tmp_path / "test.csv").write_text(content)
    for data in (tmp_path / "test.csv", tmp_path):
        assert read_column(data, "test", [5, 2, 3], "priority", {}) == ["low", "high", NO_VALUE]


def test_wrong_column_and_data_without_files_are_refused(tmp_path):
    """The columns there are named; a data set of the package has none to read again."""
    (tmp_path / "all.csv").write_text("text,label,priority\nso happy,joy,high\n")
    with pytest.raises(
        DataError, match=r"no column 'prioriti' in all\.csv.*Did you mean 'priority'"
    ):
        read_column(tmp_path / "all.csv", "all", [2], "prioriti", {})
    with pytest.raises(InputError, match="the columns of the test split cannot be read again"):
        read_column("sample", "test", [2], "priority", {})


def test_each_value_has_its_accuracy_and_rare_values_are_together():
    """The most frequent value is first, and no text is left out."""
    values = ["low"] * 30 + ["high"] * 10
    found = score_values("priority", values, np.arange(40) < 35)
    assert [(one.kind, one.name, one.n_texts) for one in found] == [
        ("priority", "low", 30),
        ("priority", "high", 10),
    ]
    assert [one.accuracy for one in found] == [1.0, 0.5]
    assert found[1].interval[0] < 0.5 < found[1].interval[1]
    many = score_values("user", [str(i) for i in range(50)], np.ones(50, dtype=bool))
    assert (len(many), many[-1].name, many[-1].n_texts) == (21, OTHER_VALUES, 30)
