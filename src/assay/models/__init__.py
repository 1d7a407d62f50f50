"""The five methods: scikit-learn estimators over texts.

A new one is a file here and a line in `METHODS`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from assay.methods import METHODS, Method, check_methods

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
    given = {
        name: value for name, value in {"seed": seed, **parameters}.items() if name in accepted
    }
    estimator: TextClassifier = cls(**given)
    return estimator
