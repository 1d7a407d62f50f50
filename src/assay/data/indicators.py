"""One column per label: which columns are labels, and rows whose labels become lists of names."""

from __future__ import annotations

import logging
import shlex
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from assay.data.cell_values import BLANK_WORDS, NO_WORDS, YES_WORDS
from assay.data.columns import (
    find_text_column,
    has_label_column,
    is_repeated,
    join_names,
    list_columns,
)
from assay.data.files.readers import Row
from assay.data.files.row import Problem, Record
from assay.data.raw_split import RawSplit
from assay.data.split_column import SPLIT_COLUMNS
from assay.errors import DataError, cut, did_you_mean

__all__ = [
    "JOINED",
    "PEEKED_ROWS",
    "Again",
    "change_indicators",
    "find_indicators",
    "join_columns",
]

logger = logging.getLogger(__name__)

JOINED = "labels"  # what the column is called that is made of one column per label
PEEKED_ROWS = 1000  # by which it is told what the columns hold
# Columns beside the text that are never labels: ids, and the one that names the split of a row.
NO_LABELS = {"id", "index", "idx", "comment_id", "unnamed_1", *SPLIT_COLUMNS}
MIN_COLUMNS = 2  # a single column of zeros and ones is a label column with two classes
MAX_ODD_FRACTION = 0.1  # rows with another value in a column that is meant as a label all the same
# They say yes in Korea and Japan, where a cross beside them says no.
CIRCLES = {"o", "ｏ", "○", "〇", "◯", "⭕", "ㅇ"}
CROSS = "x"  # says yes where it is the only mark, and no beside a word or mark that says yes
EMOJI_STYLE = "\ufe0f"  # follows a tick that is shown in colour
ACCEPTED = (
    "0 or 1, true or false, yes or no, y or n, 예 or 아니오, 是 or 否, ✓ or nothing, x or nothing "
    "is accepted"
)


class Again:
    """Hands over rows that were read already, then the others."""

    def __init__(self, head: list[Row], rows: Iterable[Row]) -> None:
        self._head, self._rows = head, rows

    def __call__(self, *columns: str) -> Iterable[Row]:
        """Yield all rows; the columns were chosen when they were read first."""
        yield from self._head
        yield from self._rows


def find_indicators(
    raws: Mapping[str, RawSplit], text_column: str | None, label_column: str | None
) -> tuple[dict[str, RawSplit], tuple[str, ...]]:
    """Find the columns of tables that have a text column and else one column per label.

    Returns
    -------
    dict
        The splits, which can be read after their first rows were looked at.
    tuple of str
        The columns; empty if the tables have a label column, or columns with other values.

    Raises
    ------
    DataError
        All columns hold zeros and ones, but for a few values.
    """
    held = dict(raws)
    split, first = next(iter(raws.items()))
    if label_column is not None or first.class_names:
        return held, ()
    columns = _possible_columns(first, text_column)
    if not columns:
        return held, ()
    text, *others = columns
    rows = iter(first.read(text, *others))
    head = list(islice(rows, PEEKED_ROWS))
    held[split] = replace(first, read=Again(head, rows))
    usable = [row for row in head if row.problem is None]
    if not usable or not all(_is_indicator(usable, name) for name in others):
        return held, ()
    for name in others:
        _check_values(usable, name, first, others)
    _say_found(first, text, others)
    return held, tuple(others)


def _say_found(raw: RawSplit, text: str, others: Sequence[str]) -> None:
    """Say which columns became labels, and which ones are left alone."""
    unused = [name for name in raw.columns if name not in (text, *others)]
    logger.warning(
        "%s: these columns are read as labels, since they hold only 0 and 1 or the like: %s%s",
        raw.source,
        list_columns(others),
        f"; not used: {list_columns(unused)}" if unused else "",
    )


def _possible_columns(raw: RawSplit, text_column: str | None) -> list[str]:
    """Return the text column and those that may be labels; nothing if these are too few."""
    text = _lone_text_column(raw, text_column)
    if text is None:
        return []
    others = [name for name in raw.columns if name != text and not _is_other(name)]
    if len(others) < MIN_COLUMNS or any(map(is_repeated, others)):
        return []
    return [text, *others]


def _is_other(column: str) -> bool:
    return column.strip().casefold() in NO_LABELS


