"""What is left out of a BERT classifier changes neither its scores nor its gradients."""

import numpy as np
import pytest
import torch
import transformers

from _support.small_models import small_data, small_estimator
from assay.checkpoints.torch_state import quiet_transformers
from assay.errors import InputError
from assay.training.dropout import thin_dropout
from assay.training.fast_bert import LeanBert, can_be_lean

TEXTS, LABELS = small_data(40)


def load(folder, **config):
    """Load a small checkpoint with a seeded head."""
    torch.manual_seed(0)
    with quiet_transformers():
        return transformers.AutoModelForSequenceClassification.from_pretrained(
            folder, num_labels=3, **config
        )


def batch(*, padded):
    """Return ids and mask of three texts."""
    ids = torch.randint(5, 60, (3, 7), generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(ids)
    if padded:
        mask[1, 4:] = 0
        mask[2, 2:] = 0
    return ids, mask


STILL = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


@pytest.mark.parametrize("padded", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_logits_and_gradients_are_those_of_transformers(tiny_bert, padded, training):
    """With dropout off: logits and every gradient to rounding, with and without padding."""
    network = load(tiny_bert, **STILL).train(training)
    assert can_be_lean(network)
    ids, mask = batch(padded=padded)
    found = {}
    for name, forward in (
        ("stock", lambda i, m: network(input_ids=i, attention_mask=m).logits),
        ("lean", LeanBert(network)),
    ):
        network.zero_grad()
        logits = forward(ids, mask)
        logits.pow(2).sum().backward()
        grads = {key: value.grad.clone() for key, value in network.named_parameters()}
        found[name] = (logits.detach(), grads)
    torch.testing.assert_close(found["lean"][0], found["stock"][0], atol=1e-6, rtol=1e-5)
    for key, grad in found["stock"][1].items():
        torch.testing.assert_close(found["lean"][1][key], grad, atol=1e-6, rtol=1e-4)


def test_attention_with_dropout_is_the_same_attention(tiny_bert):
    """Dropout so rare that it drops nothing: the path that training takes gives the logits of evaluation."""
    network = load(tiny_bert, hidden_dropout_prob=0.0, attention_probs_dropout_prob=1e-9)
    ids, mask = batch(padded=True)
    lean = LeanBert(network)
    still = lean(ids, mask)
    network.train()
    torch.testing.assert_close(lean(ids, mask), still, atol=1e-6, rtol=1e-5)


def test_other_kinds_are_left_to_transformers(tiny_distilbert, tiny_roberta):
    """Networks that are put together otherwise are not touched."""
    assert not can_be_lean(load(tiny_distilbert))
    assert not can_be_lean(load(tiny_roberta))


def test_dropout_drops_its_share():
    """A share p is zero, the rest is divided by 1 - p, and the gradient has the same zeros; seeded."""
    x = torch.ones(300, 333, requires_grad=True)
    torch.manual_seed(1)
    y = thin_dropout(x, 0.1)
    y.sum().backward()
    kept = y.detach() != 0
    assert float((~kept).float().mean()) == pytest.approx(0.1, abs=0.005)
    np.testing.assert_allclose(y.detach()[kept], 1 / 0.9, rtol=1e-4)
    assert torch.equal(x.grad, y.detach())
    torch.manual_seed(1)
    assert torch.equal(thin_dropout(x, 0.1), y)
    assert thin_dropout(x, 0.0) is x
    columns = (~kept).float().mean(dim=0)
    assert float(columns.min()) > 0.02
    assert float(columns.max()) < 0.2


def test_frozen_layers_keep_their_weights(tiny_bert):
    """The embeddings and the lowest layer stay as they were; the upper layer and the head learn."""
    estimator = small_estimator("finetune", tiny_bert, n_epochs=1, frozen_layers=1).fit(
        TEXTS, LABELS
    )
    before = load(tiny_bert).bert.state_dict()
    moved = {
        name
        for name, value in estimator.network_.bert.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert any(name.startswith("encoder.layer.1.") for name in moved)
    assert not any(name.startswith(("embeddings.", "encoder.layer.0.")) for name in moved)


@pytest.mark.parametrize("n", [-1, 2])
def test_impossible_number_of_frozen_layers_is_refused(tiny_bert, n):
    """One layer at least has to learn."""
    with pytest.raises(
        InputError, match=rf"frozen_layers is {n}; 0 to 1 is accepted: one layer has to learn"
    ):
        small_estimator("finetune", tiny_bert, frozen_layers=n).fit(TEXTS, LABELS)


def test_frozen_layers_of_another_kind_are_refused(tiny_distilbert):
    """What cannot be done is said, not left undone."""
    with pytest.raises(
        InputError, match="frozen_layers is 1; 0 is accepted for checkpoints of the kind distilbert"
    ):
        small_estimator("finetune", tiny_distilbert, frozen_layers=1).fit(TEXTS, LABELS)


def test_bfloat16_trains_what_is_saved_in_float32(tiny_bert):
    """Autocast reaches the arithmetic and not the weights, and the losses stay close to those of float32."""
    fits = {
        precision: small_estimator("finetune", tiny_bert, n_epochs=2, precision=precision).fit(
            TEXTS, LABELS
        )
        for precision in ("float32", "bfloat16")
    }
    losses = {
        precision: [entry["train_loss"] for entry in fit.history_]
        for precision, fit in fits.items()
    }
    assert losses["float32"] != losses["bfloat16"]
    np.testing.assert_allclose(losses["bfloat16"], losses["float32"], rtol=0.05)
    assert {p.dtype for p in fits["bfloat16"].network_.parameters()} == {torch.float32}
    with pytest.raises(InputError, match="precision is half; float32 and bfloat16 is accepted"):
        small_estimator("finetune", tiny_bert, precision="half").fit(TEXTS, LABELS)


@pytest.mark.gpu
def test_gpu_trains_to_the_same_accuracy(tiny_bert):
    """bfloat16, pinned batches and the fused optimiser on a GPU learn what the CPU learns."""
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    estimator = small_estimator("finetune", tiny_bert, n_epochs=8, learning_rate=2e-3).fit(
        TEXTS, LABELS
    )
    assert next(estimator.network_.parameters()).is_cuda
    assert estimator.score(TEXTS, LABELS) > 0.9
