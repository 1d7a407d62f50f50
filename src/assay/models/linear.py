"""`linear`: TF-IDF of words and character n-grams, then a linear support vector machine.

One fitted temperature turns its margins into probabilities.

The margins of a LinearSVC rank classes as well as logistic regression does at a fraction of the
cost (Joachims, 1998; Fan et al., 2008, LIBLINEAR); the softmax of the margins over a temperature
fitted on held-out texts makes them probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import scipy.sparse
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_is_fitted

from assay.errors import DataError, InputError
from assay.models.estimator import TextClassifier, WrittenParts
from assay.models.term_counts import count_terms
from assay.runtime.linear import LinearModel, TextTerms
from assay.training.context import ClassWeight, FitContext, weigh_classes

__all__ = ["Linear"]

# Measurements behind these numbers: dev/LOG.md, "Settings of linear".
TOLERANCE = 0.3  # of LIBLINEAR: as accurate as scikit-learn's 1e-4 in a quarter of the passes
# From how many training texts on a set is large. Shortest character n-gram, fewest texts that hold
# one which is kept, and weight of the character block, of a small set and of a large one:
# dev/LOG.md, "Words of every script".
LARGE_TEXTS = 4000
MIN_CHARS, LARGE_MIN_CHARS = 2, 3
MIN_COUNT, LARGE_MIN_COUNT = 1, 4
CHAR_WEIGHT, LARGE_CHAR_WEIGHT = 1.5, 0.5
# With more classes, one machine separates all of them (Crammer and Singer, 2001), instead of one
# machine for each class against the rest
MANY_CLASSES = 32
MANY_TOLERANCE = 0.5  # its tolerance


class Linear(TextClassifier):
    """TF-IDF of words, word pairs and character n-grams, then a linear classifier.

    The classifier gives probabilities.

    Parameters
    ----------
    C : float
        Inverse of the regularisation's strength.
    min_chars : int, optional
        Length of the shortest character n-grams. None: chosen by the number of texts.
    max_chars : int
        Length of the longest; 0 leaves them out.
    char_weight : float, optional
        Length of the character block's vector beside the word block's, which has length 1. None:
        chosen by the number of texts.
    min_count : int, optional
        A character n-gram that fewer training texts hold is left out. None: chosen by the number of
        texts.
    class_weight : "balanced", mapping or None
        See `weigh_classes`.
    seed : int
    """

    method = "linear"

    def __init__(
        self,
        *,
        C: float = 1.0,
        min_chars: int | None = None,
        max_chars: int = 5,
        char_weight: float | None = None,
        min_count: int | None = None,
        class_weight: ClassWeight = None,
        seed: int = 0,
    ) -> None:
        self.C = C
        self.min_chars = min_chars
        self.max_chars = max_chars
        self.char_weight = char_weight
        self.min_count = min_count
        self.class_weight = class_weight
        self.seed = seed

    def _fit(self, texts: list[str], label_ids: np.ndarray, context: FitContext) -> None:
        self._check_params()
        weights = weigh_classes(self.class_weight, self.classes_, label_ids)
        class_weight = None if weights is None else dict(enumerate(weights))
        with context.progress.track("linear", 2) as advance:
            terms = TextTerms(min_chars=self._min_chars(len(texts)), max_chars=self.max_chars)
            blocks = count_terms(
                texts, terms, min_count=self._least_count(len(texts)), label_ids=label_ids
            )
            weighers = [
                TfidfTransformer(sublinear_tf=True).fit(block.matrix)
                for block in blocks
                if block.vocabulary
            ]
            if not weighers:
                raise DataError(
                    f"none of the {len(texts):,} training texts holds a word; all of them are blank"
                )
            filled = [block for block in blocks if block.vocabulary]
            scale = np.repeat(
                [1.0, self._char_weight(len(texts))][: len(blocks)],
                [len(block.vocabulary) for block in blocks],
            )
            matrices = [
                weigher.transform(block.matrix)
                for weigher, block in zip(weighers, filled, strict=True)
            ]
            matrix = scipy.sparse.hstack(matrices, format="csr").multiply(scale).tocsr()
            advance(1)
            is_many = len(self.classes_) > MANY_CLASSES
            svm = LinearSVC(
                C=self.C,
                tol=MANY_TOLERANCE if is_many else TOLERANCE,
                class_weight=class_weight,
                multi_class="crammer_singer" if is_many else "ovr",
                random_state=self.seed,
            )
            svm.fit(matrix, label_ids)
            advance(1)
        self.model_ = LinearModel(
            terms=terms,
            vocabularies=[block.vocabulary for block in blocks],
            idf=np.concatenate([weigher.idf_ for weigher in weighers]),
            weights=_per_class(svm.coef_).T * scale[:, None],
            bias=_per_class(np.atleast_1d(svm.intercept_)[:, None])[:, 0],
        )

    def _check_params(self) -> None:
        shortest = 1 if self.min_chars is None else self.min_chars
        if self.max_chars and not 1 <= shortest <= self.max_chars:
            raise InputError(
                f"min_chars is {self.min_chars}; "
                f"1 to max_chars, which is {self.max_chars}, is accepted"
            )
        if self.min_count is not None and self.min_count < 1:
            raise InputError(f"min_count is {self.min_count}; at least 1 is accepted")

    def _least_count(self, n_texts: int) -> int:
        if self.min_count is not None:
            return self.min_count
        return LARGE_MIN_COUNT if n_texts >= LARGE_TEXTS else MIN_COUNT

    def _min_chars(self, n_texts: int) -> int:
        if self.min_chars is not None:
            return self.min_chars
        chosen = LARGE_MIN_CHARS if n_texts >= LARGE_TEXTS else MIN_CHARS
        return min(chosen, self.max_chars) if self.max_chars else chosen

    def _char_weight(self, n_texts: int) -> float:
        if self.char_weight is not None:
            return self.char_weight
        return LARGE_CHAR_WEIGHT if n_texts >= LARGE_TEXTS else CHAR_WEIGHT

    def decision_logits(self, X: Sequence[str]) -> np.ndarray:
        """Return the margins, float64 of shape (n_texts, n_classes)."""
        check_is_fitted(self, "model_")
        return self.model_.logits(X)

    def write_parts(self, root: Path, order: np.ndarray) -> WrittenParts:
        """Write model.safetensors and vocabulary.json."""
        model = self.model_
        LinearModel(
            terms=model.terms,
            vocabularies=model.vocabularies,
            idf=model.idf,
            weights=model.weights[:, order] / self.temperature_,
            bias=model.bias[order] / self.temperature_,
        ).save(root)
        return WrittenParts(
            tokenization={
                "kind": "words, word pairs and character n-grams",
                "min_chars": model.terms.min_chars,
                "max_chars": model.terms.max_chars,
            }
        )


def _per_class(rows: np.ndarray) -> np.ndarray:
    """Return one row of weights per class.

    A machine of two classes has a single row: its margin is split in two halves.
    """
    return np.concatenate([-rows / 2, rows / 2]) if len(rows) == 1 else rows
