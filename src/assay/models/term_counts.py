"""Count words, word pairs and character n-grams of all training texts at once.

The counts are those of scikit-learn's `CountVectorizer` with the terms of `TextTerms`, several
times as fast. Texts are split at spaces into tokens, and most tokens occur many times. So the words
and n-grams of each distinct token are found once, and a product of two sparse matrices, texts x
tokens and tokens x n-grams, counts them in the texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import scipy.sparse

from assay.models.character_grams import find_grams, informative_columns
from assay.runtime.linear import TextTerms
from assay.runtime.rare_terms import RareTerms, bucket_bits, bucket_of

__all__ = ["MOST_WEIGHTS", "TermCounts", "count_terms", "limit_terms"]

# Weights of a model, at most: 80 MB on disk. Data with 1,000 labels or a million texts would have a
# hundred times as many, nearly all of terms that hardly any text holds.
MOST_WEIGHTS = 20_000_000


@dataclass(frozen=True)
class TermCounts:
    """Counts of one kind of term.

    Parameters
    ----------
    matrix : float32 CSR matrix of shape (n_texts, n_terms)
    vocabulary : list of str
        The terms in column order, without the rare ones.
    rare : RareTerms
        The buckets of the other columns, which come last.
    """

    matrix: Any
    vocabulary: list[str]
    rare: RareTerms = field(default_factory=RareTerms)

    def hide_rare(self) -> TermCounts:
        """Return the counts with the terms of a single text known by their buckets only.

        The columns of rare terms that share a bucket are added up.
        """
        n_texts = np.bincount(self.matrix.indices, minlength=len(self.vocabulary))
        is_rare = n_texts == 1
        shared, alone = np.flatnonzero(~is_rare), np.flatnonzero(is_rare)
        n_bits = bucket_bits(len(alone))
        buckets = [bucket_of(self.vocabulary[i], n_bits) for i in alone.tolist()]
        filled, bucket_columns = np.unique(np.array(buckets, dtype=np.int64), return_inverse=True)
        # The new column of each old one: shared terms come first, in their order
        target = np.empty(len(self.vocabulary), dtype=np.int64)
        target[shared] = np.arange(len(shared))
        target[alone] = len(shared) + bucket_columns
        old = self.matrix.copy()  # adding up changes it
        shape = (old.shape[0], len(shared) + len(filled))
        cells = (old.data, target[old.indices], old.indptr)
        matrix = scipy.sparse.csr_matrix(cells, shape=shape)
        matrix.sum_duplicates()
        vocabulary = [self.vocabulary[i] for i in shared.tolist()]
        return TermCounts(matrix, vocabulary, RareTerms(n_bits, filled.tolist()))


def limit_terms(blocks: Sequence[TermCounts], *, n_classes: int) -> list[TermCounts]:
    """Keep the terms of the most texts if all would have more weights than `MOST_WEIGHTS`.

    Where as many texts hold two terms, the one of the earlier block is kept: words before pairs.
    """
    sizes = [one.matrix.shape[1] for one in blocks]
    most_terms = MOST_WEIGHTS // n_classes
    if sum(sizes) <= most_terms:
        return list(blocks)
    n_texts_with = np.concatenate(
        [
            np.bincount(one.matrix.indices, minlength=size)
            for one, size in zip(blocks, sizes, strict=True)
        ]
    )
    is_kept = np.zeros(sum(sizes), dtype=bool)
    is_kept[np.argsort(-n_texts_with, kind="stable")[:most_terms]] = True
    limited = []
    for one, own in zip(blocks, np.split(is_kept, np.cumsum(sizes)[:-1]), strict=True):
        kept = np.flatnonzero(own)
        vocabulary = [one.vocabulary[i] for i in kept.tolist()]
        limited.append(TermCounts(one.matrix[:, kept], vocabulary))
    return limited


class _Numbers(dict[str, int]):
    """Numbers strings in the order in which they are first asked for."""

    def __missing__(self, name: str) -> int:
        self[name] = number = len(self)
        return number


@dataclass(frozen=True)
class _Rows:
    """Rows of numbers of unequal length: how long each is, and all of them end to end.

    The rows ``[4, 5], [], [6]`` are the lengths ``2, 0, 1`` and the numbers ``4, 5, 6``.
    """

    lengths: np.ndarray
    numbers: np.ndarray

    @classmethod
    def of(cls, rows: Iterable[Sequence[int]]) -> _Rows:
        as_list = list(rows)
        lengths = np.fromiter(map(len, as_list), dtype=np.int64, count=len(as_list))
        numbers = np.fromiter(
            chain.from_iterable(as_list), dtype=np.int64, count=int(lengths.sum())
        )
        return cls(lengths, numbers)

    @property
    def starts(self) -> np.ndarray:
        """Where each row begins in `numbers`."""
        starts: np.ndarray = np.cumsum(self.lengths) - self.lengths
        return starts

    def replace_by(self, replacements: _Rows) -> _Rows:
        """Replace each number by that row of `replacements`.

        With the words of the tokens as replacements, rows of tokens become rows of words: if token
        0 holds the words 7 and 8, and token 1 holds none, the row ``[0, 1, 0]`` becomes
        ``[7, 8, 7, 8]``.
        """
        n_each = replacements.lengths[self.numbers]
        ends = np.cumsum(n_each)
        within = np.arange(n_each.sum()) - np.repeat(ends - n_each, n_each)
        first = np.repeat(replacements.starts[self.numbers], n_each)
        row_of = np.repeat(np.arange(len(self.lengths)), self.lengths)
        lengths = np.bincount(row_of, weights=n_each, minlength=len(self.lengths))
        return _Rows(lengths.astype(np.int64), replacements.numbers[first + within])

    def count(self, n_columns: int) -> Any:
        """Return how often each row holds each number.

        Returns
        -------
        float32 CSR matrix of shape (n_rows, n_columns)
        """
        ones = np.ones(len(self.numbers), dtype=np.float32)
        bounds = np.concatenate([[0], np.cumsum(self.lengths)])
        shape = (len(self.lengths), n_columns)
        matrix = scipy.sparse.csr_matrix((ones, self.numbers, bounds), shape=shape)
        matrix.sum_duplicates()
        return matrix


def count_terms(
    texts: Sequence[str],
    terms: TextTerms,
    *,
    min_count: int,
    label_ids: np.ndarray | None = None,
) -> list[TermCounts]:
    """Count words and word pairs, and character n-grams unless `terms` leaves them out.

    Parameters
    ----------
    texts : sequence of str
    terms : TextTerms
    min_count : int
        Character n-grams that fewer texts hold are left out.
    label_ids : int array of shape (n_texts,), optional
        Classes of the texts. Character n-grams that very many texts hold are left out, unless they
        tell these classes apart.

    Returns
    -------
    list of TermCounts
        Counts of words and pairs, then of character n-grams. Each term occurs in some text.
    """
    token_numbers, word_numbers = _Numbers(), _Numbers()
    tokens_of_texts = _Rows.of(
        [token_numbers[token] for token in terms.fold(text).split()] for text in texts
    )
    tokens = list(token_numbers)
    words_of_tokens = _Rows.of(
        [word_numbers[word] for word in terms.pattern.findall(token)] for token in tokens
    )
    words_of_texts = tokens_of_texts.replace_by(words_of_tokens)
    counted = [_count_words(words_of_texts, list(word_numbers))]
    if terms.max_chars:
        grams = find_grams(tokens, terms)
        matrix = tokens_of_texts.count(len(tokens)) @ grams.matrix
        kept = informative_columns(matrix, label_ids, min_count=min(min_count, len(texts)))
        counted.append(TermCounts(matrix[:, kept], grams.spell(kept)))
    return counted


def _count_words(texts: _Rows, words: list[str]) -> TermCounts:
    """Count words, and pairs of neighbouring words of one text."""
    text_of = np.repeat(np.arange(len(texts.lengths)), texts.lengths)
    # A pair is one number: that of its first word times the number of words, plus that of its
    # second. Of 10 words, 3 and then 7 is 37.
    n_words = max(1, len(words))
    pairs = texts.numbers[:-1] * n_words + texts.numbers[1:]
    is_in_one_text = text_of[1:] == text_of[:-1]
    distinct, pair_columns = np.unique(pairs[is_in_one_text], return_inverse=True)
    firsts, seconds = np.divmod(distinct, n_words)
    spelt = zip(firsts.tolist(), seconds.tolist(), strict=True)
    vocabulary = words + [f"{words[i]} {words[j]}" for i, j in spelt]
    rows = np.concatenate([text_of, text_of[1:][is_in_one_text]])
    columns = np.concatenate([texts.numbers, len(words) + pair_columns])
    ones = np.ones(len(rows), dtype=np.float32)
    shape = (len(texts.lengths), len(vocabulary))
    return TermCounts(scipy.sparse.csr_matrix((ones, (rows, columns)), shape=shape), vocabulary)
