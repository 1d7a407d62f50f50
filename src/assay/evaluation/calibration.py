"""How far scores can be taken for probabilities: expected calibration error and log loss."""

from __future__ import annotations

import numpy as np

from assay.evaluation.result import ReliabilityBin

__all__ = ["SMALLEST_SCORE", "measure_calibration", "measure_log_loss"]

N_BINS = 15  # equally wide, as in Guo et al.: On Calibration of Modern Neural Networks, 2017
# Scores come from float32 models; below its resolution, a logarithm is noise.
SMALLEST_SCORE = float(np.finfo(np.float32).eps)


def measure_log_loss(label_ids: np.ndarray, probs: np.ndarray) -> float:
    """Return the mean of ``-ln(score of the true label)``, in nats.

    Scores below the resolution of float32 count as that resolution.

    Parameters
    ----------
    label_ids : int array of shape (n_texts,)
    probs : float array of shape (n_texts, n_classes)
    """
    own = np.asarray(probs, dtype=np.float64)[np.arange(len(label_ids)), label_ids]
    mean = np.log(np.clip(own, SMALLEST_SCORE, 1.0)).mean()
    return float(np.abs(mean))  # not -mean, which would be -0.0 for perfect scores


def measure_calibration(
    label_ids: np.ndarray, probs: np.ndarray, *, n_bins: int = N_BINS
) -> tuple[float, tuple[ReliabilityBin, ...]]:
    """Return the expected calibration error and the bins that it sums over.

    Texts are put into equally wide bins, open below and closed above, by the score of their
    predicted label; the error is the mean over texts of the gap between a bin's mean score and its
    accuracy (Guo et al., 2017, section 2).

    Parameters
    ----------
    label_ids : int array of shape (n_texts,)
    probs : float array of shape (n_texts, n_classes)
    n_bins : int
        Bins between 0 and 1; empty ones are left out of the result.
    """
    scores = np.asarray(probs, dtype=np.float64)
    confidence = scores.max(axis=1)
    correct = scores.argmax(axis=1) == label_ids
    bin_ids = _bin_ids(confidence, n_bins)
    counts = np.bincount(bin_ids, minlength=n_bins)
    sum_confidence = np.bincount(bin_ids, weights=confidence, minlength=n_bins)
    n_correct = np.bincount(bin_ids, weights=correct, minlength=n_bins)
    ece = float(np.abs(sum_confidence - n_correct).sum() / len(confidence))
    bins = tuple(
        ReliabilityBin(
            n_texts=int(counts[i]),
            confidence=float(sum_confidence[i] / counts[i]),
            accuracy=float(n_correct[i] / counts[i]),
        )
        for i in np.flatnonzero(counts)
    )
    return ece, bins


def _bin_ids(confidence: np.ndarray, n_bins: int) -> np.ndarray:
    """Return the bin of each score, from 0."""
    # Rounded, so that the float noise of a softmax does not move a text over the edge of its bin.
    bin_ids = np.ceil(np.round(confidence * n_bins, 9)).astype(np.int64) - 1
    clipped: np.ndarray = np.clip(bin_ids, 0, n_bins - 1)
    return clipped
