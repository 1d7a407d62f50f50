"""The training loop: what it keeps, when it ends, what it reports, and that a seed is a seed."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from _support.small_models import small_data, small_estimator
from assay.errors import InputError
from assay.progress import Progress
from assay.runtime.linear import softmax
from assay.tokenization.batches import EncodedTexts
from assay.training import loop
from assay.training.context import FitContext
from assay.training.inference import network_logits
from assay.training.loop import TrainingConfig, seeded, train_network
from assay.training.recurrent import CompactNetwork

N_TOKENS = 20


def encoded_texts(n_texts, *, seed=0):
    """Draw token lists of two classes: the second holds token 5."""
    rng = np.random.default_rng(seed)
    label_ids = rng.integers(2, size=n_texts)
    rows = [
        [*rng.integers(6, N_TOKENS, size=rng.integers(1, 9)).tolist(), 5 if y else 4]
        for y in label_ids
    ]
    return EncodedTexts.from_lists(rows), label_ids


def config(**changes):
    """Return settings that learn fast."""
    settings = {
        "name": "test",
        "n_epochs": 3,
        "batch_size": 8,
        "learning_rate": 2e-2,
        "weight_decay": 0.0,
        "warmup_fraction": 0.1,
        "label_smoothing": 0.0,
        "max_gradient_norm": 1.0,
        "seed": 0,
    }
    return TrainingConfig(**{**settings, **changes})


def train(n_texts=48, *, validation=None, context=None, **changes):
    """Train a small network; return it and its history."""
    with seeded(0):
        network = CompactNetwork(
            n_tokens=N_TOKENS,
            n_classes=2,
            embedding_size=8,
            hidden_size=6,
            dropout=0.1,
            token_dropout=0.0,
            pad_id=0,
            unknown_id=1,
        )
        history = train_network(
            network,
            network,
            encoded_texts(n_texts),
            validation,
            pad_id=0,
            config=config(**changes),
            context=context or FitContext(),
        )
    return network, history


def accuracy_and_loss(network, encoded, label_ids):
    """Measure a network anew."""
    probs = softmax(network_logits(network, network, encoded, pad_id=0))
    right = probs[np.arange(len(label_ids)), label_ids]
    return float(np.mean(probs.argmax(axis=1) == label_ids)), float(-np.log(right).mean())


def test_training_learns():
    """The loss falls, and new texts of the same kind are told apart."""
    network, history = train(n_epochs=6)
    assert [entry["epoch"] for entry in history] == list(range(1, 7))
    assert history[-1]["train_loss"] < history[0]["train_loss"] / 2
    assert accuracy_and_loss(network, *encoded_texts(40, seed=1))[0] > 0.95
    assert not network.training


def test_best_epoch_is_kept():
    """Where later epochs are worse on validation, the weights of the best one are those that stay."""
    encoded, label_ids = encoded_texts(30, seed=1)
    wrong = (
        encoded,
        np.where(np.arange(30) < 20, 1 - label_ids, label_ids),
    )  # learning makes these worse
    network, history = train(n_epochs=6, validation=wrong)
    ranks = [(entry["validation_accuracy"], -entry["validation_loss"]) for entry in history]
    best = int(np.argmax([rank[0] for rank in ranks]))
    assert max(ranks) == ranks[best] != ranks[-1]
    accuracy, loss = accuracy_and_loss(network, *wrong)
    assert (accuracy, -loss) == pytest.approx(ranks[best], abs=1e-6)


def test_last_epoch_is_kept_without_validation():
    """With nothing to choose by, training runs to its end and reports no validation."""
    network, history = train(n_epochs=2)
    assert [set(entry) for entry in history] == [{"epoch", "train_loss"}] * 2
    other, _ = train(n_epochs=2)
    for name, value in network.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])


def test_history_holds_the_callers_scores():
    """Each epoch reports what the caller's score returns, computed on the validation labels."""
    validation = encoded_texts(20, seed=1)
    seen = []

    def score(label_ids, probs):
        seen.append((label_ids, probs.shape))
        return {"f1_weighted": 0.25}

    _, history = train(validation=validation, context=FitContext(score=score))
    assert [entry["validation_f1_weighted"] for entry in history] == [0.25] * 3
    assert {"epoch", "train_loss", "validation_loss", "validation_accuracy"} <= set(history[0])
    assert all((label_ids == validation[1]).all() and shape == (20, 2) for label_ids, shape in seen)


