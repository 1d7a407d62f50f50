"""TF-IDF and a linear classifier in numpy: what a saved `linear` model needs to predict.

`TextTerms` is the one definition of what a term is: training hands it to scikit-learn's vectoriser, so that a saved
model sees exactly the terms it was trained on.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from assay.errors import ModelError
from assay.runtime.folder import Layout, write_whole

__all__ = ["WORD", "LinearModel", "TextTerms", "fold_text", "softmax"]

WORD = re.compile(r"\w+")  # keeps one-syllable Korean words, which scikit-learn's default pattern drops


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the row-wise softmax, in float64, of shape (n_texts, n_classes)."""
    shifted = np.asarray(logits, dtype=np.float64) - np.max(logits, axis=1, keepdims=True)
    probs: np.ndarray = np.exp(shifted)
    probs /= probs.sum(axis=1, keepdims=True)
    return probs


@dataclass(frozen=True)
class TextTerms:
    """Split a text into the terms that are counted: words and word pairs, and character n-grams inside words.

    Parameters
    ----------
    min_chars, max_chars : int
        Shortest and longest character n-gram; a word is framed by spaces, so that its ends count.
        `max_chars` 0 leaves character n-grams out.

    Notes
    -----
    Character n-grams stay inside words, as scikit-learn's ``analyzer="char_wb"`` has them: they find what the forms of
    a word have in common, which serves Korean and misspelt English alike.
    """

    min_chars: int = 3
    max_chars: int = 5

    def words(self, text: str) -> list[str]:
        """Return the words and the pairs of neighbouring words, repeated as often as they occur."""
        words = WORD.findall(fold_text(text))
        return words + [f"{first} {second}" for first, second in pairwise(words)]

    def characters(self, text: str) -> list[str]:
        """Return the character n-grams of each word, repeated as often as they occur."""
        grams: list[str] = []
        for word in fold_text(text).split():
            framed = f" {word} "
            n_chars = len(framed)
            for size in range(self.min_chars, self.max_chars + 1):
                if n_chars <= size:
                    grams.append(framed)
                    break
                grams += [framed[i : i + size] for i in range(n_chars - size + 1)]
        return grams


def fold_text(text: str) -> str:
    """Return `text` composed and in lower case: macOS writes Korean as loose letters, which are the same words."""
    return (text if text.isascii() else unicodedata.normalize("NFC", text)).lower()


class LinearModel:
    """TF-IDF with sublinear counts, each block of terms of length 1, then an affine map to logits.

    Parameters
    ----------
    terms : TextTerms
    vocabularies : list of list of str
        The terms of the word block and, where there is one, of the character block.
    idf : float32 array of shape (n_terms,)
        Of all blocks, end to end.
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
    ) -> None:
        self.terms = terms
        self.vocabularies = [list(vocabulary) for vocabulary in vocabularies]
        self.idf = np.ascontiguousarray(idf, dtype=np.float32)
        self.weights = np.ascontiguousarray(weights, dtype=np.float32)
        self.bias = np.ascontiguousarray(bias, dtype=np.float32)
        splitters = (terms.words, terms.characters)
        self._blocks: list[tuple[Callable[[str], list[str]], dict[str, int]]] = []
        start = 0
        for split, vocabulary in zip(splitters, self.vocabularies, strict=False):
            self._blocks.append((split, {term: start + i for i, term in enumerate(vocabulary)}))
            start += len(vocabulary)

    def save(self, root: Path) -> None:
        """Write model.safetensors and vocabulary.json into `root`."""
        layout = Layout(root)
        save_file({"idf": self.idf, "weights": self.weights, "bias": self.bias}, str(layout.weights))
        content = {
            "min_chars": self.terms.min_chars,
            "max_chars": self.terms.max_chars,
            "blocks": self.vocabularies,
        }
        write_whole(layout.vocabulary, json.dumps(content, ensure_ascii=False))

    @property
    def columns(self) -> list[dict[str, int]]:
        """The column of each term, a block at a time: words and word pairs, then character n-grams."""
        return [column for _, column in self._blocks]

    @classmethod
    def load(cls, root: Path) -> LinearModel:
        """Read a model that `save` wrote.

        Raises
        ------
        ModelError
            A file is missing, broken, or its sizes do not fit the other's.
        """
        layout = Layout(root)
        try:
            content = json.loads(layout.vocabulary.read_text(encoding="utf-8"))
            arrays = load_file(str(layout.weights))
            terms = TextTerms(min_chars=int(content["min_chars"]), max_chars=int(content["max_chars"]))
            parts = {name: arrays[name] for name in ("idf", "weights", "bias")}
            vocabularies = [list(block) for block in content["blocks"]]
        except Exception as err:  # safetensors has its own base-less exception; each means the same here
            raise ModelError(f"the linear model in {root} cannot be read: {err}") from err
        n_terms, n_classes = sum(len(block) for block in vocabularies), parts["bias"].size
        expected = {"idf": (n_terms,), "weights": (n_terms, n_classes), "bias": (n_classes,)}
        for name, shape in expected.items():
            if parts[name].shape != shape:
                raise ModelError(f"the linear model in {root} has {name} of shape {parts[name].shape}, not {shape}")
        return cls(terms=terms, vocabularies=vocabularies, **parts)

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """Return logits, float64 of shape (n_texts, n_classes)."""
        out = np.empty((len(texts), len(self.bias)), dtype=np.float64)
        for i, text in enumerate(texts):
            out[i] = self.bias
            for split, column in self._blocks:
                counts = Counter([column[term] for term in split(text) if term in column])
                if counts:
                    columns = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
                    values = 1.0 + np.log(np.fromiter(counts.values(), dtype=np.float64, count=len(counts)))
                    values *= self.idf[columns]
                    out[i] += (values / np.sqrt(values @ values)) @ self.weights[columns]
        return out

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Return class probabilities, float64 of shape (n_texts, n_classes)."""
        return softmax(self.logits(texts))
