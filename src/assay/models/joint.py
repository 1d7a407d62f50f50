"""N-grams beside the network of `compact`: one knows rare words, the other what words are together.

The logits of both are added in units of how far each spreads: that is better than either on
comments with several emotions, on questions of 77 kinds, and on headlines. Where texts have one
label each, the classes are compared with each other, so that they share one unit; several labels
have one each. How much of the sum is whose is chosen on validation; the models of folds, and the
one that they judge, have none and take the same fixed share. Measured: dev/LOG.md, "The network and
n-grams together", "A fixed share" and "N-grams beside the network, one label per text".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from assay.data.labels import Task
from assay.models.piece_ngrams import PieceNgrams
from assay.models.spelling import Spelling
from assay.tokenization.batches import EncodedTexts

__all__ = ["NgramsBeside", "add_ngrams", "weigh_ngrams"]

# How much of the sum may be the n-grams'; nothing leaves the network alone.
SHARES = (0.0, 0.3, 0.5, 0.7)
FIXED_SHARE: dict[Task, float] = {"single": 0.6, "multi": 0.7}  # where there is no validation
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


def add_ngrams(
    ngrams: PieceNgrams,
    spelling: Spelling,
    logits: np.ndarray,
    encoded: EncodedTexts,
    *,
    task: Task,
) -> NgramsBeside:
    """Return the n-grams with a fixed share of the sum, in units of how far both spread on texts.

    On these texts the sum spreads about as the network's logits do and, of several labels, has
    their means: its scores make sense before they are calibrated, too.

    Parameters
    ----------
    ngrams : PieceNgrams
    spelling : Spelling
    logits : array of shape (n_texts, n_classes)
        What the network says of the texts.
    encoded : EncodedTexts
        These texts, in the tokens of the network.
    task : {"single", "multi"}
    """
    margins = ngrams.logits(spelling.spell(encoded))
    unit = logits.std(axis=0).mean()
    scales = _scales(logits, margins, FIXED_SHARE[task], task)
    network_scale, ngram_scale = (unit * scale for scale in scales)
    if task == "multi":
        joined = logits * network_scale + margins * ngram_scale
        missing = (logits - joined).mean(axis=0) / ngram_scale
        ngrams = replace(ngrams, bias=ngrams.bias + missing)
    return NgramsBeside(ngrams, spelling, network_scale, ngram_scale)


def weigh_ngrams(
    ngrams: PieceNgrams,
    spelling: Spelling,
    logits: np.ndarray,
    encoded: EncodedTexts,
    judge: Callable[[np.ndarray], float],
    *,
    task: Task,
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
    task : {"single", "multi"}
    """
    margins = ngrams.logits(spelling.spell(encoded))
    found: list[tuple[float, NgramsBeside | None]] = []
    for share in SHARES:
        network_scale, ngram_scale = _scales(logits, margins, share, task)
        joined = logits * network_scale + margins * ngram_scale
        beside = NgramsBeside(ngrams, spelling, network_scale, ngram_scale)
        found.append((judge(joined), beside if share else None))
    return max(found, key=lambda one: one[0])[1]


def _scales(
    logits: np.ndarray, margins: np.ndarray, share: float, task: Task
) -> tuple[np.ndarray, np.ndarray]:
    """Return what logits and margins of each label are multiplied by."""
    return (1 - share) / _spread(logits, task), share / _spread(margins, task)


def _spread(values: np.ndarray, task: Task) -> np.ndarray:
    """Return how far the values of each label spread; with one label per text, those of all."""
    found = values.std(axis=0)
    if task == "single":
        found = np.full(values.shape[1], values.std())
    spread: np.ndarray = np.maximum(found, TINY)
    return spread
