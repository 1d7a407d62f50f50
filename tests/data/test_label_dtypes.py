"""Arrays that hold no labels are refused by their type; tests/models/test_label_types.py has those that do."""

import numpy as np
import pandas as pd
import pytest

from assay.data.label_dtypes import check_label_dtype
from assay.errors import InputError


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (np.array([1j]), "complex numbers; texts and real numbers"),
        (pd.Series([1j]), "complex numbers"),
        (np.zeros(2, dtype="V3"), r"of type \|V3; texts and numbers"),
        (np.zeros(2, dtype=[("n", int), ("y", "U1")]), r"n, y; one column .*labels\['y'\]"),
        (np.zeros(2, dtype=[("label", "U1"), ("n", int)]), r"label, n; .*labels\['label'\]"),
    ],
    ids=["complex", "pandas", "memory", "records", "known name"],
)
def test_type_that_no_label_has_is_refused(labels, problem):
    """The error says what they are; of records, which field to pass."""
    with pytest.raises(InputError, match=f"the labels are .*{problem}"):
        check_label_dtype(labels)


@pytest.mark.parametrize(
    "labels", [["a"], np.array(["a"]), np.array([1.0]), pd.Series(["a"]), pd.Categorical(["a"])]
)
def test_other_types_pass(labels):
    """So does what has no type of NumPy."""
    check_label_dtype(labels)
