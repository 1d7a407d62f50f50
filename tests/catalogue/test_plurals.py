"""Each rule chooses the form that goes with a number."""

import pytest

from assay.catalogue.plurals import PLURAL_RULES


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("none", [0] * 7),
        ("one_other", [1, 0, 1, 1, 1, 1, 1]),
        ("zero_one_other", [0, 0, 1, 1, 1, 1, 1]),
        ("slavic", [2, 0, 1, 2, 2, 0, 1]),
    ],
)
def test_rule_chooses_a_form(name, expected):
    """For 0, 1, 2, 5, 11, 21 and 22."""
    rule, n_forms = PLURAL_RULES[name]
    assert [rule(n) for n in (0, 1, 2, 5, 11, 21, 22)] == expected
    assert max(expected) < n_forms
