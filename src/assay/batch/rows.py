"""Rows to rows with scores. `score_rows` is the shard function: one list of rows in, as many predictions out.

What cannot be scored comes back with its reason. Each distinct text is scored once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

import numpy as np

from assay.data.clean import MAX_CHARS, text_or_problem
from assay.data.columns import find_text_column
from assay.data.files.readers import Row, file_kind, read_lines, read_rows
from assay.errors import DataError, InputError
from assay.methods import join_names, methods_where
from assay.progress import Progress
from assay.runtime.limits.abstain import AbstainRule
from assay.runtime.predictor import Model

__all__ = ["Prediction", "Scoring", "open_rows", "predict_rows", "score_rows"]

CHUNK_ROWS = 2048
SCORE_DIGITS = 7  # float32 carries no more


@dataclass(frozen=True, slots=True)
class Prediction:
    """One row: what it held and what was predicted, or why it was not.

    Parameters
    ----------
    line : int
        1-based line (or record) of the input.
    record : dict
        Columns of the input, then predicted_label, predicted_score and scores; empty where there is
        a problem.
    problem : str or None
    """

    line: int
    record: dict[str, Any]
    problem: str | None = None


@dataclass(frozen=True)
class Scoring:
    """How rows are scored and what is said of each.

    Parameters
    ----------
    text_column : str
    top_k : int, optional
        Only the best labels, as a list under `top_k`. None: a ``score:<label>`` for every label.
    rule : AbstainRule, optional
        Instead of the model's own. With either, `abstained` is a column; where it is true,
        `predicted_label` is null.
    with_scope : bool
        Add a column `in_scope`: whether the text looks like the training data.
    max_chars : int
        A longer text is rejected.
    """

    text_column: str
    top_k: int | None = None
    rule: AbstainRule | None = None
    with_scope: bool = False
    max_chars: int = MAX_CHARS

    def check(self, model: Model) -> None:
        """Refuse what a model cannot do.

        Raises
        ------
        InputError
            `top_k` is out of range, or the model has nothing to tell the scope by.
        """
        if self.top_k is not None and not 1 <= self.top_k <= len(model.labels):
            raise InputError(
                f"--top-k is {self.top_k}; 1 to {len(model.labels)} is accepted: the model has so many labels"
            )
        if self.with_scope and model.scope_threshold is None:
            without = methods_where(lambda method: not method.reads_texts)
            raise InputError(
                f"the {model.method} model in {model.folder} holds no statistics of its training texts to tell scope "
                "by",
                hint=f"train it again, as any method but {join_names(without, 'or')}",
            )


def open_rows(
    source: str | Path | IO[Any],
    *,
    text_column: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> tuple[Iterator[Row], str]:
    """Open what is to be predicted.

    Parameters
    ----------
    source : path or stream
        A stream, or a ``.txt`` file: each line is one text. Other files have columns.
    text_column : str, optional
        None: the column with a well-known name.
    delimiter, encoding : str, optional

    Returns
    -------
    rows, text_column

    Raises
    ------
    InputError
        No such file, a kind that cannot be read, or no column of texts.
    """
    if not isinstance(source, str | Path):
        return read_lines(source, encoding=encoding), "text"
    if file_kind(source) == ".txt":
        return read_lines(Path(source), encoding=encoding), "text"
    rows = read_rows(source, delimiter=delimiter, encoding=encoding)
    head = list(islice(rows, CHUNK_ROWS))
    names = list(dict.fromkeys(name for row in head for name in row.values))
    if not names:
        problem = next(
            (f"line {row.line}: {row.problem}" for row in head if row.problem), "it has no rows"
        )
        raise DataError(f"{Path(source).name} cannot be predicted: {problem}")
    return chain(head, rows), find_text_column(
        names, text_column=text_column, source=Path(source).name
    )


def predict_rows(
    model: Model,
    rows: Iterable[Row],
    *,
    text_column: str,
    top_k: int | None = None,
    rule: AbstainRule | None = None,
    with_scope: bool = False,
    max_chars: int = MAX_CHARS,
) -> Iterator[Prediction]:
    """Score rows as they come, a chunk at a time, in their order.

    Parameters
    ----------
    model : Model
    rows : iterable of Row
    text_column, top_k, rule, with_scope, max_chars
        As in `Scoring`.

    Raises
    ------
    InputError
        `top_k` is out of range, or the model has nothing to tell the scope by.
    """
    scoring = Scoring(text_column, top_k, rule, with_scope, max_chars)
    scoring.check(model)
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK_ROWS)):
        yield from score_rows(model, chunk, scoring)


def score_rows(
    model: Model,
    rows: Sequence[Row],
    scoring: Scoring,
    *,
    advance: Callable[[int], None] | None = None,
) -> list[Prediction]:
    """Score some rows: the function of one shard, whichever engine calls it.

    Parameters
    ----------
    model : Model
    rows : sequence of Row
    scoring : Scoring
    advance : callable, optional
        Told how many rows were done since it was called last.

    Returns
    -------
    list of Prediction
        One a row, in their order.
    """
    checked = [_text_of(row, scoring.text_column, max_chars=scoring.max_chars) for row in rows]
    position: dict[str, int] = {}
    for text, problem in checked:
        if problem is None:
            position.setdefault(text, len(position))
    added = _added(model, list(position), scoring, progress=_Passing(advance))
    if advance is not None and len(rows) > len(position):
        advance(len(rows) - len(position))  # repeats, and what is rejected
    return [
        Prediction(row.line, {}, problem)
        if problem is not None
        else Prediction(row.line, _joined(row.values, added[position[text]]))
        for row, (text, problem) in zip(rows, checked, strict=True)
    ]


class _Passing(Progress):
    """Passes the steps of what is done inside on to whoever draws the whole."""

    def __init__(self, advance: Callable[[int], None] | None) -> None:
        self._advance = advance

    @contextmanager
    def track(self, name: str, n_steps: int) -> Iterator[Callable[[int], None]]:
        """Pass the steps on."""
        yield self._advance or (lambda n_done: None)


def _text_of(row: Row, text_column: str, *, max_chars: int) -> tuple[str, str | None]:
    if row.problem is not None:
        return "", row.problem
    value = row.values.get(text_column)
    if type(value) is str and len(value) <= max_chars:
        return value, None
    if text_column not in row.values:
        return "", f"no column '{text_column}'"
    text, problem = text_or_problem(value, max_chars=max_chars)
    if problem is not None:
        return "", problem
    return text or "", None  # null is scored like the empty text


def _added(
    model: Model, texts: list[str], scoring: Scoring, *, progress: Progress
) -> list[dict[str, Any]]:
    """Return what is added to the row of each text: label, score, notes, all scores."""
    probs = model.predict_proba(texts, progress=progress)
    rounded = np.round(probs, SCORE_DIGITS).tolist()
    best = probs.argmax(axis=1).tolist()
    notes = _notes(model, texts, probs, scoring)
    names = [f"score:{label}" for label in model.labels]
    order = (
        None
        if scoring.top_k is None
        else np.argsort(-probs, axis=1, kind="stable")[:, : scoring.top_k].tolist()
    )
    added = []
    for i, (scores, winner) in enumerate(zip(rounded, best, strict=True)):
        note = notes[i]
        label = None if note.get("abstained") else model.labels[winner]
        one = {"predicted_label": label, "predicted_score": scores[winner], **note}
        if order is None:
            one.update(zip(names, scores, strict=True))
        else:
            one["top_k"] = [{"label": model.labels[j], "score": scores[j]} for j in order[i]]
        added.append(one)
    return added


def _notes(
    model: Model, texts: Sequence[str], probs: np.ndarray, scoring: Scoring
) -> list[dict[str, Any]]:
    """Return what stands beside the scores of each text: whether the model abstains, whether the text is in scope."""
    notes: list[dict[str, Any]] = [{} for _ in texts]
    rule = scoring.rule or model.abstain_rule
    if rule is not None:
        for note, is_answered in zip(notes, rule.answers(probs).tolist(), strict=True):
            note["abstained"] = not is_answered
    if scoring.with_scope and (scope := model.scope(texts, probs=probs)) is not None:
        for note, is_inside in zip(
            notes, (scope >= (model.scope_threshold or 0.0)).tolist(), strict=True
        ):
            note["in_scope"] = is_inside
    return notes


def _joined(values: dict[str, Any], added: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of the input and what is added; a column whose name is needed is kept as ``input_<name>``."""
    if values.keys().isdisjoint(added):
        return {**values, **added}
    kept: dict[str, Any] = {}
    for name, value in values.items():
        free = name
        while free in added or (free != name and free in values):
            free = f"input_{free}"
        kept[free] = value
    return {**kept, **added}
