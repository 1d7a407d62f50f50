"""Which labels are suspects, and in which order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.audit.wrong_labels import find_wrong_labels
from assay.errors import InputError


def planted(*, n_texts=400, n_classes=4, n_wrong=20, seed=0):
    """Make probabilities that are sure of the true class, and labels of which some are flipped."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, n_classes, n_texts)
    logits = rng.normal(size=(n_texts, n_classes))
    logits[np.arange(n_texts), true] += 4
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    wrong = rng.choice(n_texts, n_wrong, replace=False)
    label_ids = true.copy()
    label_ids[wrong] = (true[wrong] + rng.integers(1, n_classes, n_wrong)) % n_classes
    return label_ids, probs, set(wrong.tolist()), true


def test_planted_labels_are_found_first():
    """Most flipped labels are suspects, most suspects are flipped, and the true label is proposed."""
    label_ids, probs, wrong, true = planted()
    first = find_wrong_labels(label_ids, probs)[:20]
    assert len(wrong & {one.row for one in first}) >= 18
    assert np.mean([one.proposed_id == true[one.row] for one in first]) >= 0.9
    assert all(one.label_id == label_ids[one.row] for one in first)


def test_most_suspect_label_comes_first():
    """Scores fall, and lie between 0 and 1."""
    label_ids, probs, _, _ = planted()
    scores = [one.score for one in find_wrong_labels(label_ids, probs)]
    assert scores == sorted(scores, reverse=True)
    assert scores
    assert all(0 <= score <= 1 for score in scores)


def test_right_labels_give_no_suspects():
    """Where the models agree with every label, nothing is suspect."""
    _, probs, _, true = planted(n_wrong=0)
    sure = np.eye(4)[true] * 0.9 + 0.025
    assert find_wrong_labels(true, sure) == []
    assert find_wrong_labels(np.zeros(0, dtype=int), np.zeros((0, 4))) == []
    assert find_wrong_labels(np.zeros(9, dtype=int), probs[:9]) == []


def test_rows_that_could_not_be_judged_are_left_out():
    """A row of NaN is no suspect, and the numbers of the others are those of the whole."""
    label_ids, probs, _, _ = planted()
    before = [one.row for one in find_wrong_labels(label_ids, probs)]
    probs[before[0]] = np.nan
    after = [one.row for one in find_wrong_labels(label_ids, probs)]
    assert before[0] not in after
    assert before[1] == after[0]


def test_class_without_a_label_is_no_obstacle():
    """A column that no row is labelled with changes nothing where the models do not believe in it."""
    label_ids, probs, _, _ = planted(n_classes=3)
    wider = np.hstack([probs, np.zeros((len(probs), 1))])
    assert find_wrong_labels(label_ids, wider) == find_wrong_labels(label_ids, probs)


def test_bounds_list_what_is_at_most_as_probable():
    """Other splits are held against the probabilities that train suggests."""
    label_ids, probs, _, _ = planted()
    found = find_wrong_labels(label_ids, probs)
    middle = len(found) // 2
    bounds = (1 - found[middle].score + 1e-12, 1 - found[-1].score + 1e-12)
    again = find_wrong_labels(label_ids, probs, bounds=bounds)
    assert [one.row for one in again] == [one.row for one in found]
    assert [one.is_probable for one in again] == [i <= middle for i in range(len(found))]
    assert find_wrong_labels(label_ids, probs, bounds=(-1.0, -1.0)) == []


def test_doubtful_labels_follow_those_that_are_called_wrong():
    """The list goes on, under another name, while a quarter of it is expected to be wrong."""
    label_ids, probs, _, _ = planted(n_texts=1500, n_wrong=80)
    rng = np.random.default_rng(1)
    blurred = probs + rng.dirichlet(np.full(4, 0.2), len(probs)) * 0.5
    found = find_wrong_labels(label_ids, blurred / blurred.sum(axis=1, keepdims=True))
    is_probable = [one.is_probable for one in found]
    assert is_probable == sorted(is_probable, reverse=True)
    assert found[-1].expected_share >= 0.2


def test_hard_texts_are_not_called_wrong():
    """Of weak models ten labels would be listed however many texts there are; flips are called wrong."""
    for n_texts, seed in ((200, 0), (1000, 1), (1000, 2)):
        rng = np.random.default_rng(seed)
        probs = rng.dirichlet(np.full(6, 0.1), n_texts)
        right = np.array([rng.choice(6, p=row) for row in probs])
        found = find_wrong_labels(right, probs)
        assert found
        assert not any(one.is_probable for one in found)
        flipped = right.copy()
        flipped[: n_texts // 10] = (flipped[: n_texts // 10] + 1) % 6
        called = [one for one in find_wrong_labels(flipped, probs) if one.is_probable]
        assert called or n_texts < 1000
        assert sum(one.row < n_texts // 10 for one in called) >= len(called) / 2


def test_models_that_know_little_call_no_label_wrong():
    """Where most labels are doubted, those of hard texts come first; they are worth a look."""
    rng = np.random.default_rng(3)
    probs = rng.dirichlet(np.full(6, 0.5), 400)
    label_ids = np.array([rng.choice(6, p=row) for row in probs])
    label_ids[:40] = (label_ids[:40] + 1) % 6
    assert (probs.argmax(axis=1) != label_ids).mean() > 0.4
    assert find_wrong_labels(label_ids, probs)
    assert not any(one.is_probable for one in find_wrong_labels(label_ids, probs))


def test_few_labels_that_sure_models_doubt_are_called_wrong():
    """A list is short where few labels are wrong, too."""
    label_ids, probs, wrong, _ = planted(n_wrong=3, seed=2)
    called = {one.row for one in find_wrong_labels(label_ids, probs) if one.is_probable}
    assert wrong & called
    assert len(called) < 15


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(1, 60))
def test_any_probabilities_give_suspects_that_propose_another_label(seed, n_classes, n_texts):
    """Each row is named once at most, and never its own label proposed."""
    rng = np.random.default_rng(seed)
    label_ids, probs = (
        rng.integers(0, n_classes, n_texts),
        rng.dirichlet(np.full(n_classes, 0.3), n_texts),
    )
    found = find_wrong_labels(label_ids, probs)
    assert len({one.row for one in found}) == len(found)
    assert all(one.proposed_id != one.label_id == label_ids[one.row] for one in found)


@pytest.mark.parametrize(
    ("label_ids", "probs", "said"),
    [
        ([0, 1], [[0.5, 0.5]], r"label_ids has shape \(2,\) and probs \(1, 2\)"),
        ([0, 2], [[0.5, 0.5], [0.5, 0.5]], "label ids from 0 to 2; 0 to 1 is accepted"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(label_ids, probs, said):
    """What was given and what is accepted is said."""
    with pytest.raises(InputError, match=said):
        find_wrong_labels(np.array(label_ids), np.array(probs))
