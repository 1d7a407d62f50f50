"""Predict many texts: rows stream from a file through the runtime into a file, in bounded memory, in input order.

It needs the base install only (`.parquet` its extra). What cannot be scored goes to OUT.rejected.jsonl with its line
and reason. OUT is written beside its place and moved there when it is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

import numpy as np

from assay.data.clean import MAX_CHARS, text_or_problem
from assay.data.columns import find_text_column
from assay.data.readers import Row, file_kind, read_lines, read_rows
from assay.data.writers import open_writer, out_kind
from assay.errors import DataError, InputError, OutsideError
from assay.progress import Progress
from assay.runtime.abstain import AbstainRule
from assay.runtime.folder import check_output
from assay.runtime.predictor import Model

__all__ = ["Prediction", "PredictionSummary", "open_rows", "predict_file", "predict_rows"]

CHUNK_ROWS = 2048
SCORE_DIGITS = 7  # float32 carries no more


@dataclass(frozen=True)
class Prediction:
    """One row: what it held and what was predicted, or why it was not.

    Parameters
    ----------
    line : int
        1-based line (or record) of the input.
    record : dict
        Columns of the input, then predicted_label, predicted_score and scores; empty where there is a problem.
    problem : str or None
    """

    line: int
    record: dict[str, Any]
    problem: str | None = None


@dataclass(frozen=True)
class PredictionSummary:
    """What `predict_file` did."""

    out: str
    n_texts: int
    n_rejected: int
    rejected: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


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
        problem = next((f"line {row.line}: {row.problem}" for row in head if row.problem), "it has no rows")
        raise DataError(f"{Path(source).name} cannot be predicted: {problem}")
    return chain(head, rows), find_text_column(names, text_column=text_column, source=Path(source).name)


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
    text_column : str
    top_k : int, optional
        Only the best labels, as a list under `top_k`. None: a ``score:<label>`` for every label.
    rule : AbstainRule, optional
        Instead of the model's own. With either, `abstained` is a column; where it is true, `predicted_label` is null.
    with_scope : bool
        Add a column `in_scope`: whether the text looks like the training data.
    max_chars : int
        A longer text is rejected.

    Raises
    ------
    InputError
        `top_k` is out of range, or the model has nothing to tell the scope by.
    """
    if top_k is not None and not 1 <= top_k <= len(model.labels):
        raise InputError(f"--top-k is {top_k}; 1 to {len(model.labels)} is accepted: the model has so many labels")
    threshold = model.scope_threshold if with_scope else None
    if with_scope and threshold is None:
        raise InputError(
            f"the {model.method} model in {model.folder} holds no statistics of its training texts to tell scope by",
            hint="train it again, as any method but majority",
        )
    rule = rule or model.abstain_rule
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK_ROWS)):
        checked = [_text_of(row, text_column, max_chars=max_chars) for row in chunk]
        texts = [text for text, problem in checked if problem is None]
        probs = model.predict_proba(texts)
        scores, notes = iter(probs), iter(_notes(model, texts, probs, rule=rule, threshold=threshold))
        for row, (_, problem) in zip(chunk, checked, strict=True):
            if problem is not None:
                yield Prediction(row.line, {}, problem)
            else:
                yield Prediction(row.line, _record(row.values, next(scores), model.labels, top_k, next(notes)))


def _notes(
    model: Model, texts: Sequence[str], probs: np.ndarray, *, rule: AbstainRule | None, threshold: float | None
) -> list[dict[str, Any]]:
    """Return what stands beside the scores of each text: whether the model abstains, whether the text is in scope."""
    notes: list[dict[str, Any]] = [{} for _ in texts]
    if rule is not None:
        for note, is_answered in zip(notes, rule.answers(probs).tolist(), strict=True):
            note["abstained"] = not is_answered
    if threshold is not None and (scope := model.scope(texts, probs=probs)) is not None:
        for note, is_inside in zip(notes, (scope >= threshold).tolist(), strict=True):
            note["in_scope"] = is_inside
    return notes


def _text_of(row: Row, text_column: str, *, max_chars: int) -> tuple[str, str | None]:
    if row.problem is not None:
        return "", row.problem
    if text_column not in row.values:
        return "", f"no column '{text_column}'"
    text, problem = text_or_problem(row.values[text_column], max_chars=max_chars)
    if problem is not None:
        return "", problem
    return text or "", None  # null is scored like the empty text


def _record(
    values: dict[str, Any], scores: np.ndarray, labels: Sequence[str], top_k: int | None, notes: dict[str, Any]
) -> dict[str, Any]:
    rounded = [round(float(score), SCORE_DIGITS) for score in scores]
    best = int(scores.argmax())
    label = None if notes.get("abstained") else labels[best]
    added: dict[str, Any] = {"predicted_label": label, "predicted_score": rounded[best], **notes}
    if top_k is None:
        added |= {f"score:{label}": score for label, score in zip(labels, rounded, strict=True)}
    else:
        order = np.argsort(-scores, kind="stable")[:top_k]
        added["top_k"] = [{"label": labels[i], "score": rounded[i]} for i in order]
    return {**_kept(values, added), **added}


