"""`measure_effect`: what the decisions of a review do to the score of models of the labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypedDict

import numpy as np

from assay.data.texts import LabelledTexts, Splits
from assay.errors import DataError
from assay.evaluation.compare import ALPHA, compare_pair
from assay.methods import LABEL_CHECK
from assay.progress import Progress

__all__ = ["Effect", "measure_effect"]


Verdict = Literal["helps", "hurts", "unclear"]


class EffectEntry(TypedDict):
    """An `Effect` as the page gets it."""

    split: str
    n_texts: int
    n_changed: int
    before: float
    after: float
    verdict: Verdict


@dataclass(frozen=True)
class Effect:
    """Shares of texts that models which did not see them label right, by the decided labels.

    Parameters
    ----------
    split : str
        The split whose texts were judged, fold by fold.
    n_texts : int
        Those that could be judged.
    n_changed : int
        Labels of the split that were decided otherwise than given.
    before, after : float
        Shares of models that were fitted on the given labels, and on the decided ones; 0 to 1.
    p_value : float
        Exact paired test of the two being right equally often.
    """

    split: str
    n_texts: int
    n_changed: int
    before: float
    after: float
    p_value: float

    @property
    def verdict(self) -> Verdict:
        """Whether the decisions help or hurt models, or the difference may be chance."""
        if self.p_value >= ALPHA:
            return "unclear"
        return "helps" if self.after > self.before else "hurts"

    def to_dict(self) -> EffectEntry:
        """Return plain values, ready for JSON."""
        return {
            "split": self.split,
            "n_texts": self.n_texts,
            "n_changed": self.n_changed,
            "before": self.before,
            "after": self.after,
            "verdict": self.verdict,
        }


def measure_effect(
    splits: Splits, changed: Mapping[tuple[str, int], str], *, seed: int = 0
) -> Effect:
    """Fit models on folds with the given labels, then with the decided ones.

    Both are measured on the decided labels: those are the best that is known.

    Parameters
    ----------
    splits : Splits
        The data that were audited; train, or their first split, is judged.
    changed : mapping of (split, line) to label
        The labels that were decided otherwise than given.
    seed : int
        Seed of the folds.

    Raises
    ------
    DataError
        The texts hold too few labels to learn from, or several labels each.
    """
    splits.label_set.check_single()
    split = "train" if "train" in splits else next(iter(splits))
    given = splits[split]
    own = {line: label for (where, line), label in changed.items() if where == split}
    labels = [own.get(line, label) for line, label in zip(given.lines, given.labels, strict=True)]
    decided = replace(given, labels=tuple(labels))
    ids = splits.label_set.ids(decided.labels)
    before, after = (_judge(splits, split, one, seed=seed) for one in (given, decided))
    is_judged = ~np.isnan(before).any(axis=1) & ~np.isnan(after).any(axis=1)
    if not is_judged.any():
        raise DataError(f"no text of {split} could be judged by models that did not see it")
    right = [probs[is_judged].argmax(axis=1) == ids[is_judged] for probs in (before, after)]
    return Effect(
        split=split,
        n_texts=int(is_judged.sum()),
        n_changed=len(own),
        before=float(right[0].mean()),
        after=float(right[1].mean()),
        p_value=compare_pair(*right),
    )


def _judge(splits: Splits, split: str, labelled: LabelledTexts, *, seed: int) -> np.ndarray:
    """Return probabilities of texts by models that did not see them."""
    from assay.evaluation.judges import judge_by_folds  # here: it loads scikit-learn

    alone = replace(splits, parts={split: labelled})
    return judge_by_folds(alone, LABEL_CHECK, seed=seed, progress=Progress()).probs[split]
