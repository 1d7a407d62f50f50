"""How the tokens of a network are written in smaller pieces, whose n-grams are counted beside it.

A saved model has one tokenizer. What its n-grams read follows from the tokens of that one: each is
written in a few small pieces, one after another. Where the tokens are byte-pair pieces of the same
texts, these are exactly the pieces that a tokenizer of so few would give, since joining pairs goes
from the first to the last that was learnt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from assay.tokenization.batches import EncodedTexts
from assay.tokenization.subwords import SubwordTokenizer
from assay.tokenization.vocabulary import END, PAD, UNKNOWN, find_beginnings, learn_tokenizer

__all__ = ["Spelling", "learn_spelling"]

MOST_PIECES = 16  # of one token; what a longer one has beyond them is not read
NOTHING = -1


@dataclass(frozen=True)
class Spelling:
    """The small pieces of each token.

    Parameters
    ----------
    pieces : int32 array of shape (n_tokens, longest)
        ``NOTHING`` after the last piece of a token.
    begins : bool array of shape (n_pieces,)
        Whether a word begins with the piece.
    """

    pieces: np.ndarray
    begins: np.ndarray

    @cached_property
    def _n_pieces(self) -> np.ndarray:
        counts: np.ndarray = (self.pieces != NOTHING).sum(axis=1)
        return counts

    def spell(self, encoded: EncodedTexts) -> EncodedTexts:
        """Return the small pieces of texts that are encoded in tokens."""
        rows = self.pieces[encoded.ids]
        ends = np.concatenate([[0], np.cumsum(self._n_pieces[encoded.ids])])
        return EncodedTexts(rows[rows != NOTHING], ends[encoded.offsets])


def learn_spelling(texts: Sequence[str], tokenizer: SubwordTokenizer, *, n_pieces: int) -> Spelling:
    """Learn small pieces from texts, and write each token of a tokenizer in them.

    Parameters
    ----------
    texts : sequence of str
        Those that the tokenizer was learnt from.
    tokenizer : SubwordTokenizer
        As `learn_tokenizer` learns it.
    n_pieces : int
        Most pieces, as long as there are no more characters.
    """
    small = learn_tokenizer(texts, vocabulary_size=n_pieces, whole_words=False)
    spellings: list[list[int]] = [[]] * tokenizer.vocabulary_size
    for token, token_id in tokenizer.tokenizer.get_vocab().items():
        if token in (UNKNOWN, END):
            spellings[token_id] = [int(small.token_to_id(token) or 0)]
        elif token != PAD and tokenizer.kind == "words":
            spellings[token_id] = small.encode(token, add_special_tokens=False).ids
        elif token != PAD:
            spellings[token_id] = [piece.id for piece in small.model.tokenize(token)]
    longest = min(MOST_PIECES, max(map(len, spellings)))
    pieces = np.full((len(spellings), longest), NOTHING, dtype=np.int32)
    for row, spelling in zip(pieces, spellings, strict=True):
        kept = spelling[:longest]
        row[: len(kept)] = kept
    return Spelling(pieces, find_beginnings(small))
