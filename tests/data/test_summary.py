"""A data set in numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.data.labels import LabelSet
from assay.data.summary import box_statistics, quantiles, summarise
from assay.data.texts import DroppedRow, LabelledTexts, Splits


@pytest.fixture
def splits():
    """Two splits with Korean labels, one class without rows in test, three dropped rows."""
    train = LabelledTexts(
        ("하나 둘 셋", "one two", "a", "b c d e"), ("기쁨", "슬픔", "기쁨", "기쁨"), (1, 3, 4, 5)
    )
    test = LabelledTexts(("x y",), ("슬픔",))
    dropped = (
        DroppedRow("train", 2, "blank text"),
        DroppedRow("train", 6, "blank text"),
        DroppedRow("test", 2, "null label"),
    )
    return Splits(
        {"train": train, "test": test}, LabelSet(("슬픔", "기쁨")), source="memory", dropped=dropped
    )


def test_summary_counts_and_names(splits):
    """Sizes, classes in label order, what was dropped; all JSON, Korean as such."""
    summary = summarise(splits)
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert summary["labels"] == ["슬픔", "기쁨"]
    assert summary["n_texts"] == 5
    assert summary["dropped"] == [
        {"split": "train", "reason": "blank text", "n_rows": 2},
        {"split": "test", "reason": "null label", "n_rows": 1},
    ]
    assert summary["splits"]["train"]["classes"] == [
        {"label": "슬픔", "n_texts": 1, "fraction": 0.25},
        {"label": "기쁨", "n_texts": 3, "fraction": 0.75},
    ]
    assert summary["splits"]["test"]["classes"][1] == {
        "label": "기쁨",
        "n_texts": 0,
        "fraction": 0.0,
    }


def test_summary_shows_first_rows_with_id_and_name(splits):
    """The table of the notebook: label id and label name side by side, with the source line."""
    rows = summarise(splits, n_first=2)["splits"]["train"]["first_rows"]
    assert rows == [
        {"line": 1, "text": "하나 둘 셋", "label": 1, "label_name": "기쁨"},
        {"line": 3, "text": "one two", "label": 0, "label_name": "슬픔"},
    ]


def test_summary_measures_characters_and_words(splits):
    """Lengths over all texts and a class; a class without rows has none."""
    train, test = (summarise(splits)["splits"][name] for name in ("train", "test"))
    assert train["words"]["all"] == {
        "min": 1,
        "p25": 1.75,
        "median": 2.5,
        "p75": 3.25,
        "p95": pytest.approx(3.85),
        "max": 4,
    }
    assert train["chars"]["all"]["max"] == 7
    assert train["words"]["classes"][0] == {
        "label": "슬픔",
        **dict.fromkeys(("min", "p25", "median", "p75", "p95", "max"), 2),
    }
    assert test["words"]["classes"][1]["median"] is None
    assert [box["n_texts"] for box in train["word_boxes"]] == [1, 3]
    assert test["word_boxes"][1] == {
        "label": "기쁨",
        "n_texts": 0,
        "whisker_low": None,
        "q1": None,
        "median": None,
        "q3": None,
        "whisker_high": None,
        "n_outliers": 0,
        "outliers": [],
    }


@settings(deadline=None)
@given(st.lists(st.integers(0, 100), min_size=1, max_size=60))
def test_box_statistics_agree_with_matplotlib(values):
    """The box is the one that matplotlib would draw."""
    box = box_statistics(np.array(values))
    oracle = pytest.importorskip("matplotlib.cbook").boxplot_stats(values)[0]
    ours = [box[key] for key in ("whisker_low", "q1", "median", "q3", "whisker_high")]
    assert ours == pytest.approx([oracle[key] for key in ("whislo", "q1", "med", "q3", "whishi")])
    assert box["n_outliers"] == len(oracle["fliers"])
    assert box["outliers"] == sorted(oracle["fliers"])


def test_box_statistics_show_fifty_outliers_at_most():
    """Many outliers are counted; those shown include both ends."""
    values = np.concatenate([np.full(1000, 10), np.arange(100, 300)])
    box = box_statistics(values)
    assert box["n_outliers"] == 200
    assert len(box["outliers"]) == 50
    assert (box["outliers"][0], box["outliers"][-1]) == (100, 299)


def test_quantiles_of_nothing_are_none():
    """No values, no numbers; never NaN."""
    assert set(quantiles(np.array([])).values()) == {None}
