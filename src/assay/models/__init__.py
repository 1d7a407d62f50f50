"""The five methods: scikit-learn estimators over texts.

A new method is a file here and an entry in the table of `assay.methods`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay._lazy import resolve_lazily
from assay.errors import InputError, did_you_mean
from assay.methods import METHODS, Method, check_methods, find_method

if TYPE_CHECKING:
    from assay.data.labels import LabelSet
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
    "accepted_parameters",
    "check_methods",
    "keep_texts",
    "make_estimator",
    "name_labels",
    "record_scores",
    "save_model",
    "select_parameters",
]


HOMES = {
    "Compact": "compact",
    "Features": "features",
    "Finetune": "finetune",
    "Linear": "linear",
    "Majority": "majority",
    "keep_texts": "saving",
    "record_scores": "saving",
    "save_model": "saving",
}

__getattr__, __dir__ = resolve_lazily(__name__, HOMES)


def make_estimator(method: str, *, seed: int = 0, **parameters: Any) -> TextClassifier:
    """Make the untrained estimator of a method.

    Parameters
    ----------
    method : str
        Name of a method in the table.
    seed : int
        Ignored by methods in which nothing is random.
    **parameters
        Parameters of the method's estimator.

    Raises
    ------
    InputError
        There is no such method, or it does not have one of the parameters.
    """
    cls = find_method(method).load_estimator_class()
    accepted = accepted_parameters(method)
    unknown = sorted(set(parameters) - accepted)
    if unknown:
        name = unknown[0]
        known = ", ".join(sorted(accepted)) or "none"
        raise InputError(
            f"method '{method}' has no parameter '{name}'; parameters: {known}."
            f"{did_you_mean(name, accepted)}"
        )
    if "seed" in accepted:
        parameters["seed"] = seed
    estimator: TextClassifier = cls(**parameters)
    return estimator


def accepted_parameters(method: str) -> set[str]:
    """Return the names of the parameters that a method's estimator has.

    Raises
    ------
    InputError
        There is no such method.
    """
    return set(find_method(method).load_estimator_class()._get_param_names())


def name_labels(method: str, label_set: LabelSet) -> Mapping[str, Sequence[str]]:
    """Return the names of the labels as a parameter, for a method that has a use for them.

    Methods that are fitted on numbers of labels need them; with several labels per text none does.
    """
    if label_set.task != "single":
        return {}
    return select_parameters(method, {"label_names": label_set.names})


def select_parameters(method: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the parameters that a method has.

    One set of options may serve several methods.

    Raises
    ------
    InputError
        There is no such method.
    """
    accepted = accepted_parameters(method)
    return {name: value for name, value in parameters.items() if name in accepted}
