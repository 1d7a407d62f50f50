"""Problems of rows are raised at once, and two halves of one row are told."""

from __future__ import annotations

import pytest

from assay.data.problems import hint_of_breaks, raise_problems
from assay.data.texts import DroppedRow
from assay.errors import DataError


def test_raise_problems_words_one_and_many():
    """One problem is the sentence; many are listed up to ten, with the count of the rest."""
    raise_problems("x.csv", [])
    with pytest.raises(DataError, match=r"^x\.csv line 3: bad$"):
        raise_problems("x.csv", ["x.csv line 3: bad"])
    with pytest.raises(
        DataError, match=r"(?s)^x\.csv has 12 problems:\n  - line 0\n.*line 9\n  \.\.\. and 2 more$"
    ):
        raise_problems("x.csv", [f"line {i}" for i in range(12)])


@pytest.mark.parametrize(
    ("n_fields", "lines", "is_told"),
    [((2, 2), (5, 6), True), ((2, 2), (5, 7), False), ((2, 3), (5, 6), False)],
)
def test_halves_of_a_row_are_told(n_fields, lines, is_told):
    """Two lines that follow one another and have the fields of one row together."""
    bad = [
        DroppedRow("all", line, f"{n} fields where the header has 3")
        for n, line in zip(n_fields, lines, strict=True)
    ]
    assert bool(hint_of_breaks(bad)) == is_told
