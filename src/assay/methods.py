"""The table of methods: all that depends on the method stands here. It imports none of them."""

from __future__ import annotations

from typing import NamedTuple

from assay.errors import InputError, did_you_mean

__all__ = ["METHODS", "Method", "check_methods"]


class Method(NamedTuple):
    """Where a method's estimator stands, and what it is in a few words."""

    module: str
    class_name: str
    what: str


# From the cheapest to the dearest: every "cheapest" uses this order.
METHODS: dict[str, Method] = {
    "majority": Method("majority", "Majority", "always answers the most frequent label"),
    "linear": Method(
        "linear", "Linear", "TF-IDF of words and character n-grams, linear classifier"
    ),
    "compact": Method("compact", "Compact", "small recurrent network trained from scratch"),
    "features": Method("features", "Features", "frozen transformer, logistic regression on top"),
    "finetune": Method("finetune", "Finetune", "pre-trained transformer trained on the texts"),
}


def check_methods(names: list[str]) -> list[str]:
    """Return the methods in order of cost, each once.

    Raises
    ------
    InputError
        A name is none of the methods.
    """
    for name in names:
        if name not in METHODS:
            raise InputError(
                f"unknown method '{name}'; methods: {', '.join(METHODS)}.{did_you_mean(name, METHODS)}"
            )
    return [name for name in METHODS if name in names]
