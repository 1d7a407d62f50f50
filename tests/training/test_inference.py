"""Texts through a network without learning: logits in row order, whatever shares a batch."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from assay.tokenization.batches import EncodedTexts
from assay.tokenization.window import Windows
from assay.training import inference
from assay.training.inference import make_batch, network_logits, read_long_texts
from assay.training.processes import Processes

PAD_ID = 0
ROWS = [[3], [1, 2, 3, 4], [5, 5], [2, 2, 2], [4]]
CPU = torch.device("cpu")


class SumOfTokens(nn.Module):
    """A network whose logits are the sum of a text's ids, and minus it; it sees its batches."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0, -1.0]))
        self.sizes = []

    def forward(self, input_ids, mask):
        """Return the logits of a batch."""
        self.sizes.append(tuple(input_ids.shape))
        return (input_ids * mask).sum(dim=1, keepdim=True) * self.weight


@dataclass(frozen=True)
class Recorded(Processes):
    """One of two processes; what it would add to the other's is kept as it is."""

    def sum_array(self, array, device):
        """Return what this process computed."""
        return array


@pytest.fixture
def small_batches(monkeypatch):
    """Let two texts share a batch."""
    monkeypatch.setattr(inference, "MAX_BATCH_TEXTS", 2)


def test_logits_come_back_in_row_order(small_batches):
    """Texts are sorted by length into batches; padding adds nothing; dropout is off."""
    network = SumOfTokens().train()
    logits = network_logits(network, network, EncodedTexts.from_lists(ROWS), pad_id=PAD_ID)
    assert logits.dtype == np.float64
    assert logits.tolist() == [[sum(row), -sum(row)] for row in ROWS]
    assert len(network.sizes) == 3
    assert not network.training


def test_processes_share_the_batches(small_batches):
    """Each computes other rows and leaves zeros for the rest: their sum is the whole."""
    network, encoded = SumOfTokens(), EncodedTexts.from_lists(ROWS)
    whole = network_logits(network, network, encoded, pad_id=PAD_ID)
    shares = [
        network_logits(network, network, encoded, pad_id=PAD_ID, processes=Recorded(rank, 2))
        for rank in range(2)
    ]
    assert sum(shares).tolist() == whole.tolist()
    assert not (shares[0].any(axis=1) & shares[1].any(axis=1)).any()


def test_process_without_a_batch_adds_nothing(small_batches):
    """It learns the shape of the result from the first batch, and leaves only zeros."""
    network, encoded = SumOfTokens(), EncodedTexts.from_lists(ROWS[:1])
    own = network_logits(network, network, encoded, pad_id=PAD_ID, processes=Recorded(1, 2))
    assert own.tolist() == [[0.0, 0.0]]


def test_batch_is_padded_to_its_longest_text():
    """The mask tells text from padding."""
    input_ids, mask = make_batch(
        EncodedTexts.from_lists(ROWS), np.array([2, 0]), pad_id=9, device=CPU
    )
    assert input_ids.tolist() == [[5, 5], [3, 9]]
    assert mask.tolist() == [[1, 1], [1, 0]]


def test_long_texts_are_cut_or_read_window_by_window():
    """The logits of a text are the mean over its windows; with several labels the highest of each."""

    class Tokenizer:
        def encode_texts(self, texts):
            return EncodedTexts.from_lists([[len(text)] for text in texts])

        def encode_windows(self, texts):
            pieces = [[len(piece)] for text in texts for piece in text.split("|")]
            n_pieces = np.array([text.count("|") + 1 for text in texts])
            starts = np.append(0, n_pieces.cumsum()[:-1])
            return Windows(EncodedTexts.from_lists(pieces), starts, np.ones(len(pieces)))

    def logits_of(encoded):
        return np.stack([encoded.ids, -encoded.ids], axis=1).astype(np.float64)

    texts = ["abc", "a|abc"]
    cut = read_long_texts(Tokenizer(), texts, logits_of, policy="truncate", task="multi")
    assert cut.tolist() == [[3, -3], [5, -5]]
    mean = read_long_texts(Tokenizer(), texts, logits_of, policy="window", task="single")
    assert mean.tolist() == [[3, -3], [2, -2]]
    highest = read_long_texts(Tokenizer(), texts, logits_of, policy="window", task="multi")
    assert highest.tolist() == [[3, -3], [3, -1]]
