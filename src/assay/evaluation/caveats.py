"""Reasons to read a score with care: leaked texts, and labels of very uneven size."""

from __future__ import annotations

from assay.catalogue import Fact
from assay.evaluation.imbalance import find_imbalance
from assay.evaluation.scoring import ScoredSplit

__all__ = ["find_caveats"]


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
