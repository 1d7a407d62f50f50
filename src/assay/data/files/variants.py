"""Ways in which the quotes and backslashes of a table can be meant, each tried on its first lines.

The bytes of a table do not say who wrote it. So its head is read in every way that a program could
have meant; a way that gives every row as many fields as the header has is a way that fits.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

__all__ = [
    "HeadRows",
    "Variant",
    "escapes_breaks",
    "find_extra",
    "has_pairs_alone",
    "parse_head",
    "writes_escapes",
]

Rows = list[list[str]]
MAX_DIGITS = 18  # of the number of a row
NAMED_BY_WORDS = (" ", "\t")  # what `write.table` of R has between columns
EXTRA_FIELDS = {None: 0, "first": 1, "last": 1, "header": -1}


@dataclass(frozen=True)
class Variant:
    """One way to read the fields of a table.

    Parameters
    ----------
    delimiter : str
    quotes : bool
        Whether a quote at the start of a field encloses it.
    escape : str or None
        The character that makes the next one plain text.
    skips_space : bool
        Whether white space after a delimiter belongs to no field.
    """

    delimiter: str
    quotes: bool = True
    escape: str | None = None
    skips_space: bool = False

    def reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """Return the fields of each record.

        Strict: a quote that is not closed or not doubled is an error. Without that, texts would
        be glued together.
        """
        if self.escape == "\\":
            lines = _keep_nothing(lines, self.delimiter)
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quoting=csv.QUOTE_MINIMAL if self.quotes else csv.QUOTE_NONE,
            escapechar=self.escape,
            skipinitialspace=self.skips_space,
            strict=True,
        )


def _keep_nothing(lines: Iterable[str], delimiter: str) -> Iterator[str]:
    r"""Escape the backslash of cells that are ``\N``, which MySQL writes for NULL.

    ``\N`` is no escaped N: without this, such a cell would be read as the letter.
    """
    special = re.escape(delimiter)
    cell = re.compile(rf"(?<![^{special}])\\N(?=[{special}\r\n]|$)")
    for line in lines:
        yield cell.sub(r"\\\\N", line) if "\\N" in line else line


@dataclass(frozen=True)
class HeadRows:
    """What the head of a table is in one variant.

    Parameters
    ----------
    rows : list of list of str
        Fields of the records that are not blank, the header first.
    n_bad : int
        Records that cannot be read, or that are not as wide as the header.
    """

    rows: Rows
    n_bad: int

    @property
    def fits(self) -> bool:
        """Whether all records could be read, each as wide as the header."""
        return self.n_bad == 0

    @property
    def has_breaks(self) -> bool:
        """Whether a field holds a line break."""
        cells = (cell for row in self.rows for cell in row)
        return any("\n" in cell or "\r" in cell for cell in cells)


def parse_head(lines: Sequence[str], variant: Variant, *, is_whole: bool) -> HeadRows:
    """Read the first lines of a table.

    Parameters
    ----------
    lines : sequence of str
        With their ends of line.
    variant : Variant
    is_whole : bool
        Whether they are the whole file. If not, the last record may be cut, and is left out.
    """
    rows: Rows = []
    n_errors = 0
    reader = variant.reader(lines)
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            break
        except csv.Error:
            n_errors += 1
            rows.append([])
            continue
        if fields:
            rows.append(fields)
    if not is_whole and len(rows) > 1:
        n_errors -= not rows.pop()
    whole = [row for row in rows if row]
    n_ragged = 0
    if whole:
        width = len(whole[0]) + EXTRA_FIELDS[find_extra(whole, variant.delimiter)]
        n_ragged = sum(1 for row in whole[1:] if len(row) != width)
    return HeadRows(whole, n_errors + n_ragged)


def find_extra(rows: Rows, delimiter: str) -> str | None:
    """Return where every row has one field more than the header, or the header one more than they.

    ``first``: the names of the rows, as R writes them. ``last``: nothing, where each row but the
    header ends with a delimiter. ``header``: the header alone ends with one. None: as many.
    """
    header, others = rows[0], rows[1:]
    if _is_header_longer(header, others):
        return "header"
    if not others or any(len(row) != len(header) + 1 for row in others):
        return None
    if all(row[-1] == "" for row in others):
        return "last"
    names = [row[0] for row in others]
    return "first" if len(names) > 1 and _are_row_names(names, len(header), delimiter) else None


def _are_row_names(names: Sequence[str], n_columns: int, delimiter: str) -> bool:
    """Tell whether the first fields are names of rows, and no beginnings of texts.

    Names are numbers, which grow where rows were chosen, or words. A comma, which texts hold too,
    is behind numbers alone.
    """
    numbers = list(range(1, len(names) + 1))
    joined = "".join(names)
    are_digits = all(names) and joined.isascii() and joined.isdigit()
    if are_digits and max(map(len, names)) <= MAX_DIGITS:
        found = list(map(int, names))
        if found == numbers or (n_columns > 1 and found == sorted(set(found))):
            return True
    if n_columns < 2 or delimiter not in NAMED_BY_WORDS or len(set(names)) < len(names):
        return False
    # Between spaces, a name of several words is in quotes, as no beginning of a text is
    return delimiter == " " or all(map(_is_word, names))


def _is_word(name: str) -> bool:
    return len(name.split()) == 1


def _is_header_longer(header: Sequence[str], others: Rows) -> bool:
    """Tell whether the header has an empty field at its end that no row has."""
    widths = {len(row) for row in others}
    return len(header) > 1 and not header[-1].strip() and widths == {len(header) - 1}


def writes_escapes(head: str, delimiter: str) -> bool:
    """Tell whether each backslash in `head` is before a character that programs escape.

    Then it may come from Spark, MySQL or R. A path of Windows, with a backslash before a letter,
    shows that backslashes are plain characters.
    """
    special = re.escape(delimiter)
    plain = re.compile(rf"\\(?:[^\\\"\r\n{special}N]|N(?![{special}\r\n]|$))")
    pairs = re.sub(r"\\\\", "", head)
    return "\\" in head and not plain.search(pairs)


def has_pairs_alone(head: str) -> bool:
    """Tell whether no backslash is alone: a program may have doubled the backslashes of texts."""
    return "\\" in head and "\\" not in head.replace("\\\\", "")


def escapes_breaks(head: str, delimiter: str) -> bool:
    """Tell whether backslashes are before line breaks that are not the ends of rows.

    Such are lone line feeds outside of quotes in a file whose lines end as those of Windows.
    """
    special = re.escape(delimiter)
    bare = re.sub(rf'(?<![^{special}\r\n])"(?:[^"]|"")*"(?![^{special}\r\n])', "", head)
    return "\r\n" in bare and "\\\n" in bare
