"""The regularisation of the head of `features` follows the training texts."""

import numpy as np
import pytest

from assay.models.head import AffineHead
from assay.models.head_choice import CHOICES, DEFAULT_C, choose_c, names_help
from assay.models.label_names import NamedLabels
from assay.models.several_heads import SeveralHeads


def draw(n_texts, *, n_classes, signal, seed):
    """Draw features in 40 dimensions: one direction per class, in noise."""
    rng = np.random.default_rng(seed)
    directions = np.random.default_rng(0).normal(size=(n_classes, 40))
    label_ids = rng.integers(n_classes, size=n_texts)
    return rng.normal(size=(n_texts, 40)) + signal * directions[label_ids], label_ids


def test_noise_wants_a_stronger_regularisation_than_a_clear_signal():
    """Weak signals take a small C, clear ones a larger one."""
    noisy = choose_c(*draw(300, n_classes=3, signal=0.15, seed=1))
    clear = choose_c(*draw(300, n_classes=3, signal=2.0, seed=1))
    assert noisy <= 0.01
    assert clear >= 0.3


@pytest.mark.parametrize("n_texts", [400, 2_500])
def test_choice_is_as_good_on_fresh_texts_as_any(n_texts):
    """Its accuracy on texts of the same kind is within a point of the best of all choices."""
    features, label_ids = draw(n_texts, n_classes=8, signal=0.5, seed=2)
    fresh, truth = draw(4_000, n_classes=8, signal=0.5, seed=3)
    right = {}
    for C in CHOICES:
        head = AffineHead(C=C).fit(features, label_ids)
        right[C] = (head.predict(fresh) == truth).mean()
    assert right[choose_c(features, label_ids)] >= max(right.values()) - 0.01
    assert max(right.values()) - min(right.values()) > 0.01


def test_several_labels_are_chosen_for_too():
    """An indicator of labels: noise takes less than a clear signal."""
    rng = np.random.default_rng(4)
    features = rng.normal(size=(300, 40))
    clear = (features[:, :3] > 0.5).astype(np.int64)
    noisy = (features[:, :3] + 4 * rng.normal(size=(300, 3)) > 0.5).astype(np.int64)
    assert choose_c(features, noisy, task="multi") < choose_c(features, clear, task="multi")
    assert SeveralHeads(C=choose_c(features, clear, task="multi")).fit(features, clear)


def test_too_little_to_choose_from_takes_the_default():
    """Fewer than 20 texts, or a trial that would know one class only."""
    features, label_ids = draw(19, n_classes=2, signal=1.0, seed=5)
    assert choose_c(features, label_ids) == DEFAULT_C
    one_other = np.zeros(100, dtype=np.int64)
    one_other[0] = 1
    assert choose_c(draw(100, n_classes=2, signal=1.0, seed=6)[0], one_other) == DEFAULT_C


def test_class_that_no_trial_knows_is_left_out():
    """A class of one text can be in no trial that is compared on it; it stops nothing."""
    features, label_ids = draw(100, n_classes=2, signal=1.0, seed=7)
    label_ids[0] = 2
    assert choose_c(features, label_ids) in CHOICES


def test_same_seed_chooses_the_same():
    """The cuts are seeded."""
    features, label_ids = draw(200, n_classes=4, signal=0.3, seed=8)
    assert choose_c(features, label_ids, seed=3) == choose_c(features, label_ids, seed=3)


def test_names_are_taken_where_they_speak_for_their_labels():
    """Names in the direction of their class help few texts; exchanged ones do harm, and are left out."""
    directions = np.random.default_rng(0).normal(size=(4, 40))
    features, label_ids = draw(40, n_classes=4, signal=0.3, seed=7)
    right = NamedLabels(np.arange(4), directions)
    wrong = NamedLabels(np.arange(4), directions[[1, 2, 3, 0]])
    assert names_help(features, label_ids, right, C=0.1)
    assert not names_help(features, label_ids, wrong, C=0.1)


def test_names_are_not_tried_without_need():
    """Fewer than 20 texts cannot tell, and many texts per label need no names."""
    names = NamedLabels(np.arange(2), np.random.default_rng(0).normal(size=(2, 40)))
    assert not names_help(*draw(19, n_classes=2, signal=0.3, seed=8), names, C=0.1)
    assert not names_help(*draw(500, n_classes=2, signal=0.3, seed=8), names, C=0.1)
