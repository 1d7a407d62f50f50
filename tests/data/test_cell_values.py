"""What a value of a cell means; texts and labels of whole files are tested in `test_clean`.

The module `assay.data.files.shown_times` is tested here too.
"""

import datetime

import numpy as np
import pytest

from assay.data.cell_values import is_null, label_as_text, read_text, text_or_problem
from assay.errors import DataError


def test_nothing_is_told_from_values() -> None:
    """None and NaN are nothing; zero, false and the empty text are values."""
    assert [is_null(value) for value in (None, float("nan"), 0, False, "")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_numbers_become_texts_and_labels() -> None:
    """A whole number loses the ".0" that a missing value in its column gave it."""
    assert read_text(2026.0, max_chars=None) == "2026"
    assert label_as_text(np.int64(3)) == "3"
    assert text_or_problem({}) == (None, "the text is an object; a text is accepted")


def test_times_are_as_they_are_seen() -> None:
    """Python's, NumPy's (in nanoseconds, too) and those of pandas; a missing one is nothing."""
    pandas = pytest.importorskip("pandas")
    nine = datetime.datetime(2026, 11, 26, 9)  # noqa: DTZ001
    days = (
        datetime.date(2026, 11, 26),
        np.datetime64("2026-11-26", "ns"),
        pandas.Timestamp(2026, 11, 26),
    )
    assert {label_as_text(day) for day in days} == {"2026-11-26"}
    assert label_as_text(nine) == read_text(nine, max_chars=None) == "2026-11-26 09:00:00"
    assert label_as_text(np.timedelta64(25, "h")) == "25:00:00"
    missing = (np.datetime64("NaT", "s"), np.timedelta64("NaT", "s"), pandas.NaT)
    assert [label_as_text(one) for one in missing] == [None] * 3


def test_ids_without_a_name_are_refused() -> None:
    """The sentence says which ids there are."""
    with pytest.raises(DataError, match="label id 2; ids from 0 to 1 are accepted"):
        label_as_text(2, class_names=["a", "b"])
