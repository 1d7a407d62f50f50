"""Which labels texts have together."""

import numpy as np

from assay import load_data
from assay.data.labels import LabelSet
from assay.data.summary import summarise
from assay.data.together import describe_together


def test_pairs_and_labels_per_text_are_counted() -> None:
    """Counts, and how many times more often than by chance."""
    own = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]])
    found = describe_together(own, LabelSet(("a", "b", "c"), "multi"))
    assert found["labels_per_text"] == {"0": 1, "1": 1, "2": 2}
    assert found["mean"] == 1.25
    assert found["pairs"] == [{"labels": ["a", "b"], "n_texts": 2, "lift": 2.0}]
    assert found["counts"] == [[2, 2, 0], [2, 2, 0], [0, 0, 1]]


def test_summary_describes_several_labels() -> None:
    """`explore` shows them; data with one label per text have no such part."""
    several = summarise(load_data((["a b", "c", "d"], [["x", "y"], ["y"], []])))
    assert several["splits"]["all"]["together"]["mean"] == 1.0
    assert [one["n_texts"] for one in several["splits"]["all"]["classes"]] == [1, 2]
    assert several["splits"]["all"]["first_rows"][0]["label_name"] == "x, y"
    single = summarise(load_data((["a", "b"], ["x", "y"])))
    assert "together" not in single["splits"]["all"]
