"""`LabelSet` and natural order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.data.labels import LabelSet, natural_sort
from assay.errors import DataError


def test_natural_sort_reads_numbers_as_numbers():
    """2 before 10, inside words too; names that are not numbers come after."""
    assert natural_sort(["10", "2", "1"]) == ["1", "2", "10"]
    assert natural_sort(["0", "1", "-1", "a-3", "2", "-2.5", "-10"]) == [
        *("-10", "-2.5", "-1", "0", "1", "2", "a-3"),
    ]
    assert natural_sort(["v10", "v9", "b", "V1"]) == ["b", "V1", "v9", "v10"]


@settings(deadline=None)
@given(st.lists(st.text(), unique=True))
def test_natural_sort_is_one_order(names):
    """Any names are sorted, always to the same list, none lost."""
    once = natural_sort(names)
    assert sorted(once) == sorted(names)
    assert natural_sort(reversed(names)) == once


def test_label_set_keeps_order_and_finds_ids():
    """Ids are positions; names of any script, with commas and quotes."""
    labels = LabelSet(("sadness", "기쁨", 'a, "b"'))
    assert labels.ids(['a, "b"', "sadness"]).tolist() == [2, 0]
    assert labels.ids([]).dtype == np.int64
    assert (len(labels), labels[1], "기쁨" in labels, "x" in labels) == (3, "기쁨", True, False)
    assert list(labels) == ["sadness", "기쁨", 'a, "b"']


def test_label_set_names_an_unknown_label():
    """A label that is not there comes with the nearest one that is."""
    with pytest.raises(
        DataError,
        match=r"label 'saddness' is not one of the 2 known labels: .*Did you mean 'sadness'\?",
    ):
        LabelSet(("sadness", "joy")).ids(["joy", "saddness"])


@pytest.mark.parametrize("names", [("a", ""), ("a", " "), ("a", 3)])
def test_label_set_refuses_names_that_are_no_names(names):
    """Blank names and numbers are refused with their place."""
    with pytest.raises(DataError, match=r"label 1 is .*: a non-blank text is accepted"):
        LabelSet(names)


def test_label_set_refuses_names_that_occur_twice():
    """A name is one class."""
    with pytest.raises(DataError, match="label 'a' occurs twice, at 0 and 2"):
        LabelSet(("a", "b", "a"))


def test_label_sets_are_equal_by_their_names():
    """Order counts; equal ones have one hash."""
    assert LabelSet(("a", "b")) == LabelSet(("a", "b"))
    assert hash(LabelSet(("a", "b"))) == hash(LabelSet(("a", "b")))
    assert LabelSet(("a", "b")) != LabelSet(("b", "a"))


def test_half_of_a_surrogate_pair_is_refused():
    """JSON can hold what no UTF-8 file and no ONNX metadata can: it is said before a model is trained for hours."""
    with pytest.raises(
        DataError, match=r"label 1 is 'a\\ud800': half of a surrogate pair, which no file can hold"
    ):
        LabelSet(("joy", "a\ud800"))


def test_label_set_says_what_the_task_is():
    """One label per text, unless the data say otherwise; another task makes another label set."""
    assert LabelSet(("a", "b")).task == "single"
    assert LabelSet.from_labels(["a"]).task == "single"
    assert LabelSet(("a", "b"), task="single") == LabelSet(("a", "b"))
    assert LabelSet(("a", "b"), task="multi") != LabelSet(("a", "b"))
    with pytest.raises(DataError, match="task 'both' is not known; single and multi are accepted"):
        LabelSet(("a", "b"), task="both")


def test_label_set_has_a_short_repr():
    """Hundreds of names do not fill the screen."""
    assert repr(LabelSet(("a", "b"))) == "LabelSet('a', 'b')"
    many = LabelSet.from_labels(str(i) for i in range(150))
    assert repr(many) == "LabelSet('0', '1', '2', '3', '4', ... 145 more)"
    assert repr(LabelSet(("a",), task="multi")) == "LabelSet('a', task='multi')"


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ('["가격", "품질"]', ("가격", "품질")),
        ("가격", ("가격",)),
        (" 품질 ; 가격", ("가격", "품질")),
        ("가격,품질", ("가격", "품질")),
        ("가격/품질", ("가격", "품질")),
        ("a, b", ("a, b",)),
        ("[]", ()),
    ],
)
def test_several_labels_are_read_as_people_write_them(written, names):
    """One name alone, names with the separator of the data or a usual one, or a list."""
    labels = LabelSet(("가격", "품질", "a, b"), "multi")
    assert labels.read_label(written, separator="/") == names


def test_what_is_no_label_is_refused_with_examples():
    """The examples are labels of the data themselves."""
    labels = LabelSet(("가격", "품질"), "multi")
    with pytest.raises(DataError, match=r"'가걱' is neither .* 가격;품질, .*'가격'") as caught:
        labels.read_label("가걱")
    assert '["가격", "품질"]' in caught.value.message


def test_names_that_hold_a_comma_are_told_apart_in_messages():
    """Commas between them would make two labels of `statistics, applied`."""
    names = LabelSet(("statistics, applied", "biology"), "multi")
    with pytest.raises(DataError, match="known labels: statistics, applied; biology"):
        names.encode([("chemistry",)])
