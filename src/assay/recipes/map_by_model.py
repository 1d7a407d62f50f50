"""A map coloured by what a model says: where it gives the labels of the data, and where others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assay.catalogue import open_language
from assay.data.labels import LabelSet
from assay.errors import InputError
from assay.runtime.predictor import load_model

__all__ = ["Coloured", "colour_texts"]


@dataclass(frozen=True)
class Coloured:
    """Which colour the texts of a map have, and what is said about each.

    Parameters
    ----------
    labels : tuple of str
        What each colour means.
    label_ids : int array of shape (n_texts,)
        The colour of each text.
    texts : list of str
        What is shown where a text is pointed at.
    n_other : int or None
        Texts that the model labels otherwise than the data; None if no model was asked.
    """

    labels: tuple[str, ...]
    label_ids: np.ndarray
    texts: list[str]
    n_other: int | None = None


def colour_texts(
    model: Path | None,
    label_set: LabelSet,
    label_ids: np.ndarray,
    texts: Sequence[str],
    *,
    language: str,
) -> Coloured:
    """Give one colour to the texts that a model labels as the data do, and another to the others.

    Without a model, each label has a colour.

    Raises
    ------
    InputError
        The folder holds no model, it gives several labels per text, or it knows none of the labels.
    """
    if model is None:
        return Coloured(tuple(label_set.names), label_ids, list(texts))
    loaded = load_model(model)
    if loaded.label_set.task != "single":
        raise InputError(
            f"the model in {model} gives several labels per text; "
            "a map takes a model that gives one"
        )
    if not set(loaded.labels) & set(label_set.names):
        raise InputError(
            f"the model in {model} knows none of the labels of the data; its labels: "
            f"{', '.join(loaded.labels[:10])}"
        )
    best = np.asarray(loaded.predict_proba(list(texts))).argmax(axis=1)
    shown, is_other = [], np.zeros(len(texts), dtype=np.int64)
    for i, text in enumerate(texts):
        given, predicted = label_set[int(label_ids[i])], loaded.labels[int(best[i])]
        is_other[i] = given != predicted
        shown.append(f"{given}: {text}" if given == predicted else f"{given} → {predicted}: {text}")
    say = open_language(language).say
    labels = (say("map_page.same_label"), say("map_page.other_label"))
    return Coloured(labels, is_other, shown, int(is_other.sum()))
