"""Wilson's interval of a share: it stays between 0 and 1 and holds for small counts.

Wilson: Probable inference, the law of succession, and statistical inference, JASA 1927.
"""

from __future__ import annotations

import numpy as np

__all__ = ["wilson_bounds", "wilson_interval"]

Z_95 = 1.959963984540054  # the standard normal distribution has 95 % of its mass within +-Z_95


def wilson_bounds(n_right: np.ndarray, n_texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both ends of the 95 % interval of many shares at once.

    Parameters
    ----------
    n_right, n_texts : arrays of one shape
        Each share is ``n_right / n_texts``; `n_texts` is above 0. Fractions are accepted: a score
        may be worth fewer texts than were scored.

    Returns
    -------
    low, high : float64 arrays of that shape, 0 to 1
    """
    n = np.asarray(n_texts, dtype=np.float64)
    share = np.asarray(n_right, dtype=np.float64) / n
    centre = share + Z_95**2 / (2 * n)
    spread = Z_95 * np.sqrt(share * (1 - share) / n + (Z_95 / (2 * n)) ** 2)
    scale = 1 + Z_95**2 / n
    # Rounding can leave an end a digit short of 0 or 1: the interval always holds the share itself.
    low = np.clip((centre - spread) / scale, 0.0, share)
    high = np.clip((centre + spread) / scale, share, 1.0)
    return low, high


def wilson_interval(n_right: int, n_texts: int) -> tuple[float, float]:
    """Return the 95 % interval of one share; of no texts, everything from 0 to 1.

    >>> low, high = wilson_interval(0, 10)
    >>> low, round(high, 3)
    (0.0, 0.278)
    """
    if n_texts == 0:
        return 0.0, 1.0
    low, high = wilson_bounds(np.array([n_right]), np.array([n_texts]))
    return float(low[0]), float(high[0])
