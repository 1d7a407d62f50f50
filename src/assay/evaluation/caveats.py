"""What makes a score less than it seems, in sentences: texts that leaked from train, labels that drown in others."""

from __future__ import annotations

from assay.evaluation.imbalance import describe_imbalance
from assay.evaluation.scoring import ScoredSplit

__all__ = ["describe_doubts"]


def describe_doubts(scored: ScoredSplit, *, split: str) -> list[str]:
    """Return a sentence for each reason to read the scores of a split with care."""
    said = []
    if scored.n_leaked:
        texts = f"{scored.n_leaked:,} of {len(scored.part):,} {split} texts stand in train too"
        if scored.without_leaks is None:
            said.append(f"{texts}: no text is left to measure anything but memory on")
        else:
            said.append(
                f"{texts}: without them accuracy is {scored.without_leaks.accuracy:.4f}, with them "
                f"{scored.scores.accuracy:.4f}"
            )
    if sentence := describe_imbalance(scored.scores, split=split):
        said.append(sentence)
    return said
