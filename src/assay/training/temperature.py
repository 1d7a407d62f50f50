"""One temperature for all logits, fitted on texts that took no part in training.

Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks, ICML 2017, arXiv:1706.04599.
"""

from __future__ import annotations

import numpy as np

from assay._optional import require

__all__ = ["fit_temperature"]

LOG_RANGE = (-4.0, 4.0)  # temperatures of 0.02 to 55; beyond, there is nothing to calibrate


def fit_temperature(logits: np.ndarray, label_ids: np.ndarray) -> float:
    """Return the temperature that makes the labels most likely.

    Parameters
    ----------
    logits : array of shape (n_texts, n_classes)
    label_ids : int array of shape (n_texts,)

    Returns
    -------
    float
        What to divide the logits by: above 1 if the model was too sure. It is 1 if there are no
        texts, or if the logits of every text are the same for all classes: no temperature would
        change those.

    Notes
    -----
    As in Platt's scaling (1999), a share of 1 / (n_texts + 2) of each target is spread evenly over
    the classes: the rule of succession. Without it, scores would become 1 if there are few held-out
    texts and all are labelled right.
    """
    logits = np.asarray(logits, dtype=np.float64)
    if not len(logits) or not np.any(np.ptp(logits, axis=1) > 0):
        return 1.0
    shifted = logits - logits.max(axis=1, keepdims=True)
    smoothing = 1.0 / (len(logits) + 2)
    of_label = shifted[np.arange(len(shifted)), label_ids]
    target_logits = (1 - smoothing) * of_label + smoothing * shifted.mean(axis=1)

    def loss(log_temperature: float) -> float:
        """Return the mean cross-entropy with the smoothed targets."""
        scale = np.exp(-log_temperature)
        log_sums = np.log(np.exp(shifted * scale).sum(axis=1))
        return float(np.mean(log_sums - target_logits * scale))

    found = require("scipy.optimize").minimize_scalar(
        loss, bounds=LOG_RANGE, method="bounded", options={"xatol": 1e-6}
    )
    return float(np.exp(found.x))
