"""Count words, word pairs and character n-grams of all training texts.

The counts are those of scikit-learn's `CountVectorizer` with the terms of `TextTerms`, several
times as fast. Texts are split at spaces into tokens, and most tokens occur many times. So the words
and n-grams of each distinct token are found once, and a product of two sparse matrices, texts x
tokens and tokens x n-grams, counts them in the texts.

The counts of a million texts would fill gigabytes, and most of the terms are left out later. So
they are made for some texts at a time, as often as they are asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse

from assay.models.character_grams import CharacterGrams, find_grams
from assay.runtime.linear import TextTerms

__all__ = ["TermCounts", "count_terms", "cut_texts"]

TOKENS_AT_ONCE = 1 << 20  # the counts of so many tokens take about 200 MB


@dataclass(frozen=True)
class TermCounts(ABC):
    """Counts of one kind of term in texts.

    Parameters
    ----------
    slices : sequence of (start, stop)
        The texts that are counted at once, one slice after another.
    """

    slices: Sequence[tuple[int, int]]

    @property
    @abstractmethod
    def n_terms(self) -> int:
        """The number of terms, which is that of the columns."""

    @abstractmethod
    def rows(self, start: int, stop: int) -> Any:
        """Return the counts of some texts, float32 CSR of shape (stop - start, n_terms)."""

    @abstractmethod
    def spell(self, columns: np.ndarray) -> list[str]:
        """Return the terms of some columns, unless columns were added up."""

    @abstractmethod
    def keep(self, columns: np.ndarray) -> TermCounts:
        """Return the counts of these columns alone, in this order."""

    @abstractmethod
    def add_up(self, target: np.ndarray, n_terms: int) -> TermCounts:
        """Return the counts with column i added to column ``target[i]`` of `n_terms`."""

    @property
    def n_texts(self) -> int:
        """The number of texts."""
        return self.slices[-1][1] if self.slices else 0

    @cached_property
    def n_texts_with(self) -> np.ndarray:
        """How many texts hold each term, int64 of shape (n_terms,)."""
        total = np.zeros(self.n_terms, dtype=np.int64)
        for start, stop in self.slices:
            total += np.bincount(self.rows(start, stop).indices, minlength=self.n_terms)
        return total

    def vocabulary(self) -> list[str]:
        """Return all terms in column order, unless columns were added up."""
        return self.spell(np.arange(self.n_terms))

    def matrix(self) -> Any:
        """Return the counts of all texts at once, float32 CSR of shape (n_texts, n_terms)."""
        return self.rows(0, self.n_texts)


@dataclass(frozen=True)
class _Rows:
    """Rows of numbers of unequal length: where each begins, and all of them end to end.

    The rows ``[4, 5], [], [6]`` are the bounds ``0, 2, 2, 3`` and the numbers ``4, 5, 6``.
    """

    bounds: np.ndarray
    numbers: np.ndarray

    @classmethod
    def of(cls, rows: Iterable[Sequence[int]]) -> _Rows:
        bounds, numbers = array("q", [0]), array("i")
        for row in rows:
            numbers.extend(row)
            bounds.append(len(numbers))
        return cls(np.frombuffer(bounds, dtype=np.int64), _as_int32(numbers))

    def replace_by(self, replacements: _Rows) -> _Rows:
        """Replace each number by that row of `replacements`.

        With the words of the tokens as replacements, rows of tokens become rows of words: if token
        0 holds the words 7 and 8, and token 1 holds none, the row ``[0, 1, 0]`` becomes
        ``[7, 8, 7, 8]``.
        """
        n_each = np.diff(replacements.bounds)[self.numbers]
        ends = np.concatenate([[0], np.cumsum(n_each)])
        first = np.repeat(replacements.bounds[self.numbers] - ends[:-1], n_each)
        first += np.arange(ends[-1])
        return _Rows(ends[self.bounds], replacements.numbers[first])

    def row_of(self, start: int, stop: int) -> np.ndarray:
        """Return the row of each number of rows `start` to `stop`, counted from `start`."""
        return np.repeat(np.arange(stop - start), np.diff(self.bounds[start : stop + 1]))

    def part(self, start: int, stop: int) -> slice:
        """Return where the numbers of rows `start` to `stop` are."""
        return slice(self.bounds[start], self.bounds[stop])


def _as_int32(numbers: array[int]) -> np.ndarray:
    return np.frombuffer(numbers, dtype=np.int32) if numbers else np.zeros(0, dtype=np.int32)


@dataclass(frozen=True)
class _GramCounts(TermCounts):
    """Counts of character n-grams.

    Parameters
    ----------
    tokens : _Rows
        The tokens of each text.
    grams : CharacterGrams
        The n-grams of each token.
    """

    tokens: _Rows
    grams: CharacterGrams

    @property
    def n_terms(self) -> int:
        return int(self.grams.matrix.shape[1])

    def rows(self, start: int, stop: int) -> Any:
        numbers = self.tokens.numbers[self.tokens.part(start, stop)].copy()  # it is changed below
        bounds = self.tokens.bounds[start : stop + 1] - self.tokens.bounds[start]
        shape = (stop - start, self.grams.matrix.shape[0])
        ones = np.ones(len(numbers), dtype=np.float32)
        counts = scipy.sparse.csr_matrix((ones, numbers, bounds), shape=shape)
        counts.sum_duplicates()
        return counts @ self.grams.matrix

    def spell(self, columns: np.ndarray) -> list[str]:
        return self.grams.spell(columns)

    def keep(self, columns: np.ndarray) -> TermCounts:
        return replace(self, grams=self.grams.keep(columns))

    def add_up(self, target: np.ndarray, n_terms: int) -> TermCounts:
        return replace(self, grams=self.grams.add_up(target, n_terms))


@dataclass(frozen=True)
class _WordCounts(TermCounts):
    """Counts of words, and of pairs of neighbouring words of one text.

    Terms are numbered: the words first, then the pairs.

    Parameters
    ----------
    spelling : list of str
        The words.
    pairs : int64 array of shape (n_pairs,)
        A pair is the number of its first word times the number of words, plus that of its second.
        Of 10 words, 3 and then 7 is 37.
    words : _Rows
        The words of each text.
    next_pair : int32 array of shape (n_words_total,)
        The pair that begins with each of these words; n_words + n_pairs for the last of a text.
    term_of : int32 array of shape (n_terms,)
        The term of each column.
    column_of : int32 array of shape (n_words + n_pairs + 1,)
        The column of each term, -1 if it is left out; -1 at the end, for no pair.
    """

    spelling: list[str]
    pairs: np.ndarray
    words: _Rows
    next_pair: np.ndarray
    term_of: np.ndarray
    column_of: np.ndarray

    @property
    def n_terms(self) -> int:
        return len(self.term_of)

    def rows(self, start: int, stop: int) -> Any:
        part, row_of = self.words.part(start, stop), self.words.row_of(start, stop)
        terms = np.concatenate([self.words.numbers[part], self.next_pair[part]])
        columns = self.column_of[terms]
        is_kept = columns >= 0
        cells = (np.concatenate([row_of, row_of])[is_kept], columns[is_kept])
        ones = np.ones(len(cells[0]), dtype=np.float32)
        return scipy.sparse.csr_matrix((ones, cells), shape=(stop - start, self.n_terms))

    def spell(self, columns: np.ndarray) -> list[str]:
        n_words = len(self.spelling)
        names = []
        for term in self.term_of[columns].tolist():
            if term < n_words:
                names.append(self.spelling[term])
            else:
                first, second = divmod(int(self.pairs[term - n_words]), n_words)
                names.append(f"{self.spelling[first]} {self.spelling[second]}")
        return names

    def keep(self, columns: np.ndarray) -> TermCounts:
        term_of = self.term_of[columns]
        column_of = np.full_like(self.column_of, -1)
        column_of[term_of] = np.arange(len(columns))
        return replace(self, term_of=term_of, column_of=column_of)

    def add_up(self, target: np.ndarray, n_terms: int) -> TermCounts:
        column_of = np.append(target, -1).astype(np.int32)[self.column_of]
        return replace(self, term_of=np.zeros(n_terms, dtype=np.int32), column_of=column_of)


class _Numbers(dict[str, int]):
    """Numbers strings in the order in which they are first asked for."""

    def __missing__(self, name: str) -> int:
        self[name] = number = len(self)
        return number


def count_terms(texts: Sequence[str], terms: TextTerms) -> list[TermCounts]:
    """Count words and word pairs, and character n-grams unless `terms` leaves them out.

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
    slices = cut_texts(tokens_of_texts.bounds)
    words_of_texts = tokens_of_texts.replace_by(words_of_tokens)
    counted: list[TermCounts] = [_find_words(slices, words_of_texts, list(word_numbers))]
    if terms.max_chars:
        counted.append(_GramCounts(slices, tokens_of_texts, find_grams(tokens, terms)))
    return counted


