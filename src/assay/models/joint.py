"""N-grams beside the network of `compact`: one knows rare words, the other what words are together.

The logits of both are added, label by label, in units of how far each spreads: that is better than
either on comments with several emotions. Measured: dev/LOG.md, "The network and n-grams together".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assay.models.piece_ngrams import PieceNgrams
from assay.models.spelling import Spelling
from assay.tokenization.batches import EncodedTexts

__all__ = ["NgramsBeside", "weigh_ngrams"]

# How much of the sum may be the n-grams'; nothing leaves the network alone.
SHARES = (0.0, 0.3, 0.5, 0.7)
TINY = 1e-6


@dataclass(frozen=True)
class NgramsBeside:
    """N-grams whose margins are added to the logits of a network.

    Parameters
    ----------
    ngrams : PieceNgrams
    spelling : Spelling
        Writes the tokens of the network in the pieces of the n-grams.
    network_scale, ngram_scale : float64 arrays of shape (n_classes,)
        What the logits of the network and the margins of the n-grams are multiplied by.
    """

    ngrams: PieceNgrams
    spelling: Spelling
    network_scale: np.ndarray
    ngram_scale: np.ndarray

    def margins(self, encoded: EncodedTexts) -> np.ndarray:
        """Return the margins of the n-grams, float64 of shape (n_texts, n_classes)."""
        return self.ngrams.logits(self.spelling.spell(encoded))

    def add(self, logits: np.ndarray, encoded: EncodedTexts) -> np.ndarray:
        """Return the sum for texts of which the network has these logits."""
        joined: np.ndarray = logits * self.network_scale + self.margins(encoded) * self.ngram_scale
        return joined


def weigh_ngrams(
    ngrams: PieceNgrams,
    spelling: Spelling,
    logits: np.ndarray,
    encoded: EncodedTexts,
    judge: Callable[[np.ndarray], float],
) -> NgramsBeside | None:
    """Return the n-grams with the share of the sum that is best on validation; None if that is 0.

    Parameters
    ----------
    ngrams : PieceNgrams
    spelling : Spelling
    logits : array of shape (n_texts, n_classes)
        What the network says of the texts of validation.
    encoded : EncodedTexts
        These texts, in the tokens of the network.
    judge : callable
        How good joined logits of these texts are. Of shares that are equally good, the smallest is
        taken.
    """
    margins = ngrams.logits(spelling.spell(encoded))
    found: list[tuple[float, NgramsBeside | None]] = []
    for share in SHARES:
        network_scale = (1 - share) / np.maximum(logits.std(axis=0), TINY)
        ngram_scale = share / np.maximum(margins.std(axis=0), TINY)
        joined = logits * network_scale + margins * ngram_scale
        beside = NgramsBeside(ngrams, spelling, network_scale, ngram_scale)
        found.append((judge(joined), beside if share else None))
    return max(found, key=lambda one: one[0])[1]
