"""The training texts that a model keeps, and those that are most similar to a text.

Similarity is the cosine of TF-IDF vectors over words, word pairs and character n-grams, as in the
reports of runs, for every method. A person sees at once which words two texts share, and a
neighbour with another label casts doubt on one of the two. The vectors of a trained network put all
texts of a class together, whatever they say; `linear` and `majority` have none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NotRequired, TypedDict

import numpy as np

from assay.data.labels import LabelSet
from assay.disk import write_whole
from assay.errors import ModelError
from assay.runtime.hashed_terms import Seen, TermCounts, count_terms
from assay.runtime.layout import Layout
from assay.runtime.top_n import largest_columns

__all__ = ["MAX_TEXTS", "MAX_TEXT_CHARS", "Neighbour", "TrainingTexts"]

# Texts that are kept, and their characters together: the file stays below 20 MB, and its index in
# memory takes about 100 MB.
MAX_TEXTS, MAX_CHARS = 50_000, 5_000_000
MAX_TEXT_CHARS = 1_000  # characters that are kept of one text: enough to recognise it
CHUNK_TEXTS = 512  # texts whose terms are counted at once
POSTINGS_AT_ONCE = 1 << 20  # postings added up at once: 16 MB, however long the text
# Terms that are in more texts than this, and in more than a tenth of all, weigh nothing: they say
# little, and are most of the work. Measured: dev/LOG.md, "Nearest training texts".
COMMON_TEXTS = 1_000
TINY = 1e-12


class NeighbourEntry(TypedDict):
    """A `Neighbour` as JSON holds it."""

    text: str
    label: str | None
    labels: NotRequired[list[str]]
    similarity: float


@dataclass(frozen=True)
class Neighbour:
    """A training text that is similar to another text.

    Parameters
    ----------
    text : str
    label : str, optional
        Its label in train. Where texts may have several, the first of them; None if it has none.
    similarity : float
        A cosine, 0 to 1.
    labels : tuple of str, optional
        All of its labels in train, where texts may have several.
    """

    text: str
    label: str | None
    similarity: float
    labels: tuple[str, ...] | None = None

    @classmethod
    def named(
        cls, text: str, own: int | tuple[int, ...], similarity: float, names: Sequence[str]
    ) -> Neighbour:
        """Return a neighbour whose label, or labels, are numbers of `names`."""
        if isinstance(own, int):
            return cls(text, names[own], similarity)
        labels = tuple(names[label_id] for label_id in own)
        return cls(text, labels[0] if labels else None, similarity, labels)

    def to_dict(self) -> NeighbourEntry:
        """Return plain values, ready for JSON."""
        entry: NeighbourEntry = {
            "text": self.text,
            "label": self.label,
            "similarity": self.similarity,
        }
        if self.labels is not None:
            entry["labels"] = list(self.labels)
        return entry


@dataclass(frozen=True)
class TrainingTexts:
    """Texts of the train split with their labels, and the index that finds the nearest.

    Parameters
    ----------
    texts : tuple of str
        Long ones are cut and end with "…".
    label_ids : tuple of int, or of tuple of int
        For each text the place of its label in LabelSet order; a tuple of places where texts may
        have several labels.
    n_train : int
        Number of texts in the train split, of which these are all or some.
    """

    texts: tuple[str, ...]
    label_ids: tuple[int | tuple[int, ...], ...]
    n_train: int

    @classmethod
    def of(
        cls, texts: Sequence[str], label_ids: Sequence[int | Sequence[int]] | np.ndarray
    ) -> TrainingTexts:
        """Choose what is kept of a train split.

        Each pair of text and label is kept once; if they are too many, evenly spaced ones are kept.
        Where texts may have several labels, `label_ids` holds a sequence of numbers for each.
        """
        pairs = zip(map(_shorten, texts), map(_as_ids, label_ids), strict=True)
        distinct = list(dict.fromkeys(pairs))
        n_chars = sum(len(text) for text, _ in distinct)
        share = min(1.0, MAX_TEXTS / max(len(distinct), 1), MAX_CHARS / max(n_chars, 1))
        chosen = [distinct[int(i / share)] for i in range(int(len(distinct) * share))]
        while sum(len(text) for text, _ in chosen) > MAX_CHARS:  # by chance the longer ones
            chosen = chosen[: len(chosen) * 9 // 10]
        kept_texts = tuple(text for text, _ in chosen)
        kept_ids = tuple(label_id for _, label_id in chosen)
        return cls(kept_texts, kept_ids, len(texts))

    def find(self, texts: Sequence[str], *, n: int) -> list[list[tuple[int, float]]]:
        """Return the rows of the `n` nearest of each text with their similarity, nearest first.

        There are fewer where fewer share any term with the text. Equal ones are in the order of
        train.
        """
        found: list[list[tuple[int, float]]] = []
        for start in range(0, len(texts), CHUNK_TEXTS):
            for hashes, counts in _terms_of(texts[start : start + CHUNK_TEXTS], {}):
                found.append(self._nearest(hashes, counts, n))
        return found

    def neighbours(
        self, texts: Sequence[str], labels: Sequence[str], *, n: int
    ) -> list[list[Neighbour]]:
        """Return the `n` nearest of each text, nearest first, with their labels by name.

        Parameters
        ----------
        texts : sequence of str
        labels : sequence of str
            In LabelSet order.
        n : int
        """
        neighbours: list[list[Neighbour]] = []
        for found in self.find(texts, n=n):
            own = []
            for row, similarity in found:
                text, label_ids = self.texts[row], self.label_ids[row]
                own.append(Neighbour.named(text, label_ids, similarity, labels))
            neighbours.append(own)
        return neighbours

    def _nearest(self, hashes: np.ndarray, counts: np.ndarray, n: int) -> list[tuple[int, float]]:
        similarity = self._index.compare(hashes, counts, n_texts=len(self.texts))
        n = min(n, len(similarity))
        if n < 1:
            return []
        rows = largest_columns(similarity[None, :], n)[0]
        found = zip(rows.tolist(), similarity[rows].tolist(), strict=True)
        return [(row, min(value, 1.0)) for row, value in found if value >= TINY]

    @cached_property
    def _index(self) -> _Index:
        """The index, made by the first `find`: this takes 1 to 3 s for 16,000 tweets."""
        return _Index.of(self.texts)

    def save(self, root: Path) -> None:
        """Write training_texts.json into `root`, one text per line, so that people can read it."""
        rows = (
            json.dumps(row, ensure_ascii=False)
            for row in zip(self.texts, self.label_ids, strict=True)
        )
        write_whole(
            Layout(root).training_texts,
            f'{{"n_train": {self.n_train}, "rows": [\n' + ",\n".join(rows) + "\n]}\n",
        )

    @classmethod
    def load(cls, root: Path, *, label_set: LabelSet) -> TrainingTexts:
        """Read what `save` wrote.

        Parameters
        ----------
        root : path
        label_set : LabelSet
            The labels of the model.

        Raises
        ------
        ModelError
            The file is broken, holds more than is ever kept, or holds labels that the model does
            not have.
        """
        path, several = Layout(root).training_texts, label_set.task == "multi"
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            rows, n_train = content["rows"], int(content["n_train"])
            texts = tuple(row[0] for row in rows)
            label_ids = tuple(tuple(row[1]) if several else row[1] for row in rows)
        except (
            OSError,
            ValueError,
            KeyError,
            IndexError,
            TypeError,
            OverflowError,
            RecursionError,
        ) as err:
            raise ModelError(f"{path} cannot be read: {err}") from err
        kept = cls(texts, label_ids, n_train)
        kept._check(path, n_classes=len(label_set))
        return kept

    def _check(self, path: Path, *, n_classes: int) -> None:
        """Refuse what `of` would never have kept."""
        texts, n_train = self.texts, self.n_train
        if not all(isinstance(text, str) and len(text) <= MAX_TEXT_CHARS for text in texts):
            raise ModelError(
                f"{path} holds something else than texts of up to {MAX_TEXT_CHARS:,} characters"
            )
        if not all(_are_known(own, n_classes) for own in self.label_ids):
            raise ModelError(
                f"{path} has a label that the model does not have; "
                f"0 to {n_classes - 1} are accepted"
            )
        if len(texts) > MAX_TEXTS or sum(map(len, texts)) > MAX_CHARS or n_train < len(texts):
            raise ModelError(
                f"{path} holds {len(texts):,} texts of {n_train:,}; up to {MAX_TEXTS:,}, "
                f"of {MAX_CHARS:,} characters together, are accepted"
            )


@dataclass(frozen=True)
class _Index:
    """Which texts have a term, and what it weighs in each, found by the hash of the term.

    It is a sparse matrix of TF-IDF vectors by columns. An entry is called a posting.

    Parameters
    ----------
    hashes : uint64 array of shape (n_terms,)
        Ascending.
    starts : int64 array of shape (n_terms + 1,)
        Where the texts of each term begin in `rows` and `weights`.
    idf : float32 array of shape (n_terms,)
        0 for a common term, whose postings are left out.
    unknown_idf : float
        The idf of a term that is in none of the texts: it lengthens the vector of a text that has
        it, and does nothing else.
    rows : int32 array of shape (n_postings,)
    weights : float32 array of shape (n_postings,)
        The vector of each text has length 1.
    """

    hashes: np.ndarray
    starts: np.ndarray
    idf: np.ndarray
    unknown_idf: float
    rows: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, texts: Sequence[str]) -> _Index:
        """Count the terms of texts, and sort them by term."""
        seen: Seen = {}
        found: list[tuple[np.ndarray, np.ndarray]] = []
        for start in range(0, len(texts), CHUNK_TEXTS):
            found += _terms_of(texts[start : start + CHUNK_TEXTS], seen)
        lengths = [len(hashes) for hashes, _ in found]
        rows = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)
        flat = np.concatenate([np.zeros(0, np.uint64), *(hashes for hashes, _ in found)])
        weights = np.concatenate([np.zeros(0, np.float32), *(weights for _, weights in found)])
        order = np.argsort(flat, kind="stable")
        hashes, n_holding = np.unique(flat, return_counts=True)
        idf = _idf(n_holding, len(texts)).astype(np.float32)
        idf[n_holding > max(COMMON_TEXTS, len(texts) // 10)] = 0.0
        weights = weights[order] * np.repeat(idf, n_holding)
        rows = rows[order]
        squares = np.bincount(rows, weights.astype(np.float64) ** 2, minlength=len(texts))
        weights /= np.sqrt(np.maximum(squares, TINY)).astype(np.float32)[rows]
        is_kept = np.repeat(idf > 0, n_holding)
        n_postings = np.where(idf > 0, n_holding, 0)
        return cls(
            hashes=hashes,
            starts=np.concatenate([[0], np.cumsum(n_postings)]).astype(np.int64),
            idf=idf,
            unknown_idf=float(_idf(np.zeros(1), len(texts))[0]),
            rows=rows[is_kept],
            weights=weights[is_kept],
        )

    def compare(self, hashes: np.ndarray, weights: np.ndarray, *, n_texts: int) -> np.ndarray:
        """Return the cosine between a text and each text of the index.

        Parameters
        ----------
        hashes, weights : arrays of shape (n_terms,)
            The terms of the text, as `_terms_of` yields them.
        n_texts : int
            Number of texts in the index.

        Returns
        -------
        float64 array of shape (n_texts,)
        """
        similarity = np.zeros(n_texts)
        if not len(self.hashes):
            return similarity
        at = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        is_known = self.hashes[at] == hashes
        own = weights * np.where(is_known, self.idf[at], self.unknown_idf)
        own = own / max(float(np.sqrt((own.astype(np.float64) ** 2).sum())), TINY)
        for terms, values in self._portions(at[is_known], own[is_known]):
            # The postings of all terms, one after another. With the starts 10 and 40 of terms that
            # have 2 and 3 postings: 10 10 38 38 38 (each start less the postings before it)
            # + 0 1 2 3 4 = 10 11 40 41 42.
            sizes = self.starts[terms + 1] - self.starts[terms]
            before = np.cumsum(sizes) - sizes
            postings = np.repeat(self.starts[terms] - before, sizes) + np.arange(int(sizes.sum()))
            products = self.weights[postings] * np.repeat(values, sizes)
            similarity += np.bincount(self.rows[postings], products, minlength=n_texts)
        return similarity

    def _portions(
        self, terms: np.ndarray, values: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Cut the terms of a text into portions with a bounded number of postings each."""
        portion = np.cumsum(self.starts[terms + 1] - self.starts[terms]) // POSTINGS_AT_ONCE
        cuts = np.flatnonzero(np.diff(portion)) + 1
        yield from zip(np.split(terms, cuts), np.split(values, cuts), strict=True)