def _lone_text_column(raw: RawSplit, text_column: str | None) -> str | None:
    """Return the text column of a table that has no label column; None if it has one."""
    try:
        text = find_text_column(raw.columns, text_column=text_column, source=raw.source)
    except DataError:
        return None
    return None if has_label_column(raw.columns, text_column=text) else text


def _word(row: Row, column: str) -> str:
    """Return what a cell says, whatever the case of its letters and the colour of its tick."""
    return str(row.values.get(column)).strip().removesuffix(EMOJI_STYLE).casefold()


def _is_indicator(rows: Sequence[Row], column: str) -> bool:
    """Tell whether a column holds zeros and ones or the like, not only blanks, and hardly more."""
    counts = Counter(_word(row, column) for row in rows)
    n_usual = sum(counts[word] for word in YES_WORDS | NO_WORDS | CIRCLES)
    return len(rows) - n_usual <= MAX_ODD_FRACTION * len(rows) and not set(counts) <= BLANK_WORDS


def _check_values(rows: Sequence[Row], column: str, raw: RawSplit, columns: Sequence[str]) -> None:
    """Refuse a value that is neither 0 nor 1 in columns that hold these otherwise."""
    for row in rows:
        value, word = row.values.get(column), _word(row, column)
        if _says(word) is None:
            _refuse_circles(row, {column: word}, raw)
            raise DataError(
                f"no label column found in {raw.source}: column '{cut(column)}' holds "
                f"'{cut(str(value))}' in {raw.unit} {row.line:,}; otherwise these look like label "
                f"columns: {list_columns(columns)}",
                hint=f"{ACCEPTED}; --label-columns {shlex.quote(join_names(columns))} leaves such "
                "rows out, if they are few",
            )


def _refuse_circles(row: Row, words: Mapping[str, str], raw: RawSplit) -> None:
    """Refuse a circle: the crosses of such a table say no, and would be read as yes."""
    for column, word in words.items():
        if word not in CIRCLES:
            continue
        raise DataError(
            f"column '{cut(column)}' of {raw.source} holds '{cut(str(row.values[column]))}' in "
            f"{raw.unit} {row.line:,}; {ACCEPTED}, and an x says yes",
            hint="write 1 where a text has the label (O) and 0 where it does not (X, or nothing)",
        )


def _says(word: str) -> bool | None:
    """Return whether a word says that the text has the label; None if it says neither."""
    if word in YES_WORDS:
        return True
    return False if word in NO_WORDS else None


def join_columns(raw: RawSplit, columns: Sequence[str], *, text_column: str | None) -> RawSplit:
    """Return a split in which one column per label became one column of lists.

    Raises
    ------
    DataError
        A column is not there, or is the one that holds the texts.
    """
    missing = [name for name in columns if name not in raw.columns]
    if len(missing) == len(columns):
        return raw  # a split without labels
    if missing:
        meant = did_you_mean(missing[0], raw.columns)
        raise DataError(
            f"column '{cut(missing[0])}' of --label-columns is not in {raw.source}; "
            f"columns: {list_columns(raw.columns)}.{meant}"
        )
    _check_text_column(raw, columns, text_column)
    others = [name for name in raw.columns if name not in columns and name != JOINED]

    def read(text: str, *_: str) -> Iterable[Row]:
        return _join_rows(raw, text, columns)

    return replace(raw, columns=(*others, JOINED), read=read, class_names={})


def _join_rows(raw: RawSplit, text: str, columns: Sequence[str]) -> Iterable[Row]:
    """Yield the rows with their lists of labels; refuse marks that may say yes or no."""
    blanks, crosses = _Blanks(raw, columns), _Crosses(raw)
    for row in raw.read(text, *columns):
        if row.problem is not None:
            yield row
            continue
        words = {name: _word(row, name) for name in columns}
        _refuse_circles(row, words, raw)
        crosses.check(row, words)
        blanks.count(row, words)
        yield _join_row(row, words)
    blanks.say()


class _Crosses:
    """Refuses an x beside another yes: where one says ✓, Y or 1, an x may say no."""

    def __init__(self, raw: RawSplit) -> None:
        self._raw = raw
        self._cross: tuple[str, Row] | None = None  # the first column and row with an x
        self._other: tuple[str, Row] | None = None  # with another yes

    def check(self, row: Row, words: Mapping[str, str]) -> None:
        """Look at the words of one row."""
        for name, word in words.items():
            if word == CROSS:
                self._cross = self._cross or (name, row)
            elif word in YES_WORDS:
                self._other = self._other or (name, row)
        if self._cross is not None and self._other is not None:
            raise DataError(
                f"label columns of {self._raw.source} hold {self._name(*self._cross)} and "
                f"{self._name(*self._other)}: an x may say yes or no there; {ACCEPTED}",
                hint="write 1 where a text has the label and 0 where it does not",
            )

    def _name(self, column: str, row: Row) -> str:
        value = cut(str(row.values[column]))
        return f"'{value}' ('{cut(column)}', {self._raw.unit} {row.line:,})"


