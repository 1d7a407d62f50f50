"""`Choice`: which method is recommended and why, decided once and shown everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assay.evaluation.compare import Comparison, compare_methods
from assay.evaluation.recommendation import recommend

__all__ = ["Choice", "choose_method"]


@dataclass(frozen=True)
class Choice:
    """The recommended method.

    Parameters
    ----------
    recommended : str
    why : str
        One sentence, which results.json, the report and the terminal show alike. It names no
        training times, so that the same seed gives the same sentence on every machine.
    comparisons : tuple of Comparison
        What it rests on, from the cheapest method to the most expensive.
    """

    recommended: str
    why: str
    comparisons: tuple[Comparison, ...]


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
        Sizes on disk, which the sentence names where they differ.

    Raises
    ------
    InputError
        There is no method or no text, or the arrays differ in length.
    """
    comparisons = compare_methods(correct)
    recommended, why = recommend(comparisons, model_bytes=model_bytes)
    return Choice(recommended, why, tuple(comparisons))
