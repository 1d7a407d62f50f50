"""`LabelSet`: the ordered names of the classes, saved with every model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from assay.errors import DataError, did_you_mean, list_problems

__all__ = ["LabelSet", "natural_sort"]


def natural_sort(names: Iterable[str]) -> list[str]:
    """Sort names so that numbers inside them count as numbers: ``"2"`` before ``"10"``.

    >>> natural_sort(["10", "b", "2", "a"])
    ['2', '10', 'a', 'b']
    """

    def key(name: str) -> tuple[list[tuple[int, int, str]], str]:
        parts = re.split(r"([0-9]+)", name)
        return [
            (0, int(p), "") if p.isascii() and p.isdigit() else (1, 0, p.casefold())
            for p in parts
            if p
        ], name

    return sorted(names, key=key)


@dataclass(frozen=True)
class LabelSet:
    """Ordered class names. The order holds in every file, report, ONNX output and HTTP answer.

    Parameters
    ----------
    names : tuple of str
        The class names, unique and not blank.

    Raises
    ------
    DataError
        A name is blank, stands twice, holds half of a surrogate pair, or is not a string.

    Examples
    --------
    >>> labels = LabelSet(("sadness", "joy"))
    >>> labels.ids(["joy", "sadness"])
    array([1, 0])
    """

    names: tuple[str, ...]
    _index: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        problems = [
            f"label {i} is {name!r}: a non-blank text is accepted"
            for i, name in enumerate(self.names)
            if not isinstance(name, str) or not name.strip()
        ]
        problems += [
            f"label {i} is {name!a}: half of a surrogate pair, which no file can hold; a text of whole "
            "characters is accepted"
            for i, name in enumerate(self.names)
            if isinstance(name, str) and any("\ud800" <= char <= "\udfff" for char in name)
        ]
        seen: dict[str, int] = {}
        for i, name in enumerate(self.names):
            if name in seen:
                problems.append(f"label '{name}' stands twice, at {seen[name]} and {i}")
            seen.setdefault(name, i)
        if problems:
            raise DataError(f"the label names cannot be used:\n{list_problems(problems)}")
        object.__setattr__(self, "_index", seen)

    @classmethod
    def from_labels(cls, labels: Iterable[str]) -> LabelSet:
        """Collect the distinct labels in natural order."""
        return cls(tuple(natural_sort(set(labels))))

    def ids(self, labels: Sequence[str]) -> np.ndarray:
        """Return the positions of `labels`, as int64 of shape (n_labels,).

        Raises
        ------
        DataError
            A label is not in this set.
        """
        try:
            return np.fromiter(
                (self._index[label] for label in labels), dtype=np.int64, count=len(labels)
            )
        except KeyError as err:
            unknown = str(err.args[0])
            raise DataError(
                f"label '{unknown}' is not one of the {len(self)} known labels: "
                f"{', '.join(self.names[:20])}.{did_you_mean(unknown, self.names)}"
            ) from None

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __getitem__(self, label_id: int) -> str:
        return self.names[label_id]

    def __contains__(self, name: object) -> bool:
        return name in self._index
