"""How results look on a terminal: tables that fit 80 columns, one JSON object, texts that cannot move the cursor."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

# Unicode categories that show nothing, or move the cursor: controls, formats, surrogates, private use, separators.
HIDDEN_KINDS = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
JOINER = "\u200d"  # zero width joiner: families of emoji are made with it

__all__ = ["print_json", "print_line", "print_table", "printable"]


def printable(text: str, *, keep_newlines: bool = False) -> str:
    """Return `text` with control and direction characters made visible: no text can drive the terminal.

    >>> printable("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    return "".join(_shown(char, keep_newlines=keep_newlines) for char in text)


def _shown(char: str, *, keep_newlines: bool) -> str:
    if char == "\n":
        return char if keep_newlines else "↵"
    if char == JOINER or unicodedata.category(char) not in HIDDEN_KINDS:
        return char
    return char.encode("unicode_escape").decode()


def print_json(content: Mapping[str, Any]) -> None:
    """Print one JSON object on a line of its own."""
    sys.stdout.write(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8") + "\n")


def print_line(line: str = "") -> None:
    """Print one line to stdout, as it is."""
    sys.stdout.write(printable(line) + "\n")


def print_table(
    rows: Sequence[Mapping[str, Any]], *, title: str = "", right: Sequence[str] = (), elastic: Sequence[str] = ()
) -> None:
    """Print rows as a table.

    Parameters
    ----------
    rows : sequence of dict
        The first row's keys are the headings; values are shown as `str`.
    title : str
    right : sequence of str
        Columns of numbers.
    elastic : sequence of str
        Columns that give way where the terminal is narrow, cut with an ellipsis.
    """
    if not rows:
        return
    table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False, title_style="bold")
    for name in rows[0]:
        table.add_column(
            Text(name),
            justify="right" if name in right else "left",
            no_wrap=name not in elastic,
            overflow="ellipsis",
            # Rich narrows the columns that may wrap first: only an elastic one may be cut.
            min_width=8 if name in elastic else max(len(name), *(cell_len(printable(str(row[name]))) for row in rows)),
        )
    for row in rows:
        table.add_row(*(Text(printable(str(value)), no_wrap=True, overflow="ellipsis") for value in row.values()))
    Console(file=sys.stdout, highlight=False).print(table)
