"""Which of the terms that were counted a `linear` model keeps, and which it keeps unspelt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse

from assay.models.term_counts import TermCounts
from assay.runtime.rare_terms import RareTerms, bucket_bits, bucket_of

__all__ = ["MOST_WEIGHTS", "KeptTerms", "hide_rare", "keep_informative", "limit_terms"]

# Weights of a model, at most: 80 MB on disk. Data with 1,000 labels or a million texts would have a
# hundred times as many, nearly all of terms that hardly any text holds.
MOST_WEIGHTS = 20_000_000
# N-grams that more texts hold tell little and are a quarter of all that is counted. Validation
# accuracy with and without them: emotion 0.9000 and 0.9020, banking77 0.9070 and 0.9070, klue_ynat
# 0.8602 and 0.8602.
COMMON_FRACTION = 0.1
COMMON_TEXTS = 500  # at least: few texts are counted soon, and share what little they have
# Above this association with the classes (chi-square over the number of texts, 0 to 1) an n-gram
# stays, however many texts hold it.
MIN_ASSOCIATION = 0.02


@dataclass(frozen=True)
class KeptTerms:
    """The terms of one kind that a model keeps.

    Parameters
    ----------
    counts : TermCounts
    vocabulary : list of str
        The terms in column order, without the rare ones.
    rare : RareTerms
        The buckets of the other columns, which come last.
    """

    counts: TermCounts
    vocabulary: list[str]
    rare: RareTerms = field(default_factory=RareTerms)


def keep_informative(
    counts: TermCounts, label_ids: np.ndarray | None, *, min_count: int
) -> TermCounts:
    """Leave out terms of fewer than `min_count` texts, and of very many texts in all classes alike.

    Parameters
    ----------
    counts : TermCounts
    label_ids : int array of shape (n_texts,), or indicator of shape (n_texts, n_labels), optional
        None: all terms of very many texts are left out.
    min_count : int
    """
    n_texts_with = counts.n_texts_with
    is_common = n_texts_with > max(COMMON_TEXTS, COMMON_FRACTION * counts.n_texts)
    is_kept = (n_texts_with >= min_count) & ~is_common
    if label_ids is not None and is_common.any():
        common = np.flatnonzero(is_common)
        is_kept[common] = _association(counts.keep(common), label_ids) > MIN_ASSOCIATION
    return counts.keep(np.flatnonzero(is_kept))


def _association(counts: TermCounts, label_ids: np.ndarray) -> np.ndarray:
    """Return how much each term says about the class: chi-square over the number of texts, 0 to 1.

    Parameters
    ----------
    counts : TermCounts
        Every term occurs in some texts.
    label_ids : int array of shape (n_texts,), or indicator of shape (n_texts, n_labels)
    """
    n_texts = counts.n_texts
    if label_ids.ndim == 2:
        is_of_class = scipy.sparse.csc_matrix(label_ids.T)
    else:
        cells = (np.ones(n_texts), (label_ids, np.arange(n_texts)))
        is_of_class = scipy.sparse.csc_matrix(cells, shape=(label_ids.max() + 1, n_texts))
    n_by_class = np.asarray(is_of_class.sum(axis=1))
    observed = np.zeros((is_of_class.shape[0], counts.n_terms))
    for start, stop in counts.slices:
        observed += (is_of_class[:, start:stop] @ (counts.rows(start, stop) > 0)).toarray()
    # Not the sum of `observed`: a text with two labels is in it twice
    share = counts.n_texts_with / n_texts
    expected = n_by_class * share
    variance = np.maximum(expected * (1 - share), np.finfo(np.float64).tiny)
    association: np.ndarray = ((observed - expected) ** 2 / variance).sum(axis=0) / n_texts
    return association


def limit_terms(counted: Sequence[TermCounts], *, n_classes: int) -> list[TermCounts]:
    """Keep the terms of the most texts if all would have more weights than `MOST_WEIGHTS`.

    Where as many texts hold two terms, the one of the earlier kind is kept: words before pairs.
    """
    sizes = [counts.n_terms for counts in counted]
    most_terms = MOST_WEIGHTS // n_classes
    if sum(sizes) <= most_terms:
        return list(counted)
    n_texts_with = np.concatenate([counts.n_texts_with for counts in counted])
    is_kept = np.zeros(sum(sizes), dtype=bool)
    is_kept[np.argsort(-n_texts_with, kind="stable")[:most_terms]] = True
    kept = np.split(is_kept, np.cumsum(sizes)[:-1])
    return [counts.keep(np.flatnonzero(own)) for counts, own in zip(counted, kept, strict=True)]


def hide_rare(counts: TermCounts) -> KeptTerms:
    """Return the counts with the terms of a single text known by their buckets only.

    The columns of rare terms that share a bucket are added up.
    """
    is_rare = counts.n_texts_with == 1
    shared, alone = np.flatnonzero(~is_rare), np.flatnonzero(is_rare)
    n_bits = bucket_bits(len(alone))
    buckets = [bucket_of(term, n_bits) for term in counts.spell(alone)]
    filled, bucket_columns = np.unique(np.array(buckets, dtype=np.int64), return_inverse=True)
    # The new column of each old one: shared terms come first, in their order
    target = np.empty(counts.n_terms, dtype=np.int64)
    target[shared] = np.arange(len(shared))
    target[alone] = len(shared) + bucket_columns
    return KeptTerms(
        counts=counts.add_up(target, len(shared) + len(filled)),
        vocabulary=counts.spell(shared),
        rare=RareTerms(n_bits, filled.tolist()),
    )
