"""Labels that look joined by another separator than the one that was named."""

import logging

import pytest

from assay.data.other_separator import warn_of_other_separator


@pytest.mark.parametrize(
    ("labels", "separator", "other"),
    [
        (["shipping", "praise;shipping"], ",", ";"),
        (["a|b", "c | a"], ";", "|"),
        (["request, feature", "bug"], ";", None),
        (["R&D/lab", "bug"], ";", None),
        (["a;b", "a"], ";", None),
    ],
)
def test_another_separator_is_named(caplog, labels, separator, other):
    """Where a piece of a label is a label, or a piece of another; else it belongs to the name."""
    with caplog.at_level(logging.WARNING):
        warn_of_other_separator(labels, separator, source="d.csv")
    assert bool(caplog.text) == (other is not None)
    if other:
        assert f"joined by '{other}'" in caplog.text
        assert f"is --label-separator '{other}' meant?" in caplog.text
