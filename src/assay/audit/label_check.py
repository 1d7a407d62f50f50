"""Labels held against the predictions of models that did not see them.

Labels of train are judged fold by fold, labels of other splits by the models of those folds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np

from assay.audit.issues import Issue
from assay.audit.wrong_labels import find_wrong_labels
from assay.catalogue import ENGLISH, Fact, open_language
from assay.data.texts import Splits
from assay.errors import DataError
from assay.progress import Progress

__all__ = ["LabelCheck", "LabelCheckEntry", "check_labels"]

NOT_ASKED = "not asked for"  # why labels were not checked, where nobody wanted it
WEAK_AGREEMENT = 0.8  # below it, most of what models take for wrong labels are their own mistakes


class LabelCheckEntry(TypedDict):
    """A `LabelCheck` as JSON holds it, without seconds."""

    method: str | None
    split: str
    n_judged: dict[str, int]
    n_suspects: dict[str, int]
    agreement: dict[str, float]
    why_not: str


@dataclass(frozen=True)
class LabelCheck:
    """How the labels were checked.

    Parameters
    ----------
    method : str or None
        Models of this method judged the labels. None if the labels were not checked.
    split : str
        The split that the models were fitted on, fold by fold.
    n_judged, n_suspects : dict
        Split -> number of rows. Rows whose label no other text has are not judged.
    agreement : dict
        Split -> share of the judged labels that the models predict too, 0 to 1.
    fit_s : float
        Seconds of fitting and predicting.
    why_not : str
        Why the labels were not checked; empty if they were.
    """

    method: str | None = None
    split: str = ""
    n_judged: dict[str, int] = field(default_factory=dict)
    n_suspects: dict[str, int] = field(default_factory=dict)
    agreement: dict[str, float] = field(default_factory=dict)
    fit_s: float = 0.0
    why_not: str = ""

    def describe(self) -> str:
        """Say `fact` in English."""
        return open_language(ENGLISH).tell(self.fact())

    def fact(self) -> Fact:
        """State how many labels are suspect, to whom, and how far that is to be believed."""
        if self.why_not == NOT_ASKED:
            return Fact.of("audit.not_asked")
        if self.why_not:
            return Fact.of("audit.not_checked", reason=self.why_not)
        agreement = self.agreement.get(self.split, 0.0)
        kind = "audit.suspects"
        if agreement < WEAK_AGREEMENT:
            kind = "audit.suspects_weak"
        return Fact.of(
            kind,
            n_suspects=self.n_suspects.get(self.split, 0),
            n_judged=self.n_judged.get(self.split, 0),
            split=self.split,
            method=self.method,
            agreement=agreement,
        )

    def to_dict(self) -> LabelCheckEntry:
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
    """Judge the labels of every split by models fitted on folds of train, or of the first split.

    Parameters
    ----------
    splits : Splits
    method : str or None
        Any method that reads the texts. None: nothing is checked.
    seed : int
    progress : Progress

    Returns
    -------
    LabelCheck
    list of Issue
        The suspects: split by split, the most suspect first.

    Raises
    ------
    InputError
        The method cannot be used.
    """
    if method is None:
        return LabelCheck(why_not=NOT_ASKED), []
    from assay.evaluation.out_of_fold import predict_out_of_fold  # here: it loads scikit-learn

    fitted = "train" if "train" in splits else next(iter(splits))
    others = {split: labelled for split, labelled in splits.items() if split != fitted}
    try:
        judged = predict_out_of_fold(
            splits[fitted],
            splits.label_set,
            method=method,
            others=others,
            seed=seed,
            progress=progress,
        )
    except DataError as err:  # too few texts or labels; the rest of the audit does not need them
        return LabelCheck(why_not=err.message), []
    probs_of_split = {fitted: judged.probs, **judged.other_probs}
    n_judged, n_suspects, agreement = {}, {}, {}
    suspects = []
    for split, probs in probs_of_split.items():
        found = _suspects(splits, split, probs)
        suspects += found
        n_suspects[split] = len(found)
        n_judged[split] = int(_is_judged(probs).sum())
        agreement[split] = _agreement(splits, split, probs)
    check = LabelCheck(
        method=method,
        split=fitted,
        n_judged=n_judged,
        n_suspects=n_suspects,
        agreement=agreement,
        fit_s=judged.fit_s,
    )
    return check, suspects


def _is_judged(probs: np.ndarray) -> np.ndarray:
    """Tell which rows have probabilities, bool of shape (n_texts,); the others are NaN."""
    judged: np.ndarray = ~np.isnan(probs).any(axis=1)
    return judged


def _agreement(splits: Splits, split: str, probs: np.ndarray) -> float:
    """Return the share of the judged labels that are the most probable; 0 if none is judged."""
    is_judged = _is_judged(probs)
    if not is_judged.any():
        return 0.0
    label_ids = splits.label_set.ids(splits[split].labels)[is_judged]
    return float((probs[is_judged].argmax(axis=1) == label_ids).mean())


def _suspects(splits: Splits, split: str, probs: np.ndarray) -> list[Issue]:
    """Return the labels of one split that are probably wrong, the most suspect first."""
    labelled, label_set = splits[split], splits.label_set
    return [
        Issue(
            kind="wrong_label",
            split=split,
            row=labelled.lines[one.row],
            text=labelled.texts[one.row],
            label=labelled.labels[one.row],
            proposed_label=label_set[one.proposed_id],
            score=one.score,
        )
        for one in find_wrong_labels(label_set.ids(labelled.labels), probs)
    ]
