"""`Fact`: what is to be said, without words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Fact", "FactValue"]

FactValue = str | int | float | None


@dataclass(frozen=True)
class Fact:
    """Something that can be said in every language.

    Parameters
    ----------
    kind : str
        Key of the sentence in the catalogue, such as ``choice.best``.
    values : mapping of str to value
        What the sentence inserts. Fractions run from 0 to 1; how a number is written is up to the
        sentence.

    Examples
    --------
    >>> Fact.of("choice.only", method="linear", metric="accuracy", score=0.91).to_dict()
    {'kind': 'choice.only', 'method': 'linear', 'metric': 'accuracy', 'score': 0.91}
    """

    kind: str
    values: Mapping[str, FactValue]

    @classmethod
    def of(cls, kind: str, /, **values: FactValue) -> Fact:
        """Return a fact with its values as keywords."""
        return cls(kind, values)

    @classmethod
    def verbatim(cls, text: str) -> Fact:
        """Return a fact whose sentence is `text` in every language, such as an error's message."""
        return cls.of("verbatim.text", text=text)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Fact:
        """Return the fact that `to_dict` wrote."""
        return cls(plain["kind"], {name: plain[name] for name in plain if name != "kind"})

    def to_dict(self) -> dict[str, FactValue]:
        """Return plain values, ready for JSON."""
        return {"kind": self.kind, **self.values}
