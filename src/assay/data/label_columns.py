"""Is this a column of labels at all? Exchanged columns, several labels in a cell, measurements.

Each check looks at a whole column, and refuses it with one sentence that holds no text of the data.
"""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from shlex import quote
from typing import NamedTuple

from assay.data.files.footers import is_footer
from assay.data.texts import LabelledTexts
from assay.data.word_labels import warn_of_word_labels
from assay.errors import DataError, InputError, cut

__all__ = [
    "check_joined_labels",
    "check_label_column",
    "find_separator",
    "is_all_different",
    "rating_values",
]

logger = logging.getLogger(__name__)

# What programs write where a value is missing. A person who means it as a class writes "none".
MISSING_WORDS = frozenset(
    (
        *("NA", "N/A", "n/a", "<NA>", "NaN", "nan", "NaT", "null", "NULL", "None", "(blank)"),
        *("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!"),  # of a spreadsheet
        *(".", "-", "--", "?"),  # Stata and SAS, people, Weka
        *("unsup", "unlabeled", "unlabelled", "미분류"),  # of corpora
    )
)
SHORTENED = re.compile(r"[+-]?\d(?:[.,]\d+)?E\+\d{2,3}")  # 1.23E+11
MIN_ROWS = 20  # of fewer rows no share of different values means anything
DIFFERENT_FRACTION = 0.5  # of rows with a label of their own: more are no classes
SEPARATORS = (",", ";", "|", "#")  # the last one: doccano
JOINTS = (";", "|")  # that hardly any name holds
MAX_DECIMALS = 12  # different numbers with decimals: 0.0 to 5.0 in halves are 11
MAX_WHOLE = 100  # different whole numbers that do not simply count the classes
MAX_RATINGS = 11  # 0 to 10
UNITS = "%€$£¥₩ "  # around measured numbers
MAX_ALONE = 3  # labels with one row, among which the one of a first or last row is conspicuous
# What is beside a sum, where the texts would be
SUMS = frozenset(
    (
        *("total", "totals", "grand total", "sum", "average", "mean", "count"),
        *(
            "합계",
            "총계",
            "소계",
            "계",
            "평균",
            "合计",
            "合計",
            "总计",
            "summe",
            "gesamt",
            "totale",
            "итого",
        ),
    )
)
RATING_UNITS = (" stars", " star", "점", " stelle", " étoiles")


def _say_missing_words(counts: Mapping[str, int], *, source: str) -> None:
    """Warn of labels with which programs write that there is none; they are labels all the same."""
    found = [label for label in counts if label in MISSING_WORDS]
    if found:
        n_rows = sum(counts[label] for label in found)
        logger.warning(
            "%s: '%s' (%s rows) often means that there is no label; it is read as a label",
            source,
            "', '".join(found),
            f"{n_rows:,}",
        )


def _say_shortened(counts: Mapping[str, int], *, source: str) -> None:
    """Warn of labels that a spreadsheet made of longer numbers: their digits are lost."""
    found = list(filter(SHORTENED.fullmatch, counts))
    if found:
        logger.warning(
            "%s: labels such as '%s' are what a spreadsheet shows of long numbers, so that several "
            "may have become one; save the column as text, and export it again",
            source,
            found[0],
        )


def _say_alone(labelled: LabelledTexts, counts: Mapping[str, int], *, source: str) -> None:
    """Warn where the first or the last row is probably no example, by its label."""
    n_alone = sum(1 for n in counts.values() if n == 1)
    if len(labelled) < MIN_ROWS or n_alone > MAX_ALONE:
        return
    ends = [(0, "first", "a second header")]
    if _is_sum(labelled.texts[-1], labelled.labels[-1], counts):
        ends.append((-1, "last", "a sum or a note"))
    for place, end, meaning in ends:
        label = labelled.labels[place]
        if counts[label] == 1:
            logger.warning(
                "%s: no other row has the label '%s' of the %s row: is it %s?",
                source,
                cut(label),
                end,
                meaning,
            )


def _is_sum(text: str, label: str, counts: Mapping[str, int]) -> bool:
    """Tell whether a row sums up the others: by its word, or by the only label that is a number."""
    if text.strip().rstrip(":").casefold() in SUMS or is_footer(f"{text}, {label}"):
        return True
    return [one for one in counts if _looks_like_number(one)] == [label]


