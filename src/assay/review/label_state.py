"""What the label page is told: plain values, made of a session and its adviser."""

from __future__ import annotations

from typing import Literal, TypedDict

from assay.data.labels import list_labels
from assay.review.adviser import Adviser
from assay.review.estimate import Estimate, Forecast
from assay.review.events import Decision, Names
from assay.review.items import Item
from assay.review.labelling import Labelling
from assay.review.pool import text_mark
from assay.review.session import LabelSession

__all__ = ["ItemEntry", "LabelState", "describe_item", "describe_state"]


class ItemEntry(TypedDict):
    """A text for the page, and the decision on it where the page looks back."""

    position: int
    line: int
    text: str
    mark: str
    suggested: list[str] | None
    confidence: float | None
    is_random: bool
    labels: list[str] | None
    is_skip: bool
    note: str


class CurvePoint(TypedDict):
    """Accuracy of a model that was trained on so many labels."""

    n: int
    accuracy: float


class ForecastEntry(TypedDict):
    """A `Forecast`."""

    n_more: int
    gain: float
    low: float
    high: float


class EstimateEntry(TypedDict):
    """An `Estimate` with its interval, and what the labels that are left would bring."""

    n_labelled: int
    n_random: int
    accuracy: float
    low: float
    high: float
    curve: list[CurvePoint]
    forecast: ForecastEntry | None
    can_stop: bool
    n_chosen: int


class LabelCount(TypedDict):
    """A label and how many texts have it."""

    label: str
    n: int


class LastAct(TypedDict):
    """What would be taken back: a decision, or a label that was added, renamed or merged."""

    kind: Literal["decision", "label", "rename", "merge"]
    label: str
    to: str


class LabelState(TypedDict):
    """All that the page shows beside the text."""

    version: int
    pool: str
    n_pool: int
    n_decided: int
    n_skipped: int
    n_left: int
    n_region: int
    labels: list[LabelCount]
    several: bool
    minutes: float
    reads_by: str
    why_terms: str
    n_read: int
    has_model: bool
    estimate: EstimateEntry | None
    is_estimating: bool
    last: LastAct | None
    item: ItemEntry | None


def describe_item(item: Item | None) -> ItemEntry | None:
    """Return a text as plain values."""
    if item is None:
        return None
    decision = item.decision
    return {
        "position": item.position,
        "line": item.line,
        "text": item.text,
        "mark": text_mark(item.text),
        "suggested": None if item.suggested is None else list(item.suggested),
        "confidence": item.confidence,
        "is_random": item.is_random,
        "labels": None if decision is None else list(decision.labels),
        "is_skip": decision is not None and decision.is_skip,
        "note": item.note if decision is None else decision.note,
    }


def describe_state(session: LabelSession, adviser: Adviser) -> LabelState:
    """Return the state of a session, with the text to decide on."""
    with session.changed:
        labelling = session.labelling
        labelled = labelling.labelled()
        counts: list[LabelCount] = []
        for label, n in labelling.counts().items():
            counts.append({"label": label, "n": n})
        reads_by = why_terms = ""
        if (vectors := adviser.vectors) is not None:
            reads_by, why_terms = vectors.name, vectors.why_terms
        return {
            "version": session.version,
            "pool": session.pool.source,
            "n_pool": len(session.pool),
            "n_decided": len(labelled),
            "n_skipped": len(labelling) - len(labelled),
            "n_left": session.n_left,
            "n_region": session.n_region,
            "labels": counts,
            "several": session.several,
            "minutes": labelling.seconds() / 60,
            "reads_by": reads_by,
            "why_terms": why_terms,
            "n_read": adviser.n_read,
            "has_model": session.advice.is_of_model,
            "estimate": _describe_estimate(session.estimate, session.n_left),
            "is_estimating": adviser.is_estimating(),
            "last": _describe_last(labelling),
            "item": describe_item(session.current()),
        }


def _describe_last(labelling: Labelling) -> LastAct | None:
    act = labelling.last()
    if act is None:
        return None
    if isinstance(act, Decision):
        return {"kind": "decision", "label": "", "to": ""}
    if isinstance(act, Names):
        return {"kind": "label", "label": list_labels(act.labels), "to": ""}
    kind: Literal["merge", "rename"] = "merge" if labelling.is_merge(act) else "rename"
    return {"kind": kind, "label": act.label, "to": act.to}


def _describe_estimate(estimate: Estimate | None, n_left: int) -> EstimateEntry | None:
    if estimate is None:
        return None
    low, high = estimate.interval
    curve: list[CurvePoint] = []
    for n, accuracy in estimate.curve:
        curve.append({"n": n, "accuracy": accuracy})
    return {
        "n_labelled": estimate.n_labelled,
        "n_random": estimate.n_random,
        "accuracy": estimate.accuracy,
        "low": low,
        "high": high,
        "curve": curve,
        "forecast": _describe_forecast(estimate.forecast(n_left)),
        "can_stop": estimate.can_stop(n_left),
        "n_chosen": estimate.n_chosen,
    }


def _describe_forecast(forecast: Forecast | None) -> ForecastEntry | None:
    if forecast is None:
        return None
    return {
        "n_more": forecast.n_more,
        "gain": forecast.gain,
        "low": forecast.low,
        "high": forecast.high,
    }
