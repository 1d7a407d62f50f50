"""The catalogue of sentences: one file per language, from which every write-up is made.

Code states facts (`Fact`: a kind and its values), and a `Language` turns them into sentences. What
a sentence looks like in a language is in `LANGUAGE.toml` and nowhere else, so that another language
is another file. It imports nothing of assay but the errors, so that every room can use it.
"""

from __future__ import annotations

from assay.catalogue.fact import Fact, FactValue
from assay.catalogue.language import ENGLISH, LANGUAGES, Language, open_language
from assay.catalogue.markup import Markup, Styled

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "Fact",
    "FactValue",
    "Language",
    "Markup",
    "Styled",
    "open_language",
]
