"""Does a text look like the training data? Four measures, compared with those of validation texts.

Three come from scope.json, the counts of hashed terms in each class of train, and are the same for
every method: familiarity, evidence and decisiveness (see `TermStatistics.measure`). The fourth is
how sure the model is. They are added up to two aspects of a text, and the worse aspect counts: it
becomes the share of validation texts that are no better, a conformal p value. Measures and aspects
were chosen on held-out classes of training data alone:
dev/LOG.md, "Texts unlike the training data".
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from assay.disk import write_whole
from assay.errors import ModelError
from assay.json_text import parse_json
from assay.runtime.entries import ScopeEntry
from assay.runtime.hashed_terms import BLOCKS, TERMS, Seen, TermCounts, count_terms, forget_tokens
from assay.runtime.layout import Layout
from assay.runtime.linear import slices_of
from assay.tokenization.words import RULE, check_rule

__all__ = [
    "LEVELS",
    "ASPECTS",
    "MAX_BITS",
    "MEASURES",
    "ScopeReference",
    "TermStatistics",
    "add_sureness",
    "standardise",
]

MEASURES = ("familiarity", "evidence", "decisiveness", "sureness")
# The weights of the measures in each aspect: is the text worded as train is, and is it about one of
# the classes?
ASPECTS = {"wording": (1.0, 0.0, 0.0, 1.0), "subject": (0.0, 1.0, 1.0, 1.0)}
LEVELS = 254  # steps of a count on a log scale: one byte
MAX_BITS = 15  # bits of a bucket's number: bounds what a file can ask to be unpacked
PRIOR_COUNTS = 100.0  # terms, distributed as in the whole of train, that each class starts with
# Texts and characters that are measured at once, and terms times classes: with 77 classes, 128
# short texts take 10 MB, and long ones no more than 100 MB
CHUNK_TEXTS, CHUNK_CHARS, CHUNK_CELLS = 128, 200_000, 1 << 21
TINY = 1e-12
# Far above any data set, and any measure of a text: larger numbers would overflow to NaN.
MAX_COUNT, MAX_MEASURE = 1 << 40, 1e9


@dataclass(frozen=True)
class TermStatistics:
    """What scope.json holds: how often each class of train has the terms of each bucket of hashes.

    Parameters
    ----------
    n_texts : int
        Number of texts in train.
    largest : int
        The highest count.
    levels : uint8 array of shape (BLOCKS, n_classes, n_buckets)
        0 for no such term, else 1 + 254 ln(count) / ln(largest + 1), rounded. Classes in LabelSet
        order; where texts may have several labels, those without any may be a further class. A
        power of two of buckets.
    rule : int
        Number of the rule by which the texts were cut into words.
    """

    n_texts: int
    largest: int
    levels: np.ndarray
    rule: int = RULE

    @property
    def bits(self) -> int:
        """How many of the upper bits of a hash are the number of its bucket."""
        return int(self.levels.shape[2]).bit_length() - 1

    def measure(self, texts: Sequence[str]) -> np.ndarray:
        """Return the first three of `MEASURES`, float64 of shape (n_texts, 3).

        - familiarity: the cosine between the TF-IDF vector of the text and that of the nearest
          class. A term that is not in train lengthens the vector of the text and does nothing else.
        - evidence: the log odds of the text's terms under the class that explains them best,
          against all of train, divided by the square root of their number: naive Bayes with
          counts that are shrunk towards those of all classes.
        - decisiveness: by how much that class is ahead of the next one.

        A text without terms has 0 in all three; one whose terms are not in train has familiarity 0.
        """
        measured = np.zeros((len(texts), 3))
        seen: Seen = {}
        for chunk in slices_of(texts, max_texts=CHUNK_TEXTS, max_chars=CHUNK_CHARS):
            forget_tokens(seen)
            cosines: np.ndarray | float = 0.0
            odds: np.ndarray | float = 0.0
            blocks = count_terms(texts[chunk], seen, rule=self.rule)
            for block, terms in enumerate(blocks):
                block_cosines, block_odds = self._compare(block, terms)
                cosines = cosines + block_cosines
                odds = odds + block_odds
            best_two = np.sort(odds, axis=1)[:, -2:]
            measured[chunk, 0] = np.max(cosines, axis=1)
            measured[chunk, 1] = best_two[:, -1]
            measured[chunk, 2] = np.ptp(best_two, axis=1)
        return measured

    def _compare(self, block: int, terms: TermCounts) -> tuple[np.ndarray, np.ndarray]:
        """Return cosines and log odds of texts and classes, each of shape (n_texts, n_classes)."""
        weights = self._weights[block]
        idf = weights.idf[terms.buckets(self.bits)]
        lengths = np.sqrt(BLOCKS * terms.sum_by_text(((1.0 + np.log(terms.counts)) * idf) ** 2))
        n_terms = terms.sum_by_text(terms.counts)
        shape = (terms.n_texts, self.levels.shape[1])
        cosines, odds = np.zeros(shape), np.zeros(shape)
        # A long text has tens of thousands of terms, each of which has a weight in every class
        for part in terms.parts(max(1, CHUNK_CELLS // shape[1])):
            buckets = part.buckets(self.bits)
            tfidf = (1.0 + np.log(part.counts)) * weights.idf[buckets]
            known = (tfidf * weights.is_known[buckets])[:, None]
            cosines += part.sum_by_text(known * weights.centroids[buckets])
            odds += part.sum_by_text(part.counts[:, None] * weights.odds[buckets])
        cosines /= np.maximum(lengths[:, None], TINY)
        return cosines, odds / np.sqrt(np.maximum(n_terms[:, None], 1))

    @cached_property
    def _weights(self) -> list[_Weights]:
        return [_weigh(self._counts(block), n_texts=self.n_texts) for block in range(BLOCKS)]

    def _counts(self, block: int) -> np.ndarray:
        """Return the counts of one block of terms, float32 of shape (n_buckets, n_classes)."""
        counts = np.exp(np.arange(LEVELS + 1) / LEVELS * np.log(self.largest + 1.0))
        by_level = np.concatenate([[0.0], counts]).astype(np.float32)
        return np.ascontiguousarray(by_level[self.levels[block]].T)

    def save(self, root: Path) -> None:
        """Write scope.json into `root`."""
        content = {
            "n_texts": self.n_texts,
            "n_chars": [TERMS[self.rule].min_chars, TERMS[self.rule].max_chars],
            "rule": self.rule,
            "shape": list(self.levels.shape),
            "largest": self.largest,
            "levels": base64.b64encode(_pack(self.levels.tobytes())).decode(),
        }
        write_whole(Layout(root).scope, json.dumps(content) + "\n")

    @classmethod
    def load(cls, root: Path, *, n_classes: int, may_have_none: bool = False) -> TermStatistics:
        """Read what `save` wrote.

        Parameters
        ----------
        root : Path
        n_classes : int
        may_have_none : bool
            Whether texts without any label may be a further class.

        Raises
        ------
        ModelError
            The file is broken, or was made with other n-grams or another number of classes.
        """
        path = Layout(root).scope
        try:
            content = parse_json(path.read_text(encoding="utf-8"))
            rule = check_rule(content.get("rule", 1))
            n_texts, largest = int(content["n_texts"]), int(content["largest"])
            blocks, classes, n_buckets = map(int, content["shape"])
            if may_have_none and classes == n_classes + 1:
                n_classes = classes
            size = BLOCKS * n_classes * min(n_buckets, 1 << MAX_BITS)
            # A few packed bytes can unpack to gigabytes: no more is unpacked than a model with this
            # number of classes can have.
            packed = zlib.decompressobj().decompress(
                base64.b64decode(content["levels"]), max(size, 0) + 1
            )
            found = (blocks, classes, content["n_chars"])
        except (OSError, ValueError, KeyError, TypeError, OverflowError, zlib.error) as err:
            raise ModelError(f"{path} cannot be read: {err}") from err
        accepted = (BLOCKS, n_classes, [TERMS[rule].min_chars, TERMS[rule].max_chars])
        is_power = 1 <= n_buckets <= 1 << MAX_BITS and n_buckets.bit_count() == 1
        if not 1 <= min(n_texts, largest) <= max(n_texts, largest) <= MAX_COUNT:
            raise ModelError(
                f"{path} has a number of texts, or of the most frequent term, that is not one "
                f"from 1 to {MAX_COUNT:,}"
            )
        if found != accepted or len(packed) != size or not is_power:
            raise ModelError(
                f"{path} has {len(packed):,} counts of blocks, classes and n-grams {found} "
                f"in {n_buckets:,} buckets; {accepted} in a power of two of buckets, "
                f"{1 << MAX_BITS:,} at most, are accepted"
            )
        levels = np.frombuffer(packed, dtype=np.uint8).reshape(blocks, classes, n_buckets)
        return cls(n_texts, largest, levels, rule)


def _pack(levels: bytes) -> bytes:
    """Compress by the frequency of bytes or by runs of them, whichever gives less.

    Counts have no repeated strings, so a search for them is left out. Sizes and times: dev/LOG.md,
    "What is saved beside a model".
    """
    packed = []
    for strategy in (zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE):
        packer = zlib.compressobj(strategy=strategy)
        packed.append(packer.compress(levels) + packer.flush())
    return min(packed, key=len)


@dataclass(frozen=True)
class _Weights:
    """What the terms of each bucket weigh.

    Parameters
    ----------
    is_known : bool array of shape (n_buckets,)
        Whether train has such a term.
    idf : float64 array of shape (n_buckets,)
    centroids : float32 array of shape (n_buckets, n_classes)
        The TF-IDF vector of each class, of length 1.
    odds : float32 array of shape (n_buckets, n_classes)
        Log odds of a term under each class against all of train.
    """

    is_known: np.ndarray
    idf: np.ndarray
    centroids: np.ndarray
    odds: np.ndarray


def _weigh(counts: np.ndarray, *, n_texts: int) -> _Weights:
    """Return the weights that counts of shape (n_buckets, n_classes) give."""
    of_term = counts.sum(axis=1, dtype=np.float64)
    is_known = of_term > 0
    idf = np.log((1.0 + n_texts) / (1.0 + np.minimum(of_term, n_texts))) + 1.0
    centroids = counts * idf[:, None].astype(np.float32)
    centroids /= np.maximum(np.linalg.norm(centroids, axis=0), TINY)
    in_train = (of_term + 0.5) / (of_term.sum() + 0.5 * (is_known.sum() + 1))
    of_class = counts.sum(axis=0, dtype=np.float64)
    in_class = (counts + PRIOR_COUNTS * in_train[:, None]) / (of_class + PRIOR_COUNTS)
    odds = np.log(in_class / in_train[:, None])
    return _Weights(is_known, idf, centroids, odds.astype(np.float32))


@dataclass(frozen=True)
class ScopeReference:
    """What assay.json says under `scope`: how validation texts are distributed.

    Parameters
    ----------
    means, stds : tuple of 4 floats
        Mean and standard deviation of each of `MEASURES`.
    aspect_stds : tuple of 2 floats
        Standard deviation of each of `ASPECTS`, a sum of standardised measures; the means are 0.
    quantiles : tuple of float
        Quantiles of the worse aspect, at evenly spaced shares of the validation texts; ascending.
    n_texts : int
        Number of validation texts.
    threshold : float
        A text whose scope is below it is out of scope. It is the share of texts like those of
        validation that are called out of scope by mistake.
    split : str
        The split that the texts are in.
    """

    means: tuple[float, ...]
    stds: tuple[float, ...]
    aspect_stds: tuple[float, ...]
    quantiles: tuple[float, ...]
    n_texts: int
    threshold: float = 0.05
    split: str = "validation"

    def worse_aspect(self, measured: np.ndarray) -> np.ndarray:
        """Return the worse of the two aspects, in standard deviations of validation.

        Parameters
        ----------
        measured : array of shape (n_texts, 4)
            One column for each of `MEASURES`: see `add_sureness`.

        Returns
        -------
        float64 array of shape (n_texts,)
        """
        weights = np.array([*ASPECTS.values()])
        aspects = standardise(measured, self.means, self.stds) @ weights.T
        zeros = (0.0,) * len(ASPECTS)
        worse: np.ndarray = standardise(aspects, zeros, self.aspect_stds).min(axis=1)
        return worse

    def scope(self, measured: np.ndarray) -> np.ndarray:
        """Return the share of validation texts that look no more like train.

        Parameters
        ----------
        measured : array of shape (n_texts, 4)
            One column for each of `MEASURES`: see `add_sureness`.

        Returns
        -------
        float64 array of shape (n_texts,), from 0 to 1
        """
        worse = self.worse_aspect(measured)
        shares = np.interp(worse, self.quantiles, np.linspace(0, 1, len(self.quantiles)))
        # Below all validation texts the share falls smoothly instead of being 0, so that the
        # stranger one of two texts still has the lower scope.
        beyond = np.exp(np.minimum(worse - self.quantiles[0], 0.0))
        scope: np.ndarray = (1 + self.n_texts * shares) / (self.n_texts + 1) * beyond
        return scope

    def to_dict(self) -> ScopeEntry:
        """Return plain values, as they are in assay.json."""
        return {
            "threshold": self.threshold,
            "split": self.split,
            "n_texts": self.n_texts,
            "signs": {
                name: [mean, std]
                for name, mean, std in zip(MEASURES, self.means, self.stds, strict=True)
            },
            "looks": dict(zip(ASPECTS, self.aspect_stds, strict=True)),
            "quantiles": list(self.quantiles),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], *, where: Path) -> ScopeReference:
        """Read what `to_dict` wrote.

        Raises
        ------
        ModelError
            An entry is missing or not a number, or the quantiles are not ascending.
        """
        try:
            means = tuple(float(plain["signs"][name][0]) for name in MEASURES)
            stds = tuple(float(plain["signs"][name][1]) for name in MEASURES)
            aspect_stds = tuple(float(plain["looks"][name]) for name in ASPECTS)
            quantiles = tuple(map(float, plain["quantiles"]))
            n_texts, threshold = int(plain["n_texts"]), float(plain["threshold"])
        except (KeyError, IndexError, TypeError, ValueError, OverflowError) as err:
            raise ModelError(f"{where}: scope lacks a number that it needs: {err}") from err
        numbers = np.array([*means, *stds, *aspect_stds, *quantiles, threshold])
        is_finite = bool(np.all(np.abs(numbers) <= MAX_MEASURE))  # NaN is not
        is_ascending = len(quantiles) >= 2 and bool(np.all(np.diff(quantiles) >= 0))
        if not is_finite or not is_ascending or not 1 <= n_texts <= MAX_COUNT:
            raise ModelError(
                f"{where}: the quantiles of scope are not in order, or a number of it is none"
            )
        split = str(plain.get("split", "validation"))
        return cls(means, stds, aspect_stds, quantiles, n_texts, threshold, split)


def standardise(values: np.ndarray, means: Sequence[float], stds: Sequence[float]) -> np.ndarray:
    """Return how many standard deviations values are above the mean of their column.

    0 in a column without spread.
    """
    spread = np.asarray(stds)
    scaled: np.ndarray = (values - np.asarray(means)) * (spread > TINY) / np.maximum(spread, TINY)
    return scaled


def add_sureness(measured: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """Add how sure the model is to the measures of a text's terms.

    Parameters
    ----------
    measured : array of shape (n_texts, 3)
        What `TermStatistics.measure` returns.
    probs : array of shape (n_texts, n_outcomes)
        The scores of the same texts: see `Answering.outcomes`.

    Returns
    -------
    float64 array of shape (n_texts, 4)
        One column for each of `MEASURES`. Sureness is the negative entropy of a row of scores, in
        nats: 0 for certainty.
    """
    scores = np.asarray(probs, dtype=np.float64)
    sureness = (scores * np.log(np.maximum(scores, TINY))).sum(axis=1)
    return np.column_stack([measured, sureness])
