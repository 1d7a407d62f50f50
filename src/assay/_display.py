"""How results show themselves: a line in a terminal; small tables and pictures in a notebook.

In tables all content is escaped. Shares are rounded here for all that shows them.
"""

from __future__ import annotations

import dataclasses
import html
import math
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from assay.errors import cut

__all__ = [
    "MISSING",
    "Brief",
    "Picture",
    "Shown",
    "html_block",
    "html_table",
    "hundredfold",
    "hundredfold_bounds",
    "percent",
    "points_between",
    "show_number",
]

MISSING = "–"
MAX_DIGITS = 4  # after the point, of a percentage

MAX_CELL_CHARS = 160
MAX_ITEMS = 3  # of a sequence that a line shows whole
MAX_SCALAR_CHARS = 25
MAX_LINE_CHARS = 320  # from here on, what a result holds is left out of its line
SHOWN_FORMATS = "\u200c\u200d"  # joiners: emoji families and Persian words need them


def hundredfold(fraction: float, digits: int = 1) -> str:
    """Write 100 times a fraction, rounded as a person rounds it: a five goes up.

    51 of 80 are 63.75 %, which `format` writes as 63.7 and 78.75 % as 78.8.

    >>> hundredfold(51 / 80), hundredfold(63 / 80), hundredfold(51 / 80, 2)
    ('63.8', '78.8', '63.75')
    """
    steps = 10**digits
    scaled = round(100 * float(fraction) * steps, 6)  # beyond is the error of 100 * 0.6375
    if not math.isfinite(scaled):
        return f"{scaled}"
    rounded = math.copysign(math.floor(abs(scaled) + 0.5), scaled)
    return f"{rounded / steps:.{digits}f}"


def percent(fraction: float | None, digits: int = 1) -> str:
    """Write a fraction as a percentage in English, such as ``93.4%``; None is a dash."""
    return MISSING if fraction is None else f"{hundredfold(fraction, digits)}%"


def hundredfold_bounds(low: float, high: float) -> tuple[str, str]:
    """Write the bounds of an interval of shares, with as many digits as show its width.

    >>> hundredfold_bounds(0.5421, 0.75), hundredfold_bounds(0.99962, 0.99981)
    (('54.2', '75.0'), ('99.96', '99.98'))
    """
    digits = 1
    while (
        low < high and digits < MAX_DIGITS and hundredfold(low, digits) == hundredfold(high, digits)
    ):
        digits += 1
    return hundredfold(low, digits), hundredfold(high, digits)


def points_between(first: float, second: float) -> str:
    """Write by how much a second share is higher, in points, as a reader finds it who subtracts.

    Both are rounded first: beside 84.6 and 85.1, their difference is 0.5 and not 0.4.

    >>> points_between(0.84637, 0.85052), points_between(0.9, 0.85), points_between(0.5, 0.5)
    ('+0.5', '-5.0', '+0.0')
    """
    return f"{float(hundredfold(second)) - float(hundredfold(first)):+.1f}"


class Brief:
    """A dataclass whose `repr` is short, whatever it holds.

    Fields that have their default value are left out, and sequences become their number of items.
    """

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_join_line(_show_fields(self))})"


def _show_fields(record: Brief) -> Iterator[str]:
    """Yield the fields that have another value than their default one."""
    for field in dataclasses.fields(record):
        if field.repr and not _is_default(record, field):
            yield f"{field.name}={_brief(getattr(record, field.name, None))}"


def _is_default(record: object, field: dataclasses.Field[Any]) -> bool:
    """Tell whether a field has its default value, if that can be told at a glance."""
    value, default = getattr(record, field.name, None), field.default
    if value is default:
        return True
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    is_plain = isinstance(value, str | int | float | tuple | dict) or dataclasses.is_dataclass(
        value
    )
    return is_plain and type(value) is type(default) and value == default


def _join_line(items: Iterable[str]) -> str:
    """Join items up to the length of a line, and say that more were left out."""
    line = ""
    for item in items:
        if len(line) > MAX_LINE_CHARS:
            return f"{line}, ..."
        line = f"{line}, {item}" if line else item
    return line


