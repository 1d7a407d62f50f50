"""`Choice`: which method is recommended and why, decided once and shown everywhere.

The cheapest method is taken whose expected loss against the best one is within the tolerance.
Significance tests are carried along as a remark and decide nothing: with few texts no difference is
significant, which does not make the methods equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypedDict

import numpy as np

from assay._display import Brief
from assay.catalogue import ENGLISH, Fact, open_language
from assay.errors import InputError
from assay.evaluation.compare import ALPHA, Comparison, compare_methods
from assay.evaluation.evidence import EvidencePredictions
from assay.evaluation.recommendation import state_reasons
from assay.evaluation.score_draws import check_metric, draw_scores, score_evidence
from assay.methods import FLOOR

__all__ = ["TOLERANCE", "Choice", "ExpectedLoss", "check_tolerance", "choose_method"]

TOLERANCE = 0.01


class LossEntry(TypedDict):
    """An `ExpectedLoss` as results.json holds it."""

    method: str
    score: float
    n_texts: int
    expected_loss: float


class ChoiceEntry(TypedDict):
    """A `Choice` as results.json holds it."""

    metric: str
    tolerance: float
    best: str
    recommended: str
    why: str
    remarks: list[str]
    expected_losses: list[LossEntry]
    shown_better_than_majority: bool | None


@dataclass(frozen=True)
class ExpectedLoss:
    """What is lost by taking a method instead of the best one.

    Parameters
    ----------
    method : str
    score : float
        The score by which methods are chosen, on the texts that the method and the best one share.
    n_texts : int
        Number of these texts.
    expected_loss : float
        Mean of ``max(0, score of the best - score of the method)`` over the draws of the Bayesian
        bootstrap, 0 to 1. 0 for the best method.
    """

    method: str
    score: float
    n_texts: int
    expected_loss: float

    def to_dict(self) -> LossEntry:
        """Return plain values."""
        return {
            "method": self.method,
            "score": self.score,
            "n_texts": self.n_texts,
            "expected_loss": self.expected_loss,
        }


@dataclass(frozen=True, repr=False)
class Choice(Brief):
    """The recommended method.

    Parameters
    ----------
    recommended, best : str
        The method to take, and the one with the highest score.
    metric : str
        The score by which methods are chosen.
    tolerance : float
        How much of it a cheaper method may lose, 0 to 1.
    losses : tuple of ExpectedLoss
        From the cheapest method to the most expensive.
    comparisons : tuple of Comparison
        Paired tests of accuracy in the same order; a remark.
    evidence : EvidencePredictions
        Those of the recommended method.
    model_bytes : mapping of method to int
        Sizes on disk; empty if they are not known.
    reasons : tuple of Fact
        Why, then the evidence and what else to know, one sentence each. They name no training
        times, so that the same seed gives the same sentences on every machine.
    """

    recommended: str
    best: str
    metric: str
    tolerance: float
    losses: tuple[ExpectedLoss, ...]
    comparisons: tuple[Comparison, ...]
    evidence: EvidencePredictions
    model_bytes: Mapping[str, int] = field(default_factory=dict)
    reasons: tuple[Fact, ...] = ()

    @property
    def why(self) -> str:
        """The main reason in English, as results.json and the terminal show it."""
        return open_language(ENGLISH).tell(self.reasons[0])

    @property
    def remarks(self) -> tuple[str, ...]:
        """The other reasons in English."""
        english = open_language(ENGLISH)
        return tuple(english.tell(reason) for reason in self.reasons[1:])

    def loss(self, method: str) -> ExpectedLoss:
        """Return the loss of one method."""
        return next(one for one in self.losses if one.method == method)

    @property
    def beats_floor(self) -> bool | None:
        """Whether the accuracy of the recommended method is shown to be above that of `majority`.

        None if `majority` was not run, or is recommended.
        """
        compared = {one.method: one for one in self.comparisons}
        own, floor = compared[self.recommended], compared.get(FLOOR)
        if floor is None or own.p_over_majority is None:
            return None
        return own.accuracy > floor.accuracy and own.p_over_majority < ALPHA

    @property
    def has_learnt(self) -> bool:
        """Whether a method is recommended that learns, and nothing speaks against that it does."""
        return self.recommended != FLOOR and self.beats_floor is not False

    def to_dict(self) -> ChoiceEntry:
        """Return plain values."""
        return {
            "metric": self.metric,
            "tolerance": self.tolerance,
            "best": self.best,
            "recommended": self.recommended,
            "why": self.why,
            "remarks": list(self.remarks),
            "expected_losses": [one.to_dict() for one in self.losses],
            "shown_better_than_majority": self.beats_floor,
        }


def choose_method(
    predictions: Mapping[str, EvidencePredictions],
    *,
    metric: str = "accuracy",
    tolerance: float = TOLERANCE,
    seed: int = 0,
    model_bytes: Mapping[str, int] | None = None,
) -> Choice:
    """Recommend the cheapest method whose expected loss against the best is within the tolerance.

    `majority` is recommended only if no other method has a higher score.

    Parameters
    ----------
    predictions : mapping of method to EvidencePredictions
        The evidence; test texts take no part in it. Methods with predictions for other texts are
        compared on the texts that both have.
    metric : {"accuracy", "macro-f1", "micro-f1"}
    tolerance : float
        How much of the metric a cheaper method may lose, at least 0 and below 1.
    seed : int
        Seed of the Bayesian bootstrap.
    model_bytes : mapping of method to int, optional
        Sizes on disk, which the sentences name.

    Raises
    ------
    InputError
        There is no method, there are no texts that all methods share, or an option is unknown or
        out of range.
    """
    check_metric(metric)
    check_tolerance(tolerance)
    if not predictions:
        raise InputError("no method to choose from: give the predictions of at least one")
    correct = _correct_on_shared_rows(predictions)
    ordered = {one.method: predictions[one.method] for one in compare_methods(correct)}
    comparisons = _compare(ordered, correct)
    best = _find_best(ordered, metric)
    losses = tuple(
        _expect_loss(method, best, ordered, metric=metric, seed=seed) for method in ordered
    )
    candidates = [one.method for one in losses if one.expected_loss <= tolerance]
    if best != FLOOR:
        candidates = [method for method in candidates if method != FLOOR]
    recommended = candidates[0]
    choice = Choice(
        recommended=recommended,
        best=best,
        metric=metric,
        tolerance=tolerance,
        losses=losses,
        comparisons=tuple(comparisons),
        evidence=ordered[recommended],
        model_bytes=dict(model_bytes or {}),
    )
    return replace(choice, reasons=state_reasons(choice, ordered))


def check_tolerance(tolerance: float) -> None:
    """Refuse a tolerance that is no share.

    Raises
    ------
    InputError
        It is negative, or 1 or more.
    """
    if not 0 <= tolerance < 1:
        raise InputError(
            f"the tolerance is {tolerance:g}; at least 0 and below 1 is accepted, "
            "such as 0.01 for one point"
        )


def _correct_on_shared_rows(
    predictions: Mapping[str, EvidencePredictions],
) -> dict[str, np.ndarray]:
    """Return whether each method is right on the texts that all methods answered."""
    shared = _shared_rows(list(predictions.values()))
    return {method: one.only(shared).correct for method, one in predictions.items()}


def _compare(
    ordered: Mapping[str, EvidencePredictions], correct: Mapping[str, np.ndarray]
) -> list[Comparison]:
    """Test every method against the most accurate one.

    The tests count each text once, by the first division into folds. Accuracies, and which method
    has the highest, are those of all divisions, as everywhere else.
    """
    shared = _shared_rows(list(ordered.values()))
    accuracy = {method: one.only(shared).accuracy for method, one in ordered.items()}
    best = _find_best(ordered, "accuracy")
    found = []
    for one in compare_methods(correct, best=best):
        own, highest = accuracy[one.method], accuracy[best]
        found.append(replace(one, accuracy=own, best_accuracy=highest))
    return found


def _shared_rows(several: list[EvidencePredictions]) -> np.ndarray:
    shared = several[0].rows
    for one in several[1:]:
        shared = np.intersect1d(shared, one.rows)
    if not len(shared):
        raise InputError(
            "the methods cannot be compared: they have predictions for different texts"
        )
    return shared


def _find_best(predictions: Mapping[str, EvidencePredictions], metric: str) -> str:
    """Return the method with the highest score; of equal ones, the cheapest.

    The methods are in order of cost. Each is compared with the best of those before it, on the
    texts that both have, so that a method with few texts is never held against another's easy ones.
    """
    methods = list(predictions)
    best = methods[0]
    for method in methods[1:]:
        shared = _shared_rows([predictions[best], predictions[method]])
        own = score_evidence(predictions[method].only(shared), metric)
        if own > score_evidence(predictions[best].only(shared), metric):
            best = method
    return best


def _expect_loss(
    method: str,
    best: str,
    predictions: Mapping[str, EvidencePredictions],
    *,
    metric: str,
    seed: int,
) -> ExpectedLoss:
    shared = _shared_rows([predictions[best], predictions[method]])
    pair = {name: predictions[name].only(shared) for name in (best, method)}
    loss = 0.0
    if method != best:
        drawn = draw_scores(pair, metric, seed=seed)
        loss = float(np.maximum(0.0, drawn[best] - drawn[method]).mean())
    return ExpectedLoss(method, score_evidence(pair[method], metric), len(shared), loss)
