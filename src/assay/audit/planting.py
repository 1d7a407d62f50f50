"""How many suspects are probably wrong: estimated by planting wrong labels.

A planted label is a label that a text does not have, all others equally likely. Probabilities tell
which share of planted labels is as suspect as a given threshold, and which share of the given
labels is. Given labels are a mixture of right ones and wrong ones, so at no threshold can the share
of wrong labels be above the ratio of the two shares (the bound of Blanchard, Lee and Scott, Journal
of Machine Learning Research, 2010). The smallest ratio is the estimate. It is a bound only for many
texts whose labels went wrong at random, as the planted ones did: of few texts, or where models know
real mistakes more easily, more are wrong than it says. So it is said as "about", never "at most".

Example: half of the planted labels have a probability of at most 0.01, and so have 2 % of the given
labels. Then at most 4 % of the given labels are wrong. Half of these are below 0.01 too, so that
all labels there may be wrong. At a threshold that 80 % of the planted and 8 % of the given labels
stay below, 80 % of 4 % are wrong: 40 of 100 suspects.
"""

from __future__ import annotations

import numpy as np

__all__ = [
    "DOUBTFUL",
    "LEAST_LISTED",
    "PROBABLE",
    "count_listed",
    "expect_wrong",
    "expect_wrong_among",
]

PROBABLE = 0.5  # a list in which a smaller share is expected to be wrong is mostly noise
DOUBTFUL = 0.25  # what follows is worth a look as long as a quarter of the whole list is
# Thresholds that fewer planted or given labels stay below say too little about the ratio.
LEAST_PLANTED, LEAST_GIVEN = 0.1, 5
# Five given labels leave the estimate at five wrong ones where none is, or with some caution at
# three: six to eight are listed then, of whatever data ("Lists of suspects of small sets" in
# dev/LOG.md).
LEAST_LISTED = 12
# Where more than that may be wrong, probabilities hardly tell planted from given: they say nothing.
LARGEST_WRONG_SHARE = 0.8


def expect_wrong(label_ids: np.ndarray, probs: np.ndarray, *, caution: float = 0.0) -> np.ndarray:
    """Estimate which share of the most suspect labels is wrong.

    Parameters
    ----------
    label_ids : int array of shape (n_texts,)
        The given labels, as columns of `probs`.
    probs : float array of shape (n_texts, n_classes)
        Probabilities by models that did not see the text; rows sum to 1.
    caution : float
        See `expect_wrong_among`.

    Returns
    -------
    float64 array of shape (n_texts,)
        Position i: the share of the i + 1 most suspect labels, 0 to 1.
    """
    each_row = np.arange(len(probs))
    is_other = np.ones(probs.shape, dtype=bool)
    is_other[each_row, label_ids] = False
    is_other[:, np.bincount(label_ids, minlength=probs.shape[1]) == 0] = False  # nobody gives it
    return expect_wrong_among(probs[each_row, label_ids], probs[is_other], caution=caution)


def expect_wrong_among(
    given: np.ndarray, planted: np.ndarray, *, caution: float = 0.0
) -> np.ndarray:
    """Estimate which share of the most suspect of any given things is wrong.

    Parameters
    ----------
    given : array of shape (n_given,)
        Probability of each thing that is given, 0 to 1: the lower, the more suspect.
    planted : array of shape (n_planted,)
        Probabilities of things that are known to be wrong.
    caution : float
        By how many standard errors the counts of given things are lowered, for an estimate that is
        not too high on average: of few texts, the plain one is.

    Returns
    -------
    float64 array of shape (n_given,)
        Position i: the share of the i + 1 most suspect ones, 0 to 1.
    """
    given, planted = np.sort(given), np.sort(planted)
    n_given = np.searchsorted(given, given, side="right")  # equal ones are equally suspect
    given_share = n_given / max(1, len(given))
    careful_share = np.maximum(0, n_given - caution * np.sqrt(n_given)) / max(1, len(given))
    planted_share = np.searchsorted(planted, given, side="right") / max(1, len(planted))
    says_enough = (planted_share >= LEAST_PLANTED) & (n_given >= min(LEAST_GIVEN, len(given)))
    if not says_enough.any():
        return np.zeros(len(given))
    wrong_share = (careful_share / np.maximum(planted_share, 1e-12))[says_enough].min()
    if wrong_share > LARGEST_WRONG_SHARE:
        return np.zeros(len(given))
    expected: np.ndarray = np.minimum(1.0, wrong_share * planted_share / given_share)
    return expected


def count_listed(expected: np.ndarray, share: float) -> int:
    """Return how many suspects a list has of which at least a share is expected to be wrong.

    Parameters
    ----------
    expected : array of shape (n_given,)
        As `expect_wrong` returns it.
    share : float
        `PROBABLE` or `DOUBTFUL`.
    """
    return int(np.flatnonzero(expected >= share).max(initial=-1)) + 1
