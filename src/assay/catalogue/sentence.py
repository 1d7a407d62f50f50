"""`Sentence`: one entry of the catalogue, taken apart once and filled in many times.

The notation of an entry::

    {method}               a value; whole numbers get their thousands separated
    {accuracy:percent}     a number, written by the method `percent` of `Numbers`
    {share:percent 0}      the same with a number of digits
    {split:splits}         a name as the table `splits` has it; the name itself if it has none
    {listed:languages}     a list of codes of languages, each of which may have its share: "ko 60%"
    {reason:sentence}      a whole sentence, which may be longer than other values
    {n:text|texts}         the form of a word that goes with the number n
    {을/를}                 the particle that fits what is before it
    `assay run`            code
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.catalogue.markup import Markup, Styled
from assay.catalogue.particles import fit_particle

if TYPE_CHECKING:
    from assay.catalogue.language import Language

__all__ = ["SENTENCE", "Sentence", "Value"]

Value = str | int | float | Styled | tuple[float, ...] | list[float] | None

LANGUAGES = "languages"  # the table of languages, of which a value may list several
SENTENCE = "sentence"  # the style of a value that is a whole sentence, such as an error's message
SLOT = re.compile(r"\{([^{}]+)\}")
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class _Literal:
    text: str
    is_code: bool = False


@dataclass(frozen=True)
class _Slot:
    """A value, and the format or the forms of a word that it chooses from."""

    name: str
    format: str = ""
    digits: int | None = None
    forms: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Particle:
    first: str
    second: str


_Part = _Literal | _Slot | _Particle


class Sentence:
    """An entry of the catalogue.

    Parameters
    ----------
    text : str
        In the notation above.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.parts = tuple(_read_parts(text))

    @property
    def names(self) -> set[str]:
        """The names of the values that a reader sees; a number may also only choose a form."""
        slots = [part for part in self.parts if isinstance(part, _Slot)]
        return {slot.name for slot in slots if not slot.forms}

    @property
    def formats(self) -> dict[str, str]:
        """The format of each value that is written as a number of some kind, by its name."""
        slots = [part for part in self.parts if isinstance(part, _Slot)]
        return {slot.name: slot.format for slot in slots if slot.format}

    @property
    def n_forms(self) -> set[int]:
        """How many forms each word has that goes with a number."""
        return {len(part.forms) for part in self.parts if isinstance(part, _Slot) and part.forms}

    def fill(self, values: Mapping[str, Value], language: Language, markup: Markup) -> str:
        """Return the sentence with its values.

        Raises
        ------
        KeyError
            A value is missing.
        """
        written: list[str] = []
        plain = ""  # what a reader sees so far, by which a particle is chosen
        for part in self.parts:
            if isinstance(part, _Particle):
                text = fit_particle(plain, part.first, part.second)
                written.append(markup.literal(text))
            elif isinstance(part, _Literal):
                text = part.text
                write = markup.literal
                if part.is_code:
                    write = markup.code
                written.append(write(text))
            elif part.forms:
                text = part.forms[language.plural_form(values[part.name])]
                written.append(markup.literal(text))
            else:
                text, style = _write(part, values[part.name], language)
                written.append(markup.value(text, style))
            plain += text
        return "".join(written)


def _write(slot: _Slot, value: Value, language: Language) -> tuple[str, str]:
    """Return a value as a reader sees it, and its style."""
    if isinstance(value, Styled):
        return value.text, value.style
    if slot.format == SENTENCE:
        return str(value), SENTENCE
    if slot.format == LANGUAGES:
        return language.words(LANGUAGES, str(value)), ""
    if slot.format in language.tables:
        return language.word(slot.format, str(value)), ""
    if slot.format:
        write = getattr(language.numbers, slot.format)
        digits = () if slot.digits is None else (slot.digits,)
        return write(value, *digits), ""
    if isinstance(value, str):
        return value, ""
    if value is None or isinstance(value, int):
        return language.numbers.count(value), ""
    raise TypeError(f"{slot.name} is {value!r}: the sentence must say how it is written")


def _read_parts(text: str) -> list[_Part]:
    """Take a sentence apart."""
    parts: list[_Part] = []
    # Both patterns have one group, so that what is matched is at the odd places.
    for i, piece in enumerate(CODE.split(text)):
        if i % 2:
            parts.append(_Literal(piece, is_code=True))
            continue
        for j, inner in enumerate(SLOT.split(piece)):
            if j % 2:
                parts.append(_read_slot(inner))
            elif inner:
                parts.append(_Literal(inner))
    return parts


def _read_slot(inner: str) -> _Part:
    """Read what is between braces."""
    name, colon, rest = inner.partition(":")
    if not colon and "/" in name:
        first, _, second = name.partition("/")
        return _Particle(first, second)
    if "|" in rest:
        return _Slot(name, forms=tuple(rest.split("|")))
    format_name, _, digits = rest.partition(" ")
    return _Slot(name, format_name, int(digits) if digits else None)
