"""The file of an audit: one line a row with a problem, safe to open in a spreadsheet, and read back for corrections."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.data.files.readers import read_rows
from assay.data.files.spreadsheet import guard_cell, unguard_cell
from assay.disk import check_output
from assay.errors import DataError, InputError, OutsideError, list_problems

__all__ = [
    "COLUMNS",
    "KINDS",
    "Correction",
    "Issue",
    "check_issues_file",
    "hash_text",
    "read_corrections",
    "write_issues_file",
]

COLUMNS = (
    "kind",
    "split",
    "row",
    "text",
    "label",
    "proposed_label",
    "score",
    "group",
    "text_sha256",
    "accept",
)
# In the order of the file: first what asks for a decision on a label, then what asks for one on a
# row.
KINDS = {
    "wrong_label": "label probably wrong",
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
}
NEEDED = ("kind", "split", "row", "proposed_label", "text_sha256", "accept")
YES = {"yes", "y", "true", "1"}
NO = {"", "no", "n", "false", "0"}
SCORE_DIGITS = 6
HEADER_DELIMITER = re.compile(
    rb'\W{0,4}kind"?([,;\t])'
)  # spreadsheets of some countries write ; for ,


@dataclass(frozen=True)
class Issue:
    """A problem of one row.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    split : str
    row : int
        1-based line (or record) of the source.
    text, label : str
        Empty where the row has none.
    proposed_label : str
        Of a suspect; else empty.
    score : float, optional
        0 to 1, the higher the worse: how suspect a label is, how alike texts are, how much of a
        text is garbled.
    group : int, optional
        Rows that are one finding share it.
    """

    kind: str
    split: str
    row: int
    text: str
    label: str
    proposed_label: str = ""
    score: float | None = None
    group: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what the file holds of this row, as plain values; `accept` is left to a person."""
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


@dataclass(frozen=True)
class Correction:
    """A suspect that a person accepted.

    Parameters
    ----------
    line : int
        Of the file of corrections.
    split, row, text_sha256
        Which row it is.
    proposed_label : str
        The label it gets.
    """

    line: int
    split: str
    row: int
    text_sha256: str
    proposed_label: str


def hash_text(text: str) -> str:
    """Return the SHA-256 of a text's UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def check_issues_file(out: Path, *, overwrite: bool) -> None:
    """Say no before any work is done if the file cannot be written.

    Raises
    ------
    InputError
        It is no .csv, is a folder, or (`OutputExistsError`) is there already.
    """
    if out.suffix.lower() != ".csv":
        raise InputError(
            f"the issues cannot be written as '{out.name}'; a name that ends in .csv is accepted"
        )
    if out.is_dir():
        raise InputError(f"{out} is a folder; the path of a file is accepted")
    check_output(out, overwrite=overwrite)


def write_issues_file(issues: Iterable[Issue], out: Path, *, overwrite: bool = False) -> None:
    """Write the issues as CSV, whole or not at all.

    UTF-8 with a byte order mark, without which Excel shows Korean as garbage. Cells that a
    spreadsheet would run as a formula get an apostrophe.

    Raises
    ------
    InputError
        See `check_issues_file`.
    OutsideError
        The disk refused.
    """
    check_issues_file(out, overwrite=overwrite)
    beside = out.with_name(f".{out.name}.partial")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # A lone surrogate, which JSON input can hold, is spelt out; rows are matched by their hash
        # and not by the cell.
        with beside.open(
            "w", encoding="utf-8-sig", errors="backslashreplace", newline=""
        ) as stream:
            writer = csv.writer(stream, lineterminator="\r\n")
            writer.writerow(COLUMNS)
            for issue in issues:
                cells = issue.to_dict()
                writer.writerow([_cell(cells[name]) for name in COLUMNS])
        beside.replace(out)
    except OSError as err:
        reason = err.strerror or str(err)
        raise OutsideError(
            f"{out} could not be written: {reason}", hint="look at free space and permissions"
        ) from err
    finally:
        beside.unlink(missing_ok=True)


def _cell(value: Any) -> str:
    return "" if value is None else guard_cell(str(value))


def read_corrections(path: Path | str) -> tuple[list[Correction], int]:
    """Read the accepted suspects of an audit's file.

    Returns
    -------
    list of Correction
        Rows of kind ``wrong_label`` with yes, y, true or 1 under ``accept``, in any case.
    int
        Rows where something else than yes or no stands there; they count as no.

    Raises
    ------
    InputError
        There is no such file, or it is none of an audit.
    """
    path = Path(path)
    accepted, problems, n_unclear = [], [], 0
    for row in read_rows(path, delimiter=_delimiter(path)):
        if row.problem is not None:
            problems.append(f"line {row.line:,}: {row.problem}")
            continue
        if missing := [name for name in NEEDED if name not in row.values]:
            raise DataError(
                f"{path.name} has no column '{missing[0]}'; columns: {', '.join(map(str, row.values))}",
                hint="corrections are the file that `assay audit` wrote, with yes under accept",
            )
        cells = {name: unguard_cell(str(row.values[name] or "")).strip() for name in NEEDED}
        answer = cells["accept"].casefold()
        if answer not in YES:
            n_unclear += answer not in NO
            continue
        if cells["kind"] != "wrong_label":
            n_unclear += 1
        elif not cells["row"].isdecimal():
            problems.append(f"line {row.line:,}: row '{cells['row']}'; a whole number is accepted")
        else:
            accepted.append(_correction(row.line, cells, str(row.values["proposed_label"] or "")))
    if problems:
        raise DataError(f"{path.name} cannot be used:\n{list_problems(problems)}")
    return accepted, n_unclear


def _correction(line: int, cells: dict[str, str], proposed_label: str) -> Correction:
    return Correction(
        line=line,
        split=cells["split"],
        row=int(cells["row"]),
        text_sha256=cells["text_sha256"].casefold(),
        proposed_label=unguard_cell(proposed_label),  # labels keep the white space around them
    )


def _delimiter(path: Path) -> str | None:
    """Return the delimiter that stands after the first heading; None: what the suffix says."""
    if path.suffix.casefold() != ".csv" or not path.is_file():
        return None
    with path.open("rb") as stream:
        found = HEADER_DELIMITER.match(stream.read(64))
    return found.group(1).decode() if found else None
