"""Where accuracy says less than it seems: one label that most texts have, or labels that are mostly missed."""

from __future__ import annotations

from assay.evaluation.result import SplitScores

__all__ = ["describe_imbalance"]

# A label that half of the texts have, and half as many again as if all labels were equally
# frequent.
LARGE_FRACTION, LARGE_RATIO = 0.5, 1.5
LARGE_GAP = 0.1  # of macro F1 behind accuracy


def describe_imbalance(scores: SplitScores, *, split: str) -> str | None:
    """Say in a sentence why accuracy misleads; None where it does not.

    Parameters
    ----------
    scores : SplitScores
    split : str
        What they are of.

    Returns
    -------
    str or None
        Accuracy misleads where one label has at least half of the texts and half as many again as
        an even share, or where macro F1 is 10 points behind.
    """
    largest = max(scores.per_class, key=lambda one: one.n_texts)
    fraction = largest.n_texts / scores.n_texts
    is_large = fraction >= max(LARGE_FRACTION, LARGE_RATIO / len(scores.per_class))
    worst = min((one for one in scores.per_class if one.n_texts), key=lambda one: one.f1)
    is_behind = scores.accuracy - scores.f1_macro >= LARGE_GAP
    if not is_large and not is_behind:
        return None
    why = f"{fraction:.0%} of the {split} texts are '{largest.label}', which always answering it gets right too"
    missed = (
        f"macro F1, in which every label counts the same, is {scores.f1_macro:.3f} where accuracy is "
        f"{scores.accuracy:.3f}"
    )
    if is_behind:
        missed += f"; '{worst.label}' does worst: F1 {worst.f1:.3f} on {worst.n_texts:,} texts"
    return f"accuracy misleads here: {'; '.join([why, missed] if is_large else [missed])}"
