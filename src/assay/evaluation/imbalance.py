"""Where accuracy misleads: one label that most texts have, or labels that are mostly missed."""

from __future__ import annotations

from collections import Counter

from assay.catalogue import Fact, FactValue
from assay.data.labels import list_counted
from assay.data.texts import Splits
from assay.evaluation.result import ClassScores, SplitScores

__all__ = ["default_metric", "find_few_of_labels", "find_imbalance"]

# A label is large if it has at least half of the texts, and at least 1.5 times as many as it would
# have if all labels were equally frequent.
LARGE_FRACTION = 0.5
LARGE_RATIO = 1.5
LARGE_GAP = 0.1  # macro F1 this far below accuracy
# With a large label, a gap below this is none: macro F1 says the same as accuracy.
SMALL_GAP = 0.02
FEW_OF_LABEL = 10  # texts of a label whose F1 a single mistake moves by points
FEWEST_TEXTS = 30  # shares and scores per label of fewer say nothing


def find_few_of_labels(scores: SplitScores, *, split: str) -> list[Fact]:
    """Return the fact that macro F1 rests on a handful of texts of some labels, if it does.

    Parameters
    ----------
    scores : SplitScores
    split : str
        Name of the split, for the sentence.
    """
    few = [one for one in scores.per_class if 0 < one.n_texts < FEW_OF_LABEL]
    if not few:
        return []
    few.sort(key=lambda one: one.n_texts)
    listed = list_counted({one.label: one.n_texts for one in few})
    return [Fact.of("caveats.few_of_labels", split=split, n_labels=len(few), listed=listed)]


def find_imbalance(scores: SplitScores, *, split: str) -> Fact | None:
    """Return the fact that accuracy misleads, with the reason.

    Accuracy misleads where macro F1 is at least 10 points lower, or at least 2 points if one label
    has at least half of the texts and at least 1.5 times its even share.

    Parameters
    ----------
    scores : SplitScores
    split : str
        Name of the split, for the sentence.

    Returns
    -------
    Fact or None
        None where accuracy does not mislead, or too few texts could tell.
    """
    if scores.n_texts < FEWEST_TEXTS:
        return None
    largest = max(scores.per_class, key=lambda one: one.n_texts)
    fraction = largest.n_texts / scores.n_texts
    gap = scores.accuracy - scores.f1_macro
    is_large = _is_large(fraction, n_classes=len(scores.per_class)) and gap >= SMALL_GAP
    is_behind = gap >= LARGE_GAP
    if not is_large and not is_behind:
        return None
    values: dict[str, FactValue] = {
        "split": split,
        "accuracy": scores.accuracy,
        "f1_macro": scores.f1_macro,
    }
    if is_large:
        values |= {"label": largest.label, "fraction": fraction}
    if is_behind:
        worst = _worst(scores)
        values |= {"worst": worst.label, "worst_f1": worst.f1, "n_worst": worst.n_texts}
    kind = "caveats.large_label" if is_large else "caveats.missed_label"
    if is_large and is_behind:
        kind = "caveats.large_and_missed_label"
    return Fact(kind, values)


def default_metric(splits: Splits) -> str:
    """Return the metric to choose by: accuracy, or macro F1 where one label has most of the texts.

    Only labels of train and validation are counted: test takes no part in any choice.
    """
    counts: Counter[str] = Counter()
    for split in ("train", "validation"):
        if split in splits:
            counts.update(splits[split].labels)
    fraction = max(counts.values(), default=0) / max(1, counts.total())
    return "macro-f1" if _is_large(fraction, n_classes=len(splits.label_set)) else "accuracy"


def _is_large(fraction: float, *, n_classes: int) -> bool:
    """Tell whether a label with this share of the texts makes accuracy mislead."""
    return fraction >= max(LARGE_FRACTION, LARGE_RATIO / n_classes)


def _worst(scores: SplitScores) -> ClassScores:
    """Return the label of lowest F1 among those that have texts."""
    with_texts = [one for one in scores.per_class if one.n_texts]
    return min(with_texts, key=lambda one: one.f1)
