"""The network of `compact`.

An embedding, an LSTM in both directions, max-pooling, one affine layer.

The pooling may include the words' own vectors: with many classes a single word often decides.

Torch's LSTM runs through oneDNN on the CPU and its GRU does not, which makes the LSTM several times
faster. The backward direction runs over texts reversed within their own length, so that padding
never enters it. This is what ONNX's `sequence_lens` does. Packed sequences do it too, but leave the
fast path.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from assay.training.side_by_side import Branch, compute_both

__all__ = ["CompactNetwork"]

# torch's default of 1.0 cost 7 points of accuracy on tweets in the same three epochs
EMBEDDING_STD = 0.1
MASKED = -1e4  # below every output of an LSTM, which are between -1 and 1
LARGEST = 127  # largest signed number of 8 bits
# Scales have this many steps between a power of two and the next, so that a scale times `LARGEST`
# is exact in float32
SCALE_STEPS = 1 << 11


class CompactNetwork(nn.Module):
    """Token ids to logits.

    Parameters
    ----------
    n_tokens : int
        Size of the vocabulary.
    n_classes : int
    embedding_size, hidden_size : int
        Width of the embedding, and units of the LSTM in each direction.
    dropout : float
        Dropout of the embeddings and of the pooled vector.
    token_dropout : float
        Fraction of the tokens that training replaces by the unknown token.
    pad_id, unknown_id : int
    pools_words : bool
        Whether the last layer also reads the maximum of the words' vectors.
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
        """Return logits of shape (B, n_classes). B, T, D: texts, tokens, width.

        Parameters
        ----------
        input_ids, attention_mask : int64 tensors of shape (B, T)
            Each text has at least one token.
        """
        # Time comes first, as in oneDNN's LSTM, which would otherwise copy input and output.
        input_ids, lengths = input_ids.t(), attention_mask.sum(dim=1)
        if self.training and self.token_dropout:
            dropped = torch.rand(input_ids.shape, device=input_ids.device) < self.token_dropout
            input_ids = input_ids.masked_fill(dropped, self.unknown_id)
        vectors = self._drop(self.embedding(input_ids))  # (T, B, D)
        steps = torch.arange(len(input_ids), device=input_ids.device).unsqueeze(1)
        padding = ((steps >= lengths) * MASKED).unsqueeze(2)  # added: the maximum ignores it

        def read_forwards(vectors: Tensor) -> Tensor:
            states, _ = self.forward_lstm(vectors)
            pooled = (states + padding).amax(dim=0)
            if not self.pools_words:
                return pooled
            words = (vectors + padding).amax(dim=0)
            return torch.cat([words, pooled], dim=1)

        def read_backwards(vectors: Tensor) -> Tensor:
            # Where each step is read from. A text of 3 tokens in a batch of 5: 2 1 0 3 4
            source = torch.where(steps < lengths, lengths - 1 - steps, steps)  # (T, B)
            reversed_texts = vectors.gather(0, source.unsqueeze(2).expand_as(vectors))
            states, _ = self.backward_lstm(reversed_texts)
            # The maximum does not depend on the order, so the states stay reversed
            return (states + padding).amax(dim=0)

        # The branch of the second thread starts a little later, and has a little less to do
        backwards, forwards = compute_both(
            Branch(read_backwards, list(self.backward_lstm.parameters())),
            Branch(read_forwards, list(self.forward_lstm.parameters())),
            vectors,
        )
        logits: Tensor = self.output(self._drop(torch.cat([forwards, backwards], dim=1)))
        return logits

    def pack_embedding(self) -> tuple[Tensor, Tensor]:
        """Return the embedding in 8 bits and the scale of each column.

        The scales have so few bits that packing an unpacked embedding gives exactly the same again.

        Returns
        -------
        packed : int8 tensor of shape (n_tokens, D)
        scales : float32 tensor of shape (D,)
            ``packed * scales`` is the rounded embedding.
        """
        weights = self.embedding.weight.detach()
        mantissa, exponent = torch.frexp(weights.abs().amax(dim=0) / LARGEST)
        scales = torch.ldexp(torch.ceil(mantissa * SCALE_STEPS) / SCALE_STEPS, exponent)
        scales = torch.where(scales == 0, 1.0, scales)  # a column of zeros
        return torch.round(weights / scales).to(torch.int8), scales

    def round_embedding(self) -> None:
        """Round the embedding to 8 bits, in place: it is most of a saved model."""
        packed, scales = self.pack_embedding()
        with torch.no_grad():
            self.embedding.weight.copy_(packed * scales)

    def _drop(self, values: Tensor) -> Tensor:
        return functional.dropout(values, self.dropout, training=self.training)
