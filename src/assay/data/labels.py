"""`LabelSet`: the ordered names of the classes, saved with every model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal, get_args

import numpy as np

from assay._arguments import check_fields, checked
from assay.data.label_forms import parse_list_cell
from assay.errors import DataError, cut, did_you_mean, list_problems

__all__ = ["LabelSet", "Task", "list_counted", "list_labels", "natural_sort", "unknown_label"]

Task = Literal["single", "multi"]  # one label per text, or any number of labels per text
N_LISTED, N_SHOWN = 20, 5  # names in a message, and in a repr
LISTED_CHARS = 60  # of a list in a report, which cuts what is longer within a name
SEVERAL_REFUSED = (
    "the texts have several labels each; one label per text is accepted here: this step does not "
    "take several yet"
)
JOINTS = (";", "|", ",")  # how people join labels in a cell
SINGLE_LABEL_HINT = "--single-label takes the labels of a text together as one label"
MINUS = "\u2212"  # as it is typeset
NEGATIVE = re.compile(rf"[-{MINUS}][0-9]{{1,300}}(?:\.[0-9]+)?")


def list_labels(labels: Iterable[str]) -> str:
    """Return labels in one line: with semicolons between them where a label holds a comma.

    >>> list_labels(["joy", "fear"]), list_labels(["joy, love", "fear"])
    ('joy, fear', 'joy, love; fear')
    """
    names = list(labels)
    separator = "; " if any("," in name for name in names) else ", "
    return separator.join(names)


def list_counted(n_texts: Mapping[str, int]) -> str:
    """Return labels with their numbers of texts, as many as a sentence of a report has room for.

    >>> list_counted({"joy": 3, "fear": 1200})
    'joy (3), fear (1,200)'
    >>> list_counted(dict.fromkeys(["a label", "another label", "a third label of many words"], 1))
    'a label (1), another label (1), …'
    """
    named: list[str] = []
    for label, n in n_texts.items():
        one = f"{cut(label)} ({n:,})"
        if named and len(", ".join([*named, one])) > LISTED_CHARS:
            return ", ".join([*named, "…"])
        named.append(one)
    return ", ".join(named)


def unknown_label(unknown: str, names: Sequence[str]) -> DataError:
    """Return the error about a label that is none of those that are known."""
    return DataError(
        f"label '{cut(unknown)}' is not one of the {len(names)} known labels: "
        f"{list_labels(map(cut, names[:N_LISTED]))}.{did_you_mean(unknown, names)}"
    )


def natural_sort(names: Iterable[str]) -> list[str]:
    """Sort names so that numbers inside them count as numbers: ``"2"`` before ``"10"``.

    Names that are negative numbers come first, from the smallest.

    >>> natural_sort(["10", "b", "2", "-1", "a", "-2"])
    ['-2', '-1', '2', '10', 'a', 'b']
    """

    def key(name: str) -> tuple[float, list[tuple[int, int, str]], str]:
        pieces = [_piece_key(piece) for piece in re.split(r"([0-9]+)", name) if piece]
        below_zero = float(name.replace(MINUS, "-")) if NEGATIVE.fullmatch(name) else 0.0
        return below_zero, pieces, name

    return sorted(names, key=key)


def _piece_key(piece: str) -> tuple[int, int, str]:
    """Return the sort key of a run of digits, or of the characters between two: digits first.

    Numbers are compared without leading zeros: first by their length, then as texts. So a number
    may have more digits than `int` accepts.
    """
    if piece.isascii() and piece.isdigit():
        digits = piece.lstrip("0")
        return 0, len(digits), digits
    return 1, 0, piece.casefold()


@dataclass(frozen=True)
class LabelSet:
    """Ordered class names. The order holds in every file, report, ONNX output and HTTP answer.

    Parameters
    ----------
    names : tuple of str
        The class names, unique and not blank.
    task : {"single", "multi"}
        Whether a text has one label, or any number of labels, none included. It is decided once,
        when data are loaded: no later step works it out from the labels again.

    Raises
    ------
    DataError
        A name is blank, occurs twice, holds half of a surrogate pair, or is not a string; or
        there is no such task.

    Examples
    --------
    >>> labels = LabelSet(("sadness", "joy"))
    >>> labels.ids(["joy", "sadness"])
    array([1, 0])
    """

    names: tuple[str, ...]
    task: Task = "single"
    _index: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.task, str) and self.task not in get_args(Task):
            raise DataError(f"task {self.task!r} is not known; single and multi are accepted")
        check_fields(self)
        blank = []
        halved = []
        repeated = []
        index: dict[str, int] = {}
        for i, name in enumerate(self.names):
            if not isinstance(name, str) or not name.strip():
                blank.append(f"label {i} is {name!r}: a non-blank text is accepted")
            elif any("\ud800" <= char <= "\udfff" for char in name):
                halved.append(
                    f"label {i} is {cut(name)!a}: half of a surrogate pair, which no file "
                    "can hold; a text of whole characters is accepted"
                )
            if name in index:
                repeated.append(f"label '{cut(name)}' occurs twice, at {index[name]} and {i}")
            index.setdefault(name, i)
        if problems := [*blank, *halved, *repeated]:
            raise DataError(f"the label names cannot be used:\n{list_problems(problems)}")
        object.__setattr__(self, "_index", index)

    @classmethod
    def from_labels(cls, labels: Iterable[str], task: Task = "single") -> LabelSet:
        """Collect the distinct labels in natural order."""
        return cls(tuple(natural_sort(set(labels))), task)

    @checked
    def ids(self, labels: Sequence[str]) -> np.ndarray:
        """Return the positions of `labels`, as int64 of shape (n_labels,).

        Raises
        ------
        DataError
            A label is not in this set, or a text may have several labels.
        """
        self.check_single()
        return self._positions(labels, len(labels))

    def write_label(self, label: str | Sequence[str]) -> str:
        """Return the label of a text as a file of issues has it: several as a list in JSON."""
        return label if isinstance(label, str) else json.dumps(list(label), ensure_ascii=False)

    def read_label(self, written: str, *, separator: str | None = None) -> str | tuple[str, ...]:
        """Return what `write_label` wrote, or a person; several labels are sorted, each once.

        Parameters
        ----------
        written : str
        separator : str, optional
            What is between the labels of a text in the data; commas, semicolons and bars are
            understood besides where all names between them are labels.

        Raises
        ------
        DataError
            A text may have several labels, and this is no list, no label and no joined labels.
        """
        if self.task == "single":
            return written
        found = parse_list_cell(written)
        if found is None:
            found = self._read_joined(written.strip(), separator)
        if found is None:
            joined = (separator or ";").join(map(cut, self.names[:2]))
            raise DataError(
                f"'{cut(written)}' is neither a label nor a list of labels; a name, names as in "
                f"{joined}, or a list in JSON such as {self.write_label(self.names[:2])} are "
                f"accepted.{did_you_mean(written, self.names)}".removesuffix(".")
            )
        return tuple(sorted({str(name) for name in found}))

    def _read_joined(self, written: str, separator: str | None) -> list[str] | None:
        """Return the labels that a person wrote without brackets; None if others are among them."""
        if written in self:
            return [written]
        for mark in (separator, *JOINTS):
            names = [] if mark is None else list(filter(None, map(str.strip, written.split(mark))))
            if names and all(name in self for name in names):
                return names
        return None

    def check_single(self, *, hint: str = SINGLE_LABEL_HINT) -> None:
        """Refuse labels of which a text may have several, for a step that takes one per text.

        Parameters
        ----------
        hint : str
            What to do instead.

        Raises
        ------
        DataError
            A text may have several labels.
        """
        if self.task != "single":
            raise DataError(SEVERAL_REFUSED, hint=hint)

    @checked
    def indicator(self, labels: Sequence[Sequence[str]]) -> np.ndarray:
        """Return which labels each text has, as int64 zeros and ones of shape (n_texts, n_labels).

        Raises
        ------
        DataError
            A label is not in this set.

        Examples
        --------
        >>> LabelSet(("sad", "joy", "fear"), "multi").indicator([("joy",), (), ("sad", "fear")])
        array([[0, 1, 0],
               [0, 0, 0],
               [1, 0, 1]])
        """
        sizes = np.fromiter(map(len, labels), dtype=np.int64, count=len(labels))
        columns = self._positions(chain.from_iterable(labels), int(sizes.sum()))
        cells = np.zeros((len(labels), len(self)), dtype=np.int64)
        cells[np.repeat(np.arange(len(labels)), sizes), columns] = 1
        return cells

    @checked
    def encode(self, labels: Sequence[Any]) -> np.ndarray:
        """Return labels as numbers: `ids` where a text has one label, else `indicator`."""
        return self.ids(labels) if self.task == "single" else self.indicator(labels)

    def numbers(self, labels: Sequence[Any]) -> list[int] | list[tuple[int, ...]]:
        """Return the number of the label of each text, or those of all of its labels, ascending.

        Examples
        --------
        >>> LabelSet(("sad", "joy", "fear"), "multi").numbers([("fear", "joy"), ()])
        [(1, 2), ()]
        """
        encoded = self.encode(labels)
        if encoded.ndim == 1:
            return list(encoded.tolist())
        return [tuple(np.flatnonzero(row).tolist()) for row in encoded]

    @checked
    def members(self, labels: Sequence[Any]) -> list[np.ndarray]:
        """Return the rows of the texts that have each label, ascending, in the order of the set."""
        encoded = self.encode(labels)
        if encoded.ndim == 1:
            by_label = np.argsort(encoded, kind="stable")
            sizes = np.bincount(encoded, minlength=len(self))
            return np.split(by_label, np.cumsum(sizes)[:-1])
        return [np.flatnonzero(column) for column in encoded.T]

    def _positions(self, labels: Iterable[str], n_labels: int) -> np.ndarray:
        positions = (self._index[label] for label in labels)
        try:
            return np.fromiter(positions, dtype=np.int64, count=n_labels)
        except KeyError as err:
            raise unknown_label(str(err.args[0]), self.names) from None

    def natural_order(self) -> np.ndarray:
        """Return the positions of the labels in natural order, which no data set chooses.

        >>> LabelSet(("b", "c", "a")).natural_order()
        array([2, 0, 1])
        """
        return self._positions(natural_sort(self.names), len(self.names))

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __getitem__(self, label_id: int) -> str:
        return self.names[label_id]

    def __contains__(self, name: object) -> bool:
        return name in self._index

    def __repr__(self) -> str:
        shown = [repr(cut(name)) for name in self.names[:N_SHOWN]]
        n_more = len(self.names) - N_SHOWN
        if n_more > 0:
            shown.append(f"... {n_more:,} more")
        if self.task != "single":
            shown.append(f"task={self.task!r}")
        return f"LabelSet({', '.join(shown)})"
