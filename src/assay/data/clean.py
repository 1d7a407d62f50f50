"""Rows to `LabelledTexts`: which are used, which are mended, left out and listed, or refused.

Texts are taken as they are: no Unicode normalisation, no trimming; carriage returns and null
characters stay. Only the end of a text that is longer than any method reads is cut off. Labels lose
the white space around them and become Unicode NFC; a blank label counts as none.
"""

from __future__ import annotations

import json
import logging
import re
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from numbers import Number
from typing import Any, ClassVar

import numpy as np

from assay.data.blank_text import is_blank
from assay.data.cell_values import (
    MAX_CHARS,
    MYSQL_NULL,
    RefusedError,
    is_null,
    label_as_text,
    read_text,
)
from assay.data.files.null_bytes import find_nulls
from assay.data.files.readers import Row
from assay.data.label_forms import (
    FORMULA_START,
    MAX_LABEL_CHARS,
    MENDED,
    LabelMender,
    MendedLabel,
    SeveralLabelsError,
)
from assay.data.labels import Task
from assay.data.several_texts import SeveralLabelledTexts
from assay.data.stored_texts import StoredTexts, TextFile
from assay.data.texts import DroppedRow, LabelledTexts, MendedRows
from assay.errors import cut

__all__ = [
    "MAX_BAD_FRACTION",
    "MAX_DROPPED_FRACTION",
    "CleanRows",
    "clean_rows",
    "drop_long_labels",
    "warn_of_both_kinds",
]

logger = logging.getLogger(__name__)

MAX_DROPPED_FRACTION = 0.2  # rows without a text or without a label
MAX_BAD_FRACTION = 0.01  # rows that cannot be used for another reason
# What readers say of a row that is wrong by itself. Everything else, such as bytes in another
# encoding or a quote that is never closed, puts the rest of the file in doubt.
LONE_ROW_PROBLEMS = re.compile(
    r"fields? where the header has|^not JSON(?!.*nothing after it)|where an object is accepted"
    r"|^no '.*' between text and label|^no record of |^column '.*' holds '"
    r"|^bytes that are not UTF-8 .* in a file whose other lines are|^null bytes in place of text"
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
    both_kinds : tuple of str
        Labels that are numbers, or True and False, in some rows and texts in others.
    """

    texts: LabelledTexts
    dropped: tuple[DroppedRow, ...]
    bad: tuple[DroppedRow, ...] = ()
    doubts: tuple[str, ...] = ()
    mended: tuple[MendedRows, ...] = ()
    unit: str = "line"
    fixes: tuple[str, ...] = ()
    pool: tuple[str, ...] = ()
    both_kinds: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence per row that cannot be used and must not be left out in silence."""
        of_rows = (f"{self.unit} {row.line:,}: {row.reason}" for row in self.bad)
        return (*self.doubts, *of_rows)

    @property
    def n_rows(self) -> int:
        """Rows seen: used, left out and refused."""
        return len(self.texts) + len(self.dropped) + len(self.problems)


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
    task: Task = "single",
    on_disk: bool = False,
) -> CleanRows:
    """Sort rows into usable, dropped and refused, without raising.

    Parameters
    ----------
    rows : iterable of Row
        A column that a row lacks counts as null.
    split, text_column, label_column : str
        The split is recorded with every dropped row.
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
    task : {"single", "multi"}
        With "multi", the labels of a row are a list.
    on_disk : bool
        Keep texts with one label each in a temporary file; see `StoredTexts`.
    """
    cleaner = CLEANERS[task, on_disk](
        split=split,
        class_names=class_names,
        max_chars=max_chars,
        unit=unit,
        strict=strict,
        mender=LabelMender(frozenset(class_names or ()), takes_lists=single_label),
    )
    plain, (use_text, use_label, use_line) = cleaner.plain, cleaner.take_into()
    for row in rows:
        text, label = row.values.get(text_column), row.values.get(label_column)
        # Most rows are as they should be: a label that was seen before, and a text of usual length.
        if not (isinstance(text, str) and isinstance(label, str)):
            cleaner.add(row, text, label)
        elif text == MYSQL_NULL:
            cleaner.add(row, None, label)
        elif label in plain and row.problem is None and _is_usual(text, max_chars):
            use_text(text)
            use_label(plain[label])
            use_line(row.line)
        else:
            cleaner.add(row, text, label)
    return cleaner.result()


