"""What `predict` and `explain` warn of: blank texts, unseen scripts, labels behind the texts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.batch.blank_rows import BlankRows
    from assay.cli.predict_command import ReadingArguments
    from assay.runtime.limits.scripts import UnseenScripts
    from assay.runtime.predictor import Model

__all__ = ["first_texts", "warn_of_first_rows", "warn_of_rows", "warn_of_unseen_scripts"]

FIRST_ROWS = 256  # rows that are looked at before all are scored
LABELLED_FRACTION = 0.5  # of them, with a label behind the text, is no chance
# What to do, where the model can tell scope
MARKED = "; `assay predict --scope` marks such texts"


def first_texts(source: str, reading: ReadingArguments) -> list[str]:
    """Return the texts of the first rows of a file, without those that cannot be read.

    Nothing is read from what can be read only once, such as a pipe.
    """
    from assay.batch.rows import open_rows

    if not Path(source).is_file():
        return []
    rows, column = open_rows(source, **reading)
    values = [row.values.get(column) for row in islice(rows, FIRST_ROWS)]
    return [value for value in values if isinstance(value, str)]


def warn_of_first_rows(model: Model, texts: Sequence[str], *, is_marked: bool) -> bool:
    """Say on stderr what the first rows tell of the rest; see `warn_of_unseen_scripts`."""
    labels = {label.casefold() for label in model.labels}
    ends = [text.rpartition(";")[2].strip().casefold() for text in texts if ";" in text]
    n_labelled = sum(end in labels for end in ends)
    if n_labelled > 1 and n_labelled >= LABELLED_FRACTION * len(texts):
        sys.stderr.write(
            f"warning: {n_labelled:,} of the first {len(texts):,} texts end in a semicolon and a "
            "label, which is scored as a part of the text: take it off, or give a table with a "
            "column of texts\n"
        )
    return warn_of_unseen_scripts(model, texts, is_marked=is_marked)


def warn_of_unseen_scripts(model: Model, texts: Sequence[str], *, is_marked: bool = False) -> bool:
    """Say on stderr if many of the texts are in a script that the training texts do not have.

    Parameters
    ----------
    model : Model
    texts : sequence of str
    is_marked : bool
        Whether such texts are marked already, so that nothing has to be advised.

    Returns
    -------
    bool
        Whether that was said.
    """
    from assay.runtime.limits.scripts import find_unseen_scripts

    found = find_unseen_scripts(texts, seen=model.manifest.scripts)
    can_be_marked = model.scope_threshold is not None and not is_marked
    return _warn_of(found, advice=MARKED if can_be_marked else "")


def warn_of_rows(blank: BlankRows, unseen: UnseenScripts | None) -> None:
    """Say on stderr how many rows hold no text, and how many are in unseen scripts if many are."""
    if blank.n_rows:
        sys.stderr.write(f"warning: {blank.describe()}\n")
    if unseen is not None:
        _warn_of(unseen)


def _warn_of(unseen: UnseenScripts, *, advice: str = "") -> bool:
    if unseen.are_many:
        sys.stderr.write(f"warning: {unseen.describe()}{advice}\n")
    return unseen.are_many
