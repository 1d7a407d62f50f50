"""What a value of a cell means; texts and labels of whole files are tested in `test_clean`."""

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


def test_ids_without_a_name_are_refused() -> None:
    """The sentence says which ids there are."""
    with pytest.raises(DataError, match="label id 2; ids from 0 to 1 are accepted"):
        label_as_text(2, class_names=["a", "b"])
