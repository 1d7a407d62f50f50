"""Fit what scope is measured by: the terms of train, and how validation texts compare with them.

`runtime/limits/scope.py` says what the measures mean, and applies them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assay.models.bulk_terms import FlatLists, hash_in_bulk
from assay.runtime.hashed_terms import BLOCKS, Seen, buckets_of, forget_tokens
from assay.runtime.limits.scope import (
    ASPECTS,
    LEVELS,
    MAX_BITS,
    ScopeReference,
    TermStatistics,
    add_sureness,
    standardise,
)
from assay.runtime.limits.scope_by_script import ScopeByScript, name_main_scripts
from assay.runtime.linear import slices_of

__all__ = [
    "fit_scope_reference",
    "fit_term_statistics",
    "make_scope_reference",
    "make_scope_references",
    "measure_by_folds",
]

# Classes times buckets of one block, at most: what is unpacked in memory stays below 50 MB
MAX_COUNTS = 80 << 15
BITS = (8, MAX_BITS)  # fewest and most bits of a bucket's number
N_QUANTILES = 101
# Of 50 texts that look like train, 5 % are 2.5 texts: fewer tell no threshold of their own
MIN_SCRIPT_TEXTS = 50
# That are hashed at once: many short texts, which repeat their tokens, or a few documents
CHUNK_TEXTS, CHUNK_CHARS = 10_000, 400_000


def fit_term_statistics(
    texts: Sequence[str], label_ids: np.ndarray, *, n_classes: int
) -> TermStatistics:
    """Count the terms of each class of train, in buckets.

    The counts are stored as logarithms in 8 bits, from 1 (a single occurrence) up to the level of
    the largest count; 0 is a term that the class does not have.

    Parameters
    ----------
    texts : sequence of str
        The texts of train.
    label_ids : int array of shape (n_texts,), or (n_texts, n_classes) of zeros and ones
        In LabelSet order. A text with several labels counts in each of them; texts without any
        are a further class, the last, if there are such texts.
    n_classes : int
    """
    label_ids, n_classes = _add_none(np.asarray(label_ids), n_classes)
    bits = int(np.clip((MAX_COUNTS // n_classes).bit_length() - 1, *BITS))
    counts = np.zeros((BLOCKS, n_classes << bits))
    seen: Seen = {}
    for chunk in slices_of(texts, max_texts=CHUNK_TEXTS, max_chars=CHUNK_CHARS):
        forget_tokens(seen)
        for block, terms in enumerate(hash_in_bulk(texts[chunk], seen)):
            buckets = buckets_of(terms.hashes, bits)
            own, classes = _with_classes(label_ids[chunk], terms.rows)
            np.add.at(counts[block], (classes << bits) + buckets[own], 1.0)
    largest = max(int(counts.max()), 1)
    logs = np.log(np.maximum(counts, 1)) / np.log(largest + 1.0)
    levels = np.where(counts > 0, 1 + np.round(LEVELS * logs), 0).astype(np.uint8)
    return TermStatistics(len(texts), largest, levels.reshape(BLOCKS, n_classes, 1 << bits))


def _add_none(label_ids: np.ndarray, n_classes: int) -> tuple[np.ndarray, int]:
    """Add a column for texts without any label, where texts may have several and some have none."""
    if label_ids.ndim == 1 or label_ids.any(axis=1).all():
        return label_ids, n_classes
    has_none = ~label_ids.any(axis=1, keepdims=True)
    return np.hstack([label_ids, has_none.astype(label_ids.dtype)]), n_classes + 1


def _with_classes(label_ids: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of terms, given the text of each, and the class that each counts in.

    The terms of a text with two classes are there twice: labels [[1, 0, 1], [0, 1, 0]] and rows 0 1
    give terms 0 0 1, classes 0 2 1.
    """
    if label_ids.ndim == 1:
        return np.arange(len(rows)), label_ids[rows].astype(np.int64)
    members, classes = np.nonzero(label_ids)
    of_text = FlatLists(np.bincount(members, minlength=len(label_ids)))
    places, terms = of_text.places(rows)
    return terms, classes[places]