def cut_texts(bounds: np.ndarray) -> list[tuple[int, int]]:
    """Cut texts into slices of about `TOKENS_AT_ONCE` tokens.

    Parameters
    ----------
    bounds : int array of shape (n_texts + 1,)
        Where the tokens of each text begin, and how many there are in all.

    Returns
    -------
    list of (start, stop)
        One slice after another; none without a text.
    """
    targets = np.arange(0, bounds[-1], TOKENS_AT_ONCE)[1:]
    inner = np.searchsorted(bounds[:-1], targets)
    edges = np.unique([0, *inner.tolist(), len(bounds) - 1])
    return list(pairwise(edges.tolist()))


def _find_words(slices: list[tuple[int, int]], words: _Rows, spelling: list[str]) -> _WordCounts:
    n_words = len(spelling)
    codes = words.numbers[:-1].astype(np.int64) * n_words + words.numbers[1:]
    is_last = np.zeros(len(words.numbers), dtype=bool)
    ends = words.bounds[1:]
    is_last[ends[ends > 0] - 1] = True
    pairs, numbers = np.unique(codes[~is_last[:-1]], return_inverse=True)
    n_terms = n_words + len(pairs)
    next_pair = np.full(len(words.numbers), n_terms, dtype=np.int32)
    next_pair[~is_last] = n_words + numbers
    return _WordCounts(
        slices=slices,
        spelling=spelling,
        pairs=pairs,
        words=words,
        next_pair=next_pair,
        term_of=np.arange(n_terms, dtype=np.int32),
        column_of=np.append(np.arange(n_terms, dtype=np.int32), np.int32(-1)),
    )
