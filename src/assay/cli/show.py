"""How results look on a terminal: tables that fit, one JSON object, harmless texts.

rich is imported where it draws: most commands whose output is piped never do.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# Unicode categories that show nothing, or move the cursor: controls, formats, surrogates, private
# use, separators.
HIDDEN_KINDS = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
JOINERS = "\u200c\u200d"  # emoji families and words of Persian and of Indian scripts need them

__all__ = [
    "begin_output",
    "cell_width",
    "print_json",
    "print_line",
    "print_sentence",
    "print_table",
    "printable",
    "show_labels",
    "write_line",
]

MIN_ELASTIC_WIDTH = 8  # an elastic column is cut down to this before any other column gives way
MIN_WIDTH = 4  # three characters and the ellipsis: a narrower column says nothing
GAP = 3  # between columns


def printable(text: str, *, keep_newlines: bool = False) -> str:
    """Return `text` with control and direction characters made visible.

    So no text can move the cursor or change colours.

    >>> printable("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    return "".join(_shown(char, keep_newlines=keep_newlines) for char in text)


def _shown(char: str, *, keep_newlines: bool) -> str:
    if char == "\n":
        return char if keep_newlines else "↵"
    if char in JOINERS or unicodedata.category(char) not in HIDDEN_KINDS:
        return char
    return char.encode("unicode_escape").decode()


def show_labels(names: Iterable[str]) -> str:
    """Return the labels of a text in one cell.

    >>> show_labels(["rude", "funny"]), show_labels([])
    ('rude, funny', '(none)')
    """
    from assay.data.labels import list_labels

    return list_labels(names) or "(none)"


def cell_width(text: str) -> int:
    """Return how many columns of a terminal `text` takes: Korean letters take two."""
    from rich.cells import cell_len

    return cell_len(printable(text))


def print_json(content: Mapping[str, Any]) -> None:
    """Print one JSON object on a line of its own.

    Characters are printed as they are if stdout is UTF-8, else escaped. Unpaired surrogates, which
    no encoding can hold, are always escaped.
    """
    is_utf8 = (getattr(sys.stdout, "encoding", None) or "utf-8").casefold().replace(
        "-", ""
    ) == "utf8"
    line = json.dumps(content, ensure_ascii=not is_utf8)
    write_line(re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found.group()):04x}", line))


def print_line(line: str = "") -> None:
    """Print one line to stdout; control characters are made visible."""
    write_line(printable(line))


def print_sentence(sentence: str) -> None:
    """Print a long line, broken between words where the terminal ends."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        print_line(sentence)
        return
    for line in Text(printable(sentence)).wrap(console, console.width):
        write_line(line.plain.rstrip())


def write_line(line: str) -> None:
    """Write to stdout; a character that its encoding lacks is escaped rather than an error."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    sys.stdout.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    _Written.is_line_open = line != ""


class _Written:
    """Whether text is right above: a table with a title then begins with a blank line."""

    is_line_open = False


def begin_output() -> None:
    """Forget what an earlier command of this process wrote."""
    _Written.is_line_open = False


def print_table(
    rows: Sequence[Mapping[str, Any]],
    *,
    title: str = "",
    right: Sequence[str] = (),
    elastic: Sequence[str] = (),
) -> None:
    """Print rows as a table no wider than the terminal: one line per row, no column dropped.

    Parameters
    ----------
    rows : sequence of dict
        The first row's keys are the headings; values are shown as `str`.
    title : str
    right : sequence of str
        Columns of numbers.
    elastic : sequence of str
        Columns that give way first where the terminal is narrow, cut with an ellipsis.
    """
    if not rows:
        return
    from rich.console import Console
    from rich.text import Text

    if title and _Written.is_line_open:
        write_line("")
    # Columns get their widths here: rich, left alone, drops the right-most ones or wraps the
    # numbers.
    names = list(rows[0])
    cells = [[printable(str(row.get(name, ""))) for name in names] for row in rows]
    natural = [max(map(cell_width, column)) for column in zip(names, *cells, strict=True)]
    console = Console(file=sys.stdout, highlight=False)
    widths = _fit(
        natural,
        [name in elastic for name in names],
        limit=console.width - GAP * (len(names) - 1) - 2,
    )
    table = _rich_table(title)
    for name, width in zip(names, widths, strict=True):
        table.add_column(
            Text(printable(name), overflow="ellipsis"),
            justify="right" if name in right else "left",
            no_wrap=True,
            overflow="ellipsis",
            width=width,
        )
    for row in cells:
        table.add_row(*(Text(text, no_wrap=True, overflow="ellipsis") for text in row))
    width = max(console.width, sum(widths) + GAP * len(names) + 2)
    _write_drawn(console, table, width=width)


def _rich_table(title: str) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    # A title that is wider than its table stays on one line.
    heading = Text(title, no_wrap=True, overflow="ignore") if title else None
    return Table(
        box=box.SIMPLE_HEAD,
        title=heading,
        title_justify="left",
        pad_edge=False,
        title_style="bold",
    )


def _write_drawn(console: Console, table: Table, *, width: int) -> None:
    """Write a table through `write_line`.

    rich itself ends the process with 1 when a pipe is closed, and stops at characters that stdout
    cannot encode.
    """
    with console.capture() as drawn:
        console.print(table, width=width, crop=False)
    for line in drawn.get().split("\n"):
        if line.strip():  # rich adds blank lines above and below: one below is enough
            write_line(line.rstrip())
    write_line("")


def _fit(natural: Sequence[int], is_elastic: Sequence[bool], *, limit: int) -> list[int]:
    """Return widths that sum to at most `limit`, if the least widths do.

    The widest column gives way first, elastic columns before the others.
    """
    widths = [min(width, max(limit, MIN_ELASTIC_WIDTH)) for width in natural]
    for least, may_shrink in ((MIN_ELASTIC_WIDTH, is_elastic), (MIN_WIDTH, [True] * len(widths))):
        while sum(widths) > limit:
            widest = max(range(len(widths)), key=lambda i: widths[i] if may_shrink[i] else 0)
            if not may_shrink[widest] or widths[widest] <= least:
                break
            widths[widest] -= 1
    return widths