def _kept(values: dict[str, Any], added: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of the input; one whose name is needed is kept as ``input_<name>``, and none is lost."""
    if values.keys().isdisjoint(added):
        return values
    kept: dict[str, Any] = {}
    for name, value in values.items():
        free = name
        while free in added or (free != name and free in values):
            free = f"input_{free}"
        kept[free] = value
    return kept


def predict_file(
    model: Model,
    source: str | Path | IO[Any],
    out: str | Path,
    *,
    text_column: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    top_k: int | None = None,
    rule: AbstainRule | None = None,
    with_scope: bool = False,
    strict: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> PredictionSummary:
    """Score every row of a file and write the rows with their scores.

    Parameters
    ----------
    model : Model
    source : path or stream
        See `open_rows`.
    out : path
        ``.jsonl``, ``.csv``, ``.tsv``, each also with ``.gz``, or ``.parquet``.
    text_column, delimiter, encoding : str, optional
    top_k : int, optional
    rule : AbstainRule, optional
    with_scope : bool
        See `predict_rows`.
    strict : bool
        Stop at the first row that cannot be scored, writing nothing.
    overwrite : bool
    progress : Progress, optional

    Raises
    ------
    InputError
        The input or the output cannot be used; with `strict`, the first bad row.
    OutsideError
        The disk refused.
    """
    out = Path(out)
    rejected_out = out.with_name(f"{out.name}.rejected.jsonl")
    _check_outputs(out, rejected_out, overwrite=overwrite)
    rows, column = open_rows(source, text_column=text_column, delimiter=delimiter, encoding=encoding)
    predictions = predict_rows(model, rows, text_column=column, top_k=top_k, rule=rule, with_scope=with_scope)
    if strict:
        predictions = _refusing(predictions, _name(source))
    with _written_whole(out, rejected_out) as (partial, rejected_partial):
        with (progress or Progress()).track("predict", _count_lines(source)) as advance:
            n_texts, n_rejected = _write(predictions, partial, rejected_partial, like=out, advance=advance)
        partial.replace(out)
        if n_rejected:
            rejected_partial.replace(rejected_out)
        else:
            rejected_out.unlink(missing_ok=True)
    return PredictionSummary(str(out), n_texts, n_rejected, str(rejected_out) if n_rejected else None)


def _check_outputs(out: Path, rejected_out: Path, *, overwrite: bool) -> None:
    """Say no before any work is done."""
    out_kind(out)
    for path in (out, rejected_out):
        check_output(path, overwrite=overwrite)
        if path.is_dir():
            raise InputError(f"{path} is a folder; a file is accepted")


def _refusing(predictions: Iterator[Prediction], source: str) -> Iterator[Prediction]:
    """Pass predictions on up to the first that has a problem, which is raised."""
    for prediction in predictions:
        if prediction.problem is not None:
            raise DataError(f"{source} line {prediction.line:,}: {prediction.problem}")
        yield prediction


@contextmanager
def _written_whole(*outs: Path) -> Iterator[list[Path]]:
    """Yield a path beside each output; what still stands there at the end is removed."""
    partials = [out.with_name(f"{out.name}.partial") for out in outs]
    try:
        outs[0].parent.mkdir(parents=True, exist_ok=True)
        yield partials
    except OSError as err:
        if isinstance(err, OutsideError):
            raise
        raise OutsideError(f"{outs[0]} could not be written: {err.strerror or err}", hint="look at free space") from err
    finally:
        for path in partials:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _write(
    predictions: Iterable[Prediction],
    partial: Path,
    rejected_partial: Path,
    *,
    like: Path,
    advance: Callable[[int], None],
) -> tuple[int, int]:
    """Write the scored rows and the list of the others; return how many there are of each."""
    n_texts = n_rejected = 0
    with ExitStack() as stack:
        writer = stack.enter_context(open_writer(partial, like=like))
        rejected = stack.enter_context(open_writer(rejected_partial, like=Path("rejected.jsonl")))
        for prediction in predictions:
            if prediction.problem is None:
                writer.write(prediction.record)
                n_texts += 1
            else:
                rejected.write({"line": prediction.line, "reason": prediction.problem})
                n_rejected += 1
            advance(1)
    return n_texts, n_rejected


def _name(source: object) -> str:
    return Path(source).name if isinstance(source, str | Path) else "standard input"


def _count_lines(source: object) -> int:
    """Return how many lines a plain file has, for the time left; 0 where that is not known beforehand."""
    if not isinstance(source, str | Path) or file_kind(source) == ".parquet" or str(source).endswith(".gz"):
        return 0
    with Path(source).open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))
