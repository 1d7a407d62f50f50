"""Several labels in a cell are joined as in the training data, where that can be read back."""

from types import SimpleNamespace

import pytest

from assay.data.labels import LabelSet
from assay.runtime.label_cells import find_joint, join_for_people


@pytest.mark.parametrize(
    ("labels", "separator", "task", "expected"),
    [
        (("joy", "fear"), ";", "multi", ";"),
        (("joy", "fear"), None, "multi", None),
        (("joy; love", "fear"), ";", "multi", None),
        (("joy", "fear"), ";", "single", None),
    ],
)
def test_joint_is_that_of_the_training_data(labels, separator, task, expected):
    """None where the labels were lists, where one holds the separator, and for one label."""
    reading = {"reading": {"label_separator": separator}}
    manifest = SimpleNamespace(training_data=reading)
    model = SimpleNamespace(manifest=manifest, labels=labels, label_set=LabelSet(labels, task))
    assert find_joint(model) == expected


def test_people_read_commas_where_no_joint_is_known():
    """As a list of labels is said everywhere."""
    assert join_for_people(["joy", "fear"], None) == "joy, fear"
    assert join_for_people(["joy", "fear"], "|") == "joy|fear"
    assert join_for_people([], None) == ""
