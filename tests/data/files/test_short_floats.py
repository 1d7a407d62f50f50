"""Floats of narrow types get the digits that they were written with."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.data.files.short_floats import find_precision, shorten


@pytest.mark.parametrize("precision", [np.float16, np.float32])
def test_digits_are_those_of_the_narrow_type(precision):
    """Of rows of a matrix too; whole numbers, nothing and NaN stay."""
    value = float(precision(0.1))
    assert value != 0.1
    assert shorten([value, [value], None, 3.0], precision) == [0.1, [0.1], None, 3.0]
    assert math.isnan(shorten([math.nan], precision)[0])


def test_only_narrow_types_have_a_precision():
    """As NumPy calls them; a list has none."""
    assert find_precision(np.zeros(1, np.float32)) is np.float32
    assert find_precision(np.zeros(1, np.float16)) is np.float16
    assert find_precision(np.zeros(1)) is None
    assert find_precision([0.1]) is None
