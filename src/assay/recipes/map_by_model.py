"""A map coloured by what a model says: where it gives the labels of the data, and where others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assay.catalogue import open_language
from assay.data.labels import LabelSet, Task, list_labels
from assay.errors import InputError
from assay.maps.points import label_positions
from assay.runtime.predictor import Model, load_model
from assay.runtime.trained_on import read_trained_on

__all__ = ["Coloured", "colour_texts"]

GIVEN: dict[Task, str] = {"single": "one label", "multi": "several labels"}
NO_LABEL = "–"  # where texts may have several labels, and one has none


@dataclass(frozen=True)
class Coloured:
    """Which colour the texts of a map have, and what is said about each.

    Parameters
    ----------
    labels : tuple of str
        What each colour means.
    label_ids : sequence of int, n_texts long
        The colour of each text; a list of positions in `labels` where texts may have several.
    texts : list of str
        What is shown where a text is pointed at.
    n_other : int or None
        Texts that the model labels otherwise than the data; None if no model was asked.
    n_trained_on : int
        Texts that the model was trained on, as far as is known.
    n_other_unseen : int
        Texts that it was not trained on and labels otherwise.
    """

    labels: tuple[str, ...]
    label_ids: list[Any] | np.ndarray
    texts: list[str]
    n_other: int | None = None
    n_trained_on: int = 0
    n_other_unseen: int = 0

    @property
    def n_unseen(self) -> int:
        """Texts that the model was not trained on."""
        return len(self.texts) - self.n_trained_on

    def note(self, language: str) -> str:
        """Say that the model was trained on some of the texts; empty if it was on none."""
        if not self.n_trained_on:
            return ""
        say = open_language(language).say
        if not self.n_unseen:
            return say("map_page.all_trained_on", n=self.n_trained_on)
        return say(
            "map_page.trained_on",
            n=len(self.texts),
            n_trained_on=self.n_trained_on,
            n_unseen=self.n_unseen,
            n_other=self.n_other_unseen,
            fraction=self.n_other_unseen / self.n_unseen,
        )


def colour_texts(
    model: Path | None,
    label_set: LabelSet,
    label_ids: np.ndarray,
    texts: Sequence[str],
    *,
    language: str,
) -> Coloured:
    """Give one colour to the texts that a model labels as the data do, and another to the others.

    Without a model, each label has a colour. Where texts may have several labels, a model must
    give exactly those of the data.

    Raises
    ------
    InputError
        The folder holds no model, it gives several labels per text and the data have one, or the
        other way round, or it knows none of the labels.
    """
    if model is None:
        return Coloured(tuple(label_set.names), label_positions(label_ids), list(texts))
    loaded = load_model(model)
    if loaded.label_set.task != label_set.task:
        gives, have = GIVEN[loaded.label_set.task], GIVEN[label_set.task]
        raise InputError(f"the model in {model} gives {gives} per text; the data have {have}")
    if not set(loaded.labels) & set(label_set.names):
        raise InputError(
            f"the model in {model} knows none of the labels of the data; its labels: "
            f"{', '.join(loaded.labels[:10])}"
        )
    say = open_language(language).say
    named = [_name(own, label_set) for own in label_positions(label_ids)]
    predicted = [_name_answer(answer) for answer in _answers(loaded, texts)]
    shown, is_other = [], np.zeros(len(texts), dtype=np.int64)
    for i, (given, found, text) in enumerate(zip(named, predicted, texts, strict=True)):
        is_other[i] = given != found
        names = given if given == found else f"{given} → {found}"
        shown.append(f"{names}: {text}")
    labels = (say("map_page.same_label"), say("map_page.other_label"))
    seen = _find_trained(loaded, texts)
    return Coloured(
        labels,
        is_other,
        shown,
        n_other=int(is_other.sum()),
        n_trained_on=int(seen.sum()),
        n_other_unseen=int(is_other[~seen].sum()),
    )


def _find_trained(model: Model, texts: Sequence[str]) -> np.ndarray:
    """Tell which texts the model was trained on: none, if it keeps no hashes of them."""
    trained_on = read_trained_on(model.folder, model.manifest)
    if trained_on is None:
        return np.zeros(len(texts), dtype=bool)
    return trained_on.find(texts)


def _answers(model: Model, texts: Sequence[str]) -> list[Any]:
    """Return the label with the highest score, or all that are given where there may be several."""
    probs = np.asarray(model.predict_proba(list(texts)))
    if model.label_set.task == "multi":
        return model.answering.name(probs)
    return [model.labels[i] for i in probs.argmax(axis=1).tolist()]


def _name(own: int | list[int], label_set: LabelSet) -> str:
    if isinstance(own, int):
        return label_set[own]
    return _name_answer([label_set[i] for i in own])


def _name_answer(answer: str | list[str]) -> str:
    return answer if isinstance(answer, str) else list_labels(sorted(answer)) or NO_LABEL
