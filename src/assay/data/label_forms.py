"""Labels as people and programs write them: what is mended, and what several labels look like.

White space around a label and its Unicode form are mended, since nobody sees them. What can be seen
(upper case, a typo) is left to `spellings`, which proposes and changes nothing unasked.
"""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.data.files.bounds import MAX_NESTING, is_deeper
from assay.errors import DataError

__all__ = [
    "CHOICES",
    "FORMULA_START",
    "MAX_LABEL_CHARS",
    "MENDED",
    "LabelMender",
    "MendedLabel",
    "SeveralLabelsError",
    "are_matrix_rows",
    "choices_of",
    "mend_label",
    "parse_list_cell",
    "trim",
    "unwrap_choices",
    "unwrap_formula",
]

MAX_LABEL_CHARS = 1000  # longer ones are no names but texts that slipped into the label column
MENDED = {  # what was mended in a label -> the same in words
    "label_space": "white space or invisible characters around the label",
    "label_form": "label in another Unicode form",
    "label_list": "label written as a list of one",
    "label_blank": "blank label in a list",
    "label_formula": 'label written as ="..."',
}
# Characters that no one sees at an edge and that `str.strip` leaves: byte order mark, zero-width
# space, word joiner and non-joiner, soft hyphen; and marks of direction, which come with what is
# copied from an Arabic or Hebrew page.
INVISIBLE = "\ufeff\u200b\u2060\u200c\u00ad\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
# White space at the end is looked at from its beginning alone: a long run inside is passed once.
EDGES = re.compile(rf"^[\s{INVISIBLE}]+|(?<![\s{INVISIBLE}])[\s{INVISIBLE}]+$")
# What NumPy prints, where no comma is between the items: ['joy' 'fear'], [0 1].
SPACED_ITEM = r"""(?:'[^']*'|"[^"]*"|-?\d+)"""
SPACED_LIST = re.compile(rf"\[\s*{SPACED_ITEM}(?:\s+{SPACED_ITEM})+\s*\]")
EMPTY_SET = "set()"
CHOICES = '"choices"'  # the key of an object of Label Studio
# A quote that a database doubles inside of a name; Python would join what is beside it.
DOUBLED_QUOTE = re.compile(r"(?<=\w)(['\"])\1(?=\w)")
BRACKETS = {"[": "]", "{": "}", "(": ")"}  # around the items of a list, a set, a tuple
# How spreadsheets are told that 001 is a text: a formula whose value is that text.
FORMULA_START = '="'
FORMULA_TEXT = re.compile(r'\s*="((?:[^"]|"")*)"\s*', re.DOTALL)


class SeveralLabelsError(DataError):
    """A cell holds several labels where one is accepted."""

    def __init__(self) -> None:
        super().__init__(
            "several labels in a row, where the column is read as one label per text; several "
            'per text are lists in every row, such as ["a"] '
            "(--single-label takes what is written there as one label)"
        )


ZEROS_AND_ONES = frozenset(("0", "1", "0.0", "1.0", "True", "False"))


@dataclass(frozen=True)
class MendedLabel:
    """A label, and what was mended in it.

    Parameters
    ----------
    label : str, or tuple of str where a text has several
        Empty text if nothing but white space was there; None if it is not known which labels.
    kinds : tuple of str
        What was mended: keys of `MENDED`; empty if nothing.
    """

    label: Any
    kinds: tuple[str, ...] = ()


def trim(text: str) -> str:
    """Return a text without the white space around it, also what no one sees.

    >>> trim("\ufefftext ")
    'text'
    """
    return EDGES.sub("", text)


def unwrap_formula(cell: str) -> str | None:
    """Return the text of a cell that is a formula with nothing but that text; None for others.

    >>> unwrap_formula('="001"'), unwrap_formula("=A1")
    ('001', None)
    """
    found = FORMULA_TEXT.fullmatch(cell)
    return None if found is None else found[1].replace('""', '"')


def mend_label(label: str) -> MendedLabel:
    """Return a label without white space around it, in Unicode NFC.

    >>> mend_label(" pos ")
    MendedLabel(label='pos', kinds=('label_space',))
    """
    kinds = []
    trimmed = trim(label)
    if trimmed != label:
        kinds.append("label_space")
    composed = unicodedata.normalize("NFC", trimmed)
    if composed != trimmed:
        kinds.append("label_form")
    return MendedLabel(composed, tuple(kinds))


