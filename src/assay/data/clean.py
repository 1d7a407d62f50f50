"""Rows to `LabelledTexts`: which are used, which are mended, left out and listed, or refused.

Texts are taken as they are: no Unicode normalisation, no trimming; carriage returns and null
characters stay. Only the end of a text that is longer than any method reads is cut off. Labels lose
the white space around them and become Unicode NFC; a blank label counts as none.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from numbers import Number
from typing import Any

import numpy as np

from assay.data.files.readers import Row
from assay.data.label_forms import (
    MAX_LABEL_CHARS,
    MENDED,
    LabelMender,
    MendedLabel,
    SeveralLabelsError,
)
from assay.data.texts import DroppedRow, LabelledTexts, MendedRows
from assay.errors import DataError, list_problems

__all__ = [
    "MAX_BAD_FRACTION",
    "MAX_CHARS",
    "MAX_DROPPED_FRACTION",
    "CleanRows",
    "clean_rows",
    "drop_long_labels",
    "label_as_text",
    "raise_problems",
    "text_or_problem",
]

# Longer ones are no short texts but whole files that slipped into a cell.
MAX_CHARS = 100_000
MAX_DROPPED_FRACTION = 0.2  # rows without a text or without a label
MAX_BAD_FRACTION = 0.01  # rows that cannot be used for another reason
# The last two are of pandas, recognised by name so that it need not be imported.
NULL_TYPES = {"NoneType", "NAType", "NaTType"}
MAX_INTEGER_BITS = 4096  # Python refuses to write integers of more than 4,300 digits
# What readers say of a row that is wrong by itself. Everything else, such as bytes in another
# encoding or a quote that is never closed, puts the rest of the file in doubt.
LONE_ROW_PROBLEMS = re.compile(
    r"fields? where the header has|^not JSON(?!.*nothing after it)|where an object is accepted"
    r"|^no '.*' between text and label|^no record of "
)


@dataclass(frozen=True)
class CleanRows:
    """The rows of one split, sorted by what can be done with them.

    Parameters
    ----------
    texts : LabelledTexts
        The usable rows.
    dropped : tuple of DroppedRow
        Rows without text or label, which are left out.
    bad : tuple of DroppedRow
        Rows that cannot be used for another reason.
    doubts : tuple of str
        One sentence per row that puts the rest of its file in doubt.
    mended : tuple of MendedRows
        What was mended in usable rows.
    unit : str
        What lines count, for messages.
    fixes : tuple of str
        Flags of the command line, each of which may make rows usable.
    pool : tuple of str
        The texts of rows without label.
    """

    texts: LabelledTexts
    dropped: tuple[DroppedRow, ...]
    bad: tuple[DroppedRow, ...] = ()
    doubts: tuple[str, ...] = ()
    mended: tuple[MendedRows, ...] = ()
    unit: str = "line"
    fixes: tuple[str, ...] = ()
    pool: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence per row that cannot be used and must not be left out in silence."""
        of_rows = (f"{self.unit} {row.line:,}: {row.reason}" for row in self.bad)
        return (*self.doubts, *of_rows)

    @property
    def n_rows(self) -> int:
        """Rows seen: used, left out and refused."""
        return len(self.texts) + len(self.dropped) + len(self.problems)


class _Refused(DataError):
    """A value that is neither usable nor missing; says why."""


def clean_rows(
    rows: Iterable[Row],
    *,
    split: str,
    text_column: str,
    label_column: str,
    class_names: Sequence[str] | None = None,
    max_chars: int = MAX_CHARS,
    unit: str = "line",
    strict: bool = False,
    single_label: bool = False,
) -> CleanRows:
    """Sort rows into usable, dropped and refused, without raising.

    Parameters
    ----------
    rows : iterable of Row
        A column that a row lacks counts as null.
    split : str
        Recorded with every dropped row.
    text_column, label_column : str
    class_names : sequence of str, optional
        Names of the label ids of the source; then -1 means no label.
    max_chars : int
        Characters of a text that are read.
    unit : str
        What `Row.line` counts, for messages.
    strict : bool
        Refuse texts that are longer than `max_chars`; else they are cut.
    single_label : bool
        Take a cell that is written as a list of labels as one label.
    """
    cleaner = _Cleaner(
        split=split,
        class_names=class_names,
        max_chars=max_chars,
        unit=unit,
        strict=strict,
        mender=LabelMender(frozenset(class_names or ()), takes_lists=single_label),
    )
    plain = cleaner.mender.plain
    for row in rows:
        text, label = row.values.get(text_column), row.values.get(label_column)
        # Most rows are as they should be: a label that was seen before, and a text of usual length.
        if not (isinstance(text, str) and isinstance(label, str)):
            cleaner.add(row, text, label)
        elif label in plain and row.problem is None and 0 < len(text.strip()) <= max_chars:
            cleaner.take(row, text, label)
        else:
            cleaner.add(row, text, label)
    return cleaner.result()


