"""Leaks between splits, repeats within them, and texts with different labels."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from assay.data.labels import LabelSet
from assay.data.overlaps import RowPlace, find_leaks
from assay.data.texts import LabelledTexts, Splits


def splits_of(**rows_by_split):
    """Build splits from {split: [(text, label), ...]}, lines counted from 10."""
    made = {
        name: LabelledTexts(
            tuple(t for t, _ in rows), tuple(y for _, y in rows), tuple(range(10, 10 + len(rows)))
        )
        for name, rows in rows_by_split.items()
    }
    return Splits(
        made,
        LabelSet.from_labels(y for rows in rows_by_split.values() for _, y in rows),
        source="memory",
    )


def test_find_leaks_counts_rows_with_their_lines():
    """Each later row whose text occurs in an earlier split is given with the first line there."""
    found = find_leaks(
        splits_of(
            train=[("a", "x"), ("b", "y"), ("A", "x"), ("c", "x")],
            validation=[("d", "y"), ("b ", "y")],
            test=[("a", "x"), ("D", "y"), ("a", "x"), ("e", "x")],
        )
    )
    assert [(leak.split, leak.seen_in, leak.lines) for leak in found.leaks] == [
        ("validation", "train", ((11, 11),)),
        ("test", "train", ((10, 10), (12, 10))),
        ("test", "validation", ((11, 10),)),
    ]
    assert (
        found.n_leaked("test"),
        found.n_leaked("validation"),
        found.n_leaked("test", seen_in="validation"),
    ) == (
        2,
        1,
        1,
    )
    assert found.repeats == {"train": (12,), "validation": (), "test": (12,)}
    assert found.conflicts == ()


def test_find_leaks_gathers_conflicts_over_all_splits():
    """A text with two labels is one conflict with all its rows; agreeing copies are none."""
    found = find_leaks(
        splits_of(
            train=[("a", "x"), ("b", "y"), ("b", "y"), ("c", "x")],
            test=[("A", "y"), ("c", "x"), ("a", "x")],
        )
    )
    assert [conflict.rows for conflict in found.conflicts] == [
        (RowPlace("train", 10, "x"), RowPlace("test", 10, "y"), RowPlace("test", 12, "x"))
    ]


def test_find_leaks_of_a_lone_split():
    """A file that is not cut yet has repeats and conflicts, and no leaks."""
    found = find_leaks(splits_of(all=[("a", "x"), ("a", "y")]))
    assert found.leaks == ()
    assert found.repeats == {"all": (11,)}
    assert len(found.conflicts) == 1


def test_overlaps_are_plain_values():
    """The dict is JSON and holds counts, lines and labels, and no text."""
    found = find_leaks(splits_of(train=[("secret", "x"), ("secret", "y")], test=[("secret", "x")]))
    plain = found.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["leaks"] == [
        {"split": "test", "seen_in": "train", "n_rows": 1, "lines": [[10, 10]]}
    ]
    assert plain["repeats"][0] == {"split": "train", "n_rows": 1, "lines": [11]}
    assert (plain["conflicts"]["n_texts"], plain["conflicts"]["n_rows"]) == (1, 3)
    assert "secret" not in json.dumps(plain)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("aAbBcd"), st.sampled_from("xy"), st.booleans()), min_size=1)
)
def test_find_leaks_agrees_with_counting_by_hand(rows):
    """Against plain sets: leaks, repeats and conflicts of random small splits."""
    train = [(t, y) for t, y, in_train in rows if in_train]
    test = [(t, y) for t, y, in_train in rows if not in_train]
    found = find_leaks(splits_of(train=train, test=test))
    seen = {t.lower() for t, _ in train}
    assert found.n_leaked("test") == sum(t.lower() in seen for t, _ in test)
    assert len(found.repeats["train"]) == len(train) - len(seen)
    labels = {}
    for t, y, _ in rows:
        labels.setdefault(t.lower(), set()).add(y)
    assert len(found.conflicts) == sum(len(ys) > 1 for ys in labels.values())


def test_overlaps_are_worked_out_once():
    """Everybody who asks gets the same object; a changed data set is another one."""
    splits = splits_of(train=[("a", "x")], test=[("A", "x")])
    assert find_leaks(splits) is find_leaks(splits)
    alone = replace(splits, parts={"train": splits["train"]})
    assert find_leaks(alone).leaks == ()
