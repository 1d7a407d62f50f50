"""Which columns hold texts and labels, judged by what is in them: a proposal, never a decision."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import mean

from assay.data.cell_values import NO_WORDS, YES_WORDS
from assay.data.columns import join_names
from assay.data.files.row import Row
from assay.data.split_column import split_of_value
from assay.data.split_flags import find_folds

__all__ = ["propose_as_rows", "propose_columns"]

MIN_ROWS = 5
MIN_TEXT_CHARS = 15  # on average: shorter ones are numbers, dates and names
MIN_TEXT_WORDS = 2.5  # dates with a time and names have two
MAX_LABEL_CHARS = 40
MIN_DIFFERENT = 0.5  # share of the texts that are different
MAX_LABELS = 50
MAX_PROPOSALS = 3
MIN_FLAGS = 2  # columns of yes and no that are probably labels of which a text may have several


@dataclass(frozen=True)
class _Column:
    """What the first rows have in one column."""

    name: str
    number: int
    values: tuple[str, ...]

    @property
    def mean_chars(self) -> float:
        """Mean length of the values."""
        return mean(map(len, self.values))

    @property
    def n_different(self) -> int:
        """How many different values there are."""
        return len(set(self.values))

    @property
    def is_label(self) -> bool:
        """Whether a few short values occur again and again, which are no names of splits."""
        if None not in set(map(split_of_value, self.values)):
            return False
        most = min(MAX_LABELS, len(self.values) / 2)
        return 2 <= self.n_different <= most and self.mean_chars <= MAX_LABEL_CHARS

    @property
    def is_flag(self) -> bool:
        """Whether every value says yes or no, as in columns of one label each."""
        return {value.strip().casefold() for value in self.values} <= YES_WORDS | NO_WORDS

    @property
    def is_text(self) -> bool:
        """Whether the values are long or have several words, and most of them are different."""
        is_different = self.n_different >= MIN_DIFFERENT * len(self.values)
        n_words = mean(len(value.split()) for value in self.values)
        return is_different and (self.mean_chars >= MIN_TEXT_CHARS or n_words >= MIN_TEXT_WORDS)


def propose_columns(rows: Sequence[Row], *, has_header: bool) -> list[str]:
    """Return flags that name a text and a label column, the most likely first.

    Parameters
    ----------
    rows : sequence of Row
        The first rows of a source.
    has_header : bool
        Whether the first line was read as the names of the columns. Where the name of the label
        column is one of the labels, that line is a row, and ``--no-header`` is proposed.

    Returns
    -------
    list of str
        Such as ``--text-column v2 --label-column v1``; empty where nothing fits. Columns of yes
        and no are proposed together first, as labels of which a text may have several.
    """
    return _flags(_describe(rows), has_header=has_header)


def propose_as_rows(rows: Sequence[Row]) -> list[str]:
    """Return flags for a table whose header cannot be one, since a name occurs twice.

    Parameters
    ----------
    rows : sequence of Row
        The first rows, read without a header.

    Returns
    -------
    list of str
        As of `propose_columns`; empty if the first line is no row either.
    """
    if not rows:
        return []
    header = list(rows[0].values.values())
    columns = [replace(one, name=str(header[one.number - 1])) for one in _describe(rows[1:])]
    flags = _flags(columns, has_header=True)
    return [flag for flag in flags if flag.startswith("--no-header")]


def _flags(columns: Sequence[_Column], *, has_header: bool) -> list[str]:
    texts = sorted((one for one in columns if one.is_text), key=lambda one: -one.mean_chars)
    labels = sorted(
        (one for one in columns if one.is_label), key=lambda one: (one.is_flag, one.n_different)
    )
    if not texts:
        return []
    joint = [one.name for one in columns if one.is_flag]
    flags = []
    if len(joint) >= MIN_FLAGS:
        text = shlex.quote(texts[0].name)
        flags.append(f"--text-column {text} --label-columns {shlex.quote(join_names(joint))}")
    for label in labels[: MAX_PROPOSALS - len(flags)]:
        if has_header and label.name in label.values:
            flags.append(
                f"--no-header --text-column {texts[0].number} --label-column {label.number}"
            )
        else:
            text = shlex.quote(texts[0].name)
            flags.append(f"--text-column {text} --label-column {shlex.quote(label.name)}")
    return flags


def _describe(rows: Sequence[Row]) -> list[_Column]:
    """Return what is in each column; nothing where there are too few rows to tell.

    A column that divides the rows into splits or folds is left out: it is neither texts nor labels.

    A row whose bytes do not decode has all its cells, and counts.
    """
    if len(rows) < MIN_ROWS:
        return []
    described = []
    folds = find_folds(rows[0].values)
    for number, name in enumerate(rows[0].values, 1):
        if name in folds or any(isinstance(row.values.get(name), dict) for row in rows):
            continue  # an object is no text
        values = [str(row.values[name]) for row in rows if row.values.get(name) not in (None, "")]
        if values:
            described.append(_Column(name, number, tuple(values)))
    return described