def _is_usual(text: str, max_chars: int) -> bool:
    """Tell whether a text can be taken as it is."""
    is_short = len(text.strip()) <= max_chars
    return is_short and not is_blank(text) and not text.startswith(FORMULA_START)


@dataclass
class _Cleaner:
    """Sorts rows one by one; parameters as of `clean_rows`."""

    split: str
    class_names: Sequence[str] | None
    max_chars: int
    unit: str
    strict: bool
    mender: LabelMender
    kind: ClassVar[type[LabelledTexts]] = LabelledTexts
    texts: list[str] | TextFile = field(default_factory=list)
    labels: list[Any] = field(default_factory=list)
    lines: list[int] | array[int] = field(default_factory=list)
    dropped: list[DroppedRow] = field(default_factory=list)
    bad: list[DroppedRow] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    mended: dict[str, list[int]] = field(default_factory=dict)  # kind -> lines
    fixes: dict[str, None] = field(default_factory=dict)
    pool: list[str] = field(default_factory=list)
    numbers: set[str] = field(default_factory=set)  # labels that a row has as a number

    @property
    def plain(self) -> Mapping[str, str]:
        """Labels that can be taken as they are, whatever else is in the row."""
        return self.mender.plain

    def add(self, row: Row, text: Any, label: Any) -> None:
        """Sort one row."""
        if row.problem is not None:
            self.fixes.update(dict.fromkeys(row.fixes))
            if LONE_ROW_PROBLEMS.search(row.problem):
                self._drop(self.bad, row, row.problem)
            else:
                self.doubts.append(f"{self.unit} {row.line:,}: {row.problem}")
            return
        try:
            own_text = read_text(text, max_chars=self.max_chars if self.strict else None)
            mended = self._label(label)
        except (RefusedError, SeveralLabelsError) as refused:
            self._drop(self.bad, row, refused.message)
            return
        if own_text is None:
            self._drop(self.dropped, row, "null text")
        elif is_blank(own_text):
            self._drop(self.dropped, row, "blank text")
        elif mended.label in ("", None):
            self._drop(self.dropped, row, "null label")
            self.pool.append(own_text[: self.max_chars])
        else:
            if isinstance(text, str) and text != own_text:
                self.mended.setdefault("text_formula", []).append(row.line)
            self._use(row, own_text, mended)

    def _label(self, value: Any) -> MendedLabel:
        """Return the mended label of a value; empty if there is none."""
        if self.mender.takes_lists and isinstance(value, list) and len(value) > 1:
            value = json.dumps(value, ensure_ascii=False, default=str)
        label = label_as_text(value, class_names=self.class_names)
        if label is None:
            return MendedLabel("")
        if nulls := find_nulls(label):
            raise RefusedError(nulls)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        return self._mend(label, value)

    def _mend(self, label: str, value: Any) -> MendedLabel:
        """Return the mended label; a number has nothing to mend, and is told from its text."""
        if isinstance(value, Number) and self.class_names is None:
            self.numbers.add(label)
            return MendedLabel(label)
        return self.mender.mend(label)

    def _drop(self, where: list[DroppedRow], row: Row, reason: str) -> None:
        where.append(DroppedRow(self.split, row.line, reason))

    def _use(self, row: Row, text: str, mended: MendedLabel) -> None:
        if len(text) > self.max_chars:
            text = text[: self.max_chars]
            self.mended.setdefault("text_cut", []).append(row.line)
        for kind in mended.kinds:
            self.mended.setdefault(kind, []).append(row.line)
        self.texts.append(text)
        self.labels.append(mended.label)
        self.lines.append(row.line)

    def take_into(
        self,
    ) -> tuple[Callable[[str], None], Callable[[Any], None], Callable[[int], None]]:
        """Return what takes the text, the label and the line of a row that is as it should be."""
        return self.texts.append, self.labels.append, self.lines.append

    def result(self) -> CleanRows:
        """Return the rows seen so far."""
        reasons = {
            **MENDED,
            "text_cut": f"text cut to its first {self.max_chars:,} characters",
            "text_formula": 'text written as ="..."',
        }
        mended = [
            MendedRows(self.split, kind, reasons[kind], tuple(lines))
            for kind, lines in self.mended.items()
        ]
        return CleanRows(
            self._gathered(),
            tuple(self.dropped),
            tuple(self.bad),
            tuple(self.doubts),
            tuple(mended),
            self.unit,
            tuple(self.fixes),
            tuple(self.pool),
            tuple(sorted(self.numbers.intersection(self.mender.labels()))),
        )

    def _gathered(self) -> LabelledTexts:
        """Return the usable rows."""
        assert isinstance(self.texts, list)
        return self.kind(tuple(self.texts), tuple(self.labels), tuple(self.lines))


