"""The five methods: scikit-learn estimators over texts. A new one is a file here and a line in `METHODS`."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from assay.models.compact import Compact
    from assay.models.estimator import TextClassifier
    from assay.models.features import Features
    from assay.models.finetune import Finetune
    from assay.models.linear import Linear
    from assay.models.majority import Majority
    from assay.models.saving import keep_texts, record_scores, save_model

__all__ = [
    "METHODS",
    "Compact",
    "Features",
    "Finetune",
    "Linear",
    "Majority",
    "Method",
    "check_methods",
    "keep_texts",
    "make_estimator",
    "record_scores",
    "save_model",
]


class Method(NamedTuple):
    """Where a method's estimator stands, and what it is in a few words."""

    module: str
    class_name: str
    what: str


# From the cheapest to the dearest: every "cheapest" uses this order.
METHODS: dict[str, Method] = {
    "majority": Method("majority", "Majority", "always answers the most frequent label"),
    "linear": Method("linear", "Linear", "TF-IDF of words and character n-grams, linear classifier"),
    "compact": Method("compact", "Compact", "small recurrent network trained from scratch"),
    "features": Method("features", "Features", "frozen transformer, logistic regression on top"),
    "finetune": Method("finetune", "Finetune", "pre-trained transformer trained on the texts"),
}

HOMES = {entry.class_name: entry.module for entry in METHODS.values()} | {
    "keep_texts": "saving",
    "record_scores": "saving",
    "save_model": "saving",
}


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f"{__name__}.{HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def check_methods(names: list[str]) -> list[str]:
    """Return the methods in order of cost, each once.

    Raises
    ------
    InputError
        A name is none of the methods.
    """
    for name in names:
        if name not in METHODS:
            raise InputError(f"unknown method '{name}'; methods: {', '.join(METHODS)}.{did_you_mean(name, METHODS)}")
    return [name for name in METHODS if name in names]


def make_estimator(method: str, *, seed: int = 0, **parameters: Any) -> TextClassifier:
    """Make the untrained estimator of a method; parameters that it does not have are left out.

    Raises
    ------
    InputError
        There is no such method.
    """
    check_methods([method])
    entry = METHODS[method]
    cls = getattr(importlib.import_module(f"{__name__}.{entry.module}"), entry.class_name)
    accepted = cls().get_params(deep=False)
    given = {name: value for name, value in {"seed": seed, **parameters}.items() if name in accepted}
    estimator: TextClassifier = cls(**given)
    return estimator
