"""Tables whose words are those of a language, written in the form of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.catalogue import Language, open_language
from assay.reporting.environment import open_environment

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["LABEL", "LABEL_CELLS", "NUMBER", "TEXT", "Row", "Spoken", "Table"]

LABEL_CELLS = 40  # of a label
NUMBER, TEXT, LABEL = "n", "text", "label"  # what cells hold, as the style of a page calls it
Row = Mapping[str, str]


@dataclass(frozen=True)
class Spoken:
    """A language whose sentences are written in the form of a page.

    Parameters
    ----------
    language : Language
    environment : Environment
        That of the templates: what `say` and `tell` return is not escaped again.
    """

    language: Language
    environment: Environment

    @classmethod
    def open(cls, language: str, *, form: str) -> Spoken:
        """Open a language for a form: see `open_environment`."""
        spoken = open_language(language)
        return cls(spoken, open_environment(spoken, form=form))

    def say(self, key: str, **values: Any) -> str:
        """Return a sentence with markup."""
        said: str = self.environment.globals["say"](key, **values)
        return said

    def tell(self, fact: Mapping[str, Any]) -> str:
        """Return the sentence that says a fact, with markup."""
        told: str = self.environment.globals["tell"](fact)
        return told


@dataclass(frozen=True)
class Table:
    """A table of texts with a title and a sentence under it.

    `name` says which figures are shown with it; `kinds` what the cells of each column hold, the
    last one of all that follow; `chosen` is the row that is shown as the recommended one.
    """

    name: str
    title: str
    rows: Sequence[Row]
    note: str = ""
    kinds: tuple[str, ...] = (LABEL, NUMBER)
    chosen: int | None = None

    def kind_of(self, column: int) -> str:
        """Return what the cells of a column hold."""
        return self.kinds[min(column, len(self.kinds) - 1)]
