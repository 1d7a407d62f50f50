"""Which numbers a parameter accepts, and the words that refuse the others."""

import numpy as np
import pytest

from assay.bounds import COUNT, FRACTION, POSITIVE, SEED, Bounds
from assay.errors import InputError


@pytest.mark.parametrize(
    ("bounds", "value"),
    [
        (COUNT, 1),
        (COUNT, np.int64(7)),
        (POSITIVE, 1e-9),
        (POSITIVE, float("inf")),
        (FRACTION, 0),
        (FRACTION, 1.0),
        (FRACTION, np.float32(0.5)),
        (SEED, 2**32 - 1),
        (Bounds(at_least=0, is_optional=True), None),
    ],
)
def test_numbers_within_are_accepted(bounds, value):
    """Those of NumPy too, and None where it is."""
    bounds.check("x", value)


@pytest.mark.parametrize(
    ("bounds", "value", "sentence"),
    [
        (COUNT, 0, "x is 0; at least 1 is accepted"),
        (COUNT, 1.5, "x is 1.5; a whole number, at least 1, is accepted"),
        (COUNT, None, "x is None; a whole number, at least 1, is accepted"),
        (POSITIVE, 0, "x is 0; more than 0 is accepted"),
        (POSITIVE, float("nan"), "x is nan; more than 0 is accepted"),
        (POSITIVE, "a", "x is 'a'; a number, more than 0, is accepted"),
        (FRACTION, 1.1, "x is 1.1; 0 to 1 is accepted"),
        (Bounds(at_least=0, below=1), 1, "x is 1; 0 up to less than 1 is accepted"),
        (SEED, -1, "x is -1; 0 to 4294967295 is accepted"),
    ],
)
def test_other_values_are_refused_in_words(bounds, value, sentence):
    """The name, the value, and what is accepted."""
    with pytest.raises(InputError) as found:
        bounds.check("x", value)
    assert found.value.message == sentence
