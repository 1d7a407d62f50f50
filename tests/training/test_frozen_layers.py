"""A BERT that is cut behind its frozen layers: the scores and gradients of transformers."""

import numpy as np
import pytest
import torch
import transformers

from _support.small_models import small_data, small_estimator
from assay.checkpoints.torch_state import quiet_transformers
from assay.errors import InputError
from assay.training.first_token import skip_unread_tokens
from assay.training.frozen_layers import FrozenLayers, can_freeze

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


@pytest.mark.parametrize("skips", [False, True], ids=["whole", "first token"])
@pytest.mark.parametrize("padded", [False, True], ids=["unpadded", "padded"])
@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_logits_and_gradients_are_those_of_transformers(tiny_bert, padded, training, skips):
    """With dropout off: logits and the gradients of the upper layers, with and without padding."""
    network = load(tiny_bert, **STILL).train(training)
    assert can_freeze(network)
    ids, mask = batch(padded=padded)
    expected = network(input_ids=ids, attention_mask=mask).logits
    expected.pow(2).sum().backward()
    gradients = {name: value.grad for name, value in network.named_parameters()}
    network.zero_grad()
    if skips:
        assert skip_unread_tokens(network)

    frozen = FrozenLayers(network, n_frozen=1)
    logits = frozen(ids, mask)
    logits.pow(2).sum().backward()
    torch.testing.assert_close(logits, expected, atol=1e-6, rtol=1e-5)
    for name, value in network.named_parameters():
        if value.requires_grad:
            torch.testing.assert_close(value.grad, gradients[name], atol=1e-6, rtol=1e-4)
        else:
            assert value.grad is None


def test_states_stand_for_the_ids_that_they_were_made_of(tiny_bert):
    """What the frozen layers made of a text may be given in place of it."""
    frozen = FrozenLayers(load(tiny_bert).eval(), n_frozen=1)
    ids, mask = batch(padded=True)
    states = frozen.read_lower(ids, mask)
    assert not states.requires_grad
    assert torch.equal(frozen(states, mask), frozen(ids, mask))


def test_frozen_layers_drop_nothing_in_training(tiny_bert):
    """Two passes in training mode differ by the dropout of the upper layers alone."""
    network = load(tiny_bert, hidden_dropout_prob=0.5).train()
    frozen = FrozenLayers(network, n_frozen=1)
    ids, mask = batch(padded=True)
    assert torch.equal(frozen.read_lower(ids, mask), frozen.read_lower(ids, mask))
    assert not torch.equal(frozen(ids, mask), frozen(ids, mask))


def test_dropout_is_drawn_on_the_device_of_the_network(tiny_bert):
    """Nothing is drawn on the CPU for a network elsewhere: other devices would refuse to mix."""
    network = load(tiny_bert, hidden_dropout_prob=0.5).train().to("meta")
    ids, mask = batch(padded=True)
    logits = FrozenLayers(network, n_frozen=1)(ids.to("meta"), mask.to("meta"))
    assert logits.device.type == "meta"


def test_other_kinds_are_left_to_transformers(tiny_distilbert, tiny_roberta):
    """Networks that are put together otherwise are not touched."""
    assert not can_freeze(load(tiny_distilbert))
    assert not can_freeze(load(tiny_roberta))


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
    with pytest.raises(InputError, match="precision is 'half'; float32 and bfloat16 are accepted"):
        small_estimator("finetune", tiny_bert, precision="half").fit(TEXTS, LABELS)


@pytest.mark.parametrize("is_fast", [True, False])
def test_bfloat16_is_the_default_where_it_is_fast(tiny_bert, monkeypatch, is_fast):
    """Who asks for a precision gets it; the model says which one it was."""
    monkeypatch.setattr("assay.training.precision.multiplies_bfloat16", lambda device: is_fast)
    default = "bfloat16" if is_fast else "float32"
    for asked, expected in ((None, default), ("float32", "float32")):
        fitted = small_estimator("finetune", tiny_bert, n_epochs=1, precision=asked).fit(
            TEXTS, LABELS
        )
        assert fitted.precision_ == expected


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
