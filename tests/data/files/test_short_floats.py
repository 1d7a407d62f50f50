"""Floats of narrow types get the digits that they were written with."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.data.files.short_floats import find_precision, shorten


@pytest.mark.parametrize(("kind", "precision"), [(np.float16, "e"), (np.float32, "f")])
def test_digits_are_those_of_the_narrow_type(kind, precision):
    """Of rows of a matrix too; whole numbers, nothing and NaN stay."""
    value = float(kind(0.1))
    assert value != 0.1
    assert shorten([value, [value], None, 3.0], precision) == [0.1, [0.1], None, 3.0]
    assert math.isnan(shorten([math.nan], precision)[0])


def test_only_narrow_types_have_a_precision():
    """As NumPy calls them; a list has none."""
    assert find_precision(np.zeros(1, np.float32)) == "f"
    assert find_precision(np.zeros(1, np.float16)) == "e"
    assert find_precision(np.zeros(1)) is None
    assert find_precision([0.1]) is None


@pytest.mark.parametrize(("kind", "precision"), [(np.float16, "e"), (np.float32, "f")])
def test_the_digits_are_those_of_numpy(kind, precision):
    """Of numbers of all sizes, the smallest too."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, 2 ** (8 * np.dtype(kind).itemsize), size=5_000, dtype=np.uint32)
    numbers = drawn.astype(f"uint{8 * np.dtype(kind).itemsize}").view(kind)
    numbers = numbers[np.isfinite(numbers)]
    expected = [float(str(number)) for number in numbers]
    found = shorten([float(number) for number in numbers], precision)
    fractions = [i for i, number in enumerate(numbers) if not float(number).is_integer()]
    assert [found[i] for i in fractions] == [expected[i] for i in fractions]