def _looks_like_number(label: str) -> bool:
    return label.strip().replace(",", "").replace(".", "").isdecimal()


def check_label_column(
    labelled: LabelledTexts,
    *,
    source: str,
    text_column: str,
    label_column: str,
    single_label: bool = False,
) -> None:
    """Refuse a column that holds no labels, one for each text.

    Parameters
    ----------
    labelled : LabelledTexts
        The usable rows.
    source : str
        How messages call the source.
    text_column, label_column : str
        Names, for messages.
    single_label : bool
        Take cells with joined labels as they are.

    Raises
    ------
    DataError
        The columns seem to be exchanged, cells hold several labels, or labels are measurements.
    """
    counts = Counter(labelled.labels)
    _say_missing_words(counts, source=source)
    _say_shortened(counts, source=source)
    warn_of_word_labels(counts, source=source)
    _check_exchanged(labelled, counts, source, text_column, label_column)
    _say_alone(labelled, counts, source=source)
    _check_numbers(counts, source=source, column=label_column)
    if not single_label:
        _check_joined(counts, source=source, column=label_column)


def is_all_different(n_labels: int, n_rows: int) -> bool:
    """Tell whether so many labels in so many rows are no classes."""
    return n_rows >= MIN_ROWS and n_labels > DIFFERENT_FRACTION * n_rows


def _check_exchanged(
    labelled: LabelledTexts,
    counts: Counter[str],
    source: str,
    text_column: str,
    label_column: str,
) -> None:
    n_rows = len(labelled)
    if not is_all_different(len(counts), n_rows):
        return
    n_text_chars = sum(map(len, labelled.texts)) / n_rows
    n_label_chars = sum(map(len, labelled.labels)) / n_rows
    n_texts = len(set(labelled.texts))
    if 2 * n_texts > len(counts) and n_label_chars <= n_text_chars:
        return
    raise DataError(
        f"{len(counts):,} labels in {n_rows:,} rows of {source}: are the columns exchanged? "
        f"Read as labels was '{cut(label_column)}', with {n_label_chars:,.0f} characters per row; "
        f"as texts '{cut(text_column)}', with {n_text_chars:,.0f}, and {n_texts:,} different texts",
        hint="name the columns with --text-column and --label-column",
        flags=[f"--text-column {quote(label_column)} --label-column {quote(text_column)}"],
    )


def _check_joined(counts: Counter[str], *, source: str, column: str) -> None:
    joined = _find_joined(counts)
    if joined is None:
        return
    separator = joined.separator
    raise DataError(
        f"column '{cut(column)}' of {source} holds several labels joined by '{separator}' in "
        f"{joined.n_cells:,} of {counts.total():,} rows, such as '{cut(joined.example)}': "
        "say whether such a cell is several labels or one",
        hint=f"--label-separator '{separator}' takes them apart; "
        "--single-label takes each cell as one label, as it is",
        flags=[f"--label-separator '{separator}'", "--single-label"],
    )


def check_joined_labels(labels: Sequence[str]) -> None:
    """Refuse labels of one per text, given by a program, that look like several joined ones.

    Raises
    ------
    InputError
        They look joined by a character.
    """
    counts = Counter(labels)
    joined = _find_joined(counts)
    if joined is None:
        return
    raise InputError(
        f"the labels of {joined.n_cells:,} of {counts.total():,} texts look like several that are "
        f"joined by '{joined.separator}', such as '{cut(joined.example)}'; one label per text, or "
        "a list of labels per text, is accepted",
        hint=f"give lists: [label.split({joined.separator!r}) for label in labels]; fit(..., "
        "single_label=True) takes each as one label, as it is",
    )


class _Joined(NamedTuple):
    """Cells that hold several labels: what joins them, how many they are, and one of them."""

    separator: str
    n_cells: int
    example: str


def _find_joined(counts: Counter[str]) -> _Joined | None:
    separator = find_separator(counts)
    if separator is None or _numbers(counts) is not None:
        return None
    joined = [label for label in counts if separator in label]
    return _Joined(separator, sum(counts[label] for label in joined), joined[0])


