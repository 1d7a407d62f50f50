"""How a filled-in sentence is marked up: not at all, as HTML, or as Markdown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["PLAIN", "Markup", "Styled"]


@dataclass(frozen=True)
class Styled:
    """A value that a sentence inserts in a style of the page: ``strong``, ``isolated``, ``code``.

    Isolated is for text of a reader's own, such as a label: its direction must not change the order
    of the words around it. (Another style, ``sentence``, is set by the catalogue.)
    """

    text: str
    style: str


def _same(text: str) -> str:
    return text


def _in_backticks(text: str) -> str:
    return f"`{text}`"


def _without_style(text: str, style: str) -> str:
    return text


@dataclass(frozen=True)
class Markup:
    """How the parts of a sentence are written.

    Parameters
    ----------
    literal : callable
        Writes what the catalogue says.
    code : callable
        Writes what is between backticks in the catalogue.
    value : callable
        Writes an inserted value; called with the text and its style, "" for none.
    """

    literal: Callable[[str], str] = _same
    code: Callable[[str], str] = _in_backticks
    value: Callable[[str, str], str] = _without_style


PLAIN = Markup()
