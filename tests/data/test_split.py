"""Cutting missing splits and taking fewer rows: nothing lost, nothing on two sides, every class everywhere."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assay import load_data
from assay.data.duplicates import duplicate_groups
from assay.data.labels import LabelSet
from assay.data.normal_form import normalise_text
from assay.data.split import cut_missing, limit_rows
from assay.data.texts import LabelledTexts, Splits
from assay.errors import DataError, InputError

ROWS = st.lists(st.tuples(st.integers(0, 40), st.sampled_from("xyz")), min_size=30, max_size=120)
FRACTIONS = st.floats(0.05, 0.45)


def labelled(rows, *, first_line=1):
    """Make a split of (number, label) rows: equal numbers are the same text, written in two ways."""
    texts = tuple(f"text {n}" if i % 2 else f"Text  {n}" for i, (n, _) in enumerate(rows))
    return LabelledTexts(
        texts, tuple(y for _, y in rows), tuple(range(first_line, first_line + len(rows)))
    )


def splits_of(**parts):
    """Build splits whose labels are x, y, z."""
    return Splits(parts, LabelSet(("x", "y", "z")), source="memory")


def distinct(**n_rows):
    """Make a split of texts that all differ, shuffled, with so many rows per label."""
    labels = (
        np.random.default_rng(0)
        .permutation([label for label, n in n_rows.items() for _ in range(n)])
        .tolist()
    )
    return labelled(list(enumerate(labels)))


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, seed=st.integers(0, 5), fractions=st.tuples(FRACTIONS, FRACTIONS))
def test_cut_partitions_rows_and_keeps_duplicates_together(rows, seed, fractions):
    """Every row is in exactly one split, in row order; a text is on one side; no class is taken out of train."""
    whole = labelled(rows)
    try:
        cut = cut_missing(
            splits_of(all=whole),
            seed=seed,
            validation_fraction=fractions[0],
            test_fraction=fractions[1],
        )
    except DataError as err:  # big groups can leave nothing that fits
        assert "too few to cut" in err.message  # noqa: PT017
        return
    assert list(cut) == ["train", "validation", "test"]
    assert sorted(line for part in cut.values() for line in part.lines) == list(whole.lines)
    for part in cut.values():
        assert list(part.lines) == sorted(part.lines)
        assert part == whole.take([line - 1 for line in part.lines])
    sides = {}
    for name, part in cut.items():
        for text in part.texts:
            sides.setdefault(normalise_text(text), set()).add(name)
    assert all(len(names) == 1 for names in sides.values())
    kept = cut["train"].counts()
    for label, n in whole.counts().items():
        assert kept.get(label, 0) >= min(n, 2)
    again = cut_missing(
        splits_of(all=whole),
        seed=seed,
        validation_fraction=fractions[0],
        test_fraction=fractions[1],
    )
    assert dict(again) == dict(cut)


@settings(max_examples=60, deadline=None)
@example(n_rows=(4, 4, 4), seed=0, fractions=(0.296875, 0.25))
@given(
    n_rows=st.tuples(*[st.integers(4, 200)] * 3),
    seed=st.integers(0, 5),
    fractions=st.tuples(st.floats(0.05, 0.3), st.floats(0.05, 0.3)),
)
def test_cut_is_stratified(n_rows, seed, fractions):
    """Where all texts differ, each class gives its share to within one row, and at least one."""
    whole = distinct(x=n_rows[0], y=n_rows[1], z=n_rows[2])
    cut = cut_missing(
        splits_of(all=whole),
        seed=seed,
        validation_fraction=fractions[0],
        test_fraction=fractions[1],
    )
    for name, fraction in zip(("validation", "test"), fractions, strict=True):
        counts = cut[name].counts()
        for label, n in whole.counts().items():
            assert abs(counts[label] - fraction * n) <= 1
            assert counts[label] >= 1


def test_cut_sizes_add_up():
    """Ten percent of 1,000 rows in three uneven classes are 100 rows, twice."""
    cut = cut_missing(splits_of(train=distinct(x=701, y=204, z=95)), seed=0)
    assert {name: len(part) for name, part in cut.items()} == {
        "train": 800,
        "validation": 100,
        "test": 100,
    }


def test_cut_leaves_existing_splits_alone():
    """Only what is missing is cut; the rest are the same objects; the cut does not depend on the other split."""
    train, test = distinct(x=50, y=50), labelled([(900, "x"), (901, "y")])
    with_test = cut_missing(splits_of(train=train, test=test), seed=3)
    assert with_test["test"] is test
    assert len(with_test["train"]) == 90
    without = cut_missing(splits_of(train=train), seed=3)
    assert without["validation"] == with_test["validation"]
    with_validation = cut_missing(splits_of(validation=test, train=train), seed=3)
    assert with_validation["validation"] is test
    assert list(with_validation) == ["train", "validation", "test"]
    whole = splits_of(train=train, validation=test, test=test)
    assert cut_missing(whole, seed=3) is whole


def test_cut_depends_on_the_seed():
    """Another seed is another cut."""
    whole = splits_of(all=distinct(x=100, y=100))
    assert cut_missing(whole, seed=0)["test"] != cut_missing(whole, seed=1)["test"]


def test_cut_keeps_two_rows_of_a_small_class():
    """Of three rows one may go, of two none; four give one to each cut."""
    cut = cut_missing(splits_of(all=distinct(x=200, y=4, z=2)), seed=0)
    assert [Counter(part.labels)["y"] for part in cut.values()] == [2, 1, 1]
    assert [Counter(part.labels)["z"] for part in cut.values()] == [2, 0, 0]


def test_cut_moves_a_text_with_two_labels_as_one():
    """Conflicting copies stay on one side and count for both classes."""
    rows = [(i // 2, "xy"[i % 2]) for i in range(100)]
    cut = cut_missing(splits_of(all=labelled(rows)), seed=0)
    groups = {name: set(duplicate_groups(part.texts)) for name, part in cut.items()}
    assert all(len(part) == 2 * len(groups[name]) for name, part in cut.items())
    assert cut["test"].counts() == {"x": 5, "y": 5}


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_cut_refuses_fractions_out_of_range(fraction):
    """A fraction lies between 0 and 1; the option is named."""
    whole = splits_of(all=distinct(x=10, y=10))
    with pytest.raises(
        InputError, match=r"test_fraction is .*; a number between 0 and 1 is accepted"
    ):
        cut_missing(whole, seed=0, test_fraction=fraction)
    with pytest.raises(InputError, match=r"validation_fraction is "):
        cut_missing(whole, seed=0, validation_fraction=fraction)


def test_cut_refuses_fractions_that_leave_no_train():
    """Together they are less than 1, unless only one of them is used."""
    whole, one = distinct(x=10, y=10), labelled([(99, "x")])
    with pytest.raises(InputError, match=r"are 1.1 together; less than 1 is accepted"):
        cut_missing(splits_of(all=whole), seed=0, validation_fraction=0.6, test_fraction=0.5)
    assert (
        len(
            cut_missing(
                splits_of(train=whole, test=one), seed=0, validation_fraction=0.6, test_fraction=0.5
            )
        )
        == 3
    )


def test_cut_needs_a_train_split_with_enough_rows():
    """Nothing to cut from, or nothing that could be taken, is an error that says so."""
    with pytest.raises(DataError, match="memory has no train split; splits: test"):
        cut_missing(splits_of(test=distinct(x=10, y=10)), seed=0)
    with pytest.raises(
        DataError, match="memory has 4 rows, too few to cut a validation split of 10% from"
    ):
        cut_missing(splits_of(train=distinct(x=2, y=2)), seed=0)


def test_labels_are_counted_where_texts_have_several():
    """Not the sets of them: eight texts with seven sets of three labels have three labels."""
    sets = [["a"], ["a", "b"], ["b"], ["a", "c"], ["c"], ["b", "c"], ["a", "b", "c"], ["c", "a"]]
    data = load_data(([f"text {i} here" for i in range(8)], sets))
    with pytest.raises(DataError, match="8 rows with 3 labels and 8 different texts"):
        cut_missing(data, seed=0)


@pytest.mark.parametrize(
    ("n_rows", "hint"),
    [
        (2, "add rows, or give a validation file"),
        (3, "add rows, give a validation file, or raise --validation-fraction"),
    ],
)
def test_a_larger_fraction_is_proposed_where_it_helps_alone(n_rows, hint):
    """Two rows per label both stay in train, however large the fraction is."""
    data = splits_of(train=distinct(x=n_rows, y=n_rows), test=distinct(x=2, y=2))
    with pytest.raises(DataError, match="too few to cut") as refused:
        cut_missing(data, seed=0, validation_fraction=0.05)
    assert refused.value.hint == hint
    if "raise" in hint:
        assert len(cut_missing(data, seed=0, validation_fraction=0.4)["validation"]) == 2


@settings(max_examples=60, deadline=None)
@given(
    n_rows=st.tuples(*[st.integers(0, 150)] * 3),
    max_rows=st.integers(6, 200),
    seed=st.integers(0, 3),
)
def test_limit_takes_a_stratified_part(n_rows, max_rows, seed):
    """Exactly max_rows of a larger split, in row order, two of each class, the rest by size; the same every time."""
    whole = distinct(x=n_rows[0] + 1, y=n_rows[1], z=n_rows[2])
    small = limit_rows(splits_of(train=whole), max_rows, seed=seed)["train"]
    if len(whole) <= max_rows:
        assert small is whole
        return
    assert len(small) == max_rows
    assert list(small.lines) == sorted(small.lines)
    assert small == whole.take([line - 1 for line in small.lines])
    counts = small.counts()
    for label, n in whole.counts().items():
        assert min(n, 2) <= counts[label] <= n
        assert abs(counts[label] - max_rows * n / len(whole)) <= 5
    assert limit_rows(splits_of(train=whole), max_rows, seed=seed)["train"] == small


def test_limit_caps_every_split():
    """Validation and test are capped too, and left alone where they are small."""
    splits = splits_of(
        train=distinct(x=90, y=10), validation=distinct(x=30, y=5), test=distinct(x=5, y=5)
    )
    limited = limit_rows(splits, 20, seed=0)
    assert [len(part) for part in limited.values()] == [20, 20, 10]
    assert limited["test"] is splits["test"]


def test_limit_needs_room_for_every_class():
    """Fewer than two rows per class cannot be trained on."""
    with pytest.raises(
        InputError, match="max_rows is 5; at least 6 are accepted: 2 for each of the 3 classes"
    ):
        limit_rows(splits_of(train=distinct(x=10, y=10, z=10)), 5, seed=0)


def test_seed_is_a_number_that_generators_take():
    """Refused by name, not by NumPy."""
    whole = LabelledTexts(("a", "b"), ("x", "y"))
    splits = Splits({"all": whole}, LabelSet(("x", "y")), source="d.csv")
    with pytest.raises(InputError, match="seed is -1; 0 to 4294967295 is accepted"):
        cut_missing(splits, seed=-1)
