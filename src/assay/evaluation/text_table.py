"""Every text of a scored split as one row: its label, what was predicted, and all scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assay.data.files.spreadsheet import guard_cell
from assay.data.files.writers import open_writer, out_kind
from assay.data.texts import LabelledTexts
from assay.disk import atomic_file, check_output, refusals_of_disk
from assay.output_lock import lock_output

__all__ = ["check_table", "text_rows", "with_column", "write_table"]

SCORE_DIGITS = 6
RUN_BY_SPREADSHEETS = {".csv", ".tsv"}  # a workbook marks its cells as text


def text_rows(
    split: str,
    labelled: LabelledTexts,
    probs: np.ndarray,
    labels: Sequence[str],
    *,
    given: np.ndarray | None = None,
    seen: np.ndarray | None = None,
) -> Iterator[dict[str, Any]]:
    """Return one row per text, in the order of the split.

    Parameters
    ----------
    split : str
    labelled : LabelledTexts
    probs : array of shape (n_texts, n_classes)
    labels : sequence of str
        Names of the columns.
    given : int64 array of shape (n_texts,), optional
        The columns of the predicted labels. None: those with the highest scores.
    seen : bool array of shape (n_texts,), optional
        Which texts the model was trained on. If it is some of them, `trained_on` is a column.

    Yields
    ------
    dict
        `split`, `row` (1-based line of the source), `text`, `label`, `predicted_label`,
        `predicted_score`, `is_right`, `trained_on`, then ``score:<label>`` for each label.
    """
    if given is None:
        given = probs.argmax(axis=1)
    if seen is not None and not seen.any():
        seen = None
    score_names = [f"score:{label}" for label in labels]
    for i, row in enumerate(labelled.lines):
        predicted_label = labels[given[i]]
        rounded = [round(float(p), SCORE_DIGITS) for p in probs[i]]
        found: dict[str, Any] = {
            "split": split,
            "row": row,
            "text": labelled.texts[i],
            "label": labelled.labels[i],
            "predicted_label": predicted_label,
            "predicted_score": rounded[given[i]],
            "is_right": predicted_label == labelled.labels[i],
        }
        if seen is not None:
            found["trained_on"] = bool(seen[i])
        yield {**found, **dict(zip(score_names, rounded, strict=True))}


def with_column(
    rows: Iterator[dict[str, Any]], column: str | None, values: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Yield rows with what a column of the data says of each text.

    Parameters
    ----------
    rows : iterator of dict
        One per text.
    column : str or None
        Its name; with ``data:`` before it where the rows have one of that name. None: rows are
        left as they are.
    values : sequence of str
        One per text.

    Examples
    --------
    >>> list(with_column(iter([{"text": "so happy", "row": 2}]), "row", ["7"]))
    [{'text': 'so happy', 'row': 2, 'data:row': '7'}]
    """
    if column is None:
        yield from rows
        return
    for row, value in zip(rows, values, strict=True):
        name = f"data:{column}" if column in row else column
        yield {**row, name: value}


def check_table(out: Path, *, overwrite: bool) -> None:
    """Refuse a file that cannot be written, before any work is done.

    Raises
    ------
    InputError
        Its kind cannot be written, or it exists and `overwrite` is False.
    """
    out_kind(out)
    check_output(out, overwrite=overwrite)


def write_table(rows: Iterator[dict[str, Any]], out: Path, *, overwrite: bool = False) -> None:
    """Write rows in the format that the suffix says, whole or not at all.

    Raises
    ------
    InputError
        See `check_table`.
    OutsideError
        The disk refused, or another process writes the file.
    """
    check_table(out, overwrite=overwrite)
    is_guarded = out_kind(out) in RUN_BY_SPREADSHEETS
    with refusals_of_disk(out), lock_output(out, may_be_held=True):
        out.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(out) as partial, open_writer(partial, like=out) as writer:
            for row in rows:
                writer.write(_guard(row) if is_guarded else row)


def _guard(row: dict[str, Any]) -> dict[str, Any]:
    """Put an apostrophe before what a spreadsheet would run as a formula."""
    texts = {name: guard_cell(value) for name, value in row.items() if isinstance(value, str)}
    return {**row, **texts}
