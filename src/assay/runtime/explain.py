"""Which words pushed which label: `explain_text(model, text)`, without torch.

The unit is the centred logit: the natural logarithm of a label's score, less the mean over all
labels. In it a `linear` model is a sum over words, which is given exactly; of every other model a
word's contribution is what is lost when the word is taken out (occlusion: Zeiler and Fergus, 2014),
with what this leaves unexplained stated beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from assay.errors import InputError, did_you_mean
from assay.runtime.contributions import linear_contributions
from assay.runtime.predictor import Model
from assay.tokenization.words import find_words

__all__ = ["Explanation", "ExplanationPlan", "WordPush", "explain_text", "plan_explanation"]

MAX_PARTS = (
    200  # texts scored for one explanation: neighbouring words of longer texts are taken together
)
# Float32 scores end at about 1e-38 and round to 0 before: the logarithm has to end somewhere
TINY = 1e-12


@dataclass(frozen=True)
class WordPush:
    """One word, where it stands (in characters), and its contribution to a label, in centred logits."""

    word: str
    start: int
    end: int
    contribution: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "word": self.word,
            "start": self.start,
            "end": self.end,
            "contribution": self.contribution,
        }


@dataclass(frozen=True)
class Explanation:
    """What the words of a text contribute to every label.

    Parameters
    ----------
    text : str
    labels : tuple of str
        In LabelSet order.
    probs : float64 array of shape (n_classes,)
    spans : tuple of (start, stop)
        The words, in characters of the text.
    contributions : float64 array of shape (n_words, n_classes)
        Centred logits; above 0 a word speaks for the label.
    base : float64 array of shape (n_classes,)
        Centred logits of a text without words.
    kind : "exact" or "occlusion"
    """

    text: str
    labels: tuple[str, ...]
    probs: np.ndarray
    spans: tuple[tuple[int, int], ...]
    contributions: np.ndarray
    base: np.ndarray
    kind: Literal["exact", "occlusion"]

    @property
    def predicted_label(self) -> str:
        """The label with the highest score."""
        return self.labels[int(self.probs.argmax())]

    @property
    def totals(self) -> np.ndarray:
        """Centred logits of the text, float64 of shape (n_classes,)."""
        totals: np.ndarray = _centred_logits(self.probs[None, :])[0]
        return totals

    @property
    def errors(self) -> np.ndarray:
        """What base and contributions leave unexplained of `totals`, float64 of shape (n_classes,)."""
        errors: np.ndarray = self.totals - self.base - self.contributions.sum(axis=0)
        return errors

    def column_of(self, label: str | None) -> int:
        """Return the column of a label; None: of the predicted one.

        Raises
        ------
        InputError
            The model has no such label.
        """
        if label is None:
            return int(self.probs.argmax())
        if label not in self.labels:
            raise InputError(
                f"the model has no label '{label}'; labels: {', '.join(self.labels)}.{did_you_mean(label, self.labels)}"
            )
        return self.labels.index(label)

    def words(self, label: str | None = None) -> list[WordPush]:
        """Return every word with its contribution to a label, in the order of the text; None: the predicted one."""
        column = self.column_of(label)
        return [
            WordPush(self.text[start:stop], start, stop, float(push))
            for (start, stop), push in zip(self.spans, self.contributions[:, column], strict=True)
        ]

    def top_words(self, k: int, label: str | None = None) -> list[WordPush]:
        """Return the `k` words that push a label most, strongest first; ties in the order of the text."""
        return sorted(self.words(label), key=lambda word: -word.contribution)[:k]

    def to_dict(self, label: str | None = None) -> dict[str, Any]:
        """Return plain values about one label, ready for JSON; None: about the predicted one."""
        column = self.column_of(label)
        return {
            "label": self.labels[column],
            "score": float(self.probs[column]),
            "predicted_label": self.predicted_label,
            "kind": self.kind,
            "total": float(self.totals[column]),
            "base": float(self.base[column]),
            "error": float(self.errors[column]),
            "words": [word.to_dict() for word in self.words(label)],
        }


@dataclass(frozen=True)
class ExplanationPlan:
    """The texts whose scores an explanation needs, so that whoever batches predictions can score them.

    Parameters
    ----------
    model : Model
    text : str
    spans : tuple of (start, stop)
    texts : tuple of str
        The text itself and, where words are taken out, the text without any and without each one.
    """

    model: Model
    text: str
    spans: tuple[tuple[int, int], ...]
    texts: tuple[str, ...]

    def finish(self, probs: np.ndarray) -> Explanation:
        """Return the explanation.

        Parameters
        ----------
        probs : array of shape (n_texts, n_classes)
            Of `texts`.
        """
        given = (self.text, self.model.labels, np.asarray(probs[0], dtype=np.float64), self.spans)
        if (linear := self.model.linear) is not None:
            contributions = _centre(linear_contributions(linear, self.text, self.spans))
            return Explanation(
                *given, contributions, _centre(linear.bias[None, :].astype(np.float64))[0], "exact"
            )
        logits = _centred_logits(probs)
        return Explanation(*given, logits[0] - logits[2:], logits[1], "occlusion")


def plan_explanation(model: Model, text: str) -> ExplanationPlan:
    """Say which texts have to be scored to explain one."""
    spans = find_words(text)
    if model.linear is not None:
        return ExplanationPlan(model, text, tuple(spans), (text,))
    n_together = -(-len(spans) // MAX_PARTS) or 1
    groups = [spans[i : i + n_together] for i in range(0, len(spans), n_together)]
    parts = tuple((group[0][0], group[-1][1]) for group in groups)
    return ExplanationPlan(
        model, text, parts, (text, "", *(_without(text, *part) for part in parts))
    )


def explain_text(model: Model, text: str) -> Explanation:
    """Explain the scores of one text, for all labels at once; everything is scored in one batch.

    Parameters
    ----------
    model : Model
    text : str

    Examples
    --------
    # Doctest: +SKIP
    >>> explanation = explain_text(load_model("runs/sample/model"), "what a lovely day")
    # Doctest: +SKIP
    >>> explanation.top_words(1)[0].word
    'lovely'
    """
    plan = plan_explanation(model, text)
    return plan.finish(model.predict_proba(plan.texts))


def _without(text: str, start: int, stop: int) -> str:
    """Take a word out, and the blank after it where one stands before it too, or nothing does."""
    left, right = text[:start], text[stop:]
    return left + (right[1:] if (not left or left[-1].isspace()) and right[:1].isspace() else right)


def _centre(logits: np.ndarray) -> np.ndarray:
    centred: np.ndarray = logits - logits.mean(axis=1, keepdims=True)
    return centred


def _centred_logits(probs: np.ndarray) -> np.ndarray:
    return _centre(np.log(np.maximum(np.asarray(probs, dtype=np.float64), TINY)))
