"""Reasons to read a score with care: leaked texts, and labels of very uneven size."""

from __future__ import annotations

from assay.catalogue import Fact
from assay.evaluation.imbalance import find_imbalance
from assay.evaluation.result import SplitScores
from assay.evaluation.scoring import ScoredSplit

__all__ = ["find_caveats", "find_fall"]

Z_95 = 1.96  # a fall that chance explains less often than once in 40 is said
MIN_FALL = 0.02  # less is of no account, however many texts show it


def find_caveats(scored: ScoredSplit, *, split: str) -> list[Fact]:
    """Return one fact for each reason to read the scores of a split with care.

    Parameters
    ----------
    scored : ScoredSplit
    split : str
        Its name, for the sentences.
    """
    caveats = []
    if scored.n_leaked:
        caveats.append(_leaks(scored, split=split))
    imbalance = find_imbalance(scored.scores, split=split)
    if imbalance is not None:
        caveats.append(imbalance)
    return caveats


def find_fall(evidence: SplitScores, test: SplitScores) -> Fact | None:
    """Return the fact that test is below what the evidence promised; None if chance explains it.

    Parameters
    ----------
    evidence, test : SplitScores
        Scores of the same method.
    """
    fall = evidence.accuracy - test.accuracy
    variance = 0.0
    for one in (evidence, test):
        variance += one.accuracy * (1 - one.accuracy) / one.n_texts
    if fall < MIN_FALL or fall <= Z_95 * variance**0.5:
        return None
    return Fact.of(
        "caveats.fall",
        accuracy=test.accuracy,
        promised=evidence.accuracy,
        n_texts=test.n_texts,
    )


def _leaks(scored: ScoredSplit, *, split: str) -> Fact:
    n_leaked, n_texts = scored.n_leaked, len(scored.labelled)
    if scored.without_leaks is None:
        return Fact.of("caveats.all_leaked", n_leaked=n_leaked, n_texts=n_texts, split=split)
    return Fact.of(
        "caveats.leaked",
        n_leaked=n_leaked,
        n_texts=n_texts,
        split=split,
        without=scored.without_leaks.accuracy,
        accuracy=scored.scores.accuracy,
    )