@pytest.mark.parametrize("longest", [1e-3, 1e3])
def test_gradients_are_cut_to_the_longest_that_is_accepted(longest):
    """A gradient that is too long keeps its direction and loses its length; a short one is left to the bit."""
    taken = []

    class Watched(torch.optim.SGD):
        def step(self):
            taken.append([p.grad.clone() for group in self.param_groups for p in group["params"]])

    def steps(limit):
        taken.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(torch.optim, "AdamW", lambda groups, **_: Watched(groups, lr=0.0))
            train(8, n_epochs=1, max_gradient_norm=limit)
        return torch.cat([gradient.flatten() for gradient in taken[0]])

    whole, cut = steps(float("inf")), steps(longest)
    expected = whole * (longest / (whole.norm() + 1e-6)).clamp(
        max=1.0
    )  # as torch documents clip_grad_norm_
    torch.testing.assert_close(cut, expected, rtol=1e-5, atol=0.0)
    assert torch.equal(cut, whole) == (longest > whole.norm())


def test_same_seed_same_weights_and_another_another():
    """The seed decides batches too, not only fresh weights; the global generator is left as it was."""
    before = torch.get_rng_state()
    _, first = train(seed=1)
    _, second = train(seed=1)
    _, other = train(seed=2)
    assert first == second != other
    assert torch.equal(before, torch.get_rng_state())


def test_time_limit_ends_training_early():
    """A limit shortens the schedule: at least one entry, the last epoch cut, and the loss still falls."""
    started_s = time.perf_counter()
    _, history = train(n_epochs=100_000, time_limit_s=0.5)
    assert time.perf_counter() - started_s < 5
    assert 1 <= len(history) < 100_000
    assert history[-1]["epoch"] < 100_000


def test_time_limit_that_is_over_at_once_still_takes_a_step():
    """However short the limit, one batch is read and the epoch says how much of the data that was."""
    _, history = train(time_limit_s=1e-9, validation=encoded_texts(10, seed=1))
    assert len(history) == 1
    assert history[0]["epoch"] == pytest.approx(8 / 48)
    assert "validation_loss" in history[0]


def test_progress_counts_the_batches():
    """Progress is told how many batches there are, and of each that is done."""
    steps = []

    class Counting(Progress):
        @contextmanager
        def track(self, name, n_steps):
            steps.append((name, n_steps))
            yield steps.append

    train(context=FitContext(progress=Counting()))
    assert steps == [("test", 18), *[1] * 18]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_epochs": 0}, "n_epochs is 0; at least 1 is accepted"),
        ({"batch_size": 0}, "batch_size is 0; at least 1"),
        ({"learning_rate": -1.0}, r"learning_rate is -1\.0; more than 0"),
        ({"warmup_fraction": 1.0}, r"warmup_fraction is 1\.0; 0 up to less than 1"),
        ({"label_smoothing": 1.5}, r"label_smoothing is 1\.5; 0 to 1"),
        ({"time_limit_s": 0.0}, r"time_limit_s is 0\.0; more than 0"),
    ],
)
def test_impossible_settings_are_refused(changes, message):
    """A setting out of its range is named before training."""
    with pytest.raises(InputError, match=message):
        config(**changes)


def test_logits_keep_the_order_of_the_texts():
    """Batches of like length are put back in the order of the rows."""
    network, _ = train(n_epochs=1)
    encoded, _ = encoded_texts(50, seed=3)
    logits = network_logits(network, network, encoded, pad_id=0)
    for i in (0, 7, 49):
        alone = EncodedTexts.from_lists(
            [encoded.ids[encoded.offsets[i] : encoded.offsets[i + 1]].tolist()]
        )
        np.testing.assert_allclose(
            logits[i], network_logits(network, network, alone, pad_id=0)[0], atol=1e-6
        )


def test_trainings_in_two_threads_give_what_each_gives_alone():
    """Torch has one source of random numbers for the whole process, so they take turns."""
    texts, labels = small_data(60)

    def train(seed):
        return small_estimator("compact", seed=seed).fit(texts, labels).predict_proba(texts)

    alone = [train(0), train(1)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(train, (0, 1)))
    np.testing.assert_array_equal(together, alone)


def test_forked_process_says_why_it_cannot_train(monkeypatch):
    """The threads of torch stayed behind; it would wait for them for ever."""
    monkeypatch.setitem(loop._trained_in, "process", os.getpid() + 1)
    with pytest.raises(InputError, match="forked from one that has trained"), seeded(0):
        pass
