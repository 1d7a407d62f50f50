"""`SeveralLabelledTexts`: texts that have any number of labels each, none included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from assay.data.labels import list_labels
from assay.data.texts import LabelledTexts

__all__ = ["SeveralLabelledTexts"]


@dataclass(frozen=True, repr=False)
class SeveralLabelledTexts(LabelledTexts):
    """Texts of one split, each with a tuple of labels.

    Parameters
    ----------
    texts : tuple of str
    labels : tuple of tuple of str
        The labels of each text, sorted and without repeats; an empty tuple where it has none.
    lines : tuple of int
        1-based line (or record) of each text in its source. If left out, lines count from 1.

    Examples
    --------
    >>> texts = SeveralLabelledTexts(("ha!", "oh", "ok"), (("fun", "rude"), ("rude",), ()))
    >>> texts.counts()
    {'fun': 1, 'rude': 2}
    """

    labels: tuple[tuple[str, ...], ...]  # type: ignore[assignment]

    def counts(self) -> dict[str, int]:
        """Return how many texts have each label, in the order in which labels first occur."""
        return dict(Counter(chain.from_iterable(self.labels)))

    def entries(self) -> Iterator[tuple[int, str]]:
        """Yield the line of a text with each of its labels."""
        for line, labels in zip(self.lines, self.labels, strict=True):
            for label in labels:
                yield line, label

    def renamed(self, names: Mapping[str, str]) -> SeveralLabelledTexts:
        """Return the same texts with other names for some of their labels."""
        renamed = []
        for labels in self.labels:
            own = {names.get(label, label) for label in labels}
            renamed.append(tuple(sorted(own)))
        return replace(self, labels=tuple(renamed))

    def shown_label(self, row: int) -> str:
        """Return the labels of a row as people read them."""
        return list_labels(self.labels[row])

    def names(self, row: int) -> tuple[str, ...]:
        """Return the names of the labels of a row."""
        return self.labels[row]