def _brief(value: Any) -> str:
    """Return a value in at most some 80 characters.

    >>> _brief("joy"), _brief((0.5, 1)), _brief(list(range(5000)))
    ("'joy'", '(0.5, 1)', '<list of 5,000>')
    """
    kind = type(value).__name__
    if isinstance(value, str | Path):
        return repr(cut(str(value)))
    if value is None or isinstance(value, bool | int | float):
        return _brief_number(value)
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"<{value.dtype} array of shape {value.shape}>"
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        is_short = len(value) <= MAX_ITEMS and all(map(_is_scalar, _contents(value)))
        return repr(value) if is_short else f"<{kind} of {len(value):,}>"
    return f"{kind}(...)" if dataclasses.is_dataclass(value) else f"<{kind}>"


def _brief_number(value: float | None) -> str:
    """Return a number; one of hundreds of digits is called a whole number only."""
    is_long = isinstance(value, int) and abs(value) >= 10**MAX_LINE_CHARS
    return "<int>" if is_long else repr(value)


def _contents(value: Iterable[Any]) -> list[Any]:
    """Return the items of a sequence, or the keys and values of a mapping."""
    return [*value, *value.values()] if isinstance(value, Mapping) else [*value]


def _is_scalar(value: Any) -> bool:
    """Tell whether a value is a number or a short text."""
    if isinstance(value, str):
        return len(value) <= MAX_SCALAR_CHARS
    return value is None or isinstance(value, int | float)


class Picture:
    """A PNG that a notebook draws; `save` writes it."""

    def __init__(self, png: bytes, *, alt: str) -> None:
        self.png = png
        self.alt = alt

    def _repr_png_(self) -> bytes:
        return self.png

    def __repr__(self) -> str:
        return f"<{self.alt}: PNG of {len(self.png):,} bytes>"


class Shown(dict[str, Any]):
    """A dict, as JSON has it, of a short `repr`, that a notebook shows as the HTML it was given."""

    def __init__(self, content: Mapping[str, Any], *, as_html: str) -> None:
        super().__init__(content)
        self._as_html = as_html

    def __repr__(self) -> str:
        shown = []
        for key, value in self.items():
            shown.append(f"{key!r}: {_brief(value)}")
        return f"{{{_join_line(shown)}}}"

    def _repr_html_(self) -> str:
        return self._as_html


def show_number(value: Any, digits: int = 4) -> str:
    """Write a number for a table: thousands separated, fractions with so many digits."""
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:.{digits}f}"


def html_table(rows: Sequence[Mapping[str, Any]], *, caption: str = "") -> str:
    """Return an HTML table: numbers right, texts escaped, cut, without invisible characters.

    Parameters
    ----------
    rows : sequence of dict
        The first row's keys are the headings.
    caption : str
    """
    if not rows:
        return ""
    names = list(rows[0])
    head = "".join(f"<th{_place(rows[0][name])}>{_cell(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(_data(row.get(name, "")) for name in names) + "</tr>\n" for row in rows
    )
    title = f"<caption>{_cell(caption)}</caption>\n" if caption else ""
    return f"<table>\n{title}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n"


def html_block(title: str, sentence: str, *tables: str) -> str:
    """Return a heading, a sentence and tables, as one piece of HTML."""
    return (
        f"<div>\n<p><b>{_cell(title)}</b> {_cell(sentence, limit=400)}</p>\n{''.join(tables)}</div>"
    )


def _data(value: Any) -> str:
    return f"<td{_place(value)}>{show_number(value) if _is_number(value) else _cell(value)}</td>"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _place(value: Any) -> str:
    """Align numbers right and texts left: the defaults of notebooks and web pages differ."""
    return ' align="right"' if _is_number(value) else ' style="text-align:left"'


def _cell(value: Any, *, limit: int = MAX_CELL_CHARS) -> str:
    text = "" if value is None else str(value)
    text = text[: limit - 1] + "…" if len(text) > limit else text
    return html.escape("".join(map(_visible, text)))


def _visible(char: str) -> str:
    if char in SHOWN_FORMATS or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return char
    return "↵" if char == "\n" else f"⟨U+{ord(char):04X}⟩"
