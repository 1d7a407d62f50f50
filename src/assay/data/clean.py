"""Rows to `LabelledTexts`: which are dropped and listed, which are refused; and what can be trained on.

Texts are taken as they are: no Unicode normalisation, no trimming, carriage returns and null
characters stay. So are labels, white space around them included, except that a blank one counts as
none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np

from assay.data.files.readers import Row
from assay.data.texts import DroppedRow, LabelledTexts, Splits
from assay.errors import DataError, list_problems

__all__ = [
    "MAX_CHARS",
    "MAX_DROPPED_FRACTION",
    "CleanRows",
    "check_trainable",
    "clean_rows",
    "label_as_text",
    "raise_problems",
    "text_or_problem",
]

MAX_CHARS = (
    100_000  # of a text; longer ones are no short texts but whole files that slipped into a cell
)
MAX_DROPPED_FRACTION = 0.2
MIN_TRAIN_ROWS = 2  # of a class, to be learnt and measured at all
NULL_TYPES = {
    "NoneType",
    "NAType",
    "NaTType",
}  # the last two are pandas', known without importing it


@dataclass(frozen=True)
class CleanRows:
    """The usable rows of one split, those left out, and a sentence on each that cannot be used."""

    texts: LabelledTexts
    dropped: tuple[DroppedRow, ...]
    problems: tuple[str, ...]

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
) -> CleanRows:
    """Sort rows into usable, dropped and refused, without raising.

    Parameters
    ----------
    rows : iterable of Row
        A column that a row lacks counts as null.
    split : str
        For the list of dropped rows.
    text_column, label_column : str
    class_names : sequence of str, optional
        Names of the label ids of the source; then -1 means no label.
    max_chars : int
        Longest text that is accepted.
    unit : str
        What `Row.line` counts, for messages.
    """
    texts: list[str] = []
    labels: list[str] = []
    lines: list[int] = []
    dropped: list[DroppedRow] = []
    problems: list[str] = []
    for row in rows:
        try:
            if row.problem is not None:
                raise _Refused(row.problem)
            text = _text(row.values.get(text_column), max_chars=max_chars)
            label = label_as_text(row.values.get(label_column), class_names=class_names)
        except _Refused as refused:
            problems.append(f"{unit} {row.line:,}: {refused}")
            continue
        if text is None or label is None or not text.strip():
            reason = "null text" if text is None else "null label" if text.strip() else "blank text"
            dropped.append(DroppedRow(split, row.line, reason))
            continue
        texts.append(text)
        labels.append(label)
        lines.append(row.line)
    return CleanRows(
        LabelledTexts(tuple(texts), tuple(labels), tuple(lines)), tuple(dropped), tuple(problems)
    )


def _text(value: Any, *, max_chars: int) -> str | None:
    """Return the text, None for null; numbers become their text, as a column of years or ratings would."""
    if type(value) is not str:
        value = value.item() if isinstance(value, np.generic) else value
        if _is_null(value):
            return None
        if not isinstance(value, str | Number):
            raise _Refused(f"the text is {_kind(value)}; a text is accepted")
    text = str(_whole(value))
    if len(text) > max_chars:
        raise _Refused(
            f"a text of {len(text):,} characters; at most {max_chars:,} are accepted (--max-chars)"
        )
    return text


def text_or_problem(value: Any, *, max_chars: int = MAX_CHARS) -> tuple[str | None, str | None]:
    """Return the text that a value stands for (None for null) and why it cannot be used (None if it can).

    >>> text_or_problem(2026), text_or_problem(None), text_or_problem(["a"])
    (('2026', None), (None, None), (None, 'the text is a list; a text is accepted'))
    """
    try:
        return _text(value, max_chars=max_chars), None
    except _Refused as refused:
        return None, refused.message


def label_as_text(value: Any, *, class_names: Sequence[str] | None = None) -> str | None:
    """Return the class name that a label value stands for, None if it stands for none.

    Whole numbers lose their ``.0``, which pandas and Parquet add where a value is missing; a list
    of one label is that label.

    Raises
    ------
    DataError
        Several labels, an id that no class name has, or a value that can be no label.

    Examples
    --------
    >>> label_as_text(3.0), label_as_text(True), label_as_text(1, class_names=["sad", "happy"]), label_as_text(" ")
    ('3', 'True', 'happy', None)
    """
    if type(value) is str:
        return value if value.strip() else None
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return _label_of_list(list(value), class_names=class_names)
    if isinstance(value, np.generic):
        return label_as_text(value.item(), class_names=class_names)
    if _is_null(value):
        return None
    if isinstance(value, str):
        return label_as_text(str(value))
    if not isinstance(value, Number):
        raise _Refused(f"the label is {_kind(value)}; a text or a number is accepted")
    value = _whole(value)
    if class_names is not None and isinstance(value, int) and not isinstance(value, bool):
        return _class_name(value, class_names)
    return str(value)


def _label_of_list(values: list[Any], *, class_names: Sequence[str] | None) -> str | None:
    if len(values) > 1:
        raise _Refused("several labels in a row: not supported yet; one label a text is accepted")
    return label_as_text(values[0], class_names=class_names) if values else None


def _class_name(label_id: int, class_names: Sequence[str]) -> str | None:
    if label_id == -1:
        return None  # the custom of the Hub for test splits without labels
    if not 0 <= label_id < len(class_names):
        raise _Refused(f"label id {label_id}; ids from 0 to {len(class_names) - 1} are accepted")
    return class_names[label_id]


def _whole(value: Any) -> Any:
    """Return 3 for 3.0: a missing value beside it turned the column into floats."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_null(value: Any) -> bool:
    return type(value).__name__ in NULL_TYPES or (isinstance(value, float) and value != value)


def _kind(value: Any) -> str:
    names = {"dict": "an object", "list": "a list", "bytes": "bytes"}
    name = type(value).__name__
    return names.get(name, f"of type {name}")


def raise_problems(source: str, problems: Sequence[str]) -> None:
    """Raise all problems of one source at once; return if there are none.

    Raises
    ------
    DataError
        One problem is a sentence of its own; more are listed.
    """
    if len(problems) == 1:
        raise DataError(problems[0])
    if problems:
        raise DataError(f"{source} has {len(problems):,} problems:\n{list_problems(problems)}")


def check_trainable(splits: Splits) -> None:
    """Check that there is a train split from which every class can be learnt.

    Raises
    ------
    DataError
        There is no train split, a split holds one class only, a class has no or one row in train,
        or a label of another split does not stand in train. All of them are listed.
    """
    if "train" not in splits:
        raise DataError(f"{splits.source} has no train split; splits: {', '.join(splits)}")
    counts = {split: Counter(part.labels) for split, part in splits.items()}
    train = counts["train"]
    problems = [f"{split} has no rows" for split, count in counts.items() if not count]
    problems += [
        f"{split} has one class, '{next(iter(count))}'; at least two are accepted"
        for split, count in counts.items()
        if len(count) == 1
    ]
    for label in splits.label_set:
        elsewhere = [
            f"{split} ({count[label]:,})"
            for split, count in counts.items()
            if split != "train" and count[label]
        ]
        if not train[label] and elsewhere:
            problems.append(f"label '{label}' has rows in {', '.join(elsewhere)} but none in train")
        elif train[label] < MIN_TRAIN_ROWS:
            n_rows = "one row" if train[label] else "no rows"
            problems.append(
                f"label '{label}' has {n_rows} in train; at least {MIN_TRAIN_ROWS} are accepted"
            )
    raise_problems(
        splits.source, [f"{splits.source}: {problems[0]}"] if len(problems) == 1 else problems
    )