@dataclass
class _StoringCleaner(_Cleaner):
    """Writes the texts that it takes into a temporary file."""

    texts: TextFile = field(default_factory=TextFile)
    lines: array[int] = field(default_factory=partial(array, "q"))

    def _gathered(self) -> LabelledTexts:
        return StoredTexts.gather(self.texts, self.labels, self.lines)


class _SeveralCleaner(_Cleaner):
    """Sorts rows whose labels are lists of names."""

    kind = SeveralLabelledTexts
    plain: ClassVar[Mapping[str, str]] = {}

    def _label(self, value: Any) -> MendedLabel:
        """Return the mended labels, sorted and without repeats; None if they are not known."""
        if isinstance(value, np.ndarray | set | frozenset | tuple):
            value = list(value)
        if value is None or is_null(value):
            return MendedLabel(None)
        if not isinstance(value, list):
            raise RefusedError(
                "one label where the others have a list of labels; a list is accepted"
            )
        names: set[str] = set()
        kinds: dict[str, None] = {}
        n_unknown = 0
        for item in value:
            name, own_kinds = self._name(item)
            if name is None:
                n_unknown += 1
                continue
            kinds.update(dict.fromkeys(own_kinds))
            if name:
                names.add(name)
        if 0 < n_unknown < len(value):
            raise RefusedError(
                "a list of labels holds null, so not all of them are known; names are accepted"
            )
        return MendedLabel(None if n_unknown else tuple(sorted(names)), tuple(kinds))

    def _name(self, item: Any) -> tuple[str | None, tuple[str, ...]]:
        """Return one name of a list and what was mended: "" for a blank one, None for null."""
        if isinstance(item, list | tuple | set | frozenset | np.ndarray):
            raise RefusedError("a label is itself a list; a list of names is accepted")
        label = label_as_text(item, class_names=self.class_names)
        mended = self._mend(label or "", item)
        if len(mended.label) > MAX_LABEL_CHARS:
            raise RefusedError(_too_long(mended.label))
        if mended.label:
            return mended.label, mended.kinds
        return ("", ("label_blank",)) if isinstance(item, str) else (None, ())


# By task, and whether texts are kept on the disk: those with several labels never are
CLEANERS: dict[tuple[Task, bool], type[_Cleaner]] = {
    ("single", False): _Cleaner,
    ("single", True): _StoringCleaner,
    ("multi", False): _SeveralCleaner,
    ("multi", True): _SeveralCleaner,
}


def _too_long(label: str) -> str:
    return f"a label of {len(label):,} characters; at most {MAX_LABEL_CHARS:,} are accepted"


def drop_long_labels(rows: CleanRows, *, split: str) -> CleanRows:
    """Count rows among the bad ones whose label is far too long for a name."""
    labels = rows.texts.labels
    long = [i for i, label in enumerate(labels) if len(label) > MAX_LABEL_CHARS]
    if not long:
        return rows
    lines = rows.texts.lines
    bad = [DroppedRow(split, lines[i], _too_long(labels[i])) for i in long]
    others = sorted(set(range(len(labels))).difference(long))
    return replace(rows, texts=rows.texts.take(others), bad=(*rows.bad, *bad))


def warn_of_both_kinds(rows: CleanRows, *, source: str) -> None:
    """Say that a number and the text of its digits are read as one label; one is enough to see."""
    if rows.both_kinds:
        logger.warning(
            "%s: the label %s is a text in some rows and a number, or true or false, in others; "
            "both are read as one label",
            source,
            cut(rows.both_kinds[0]),
        )
