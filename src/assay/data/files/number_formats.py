"""Numbers of a workbook that are shown with zeros or letters before them: 1 as 001 or T-0001.

The cell holds 1, and its number format makes of it what a person sees. Formats of digits that must
be there (``000``), and letters before a number, are followed; all others (percent, currency,
decimals, units) leave the number as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree  # what is read was opened as a workbook before

from assay.data.files.workbook_parts import WorkbookParts, walk_cells

__all__ = ["NumberFormat", "parse_format", "show_numbers"]

# One piece of a format: a quoted text, an escaped character, the width of one, a fill, a digit, or
# one of the few characters that need no quotes.
PIECE = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|(?P<width>_.)|(?P<fill>\*.)|(?P<digit>0)'
    r"|(?P<plain>[-+():!^&'~{}<>= ])",
    re.DOTALL,
)
# Colours, and the language of a format.
COLOUR = re.compile(
    r"\[(?:black|blue|cyan|green|magenta|red|white|yellow|color ?[0-9]+|\$-\w+)\]", re.IGNORECASE
)
MAX_DIGITS = 40  # a spreadsheet shows 15 digits of a number and zeros after them


@dataclass(frozen=True)
class NumberFormat:
    """A format of digits and letters.

    Parameters
    ----------
    pieces : tuple of str or None
        Letters that are always shown; None: the next digit of the number.
    """

    pieces: tuple[str | None, ...]

    def show(self, number: int) -> str:
        """Return what is seen of a number of at least 0.

        >>> parse_format('"T-"000').show(7), parse_format("000-0000").show(15551234)
        ('T-007', '1555-1234')
        """
        n_digits = self.pieces.count(None)
        digits = f"{number:0{n_digits}d}"
        before = len(digits) - n_digits  # digits that the format has no place for come first
        place = 0
        shown = ""
        for piece in self.pieces:
            if piece is not None:
                shown += piece
                continue
            end = place + 1 + before
            shown += digits[place:end]
            place, before = end, 0
        return shown


def parse_format(code: str) -> NumberFormat | None:
    """Return a format of digits and letters; None if it is of another kind, or shows plain numbers.

    >>> parse_format("0") is None, parse_format("0.00") is None, parse_format("yyyy") is None
    (True, True, True)
    """
    rest = COLOUR.sub("", _positive_section(code))
    pieces: list[str | None] = []
    while rest:
        found = PIECE.match(rest)
        if found is None:
            return None
        rest = rest[found.end() :]
        if found["digit"]:
            pieces.append(None)
        elif found["width"]:
            pieces.append(" ")
        elif not found["fill"]:
            pieces.append(found["quoted"] or found["escaped"] or found["plain"] or "")
    if not _is_followed(pieces):
        return None
    return NumberFormat(tuple(pieces))


def _is_followed(pieces: Sequence[str | None]) -> bool:
    """Tell whether a format has zeros before the number, or a letter: units behind it have none."""
    n_digits = pieces.count(None)
    if n_digits != 1:
        return 1 < n_digits <= MAX_DIGITS
    before = "".join(piece or "" for piece in pieces[: pieces.index(None)])
    return any(char.isalpha() for char in before)


def show_numbers(rows: list[list[Any]], parts: WorkbookParts, *, top: int, left: int) -> None:
    """Replace numbers of a sheet by what is seen of them, in place, where their format says it.

    Parameters
    ----------
    rows : list of list
        The values of the sheet. Whole numbers of at least 0 become texts.
    parts : WorkbookParts
    top, left : int
        Row and column, counted from 0, of the first value in the sheet.
    """
    formats = _formats_of_styles(parts.styles)
    if not formats:
        return
    for row, column, style in walk_cells(parts.sheet):
        number_format = formats.get(style)
        y, x = row - 1 - top, column - 1 - left
        is_inside = 0 <= y < len(rows) and 0 <= x < len(rows[0])
        if number_format is None or not is_inside:
            continue
        value = rows[y][x]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and value >= 0 and float(value).is_integer():
            rows[y][x] = number_format.show(int(value))


def _formats_of_styles(styles: bytes) -> dict[bytes, NumberFormat]:
    """Return the formats of digits and letters by the number of the style that has them."""
    if b"formatCode" not in styles:
        return {}
    try:
        root = ElementTree.fromstring(styles)  # noqa: S314
    except ElementTree.ParseError:
        return {}
    codes = {}
    for one in root.iter():
        if one.tag.endswith("}numFmt"):
            codes[one.get("numFmtId")] = parse_format(one.get("formatCode", ""))
    formats = {}
    styles_of_cells = root.find("{*}cellXfs")
    if styles_of_cells is None:
        return {}
    for number, style in enumerate(styles_of_cells):
        number_format = codes.get(style.get("numFmtId"))
        if number_format is not None:
            formats[str(number).encode()] = number_format
    return formats


def _positive_section(code: str) -> str:
    """Return the part of a format for numbers above 0: what is before the first semicolon."""
    section = ""
    for piece in re.findall(r'"[^"]*"|\\.|.', code, re.DOTALL):
        if piece == ";":
            break
        section += piece
    return section
