"""How a table was written: what was asked for, and for the rest what its first lines show.

Where the first lines can be read in two ways that give other rows, it is an error that names both.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from assay.data.files.delimiters import find_delimiter, named_separator, show_delimiter
from assay.data.files.enclosed import (
    doubles_quotes,
    encloses_all,
    has_bare_quotes,
    has_doubled_quotes,
    has_open_quotes,
)
from assay.data.files.reading import NO_ESCAPE, Reading
from assay.data.files.variants import (
    HeadRows,
    Variant,
    escapes_breaks,
    find_extra,
    has_pairs_alone,
    parse_head,
    writes_escapes,
)
from assay.errors import DataError

__all__ = ["QUOTING_FLAGS", "Dialect", "find_dialect"]

logger = logging.getLogger(__name__)

BACKSLASH = "\\"
QUOTING_FLAGS = ("--quoting none", "--quoting minimal")
ESCAPE_FLAGS = (f"--escape '{BACKSLASH}'", f"--escape {NO_ESCAPE}")


@dataclass(frozen=True)
class Dialect:
    """How a table was written.

    Parameters
    ----------
    variant : Variant
    names_separator : bool
        Whether the first line only names the separator, as Excel writes it.
    takes_breaks : bool
        Whether a record of several lines is taken although each of its lines would be one too.
    extra : str or None
        Where rows have one field more than the header; see `find_extra`.
    """

    variant: Variant
    names_separator: bool = False
    takes_breaks: bool = True
    extra: str | None = None


def find_dialect(
    head: str, reading: Reading, *, default: str, name: str, is_whole: bool
) -> Dialect:
    """Find out how a table was written.

    Parameters
    ----------
    head : str
        The beginning of the file, as whole lines.
    reading : Reading
        What was asked for; it is not questioned.
    default : str
        The delimiter that the suffix stands for.
    name : str
        How messages call the file.
    is_whole : bool
        Whether the head is the whole file.

    Raises
    ------
    DataError
        The head can be read in several ways, or only in one that must be asked for.
    """
    # Lines end at line feeds and carriage returns alone, as `open` has it with `newline=""`.
    lines = list(io.StringIO(head, newline=""))
    named = named_separator(lines[0]) if lines else None
    if named is not None:
        lines = lines[1:]
    delimiter = reading.delimiter or named
    if delimiter is None:
        delimiter = find_delimiter(lines, default, name=name, is_whole=is_whole)
        if delimiter != default:
            _say(f"{name}: {show_delimiter(delimiter)} separates the columns", hash(head))
    choice = _Choice(lines, reading, delimiter, name, is_whole=is_whole)
    return choice.dialect(names_separator=named is not None)


@lru_cache(maxsize=64)
def _say(sentence: str, content: int) -> None:
    """Say how a file is read, once however often it is opened; `content` tells it from others."""
    logger.warning("%s", sentence)


@dataclass(frozen=True)
class _Choice:
    """The variants of one table, and which of them is taken."""

    lines: Sequence[str]
    reading: Reading
    delimiter: str
    name: str
    is_whole: bool

    @property
    def plain(self) -> Variant:
        """The variant as it was asked for, else the usual one."""
        escape = None if self.reading.escape == NO_ESCAPE else self.reading.escape
        return Variant(self.delimiter, quotes=self.reading.quoting != "none", escape=escape)

    def dialect(self, *, names_separator: bool) -> Dialect:
        """Return the dialect that the lines show."""
        head = "".join(self.lines)
        variant = self.plain
        as_asked = self._parse(self.plain)
        if self.reading.escape is None and BACKSLASH in head:
            self._check_escapes(head, as_asked)
        if self.plain.quotes and '"' in head:
            variant = self._with_space(as_asked)
            if self.reading.quoting is None and variant == self.plain:
                variant = self._with_quotes(as_asked)
        takes_breaks = variant.delimiter != "\t" or self.reading.quoting is not None
        if variant != self.plain:
            as_asked = self._parse(variant)
        return Dialect(variant, names_separator, takes_breaks, self._extra(as_asked))

    def _extra(self, head: HeadRows) -> str | None:
        """Return where rows have one cell more than the header; see `find_extra`."""
        if not head.rows or not self.reading.header:
            return None
        extra = find_extra(head.rows, self.delimiter)
        if extra == "first" and head.rows[1][0] != "1":
            self._say("its first column has no name; it is read as the names of the rows")
        return extra

    def _say(self, sentence: str) -> None:
        _say(f"{self.name}: {sentence}", hash("".join(self.lines)))

    def _parse(self, variant: Variant) -> HeadRows:
        return parse_head(self.lines, variant, is_whole=self.is_whole)

    def _check_escapes(self, head: str, plain: HeadRows) -> None:
        """Refuse a table whose backslashes may be escapes, as Spark, MySQL and R write them."""
        delimiter = self.plain.delimiter
        if not writes_escapes(head, delimiter):
            return
        if plain.fits and not _tells_escapes(head, delimiter):
            return  # a program that doubles quotes and escapes nothing would write the same
        for quotes in (True, False):
            if self.reading.quoting == ("none" if quotes else "minimal"):
                continue
            escaped = self._parse(Variant(delimiter, quotes, BACKSLASH))
            if escaped.fits and escaped.rows != plain.rows:
                self._refuse_escapes(plain, quotes=quotes)

    def _refuse_escapes(self, plain: HeadRows, *, quotes: bool) -> None:
        escaped, literal = ESCAPE_FLAGS
        what = "backslashes before quotes, delimiters or line breaks"
        if has_pairs_alone("".join(self.lines)):
            what = "backslashes in pairs alone"
        if not quotes and self.plain.quotes:
            escaped = f"{QUOTING_FLAGS[0]} {escaped}"
        raise DataError(
            f"{self.name} has {what}, as Spark, MySQL and R write them",
            hint=f"add {escaped} if they are escapes, {literal} if they are part of the texts",
            flags=(escaped, literal) if plain.fits else (escaped,),
        )

    def _with_space(self, plain: HeadRows) -> Variant:
        """Return the variant without white space before quotes, where it alone makes sense."""
        delimiter = self.plain.delimiter
        if not any(f'{delimiter} "' in line for line in self.lines):
            return self.plain
        variant = Variant(delimiter, escape=self.plain.escape, skips_space=True)
        spaced = self._parse(variant)
        if not spaced.fits or spaced.rows == plain.rows:
            return self.plain
        if plain.fits and not _has_spaced_quotes(plain):
            return self.plain  # a space before a quote is inside a field that is enclosed
        if plain.fits and not _has_space_everywhere(plain):
            if self.reading.quoting is not None:
                return self.plain  # quotes after a space are part of the texts, others enclose them
            raise DataError(
                f"{self.name} has a space before some of its quotes, so that they enclose nothing",
                hint="take out the space after the delimiter, or add --quoting none if all quotes "
                "are part of the texts, --quoting minimal if those after a space are",
                flags=QUOTING_FLAGS,
            )
        self._say("white space after delimiters is left out")
        return variant

    def _with_quotes(self, quoted: HeadRows) -> Variant:
        """Return the variant in which quotes mean what they most likely mean.

        Corpora with tabs often have no quoting at all: a quote at the start of a field then glues
        rows together, up to the next field that begins or ends with one.
        """
        variant = Variant(self.plain.delimiter, quotes=False, escape=self.plain.escape)
        unquoted = self._parse(variant)
        if not unquoted.fits or unquoted.rows == quoted.rows:
            return self.plain
        is_tab = variant.delimiter == "\t"
        if quoted.fits:
            is_sure = not is_tab and doubles_quotes("".join(self.lines), variant.delimiter)
            is_doubt = quoted.has_breaks or (is_tab and not _is_quoted(unquoted))
            if is_sure or not is_doubt:
                return self.plain
        elif encloses_all(unquoted.rows) or not (is_tab or has_open_quotes(unquoted.rows)):
            return self.plain  # the rows that cannot be read are named one by one
        elif is_tab and not has_doubled_quotes(unquoted.rows):
            self._say("its quotes are read as part of the texts")
            return variant
        n_lost = len(unquoted.rows) - len(quoted.rows)
        lost = f"; as quoting they would join {n_lost + 1:,} lines or more" if n_lost > 0 else ""
        raise DataError(
            f"{self.name} has quotes that may be part of its texts{lost}",
            hint=f"add {QUOTING_FLAGS[0]} if a quote is a character like any other, "
            f"{QUOTING_FLAGS[1]} if quotes enclose fields",
            flags=QUOTING_FLAGS,
        )


def _tells_escapes(head: str, delimiter: str) -> bool:
    """Tell whether no program that escapes nothing would write these backslashes."""
    signs = (has_bare_quotes(head, delimiter), escapes_breaks(head, delimiter))
    return any(signs) or has_pairs_alone(head)


def _is_quoted(unquoted: HeadRows) -> bool:
    """Tell whether quotes are used as a program uses them that quotes fields."""
    return encloses_all(unquoted.rows) or has_doubled_quotes(unquoted.rows)


def _has_spaced_quotes(plain: HeadRows) -> bool:
    """Tell whether a field begins with white space and a quote."""
    cells = chain.from_iterable(plain.rows)
    return any(cell.startswith(" ") and cell.lstrip(" ").startswith('"') for cell in cells)


def _has_space_everywhere(plain: HeadRows) -> bool:
    """Tell whether all fields but the first of each record begin with a space."""
    later = [cell for row in plain.rows for cell in row[1:]]
    return all(cell.startswith(" ") for cell in later)
