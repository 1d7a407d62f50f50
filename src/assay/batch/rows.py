"""Rows in, rows with scores out. `score_rows` is the one function that every engine calls.

What cannot be scored comes back with the reason. Each distinct text is scored once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, Unpack

import numpy as np

from assay._display import Brief
from assay.batch.chunks import CHUNK_ROWS, cut_chunks
from assay.data.blank_text import is_blank
from assay.data.cell_values import MAX_CHARS, text_or_problem
from assay.data.column_advice import explain_table
from assay.data.columns import find_text_column, list_columns
from assay.data.files.formats import is_text_table
from assay.data.files.readers import Row, file_kind, read_lines, read_rows
from assay.data.files.reading import Reading, ReadingOptions
from assay.data.files.row import Record
from assay.data.origin import Origin
from assay.errors import DataError, InputError, ModelError, cut, did_you_mean
from assay.methods import join_names, methods_where
from assay.progress import Progress
from assay.runtime.limits.abstain import AbstainRule
from assay.runtime.limits.scripts import name_unseen_scripts
from assay.runtime.predictor import Model

__all__ = ["Prediction", "Record", "Scoring", "open_rows", "predict_rows", "score_rows"]

SCORE_DIGITS = 7  # float32 carries no more


@dataclass(frozen=True, slots=True, repr=False)
class Prediction(Brief):
    """One row with what was predicted, or the reason why nothing was.

    Parameters
    ----------
    line : int
        1-based line (or record) of the input.
    record : dict
        Columns of the input, then predicted_label, predicted_score and scores; empty if there is a
        problem.
    problem : str or None
    has_no_text : bool
        The text is blank: it was scored, and its label says nothing about it.
    unseen_script : str
        The script of the text where no training text is in it: the label says little. Empty: seen.
    row_id : any, optional
        What the column of ids calls the row; None if there is no such column or cell.
    """

    line: int
    record: Record
    problem: str | None = None
    has_no_text: bool = False
    unseen_script: str = ""
    row_id: Any = None


@dataclass(frozen=True)
class Scoring:
    """How rows are scored, and what is written about each.

    Parameters
    ----------
    text_column : str
    top_k : int, optional
        Only the K best labels, as a list under `top_k`. None: ``score:<label>`` for every label.
    rule : AbstainRule, optional
        Replaces the model's own rule. With either, `abstained` is a column, and `predicted_label`,
        or `predicted_labels` where texts may have several, is null where it is true.
    with_scope : bool
        Add a column `in_scope`: whether the text looks like the training data.
    max_chars : int
        A longer text is rejected.
    id_column : str, optional
        A column that names each row where rows are listed. None: rows are named by their lines.
    """

    text_column: str
    top_k: int | None = None
    rule: AbstainRule | None = None
    with_scope: bool = False
    max_chars: int = MAX_CHARS
    id_column: str | None = None

    def check(self, model: Model) -> None:
        """Refuse what a model cannot do.

        Raises
        ------
        InputError
            `top_k` is out of range, or the model has no statistics to tell the scope by.
        """
        n_labels = len(model.labels)
        if self.top_k is not None and not 1 <= self.top_k <= n_labels:
            raise InputError(
                f"--top-k is {self.top_k}; 1 to {n_labels} is accepted: "
                "the model has so many labels"
            )
        if self.with_scope and model.scope_threshold is None:
            without = methods_where(lambda method: not method.reads_texts)
            hint = (
                "train it again with assay train, in Python with train_model, as any method but "
                f"{join_names(without, 'or')}"
            )
            if model.method not in without:
                hint += ", or save it with save_model(..., training=(texts, labels))"
            raise InputError(
                f"the {model.method} model in {model.folder} holds no statistics of its "
                "training texts to tell scope by",
                hint=hint,
            )


def open_rows(
    source: str | Path | IO[Any],
    *,
    text_column: str | None = None,
    id_column: str | None = None,
    **reading: Unpack[ReadingOptions],
) -> tuple[Iterator[Row], str]:
    """Open what is to be predicted.

    Parameters
    ----------
    source : path or stream
        In a stream or a ``.txt`` file each line is one text. Other files have columns.
    text_column : str, optional
        None: the column with a well-known name.
    id_column : str, optional
        A column that has to be there, because rows are named by it.
    **reading
        How the file is read, such as ``delimiter`` and ``encoding``; the fields of `Reading`.

    Returns
    -------
    rows, text_column

    Raises
    ------
    InputError
        There is no such file, its kind cannot be read, or it lacks a column.
    """
    encoding = reading.get("encoding")
    if not isinstance(source, str | Path):
        _refuse_ids_of_lines(id_column)
        return read_lines(source, encoding=encoding), "text"
    path = Path(source)
    is_lines = file_kind(path) == ".txt" and path.is_file()
    if is_lines and not is_text_table(path, Reading(**reading), guesses=False):
        _refuse_ids_of_lines(id_column)
        return read_lines(path, encoding=encoding), "text"
    rows = read_rows(source, **reading)
    head = list(islice(rows, CHUNK_ROWS))
    names = list(dict.fromkeys(chain.from_iterable(row.values for row in head)))
    if not names:
        fixes = next((row.fixes for row in head if row.fixes), ())
        raise DataError(f"{path.name} has no text: {_first_problem(head)}", flags=fixes)
    column = _find_text_column(path, names, text_column, Reading(**reading))
    _check_id_column(id_column, names, source=path.name)
    return chain(head, rows), column


def _check_id_column(id_column: str | None, names: list[str], *, source: str) -> None:
    if id_column is not None and id_column not in names:
        raise DataError(
            f"column '{cut(id_column)}' not in {source}; columns: {list_columns(names)}."
            f"{did_you_mean(id_column, names)}"
        )


def _refuse_ids_of_lines(id_column: str | None) -> None:
    if id_column is not None:
        raise InputError(
            "--id-column is for tables; lines of text have no columns",
            hint="leave it out: rows are named by their lines",
        )


def _find_text_column(
    path: Path, names: Sequence[str], text_column: str | None, reading: Reading
) -> str:
    """Return the column of texts; where there is none, the error says what the file may be."""
    try:
        return find_text_column(names, text_column=text_column, source=path.name)
    except DataError as err:
        better = None
        if text_column is None:
            better = explain_table(Origin((path,), reading), names, err)
        if better is None:
            raise
        raise better from err


def _first_problem(rows: Iterable[Row]) -> str:
    for row in rows:
        if row.problem:
            return f"line {row.line}: {row.problem}"
    return "it has no rows"


def predict_rows(
    model: Model,
    rows: Iterable[Row],
    *,
    text_column: str,
    top_k: int | None = None,
    rule: AbstainRule | None = None,
    with_scope: bool = False,
    max_chars: int = MAX_CHARS,
    id_column: str | None = None,
    cut: Callable[[Iterable[Row]], Iterable[list[Row]]] | None = None,
) -> Iterator[Prediction]:
    """Score rows as they come, one chunk at a time, in their order.

    Parameters
    ----------
    model : Model
    rows : iterable of Row
    text_column, top_k, rule, with_scope, max_chars, id_column
        As in `Scoring`.
    cut : callable, optional
        Cuts rows into chunks. None: each is full, so that rows wait for those behind them.

    Raises
    ------
    InputError
        `top_k` is out of range, or the model has no statistics to tell the scope by.
    """
    scoring = Scoring(text_column, top_k, rule, with_scope, max_chars, id_column)
    scoring.check(model)
    for chunk in (cut or cut_chunks)(rows):
        yield from score_rows(model, chunk, scoring)


def score_rows(
    model: Model,
    rows: Sequence[Row],
    scoring: Scoring,
    *,
    advance: Callable[[int], None] | None = None,
) -> list[Prediction]:
    """Score some rows.

    Parameters
    ----------
    model : Model
    rows : sequence of Row
    scoring : Scoring
    advance : callable, optional
        Called with the number of rows that were done since the last call.

    Returns
    -------
    list of Prediction
        One per row, in their order.

    Raises
    ------
    ModelError
        The model gives NaN or infinite scores.
    """
    checked = [_read_text(row, scoring) for row in rows]
    positions: dict[str, int] = {}  # distinct text -> its place among the scored texts
    for text, problem in checked:
        if problem is None:
            positions.setdefault(text, len(positions))
    columns = _predict_columns(model, list(positions), scoring, progress=_Forward(advance))
    n_unscored = len(rows) - len(positions)
    if advance is not None and n_unscored:
        advance(n_unscored)  # repeated texts and rejected rows
    blank = set(filter(is_blank, positions))
    scripts = name_unseen_scripts(list(positions), seen=model.manifest.scripts)
    predictions = []
    for row, (text, problem) in zip(rows, checked, strict=True):
        row_id = None if scoring.id_column is None else row.values.get(scoring.id_column)
        if problem is not None:
            predictions.append(Prediction(row.line, {}, problem, row_id=row_id))
            continue
        i = positions[text]
        record = _join(row.values, columns[i])
        scored = Prediction(
            row.line,
            record,
            has_no_text=text in blank,
            unseen_script=scripts[i],
            row_id=row_id,
        )
        predictions.append(scored)
    return predictions


class _Forward(Progress):
    """Forwards the steps of the model to whoever draws the bar of the whole file."""

    def __init__(self, advance: Callable[[int], None] | None) -> None:
        self._advance = advance

    @contextmanager
    def track(self, name: str, n_steps: int) -> Iterator[Callable[[int], None]]:
        """Forward the steps."""
        yield self._advance or (lambda n_done: None)


def _read_text(row: Row, scoring: Scoring) -> tuple[str, str | None]:
    """Return the text of a row, and the problem if it cannot be scored."""
    if row.problem is not None:
        return "", row.problem
    value = row.values.get(scoring.text_column)
    if type(value) is str and len(value) <= scoring.max_chars:
        return value, None  # nearly every row ends here
    if scoring.text_column not in row.values:
        return "", f"no column '{scoring.text_column}'"
    text, problem = text_or_problem(value, max_chars=scoring.max_chars)
    if problem is not None:
        return "", problem
    return text or "", None  # null is scored like the empty text


def _predict_columns(
    model: Model, texts: list[str], scoring: Scoring, *, progress: Progress
) -> list[Record]:
    """Return the columns that are added to the row of each text."""
    probs = model.predict_proba(texts, progress=progress)
    if not np.isfinite(probs).all():
        raise ModelError(
            f"the {model.method} model in {model.folder} is broken: "
            "it gives scores that are no numbers (NaN or infinite)"
        )
    scores = np.round(probs, SCORE_DIGITS).tolist()
    notes = _note_limits(model, texts, probs, scoring)
    score_columns = _make_score_columns(model, probs, scores, scoring.top_k)
    added = model.answering.columns(probs, scores)
    for i, columns in enumerate(added):
        if notes[i].get("abstained"):
            columns[model.answering.answer_column] = None
        columns.update(notes[i])
        columns.update(score_columns[i])
    return added


def _make_score_columns(
    model: Model, probs: np.ndarray, scores: list[list[float]], top_k: int | None
) -> list[Record]:
    """Return a score for every label by column, or the list of the `top_k` best labels."""
    if top_k is None:
        names = [f"score:{label}" for label in model.labels]
        return [dict(zip(names, row, strict=True)) for row in scores]
    columns = []
    order = np.argsort(-probs, axis=1, kind="stable")[:, :top_k].tolist()
    for row, best in zip(scores, order, strict=True):
        ranked = [{"label": model.labels[j], "score": row[j]} for j in best]
        columns.append({"top_k": ranked})
    return columns


def _note_limits(
    model: Model, texts: Sequence[str], probs: np.ndarray, scoring: Scoring
) -> list[dict[str, bool]]:
    """Return for each text whether the model abstains and whether the text is in scope."""
    notes: list[dict[str, bool]] = [{} for _ in texts]
    rule = scoring.rule or model.abstain_rule
    if rule is not None:
        is_answered = rule.answers(model.answering.statements(probs))
        for note, sure in zip(notes, is_answered.tolist(), strict=True):
            note["abstained"] = not sure
    scope = model.scope(texts, probs=probs) if scoring.with_scope else None
    if scope is not None:
        is_inside = scope >= (model.scope_threshold or 0.0)
        for note, text, is_in_scope in zip(notes, texts, is_inside.tolist(), strict=True):
            note["in_scope"] = is_in_scope and not is_blank(text)
    return notes


def _join(values: Record, added: Record) -> Record:
    """Return input columns and added columns; a name that both have becomes ``input_<name>``."""
    if values.keys().isdisjoint(added):
        return {**values, **added}
    kept: Record = {}
    for name, value in values.items():
        free = name
        while free in added or (free != name and free in values):
            free = f"input_{free}"
        kept[free] = value
    return {**kept, **added}
