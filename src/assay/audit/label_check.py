"""Labels held against the predictions of models that did not see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from assay._display import Brief
from assay.audit.issues import Issue
from assay.audit.wrong_labels import MOST_DOUBTED, WrongLabel, find_wrong_labels
from assay.catalogue import ENGLISH, Fact, open_language
from assay.data.texts import Splits
from assay.errors import DataError, MissingDependencyError, OutsideError
from assay.methods import LABEL_CHECK, SECOND_CHECK
from assay.progress import Progress

if TYPE_CHECKING:
    from assay.evaluation.judges import JudgedLabels

__all__ = ["AUTO", "LabelCheck", "LabelCheckEntry", "check_labels", "describe_judged"]

AUTO = "auto"
NO_BOUND = 0.995  # a share that is written as 100 %: at most all are wrong, which says nothing
# For fewer suspects the estimate is too rough to be given: it rests on how many of the given labels
# are suspect, and that count varies by a seventh for 50.
FEW_SUSPECTS = 50
# What is said of texts with one label and of those that may have several, by whether there is a
# suspect; and, by whether they may have several, where the share cannot be told
FACTS = {True: "audit.suspects", False: "audit.no_suspects"}
SEVERAL_FACTS = {True: "audit.several_suspects", False: "audit.no_several_suspects"}
AT_BOUND = {False: "audit.suspects_at_bound", True: "audit.several_suspects_at_bound"}
NOT_ASKED = "not asked for"  # why labels were not checked, where nobody wanted it
# Where the cheapest judge agrees with fewer labels, a second one is worth its time on up to so many
# texts: together they find 7 to 24 of 100 planted labels more.
WEAK_AGREEMENT, MAX_TEXTS_OF_SECOND = 0.8, 20_000


class LabelCheckEntry(TypedDict):
    """A `LabelCheck` as JSON holds it, without seconds."""

    method: str | None
    split: str
    n_judged: dict[str, int]
    n_suspects: dict[str, int]
    n_doubtful: dict[str, int]
    expected_wrong: float
    agreement: dict[str, float]
    why_not: str


@dataclass(frozen=True, repr=False)
class LabelCheck(Brief):
    """How the labels were checked.

    Parameters
    ----------
    method : str or None
        Models of this method judged the labels; of two methods, ``"linear + features"``. None if
        the labels were not checked.
    split : str
        The split that the models were fitted on, fold by fold.
    n_judged, n_suspects : dict
        Split -> number of rows: judged, and called wrong. Rows whose label no other text has are
        not judged.
    n_doubtful : dict
        Split -> number of rows that are worth a look after those, of which most are right.
    n_left_out : dict
        Split -> number of rows that were not judged.
    expected_wrong : float
        Share of the suspects of `split` that is expected to be wrong, a rough estimate by planting
        wrong labels, 0 to 1; 0 if there is no suspect. Not said where there are few suspects.
    agreement : dict
        Split -> share of the judged labels that the models predict too, 0 to 1.
    fit_s : float
        Seconds of fitting and predicting.
    why_not : str
        Why the labels were not checked; empty if they were.
    is_several : bool
        Whether a text may have several labels. Numbers are then those of texts: with a label that
        is missing or too many; `agreement` is the share with exactly the same labels.
    """

    method: str | None = None
    split: str = ""
    n_judged: dict[str, int] = field(default_factory=dict)
    n_suspects: dict[str, int] = field(default_factory=dict)
    n_doubtful: dict[str, int] = field(default_factory=dict)
    n_left_out: dict[str, int] = field(default_factory=dict)
    expected_wrong: float = 0.0
    agreement: dict[str, float] = field(default_factory=dict)
    fit_s: float = 0.0
    why_not: str = ""
    is_several: bool = False

    def describe(self) -> str:
        """Say `fact` and `not_judged` in English."""
        tell = open_language(ENGLISH).tell
        return " ".join(map(tell, (self.fact(), *self.not_judged())))

    def fact(self) -> Fact:
        """State how many labels are suspect, to whom, and how far that is to be believed."""
        if self.why_not == NOT_ASKED:
            return Fact.of("audit.not_asked")
        if self.why_not:
            return Fact.of("audit.not_checked", reason=self.why_not)
        n_suspects = self.n_suspects.get(self.split, 0)
        kind = (SEVERAL_FACTS if self.is_several else FACTS)[n_suspects > 0]
        if not n_suspects and not self.is_several:
            kind = self._kind_without_suspects()
        if n_suspects and (n_suspects < FEW_SUSPECTS or self.expected_wrong >= NO_BOUND):
            kind = AT_BOUND[self.is_several]
        return Fact.of(
            kind,
            n_suspects=n_suspects,
            n_doubtful=self.n_doubtful.get(self.split, 0),
            n_judged=self.n_judged.get(self.split, 0),
            split=self.split,
            method=self.method,
            agreement=self.agreement.get(self.split, 0.0),
            expected=self.expected_wrong,
        )

    def _kind_without_suspects(self) -> str:
        """Return what is said where no label is called wrong: not all need be right."""
        if self.agreement.get(self.split, 0.0) < 1 - MOST_DOUBTED:
            return "audit.weak_judges"
        n_doubtful = self.n_doubtful.get(self.split, 0)
        if not n_doubtful:
            return "audit.none_doubted"
        if n_doubtful < FEW_SUSPECTS:
            return "audit.few_doubted"
        return FACTS[False]

    def not_judged(self) -> list[Fact]:
        """State how many labels of `split` were not judged, if any: no other text has them."""
        n = self.n_left_out.get(self.split, 0)
        return [Fact.of("audit.not_judged", n=n, split=self.split)] if n else []

    def to_dict(self) -> LabelCheckEntry:
        """Return plain values."""
        return {
            "method": self.method,
            "split": self.split,
            "n_judged": self.n_judged,
            "n_suspects": self.n_suspects,
            "n_doubtful": self.n_doubtful,
            "expected_wrong": self.expected_wrong,
            "agreement": self.agreement,
            "why_not": self.why_not,
        }


def check_labels(
    splits: Splits,
    *,
    method: str | None,
    judged: JudgedLabels | None = None,
    seed: int,
    progress: Progress,
) -> tuple[LabelCheck, list[Issue]]:
    """Judge the labels of every split by models fitted on folds of train, or of the first split.

    Parameters
    ----------
    splits : Splits
    method : str or None
        Any method that reads the texts. ``auto``: `linear`, and `features` too where `linear`
        agrees with few labels. None: nothing is checked.
    judged : JudgedLabels, optional
        What models said already; `method` is then not looked at.
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
    if judged is not None:
        return describe_judged(judged, splits)
    if method is None:
        return LabelCheck(why_not=NOT_ASKED), []
    try:
        judged = _judge(splits, method, seed=seed, progress=progress)
    except DataError as err:  # too few texts or labels; the rest of the audit does not need them
        return LabelCheck(why_not=err.message), []
    return describe_judged(judged, splits)


