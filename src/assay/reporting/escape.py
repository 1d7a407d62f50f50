"""Make untrusted text safe to show: nothing invisible, no markup of Markdown or YAML.

Labels and texts come from files that anybody may have written. HTML is escaped by jinja2. The
functions here make control and direction characters visible, and take their meaning from Markdown's
own characters.
"""

from __future__ import annotations

import json
import re
import unicodedata

__all__ = [
    "escape_markdown",
    "find_direction",
    "isolate",
    "is_right_to_left",
    "quote",
    "shorten",
    "show_text",
]

# These are in every font, unlike Unicode's own pictures of control characters.
PICTURES = {"\n": "↵", "\t": "⇥"}
JOINERS = "\u200c\u200d"  # invisible, but emoji families and Persian words need them
# Control, format (such as right-to-left override), lone surrogate, separators of lines and
# paragraphs.
INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Braces mean something to Jekyll, and GitHub typesets formulas between dollars.
MARKDOWN = re.compile(r"([\\`*_{}\[\]#|~$])")
# At the start of a line, these would open a list, a rule or a heading.
MARKDOWN_START = re.compile(r"^(\s*)([-+=])|^(\s*\d+)([.)])(?=\s|$)")
AUTOLINK = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp):|\b(www)\.|(?<=\w)@(?=\w)")


def show_text(text: str) -> str:
    r"""Make every control, direction and unpaired character visible; all others stay as they are.

    >>> show_text("two\nlines")
    'two↵lines'
    """
    if text.isprintable():
        return text
    return "".join(map(_show_character, text))


def _show_character(character: str) -> str:
    if character in JOINERS or unicodedata.category(character) not in INVISIBLE:
        return character
    return PICTURES.get(character) or f"⟨U+{ord(character):04X}⟩"


def is_right_to_left(text: str) -> bool:
    """Tell whether a text has letters that are read from right to left."""
    if text.isascii():
        return False
    return any(unicodedata.bidirectional(character) in ("R", "AL") for character in text)


def find_direction(text: str) -> str:
    """Return ``rtl`` if the first letter of a text is read from right to left, else ``ltr``.

    A browser asks the same of what it shows, which may begin otherwise: tokens with `<s>`.
    """
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("L", "R", "AL"):
            return "ltr" if direction == "L" else "rtl"
    return "ltr"


def isolate(text: str) -> str:
    """Keep the words and numbers around a text that is read from right to left in their order.

    Markdown has no element for that; the two characters around the text are invisible.
    """
    if is_right_to_left(text):
        return f"\u2068{text}\u2069"
    return text


def shorten(text: str, n_cells: int) -> str:
    """Cut `text` to `n_cells` columns, with an ellipsis.

    Wide characters (Hangul, Han, Kana) take two columns.

    >>> shorten("a rather long label", 8)
    'a rathe…'
    """
    width = 0
    cut = 0  # characters that fit beside an ellipsis
    for i, character in enumerate(text):
        width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if width <= n_cells - 1:
            cut = i + 1
        if width > n_cells:
            return text[:cut].rstrip() + "…"
    return text


def escape_markdown(text: str) -> str:
    r"""Escape `text` so that a paragraph, a list or a table cell of Markdown shows it as it is.

    >>> escape_markdown("- <b>|[x](javascript:y)")
    '\\- &lt;b&gt;\\|\\[x\\](javascript:y)'
    """
    shown = show_text(text)
    shown = MARKDOWN.sub(r"\\\1", shown)
    shown = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    shown = AUTOLINK.sub(_break_link, shown)
    return MARKDOWN_START.sub(r"\1\3\\\2\4", shown)


def _break_link(found: re.Match[str]) -> str:
    """Write the character that makes an address a link as an entity."""
    scheme, www = found.groups()
    if scheme:
        return f"{scheme}&#58;"
    if www:
        return f"{www}&#46;"
    return "&#64;"


def quote(text: str) -> str:
    """Write `text` as a quoted string that JSON, YAML and Python all read the same way."""
    return json.dumps(show_text(text), ensure_ascii=False)
