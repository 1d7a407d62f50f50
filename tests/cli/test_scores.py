"""Scores of a split as rows of a table: one with all texts, one without those seen in train."""

from assay.cli.scores import SCORE_COLUMNS, score_rows

SCORES = {
    "n_texts": 1234,
    "accuracy": 0.91239,
    "f1_weighted": 0.9,
    "f1_macro": 0.85,
    "intervals": {"accuracy": [0.8949, 0.9261]},
    "per_class": [],
    "confusion": [],
}


def test_scores_are_one_row():
    """Counts have separators; scores are in percent, with two digits, the interval with one."""
    (row,) = score_rows("test", SCORES)
    assert row == {
        "split": "test",
        "texts": "1,234",
        "accuracy": "91.24%",
        "95 % interval": "89.5–92.6%",
        "F1 weighted": "90.00%",
        "F1 macro": "85.00%",
    }
    assert set(SCORE_COLUMNS) < set(row)


def test_scores_without_leaks_are_a_second_row():
    """It is left out where every text leaked, since there is nothing to score."""
    others = {name: SCORES[name] for name in ("f1_weighted", "f1_macro", "intervals")}
    without = {"n_leaked": 234, "n_texts": 1000, "accuracy": 0.9, **others}
    rows = score_rows("test", {**SCORES, "without_leaks": without})
    assert [row["split"] for row in rows] == ["test", "test, unseen"]
    assert rows[1]["texts"] == "1,000"
    none = {**without, "n_texts": 0, "accuracy": None, "intervals": {}}
    assert len(score_rows("test", {**SCORES, "without_leaks": none})) == 1
