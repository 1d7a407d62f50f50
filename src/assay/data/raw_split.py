"""`RawSplit`: one split before it is checked; and the names that mean one."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assay.data.files.readers import Row
from assay.data.files.row import Problem
from assay.data.origin import Origin

__all__ = ["SPLIT_NAMES", "LABELS_FILE", "EmptyEnd", "LabelNames", "RawSplit", "split_name"]

LABELS_FILE = "labels.txt"  # beside the data: one name per line, in order
# As the library datasets has it, eval is for a score; and the names of Korean data sets.
SPLIT_NAMES = {
    **dict.fromkeys(("train", "훈련", "학습"), "train"),
    **dict.fromkeys(("validation", "val", "dev", "valid", "검증"), "validation"),
    **dict.fromkeys(("test", "eval", "evaluation", "holdout", "시험", "테스트", "평가"), "test"),
}


@dataclass
class EmptyEnd:
    """How many rows at the end of a table have nothing in any cell: known when it was read."""

    n_rows: int = 0


@dataclass(frozen=True)
class RawSplit:
    """One split of a source.

    Parameters
    ----------
    source : str
        How messages call it, such as ``train.csv``.
    columns : tuple of str
        Names of the columns, in the order of the source.
    read : callable
        ``(text_column, label_column, ...) -> rows``; called once.
    class_names : mapping
        Column -> ordered class names, for the columns in which the source keeps label ids or an
        order.
    unit : str
        What `Row.line` counts: ``line`` or ``row``.
    trouble : Problem, optional
        What is wrong with one of the first rows, with flags that may make it readable.
    origin : Origin, optional
        The files, to read more of some rows again. None: rows of no file.
    propose : callable
        Returns flags that name columns which look like texts and labels, for messages.
    empty_end : EmptyEnd
        Filled in while `read` is called.
    """

    source: str
    columns: tuple[str, ...]
    read: Callable[..., Iterable[Row]]
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unit: str = "line"
    trouble: Problem | None = None
    origin: Origin | None = None
    propose: Callable[[], Sequence[str]] = tuple
    empty_end: EmptyEnd = field(default_factory=EmptyEnd)

    @property
    def published_column(self) -> str | None:
        """The column whose class names the source publishes, if it is clear which one."""
        if "label" in self.class_names:
            return "label"
        return next(iter(self.class_names)) if len(self.class_names) == 1 else None


@dataclass(frozen=True)
class LabelNames:
    """Label names that were given beside the data.

    Parameters
    ----------
    names : tuple of str
    source : str
        Where they were given: ``labels.txt`` or ``labels``.
    """

    names: tuple[str, ...]
    source: str


def split_name(name: str) -> str | None:
    """Return train, validation or test for the names that mean them, else None.

    >>> split_name("Dev")
    'validation'
    """
    # File systems of Macs take letters apart.
    return SPLIT_NAMES.get(unicodedata.normalize("NFC", name).casefold())
