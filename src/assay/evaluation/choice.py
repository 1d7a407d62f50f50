"""`Choice`: which method is recommended and why, decided once and shown everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assay.catalogue import ENGLISH, Fact, open_language
from assay.evaluation.compare import Comparison, compare_methods
from assay.evaluation.recommendation import recommend

__all__ = ["Choice", "choose_method"]


@dataclass(frozen=True)
class Choice:
    """The recommended method.

    Parameters
    ----------
    recommended : str
    reasons : tuple of Fact
        Why, one sentence each. They name no training times, so that the same seed gives the same
        sentences on every machine.
    comparisons : tuple of Comparison
        What it rests on, from the cheapest method to the most expensive.
    """

    recommended: str
    reasons: tuple[Fact, ...]
    comparisons: tuple[Comparison, ...]

    @property
    def why(self) -> str:
        """The reasons in English, as results.json and the terminal show them."""
        english = open_language(ENGLISH)
        return " ".join(english.tell(reason) for reason in self.reasons)


def choose_method(
    correct: Mapping[str, np.ndarray], *, model_bytes: Mapping[str, int] | None = None
) -> Choice:
    """Compare all methods on the same texts and recommend one.

    Parameters
    ----------
    correct : mapping of method to bool array of shape (n_texts,)
        Whether the method labelled each text of the evidence right. The evidence is the validation
        split: test texts take no part in the choice.
    model_bytes : mapping of method to int, optional
        Sizes on disk in bytes, which the reasons compare where they differ.

    Raises
    ------
    InputError
        There is no method or no text, or the arrays differ in length.
    """
    comparisons = compare_methods(correct)
    recommended, reasons = recommend(comparisons, model_bytes=model_bytes)
    return Choice(recommended, reasons, tuple(comparisons))