def _judge(splits: Splits, method: str, *, seed: int, progress: Progress) -> JudgedLabels:
    from assay.evaluation.judges import judge_by_folds, mix_judges  # here: they load scikit-learn

    if method != AUTO:
        return judge_by_folds(splits, method, seed=seed, progress=progress)
    first = judge_by_folds(splits, LABEL_CHECK, seed=seed, progress=progress)
    agreement = first.agreement(splits[first.split], splits.label_set, first.split)
    n_texts = sum(map(len, splits.values()))
    if agreement >= WEAK_AGREEMENT or n_texts > MAX_TEXTS_OF_SECOND:
        return first
    try:
        second = judge_by_folds(splits, SECOND_CHECK, seed=seed, progress=progress)
    except (MissingDependencyError, OutsideError):  # it is not installed: one judge is enough
        return first
    return mix_judges([first, second], splits)


def describe_judged(judged: JudgedLabels, splits: Splits) -> tuple[LabelCheck, list[Issue]]:
    """Return what is said about the labels that were judged, and the suspects among them."""
    issues: list[Issue] = []
    n_judged, n_left_out, n_suspects, n_doubtful, agreement = {}, {}, {}, {}, {}
    expected_wrong = 0.0
    bounds: tuple[float, float] | None = None  # other splits may be too small to tell them
    for split, probs in judged.probs.items():  # the one that the models were fitted on is first
        labelled = splits[split]
        found = find_wrong_labels(splits.label_set.ids(labelled.labels), probs, bounds=bounds)
        probable = [one for one in found if one.is_probable]
        if bounds is None:
            bounds = _highest(probable), _highest(found)
            expected_wrong = probable[-1].expected_share if probable else 0.0
        issues += _issues(splits, split, found)
        n_judged[split] = int((~np.isnan(probs).any(axis=1)).sum())
        n_left_out[split] = len(labelled) - n_judged[split]
        n_suspects[split] = len(probable)
        n_doubtful[split] = len(found) - len(probable)
        agreement[split] = judged.agreement(labelled, splits.label_set, split)
    check = LabelCheck(
        method=" + ".join(judged.methods),
        split=judged.split,
        n_judged=n_judged,
        n_suspects=n_suspects,
        n_doubtful=n_doubtful,
        n_left_out=n_left_out,
        expected_wrong=expected_wrong,
        agreement=agreement,
        fit_s=judged.fit_s,
    )
    return check, issues


def _highest(found: list[WrongLabel]) -> float:
    """Return the highest probability of a label that is listed; -1 if none is."""
    return 1 - found[-1].score if found else -1.0


def _issues(splits: Splits, split: str, found: list[WrongLabel]) -> list[Issue]:
    """Return the suspects of one split as rows to look at."""
    labelled, label_set = splits[split], splits.label_set
    return [
        Issue(
            kind="wrong_label" if one.is_probable else "doubtful_label",
            split=split,
            row=labelled.lines[one.row],
            text=labelled.texts[one.row],
            label=labelled.labels[one.row],
            proposed_label=label_set[one.proposed_id],
            score=one.score,
        )
        for one in found
    ]
