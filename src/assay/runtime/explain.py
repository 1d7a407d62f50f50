"""Which words pushed which label: `explain_text(model, text)`, without torch.

The unit is the centred logit: the natural logarithm of a label's score, minus the mean of these
logarithms over all labels. In this unit a `linear` model is a sum over words, so its contributions
are exact. For every other model, the contribution of a word is what is lost when the word is taken
out (occlusion: Zeiler and Fergus, 2014); what this leaves unexplained is stated beside it. Where a
text may have several labels, the unit is the log-odds of each label by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

import numpy as np

from assay._arguments import checked
from assay._display import Brief
from assay.data.labels import Task, list_labels
from assay.errors import InputError, did_you_mean
from assay.runtime.contributions import linear_contributions
from assay.runtime.predictor import Model, load_model
from assay.tokenization.words import find_words

__all__ = ["Explanation", "ExplanationPlan", "WordPush", "explain_text", "plan_explanation"]

# Texts scored for one explanation: in longer texts, neighbouring words are taken out together.
MAX_PARTS = 200
TINY = 1e-12  # scores below it count as it: a score may round to 0, which has no logarithm


class WordEntry(TypedDict):
    """A `WordPush` as JSON holds it."""

    word: str
    start: int
    end: int
    contribution: float


class ExplanationEntry(TypedDict):
    """An `Explanation` of one label as JSON holds it."""

    label: str
    score: float
    predicted_label: str
    kind: str
    total: float
    base: float
    error: float
    words: list[WordEntry]


@dataclass(frozen=True)
class WordPush:
    """One word of a text and its contribution to one label.

    Parameters
    ----------
    word : str
    start, end : int
        Where it is in the text, in characters; `end` is exclusive.
    contribution : float
        In centred logits, or log-odds; above 0 the word speaks for the label.
    """

    word: str
    start: int
    end: int
    contribution: float

    def to_dict(self) -> WordEntry:
        """Return plain values, ready for JSON."""
        return {
            "word": self.word,
            "start": self.start,
            "end": self.end,
            "contribution": self.contribution,
        }


@dataclass(frozen=True, repr=False)
class Explanation(Brief):
    """What the words of a text contribute to every label.

    Parameters
    ----------
    text : str
    labels : tuple of str
        In LabelSet order.
    probs : float64 array of shape (n_classes,)
        The scores of the text, in the order of `labels`.
    spans : tuple of (start, stop)
        Where the words are in the text, in characters.
    contributions : float64 array of shape (n_words, n_classes)
        Centred logits, or log-odds; above 0 a word speaks for the label.
    base : float64 array of shape (n_classes,)
        The same of a text without words.
    kind : "exact" or "occlusion"
        Whether the contributions are a sum, or measured by taking words out.
    task : {"single", "multi"}
        Decides the unit: centred logits, or the log-odds of each label.
    given_labels : tuple of str
        The labels that the model gives where a text may have several, highest score first. Empty if
        it gives none, and where a text has one label.
    """

    text: str
    labels: tuple[str, ...]
    probs: np.ndarray
    spans: tuple[tuple[int, int], ...]
    contributions: np.ndarray
    base: np.ndarray
    kind: Literal["exact", "occlusion"]
    task: Task = "single"
    given_labels: tuple[str, ...] = ()

    @property
    def predicted_label(self) -> str:
        """The label with the highest score."""
        return self.labels[int(self.probs.argmax())]

    @property
    def totals(self) -> np.ndarray:
        """Centred logits of the text, or log-odds; float64 of shape (n_classes,)."""
        totals: np.ndarray = UNITS[self.task].of_probs(self.probs[None, :])[0]
        return totals

    @property
    def errors(self) -> np.ndarray:
        """What base and contributions do not explain of `totals`, float64 of shape (n_classes,)."""
        errors: np.ndarray = self.totals - self.base - self.contributions.sum(axis=0)
        return errors

    def column_of(self, label: str | None) -> int:
        """Return the column of a label; None means the predicted label.

        Raises
        ------
        InputError
            The model has no such label.
        """
        if label is None:
            return int(self.probs.argmax())
        if label not in self.labels:
            raise InputError(
                f"the model has no label '{label}'; labels: {list_labels(self.labels)}."
                f"{did_you_mean(label, self.labels)}"
            )
        return self.labels.index(label)

    def words(self, label: str | None = None) -> list[WordPush]:
        """Return every word with its contribution to a label, in the order of the text.

        None means the predicted label.
        """
        pushes = self.contributions[:, self.column_of(label)].tolist()
        return [
            WordPush(self.text[start:stop], start, stop, push)
            for (start, stop), push in zip(self.spans, pushes, strict=True)
        ]

    def top_words(self, k: int, label: str | None = None) -> list[WordPush]:
        """Return the `k` words that speak for a label most, strongest first.

        Equal ones are in the order of the text. None means the predicted label.
        """
        return sorted(self.words(label), key=lambda word: -word.contribution)[:k]

    def to_dict(self, label: str | None = None) -> ExplanationEntry:
        """Return plain values about one label, ready for JSON; None means the predicted label."""
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
    """The texts whose scores an explanation needs, so that callers can batch them.

    Parameters
    ----------
    model : Model
    text : str
        The text to explain.
    spans : tuple of (start, stop)
        The words, or runs of words, whose contributions are told.
    texts : tuple of str
        The texts to score: the text itself and, for occlusion, the empty text and the text without
        each of the spans.
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
            The scores of `texts`, in their order.
        """
        linear, task = self.model.linear, self.model.label_set.task
        unit = UNITS[task]
        kind: Literal["exact", "occlusion"]
        if linear is not None:
            kind = "exact"
            contributions = unit.of_logits(linear_contributions(linear, self.text, self.spans))
            base = unit.of_logits(linear.bias[None, :].astype(np.float64))[0]
        else:
            kind = "occlusion"
            logits = unit.of_probs(probs)
            contributions, base = logits[0] - logits[2:], logits[1]
        given: tuple[str, ...] = ()
        if task == "multi":
            given = tuple(self.model.answering.name(np.asarray(probs)[:1])[0])
        return Explanation(
            text=self.text,
            labels=self.model.labels,
            probs=np.asarray(probs[0], dtype=np.float64),
            spans=self.spans,
            contributions=contributions,
            base=base,
            kind=kind,
            task=task,
            given_labels=given,
        )


def plan_explanation(model: Model, text: str) -> ExplanationPlan:
    """Say which texts have to be scored to explain one."""
    spans = find_words(text)
    if model.linear is not None:
        return ExplanationPlan(model, text, tuple(spans), (text,))
    n_together = -(-len(spans) // MAX_PARTS) or 1
    starts = range(0, len(spans), n_together)
    groups = [spans[i : i + n_together] for i in starts]
    parts = tuple((group[0][0], group[-1][1]) for group in groups)
    without = [_without(text, start, stop) for start, stop in parts]
    return ExplanationPlan(model, text, parts, (text, "", *without))


@checked
def explain_text(model: Model | str | Path, text: str) -> Explanation:
    """Explain the scores of one text, for all labels at once; everything is scored in one batch.

    Parameters
    ----------
    model : Model or path
        A loaded model, or the folder of a saved one.
    text : str
        The text to explain.

    Raises
    ------
    ModelError
        The folder is not a model, or a broken one.
    InputError
        `text` is not one text.

    Examples
    --------
    >>> explanation = explain_text("runs/sample/model", "what a lovely day")  # doctest: +SKIP
    >>> explanation.top_words(1)[0].word  # doctest: +SKIP
    'lovely'
    """
    if not isinstance(text, str):
        raise InputError(f"text is {type(text).__name__}; one text (str) is accepted")
    loaded = model if isinstance(model, Model) else load_model(model)
    plan = plan_explanation(loaded, text)
    return plan.finish(loaded.predict_proba(plan.texts))


def _without(text: str, start: int, stop: int) -> str:
    """Take a word out, so that no blank is left at the start and no two beside each other."""
    left, right = text[:start], text[stop:]
    needs_no_blank = not left or left[-1].isspace()
    if needs_no_blank and right[:1].isspace():
        right = right[1:]
    return left + right


def _centre(logits: np.ndarray) -> np.ndarray:
    centred: np.ndarray = logits - logits.mean(axis=1, keepdims=True)
    return centred


def _centred_logits(probs: np.ndarray) -> np.ndarray:
    return _centre(np.log(np.maximum(np.asarray(probs, dtype=np.float64), TINY)))


def _as_they_are(logits: np.ndarray) -> np.ndarray:
    return logits


def _log_odds(probs: np.ndarray) -> np.ndarray:
    clipped = np.clip(np.asarray(probs, dtype=np.float64), TINY, 1 - TINY)
    odds: np.ndarray = np.log(clipped) - np.log1p(-clipped)
    return odds


@dataclass(frozen=True)
class _Unit:
    """How contributions are counted: made of logits, and of scores."""

    of_logits: Callable[[np.ndarray], np.ndarray]
    of_probs: Callable[[np.ndarray], np.ndarray]


UNITS: dict[Task, _Unit] = {
    "single": _Unit(_centre, _centred_logits),
    "multi": _Unit(_as_they_are, _log_odds),
}  # by task
