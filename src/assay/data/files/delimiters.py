"""Which character separates the columns of a table: found where its header leaves no doubt."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from assay.data.columns import LABEL_NAMES, TEXT_NAMES, fold_name
from assay.data.files.variants import HeadRows, Variant, parse_head
from assay.errors import DataError

__all__ = [
    "DELIMITERS",
    "find_delimiter",
    "find_header_delimiter",
    "have_equal_tabs",
    "named_separator",
    "names_both",
    "show_delimiter",
]

# And how a shell is given them.
DELIMITERS = {",": "','", ";": "';'", "\t": "tab", "|": "'|'"}
# The first line of a table as Excel writes it for its own use.
NAMED_SEPARATOR = re.compile(r'\s*"?sep=(.)"?\s*', re.IGNORECASE)
# Names of columns in quotes, with spaces between them: what write.table of R writes.
IN_QUOTES = re.compile(r'"[^"]*"(?: "[^"]*")+')


def show_delimiter(delimiter: str) -> str:
    """Return a delimiter as a shell is given it."""
    return DELIMITERS.get(delimiter, f"'{delimiter}'")


def named_separator(line: str) -> str | None:
    """Return the separator that a line such as ``sep=;`` names, else None.

    >>> named_separator("sep=;")
    ';'
    """
    found = NAMED_SEPARATOR.fullmatch(line.rstrip("\r\n"))
    return found.group(1) if found else None


def find_delimiter(lines: Sequence[str], default: str, *, name: str, is_whole: bool) -> str:
    """Return the character between the columns of a table.

    Parameters
    ----------
    lines : sequence of str
        The first lines of the file.
    default : str
        What the suffix of the file says; taken where the header shows no other one.
    name : str
        How messages call the file.
    is_whole : bool
        Whether the lines are the whole file.

    Raises
    ------
    DataError
        Several characters could be meant.
    """
    possible: dict[str, HeadRows] = {}
    first = next(filter(str.strip, lines), "")
    for delimiter in dict.fromkeys((default, *DELIMITERS, *_spaces(first))):
        if not _has_wide_header(lines, delimiter):
            continue
        head = _best_head(lines, delimiter, is_whole=is_whole)
        if delimiter == default or _is_table(head):
            possible[delimiter] = head
    if len(possible) < 2:
        return next(iter(possible), default)
    return _most_likely(possible, name=name)


def find_header_delimiter(line: str) -> str | None:
    """Return the delimiter of a line that names a text column and a label column, else None.

    >>> find_header_delimiter("id|document|label"), find_header_delimiter("so glad;joy")
    ('|', None)
    """
    possible: list[str] = [*DELIMITERS, *_spaces(line)]
    for delimiter in possible:
        names = [name.strip().strip('"') for name in line.rstrip("\r\n").split(delimiter)]
        if names_both(names):
            return delimiter
    return None


def _spaces(line: str) -> str:
    """Return a space if it is what separates the names of a header, each in quotes, as R has it."""
    return " " * bool(IN_QUOTES.fullmatch(line.rstrip("\r\n")))


def names_both(names: Sequence[str]) -> bool:
    """Tell whether a text column and a label column are among names, by well-known ones.

    >>> names_both(["Id", "Text", "Category"]), names_both(["text", "note"])
    (True, False)
    """
    return _count_known(names) == 2


def have_equal_tabs(lines: Sequence[str]) -> bool:
    r"""Tell whether several lines hold as many tabs each, and not each a semicolon.

    >>> have_equal_tabs(["ham\tsee you", "spam\twin; now"]), have_equal_tabs(["so glad;joy"])
    (True, False)
    """
    filled = [line for line in lines if line.strip()]
    counts = {line.count("\t") for line in filled}
    has_semicolons = all(";" in line for line in filled)
    return len(filled) > 1 and len(counts) == 1 and counts != {0} and not has_semicolons


def _has_wide_header(lines: Sequence[str], delimiter: str) -> bool:
    """Tell whether the first record that is not blank has several fields."""
    try:
        header = next(filter(None, Variant(delimiter).reader(lines)), [])
    except csv.Error:
        return False
    return len(header) > 1


def _best_head(lines: Sequence[str], delimiter: str, *, is_whole: bool) -> HeadRows:
    """Read the head with quotes that enclose and with quotes that do not; return what fits best."""
    quoted = parse_head(lines, Variant(delimiter), is_whole=is_whole)
    if quoted.fits:
        return quoted
    plain = parse_head(lines, Variant(delimiter, quotes=False), is_whole=is_whole)
    return min(quoted, plain, key=lambda head: head.n_bad)


def _is_table(head: HeadRows) -> bool:
    """Tell whether a row has several fields, or there is none yet.

    Otherwise the header of a single column holds the delimiter by chance.
    """
    rows = head.rows[1:]
    return not rows or any(len(row) > 1 for row in rows)


def _most_likely(possible: dict[str, HeadRows], *, name: str) -> str:
    """Choose by well-known names of columns, then by rows that fit; else it is a doubt."""
    ranks = {}
    for delimiter, head in possible.items():
        ranks[delimiter] = (_count_known(head.rows[0]), head.fits)
    best = max(ranks.values())
    chosen = [delimiter for delimiter, rank in ranks.items() if rank == best]
    if len(chosen) == 1:
        return chosen[0]
    flags = tuple(f"--delimiter {show_delimiter(delimiter)}" for delimiter in chosen)
    raise DataError(
        f"{name} can be read with {' or '.join(map(show_delimiter, chosen))} between its columns",
        hint="say which one separates them",
        flags=flags,
    )


def _count_known(names: Sequence[str]) -> int:
    """Return for how many of text and label there is a column with a well-known name."""
    folded = set(map(fold_name, names))
    known = [{name for tier in tiers for name in tier} for tiers in (TEXT_NAMES, LABEL_NAMES)]
    return sum(1 for some in known if some & folded)
