"""What a network is trained for: losses against torch's own, and by which score an epoch is kept."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from assay.errors import ModelError
from assay.training.objectives import OBJECTIVES, start_bias

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(6, 4)).astype(np.float32)
INDICATOR = (RNG.random((6, 4)) < 0.4).astype(np.int64)
ONE, SEVERAL = OBJECTIVES["single"], OBJECTIVES["multi"]


def loss_of(objective, targets, *, weights=None, smoothing=0.0, reduction="mean"):
    """Return the loss of all texts."""
    return objective.loss(
        torch.from_numpy(LOGITS),
        objective.as_tensor(targets),
        weights=weights,
        smoothing=smoothing,
        reduction=reduction,
    )


def test_losses_are_those_of_torch():
    """Cross-entropy of one class, binary cross-entropy of each label."""
    ids = np.array([0, 1, 2, 3, 0, 1])
    expected = functional.cross_entropy(torch.from_numpy(LOGITS), torch.from_numpy(ids))
    torch.testing.assert_close(loss_of(ONE, ids), expected)
    weights = torch.tensor([1.0, 2.0, 3.0, 4.0])
    expected = nn.BCEWithLogitsLoss(pos_weight=weights)(
        torch.from_numpy(LOGITS), torch.from_numpy(INDICATOR).float()
    )
    torch.testing.assert_close(loss_of(SEVERAL, INDICATOR, weights=weights), expected)


@pytest.mark.parametrize("weights", [None, torch.tensor([1.0, 2.0, 3.0, 4.0])])
@pytest.mark.parametrize(
    ("objective", "targets"), [(ONE, np.array([0, 1, 2, 3, 0, 1])), (SEVERAL, INDICATOR)]
)
def test_sum_over_the_total_weight_is_the_mean(objective, targets, weights):
    """So that processes that share a batch add up to what one computes."""
    total = loss_of(objective, targets, weights=weights, reduction="sum")
    share = total / objective.total_weight(objective.as_tensor(targets), weights)
    torch.testing.assert_close(share, loss_of(objective, targets, weights=weights))


def test_smoothing_spreads_the_labels_that_a_text_has():
    """With one label per text it is the smoothing of one class; without any nothing is spread."""
    targets = np.array([[0, 1, 0, 0], [0, 0, 0, 0]] * 3)
    found = loss_of(SEVERAL, targets, smoothing=0.2)
    smoothed = torch.tensor([[0.05, 0.85, 0.05, 0.05], [0.0] * 4] * 3)
    expected = functional.binary_cross_entropy_with_logits(torch.from_numpy(LOGITS), smoothed)
    torch.testing.assert_close(found, expected)


def test_training_begins_with_how_frequent_labels_are():
    """The untrained network gives each text the shares of the labels; one class is left to chance."""
    layer = nn.Linear(3, 4)
    start_bias(layer, INDICATOR, task="multi")
    shares = (INDICATOR.sum(axis=0) + 0.5) / (len(INDICATOR) + 1)
    torch.testing.assert_close(torch.sigmoid(layer.bias), torch.from_numpy(shares).float())
    before = layer.bias.detach().clone()
    start_bias(layer, np.array([0, 1, 2, 3]), task="single")
    assert torch.equal(layer.bias, before)
    with pytest.raises(ModelError, match="has no bias, which several labels per text need"):
        start_bias(nn.Linear(3, 4, bias=False), INDICATOR, task="multi")


def test_epochs_are_judged():
    """Good logits have a low loss and the highest score that there is."""
    good = 8.0 * (2 * INDICATOR - 1)
    found = SEVERAL.judge(good, INDICATOR)
    has_texts = INDICATOR.any(axis=0).mean()
    assert found[SEVERAL.chosen_by] == pytest.approx(has_texts)
    assert found["validation_loss"] == pytest.approx(np.log1p(np.exp(-8.0)))
    assert SEVERAL.judge(-good, INDICATOR)["validation_loss"] > 7
    ids = np.array([0, 1, 2, 3, 0, 1])
    assert ONE.judge(9.0 * np.eye(4)[ids], ids)[ONE.chosen_by] == 1.0


def test_scores_are_alike_in_torch_and_numpy():
    """Softmax over classes, or the logistic function of each label."""
    for objective in (ONE, SEVERAL):
        found = objective.activate(torch.from_numpy(LOGITS)).numpy()
        np.testing.assert_allclose(found, objective.probs(LOGITS), rtol=1e-5)
