"""What `assay predict` prints: JSON Lines, or on a terminal a table for people."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from assay.batch.blank_rows import NO_TEXT, BlankRows
from assay.batch.rows import Prediction
from assay.batch.short_columns import shorten
from assay.cli.show import print_json, print_table, printable
from assay.errors import DataError
from assay.runtime.limits.scripts import UnseenScripts

__all__ = ["Printing", "print_predictions"]


@dataclass(frozen=True)
class Printing:
    """How predictions are printed.

    Parameters
    ----------
    text_column : str
    id_column : str or None
        The column that names a row. None: its line does.
    refused_in : str or None
        A row that cannot be scored or holds no text is an error that names it as a line of this.
        None: a row that cannot be scored is left out with a warning.
    is_quiet : bool
        No warnings.
    as_json : bool
        JSON Lines, also on a terminal.
    """

    text_column: str
    id_column: str | None = None
    refused_in: str | None = None
    is_quiet: bool = False
    as_json: bool = False


def print_predictions(
    predictions: Iterable[Prediction], printing: Printing
) -> tuple[BlankRows, UnseenScripts]:
    """Print predictions as they come; a table for people at the end.

    Returns
    -------
    blank : BlankRows
        The rows that hold no text.
    unseen : UnseenScripts
        The texts in scripts that no training text is in.
    """
    shown: list[dict[str, object]] = []
    n_texts, scripts = 0, Counter[str]()
    blank = BlankRows()
    for one in predictions:
        _refuse(one, printing)
        if one.problem is not None:
            if not printing.is_quiet:
                problem = printable(one.problem)
                sys.stderr.write(f"warning: {_name(one)} rejected: {problem}\n")
            continue
        n_texts += 1
        if one.unseen_script:
            scripts[one.unseen_script] += 1
        if one.has_no_text:
            blank = BlankRows.of([blank, BlankRows.among([one])])
        if printing.as_json or not sys.stdout.isatty():
            print_json(one.record)
        else:
            shown.append(_table_row(one, printing))
    print_table(shown, elastic=("text",), right=("score",))
    return blank, UnseenScripts(n_texts, dict(scripts.most_common()))


def _refuse(one: Prediction, printing: Printing) -> None:
    """Stop at a row that cannot be scored or holds no text, where that was asked for."""
    problem = NO_TEXT if one.has_no_text else one.problem
    if problem is not None and printing.refused_in is not None:
        raise DataError(f"{printing.refused_in} {_name(one)}: {problem}")


def _name(one: Prediction) -> str:
    """Return what a row is called: its line, and its cell in the column of ids."""
    if one.row_id is None:
        return f"line {one.line}"
    return f"line {one.line} ({printable(str(one.row_id))})"


def _table_row(one: Prediction, printing: Printing) -> dict[str, object]:
    """Return what people read of a prediction: its labels and scores, and how sure that is."""
    record = one.record
    short = shorten(record, text_column=printing.text_column)
    row: dict[str, object] = {}
    if printing.id_column is not None:
        row[printing.id_column] = "" if one.row_id is None else one.row_id
    if "predicted_labels" in record:
        row["labels"] = short["labels"] or "–"
        row["score"] = f"{short['highest score']:.3f}"
        row["confidence"] = short["confidence"]
    else:
        label, second = short["label"], short["second label"]
        row["label"] = "–" if label is None else label
        row["score"] = f"{short['score']:.3f}"
        row["second label"] = "" if second is None else second
        row["confidence"] = short["confidence"]
    if "in scope" in short:
        row["in scope"] = short["in scope"]
    return {**row, "text": record.get(printing.text_column, "")}