def _terms_of(texts: Sequence[str], seen: Seen) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield for each text the hashes of its terms, and 1 + ln of how often it has each of them."""
    blocks = count_terms(texts, seen)
    cut = [_by_text(block, i) for i, block in enumerate(blocks)]
    for (words, word_weights), (grams, gram_weights) in zip(*cut, strict=True):
        yield np.concatenate([words, grams]), np.concatenate([word_weights, gram_weights])


def _by_text(terms: TermCounts, block: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cut the terms of one block by text."""
    # The bits above the hash say the block: a word and an n-gram with the same hash stay two terms.
    hashes = terms.hashes.astype(np.uint64) + np.uint64(block << 32)
    weights = (1.0 + np.log(terms.counts)).astype(np.float32)
    cuts = np.searchsorted(terms.rows, np.arange(1, terms.n_texts))
    return list(zip(np.split(hashes, cuts), np.split(weights, cuts), strict=True))


def _idf(n_holding: np.ndarray, n_texts: int) -> np.ndarray:
    smoothed: np.ndarray = np.log((1.0 + n_texts) / (1.0 + n_holding)) + 1.0
    return smoothed


def _as_ids(own: int | Sequence[int]) -> int | tuple[int, ...]:
    return tuple(map(int, own)) if isinstance(own, Sequence | np.ndarray) else int(own)


def _are_known(own: object, n_classes: int) -> bool:
    """Tell whether a label, or all of several, are numbers of labels that there are."""
    numbers = own if isinstance(own, tuple) else (own,)
    return all(type(one) is int and 0 <= one < n_classes for one in numbers)


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_TEXT_CHARS else text[: MAX_TEXT_CHARS - 1] + "…"
