"""What a person answered in the file of an audit: the suspects that were accepted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from assay.data.files.readers import read_rows
from assay.data.files.spreadsheet import unguard_cell
from assay.errors import DataError, list_problems

__all__ = ["Correction", "read_corrections"]

NEEDED = ("kind", "split", "row", "proposed_label", "text_sha256", "accept")
YES = {"yes", "y", "true", "1"}
NO = {"", "no", "n", "false", "0"}
# Spreadsheets of some countries write ; in place of , between cells.
HEADER_DELIMITER = re.compile(rb'\W{0,4}kind"?([,;\t])')


@dataclass(frozen=True)
class Correction:
    """A suspect that a person accepted.

    Parameters
    ----------
    line : int
        Line in the file of corrections.
    split, row, text_sha256
        Which row of the data it is.
    proposed_label : str
        The label that the row gets.
    """

    line: int
    split: str
    row: int
    text_sha256: str
    proposed_label: str


def read_corrections(path: Path | str) -> tuple[list[Correction], int]:
    """Read the accepted suspects from the file of an audit.

    Parameters
    ----------
    path : path
        A .csv file that `assay audit` wrote, perhaps saved again by a spreadsheet.

    Returns
    -------
    list of Correction
        Rows of kind ``wrong_label`` with yes, y, true or 1 under ``accept``, in any case.
    int
        Number of rows with anything else than yes or no under ``accept``, or with a yes that
        belongs to another kind. They count as no.

    Raises
    ------
    InputError
        There is no such file, or (`DataError`) it is not the file of an audit.
    """
    path = Path(path)
    accepted: list[Correction] = []
    problems: list[str] = []
    n_unclear = 0
    for row in read_rows(path, delimiter=_delimiter(path)):
        if row.problem is not None:
            problems.append(f"line {row.line:,}: {row.problem}")
            continue
        cells = _cells(row.values, path)
        answer = cells["accept"].strip().casefold()
        if answer not in YES:
            n_unclear += answer not in NO
        elif cells["kind"].strip() != "wrong_label":
            n_unclear += 1
        elif not cells["row"].strip().isdecimal():
            number = cells["row"].strip()
            problems.append(f"line {row.line:,}: row '{number}'; a whole number is accepted")
        else:
            accepted.append(_correction(row.line, cells))
    if problems:
        raise DataError(f"{path.name} cannot be used:\n{list_problems(problems)}")
    return accepted, n_unclear


def _cells(values: dict[str, object], path: Path) -> dict[str, str]:
    """Return the needed cells of a row without the apostrophes that guarded them."""
    for name in NEEDED:
        if name not in values:
            columns = ", ".join(map(str, values))
            raise DataError(
                f"{path.name} has no column '{name}'; columns: {columns}",
                hint="corrections are the file that `assay audit` wrote, with yes under accept",
            )
    return {name: unguard_cell(str(values[name] or "")) for name in NEEDED}


def _correction(line: int, cells: dict[str, str]) -> Correction:
    return Correction(
        line=line,
        split=cells["split"].strip(),
        row=int(cells["row"].strip()),
        text_sha256=cells["text_sha256"].strip().casefold(),
        proposed_label=cells["proposed_label"],  # labels keep the white space around them
    )


def _delimiter(path: Path) -> str | None:
    """Return the delimiter after the first heading. None: the one that the suffix implies."""
    if path.suffix.casefold() != ".csv" or not path.is_file():
        return None
    with path.open("rb") as stream:
        found = HEADER_DELIMITER.match(stream.read(64))
    return found.group(1).decode() if found else None
