"""Labels held against models that did not see them: of train by folds, of other splits by the models of those folds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from assay.audit.issues import Issue
from assay.audit.wrong_labels import find_wrong_labels
from assay.data.texts import Splits
from assay.errors import DataError
from assay.progress import Progress

__all__ = ["LabelCheck", "check_labels"]

WEAK_AGREEMENT = 0.8  # below it, most of what models take for wrong labels are their own mistakes


@dataclass(frozen=True)
class LabelCheck:
    """How the labels were checked.

    Parameters
    ----------
    method : str or None
        Whose models judged; None where the labels were not checked.
    split : str
        The split that the models were fitted on, fold by fold.
    n_judged, n_suspects : dict
        Split -> rows. Rows whose label stands on no other text are not judged.
    agreement : dict
        Split -> share of the judged labels that are what the models predict.
    fit_s : float
        Seconds of the fits.
    why_not : str
        Why the labels were not checked; empty where they were.
    """

    method: str | None = None
    split: str = ""
    n_judged: dict[str, int] = field(default_factory=dict)
    n_suspects: dict[str, int] = field(default_factory=dict)
    agreement: dict[str, float] = field(default_factory=dict)
    fit_s: float = 0.0
    why_not: str = ""

    def describe(self) -> str:
        """Say how many labels are suspect, to whom, and how far that is to be believed."""
        if self.why_not:
            return f"labels were not checked: {self.why_not}"
        agreement = self.agreement.get(self.split, 0.0)
        said = (
            f"{self.n_suspects.get(self.split, 0):,} of {self.n_judged.get(self.split, 0):,} labels of {self.split} "
            f"are suspect to {self.method} models that did not see these texts and agree with {agreement:.0%} of the "
            "labels"
        )
        return (
            f"{said}; models this weak mostly suspect hard texts"
            if agreement < WEAK_AGREEMENT
            else said
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "method": self.method,
            "split": self.split,
            "n_judged": self.n_judged,
            "n_suspects": self.n_suspects,
            "agreement": self.agreement,
            "why_not": self.why_not,
        }


def check_labels(
    splits: Splits, *, method: str | None, seed: int, progress: Progress
) -> tuple[LabelCheck, list[Issue]]:
    """Judge the labels of every split by models fitted on parts of one: train, else the first."""
    if method is None:
        return LabelCheck(why_not="not asked for"), []
    from assay.evaluation.out_of_fold import predict_out_of_fold  # here: it loads scikit-learn

    fitted = "train" if "train" in splits else next(iter(splits))
    others = {name: part for name, part in splits.items() if name != fitted}
    try:
        judged = predict_out_of_fold(
            splits[fitted],
            splits.label_set,
            method=method,
            others=others,
            seed=seed,
            progress=progress,
        )
    except DataError as err:  # too few texts or labels: all the rest of the audit stands
        return LabelCheck(why_not=err.message), []
    probs = {fitted: judged.probs, **judged.other_probs}
    n_judged = {name: int((~np.isnan(one).any(axis=1)).sum()) for name, one in probs.items()}
    suspects = {name: _suspects(splits, name, one) for name, one in probs.items()}
    check = LabelCheck(
        method=method,
        split=fitted,
        n_judged=n_judged,
        n_suspects={name: len(found) for name, found in suspects.items()},
        agreement={name: _agreement(splits, name, one) for name, one in probs.items()},
        fit_s=judged.fit_s,
    )
    return check, [issue for found in suspects.values() for issue in found]


def _agreement(splits: Splits, name: str, probs: np.ndarray) -> float:
    """Return the share of the judged labels that are the most probable ones; 0 where none is judged."""
    is_judged = ~np.isnan(probs).any(axis=1)
    label_ids = splits.label_set.ids(splits[name].labels)[is_judged]
    return float((probs[is_judged].argmax(axis=1) == label_ids).mean()) if is_judged.any() else 0.0


def _suspects(splits: Splits, name: str, probs: np.ndarray) -> list[Issue]:
    part, labels = splits[name], splits.label_set
    return [
        Issue(
            "wrong_label",
            name,
            part.lines[one.row],
            part.texts[one.row],
            part.labels[one.row],
            proposed_label=labels[one.proposed_id],
            score=one.score,
        )
        for one in find_wrong_labels(labels.ids(part.labels), probs)
    ]
