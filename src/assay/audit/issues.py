"""The issues of an audit, and the CSV file that holds one line per row with a problem."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypedDict

from assay._display import Brief
from assay.data.files.spreadsheet import guard_cell
from assay.data.origin import OtherCells, read_other_cells
from assay.data.texts import Splits
from assay.disk import atomic_file, check_output, refusals_of_disk
from assay.errors import InputError
from assay.output_lock import lock_output

__all__ = [
    "COLUMNS",
    "GUESSED_KINDS",
    "KINDS",
    "LEFT_OUT_KINDS",
    "SPREADSHEET_ENCODINGS",
    "Issue",
    "IssueEntry",
    "check_issues_file",
    "hash_text",
    "with_other_columns",
    "write_issues_file",
]

# In the order of the file: first what asks for a decision about a label, then what asks for one
# about a row.
KINDS = {
    "wrong_label": "label probably wrong",
    "doubtful_label": "label worth a look",
    "missing_label": "label perhaps missing",
    "extra_label": "label perhaps too many",
    "label_spelling": "label written otherwise",
    "conflict": "same text, other label",
    "leak": "same text in other split",
    "exact_duplicate": "same text again",
    "near_duplicate": "nearly the same text",
    "garbled": "broken or binary text",
    "language": "other language",
    "one_word": "one word only",
    "unseen_label": "label not in train",
    "empty": "no text: left out",
    "no_label": "no label: left out",
    "unusable": "cannot be used: left out",
}
# What models say of labels: a guess, of which some are wrong.
GUESSED_KINDS = ("wrong_label", "doubtful_label", "missing_label", "extra_label")
LEFT_OUT_KINDS = ("empty", "no_label", "unusable")  # of rows that are not among the data
SCORE_DIGITS = 6
# What Excel saves "CSV" in, by the country of the computer. A file of issues in one of them is read
# again whatever it was saved in.
SPREADSHEET_ENCODINGS = (
    "cp949",
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp932",
    "gb18030",
    "big5",
    "mac_roman",
)


class IssueEntry(TypedDict):
    """An `Issue` as the file and JSON hold it; `accept` is filled in by a person."""

    kind: str
    split: str
    row: int
    text: str
    label: str
    proposed_label: str
    score: float | None
    group: int | None
    text_sha256: str
    accept: str


COLUMNS = tuple(IssueEntry.__annotations__)


@dataclass(frozen=True, repr=False)
class Issue(Brief):
    """A problem of one row.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    split : str
    row : int
        1-based line (or record) of the source.
    text, label : str
        Empty where the row has none, and the text also where it cannot be used. Where a text may
        have several labels, a list in JSON.
    proposed_label : str
        The label that a suspect probably should have, that a doubtful one may have, or the usual
        spelling of the label; empty for other kinds.
    score : float, optional
        0 to 1, the higher the worse: how suspect a label is, how similar texts are, or how much of
        a text is garbled.
    group : int, optional
        A number that all rows of one finding share.
    others : OtherCells
        The other columns of the row, for the file.
    """

    kind: str
    split: str
    row: int
    text: str
    label: str
    proposed_label: str = ""
    score: float | None = None
    group: int | None = None
    others: OtherCells = field(default_factory=OtherCells, compare=False)

    def to_dict(self) -> IssueEntry:
        """Return what the file holds about this row, as plain values."""
        return {
            "kind": self.kind,
            "split": self.split,
            "row": self.row,
            "text": self.text,
            "label": self.label,
            "proposed_label": self.proposed_label,
            "score": None if self.score is None else round(self.score, SCORE_DIGITS),
            "group": self.group,
            "text_sha256": hash_text(self.text) if self.text else "",
            "accept": "",
        }


def with_other_columns(issues: Iterable[Issue], splits: Splits) -> tuple[Issue, ...]:
    """Return the issues with what their rows hold beside text and label."""
    issues = tuple(issues)
    found = read_other_cells(splits.origins, {(issue.split, issue.row) for issue in issues})
    completed = []
    for issue in issues:
        others = found.get((issue.split, issue.row))
        completed.append(issue if others is None else replace(issue, others=others))
    return tuple(completed)


def hash_text(text: str) -> str:
    """Return the SHA-256 of a text's UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def check_issues_file(out: Path, *, overwrite: bool) -> None:
    """Refuse a file that cannot be written, before any work is done.

    Raises
    ------
    InputError
        The name does not end in .csv, `out` is a folder, or (`OutputExistsError`) it exists and
        `overwrite` is False.
    """
    if out.suffix.lower() != ".csv":
        raise InputError(
            f"the issues cannot be written as '{out.name or out}'; "
            "a name that ends in .csv is accepted"
        )
    check_output(out, overwrite=overwrite)


def write_issues_file(
    issues: Iterable[Issue],
    out: Path,
    *,
    encoding: str | None = None,
    delimiter: str = ",",
    overwrite: bool = False,
) -> None:
    """Write the issues as CSV, whole or not at all.

    Cells that a spreadsheet would run as a formula get an apostrophe. The columns of the input
    follow those of `COLUMNS`; `record` is the row of a spreadsheet, where that is not the line.

    Parameters
    ----------
    issues : iterable of Issue
    out : Path
    encoding : str, optional
        The encoding of the input, if it is one of `SPREADSHEET_ENCODINGS`. None, and any other:
        UTF-8 with a byte order mark, without which Excel shows Korean as garbage.
    delimiter : str
        A semicolon where the input has it.
    overwrite : bool

    Raises
    ------
    InputError
        See `check_issues_file`.
    OutsideError
        The disk refused, or another process writes the file.
    """
    check_issues_file(out, overwrite=overwrite)
    if encoding not in SPREADSHEET_ENCODINGS:
        encoding = "utf-8-sig"
    with refusals_of_disk(out), lock_output(out, may_be_held=True):
        out.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(out) as partial:
            _write_csv(list(issues), partial, encoding, delimiter)


def _write_csv(issues: Sequence[Issue], path: Path, encoding: str, delimiter: str) -> None:
    names = dict.fromkeys(name for issue in issues for name in issue.others.cells)
    has_records = any(issue.others.record is not None for issue in issues)
    header = [*COLUMNS, *(["record"] if has_records else [])]
    titles = [f"input_{name}" if name in header else name for name in names]
    # A lone surrogate, which JSON input can hold, is written as \udXXX: rows are matched by their
    # hash and not by the cell.
    with path.open("w", encoding=encoding, errors="backslashreplace", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow([*header, *map(_cell, titles)])
        for issue in issues:
            cells: list[object] = list(issue.to_dict().values())
            if has_records:
                cells.append(issue.others.record or issue.row)
            cells += [issue.others.cells.get(name) for name in names]
            writer.writerow(list(map(_cell, cells)))


def _cell(value: object) -> str:
    return "" if value is None else guard_cell(str(value))