def find_separator(labels: Collection[str]) -> str | None:
    """Return the character that joins several labels in the cells of a column, or None.

    Cells are joined labels if taking them apart leaves fewer different labels than there are
    different cells, and at least half of the pieces occur in several cells. So names with a comma,
    such as "Home, Garden", are left alone. Few names hold one of `JOINTS`: two such cells are
    enough where half of the pieces occur in several cells, and one of them is a cell by itself.

    Examples
    --------
    >>> find_separator(["joy", "fear", "joy,fear", "anger,joy", "fear,anger"])
    ','
    >>> find_separator(["Home, Garden", "Sports", "Books, Music"]) is None
    True
    """
    distinct = set(labels)
    for separator in SEPARATORS:
        joined = [label for label in distinct if separator in label]
        if len(joined) < 2:
            continue
        cells = [_pieces(label, separator) for label in distinct]
        n_cells = Counter(chain.from_iterable(cells))
        n_shared = sum(n > 1 for n in n_cells.values())
        if 2 * n_shared < len(n_cells):
            continue
        alone = set().union(*(own for own in cells if len(own) == 1))
        is_alone = any(n_cells[piece] > 1 for piece in alone)
        if len(joined) > 2 and len(n_cells) < len(distinct):
            return separator
        if separator in JOINTS and is_alone:
            return separator
    return None


def _pieces(label: str, separator: str) -> set[str]:
    inner = label
    if label.startswith("[") and label.endswith("]"):  # as in "[a, b]"
        inner = label[1:-1]
    return {piece.strip().casefold() for piece in inner.split(separator) if piece.strip()}


def _check_numbers(counts: Counter[str], *, source: str, column: str) -> None:
    if len(counts) <= MAX_DECIMALS:
        return
    numbers = _numbers(counts)
    has_units = any(label.strip(UNITS) != label.strip() for label in counts)
    if numbers is None:
        return
    if not has_units and not _are_measurements(numbers, n_rows=counts.total()):
        return
    raise DataError(
        f"{len(numbers):,} different numbers in column '{cut(column)}' of {source}, from "
        f"{min(numbers):g} to {max(numbers):g}: these are measurements, and labels are accepted",
        hint="make a few classes of them first, such as low, middle and high",
    )


def _numbers(labels: Collection[str]) -> list[float] | None:
    """Return the labels as numbers, of which some have a decimal comma; None if one is none."""
    numbers = []
    for label in labels:
        try:
            number = float(label.strip(UNITS).replace(",", "."))
        except ValueError:
            return None
        if not math.isfinite(number):
            return None
        numbers.append(number)
    return numbers


def _are_measurements(numbers: Sequence[float], *, n_rows: int) -> bool:
    """Tell whether different values are measured and not counted classes."""
    if not all(number.is_integer() for number in numbers):
        return True
    # Ids of classes count from 0 or 1, with few of them missing.
    is_dense = min(numbers) in (0, 1) and max(numbers) < 1.5 * len(numbers) + 1
    too_many = len(numbers) > MAX_WHOLE or is_all_different(len(numbers), n_rows)
    return too_many and not is_dense


def rating_values(labels: Sequence[str]) -> tuple[float, ...] | None:
    """Return the numbers behind labels that are whole ratings, in the order of the labels.

    Ratings count up without a gap: from 1 to at most 10, from 0 to 10, or from a number below
    zero. Numbers that count from 0 otherwise are taken for ids of classes.

    Returns
    -------
    tuple of float or None
        None if the labels are no ratings.

    Examples
    --------
    >>> rating_values(["1", "2", "3", "4", "5"]), rating_values(["1 star", "2 stars", "3 stars"])
    ((1.0, 2.0, 3.0, 4.0, 5.0), (1.0, 2.0, 3.0))
    >>> rating_values(["0", "1", "2"]) is None
    True
    """
    if not 3 <= len(labels) <= MAX_RATINGS:
        return None
    numbers = _numbers(list(map(_without_unit, labels)))
    return tuple(numbers) if numbers is not None and _is_scale(numbers) else None


def _is_scale(numbers: Sequence[float]) -> bool:
    """Tell whether numbers are those of a scale, without a gap."""
    low, high = min(numbers), max(numbers)
    is_gapless = sorted(numbers) == [round(low) + i for i in range(len(numbers))]
    return is_gapless and (low == 1 or low < 0 or (low == 0 and high == 10))


def _without_unit(label: str) -> str:
    folded = label.casefold()
    for unit in RATING_UNITS:
        folded = folded.removesuffix(unit)
    return folded
