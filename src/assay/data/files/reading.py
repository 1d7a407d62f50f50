"""How a file is read: what was asked for. What nobody asked for is found in the file itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TypedDict, cast

from assay._arguments import check_fields
from assay.data.files.decoding import check_encoding
from assay.errors import InputError

__all__ = ["Reading", "ReadingOptions"]

TYPED_DELIMITERS = {"\\t": "\t", "tab": "\t"}  # how a shell can pass a tab
QUOTINGS = ("minimal", "none")
NO_ESCAPE = "none"


class ReadingOptions(TypedDict, total=False):
    """The fields of `Reading`, for functions that take them as keywords."""

    delimiter: str | None
    encoding: str | None
    quoting: str | None
    escape: str | None
    header: bool
    sheet: str | None


@dataclass(frozen=True)
class Reading:
    """How a file is to be read. None: as the file itself shows.

    Parameters
    ----------
    delimiter : str, optional
        One character between the columns of a table, or between text and label of ``.txt``.
        ``tab`` means a tab.
    encoding : str, optional
        Encoding of a text file. None: UTF-8, with or without byte order mark.
    quoting : str, optional
        ``minimal``: a field that begins with a quote ends at the next one that is not doubled, and
        may hold delimiters and line breaks. ``none``: a quote is a character like any other.
    escape : str, optional
        The character that makes the next one plain text, such as a backslash; ``none`` if there is
        none.
    header : bool
        Whether the first line of a table names the columns. Without, they are called 1, 2, 3.
    sheet : str, optional
        Name of the sheet of a workbook. None: its only one.

    Raises
    ------
    InputError
        A value that cannot be used.
    """

    delimiter: str | None = None
    encoding: str | None = None
    quoting: str | None = None
    escape: str | None = None
    header: bool = True
    sheet: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        check_encoding(self.encoding)
        if self.delimiter is not None:
            object.__setattr__(self, "delimiter", _check_delimiter(self.delimiter))
        if self.quoting not in (None, *QUOTINGS):
            raise InputError(
                f"quoting '{self.quoting}' is unknown; {' and '.join(QUOTINGS)} are accepted"
            )
        if self.escape is not None and self.escape != NO_ESCAPE:
            _check_escape(self.escape)

    def to_dict(self) -> ReadingOptions:
        """Return the fields by name."""
        return cast(ReadingOptions, asdict(self))

    @property
    def codec(self) -> str:
        """The codec to read with."""
        return check_encoding(self.encoding)


def _check_delimiter(given: str) -> str:
    delimiter = TYPED_DELIMITERS.get(given, given)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise InputError(
            f"delimiter {delimiter!r} cannot be used; "
            "one character is accepted, such as , ; | or tab"
        )
    return delimiter


def _check_escape(escape: str) -> None:
    if len(escape) != 1 or escape in '"\r\n' or escape.isspace():
        raise InputError(
            f"escape {escape!r} cannot be used; one character is accepted, such as \\, or none"
        )
