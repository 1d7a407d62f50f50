"""Texts that are longer than a model reads: cut at the end, or read window by window.

A window has as many tokens as the model reads at most. Windows do not overlap: every token is read
once. The logits of a text are the mean of the logits of its windows, weighted by their tokens.
Where a text may have several labels, the logit of each label is the highest of all windows: a label
that one window shows is a label of the text. Measured: dev/LOG.md, "Windows of several labels".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from assay.errors import InputError, did_you_mean
from assay.tokenization.batches import EncodedTexts

__all__ = ["LONG_TEXTS", "Windows", "check_long_texts"]

LONG_TEXTS = ("truncate", "window")
# The smallest float32: a probability that a network rounds to zero still has a logarithm.
SMALLEST_PROB = 1e-45


def check_long_texts(policy: str) -> str:
    """Return the policy for long texts.

    Raises
    ------
    InputError
        It is neither ``truncate`` nor ``window``.
    """
    if policy not in LONG_TEXTS:
        meant = did_you_mean(str(policy), LONG_TEXTS)
        raise InputError(
            f"long texts: {policy!r} is not known; {' or '.join(LONG_TEXTS)} is accepted.{meant}"
        )
    return policy


@dataclass(frozen=True)
class Windows:
    """Texts as windows that a model can read whole.

    Parameters
    ----------
    encoded : EncodedTexts
        The windows, those of a text one after the other; a text has at least one.
    starts : int64 array of shape (n_texts,)
        The first window of each text.
    weights : float64 array of shape (n_windows,)
        Tokens of the text in each window, special tokens not counted; at least 1.
    """

    encoded: EncodedTexts
    starts: np.ndarray
    weights: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """How many windows each text has, int64 of shape (n_texts,)."""
        return np.diff(np.append(self.starts, len(self.encoded)))

    def join(self, logits: np.ndarray, *, task: Literal["single", "multi"]) -> np.ndarray:
        """Return the logits of each text from those of its windows, of shape (n_texts, n_classes).

        Parameters
        ----------
        logits : float array of shape (n_windows, n_classes)
        task : {"single", "multi"}
            Whether a text has one class, or any number of labels.
        """
        return self.mean(logits) if task == "single" else self.highest(logits)

    def highest(self, rows: np.ndarray) -> np.ndarray:
        """Return the highest of what was computed for the windows of each text, column by column.

        Parameters
        ----------
        rows : float array of shape (n_windows, n)

        Returns
        -------
        array of shape (n_texts, n), of the same dtype
        """
        if not len(self.starts):
            return rows[:0]
        highest: np.ndarray = np.maximum.reduceat(rows, self.starts, axis=0)
        return highest

    def mean(self, rows: np.ndarray) -> np.ndarray:
        """Average what was computed for each window over the windows of each text.

        Parameters
        ----------
        rows : float array of shape (n_windows, n)
            Logits, or features.

        Returns
        -------
        array of shape (n_texts, n), of the same dtype
            The unchanged row where a text has one window.
        """
        means: np.ndarray = rows[self.starts]
        several = np.flatnonzero(self.counts > 1)
        if several.size:
            weighted = np.add.reduceat(
                rows.astype(np.float64) * self.weights[:, None], self.starts, axis=0
            )
            total = np.add.reduceat(self.weights, self.starts)
            means[several] = weighted[several] / total[several, None]
        return means

    def mean_probs(self, probs: np.ndarray) -> np.ndarray:
        """Return probabilities of the mean logits, from the probabilities of each window.

        The logits of a window are the logarithms of its probabilities plus a constant, which
        makes no difference to the result.

        Parameters
        ----------
        probs : float array of shape (n_windows, n_classes)

        Returns
        -------
        float array of shape (n_texts, n_classes)
        """
        if len(self.starts) == len(self.encoded):
            return probs
        logits = self.mean(np.log(np.maximum(probs.astype(np.float64), SMALLEST_PROB)))
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        mixed: np.ndarray = odds / odds.sum(axis=1, keepdims=True)
        return np.where((self.counts > 1)[:, None], mixed, probs[self.starts])
