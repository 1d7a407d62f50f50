"""`next_texts`: the rows of a pool that are most worth a label, for people who label elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from assay.batch.rows import open_rows
from assay.bounds import COUNT
from assay.data.columns import LABEL_NAMES, fold_name
from assay.data.files.formats import file_kind
from assay.data.files.reading import Reading, ReadingOptions
from assay.data.files.row import Record, Row
from assay.data.files.style import TableStyle, style_of
from assay.data.files.workbook import sheet_of
from assay.data.files.writers import open_writer, out_kind
from assay.disk import atomic_file, check_output, refusals_of_disk
from assay.errors import DataError, InputError
from assay.output_lock import lock_output
from assay.output_place import check_apart, check_outside
from assay.progress import Progress
from assay.review.choosing import (
    choose_texts,
    to_directions,
    uncertainty,
    uncertainty_of_several,
)
from assay.review.pool import Pool, read_pool
from assay.review.vectors import hash_vectors
from assay.runtime.predictor import Model, load_model
from assay.runtime.trained_on import read_trained_on

__all__ = ["NextTexts", "next_texts"]

MAX_SCORED = 20_000  # texts of the pool that are scored; of more, a random sample is
MIN_LABEL_COLUMNS = 2  # of the pool that are called like labels, which is no accident
SHEET = "to label"  # of a workbook that follows no other one
KINDS = (".jsonl", ".csv", ".tsv", ".xlsx", ".parquet")


@dataclass(frozen=True)
class NextTexts:
    """What `next_texts` did.

    Parameters
    ----------
    out : str
    n_written : int
        Rows to label.
    n_pool : int
        Distinct texts of the pool.
    n_scored : int
        Those of them that the model was asked about.
    n_labelled : int
        Texts that were left out because they have a label already.
    n_held_out : int
        Texts that were left out because the model was tested on them.
    n_learnt : int
        Texts that were left out because they are among the data that the model was made of, and so
        have labels.
    n_repeats : int
        Texts that are missing from the number that was asked for, because each says nearly the same
        as one that is written.
    """

    out: str
    n_written: int
    n_pool: int
    n_scored: int
    n_labelled: int
    n_held_out: int = 0
    n_learnt: int = 0
    n_repeats: int = 0

    def to_dict(self) -> dict[str, str | int]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def next_texts(
    model: Model | str | Path,
    source: str | Path,
    out: str | Path,
    *,
    n: int = 50,
    text_column: str | None = None,
    label_column: str | None = None,
    seed: int = 0,
    overwrite: bool = False,
    progress: Progress | None = None,
    **reading: Unpack[ReadingOptions],
) -> NextTexts:
    """Write the rows whose labels would teach a model most, with an empty column for the label.

    They are chosen as on the label page; the most useful row comes first.

    Parameters
    ----------
    model : Model or path
        Knows what it is unsure about.
    source : path
        The pool: any file that `assay predict` reads. Rows that have a label are left out, as are
        texts of the model's own data: most have a label there, and with those of its test split
        in train, a score on them would mean nothing any more.
    out : path
        ``.jsonl``, ``.csv``, ``.tsv``, ``.xlsx`` or ``.parquet``; a table is written as the pool.
    n, seed : int
        How many rows; seed of the sample, where the pool is large.
    text_column, label_column : str, optional
        None: the columns with well-known names; for labels else new ones, called as in the data of
        the model, or ``label``, or ``labels`` if it gives several per text.
    overwrite, progress, **reading
        As for `predict_file`.

    Raises
    ------
    InputError
        The model, the pool or the output cannot be used, or no text is left to label.
    OutsideError
        The disk refused, or another process writes the same output.
    """
    COUNT.check("n", n)
    out = Path(out)
    _check_out(out, source, overwrite=overwrite)
    loaded = model if isinstance(model, Model) else load_model(model)
    check_outside(loaded.folder, out, what="the model")
    pool = read_pool(source, text_column=text_column, **reading)
    records, column = _read_records(source, text_column, label_column, reading)
    cells = _label_cells(loaded, column, records.values(), is_asked=label_column is not None)
    found = _find_open(loaded, pool, [_has_label(records[line], cells) for line in pool.lines])
    order = [i for i in pool.random_order(seed) if found.is_open[i]]
    rows = np.array(order[: max(MAX_SCORED, n)])
    chosen = _choose(loaded, pool, rows, n=n, seed=seed, progress=progress or Progress())
    style = style_of(Path(source), Reading(**reading), like=out)
    sheet = _sheet_for(Path(source), Reading(**reading))
    _write([{**records[pool.lines[row]], **cells} for row in chosen], out, style, sheet)
    n_repeats = min(n, len(rows)) - len(chosen)
    return NextTexts(str(out), len(chosen), len(pool), len(rows), *found.counts(), n_repeats)


@dataclass(frozen=True)
class _Open:
    """Which texts of a pool can be labelled, and why others are left out: bool, (n_texts,) each."""

    is_open: np.ndarray
    is_labelled: np.ndarray
    is_held_out: np.ndarray
    is_learnt: np.ndarray

    def counts(self) -> tuple[int, int, int]:
        """Return how many texts have a label, were held out, and were learnt."""
        return int(self.is_labelled.sum()), int(self.is_held_out.sum()), int(self.is_learnt.sum())


def _find_open(model: Model, pool: Pool, is_labelled: Sequence[bool]) -> _Open:
    """Find the texts that have no label, neither in the pool nor in the data of the model.

    Raises
    ------
    DataError
        There are none.
    """
    labelled = np.asarray(is_labelled, dtype=bool)
    held_out = learnt = np.zeros(len(pool), dtype=bool)
    trained_on = read_trained_on(model.folder, model.manifest)
    if trained_on is not None:
        held_out = ~labelled & trained_on.find_held_out(pool.texts)
        learnt = ~labelled & ~held_out & trained_on.find_learnt(pool.texts)
    is_open = ~(labelled | held_out | learnt)
    if not is_open.any():
        others = ", or is among the data of the model" if learnt.any() else ""
        others += ", or is of the test split" if held_out.any() else ""
        raise DataError(
            f"every text of {pool.source} has a label already{others}",
            hint="give a pool with texts that were not labelled yet",
        )
    return _Open(is_open, labelled, held_out, learnt)


def _label_cells(model: Model, column: str, records: Iterable[Record], *, is_asked: bool) -> Record:
    """Return the columns for the labels, each with what it holds until somebody fills it in.

    Where the pool or the data of the model have one column per label, these are the columns.
    """
    reading = model.manifest.training_data.get("reading", {})
    column = column or _recorded_column(model)
    if model.label_set.task == "single":
        return {column or "label": ""}
    first = next(iter(records), {})
    if not is_asked and len(first.keys() & set(model.labels)) >= MIN_LABEL_COLUMNS:
        return dict.fromkeys(model.labels)  # those that the pool lacks are added
    if reading.get("label_columns") and not column:
        return dict.fromkeys(reading["label_columns"])
    return {column or "labels": None}  # a list without labels would be an answer


def _recorded_column(model: Model) -> str:
    """Return the column of labels in the data of a model; empty if they are in several, or none."""
    recorded = model.manifest.training_data
    return recorded.get("reading", {}).get("label_column") or recorded.get("label_column", "")


def _sheet_for(source: Path, reading: Reading) -> str:
    """Return the name of the sheet of a workbook that follows a pool."""
    return sheet_of(source, reading) if file_kind(source) == ".xlsx" else SHEET


def _check_out(out: Path, source: str | Path, *, overwrite: bool) -> None:
    """Refuse an output that cannot be written, before any work is done."""
    if out_kind(out) not in KINDS:
        raise InputError(
            f"texts to label cannot be written as '{out.name or out}'; "
            f"{' '.join(KINDS)} are accepted"
        )
    check_apart(source, out)
    check_output(out, overwrite=overwrite)


def _choose(
    model: Model, pool: Pool, rows: np.ndarray, *, n: int, seed: int, progress: Progress
) -> list[int]:
    """Return the positions of the texts that are chosen, the most useful first."""
    texts = [pool.texts[row] for row in rows]
    with progress.track("score", len(texts)) as advance:
        probs = model.predict_proba(texts)
        advance(len(texts))
    found = choose_texts(
        to_directions(hash_vectors(texts)),
        np.ones(len(texts), dtype=bool),
        n=n,
        rng=np.random.default_rng(seed),
        unsure=_uncertainty(model, np.asarray(probs)),
    )
    return [int(rows[i]) for i in found]


def _uncertainty(model: Model, probs: np.ndarray) -> np.ndarray:
    """Return how unsure a model is about each text, of shape (n_texts,)."""
    if model.label_set.task == "single":
        return uncertainty(probs)
    return uncertainty_of_several(probs, np.asarray(model.manifest.thresholds))


def _read_records(
    source: str | Path,
    text_column: str | None,
    label_column: str | None,
    reading: ReadingOptions,
) -> tuple[dict[int, Record], str]:
    """Return the rows of the pool by line, and which column holds labels; empty if none does."""
    rows: Iterable[Row]
    rows, text = open_rows(Path(source), text_column=text_column, **reading)
    records = {row.line: dict(row.values) for row in rows if not row.problem}
    names: dict[str, None] = {}
    for record in records.values():
        names.update(dict.fromkeys(record))
    if label_column is not None:
        return records, label_column
    known = [name for tier in LABEL_NAMES for name in tier]
    folded = {fold_name(name): name for name in names if name != text}
    others = [folded[name] for name in known if name in folded]
    return records, next(iter(others), "")


def _has_label(record: Record, columns: Iterable[str]) -> bool:
    values: list[Any] = [record.get(column) for column in columns]
    return any(value is not None and str(value).strip() != "" for value in values)


def _write(records: Iterable[Record], out: Path, style: TableStyle | None, sheet: str) -> None:
    """Write rows, whole or not at all."""
    with lock_output(out, may_be_held=True), refusals_of_disk(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with (
            atomic_file(out) as partial,
            open_writer(partial, like=out, style=style, sheet=sheet) as writer,
        ):
            for record in records:
                writer.write(record)