@dataclass
class _Cleaner:
    """Sorts rows one by one; parameters as of `clean_rows`."""

    split: str
    class_names: Sequence[str] | None
    max_chars: int
    unit: str
    strict: bool
    mender: LabelMender
    texts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    dropped: list[DroppedRow] = field(default_factory=list)
    bad: list[DroppedRow] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    mended: dict[str, list[int]] = field(default_factory=dict)  # kind -> lines
    fixes: dict[str, None] = field(default_factory=dict)
    pool: list[str] = field(default_factory=list)

    def add(self, row: Row, text: Any, label: Any) -> None:
        """Sort one row."""
        if row.problem is not None:
            self.fixes.update(dict.fromkeys(row.fixes))
            if LONE_ROW_PROBLEMS.search(row.problem) and not row.fixes:
                self._drop(self.bad, row, row.problem)
            else:
                self.doubts.append(f"{self.unit} {row.line:,}: {row.problem}")
            return
        try:
            own_text = _text(text, max_chars=self.max_chars if self.strict else None)
            mended = self._label(label)
        except (_Refused, SeveralLabelsError) as refused:
            self._drop(self.bad, row, refused.message)
            return
        if own_text is None:
            self._drop(self.dropped, row, "null text")
        elif not own_text.strip():
            self._drop(self.dropped, row, "blank text")
        elif not mended.label:
            self._drop(self.dropped, row, "null label")
            self.pool.append(own_text[: self.max_chars])
        else:
            self._use(row, own_text, mended)

    def _label(self, value: Any) -> MendedLabel:
        """Return the mended label of a value; empty if there is none."""
        if self.mender.takes_lists and isinstance(value, list) and len(value) > 1:
            value = json.dumps(value, ensure_ascii=False, default=str)
        label = label_as_text(value, class_names=self.class_names)
        if label is None:
            return MendedLabel("")
        return self.mender.mend(label)

    def _drop(self, where: list[DroppedRow], row: Row, reason: str) -> None:
        where.append(DroppedRow(self.split, row.line, reason))

    def _use(self, row: Row, text: str, mended: MendedLabel) -> None:
        if len(text) > self.max_chars:
            text = text[: self.max_chars]
            self.mended.setdefault("text_cut", []).append(row.line)
        for kind in mended.kinds:
            self.mended.setdefault(kind, []).append(row.line)
        self.take(row, text, mended.label)

    def take(self, row: Row, text: str, label: str) -> None:
        """Use a row as it is."""
        self.texts.append(text)
        self.labels.append(label)
        self.lines.append(row.line)

    def result(self) -> CleanRows:
        """Return the rows seen so far."""
        reasons = {**MENDED, "text_cut": f"text cut to its first {self.max_chars:,} characters"}
        mended = [
            MendedRows(self.split, kind, reasons[kind], tuple(lines))
            for kind, lines in self.mended.items()
        ]
        return CleanRows(
            LabelledTexts(tuple(self.texts), tuple(self.labels), tuple(self.lines)),
            tuple(self.dropped),
            tuple(self.bad),
            tuple(self.doubts),
            tuple(mended),
            self.unit,
            tuple(self.fixes),
            tuple(self.pool),
        )


def drop_long_labels(rows: CleanRows, *, split: str) -> CleanRows:
    """Count rows among the bad ones whose label is far too long for a name."""
    labels = rows.texts.labels
    long = [i for i, label in enumerate(labels) if len(label) > MAX_LABEL_CHARS]
    if not long:
        return rows
    bad = []
    for i in long:
        reason = (
            f"a label of {len(labels[i]):,} characters; at most {MAX_LABEL_CHARS:,} are accepted"
        )
        bad.append(DroppedRow(split, rows.texts.lines[i], reason))
    others = sorted(set(range(len(labels))).difference(long))
    return replace(rows, texts=rows.texts.take(others), bad=(*rows.bad, *bad))


