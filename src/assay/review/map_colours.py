"""How the maps of both pages are coloured: by label, by right and wrong, by suspicion.

What is said of a labelled text comes from models that did not see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assay.audit.issues import GUESSED_KINDS
from assay.data.labels import LabelSet
from assay.review.guesses import Guesses, Known, fit_guesses
from assay.review.suspects import Nearest, Suspect
from assay.review.text_map import (
    MAX_MAPPED,
    Colouring,
    TextMap,
    colour_by_each,
    colour_by_name,
    colour_by_value,
    map_texts,
)
from assay.review.vectors import hash_vectors

__all__ = ["colour_by_labels", "map_suspects"]

N_FOLDS = 10
DIGITS = 4
AGREES, DIFFERS, ELSE = "agrees", "differs", "else"


def colour_by_labels(
    features: np.ndarray, known: Known, *, order: Sequence[str] = (), seed: int = 0
) -> dict[str, Colouring]:
    """Colour texts of which some have labels.

    Parameters
    ----------
    features : float32 array of shape (n_texts, n_features)
    known : Known
        The texts that have labels.
    order : sequence of str
        The labels in the order of the page.
    seed : int
        Seed of the folds.

    Returns
    -------
    dict of str to Colouring
        `label`, or `labels` where a text may have several, to be looked at one at a time; and where
        there are enough labels for a model, `right`, whether it gives a labelled text its label,
        and `suspicion`: of a labelled text how little it believes the label, of the
        others how unsure it is.
    """
    coloured = _colour_by_own(len(features), known, order)
    if not known.can_fit:
        return coloured
    verdicts: list[str | None] = [None] * len(features)
    suspicion: list[float | None] = [*fit_guesses(features, known).unsure().round(DIGITS).tolist()]
    order_of_rows = np.random.default_rng(seed).permutation(len(known.rows))
    for fold in range(min(N_FOLDS, len(order_of_rows))):
        is_outside = np.arange(len(order_of_rows)) % N_FOLDS == fold
        inside = _take(known, order_of_rows[~is_outside])
        if not inside.can_fit:
            for i in order_of_rows[is_outside].tolist():
                suspicion[int(known.rows[i])] = None
            continue
        guesses = fit_guesses(features, inside)
        for i in order_of_rows[is_outside].tolist():
            row, labels = int(known.rows[i]), known.labels[i]
            verdicts[row] = DIFFERS
            if set(guesses.suggest(row).labels) == set(labels):
                verdicts[row] = AGREES
            suspicion[row] = round(_disbelief(guesses, row, labels), DIGITS)
    coloured["right"] = colour_by_name(verdicts, order=(AGREES, DIFFERS))
    coloured["suspicion"] = colour_by_value(suspicion)
    return coloured


def _colour_by_own(n_texts: int, known: Known, order: Sequence[str]) -> dict[str, Colouring]:
    """Colour labelled texts by their labels."""
    own: list[tuple[str, ...] | None] = [None] * n_texts
    first: list[str | None] = [None] * n_texts
    for row, labels in zip(known.rows.tolist(), known.labels, strict=True):
        own[row] = labels
        first[row] = next(iter(labels), None)
    if known.several:
        return {"labels": colour_by_each(own)}
    return {"label": colour_by_name(first, order=order)}


def _take(known: Known, places: np.ndarray) -> Known:
    """Return what is known of some of the labelled texts."""
    labels = tuple(known.labels[i] for i in places.tolist())
    return replace(known, rows=known.rows[places], labels=labels, is_random=None)


def _disbelief(guesses: Guesses, row: int, labels: Sequence[str]) -> float:
    """Return how little a model believes the labels of a text, 0 to 1."""
    has_label = np.isin(guesses.names, labels)
    probs = guesses.probs[row]
    if guesses.several:
        return float(np.abs(has_label - probs).max())
    return float(1.0 - probs[has_label].sum())


def map_suspects(suspects: Sequence[Suspect], nearest: Nearest, label_set: LabelSet) -> TextMap:
    """Place the rows of an audit among other rows of the data, which cannot be chosen.

    Parameters
    ----------
    suspects : sequence of Suspect
        The map shows the first ones, if there are more.
    nearest : Nearest
        Knows the other rows.
    label_set : LabelSet
        Where a text may have several labels, the map is coloured by one of them at a time.
    """
    names: list[str] = []
    texts: list[str] = []
    labels: list[str] = []
    verdicts: list[str] = []
    suspicion: list[float | None] = []
    for suspect in suspects[:MAX_MAPPED]:
        names.append(suspect.key)
        texts.append(suspect.issue.text)
        labels.append(suspect.issue.label)
        verdicts.append(_verdict(suspect))
        suspicion.append(_suspicion(suspect))
    for other in nearest.sample(MAX_MAPPED - len(names), without=frozenset(names)):
        names.append("")
        texts.append(other["text"])
        labels.append(other["label"])
        verdicts.append(AGREES)
        suspicion.append(None)
    by_label = {"label": colour_by_name(labels)}
    if label_set.task != "single":
        by_label = {"labels": colour_by_each(map(label_set.read_label, labels))}
    colours = {
        **by_label,
        "right": colour_by_name(verdicts, order=(AGREES, DIFFERS, ELSE)),
        "suspicion": colour_by_value(suspicion),
    }
    return map_texts(names, texts, hash_vectors(texts), colours)


def _verdict(suspect: Suspect) -> str:
    """Tell whether another label is proposed for a row, or something else was found."""
    if suspect.proposed_label in ("", suspect.issue.label):
        return ELSE
    return DIFFERS


def _suspicion(suspect: Suspect) -> float | None:
    """Return how suspect the label of a row is; None where something else was found."""
    worst: float | None = None
    for one in suspect.findings:
        if one.kind in GUESSED_KINDS and one.score is not None:
            worst = max(one.score, worst or 0.0)
    return worst
