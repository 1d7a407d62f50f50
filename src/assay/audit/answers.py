"""What a person answered in the file of an audit: the suspects that were accepted."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.audit.issues import SPREADSHEET_ENCODINGS, hash_text
from assay.data.files.readers import read_rows
from assay.data.files.spreadsheet import unguard_cell
from assay.data.spellings import find_spellings
from assay.data.texts import Splits
from assay.errors import DataError, cut, list_problems

__all__ = [
    "KINDS_OF_LABELS",
    "ChangedSince",
    "Correction",
    "FoundRow",
    "read_corrections",
    "read_issues_file",
]

NEEDED = ("kind", "split", "row", "proposed_label", "text_sha256", "accept")
YES = {
    "yes",
    "y",
    "true",
    "1",
    "x",
    "o",
    "ok",
    "예",
    "네",
    "넵",
    "응",
    "맞음",
    "수정",
    "○",
    "✓",
    "✔",
}
NO = {"", "no", "n", "false", "0", "-", "아니오", "아니요", "아뇨", "유지"}
# A yes for another kind changes no label.
KINDS_OF_LABELS = (
    "wrong_label",
    "doubtful_label",
    "missing_label",
    "extra_label",
    "label_spelling",
)
NUMBER = re.compile(r"\d+(\.\d+)?(e-?\d+)?")
WHOLE_NUMBER = re.compile(r"\d{1,18}")  # more digits name no row, and Python does not read 5,000
# Spreadsheets of some countries write ; in place of , between cells.
HEADER_DELIMITER = re.compile(rb'\W{0,4}kind"?([,;\t])')


@dataclass(frozen=True)
class Correction:
    """A suspect that a person accepted.

    Parameters
    ----------
    line : int
        Line in the file of corrections.
    kind : str
        One of `KINDS_OF_LABELS`, or another one for which a person gave a label.
    split, row, text_sha256
        Which row of the data it is.
    proposed_label : str
        The label that the row gets.
    label : str
        The one that it had when it was decided; empty where that is not known.
    """

    line: int
    kind: str
    split: str
    row: int
    text_sha256: str
    proposed_label: str
    label: str = ""


def read_corrections(path: Path | str) -> tuple[list[Correction], int]:
    """Read the accepted suspects from the file of an audit.

    Parameters
    ----------
    path : path
        A .csv file that `assay audit` wrote, perhaps saved again by a spreadsheet.

    Returns
    -------
    list of Correction
        Rows with a proposed label, and yes, y, x, true, 1 or 예 and its like under ``accept``.
    int
        Number of rows with a yes that belongs to another kind and proposes no label.

    Raises
    ------
    InputError
        There is no such file, or (`DataError`) it is not the file of an audit, or has a word under
        ``accept`` that is neither yes nor no; all such rows are named.
    """
    path = Path(path)
    accepted: list[Correction] = []
    problems: list[str] = []
    n_other_kinds = 0
    rows = read_rows(path, delimiter=_delimiter(path), encoding=_encoding(path))
    for row in rows:
        if row.problem is not None:
            problems.append(f"line {row.line:,}: {row.problem}")
            continue
        cells = _cells(row.values, path)
        answer = cells["accept"].strip().casefold()
        if answer in NO:
            continue
        if answer not in YES:
            problems.append(
                f"line {row.line:,}: '{cut(answer)}' under accept; yes, x, 1 or 예, and no, 0 or "
                "아니오 are accepted"
            )
        elif cells["kind"].strip() not in KINDS_OF_LABELS and not cells["proposed_label"]:
            n_other_kinds += 1
        elif not WHOLE_NUMBER.fullmatch(cells["row"].strip()):
            number = cut(cells["row"].strip())
            problems.append(f"line {row.line:,}: row '{number}'; a whole number is accepted")
        else:
            before = unguard_cell(str(row.values.get("label") or ""))
            accepted.append(_correction(row.line, cells, before))
    if problems:
        raise DataError(f"{path.name} cannot be used:\n{list_problems(problems)}")
    return accepted, n_other_kinds


@dataclass(frozen=True)
class FoundRow:
    """A row of the file of an audit, whatever was answered about it.

    Parameters
    ----------
    kind : str
    split, row, text_sha256
        Which row of the data it is.
    proposed_label : str
        Empty where none is proposed.
    score : float or None
    group : int or None
    """

    kind: str
    split: str
    row: int
    text_sha256: str
    proposed_label: str
    score: float | None
    group: int | None


def read_issues_file(path: Path | str) -> list[FoundRow]:
    """Read all rows of the file of an audit, in its order.

    Raises
    ------
    InputError
        There is no such file, or (`DataError`) it is not the file of an audit.
    """
    path = Path(path)
    found: list[FoundRow] = []
    for row in read_rows(path, delimiter=_delimiter(path), encoding=_encoding(path)):
        if row.problem is not None:
            raise DataError(f"{path.name} cannot be used: line {row.line:,}: {row.problem}")
        cells = _cells(row.values, path)
        number = cells["row"].strip()
        if not WHOLE_NUMBER.fullmatch(number):
            raise DataError(
                f"{path.name} line {row.line:,}: row '{cut(number)}' is no whole number"
            )
        score = str(row.values.get("score") or "").strip()
        group = str(row.values.get("group") or "").strip()
        found.append(
            FoundRow(
                kind=cells["kind"].strip(),
                split=cells["split"].strip(),
                row=int(number),
                text_sha256=cells["text_sha256"].strip().casefold(),
                proposed_label=cells["proposed_label"],
                score=float(score) if NUMBER.fullmatch(score) else None,
                group=int(group) if WHOLE_NUMBER.fullmatch(group) else None,
            )
        )
    return found


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


def _correction(line: int, cells: dict[str, str], label: str) -> Correction:
    return Correction(
        line=line,
        kind=cells["kind"].strip(),
        split=cells["split"].strip(),
        row=int(cells["row"].strip()),
        text_sha256=cells["text_sha256"].strip().casefold(),
        proposed_label=cells["proposed_label"],  # labels keep the white space around them
        label=label,
    )


class ChangedSince:
    """Tells which rows got another label after they were decided.

    Somebody gave it to them, which a decision on the old one must not undo. Another spelling of the
    same label is no other label, whether spellings were merged then and now or not.

    Parameters
    ----------
    splits : Splits
        The data as they are now.
    corrections : sequence of Correction
    separator : str, optional
        See `LabelSet.read_label`.
    """

    def __init__(
        self, splits: Splits, corrections: Sequence[Correction], *, separator: str | None
    ) -> None:
        self._label_set, self._separator = splits.label_set, separator
        counts: Counter[str] = Counter()
        for labelled in splits.values():
            counts.update(labelled.counts())
        for one in corrections:
            for name in self._read(one.label) or ():
                counts.setdefault(name, 1)
        self._usual = {found.label: found.proposed_label for found in find_spellings(counts)}

    def has(self, one: Correction, now: str | Sequence[str]) -> bool:
        """Tell whether a row has neither the label it had when decided nor the one it would get.

        Parameters
        ----------
        one : Correction
        now : str or sequence of str
            What the row has in the data.
        """
        if not one.label:
            return False
        names = {now} if isinstance(now, str) else set(now)
        known = (self._read(one.label), self._read(one.proposed_label))
        return self._spelled(names) not in [self._spelled(names) for names in known]

    def _read(self, written: str) -> set[str] | None:
        """Return the labels of a cell; none where the data do not have them now."""
        try:
            label = self._label_set.read_label(written, separator=self._separator)
        except DataError:
            return None
        return {label} if isinstance(label, str) else set(label)

    def _spelled(self, names: set[str] | None) -> set[str] | None:
        return None if names is None else {self._usual.get(name, name) for name in names}


def _encoding(path: Path) -> str | None:
    """Return the encoding that a spreadsheet saved the file in. None: UTF-8.

    The hash of each text tells: it is that of the text only if the bytes are read right.
    """
    raw = path.read_bytes() if path.is_file() else b""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return max(SPREADSHEET_ENCODINGS, key=lambda encoding: _n_matching(path, encoding))
    return None


def _n_matching(path: Path, encoding: str) -> int:
    """Count the rows whose text has the recorded hash, where the file is read in an encoding."""
    n_matching = 0
    for row in read_rows(path, delimiter=_delimiter(path), encoding=encoding):
        text = unguard_cell(str(row.values.get("text", "")))
        recorded = str(row.values.get("text_sha256", "")).strip()
        n_matching += not text.isascii() and hash_text(text) == recorded
    return n_matching


def _delimiter(path: Path) -> str | None:
    """Return the delimiter after the first heading. None: the one that the suffix implies."""
    if path.suffix.casefold() != ".csv" or not path.is_file():
        return None
    with path.open("rb") as stream:
        head = stream.read(128)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head.decode("utf-16", errors="ignore").encode()
    found = HEADER_DELIMITER.match(head)
    return found.group(1).decode() if found else None
