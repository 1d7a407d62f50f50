"""The environment of the templates: a language, and the form that a page is written in.

Whatever a template writes is escaped for the form it goes to, Markdown as well as HTML, unless it
was marked as safe here: a template cannot forget to.
"""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay._optional import require
from assay.catalogue import Fact, Language, Markup, Styled
from assay.catalogue.sentence import SENTENCE
from assay.checkpoints.auto import CheckpointChoice, choice_fact
from assay.methods import FLOOR
from assay.reporting.escape import (
    escape_markdown,
    find_direction,
    is_right_to_left,
    isolate,
    quote,
    shorten,
    show_text,
)
from assay.reporting.formats import source

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["ROW_TITLES", "TEMPLATES", "open_environment", "tidy"]

TEMPLATES = Path(__file__).parent / "templates"
# Methods of `Numbers` that templates use as filters.
NUMBERS = ("percent", "interval", "count", "decimal", "p_value", "size", "duration", "rate")
MAX_VALUE_CELLS, MAX_SENTENCE_CELLS = 160, 400  # of what a sentence inserts
# What the numbers of rows are called: alone, and where a column names rows besides
ROW_TITLES = {
    "line": ("columns.line", "columns.line_and_id"),
    "row": ("columns.row", "columns.row_and_id"),
}
HTML_STYLES = {"strong": "strong", "isolated": "bdi", "code": "code"}


@functools.cache  # most of the time of a page is reading its template, which is kept here
def open_environment(language: Language, *, form: str) -> Environment:
    """Return the templates' environment, in which every string that is written is escaped.

    There is one for each language and form; nothing may be added to it afterwards.

    Templates say everything through ``say(key, name=value, ...)``, which returns a sentence with
    markup, ``plain(...)``, which returns it without, ``tell(fact)``, and the filter ``word``.

    Parameters
    ----------
    language : Language
    form : str
        ``html`` or ``md``.
    """
    jinja2, markup = require("jinja2"), require("markupsafe").Markup
    written = _html_markup()
    if form == "md":
        written = _markdown_markup()

    def say(key: str, **values: Any) -> Any:
        return markup(language.fill(key, values, written))

    def tell(fact: Fact | Mapping[str, Any] | str) -> Any:
        return markup(language.tell(fact, written))

    def tell_all(facts: Sequence[Fact | Mapping[str, Any] | str]) -> Any:
        return markup(" ".join(language.tell(fact, written) for fact in facts))

    environment: Environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_finalizer(form),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "FLOOR": FLOOR,
        "language": language.code,
        "plain": language.say,
        "row_titles": ROW_TITLES,
        "say": say,
        "tell": tell,
        "tell_all": tell_all,
    }
    environment.filters |= {name: getattr(language.numbers, name) for name in NUMBERS}
    environment.filters |= {
        "capital": _capital_filter(language),
        "checkpoint_choice": lambda facts: choice_fact(CheckpointChoice.from_dict(facts)),
        "code": lambda text: markup(_fence(text)),
        "direction": find_direction,
        "in_code": lambda text: Styled(text, "code"),
        "isolated": lambda text: Styled(text, "isolated"),
        "quote": quote,
        "shell": shlex.quote,
        "shorten": shorten,
        "source": source,
        "word": _word_filter(language),
    }
    return environment


def _finalizer(form: str) -> Callable[[Any], Any]:
    """Return what every value goes through that a template writes."""
    markup = require("markupsafe").Markup

    def finalize(value: Any) -> Any:
        """Escape for Markdown; for HTML, jinja2 escapes what this returns."""
        if not isinstance(value, str) or hasattr(value, "__html__"):
            return value
        if form == "html":
            return show_text(value)
        return markup(escape_markdown(value))

    return finalize


def _html_markup() -> Markup:
    """Return how sentences are written in HTML."""
    escape = require("markupsafe").escape

    def value(text: str, style: str) -> str:
        escaped = str(escape(_cut(text, style)))
        tag = HTML_STYLES.get(style)
        if not style and is_right_to_left(text):
            tag = HTML_STYLES["isolated"]
        if tag is None:
            return escaped
        return f"<{tag}>{escaped}</{tag}>"

    return Markup(
        literal=lambda text: str(escape(text)),
        code=lambda text: f"<code>{escape(text)}</code>",
        value=value,
    )


def _markdown_markup() -> Markup:
    """Return how sentences are written in Markdown."""

    def value(text: str, style: str) -> str:
        escaped = escape_markdown(_cut(text, style))
        if style == "code":
            return f"`{text}`"  # only names of assay's own
        if style == "strong":
            return f"**{escaped}**"
        if style == SENTENCE:
            return escaped
        return isolate(escaped)

    return Markup(literal=escape_markdown, value=value)


def _cut(text: str, style: str) -> str:
    """Cut an inserted value: labels and messages may be of any length."""
    n_cells = MAX_VALUE_CELLS
    if style == SENTENCE:
        n_cells = MAX_SENTENCE_CELLS
    return shorten(show_text(text), n_cells)


def _word_filter(language: Language) -> Any:
    """Return the filter that looks up the word for a name."""

    def word(name: str, table: str, otherwise: str | None = None) -> str:
        """Return the word; where there is none, what is given for that case, else the name."""
        found = language.word(table, name)
        if found == name and otherwise:
            return otherwise
        return found

    return word


def _capital_filter(language: Language) -> Callable[[Any], Any]:
    """Return the filter that begins a sentence with a capital letter, where a language does so."""

    def capitalise(text: Any) -> Any:
        if not language.capitalises:
            return text
        return type(text)(text[:1].upper() + text[1:])  # markup stays markup

    return capitalise


def _fence(text: str) -> str:
    """Keep `text` inside a fenced block of Markdown: no backticks in it can close the fence."""
    return show_text(text).replace("```", "'''")


def tidy(text: str) -> str:
    """Leave at most one blank line in a row, where a template left out a part."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