def _text(value: Any, *, max_chars: int | None) -> str | None:
    """Return the text of a value, None for null; a number, such as a year, becomes its digits.

    A text of more than `max_chars` characters is refused; None: no text is too long.
    """
    if type(value) is not str:
        if isinstance(value, np.generic):
            value = value.item()
        if _is_null(value):
            return None
        if not isinstance(value, str | Number):
            raise _Refused(f"the text is {_kind(value)}; a text is accepted")
        _check_digits(value, "text")
    text = str(_whole(value))
    if max_chars is not None and len(text) > max_chars:
        raise _Refused(
            f"a text of {len(text):,} characters; at most {max_chars:,} are accepted (--max-chars)"
        )
    return text


def text_or_problem(value: Any, *, max_chars: int = MAX_CHARS) -> tuple[str | None, str | None]:
    """Return the text of a value, and why it cannot be used.

    Returns
    -------
    text : str or None
        None for null, and where the value cannot be used.
    problem : str or None
        None if the value can be used.

    Examples
    --------
    >>> text_or_problem(2026), text_or_problem(None), text_or_problem(["a"])
    (('2026', None), (None, None), (None, 'the text is a list; a text is accepted'))
    """
    try:
        return _text(value, max_chars=max_chars), None
    except _Refused as refused:
        return None, refused.message


def label_as_text(value: Any, *, class_names: Sequence[str] | None = None) -> str | None:
    """Return the class name of a label value; None if it is null, blank or an empty list.

    Whole numbers lose their ``.0``, which pandas and Parquet add where a value is missing; a list
    of one label is that label.

    Raises
    ------
    DataError
        Several labels, an id that no class name has, or a value that can be no label.

    Examples
    --------
    >>> label_as_text(3.0), label_as_text(True), label_as_text(" ")
    ('3', 'True', None)
    >>> label_as_text(1, class_names=["sad", "happy"])
    'happy'
    """
    if isinstance(value, str):
        return str(value) if value.strip() else None
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return _label_of_list(list(value), class_names=class_names)
    if isinstance(value, np.generic):
        return label_as_text(value.item(), class_names=class_names)
    if _is_null(value):
        return None
    if not isinstance(value, Number):
        raise _Refused(f"the label is {_kind(value)}; a text or a number is accepted")
    value = _whole(value)
    is_id = isinstance(value, int) and not isinstance(value, bool)
    _check_digits(value, "label")
    if class_names is not None and is_id:
        return _class_name(value, class_names)
    return str(value)


def _label_of_list(values: list[Any], *, class_names: Sequence[str] | None) -> str | None:
    if len(values) > 1:
        raise SeveralLabelsError
    if not values:
        return None
    return label_as_text(values[0], class_names=class_names)


def _class_name(label_id: int, class_names: Sequence[str]) -> str | None:
    if label_id == -1:
        return None  # the custom of the Hub for test splits without labels
    if not 0 <= label_id < len(class_names):
        raise _Refused(f"label id {label_id}; ids from 0 to {len(class_names) - 1} are accepted")
    return class_names[label_id]


def _check_digits(value: Any, name: str) -> None:
    if isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS:
        raise _Refused(f"the {name} is a number of more than a thousand digits")


def _whole(value: Any) -> Any:
    """Return 3 for 3.0: a missing value in its column turned all of it into floats."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _is_null(value: Any) -> bool:
    is_nan = isinstance(value, float) and math.isnan(value)
    return is_nan or type(value).__name__ in NULL_TYPES


def _kind(value: Any) -> str:
    names = {"dict": "an object", "list": "a list", "bytes": "bytes"}
    name = type(value).__name__
    return names.get(name, f"of type {name}")


def raise_problems(
    source: str, problems: Sequence[str], *, hint: str = "", flags: Sequence[str] = ()
) -> None:
    """Raise all problems of one source at once; return if there are none.

    Raises
    ------
    DataError
        One problem is a sentence of its own; more are listed.
    """
    if len(problems) == 1:
        raise DataError(problems[0], hint=hint, flags=flags)
    if problems:
        raise DataError(
            f"{source} has {len(problems):,} problems:\n{list_problems(problems)}",
            hint=hint,
            flags=flags,
        )
