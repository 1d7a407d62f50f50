"""Recorded steps: which shapes are recorded, what is never recorded, and the same numbers on a GPU."""

import numpy as np
import pytest
import torch
import transformers

from assay.tokenization.batches import EncodedTexts
from assay.training import learner
from assay.training.context import FitContext
from assay.training.graphed_steps import N_PLAIN_STEPS, GraphedSteps, can_record, padded_width
from assay.training.loop import TrainingConfig, seeded, train_network
from assay.training.processes import ALONE

PAD_ID = 9


def small_bert():
    """Return a BERT of two layers without dropout."""
    config = transformers.BertConfig(
        vocab_size=40,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    return transformers.BertForSequenceClassification(config)


def test_padded_widths_are_few_and_not_much_wider():
    """A batch is never cut, and is padded by less than a third above 24 tokens."""
    widths = {n_tokens: padded_width(n_tokens) for n_tokens in range(1, 513)}
    assert all(n_tokens <= width for n_tokens, width in widths.items())
    assert all(width < n * 4 / 3 for n, width in widths.items() if n > 24)
    assert len(set(widths.values())) == 24


def test_steps_are_not_recorded_without_a_gpu_or_for_unknown_transformers():
    """Only transformers that were tried are recorded, and only on a CUDA device."""
    network = small_bert()
    assert not can_record(network, torch.device("cpu"), ALONE)
    assert can_record(network, torch.device("cuda"), ALONE)
    network.config.model_type = "longformer"
    assert not can_record(network, torch.device("cuda"), ALONE)
    assert not can_record(torch.nn.Linear(2, 2), torch.device("cuda"), ALONE)


def test_first_steps_are_plain_and_padded():
    """Until a shape is recorded the plain step is taken, with the batch padded to its width."""
    seen = []

    def plain(input_ids, attention_mask, targets):
        seen.append((input_ids.tolist(), attention_mask.tolist(), targets.tolist()))
        return torch.tensor(len(seen))

    steps = GraphedSteps(plain, pad_id=PAD_ID)
    for n_tokens in range(2, 2 + N_PLAIN_STEPS):
        ids = torch.full((1, n_tokens), 3)
        steps(ids, torch.ones_like(ids), torch.tensor([1]))
    ids, mask, targets = seen[0]
    assert len(seen) == N_PLAIN_STEPS
    assert ids == [[3, 3, *[PAD_ID] * 6]]
    assert mask == [[1, 1, 0, 0, 0, 0, 0, 0]]
    assert targets == [1]
    assert not steps.recordings


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_recorded_steps_train_like_plain_ones(monkeypatch):
    """Losses of both agree to float32's last digits, where nothing is drawn at random."""
    rng = np.random.default_rng(0)
    rows = [rng.integers(1, 40, size=rng.integers(3, 30)).tolist() for _ in range(200)]
    train = EncodedTexts.from_lists(rows), np.array([row[0] % 2 for row in rows])
    config = TrainingConfig(
        name="test",
        n_epochs=4,
        batch_size=8,
        learning_rate=1e-3,
        weight_decay=0.01,
        warmup_fraction=0.1,
        label_smoothing=0.0,
        max_gradient_norm=1.0,
        seed=0,
    )

    def losses():
        with seeded(0):
            network = small_bert().to("cuda")

        def forward(input_ids, attention_mask):
            return network(input_ids=input_ids, attention_mask=attention_mask).logits

        history = train_network(
            network, forward, train, None, pad_id=0, config=config, context=FitContext()
        )
        return [entry["train_loss"] for entry in history]

    recorded = losses()
    monkeypatch.setattr(learner, "can_record", lambda *_: False)
    np.testing.assert_allclose(recorded, losses(), rtol=1e-4)
