"""New labels of rows, and how each is written in place of the value that was there."""

from __future__ import annotations

import datetime
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from assay.data.cell_values import label_as_text
from assay.data.label_forms import choices_of

__all__ = [
    "OF_TOOLS",
    "Changes",
    "NewLabel",
    "SeveralNames",
    "as_cell",
    "find_joint",
    "of_same_type",
]

OF_TOOLS = (
    "records of tools for labelling cannot be written again: assay run with --corrections takes "
    "the decisions"
)
BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True)
class SeveralNames:
    """The labels of a text that may have several.

    Parameters
    ----------
    names : tuple of str
    separator : str, optional
        What is between the labels of a cell. None: a cell holds a list in JSON.
    """

    names: tuple[str, ...]
    separator: str | None = None

    def as_cell(self) -> str:
        """Return the labels as a cell of text."""
        if self.separator is None:
            return json.dumps(list(self.names), ensure_ascii=False)
        return self.separator.join(self.names)


# A label, several labels, or a value of the file itself that says yes or no to a label.
NewLabel: TypeAlias = str | int | float | SeveralNames | None
# 1-based line or row -> column -> what is written there.
Changes: TypeAlias = Mapping[int, Mapping[str, NewLabel]]


def find_joint(cells: Iterable[Any], separator: str) -> str:
    """Return the separator of labels with the white space that is mostly written around it.

    >>> find_joint(["rude; sad", "fun;sad", "rude; fun", "sad"], ";")
    '; '
    """
    # White space is looked at from its beginning alone: a long run of it is passed once
    joint = re.compile(rf"(?<!\s)\s*{re.escape(separator)}\s*")
    counts: Counter[str] = Counter()
    for cell in cells:
        if isinstance(cell, str):
            counts.update(joint.findall(cell.strip()))
    return counts.most_common(1)[0][0] if counts else separator


def as_cell(label: NewLabel) -> str:
    """Return a label as a cell of text."""
    if isinstance(label, SeveralNames):
        return label.as_cell()
    return "" if label is None else str(label)


def of_same_type(before: Any, label: NewLabel) -> Any:
    """Return a label as a number, a truth value or a list, if that is what was there before.

    A label that would be read as another one if it were a number stays a text.

    >>> of_same_type(1, "2"), of_same_type(True, "False"), of_same_type(["joy"], "sad")
    (2, False, ['sad'])
    >>> of_same_type(1, "002"), of_same_type(1.0, "2")
    ('002', 2.0)
    """
    if isinstance(label, SeveralNames):
        if isinstance(before, str):
            return label.as_cell()
        if choices_of(before) is not None:
            return {**before, "choices": list(label.names)}
        first = before[0] if before else ""
        return [of_same_type(first, name) for name in label.names]
    if isinstance(before, list):
        return [of_same_type(before[0] if before else "", label)]
    return _of_same_kind(before, label) if isinstance(label, str) else label


def _of_same_kind(before: Any, label: str) -> Any:
    """Return a label as a number, a truth value or a date, if the one before was one."""
    if isinstance(before, bool):
        return BOOLEANS.get(label.casefold(), label)
    if isinstance(before, int | float):
        with suppress(ValueError):
            number = type(before)(label)
            if label_as_text(number) == label:
                return number
    if isinstance(before, datetime.date):
        with suppress(ValueError):
            day = type(before).fromisoformat(label)
            if label_as_text(day) == label:
                return day
    return label
