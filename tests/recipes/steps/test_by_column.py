"""Scores by the values of a column of the data.

This also tests `assay.evaluation.several_slices`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score

from assay.data import load_data
from assay.errors import DataError, InputError
from assay.evaluation.several_slices import SeveralUnseen
from assay.recipes.steps.by_column import (
    check_column,
    read_column,
    score_several_values,
    score_values,
)
from assay.recipes.steps.value_groups import NO_VALUE, OTHER_VALUES

ROWS = 'text,label,priority\nso happy,joy,high\n"so\nsad",sadness,\nso glad,joy,low\n'
FOUND = ["low", "high", NO_VALUE]  # of the lines 5, 2 and 3


def test_values_are_those_of_the_lines(tmp_path):
    """Each text has the value of its own line, in a file or in the file of its split."""
    (tmp_path / "test.csv").write_text(ROWS)
    (tmp_path / "train.csv").write_text(ROWS)
    for data, split in ((tmp_path / "test.csv", "all"), (tmp_path, "test")):
        assert read_column(load_data(data), split, [5, 2, 3], "priority") == FOUND


def test_part_of_a_lone_file_is_read_from_it(tmp_path):
    """A split that was cut as training cut it has the lines of the whole file."""
    (tmp_path / "d.csv").write_text(ROWS)
    assert read_column(load_data(tmp_path / "d.csv"), "test", [5, 2, 3], "priority") == FOUND


def test_shards_of_a_split_are_counted_through(tmp_path):
    """Several files of one split have one column."""
    for name in ("test-00000-of-00002.csv", "test-00001-of-00002.csv"):
        (tmp_path / name).write_text(ROWS)
    splits = load_data(tmp_path)
    lines = splits["test"].lines
    assert read_column(splits, "test", lines, "priority") == ["high", NO_VALUE, "low"] * 2


def test_space_around_a_value_is_no_part_of_it(tmp_path):
    """Two rows of the table would look alike; what is only space is no value."""
    (tmp_path / "d.csv").write_text("text,label,priority\na,joy, P2\nb,joy,P2 \nc,joy,  \n")
    found = read_column(load_data(tmp_path / "d.csv"), "all", [2, 3, 4], "priority")
    assert found == ["P2", "P2", NO_VALUE]


def test_wrong_column_and_data_without_files_are_refused(tmp_path):
    """The columns there are named; a data set of the package has none to read again."""
    (tmp_path / "d.csv").write_text(ROWS)
    message = r"no column 'prioriti' in .*d\.csv .*columns: priority\. Did you mean 'priority'"
    with pytest.raises(DataError, match=message):
        read_column(load_data(tmp_path / "d.csv"), "all", [2], "prioriti")
    (tmp_path / "e.csv").write_text("text,label\nso happy,joy\n")
    with pytest.raises(DataError, match=r"no column 'x' in .*: it has no columns beside texts and"):
        read_column(load_data(tmp_path / "e.csv"), "all", [2], "x")
    frame = pd.DataFrame({"text": ["so happy"], "label": ["joy"], "priority": ["high"]})
    with pytest.raises(
        InputError, match=r"the columns of the all split of .* cannot be read again"
    ):
        read_column(load_data(frame), "all", [1], "priority")


def test_column_is_looked_for_in_all_rows_before_scoring(tmp_path):
    """Rows of JSON need not have the same keys; what no row has is refused."""
    rows = ['{"text": "a", "label": "x"}', '{"text": "b", "label": "y", "team": "north"}']
    (tmp_path / "d.jsonl").write_text("\n".join(rows))
    splits = load_data(tmp_path / "d.jsonl")
    check_column(splits, "test", "team")
    with pytest.raises(DataError, match=r"no column 'tem' .*Did you mean 'team'"):
        check_column(splits, "test", "tem")


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
    many = score_values("user", [f"u{i}" for i in range(50)], np.ones(50, dtype=bool))
    assert (len(many), many[-1].name, many[-1].n_texts) == (21, OTHER_VALUES, 30)


def test_values_of_several_labels_are_scored_as_scikit_learn_does():
    """Micro F1 and exact match of the texts of each value, the most frequent value first."""
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 2, (90, 4)), rng.integers(0, 2, (90, 4))
    truth[0] = predicted[0] = 0
    values = ["low"] + ["high"] * 60 + ["low"] * 29
    high, low = score_several_values("priority", values, truth, predicted, seed=0)
    rows = np.array(values) == "low"
    assert (high.name, low.name, low.n_texts) == ("high", "low", 30)
    assert low.f1_micro == pytest.approx(f1_score(truth[rows], predicted[rows], average="micro"))
    assert low.exact_match == pytest.approx(accuracy_score(truth[rows], predicted[rows]))
    assert low.f1_micro_interval[0] < low.f1_micro < low.f1_micro_interval[1]
    assert low.exact_match_interval[0] < low.exact_match < low.exact_match_interval[1]
    assert high == score_several_values("priority", values, truth, predicted, seed=0)[0]
    seen = np.array(values) == "high"
    seen[0] = True
    known, new = score_several_values("priority", values, truth, predicted, seed=0, seen=seen)
    assert known.unseen == SeveralUnseen(0)
    rows[0] = False
    assert new.unseen.n_texts == 29
    expected = f1_score(truth[rows], predicted[rows], average="micro")
    assert new.unseen.f1_micro == pytest.approx(expected)
    assert new.unseen.exact_match == accuracy_score(truth[rows], predicted[rows])
    assert new.unseen.f1_micro_interval[0] < expected < new.unseen.f1_micro_interval[1]
    (alone,) = score_several_values("priority", ["low"], truth[:1], predicted[:1], seed=0)
    assert (alone.f1_micro, alone.exact_match) == (0.0, 1.0)
