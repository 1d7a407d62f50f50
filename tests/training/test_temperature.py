"""`fit_temperature`: the most likely temperature, found by brute force too."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.runtime.linear import softmax
from assay.training.temperature import fit_temperature


def draw(n_texts, *, n_classes=4, true_temperature=1.0, seed=0):
    """Draw logits and labels such that the given temperature is the right one."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=2.0, size=(n_texts, n_classes))
    probs = softmax(logits)
    label_ids = np.array([rng.choice(n_classes, p=row) for row in probs])
    return logits * true_temperature, label_ids


def log_loss(logits, label_ids, temperature, *, doubt):
    """Cross-entropy with a share of each target spread over the classes, in plain words."""
    log_probs = np.log(softmax(logits / temperature))
    right = log_probs[np.arange(len(label_ids)), label_ids]
    return float(np.mean(-(1 - doubt) * right - doubt * log_probs.mean(axis=1)))


@pytest.mark.parametrize("true_temperature", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("n_texts", [30, 1000])
def test_temperature_is_the_best_of_a_fine_grid(true_temperature, n_texts):
    """No temperature of a grid in steps of 1 % is more likely."""
    logits, label_ids = draw(n_texts, true_temperature=true_temperature)
    grid = np.exp(np.linspace(-2.5, 2.5, 501))
    losses = [
        log_loss(logits, label_ids, temperature, doubt=1 / (n_texts + 2)) for temperature in grid
    ]
    assert fit_temperature(logits, label_ids) == pytest.approx(grid[np.argmin(losses)], rel=0.011)


@pytest.mark.parametrize("true_temperature", [0.3, 1.0, 4.0])
def test_true_temperature_is_recovered(true_temperature):
    """With enough texts, the temperature that made the labels is found, and scores mean what they say."""
    logits, label_ids = draw(5000, true_temperature=true_temperature)
    found = fit_temperature(logits, label_ids)
    assert found == pytest.approx(true_temperature, rel=0.05)
    probs = softmax(logits / found)
    assert probs.max(axis=1).mean() == pytest.approx(
        np.mean(probs.argmax(axis=1) == label_ids), abs=0.02
    )


@pytest.mark.parametrize("n_texts", [1, 20, 200])
def test_texts_that_are_all_right_do_not_make_scores_certain(n_texts):
    """After n successes in n tries the chance of another is (n + 1) / (n + 2): a few texts prove little."""
    logits = np.tile([0.0, 0.5], (n_texts, 1))
    probs = softmax(logits / fit_temperature(logits, np.ones(n_texts, dtype=np.int64)))
    assert probs[0, 1] == pytest.approx((n_texts + 1.5) / (n_texts + 2), abs=1e-3)


@pytest.mark.parametrize(
    "logits",
    [np.zeros((5, 3)), np.full((5, 3), 7.0), np.tile([[1.0], [2.0]], (1, 3)), np.empty((0, 3))],
)
def test_logits_that_tell_nothing_apart_give_one(logits):
    """Where no temperature changes anything, and where there are no texts, it is 1."""
    assert fit_temperature(logits, np.zeros(len(logits), dtype=np.int64)) == 1.0


@settings(max_examples=60)
@given(st.integers(1, 12), st.integers(2, 5), st.integers(0, 10_000), st.floats(0.01, 1000))
def test_temperature_never_moves_an_argmax(n_texts, n_classes, seed, scale):
    """Whatever the logits, the temperature is positive and finite, so predictions stay as they were."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=scale, size=(n_texts, n_classes))
    temperature = fit_temperature(logits, rng.integers(n_classes, size=n_texts))
    assert 0.01 < temperature < 100
    assert (softmax(logits / temperature).argmax(axis=1) == logits.argmax(axis=1)).all()


def test_order_and_precision_do_not_matter():
    """The same texts in another order, or float32 logits, give the same temperature."""
    logits, label_ids = draw(100)
    expected = fit_temperature(logits, label_ids)
    assert fit_temperature(logits[::-1], label_ids[::-1]) == pytest.approx(expected, rel=1e-4)
    assert fit_temperature(logits.astype(np.float32), label_ids) == pytest.approx(
        expected, rel=1e-4
    )
