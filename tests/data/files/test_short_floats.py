"""Floats of narrow types get the digits that they were written with."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.data.files.short_floats import find_precision, shorten


@pytest.mark.parametrize(("kind", "precision"), [(np.float16, "float16"), (np.float32, "float32")])
def test_digits_are_those_of_the_narrow_type(kind, precision):
    """In rows of a matrix too; whole numbers, nothing and NaN stay."""
    value = float(kind(0.1))
    assert value != 0.1
    assert shorten([value, [value], None, 3.0], precision) == [0.1, [0.1], None, 3.0]
    assert math.isnan(shorten([math.nan], precision)[0])


def test_only_narrow_types_have_a_precision():
    """As NumPy calls them; a list has none."""
    assert find_precision(np.zeros(1, np.float32)) == "float32"
    assert find_precision(np.zeros(1, np.float16)) == "float16"
    assert find_precision(np.zeros(1)) is None
    assert find_precision([0.1]) is None


def test_value_of_the_narrow_type_stays():
    """The shorter number is the same one in single precision, of all sizes."""
    numbers = (10.0 ** np.arange(-44, 38)).astype(np.float32) * np.float32(1.2345678)
    found = shorten(numbers.tolist(), "float32")
    assert np.array_equal(np.array(found, dtype=np.float32), numbers)
