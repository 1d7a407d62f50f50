"""Predict many texts: rows stream from a file through the runtime into a file, in bounded memory, in input order.

It needs the base install only (`.parquet` its extra). What cannot be scored goes to OUT.rejected.jsonl with its line
and reason. OUT is written beside its place and moved there when it is whole.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

from assay._optional import require
from assay.data.clean import MAX_CHARS, text_or_problem
from assay.data.columns import find_text_column
from assay.data.readers import Row, file_kind, read_lines, read_rows
from assay.errors import DataError, InputError, OutsideError
from assay.progress import Progress
from assay.runtime.folder import check_output
from assay.runtime.predictor import Model

__all__ = ["OUT_SUFFIXES", "Prediction", "PredictionSummary", "open_rows", "predict_file", "predict_rows"]

CHUNK_ROWS = 2048
OUT_SUFFIXES = (".jsonl", ".csv", ".tsv", ".parquet")
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
        return {"out": self.out, "n_texts": self.n_texts, "n_rejected": self.n_rejected, "rejected": self.rejected}


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
    model: Model, rows: Iterable[Row], *, text_column: str, top_k: int | None = None, max_chars: int = MAX_CHARS
) -> Iterator[Prediction]:
    """Score rows as they come, a chunk at a time, in their order.

    Parameters
    ----------
    model : Model
    rows : iterable of Row
    text_column : str
    top_k : int, optional
        Only the best labels, as a list under `top_k`. None: a ``score:<label>`` for every label.
    max_chars : int
        A longer text is rejected.
    """
    if top_k is not None and not 1 <= top_k <= len(model.labels):
        raise InputError(f"--top-k is {top_k}; 1 to {len(model.labels)} is accepted: the model has so many labels")
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK_ROWS)):
        checked = [_text_of(row, text_column, max_chars=max_chars) for row in chunk]
        probs = model.predict_proba([text for text, problem in checked if problem is None])
        scores = iter(probs)
        for row, (_, problem) in zip(chunk, checked, strict=True):
            if problem is not None:
                yield Prediction(row.line, {}, problem)
            else:
                yield Prediction(row.line, _record(row.values, next(scores), model.labels, top_k))


def _text_of(row: Row, text_column: str, *, max_chars: int) -> tuple[str, str | None]:
    if row.problem is not None:
        return "", row.problem
    if text_column not in row.values:
        return "", f"no column '{text_column}'"
    text, problem = text_or_problem(row.values[text_column], max_chars=max_chars)
    if problem is not None:
        return "", problem
    return text or "", None


def _record(values: dict[str, Any], scores: np.ndarray, labels: Sequence[str], top_k: int | None) -> dict[str, Any]:
    rounded = [round(float(score), SCORE_DIGITS) for score in scores]
    best = int(scores.argmax())
    added: dict[str, Any] = {"predicted_label": labels[best], "predicted_score": rounded[best]}
    if top_k is None:
        added |= {f"score:{label}": score for label, score in zip(labels, rounded, strict=True)}
    else:
        order = np.argsort(-scores, kind="stable")[:top_k]
        added["top_k"] = [{"label": labels[i], "score": rounded[i]} for i in order]
    kept = {f"input_{name}" if name in added else name: value for name, value in values.items()}
    return {**kept, **added}


def predict_file(
    model: Model,
    source: str | Path | IO[Any],
    out: str | Path,
    *,
    text_column: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    top_k: int | None = None,
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
    if (kind := file_kind(out)) not in OUT_SUFFIXES:
        raise InputError(f"predictions cannot be written as '{out.name}'; {' '.join(OUT_SUFFIXES)} are accepted")
    check_output(out, overwrite=overwrite)
    rows, column = open_rows(source, text_column=text_column, delimiter=delimiter, encoding=encoding)
    predictions = predict_rows(model, rows, text_column=column, top_k=top_k)
    rejected_path = out.with_name(f"{out.name}.rejected.jsonl")
    partial, rejected_partial = (
        out.with_name(f"{out.name}.partial"),
        rejected_path.with_name(f"{rejected_path.name}.partial"),
    )
    n_texts = n_rejected = 0
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            writer = stack.enter_context(WRITERS[kind](partial, is_gzip=out.suffix.lower() == ".gz"))
            rejected = stack.enter_context(rejected_partial.open("w", encoding="utf-8", errors="surrogatepass"))
            advance = stack.enter_context((progress or Progress()).track("predict", _count_lines(source)))
            for prediction in predictions:
                if prediction.problem is None:
                    writer.write(prediction.record)
                    n_texts += 1
                elif strict:
                    raise DataError(f"{_name(source)} line {prediction.line}: {prediction.problem}")
                else:
                    line = {"line": prediction.line, "reason": prediction.problem}
                    rejected.write(json.dumps(line, ensure_ascii=False) + "\n")
                    n_rejected += 1
                advance(1)
        partial.replace(out)
        if n_rejected:
            rejected_partial.replace(rejected_path)
        else:
            rejected_path.unlink(missing_ok=True)
    except OSError as err:
        if isinstance(err, OutsideError):
            raise
        raise OutsideError(f"{out} could not be written: {err.strerror or err}", hint="look at free space") from err
    finally:
        for path in (partial, rejected_partial):
            with suppress(OSError):
                path.unlink(missing_ok=True)
    return PredictionSummary(str(out), n_texts, n_rejected, str(rejected_path) if n_rejected else None)


def _name(source: object) -> str:
    return Path(source).name if isinstance(source, str | Path) else "standard input"


def _count_lines(source: object) -> int:
    """Return how many lines a plain file has, for the time left; 0 where that is not known beforehand."""
    if not isinstance(source, str | Path) or file_kind(source) == ".parquet" or str(source).endswith(".gz"):
        return 0
    with Path(source).open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))


class Writer(Protocol):
    """Writes records one by one; a context manager."""

    def __enter__(self) -> Writer: ...
    def __exit__(self, *exc_info: object) -> None: ...
    def write(self, record: dict[str, Any]) -> None: ...


class _JsonLines:
    def __init__(self, path: Path, *, is_gzip: bool) -> None:
        self._stream = _open_text(path, is_gzip=is_gzip)

    def __enter__(self) -> _JsonLines:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stream.close()

    def write(self, record: dict[str, Any]) -> None:
        self._stream.write(json.dumps(record, ensure_ascii=False) + "\n")


class _Table:
    """CSV or TSV: the columns of the first record are those of all."""

    def __init__(self, path: Path, *, is_gzip: bool, delimiter: str = ",") -> None:
        self._stream = _open_text(path, is_gzip=is_gzip)
        self._delimiter = delimiter
        self._writer: csv.DictWriter[str] | None = None

    def __enter__(self) -> _Table:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stream.close()

    def write(self, record: dict[str, Any]) -> None:
        if self._writer is None:
            self._writer = csv.DictWriter(self._stream, list(record), delimiter=self._delimiter, lineterminator="\n")
            self._writer.writeheader()
        if extra := [name for name in record if name not in self._writer.fieldnames]:
            raise DataError(
                f"column '{extra[0]}' is not in the first row, so it has no place in a table", hint="write .jsonl"
            )
        self._writer.writerow({name: _cell(value) for name, value in record.items()})


class _Parquet:
    """Row groups of one chunk each; the types of the first chunk are those of all."""

    def __init__(self, path: Path, *, is_gzip: bool) -> None:
        if is_gzip:
            raise InputError("a .parquet.gz cannot be written; .parquet is compressed already")
        self._arrow, self._parquet = require("pyarrow"), require("pyarrow.parquet")
        self._path, self._writer, self._rows = path, None, []

    _writer: Any
    _rows: list[dict[str, Any]]

    def __enter__(self) -> _Parquet:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if exc_info[0] is None:
            self._flush()
        if self._writer is not None:
            self._writer.close()

    def write(self, record: dict[str, Any]) -> None:
        self._rows.append(record)
        if len(self._rows) >= CHUNK_ROWS:
            self._flush()

    def _flush(self) -> None:
        if not self._rows and self._writer is not None:
            return
        schema = None if self._writer is None else self._writer.schema
        table = self._arrow.Table.from_pylist(self._rows, schema=schema)
        if self._writer is None:
            self._writer = self._parquet.ParquetWriter(self._path, table.schema)
        self._writer.write_table(table)
        self._rows = []


def _open_text(path: Path, *, is_gzip: bool) -> IO[str]:
    if is_gzip:
        return gzip.open(path, "wt", encoding="utf-8", errors="surrogatepass", newline="")
    return path.open("w", encoding="utf-8", errors="surrogatepass", newline="")


def _cell(value: Any) -> Any:
    """Return what a table shows: lists and objects as JSON, nothing for null."""
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else value


WRITERS: dict[str | None, Callable[..., Writer]] = {
    ".jsonl": _JsonLines,
    ".csv": _Table,
    ".tsv": lambda path, *, is_gzip: _Table(path, is_gzip=is_gzip, delimiter="\t"),
    ".parquet": _Parquet,
}
