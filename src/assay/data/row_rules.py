"""`RowRules`: what is done with rows that are not as they should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from assay._arguments import check_fields
from assay.bounds import COUNT
from assay.data.cell_values import MAX_CHARS
from assay.data.clean import MAX_BAD_FRACTION
from assay.errors import InputError

__all__ = ["RowOptions", "RowRules"]


class RowOptions(TypedDict, total=False):
    """The fields of `RowRules`, for functions that take them as keywords."""

    max_chars: int
    strict: bool
    max_bad_fraction: float
    single_label: bool
    merge_labels: bool
    known_labels: Sequence[str]
    split_column: str | None
    id_column: str | None
    label_separator: str | None
    label_columns: Sequence[str] | None
    on_disk: bool


@dataclass(frozen=True)
class RowRules:
    """What is done with rows that are not as they should be.

    Parameters
    ----------
    max_chars : int
        Characters of a text that are read; what follows is cut off, and the row listed.
    strict : bool
        Refuse a data set with a row that cannot be used, or with a text that would be cut.
    max_bad_fraction : float
        Share of the rows of a split that may be left out because they cannot be used, 0 to 1.
    single_label : bool
        Take cells that seem to hold several labels as one label, as they are.
    merge_labels : bool
        Make one label of those that differ only in how they are written; see `find_spellings`.
    known_labels : sequence of str
        Labels of the model that the texts are for: their spelling is taken where labels are merged.
    split_column : str, optional
        The column of a lone table that names the split of each row. None: one with a well-known
        name, if there is one; ``none``: no column is used.
    label_separator : str, optional
        What is between the labels of a cell that holds several.
    label_columns : sequence of str, optional
        The columns of the labels, where each label has one that says which texts have it: 0 or 1,
        true or false, yes or no, x or nothing. None: found by themselves, if a table has a text
        column and only such columns beside it.
    id_column : str, optional
        A column that names each row where rows are listed. None: rows are named by their lines.
    on_disk : bool
        Keep texts with one label each in a temporary file, until rows of them are drawn.

    Raises
    ------
    InputError
        A number is out of range, or labels are said to be written in two ways.
    """

    max_chars: int = MAX_CHARS
    strict: bool = False
    max_bad_fraction: float = MAX_BAD_FRACTION
    single_label: bool = False
    merge_labels: bool = False
    known_labels: Sequence[str] = ()
    split_column: str | None = None
    id_column: str | None = None
    label_separator: str | None = None
    label_columns: Sequence[str] | None = None
    on_disk: bool = False

    def __post_init__(self) -> None:
        check_fields(self)
        COUNT.check("--max-chars", self.max_chars)
        ways = {
            "--single-label": self.single_label,
            "--label-separator": self.label_separator is not None,
            "--label-columns": self.label_columns is not None,
        }
        asked = [flag for flag, is_given in ways.items() if is_given]
        if len(asked) > 1:
            raise InputError(f"{' and '.join(asked)} are given; one of them is accepted")
        if self.label_separator == "":
            raise InputError("--label-separator is empty; a character such as ; or | is accepted")
        if not 0 <= self.max_bad_fraction <= 1:
            raise InputError(
                f"--max-bad-fraction is {self.max_bad_fraction}; a number from 0 to 1 is accepted"
            )
