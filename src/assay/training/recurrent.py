"""The network of `compact`: tokens, an LSTM read in both directions, the maximum over time, one affine layer.

The maximum may be taken over the words' own vectors too: among many classes a single word often
decides.

Torch's LSTM runs through oneDNN on the CPU and its GRU does not, which makes the LSTM several times
faster. The backward direction runs over texts reversed within their own length, so that padding
never enters it: the same as ONNX's `sequence_lens`, without packed sequences, which leave the fast
path.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from assay.training.dropout import thin_dropout
from assay.training.side_by_side import Branch, compute_both

__all__ = ["CompactNetwork"]

EMBEDDING_STD = (
    0.1  # torch's default of 1.0 cost 7 points of accuracy on tweets in the same three epochs
)
MASKED = -1e4  # below every LSTM output (they lie in -1..1)
LARGEST = 127  # of 8 bits, with a sign
SCALE_STEPS = (
    1 << 11
)  # between a power of two and the next: times `LARGEST`, still exact in float32


class CompactNetwork(nn.Module):
    """Token ids to logits.

    Parameters
    ----------
    n_tokens : int
        Size of the vocabulary.
    n_classes : int
    embedding_size, hidden_size : int
        Width of the embedding, and of the LSTM in each direction.
    dropout : float
        On embeddings and on the pooled vector.
    token_dropout : float
        Share of the tokens that training replaces by the unknown token.
    pad_id, unknown_id : int
    pools_words : bool
        Whether the last layer sees the maximum of the words' vectors too, not only of what the LSTM
        makes of them.
    """

    def __init__(
        self,
        *,
        n_tokens: int,
        n_classes: int,
        embedding_size: int,
        hidden_size: int,
        dropout: float,
        token_dropout: float,
        pad_id: int,
        unknown_id: int,
        pools_words: bool = False,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_tokens, embedding_size, padding_idx=pad_id)
        nn.init.normal_(self.embedding.weight, std=EMBEDDING_STD)
        self.forward_lstm = nn.LSTM(embedding_size, hidden_size)
        self.backward_lstm = nn.LSTM(embedding_size, hidden_size)
        self.output = nn.Linear(pools_words * embedding_size + 2 * hidden_size, n_classes)
        self.dropout = dropout
        self.token_dropout = token_dropout
        self.unknown_id = unknown_id
        self.pools_words = pools_words

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return logits (B, n_classes) for ids and mask (B, T), both int64; each text has at least one token."""
        # Time comes first from here on, as oneDNN's LSTM has it: else it copies what goes in and
        # out at every step.
        input_ids, lengths = input_ids.t(), attention_mask.sum(dim=1)
        n_steps, n_texts = input_ids.shape
        if self.training and self.token_dropout:
            dropped = torch.rand(input_ids.shape, device=input_ids.device) < self.token_dropout
            input_ids = input_ids.masked_fill(dropped, self.unknown_id)
        vectors = self._drop(self.embedding(input_ids))  # (T, B, D)
        steps = torch.arange(n_steps, device=input_ids.device).unsqueeze(1)
        # Added, not filled in: torch takes seven times as long to fill in where a mask says.
        padding = ((steps >= lengths) * MASKED).unsqueeze(2)

        def read_ahead(vectors: Tensor) -> Tensor:
            states, _ = self.forward_lstm(vectors)
            ahead = _maximum(states + padding)
            return (
                torch.cat([_maximum(vectors + padding), ahead], dim=1)
                if self.pools_words
                else ahead
            )

        def read_back(vectors: Tensor) -> Tensor:
            reversal = torch.where(steps < lengths, lengths - 1 - steps, steps)  # (T, B)
            rows = reversal * n_texts + torch.arange(n_texts, device=steps.device)
            states, _ = self.backward_lstm(_reversed(vectors, rows))
            return _maximum(
                states + padding
            )  # which does not ask where it came from: nothing is turned back

        # The direction that the other thread reads begins a little later, and has a little less to
        # do.
        back, ahead = compute_both(
            Branch(read_back, list(self.backward_lstm.parameters())),
            Branch(read_ahead, list(self.forward_lstm.parameters())),
            vectors,
        )
        logits: Tensor = self.output(self._drop(torch.cat([ahead, back], dim=1)))
        return logits

    def pack_embedding(self) -> tuple[Tensor, Tensor]:
        """Return the embedding in 8 bits, int8 of its shape, and the scale of each column, float32 of shape (D,).

        The scales have few enough bits that packing what was unpacked gives the same again, to the
        bit.
        """
        weights = self.embedding.weight.detach()
        mantissa, exponent = torch.frexp(weights.abs().amax(dim=0) / LARGEST)
        scales = torch.ldexp(torch.ceil(mantissa * SCALE_STEPS) / SCALE_STEPS, exponent)
        scales = torch.where(scales == 0, 1.0, scales)  # a column of zeros
        return torch.round(weights / scales).to(torch.int8), scales

    def round_embedding(self) -> None:
        """Round the embedding to 8 bits, in place: it is most of what a saved model holds."""
        packed, scales = self.pack_embedding()
        with torch.no_grad():
            self.embedding.weight.copy_(packed * scales)

    def _drop(self, values: Tensor) -> Tensor:
        return thin_dropout(values, self.dropout) if self.training else values


class _Maximum(torch.autograd.Function):
    """The maximum over the first dimension; what is equal to it shares its gradient, as in torch's `amax`.

    That one compares to booleans, which torch turns into numbers one by one: a quarter of its time
    on a CPU.
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        largest = values.amax(dim=0)
        ctx.save_for_backward(values, largest)
        return largest

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        values, largest = ctx.saved_tensors
        is_largest = torch.eq(values, largest, out=torch.empty_like(values))
        return is_largest.mul_(gradient / is_largest.sum(dim=0))


class _Reversed(torch.autograd.Function):
    """Vectors (T, B, D) of which each text is turned round; `rows` (T, B) says where in (T * B, D) each is taken from.

    Turned round twice a text is as it was, and so is its gradient: no sums, which torch cannot
    know.
    """

    @staticmethod
    def forward(ctx: Any, vectors: Tensor, rows: Tensor) -> Tensor:
        ctx.save_for_backward(rows)
        return functional.embedding(rows, vectors.flatten(0, 1))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (rows,) = ctx.saved_tensors
        return functional.embedding(rows, gradient.flatten(0, 1)), None


def _maximum(values: Tensor) -> Tensor:
    maximum: Tensor = _Maximum.apply(values)  # type: ignore[no-untyped-call]
    return maximum


def _reversed(vectors: Tensor, rows: Tensor) -> Tensor:
    turned: Tensor = _Reversed.apply(vectors, rows)  # type: ignore[no-untyped-call]
    return turned
