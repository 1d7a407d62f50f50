"""Reasons to read a score with care, in sentences: leaked texts and labels of very uneven size."""

from __future__ import annotations

from assay.evaluation.imbalance import describe_imbalance
from assay.evaluation.scoring import ScoredSplit

__all__ = ["describe_caveats"]


def describe_caveats(scored: ScoredSplit, *, split: str) -> list[str]:
    """Return one sentence for each reason to read the scores of a split with care.

    Parameters
    ----------
    scored : ScoredSplit
    split : str
        Its name, for the sentences.
    """
    caveats = []
    if scored.n_leaked:
        caveats.append(_describe_leaks(scored, split=split))
    if sentence := describe_imbalance(scored.scores, split=split):
        caveats.append(sentence)
    return caveats


def _describe_leaks(scored: ScoredSplit, *, split: str) -> str:
    texts = f"{scored.n_leaked:,} of {len(scored.labelled):,} {split} texts also occur in train"
    if scored.without_leaks is None:
        return f"{texts}: no text is left to measure anything but memory on"
    return (
        f"{texts}: without them accuracy is {scored.without_leaks.accuracy:.4f}, with them "
        f"{scored.scores.accuracy:.4f}"
    )