def measure_by_folds(
    texts: Sequence[str], label_ids: np.ndarray, folds: np.ndarray, *, n_classes: int
) -> np.ndarray:
    """Measure how each text compares with the texts of the other folds.

    Parameters
    ----------
    texts : sequence of str
    label_ids : int64 array
        As `fit_term_statistics` takes it.
    folds : int64 array of shape (n_texts,)
    n_classes : int

    Returns
    -------
    float64 array of shape (n_texts, n_measures)
        As `TermStatistics.measure` returns them.
    """
    found: dict[int, np.ndarray] = {}
    for fold in range(int(folds.max()) + 1):
        is_outside = folds == fold
        inside = np.flatnonzero(~is_outside).tolist()
        outside = np.flatnonzero(is_outside).tolist()
        statistics = fit_term_statistics(
            [texts[i] for i in inside], label_ids[~is_outside], n_classes=n_classes
        )
        measured = statistics.measure([texts[i] for i in outside])
        found.update(zip(outside, measured, strict=True))
    return np.stack([found[i] for i in range(len(texts))])


def fit_scope_reference(
    statistics: TermStatistics,
    texts: Sequence[str],
    probs: np.ndarray,
    *,
    split: str = "validation",
) -> ScopeReference:
    """Measure how validation texts compare with the texts of train.

    The reference holds the scale of each measure and of each aspect, and the quantiles of the worse
    of the two aspects.

    Parameters
    ----------
    statistics : TermStatistics
    texts : sequence of str
        At least one.
    probs : array of shape (n_texts, n_outcomes)
        The saved model's scores of the texts: see `Answering.outcomes`.
    split : str
        The name of the split that the texts are from.
    """
    return make_scope_reference(statistics.measure(texts), probs, split=split)


def make_scope_reference(
    measured_terms: np.ndarray, probs: np.ndarray, *, split: str
) -> ScopeReference:
    """Make the reference of `fit_scope_reference` from terms that were measured before.

    Parameters
    ----------
    measured_terms : array of shape (n_texts, n_measures)
        As `TermStatistics.measure` or `measure_by_folds` returns them.
    probs : array of shape (n_texts, n_outcomes)
        See `Answering.outcomes`.
    split : str
    """
    measured = add_sureness(measured_terms, probs)
    means, stds = measured.mean(axis=0), measured.std(axis=0)
    aspects = standardise(measured, means, stds) @ np.array([*ASPECTS.values()]).T
    reference = ScopeReference(
        means=tuple(means.tolist()),
        stds=tuple(stds.tolist()),
        aspect_stds=tuple(aspects.std(axis=0).tolist()),
        quantiles=(0.0, 0.0),
        n_texts=len(measured),
        split=split,
    )
    quantiles = np.quantile(reference.worse_aspect(measured), np.linspace(0, 1, N_QUANTILES))
    # Rounding may put equal quantiles in the wrong order.
    return replace(reference, quantiles=tuple(np.maximum.accumulate(quantiles).tolist()))


def make_scope_references(
    measured_terms: np.ndarray, probs: np.ndarray, texts: Sequence[str], *, split: str
) -> ScopeByScript:
    """Make the reference of all texts, and of each script if at least two have enough texts.

    Parameters
    ----------
    measured_terms, probs, split
        As for `make_scope_reference`.
    texts : sequence of str
        Those that were measured.
    """
    scripts = np.array(name_main_scripts(texts), dtype=object)
    names, counts = np.unique(scripts[scripts != ""], return_counts=True)
    by_script = {}
    if (counts >= MIN_SCRIPT_TEXTS).sum() > 1:
        for name in names[counts >= MIN_SCRIPT_TEXTS].tolist():
            own = scripts == name
            by_script[name] = make_scope_reference(measured_terms[own], probs[own], split=split)
    return ScopeByScript(make_scope_reference(measured_terms, probs, split=split), by_script)
