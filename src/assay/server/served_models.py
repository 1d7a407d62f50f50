"""A loaded model and the kinds of work that it does for requests."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from assay.runtime.explain import Explanation, explain_text
from assay.runtime.nearest import Neighbour, NeighbourEntry
from assay.runtime.predictor import Model, load_model
from assay.server.budget import estimate_tokens, measure_budget
from assay.server.queue import Work
from assay.server.requests import MAX_NEAREST

__all__ = ["ServedModel"]


@dataclass(frozen=True)
class ServedModel:
    """A loaded model and the kinds of work that it does.

    Parameters
    ----------
    name : str
    model : Model
    scoring : Work
        Texts -> probabilities of each, an array of shape (n_labels,).
    judging : Work
        Texts -> (probabilities, scope or None) of each.
    explaining : Work
        Texts -> explanations; only for models that give exact ones.
    counting : Work
        Texts -> number of tokens of each before anything is cut; None if nothing is ever cut.
    finding : Work
        Texts -> the `MAX_NEAREST` nearest training texts of each; only for models that keep some.
    loaded_at : float
        Seconds since the epoch.
    """

    name: str
    model: Model
    scoring: Work
    judging: Work
    explaining: Work
    counting: Work
    finding: Work
    loaded_at: float

    @classmethod
    def load(cls, name: str, folder: Path, *, n_threads: int | None = None) -> ServedModel:
        """Load a folder, and measure how many texts go through it in one pass.

        Raises
        ------
        ModelError
            The folder is no model, or a broken one.
        """
        model = load_model(folder, n_threads=n_threads)
        score = partial(_score, model)
        judge = partial(_judge, model)
        cost = partial(estimate_tokens, max_tokens=model.cut_tokens)
        budget = measure_budget(score, max_tokens=model.cut_tokens)
        judge(
            [""]
        )  # unpacks the statistics of the training texts, which no request should wait for
        return cls(
            name,
            model,
            scoring=Work(score, cost, budget),
            judging=Work(judge, cost, budget),
            explaining=Work(partial(_explain, model), cost, budget),
            counting=Work(partial(_count_tokens, model), cost, budget),
            finding=_make_finding(model, budget),
            loaded_at=time.time(),
        )

    def describe(self) -> dict[str, Any]:
        """Return what /info says about it."""
        model, rule, texts = self.model, self.model.abstain_rule, self.model.training_texts
        return {
            "name": self.name,
            "method": model.method,
            "labels": list(model.labels),
            "max_tokens": model.max_tokens,
            "size_bytes": model.n_bytes,
            "abstains_below": None if rule is None else rule.threshold,
            "out_of_scope_below": model.scope_threshold,
            "thresholds": list(model.manifest.thresholds) or None,
            "min_labels": model.manifest.min_labels,
            "scores": list(model.manifest.scores),
            "pass_tokens": self.scoring.budget,
            "kept_texts": 0 if texts is None else len(texts.texts),
            "loaded_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.loaded_at)),
        }


def _make_finding(model: Model, budget: int) -> Work:
    """Return the search for nearest texts, with a budget of its own.

    A search takes longer than a score of `linear`: with the budget of scores, one pass of searches
    could hold up all other requests.
    """
    find = partial(_find_nearest, model)
    cost = partial(estimate_tokens, max_tokens=None)
    if model.training_texts is not None:
        budget = measure_budget(find, max_tokens=None)
    return Work(find, cost, budget)


def _score(model: Model, texts: Sequence[str]) -> list[np.ndarray]:
    return list(_predict(model, texts))


def _predict(model: Model, texts: Sequence[str]) -> np.ndarray:
    probs = model.predict_proba(texts)
    if not np.isfinite(probs).all():
        raise FloatingPointError  # a broken model: NaN is no answer
    return probs


def _judge(model: Model, texts: Sequence[str]) -> list[tuple[np.ndarray, float | None]]:
    probs = _predict(model, texts)
    scope = model.scope(texts, probs=probs)
    if scope is None:
        return [(row, None) for row in probs]
    return [(row, float(share)) for row, share in zip(probs, scope, strict=True)]


def _explain(model: Model, texts: Sequence[str]) -> list[Explanation]:
    return [explain_text(model, text) for text in texts]


def _find_nearest(model: Model, texts: Sequence[str]) -> list[list[NeighbourEntry]]:
    return list(map(_to_dicts, model.nearest(texts, n=MAX_NEAREST)))


def _to_dicts(found: Sequence[Neighbour]) -> list[NeighbourEntry]:
    return [one.to_dict() for one in found]


def _count_tokens(model: Model, texts: Sequence[str]) -> list[int | None]:
    counts = model.count_tokens(texts)
    return [None] * len(texts) if counts is None else [*counts]
