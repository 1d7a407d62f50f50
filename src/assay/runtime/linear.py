"""TF-IDF and a linear classifier in numpy: what a saved `linear` model needs to predict.

`TextTerms` is the one definition of what a term is: training counts terms by it, too, so that a
saved model sees exactly the terms that it was trained on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count, pairwise
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from assay.disk import write_whole
from assay.errors import ModelError
from assay.json_text import parse_json
from assay.runtime.layout import Layout
from assay.runtime.rare_terms import RareTerms, bucket_of
from assay.runtime.sane_scores import check_linear
from assay.tokenization.letters import usual_letters
from assay.tokenization.words import RULE, check_rule, fold_text, spaced_pattern, word_pattern

__all__ = ["LinearModel", "TermColumns", "TextTerms", "sigmoid", "slices_of", "softmax"]

# Characters of all words whose terms are remembered: about 30 MB for ordinary words.
SEEN_CHARS = 1 << 19
# Texts and characters that are scored at once, and characters times classes: few enough that the
# arrays stay in the caches of the CPU, and a bound on memory where texts are long.
TEXTS_AT_ONCE, CHARS_AT_ONCE, CELLS = 512, 200_000, 4_000_000
COLUMN_TYPE = np.dtype("<i4")
COLUMN_BITS = 32  # bits of a packed key that hold the column; the bits above hold the text


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the softmax of each row, float64 of shape (n_texts, n_classes)."""
    shifted = np.asarray(logits, dtype=np.float64) - np.max(logits, axis=1, keepdims=True)
    probs: np.ndarray = np.exp(shifted)
    probs /= probs.sum(axis=1, keepdims=True)
    return probs


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return the logistic function of each logit, float64 of the same shape."""
    small = np.exp(-np.abs(np.asarray(logits, dtype=np.float64)))  # never overflows
    probs: np.ndarray = np.where(np.asarray(logits) >= 0, 1.0, small) / (1.0 + small)
    return probs


@dataclass(frozen=True)
class TextTerms:
    """Split a text into terms: words and word pairs, and character n-grams inside words.

    Parameters
    ----------
    min_chars, max_chars : int
        Shortest and longest character n-gram; a word is framed by spaces, so that its ends count.
        `max_chars` 0 leaves character n-grams out.
    rule : int
        Number of the rule that cuts words: see `word_pattern`.

    Notes
    -----
    Character n-grams stay inside words, as with scikit-learn's ``analyzer="char_wb"``: they find
    what the forms of a word have in common, in Korean as in misspelt English.
    """

    min_chars: int = 3
    max_chars: int = 5
    rule: int = RULE

    def fold(self, text: str) -> str:
        """Return the text as its terms are spelt: see `fold_text`."""
        return fold_text(text, self.rule)

    @property
    def pattern(self) -> re.Pattern[str]:
        """The pattern of a word in a folded text."""
        return word_pattern(self.rule)

    def words(self, text: str) -> list[str]:
        """Return the words and the pairs of neighbouring words, repeated as often as they occur."""
        words = self.pattern.findall(self.fold(text))
        return words + [f"{first} {second}" for first, second in pairwise(words)]

    def characters(self, text: str) -> list[str]:
        """Return the character n-grams of each word, repeated as often as they occur."""
        grams: list[str] = []
        for word in self.fold(text).split():
            framed = f" {word} "
            n_chars = len(framed)
            for size in range(self.min_chars, self.max_chars + 1):
                if n_chars <= size:
                    grams.append(framed)
                    break
                grams += [framed[i : i + size] for i in range(n_chars - size + 1)]
        return grams


class _BlockColumns(dict[str | int, int | None]):
    """The columns of one block, by term and by the bucket of a rare term.

    Asking for a term that is not there gives the column of its bucket, or None.
    """

    def __init__(self, terms: Sequence[str], rare: RareTerms, start: int) -> None:
        super().__init__(zip(chain(terms, rare.buckets), count(start), strict=False))
        self._n_bits = rare.n_bits if rare.buckets else 0

    def __missing__(self, term: str | int) -> int | None:
        if not self._n_bits:
            return None
        return self.get(bucket_of(str(term), self._n_bits))


class TermColumns:
    """Looks up the columns of the terms of texts; the terms of a word are looked up once.

    Parameters
    ----------
    terms : TextTerms
        What the terms of a text are.
    vocabularies : sequence of sequence of str
        The terms of the word block and, if there is one, of the character block. The columns of the
        second block follow those of the first.
    rare : sequence of RareTerms
        For each block its rare terms, whose columns follow those of its other terms; or nothing.

    Attributes
    ----------
    by_block : list of dict
        For each block, the column of each term: ``by_block[0][term]``, None if there is none.
    """

    def __init__(
        self,
        terms: TextTerms,
        vocabularies: Sequence[Sequence[str]],
        rare: Sequence[RareTerms] = (),
    ) -> None:
        self.by_block: list[_BlockColumns] = []
        start = 0
        none_rare = [RareTerms()] * len(vocabularies)
        for block, rare_of in zip(vocabularies, rare or none_rare, strict=True):
            columns = _BlockColumns(block, rare_of, start)
            start += len(columns)
            self.by_block.append(columns)
        self._terms = terms
        empty = _BlockColumns([], RareTerms(), 0)
        self._words, self._grams = [*self.by_block, empty, empty][:2]
        self._seen: dict[str, tuple[list[str], bytes]] = {}
        self._n_chars = 0

    def find(self, texts: Sequence[str]) -> list[tuple[np.ndarray, np.ndarray]]:
        """Look up the terms of texts, as often as they occur.

        Returns
        -------
        list of (n_columns, columns), one pair per block
            `n_columns`, int64 of shape (n_texts,): how many terms each text has. `columns`, int64
            of shape (n_terms_total,): the columns of all texts, one text after another.
        """
        if self._n_chars > SEEN_CHARS:  # a new table: another thread may be reading the old one
            self._seen, self._n_chars = {}, 0
        seen, column = self._seen, self._words.__getitem__
        fold = self._terms.fold
        word_columns: list[list[int]] = []
        gram_columns: list[bytes] = []
        for text in texts:
            words: list[str] = []
            grams: list[bytes] = []
            for token in fold(text).split():
                inside, columns = seen.get(token) or self._remember(token, seen)
                words += inside
                grams.append(columns)
            pairs = [f"{first} {second}" for first, second in pairwise(words)]
            found = map(column, words + pairs)
            word_columns.append([i for i in found if i is not None])
            gram_columns.append(b"".join(grams))
        n_words = np.fromiter(map(len, word_columns), dtype=np.int64, count=len(texts))
        n_grams = (
            np.fromiter(map(len, gram_columns), dtype=np.int64, count=len(texts))
            // COLUMN_TYPE.itemsize
        )
        flat = np.fromiter(
            chain.from_iterable(word_columns), dtype=np.int64, count=int(n_words.sum())
        )
        return [
            (n_words, flat),
            (n_grams, np.frombuffer(b"".join(gram_columns), dtype=COLUMN_TYPE).astype(np.int64)),
        ]

    def _remember(
        self, token: str, seen: dict[str, tuple[list[str], bytes]]
    ) -> tuple[list[str], bytes]:
        columns = map(self._grams.__getitem__, self._terms.characters(token))
        found = [i for i in columns if i is not None]
        both = self._terms.pattern.findall(token), np.array(found, dtype=COLUMN_TYPE).tobytes()
        seen[token] = both
        self._n_chars += len(token)
        return both


def _read_terms(block: Iterable[object]) -> list[str]:
    """Return the terms of a block of vocabulary.json; raise ValueError if one is no text."""
    terms = []
    for term in block:
        if not isinstance(term, str):
            raise ValueError(f"a term of its vocabulary is no text: {str(term)[:40]}")
        terms.append(term)
    return terms


def slices_of(texts: Sequence[str], *, max_texts: int, max_chars: int) -> Iterator[slice]:
    """Cut texts into slices with at most so many texts and characters.

    A text that is longer than that is a slice of its own.
    """
    start = n_chars = 0
    for i, text in enumerate(texts):
        n_chars += len(text)
        if i > start and (i - start >= max_texts or n_chars > max_chars):
            yield slice(start, i)
            start, n_chars = i, len(text)
    if start < len(texts):
        yield slice(start, len(texts))


class LinearModel:
    """TF-IDF with sublinear counts, then an affine map to logits.

    The TF-IDF vector of each block of terms is scaled to length 1.

    Parameters
    ----------
    terms : TextTerms
        What the terms of a text are.
    vocabularies : list of list of str
        The terms of the word block and, if there is one, of the character block.
    rare : sequence of RareTerms
        For each block the terms of a single training text; empty in models of 0.1.0.
    idf : float32 array of shape (n_terms,)
        One block after another, in each first the terms, then the buckets of rare terms.
    weights : float32 array of shape (n_terms, n_classes)
        Block weight and temperature folded in.
    bias : float32 array of shape (n_classes,)
    """

    def __init__(
        self,
        *,
        terms: TextTerms,
        vocabularies: Sequence[Sequence[str]],
        idf: np.ndarray,
        weights: np.ndarray,
        bias: np.ndarray,
        rare: Sequence[RareTerms] = (),
    ) -> None:
        self.terms = terms
        self.vocabularies = list(map(list, vocabularies))
        self.rare = list(rare)
        self.idf = np.ascontiguousarray(idf, dtype=np.float32)
        self.weights = np.ascontiguousarray(weights, dtype=np.float32)
        self.bias = np.ascontiguousarray(bias, dtype=np.float32)
        self._columns = TermColumns(terms, self.vocabularies, self.rare)

    def save(self, root: Path) -> None:
        """Write model.safetensors and vocabulary.json into `root`."""
        layout = Layout(root)
        save_file(
            {"idf": self.idf, "weights": self.weights, "bias": self.bias}, str(layout.weights)
        )
        content = {
            "min_chars": self.terms.min_chars,
            "max_chars": self.terms.max_chars,
            "rule": self.terms.rule,
            # For whoever reads the model without assay.
            "word_pattern": word_pattern(self.terms.rule).pattern,
            "spaced_pattern": spaced_pattern(self.terms.rule).pattern,
            "letters": dict(usual_letters()) if self.terms.rule > 2 else {},
            "blocks": self.vocabularies,
            "rare": [{"bits": block.n_bits, "buckets": list(block.buckets)} for block in self.rare],
        }
        write_whole(layout.vocabulary, json.dumps(content, ensure_ascii=False))

    @property
    def columns(self) -> Sequence[Mapping[str | int, int | None]]:
        """For each block, the column of each term, None if there is none.

        Words and word pairs come first, then character n-grams.
        """
        return self._columns.by_block

    @classmethod
    def load(cls, root: Path) -> LinearModel:
        """Read a model that `save` wrote.

        Raises
        ------
        ModelError
            A file is missing or broken, or the sizes of the two do not fit.
        """
        layout = Layout(root)
        try:
            content = parse_json(layout.vocabulary.read_text(encoding="utf-8"))
            arrays = load_file(str(layout.weights))
            rule = check_rule(content.get("rule", 1))
            terms = TextTerms(
                min_chars=int(content["min_chars"]), max_chars=int(content["max_chars"]), rule=rule
            )
            parts = {name: arrays[name] for name in ("idf", "weights", "bias")}
            vocabularies = list(map(_read_terms, content["blocks"]))
            rare = [
                RareTerms(int(block["bits"]), tuple(map(int, block["buckets"])))
                for block in content.get("rare", [])
            ]
            if rare and len(rare) != len(vocabularies):
                raise ValueError(
                    f"it has {len(vocabularies)} blocks of terms and {len(rare)} of rare ones"
                )
        except Exception as err:  # safetensors' exception has no base; all mean the same here
            raise ModelError(f"the linear model in {root} cannot be read: {err}") from err
        check_linear(root, parts, terms.min_chars, terms.max_chars)
        n_terms = sum(map(len, vocabularies)) + sum(map(len, rare))
        n_classes = parts["bias"].size
        expected = {"idf": (n_terms,), "weights": (n_terms, n_classes), "bias": (n_classes,)}
        for name, shape in expected.items():
            if parts[name].shape != shape:
                raise ModelError(
                    f"the linear model in {root} has {name} of shape {parts[name].shape}, "
                    f"not {shape}"
                )
        return cls(terms=terms, vocabularies=vocabularies, rare=rare, **parts)

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """Return logits, float64 of shape (n_texts, n_classes)."""
        out = np.empty((len(texts), len(self.bias)), dtype=np.float64)
        out[:] = self.bias
        max_chars = min(CHARS_AT_ONCE, CELLS // len(self.bias))
        for chunk in slices_of(texts, max_texts=TEXTS_AT_ONCE, max_chars=max_chars):
            for n_columns, columns in self._columns.find(texts[chunk]):
                self._add_block(out[chunk], n_columns, columns)
        return out

    def _add_block(self, logits: np.ndarray, n_columns: np.ndarray, columns: np.ndarray) -> None:
        """Add what one block contributes: its TF-IDF vector of length 1, times the weights.

        Parameters
        ----------
        logits : float64 array of shape (n_texts, n_classes)
            Changed in place.
        n_columns, columns
            What `TermColumns.find` returns for the block.

        Notes
        -----
        Text and column of a term are packed into one number, so that one sort brings equal terms of
        a text together. Two texts with the columns 7 7 3 and 3::

            keys    (0,3) (0,7) (0,7) (1,3)      firsts  0 1 3      counts  1 2 1
            rows     0     0           1         starts  0 2
        """
        if not len(columns):
            return
        rows = np.repeat(np.arange(len(n_columns), dtype=np.int64), n_columns)
        keys = np.sort(rows << COLUMN_BITS | columns)
        firsts = np.flatnonzero(np.diff(keys, prepend=-1))
        counts = np.diff(firsts, append=len(keys))
        rows, columns = keys[firsts] >> COLUMN_BITS, keys[firsts] & ((1 << COLUMN_BITS) - 1)
        values = (1.0 + np.log(counts)) * self.idf[columns]
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        lengths = np.sqrt(np.add.reduceat(values * values, starts))
        values /= np.repeat(lengths, np.diff(starts, append=len(rows)))
        logits[rows[starts]] += np.add.reduceat(
            values[:, None] * self.weights[columns], starts, axis=0
        )

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Return class probabilities, float64 of shape (n_texts, n_classes)."""
        return softmax(self.logits(texts))