def parse_list_cell(cell: str) -> list[Any] | None:
    """Return the items of a cell that is a list in JSON, in Python, or as NumPy prints it.

    Sets and tuples of Python are lists too; items of a set come in no order.

    Returns
    -------
    list or None
        None if the cell is no list.

    Examples
    --------
    >>> parse_list_cell('["joy", "fear"]'), parse_list_cell("['joy']"), parse_list_cell("[sic]")
    (['joy', 'fear'], ['joy'], None)
    """
    cell = cell.strip()
    if cell == EMPTY_SET:
        return []
    if not cell or cell[-1] != BRACKETS.get(cell[0]):
        return None
    if SPACED_LIST.fullmatch(cell):
        return [item.strip("'\"") for item in re.findall(SPACED_ITEM, cell)]
    written = DOUBLED_QUOTE.sub(r"\\\1", cell)
    for parse, text in ((json.loads, cell), (ast.literal_eval, written)):
        try:
            value = unwrap_choices(parse(text))
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        # Up to which depth Python reads what is nested differs between its versions.
        if isinstance(value, list | tuple | set) and not is_deeper(value, MAX_NESTING):
            return list(value)
    return None


def choices_of(value: Any) -> list[Any] | None:
    """Return the labels of what Label Studio writes for several choices; None for other values.

    >>> choices_of({"choices": ["joy", "fear"]}), choices_of({"start": 0})
    (['joy', 'fear'], None)
    """
    if isinstance(value, dict) and isinstance(value.get("choices"), list):
        return list(value["choices"])
    return None


def unwrap_choices(value: Any) -> Any:
    """Return the choices of an object of Label Studio; other values as they are."""
    choices = choices_of(value)
    if choices is None:
        return value
    return choices


@dataclass
class LabelMender:
    """Mends the labels of a column; each distinct label is worked out once.

    Parameters
    ----------
    names : frozenset of str
        Names that the source publishes; they are never changed.
    takes_lists : bool
        Whether a cell that is written as a list is one label as it is.

    Attributes
    ----------
    plain : dict of str to str
        Labels seen so far in which there was nothing to mend; each is the one object that all its
        rows share.
    """

    names: frozenset[str] = frozenset()
    takes_lists: bool = False
    plain: dict[str, str] = field(default_factory=dict)
    _known: dict[str, MendedLabel] = field(default_factory=dict)

    def mend(self, label: str) -> MendedLabel:
        """Return the mended label.

        Raises
        ------
        SeveralLabelsError
            The cell is a list of several labels.
        """
        found = self._known.get(label)
        if found is None:
            found = self._known[label] = self._work_out(label)
            if found == MendedLabel(label) and label:
                self.plain[label] = found.label
        return found

    def labels(self) -> set[str]:
        """Return the labels that were mended, or had nothing to mend, so far."""
        return {found.label for found in self._known.values()}

    def _work_out(self, label: str) -> MendedLabel:
        if label in self.names:
            return MendedLabel(label)
        unwrapped = unwrap_formula(label)
        if unwrapped is not None:
            inside = mend_label(unwrapped)
            return MendedLabel(inside.label, ("label_formula", *inside.kinds))
        items = None if self.takes_lists else parse_list_cell(label)
        if items is None:
            return mend_label(label)
        if len(items) > 1:
            raise SeveralLabelsError
        inner = mend_label(str(items[0]) if items and items[0] is not None else "")
        return MendedLabel(inner.label, ("label_list", *inner.kinds))


def are_matrix_rows(lists: Sequence[Any]) -> bool:
    """Tell whether lists of labels are the rows of a matrix: zeros and ones, as many in each.

    As names, they would say that each text has the labels 0 and 1.

    Examples
    --------
    >>> are_matrix_rows([[1, 0, 0], [0, 1, 1]]), are_matrix_rows([[1], [0, 1]])
    (True, False)
    """
    lengths = set(map(len, lists))
    if len(lists) < 2 or len(lengths) != 1 or min(lengths) < 2:
        return False
    return all(str(cell) in ZEROS_AND_ONES for own in lists for cell in own)
