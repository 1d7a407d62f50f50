"""How results show themselves in a notebook: small tables and pictures, all content escaped."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["Picture", "Shown", "html_block", "html_table", "show_number"]

MAX_CELL_CHARS = 160
SHOWN_FORMATS = "\u200c\u200d"  # joiners: emoji families and Persian words need them


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
    """A dict, as JSON has it, that a notebook shows as the HTML it was given."""

    def __init__(self, content: Mapping[str, Any], *, as_html: str) -> None:
        super().__init__(content)
        self._as_html = as_html

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
