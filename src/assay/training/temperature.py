"""One temperature for all logits, fitted on texts that took no part in training.

Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks, ICML 2017, arXiv:1706.04599.
"""

from __future__ import annotations

import numpy as np

from assay._optional import require

__all__ = ["fit_temperature"]

LOG_RANGE = (-4.0, 4.0)  # temperatures of 0.02 to 55: beyond, the logits carry nothing to calibrate


def fit_temperature(logits: np.ndarray, label_ids: np.ndarray) -> float:
    """Return the temperature that makes the labels most likely.

    Parameters
    ----------
    logits : array of shape (n_texts, n_classes)
    label_ids : int array of shape (n_texts,)

    Returns
    -------
    float
        What to divide the logits by; above 1 where the model was too sure. 1 where there are no
        texts, or where the logits do not differ between classes, so that no temperature changes
        anything.

    Notes
    -----
    As in Platt's scaling (1999), a share of 1 / (n_texts + 2) of each target is spread over the
    classes: the rule of succession. Without it, a few held-out texts that are all right would
    make every score 1.
    """
    logits = np.asarray(logits, dtype=np.float64)
    if not len(logits) or not np.any(np.ptp(logits, axis=1) > 0):
        return 1.0
    shifted = logits - logits.max(axis=1, keepdims=True)
    doubt = 1.0 / (len(logits) + 2)
    targets = (1 - doubt) * shifted[np.arange(len(shifted)), label_ids] + doubt * shifted.mean(
        axis=1
    )

    def loss(log_temperature: float) -> float:
        sharpness = np.exp(-log_temperature)
        return float(np.mean(np.log(np.exp(shifted * sharpness).sum(axis=1)) - targets * sharpness))

    found = require("scipy.optimize").minimize_scalar(
        loss, bounds=LOG_RANGE, method="bounded", options={"xatol": 1e-6}
    )
    return float(np.exp(found.x))
