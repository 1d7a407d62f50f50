"""One step after the other: which weights decay, what a batch's loss is, when the time is up."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from assay.tokenization.batches import EncodedTexts
from assay.training.learner import Learner, _by_prefix, _parameter_groups
from assay.training.processes import ALONE
from assay.training.schedule import TrainingConfig
from assay.training.state_store import TrainingState

ENCODED = EncodedTexts.from_lists([[1, 2], [3], [1], [2, 3, 3]])
TARGETS = torch.tensor([0, 1, 0, 1])
BATCHES = [np.array([0, 1]), np.array([2, 3])]


class Bag(nn.Module):
    """A bag of embedded tokens and an affine layer."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.embedding = nn.Embedding(4, 3)
            self.head = nn.Linear(3, 2)

    def forward(self, input_ids, mask):
        """Return the logits of a batch."""
        return self.head((self.embedding(input_ids) * mask[..., None]).sum(dim=1))


def make_learner(network, **changes):
    """Return a learner of four steps whose first rate is the full one."""
    settings = {
        "name": "test",
        "n_epochs": 2,
        "batch_size": 2,
        "learning_rate": 0.1,
        "weight_decay": 0.0,
        "warmup_fraction": 0.0,
        "label_smoothing": 0.0,
        "max_gradient_norm": 1e9,
        "seed": 0,
    }
    config = TrainingConfig(**{**settings, **changes})
    return Learner(network, network, config, pad_id=0, n_steps=4, processes=ALONE)


def read(learner, batches):
    """Read batches of one epoch; return the state after them."""
    state = TrainingState(torch.zeros(()), {})
    learner.read_epoch(ENCODED, TARGETS, batches, state, None, lambda _: None)
    return state


def test_only_matrices_decay():
    """Biases and normalisation layers do not; frozen weights are no part of the training."""
    network = nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3), nn.Linear(3, 2))
    network[2].requires_grad_(requires_grad=False)
    decaying, other = _parameter_groups(network, 0.1)
    assert [tuple(one.shape) for one in decaying["params"]] == [(3, 2)]
    assert [tuple(one.shape) for one in other["params"]] == [(3,), (3,), (3,)]
    assert (decaying["weight_decay"], other["weight_decay"]) == (0.1, 0.0)
    (every,) = _parameter_groups(network, 0.0)
    assert (len(every["params"]), every["weight_decay"]) == (4, 0.0)


def test_tensors_are_grouped_by_the_first_part_of_their_names():
    """What follows the first dot stays as it is, further dots included."""
    one, other = torch.zeros(1), torch.ones(1)
    assert _by_prefix({"network.bias": one, "random.0.cpu": other}) == {
        "network": {"bias": one},
        "random": {"0.cpu": other},
    }


def test_steps_are_those_of_the_optimiser_by_hand():
    """Two batches: the weights are those of AdamW on the mean loss of each, at falling rates."""
    learnt, by_hand = Bag(), Bag()
    state = read(make_learner(learnt), BATCHES)
    optimiser = torch.optim.AdamW(by_hand.parameters(), weight_decay=0.0)
    total = 0.0
    for rows, rate in zip(BATCHES, (0.1, 0.075), strict=True):
        optimiser.param_groups[0]["lr"] = rate
        optimiser.zero_grad()
        loss = mean_loss(by_hand, rows)
        loss.backward()
        optimiser.step()
        total += float(loss.detach()) * len(rows)
    for name, value in by_hand.state_dict().items():
        torch.testing.assert_close(learnt.state_dict()[name], value)
    assert float(state.loss_sum) == pytest.approx(total, rel=1e-5)
    assert (state.n_batches, state.n_seen, state.n_steps) == (2, 4, 2)


def mean_loss(network, rows, **how):
    """Return the loss of a batch whose texts are padded by hand."""
    lists = [ENCODED.ids[ENCODED.offsets[i] : ENCODED.offsets[i + 1]].tolist() for i in rows]
    longest = max(map(len, lists))
    padded = torch.tensor([one + [0] * (longest - len(one)) for one in lists])
    return functional.cross_entropy(network(padded, (padded > 0).long()), TARGETS[rows], **how)


@pytest.mark.parametrize(
    ("settings", "how"),
    [
        ({"label_smoothing": 0.2}, {"label_smoothing": 0.2}),
        ({"class_weights": np.array([1.0, 3.0])}, {"weight": torch.tensor([1.0, 3.0])}),
    ],
)
def test_loss_is_smoothed_and_weighted_as_asked(settings, how):
    """Weighted classes make a weighted mean; smoothing spreads the target."""
    network = Bag()
    expected = float(mean_loss(network, BATCHES[0], **how).detach())
    state = read(make_learner(network, **settings), BATCHES[:1])
    assert float(state.loss_sum) == pytest.approx(2 * expected, rel=1e-6)


def test_epoch_goes_on_behind_the_batches_that_were_read():
    """A resumed epoch reads what is left of it."""
    learner = make_learner(Bag())
    state = TrainingState(torch.zeros(()), {}, n_batches=1, n_seen=2)
    steps = []
    learner.read_epoch(ENCODED, TARGETS, BATCHES, state, None, steps.append)
    assert (state.n_batches, state.n_seen, steps) == (2, 4, [1])


def test_epoch_ends_when_the_time_is_up():
    """The state says that it is over, so that no epoch follows."""
    learner = make_learner(Bag(), time_limit_s=1.0)
    learner.schedule.resume(1, 2.0)
    state = read(learner, BATCHES)
    assert (state.is_over, state.n_batches) == (True, 0)
