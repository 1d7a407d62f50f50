"""`linear`: TF-IDF of words and character n-grams, then a linear support vector machine.

One fitted temperature turns its margins into probabilities.

The margins of a LinearSVC rank classes as well as logistic regression does at a fraction of the
cost (Joachims, 1998; Fan et al., 2008, LIBLINEAR); the softmax of the margins over a temperature
fitted on held-out texts makes them probabilities. Terms of a single training text are kept as
hashes only: see `assay.runtime.rare_terms`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, TypeVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from assay.bounds import COUNT, SEED, Bounds
from assay.errors import DataError, InputError
from assay.models.estimator import TextClassifier, WrittenParts
from assay.models.several_machines import MACHINES
from assay.models.term_choice import KeptTerms, hide_rare, keep_informative, limit_terms
from assay.models.term_counts import TermCounts, count_terms
from assay.models.term_settings import TermSettings, choose_terms
from assay.models.term_weights import weigh_terms
from assay.runtime.linear import LinearModel, TextTerms
from assay.training.context import ClassWeight, FitContext

__all__ = ["Linear"]

Number = TypeVar("Number", int, float)


class Linear(TextClassifier):
    """TF-IDF of words, word pairs and character n-grams, then a linear classifier.

    The classifier gives probabilities.

    Parameters
    ----------
    C : float, optional
        Inverse of the regularisation's strength. None: chosen by accuracy on a part of the
        training texts, see `choose_c`.
    min_chars : int, optional
        Length of the shortest character n-grams. None: chosen by `choose_terms`.
    max_chars : int
        Length of the longest; 0 leaves them out.
    char_weight : float, optional
        Length of the character block's vector beside the word block's, which has length 1. None:
        chosen by `choose_terms`.
    min_count : int, optional
        A character n-gram that fewer training texts hold is left out. None: chosen by
        `choose_terms`.
    class_weight : "balanced", mapping or None
        See `weigh_classes`.
    seed : int

    Attributes
    ----------
    C_ : float
        The C that was used.
    """

    method = "linear"
    accepted: ClassVar[Mapping[str, Bounds]] = {
        "C": Bounds(above=0, below=math.inf, is_optional=True),
        "max_chars": Bounds(at_least=0, is_whole=True),
        "char_weight": Bounds(at_least=0, is_optional=True),
        "min_count": replace(COUNT, is_optional=True),
        "seed": SEED,
    }

    def __init__(
        self,
        *,
        C: float | None = None,
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
        machines = MACHINES[self.targets_.task](
            self.class_weight, self.classes_, label_ids, self.seed
        )
        settings = self._settings(context.all_texts or texts)
        with context.progress.track("linear", 2) as advance:
            terms = TextTerms(min_chars=settings.min_chars, max_chars=self.max_chars)
            kept = self._keep_terms(count_terms(texts, terms), settings.min_count, label_ids)
            lengths = [1.0, settings.char_weight][: len(kept)]
            scale = np.repeat(lengths, [block.counts.n_terms for block in kept])
            matrix, idf = weigh_terms([block.counts for block in kept], lengths)
            advance(1)
            C = self.C
            if C is None:
                C = machines.choose_c(matrix)
            coef, intercept = machines.fit(matrix, C=C)
            advance(1)
        self.C_ = C
        self.model_ = LinearModel(
            terms=terms,
            vocabularies=[block.vocabulary for block in kept],
            rare=[block.rare for block in kept],
            idf=idf,
            weights=coef.T * scale[:, None],
            bias=intercept,
        )

    def _keep_terms(
        self, counted: Sequence[TermCounts], min_count: int, label_ids: np.ndarray
    ) -> list[KeptTerms]:
        """Return the terms that the model keeps: words and pairs, then character n-grams."""
        words, *grams = counted
        n_texts = words.n_texts
        informative = [
            keep_informative(counts, label_ids, min_count=min(min_count, n_texts))
            for counts in grams
        ]
        limited = limit_terms([words, *informative], n_classes=len(self.classes_))
        if not any(counts.n_terms for counts in limited):
            raise DataError(
                f"none of the {n_texts:,} training texts holds a word; all of them are blank"
            )
        return list(map(hide_rare, limited))

    def _check_params(self) -> None:
        shortest = 1 if self.min_chars is None else self.min_chars
        if self.max_chars and not 1 <= shortest <= self.max_chars:
            raise InputError(
                f"min_chars is {self.min_chars}; "
                f"1 to max_chars, which is {self.max_chars}, is accepted"
            )

    def _settings(self, texts: Sequence[str]) -> TermSettings:
        """Return what was asked for, and what the texts suggest where nothing was."""
        chosen = choose_terms(texts, n_classes=len(self.classes_))
        min_chars = chosen.min_chars
        if self.max_chars:
            min_chars = min(min_chars, self.max_chars)
        return TermSettings(
            min_chars=_first_given(self.min_chars, min_chars),
            min_count=_first_given(self.min_count, chosen.min_count),
            char_weight=_first_given(self.char_weight, chosen.char_weight),
        )

    def settled(self) -> dict[str, float]:
        """Return the C that was chosen, which takes up to as long as fitting with it."""
        return {"C": self.C_}

    def decision_logits(self, X: Sequence[str]) -> np.ndarray:
        """Return the margins, float64 of shape (n_texts, n_classes)."""
        check_is_fitted(self, "model_")
        return self.model_.logits(X)

    def write_parts(self, root: Path, order: np.ndarray) -> WrittenParts:
        """Write model.safetensors and vocabulary.json."""
        model = self.model_
        weights, bias = self.fitted_.calibration.fold(model.weights, model.bias)
        LinearModel(
            terms=model.terms,
            vocabularies=model.vocabularies,
            rare=model.rare,
            idf=model.idf,
            weights=weights[:, order],
            bias=bias[order],
        ).save(root)
        return WrittenParts(
            tokenization={
                "kind": "words, word pairs and character n-grams",
                "min_chars": model.terms.min_chars,
                "max_chars": model.terms.max_chars,
            }
        )


def _first_given(asked: Number | None, chosen: Number) -> Number:
    return chosen if asked is None else asked
