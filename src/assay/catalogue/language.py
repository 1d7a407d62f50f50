"""`Language`: the sentences, numbers and plural forms of one language, read from its file."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.catalogue.fact import Fact
from assay.catalogue.markup import PLAIN, Markup
from assay.catalogue.numbers import Numbers
from assay.catalogue.plurals import PLURAL_RULES
from assay.catalogue.sentence import SENTENCE, Sentence, Value
from assay.errors import InputError, did_you_mean

__all__ = ["ENGLISH", "LANGUAGES", "Language", "open_language"]

FOLDER = Path(__file__).parent
LANGUAGES = tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))
ENGLISH = "en"
ABOUT = ("language", "numbers", "units")  # tables of a file that hold no sentences


class Language:
    """One language of the catalogue.

    Parameters
    ----------
    code : str
        Such as ``en``.
    content : mapping
        What the file of the language holds: the tables ``language``, ``numbers`` and ``units``, and
        tables of sentences.

    Attributes
    ----------
    code : str
    name : str
        What the language calls itself.
    capitalises : bool
        Whether a sentence that begins with a name in small letters gets a capital letter.
    numbers : Numbers
    sentences : dict of str to Sentence
        By ``TABLE.NAME``.
    tables : set of str
    """

    def __init__(self, code: str, content: Mapping[str, Any]) -> None:
        about = content["language"]
        self.code = code
        self.name: str = about["name"]
        self.capitalises: bool = about["capitals"]
        self.plural_form_of, self.n_plural_forms = PLURAL_RULES[about["plurals"]]
        self.numbers = Numbers(**content["numbers"], units=content["units"])
        self.tables = set(content).difference(ABOUT)
        self.sentences: dict[str, Sentence] = {}
        for table in self.tables:
            for name, text in content[table].items():
                self.sentences[f"{table}.{name}"] = Sentence(text)

    def plural_form(self, n: Value) -> int:
        """Return which form of a word goes with a number."""
        if not isinstance(n, int):
            raise TypeError(f"{n!r} is no whole number: no form of a word goes with it")
        return self.plural_form_of(n)

    def knows(self, key: str) -> bool:
        """Tell whether there is a sentence of this key."""
        return key in self.sentences

    def say(self, key: str, /, **values: Value) -> str:
        """Return a sentence without markup.

        >>> open_language("en").say("card.more_labels", n=2)
        '… and 2 more, in assay.json.'
        """
        return self.fill(key, values)

    def fill(self, key: str, values: Mapping[str, Value], markup: Markup = PLAIN) -> str:
        """Return a sentence as `markup` writes it."""
        return self.sentences[key].fill(values, self, markup)

    def tell(self, fact: Fact | Mapping[str, Any] | str, markup: Markup = PLAIN) -> str:
        """Return the sentence that says a fact.

        Parameters
        ----------
        fact : Fact, dict or str
            A dict is what `Fact.to_dict` returned. A str is a sentence already, as old reports hold
            them, and is returned as it is.
        markup : Markup
        """
        if isinstance(fact, str):
            return markup.value(fact, SENTENCE)
        if not isinstance(fact, Fact):
            fact = Fact.from_dict(fact)
        return self.fill(fact.kind, fact.values, markup)

    def word(self, table: str, name: str) -> str:
        """Return the word for a name, such as that of a split; the name itself if there is none.

        >>> open_language("ko").word("dropped", "blank text")
        '텍스트가 비어 있음'
        """
        key = f"{table}.{name.lower().replace(' ', '_')}"
        if not self.knows(key):
            return name
        return self.say(key)

    def words(self, table: str, names: str) -> str:
        """Return the word for each name of a list in which a number may follow the name.

        >>> open_language("en").words("languages", "ko 60%, tlh 40%")
        'Korean 60%, tlh 40%'
        """
        pairs = [item.partition(" ") for item in names.split(", ")]
        return ", ".join(f"{self.word(table, name)}{gap}{rest}" for name, gap, rest in pairs)


@functools.cache
def open_language(code: str) -> Language:
    """Read a language of the catalogue.

    Raises
    ------
    InputError
        There is no such language.
    """
    if code not in LANGUAGES:
        raise InputError(
            f"language '{code}' is unknown; {', '.join(LANGUAGES)} are accepted."
            f"{did_you_mean(code, LANGUAGES)}"
        )
    text = (FOLDER / f"{code}.toml").read_text(encoding="utf-8")
    return Language(code, tomllib.loads(text))
