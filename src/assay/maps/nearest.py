"""The nearest rows of every row by cosine, exactly: the largest cells of a matrix product.

A product of 16,000 x 50 values with itself takes well under a second, so that an approximate index
is not worth its time.
"""

from __future__ import annotations

import numpy as np

from assay.runtime.top_n import largest_columns

__all__ = ["nearest_rows"]

CELLS = 1 << 23  # similarities at once: 32 MB of float32
SAME = np.float32(1e-6)  # a cosine of float32 is as exact as this: nearer rows are equal


def nearest_rows(values: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the rows with the largest cosine to each row, itself first.

    Parameters
    ----------
    values : array of shape (n_rows, n_columns), finite
        A row of zeros has no direction and is at distance 1 from all others.
    n : int
        How many rows to find for each, itself included; 1 to n_rows.

    Returns
    -------
    rows : int64 array of shape (n_rows, n)
        Nearest first; equally near ones in their order.
    distances : float32 array of shape (n_rows, n)
        1 less the cosine, 0 to 2.
    """
    n_rows = len(values)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    unit = (values / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
    rows, distances = np.empty((n_rows, n), dtype=np.int64), np.empty((n_rows, n), dtype=np.float32)
    step = max(1, CELLS // max(1, n_rows))
    for start in range(0, n_rows, step):
        part = slice(start, min(start + step, n_rows))
        cosine = unit[part] @ unit.T
        own = np.arange(part.stop - part.start)
        cosine[own, own + start] = 2.0  # first, whatever equals it
        rows[part] = largest_columns(cosine, n)
        distances[part] = 1 - np.take_along_axis(cosine, rows[part], axis=1)
    distances[:, 0] = 0.0
    distances[distances < SAME] = 0.0
    return rows, distances