class _Blanks:
    """Counts empty cells of label columns that say no in other rows."""

    def __init__(self, raw: RawSplit, columns: Sequence[str]) -> None:
        self._raw, self._columns = raw, columns
        self._n_blank: Counter[str] = Counter()
        self._says_no: set[str] = set()
        self._first: Row | None = None

    def count(self, row: Row, words: Mapping[str, str]) -> None:
        """Look at the words of one row."""
        for name, word in words.items():
            if word in BLANK_WORDS:
                self._n_blank[name] += 1
                self._first = self._first or row
            elif word in NO_WORDS:
                self._says_no.add(name)

    def say(self) -> None:
        """Warn of columns that hold both."""
        doubtful = [name for name in self._columns if self._n_blank[name] and name in self._says_no]
        if not doubtful or self._first is None:
            return
        n_cells = sum(self._n_blank[name] for name in doubtful)
        logger.warning(
            "%s: %s of label columns (%s) %s empty, first in %s %s, where others say no: %s as "
            "no, too; leave out rows whose labels are not known",
            self._raw.source,
            "1 cell" if n_cells == 1 else f"{n_cells:,} cells",
            list_columns(doubtful),
            "is" if n_cells == 1 else "are",
            self._raw.unit,
            f"{self._first.line:,}",
            "it counts" if n_cells == 1 else "they count",
        )


def _check_text_column(raw: RawSplit, columns: Sequence[str], text_column: str | None) -> None:
    """Refuse a list of label columns that has the text column in it."""
    beside = [name for name in raw.columns if name not in columns]
    try:
        find_text_column(beside, text_column=text_column, source=raw.source)
    except DataError as err:
        try:
            text = find_text_column(raw.columns, text_column=text_column, source=raw.source)
        except DataError:
            return  # there is none at all, which is said later
        if text in columns:
            raise DataError(
                f"column '{cut(text)}' of --label-columns is the text column of {raw.source}: it "
                f"holds texts; {ACCEPTED}",
                hint="leave it out of --label-columns, or name the texts with --text-column",
            ) from err


def _join_row(row: Row, words: Mapping[str, str]) -> Row:
    labels = []
    for name, word in words.items():
        flag = _says(word)
        if flag is None:
            value = str(row.values.get(name))
            sentence = f"column '{cut(name)}' holds '{cut(value)}'; {ACCEPTED}"
            return replace(row, problem=Problem(sentence))
        if flag:
            labels.append(name)
    return replace(row, values={**row.values, JOINED: labels})


def change_indicators(
    rows: Iterable[Row], columns: Sequence[str], labels: Mapping[int, Collection[str]]
) -> dict[int, Record]:
    """Return which cells change, so that some texts have other labels.

    Parameters
    ----------
    rows : iterable of Row
        All rows of the table.
    columns : sequence of str
        The columns of one label each.
    labels : mapping of int to collection of str
        The line of a row -> all labels that its text gets.

    Returns
    -------
    dict
        Line -> column -> the value that says yes or no, as other rows of the table have it.
    """
    words: dict[bool, Any] = {}
    before: dict[int, dict[str, bool | None]] = {}
    for row in rows:
        flags = {name: _says(_word(row, name)) for name in columns}
        _keep_words(words, flags, row)
        if row.line in labels:
            before[row.line] = flags
    values = {True: words.get(True, "1"), False: words.get(False, "0")}
    changes: dict[int, Record] = {}
    for line, flags in before.items():
        cells = changes.setdefault(line, {})
        for name, flag in flags.items():
            is_wanted = name in labels[line]
            if flag != is_wanted:
                cells[name] = values[is_wanted]
    return changes


def _keep_words(words: dict[bool, Any], flags: Mapping[str, bool | None], row: Row) -> None:
    """Keep the first values that say yes and no."""
    for name, flag in flags.items():
        if flag is not None:
            words.setdefault(flag, row.values.get(name))
