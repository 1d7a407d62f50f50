"""Quotes around and inside fields: put there by a program, or part of the texts."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = [
    "doubles_quotes",
    "encloses_all",
    "has_bare_quotes",
    "has_doubled_quotes",
    "has_open_quotes",
]

SEVERAL = 4  # fewer are mistakes, which are named one by one
Rows = Sequence[Sequence[str]]


def encloses_all(rows: Rows) -> bool:
    """Tell whether a column that has enclosed fields has no other texts, as "quote all" writes it.

    The rows are those of the table read without quoting. Numbers and empty fields may go without
    quotes.

    >>> encloses_all([['"text"', '"label"'], ['"so glad"', "1"]])
    True
    """
    n_columns = 0
    for column in zip(*rows, strict=False):
        are_enclosed = [_is_enclosed(cell) for cell in column if _is_text(cell)]
        if any(are_enclosed):
            n_columns += 1
            if not all(are_enclosed):
                return False
    return n_columns > 0


def has_doubled_quotes(rows: Rows) -> bool:
    """Tell whether fields are enclosed where they hold a quote, doubled, and nowhere else.

    The rows are those of the table read without quoting.

    >>> has_doubled_quotes([["text"], ['"a ""big"" word"']]), has_doubled_quotes([['"hi"']])
    (True, False)
    """
    enclosed = [cell for row in rows for cell in row if cell.startswith('"')]
    return bool(enclosed) and all(_needs_quotes(cell) for cell in enclosed)


def has_bare_quotes(head: str, delimiter: str) -> bool:
    """Tell whether fields hold quotes without being enclosed, which no program that quotes writes.

    >>> has_bare_quotes('a "b" c,1', ","), has_bare_quotes('"a ""b"" c",1', ",")
    (True, False)
    """
    return '"' in re.sub(_enclosed_field(delimiter), "", head)


def doubles_quotes(head: str, delimiter: str) -> bool:
    """Tell whether all quotes enclose fields or are doubled in them, and some are doubled.

    Only a program that quotes fields writes so.

    >>> doubles_quotes('"a ""b"" c",1', ","), doubles_quotes('"a",1', ",")
    (True, False)
    """
    fields = re.findall(_enclosed_field(delimiter), head)
    return any('""' in field[1:-1] for field in fields) and not has_bare_quotes(head, delimiter)


def has_open_quotes(rows: Rows) -> bool:
    """Tell whether several fields begin with a quote and do not end with one.

    The rows are those of the table read without quoting.

    >>> has_open_quotes([['"hi" he said']] * 4), has_open_quotes([['"hi" he said']])
    (True, False)
    """
    quoted = [cell for row in rows for cell in row if cell.startswith('"')]
    n_open = sum(not _is_enclosed(cell) for cell in quoted)
    return n_open >= SEVERAL and 2 * n_open > len(quoted)


def _enclosed_field(delimiter: str) -> str:
    special = re.escape(delimiter)
    return rf'(?<![^{special}\r\n])"(?:[^"]|"")*"(?![^{special}\r\n])'


def _needs_quotes(cell: str) -> bool:
    return _is_enclosed(cell) and '""' in cell[1:-1] and '"' not in cell[1:-1].replace('""', "")


def _is_enclosed(cell: str) -> bool:
    return len(cell) >= 2 and cell[0] == cell[-1] == '"'


def _is_text(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell != ""
    return False
