"""Right decisions raise the score of models of the labels; without any nothing changes."""

import pytest

from _support.small_models import small_data
from assay.data.load import load_data
from assay.errors import DataError
from assay.review.effect import measure_effect


def test_corrected_labels_raise_the_score():
    """A tenth of the labels is wrong, and corrected; other splits than train are not looked at."""
    texts, labels = small_data(300)
    names = sorted(set(labels))
    given = list(labels)
    for i in range(0, 300, 10):
        given[i] = names[(names.index(labels[i]) + 1) % len(names)]
    splits = load_data({"train": (texts, given), "test": (texts[:30], labels[:30])})
    lines = splits["train"].lines
    changed = {("train", lines[i]): labels[i] for i in range(0, 300, 10)}
    effect = measure_effect(splits, {**changed, ("test", 1): names[0]})
    assert (effect.split, effect.n_texts, effect.n_changed) == ("train", 300, 30)
    assert effect.before < effect.after
    assert effect.verdict == "helps"
    nothing = measure_effect(splits, {})
    assert nothing.before == nothing.after < effect.before
    assert nothing.verdict == "unclear"


def test_spoilt_labels_are_said_to_hurt():
    """A third of right labels, made wrong: the page must not call that good."""
    texts, labels = small_data(300)
    names = sorted(set(labels))
    splits = load_data({"train": (texts, labels)})
    lines = splits["train"].lines
    spoilt = {
        ("train", lines[i]): names[(names.index(labels[i]) + 1 + i % 2) % len(names)]
        for i in range(0, 300, 3)
    }
    effect = measure_effect(splits, spoilt)
    assert effect.after < effect.before
    assert effect.verdict == "hurts"


def test_texts_that_cannot_be_judged_are_refused():
    """Two texts with one label each teach nothing about one another."""
    splits = load_data((["one text", "other text"], ["a", "b"]))
    with pytest.raises(DataError):
        measure_effect(splits, {})
