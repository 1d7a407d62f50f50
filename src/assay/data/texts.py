"""`LabelledTexts` (one split) and `Splits` (a data set): plain, immutable, in memory."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from assay._arguments import check_argument, check_fields
from assay._display import html_block, html_table
from assay._optional import require
from assay.data.columns import TEXT_NAMES, fold_name
from assay.data.files.short_floats import find_precision, shorten
from assay.data.labels import LabelSet
from assay.data.listed_rows import DroppedRow, MendedRows
from assay.data.normal_form import normalise_text
from assay.data.origin import Origin
from assay.errors import DataError, InputError, cut

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "SPLIT_ORDER",
    "DroppedRow",
    "LabelledTexts",
    "MendedRows",
    "Splits",
    "check_texts",
    "join_texts",
    "plain_list",
]

T = TypeVar("T")
SPLIT_ORDER = ("train", "validation", "test", "all")  # all: a lone file that is not cut yet
TEXT_COLUMNS = {name for tier in TEXT_NAMES for name in tier}
N_SHOWN_ROWS, N_SHOWN_LABELS = 5, 30  # in a notebook


def check_texts(texts: object, *, name: str = "texts") -> list[str]:
    """Return `texts` as a list of str.

    Parameters
    ----------
    texts : object
        What a caller gave where a sequence of texts is expected.
    name : str
        How messages call it.

    Raises
    ------
    InputError
        It is a single text, a frame or a mapping (the error names the column to pass), a set, no
        sequence at all, or it holds something that is not a text.
    """
    if isinstance(texts, (str, bytes)):
        raise InputError(
            f"{name} is one text; a sequence of texts is accepted", hint="write [text]"
        )
    if isinstance(texts, (set, frozenset)) or _column_names(texts) is not None:
        raise _no_sequence(texts, name=name)
    try:
        iter(texts)  # type: ignore[call-overload]
    except TypeError as err:
        kind = type(texts).__name__
        raise InputError(f"{name} is {kind}; a sequence of texts is accepted") from err
    as_list = plain_list(texts)
    for i, text in enumerate(as_list):
        if not isinstance(text, str):
            raise InputError(f"{name}[{i}] is {type(text).__name__}; a text (str) is accepted")
    return as_list


def plain_list(values: Any) -> list[Any]:
    """Return a column as a list of Python's own values, which iterating does not yield."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "mM":
        return list(values)  # of nanoseconds, `tolist` makes numbers
    for name in ("to_pylist", "to_list", "tolist"):  # of pyarrow; polars and pandas; NumPy
        if hasattr(values, name):
            found = list(getattr(values, name)())
            precision = find_precision(values)
            return found if precision is None else shorten(found, precision)
    return list(values)


def _no_sequence(texts: Any, *, name: str) -> InputError:
    """Return the error for what iterates over column names, or in no order."""
    kind = type(texts).__name__
    if isinstance(texts, (set, frozenset)):
        return InputError(
            f"{name} is a {kind}, which has no order; a sequence of texts is accepted",
            hint="write sorted(texts)",
        )
    columns = _column_names(texts) or []
    best = next((column for column in columns if fold_name(column) in TEXT_COLUMNS), None)
    collected = ".collect()" * hasattr(texts, "collect")
    shown = ", ".join(columns[:N_SHOWN_LABELS]) or "no columns"
    return InputError(
        f"{name} is a {kind} with {shown}; one column of texts is accepted",
        hint=f"pass the column of the texts: {name}{collected}[{best or 'COLUMN'!r}]",
    )


def _column_names(texts: Any) -> list[str] | None:
    """Return the names of the columns of a table; None if it is none.

    Mappings, records of NumPy, tables of pandas, polars, pyarrow and `datasets`.
    """
    if isinstance(texts, Mapping):
        return list(map(str, texts))
    if hasattr(texts, "collect_schema"):  # of polars: its frames that are not read yet warn
        return list(texts.collect_schema().names())
    dtype = getattr(texts, "dtype", None)
    for holder, attribute in ((dtype, "names"), (texts, "column_names"), (texts, "columns")):
        names = getattr(holder, attribute, None)
        if names is not None:
            return list(map(str, names))
    return None


@dataclass(frozen=True)
class LabelledTexts:
    """Texts of one split with their labels.

    Parameters
    ----------
    texts : tuple of str
    labels : tuple of str
        One label per text.
    lines : tuple of int
        1-based line (or record) of each text in its source. If left out, lines count from 1.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    lines: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_fields(self)
        if not self.lines:
            object.__setattr__(self, "lines", tuple(range(1, len(self.texts) + 1)))
        if not len(self.texts) == len(self.labels) == len(self.lines):
            raise DataError(
                f"{len(self.texts):,} texts, {len(self.labels):,} labels and "
                f"{len(self.lines):,} line numbers; the same number of each is accepted"
            )

    def __len__(self) -> int:
        return len(self.texts)

    def __repr__(self) -> str:
        return f"LabelledTexts({len(self):,} texts, {len(self.counts()):,} labels)"

    @cached_property
    def normalised(self) -> tuple[str, ...]:
        """The texts in the form in which they are compared; see `normalise_text`.

        Computed when it is first asked for, then kept as long as the split, and handed on by
        `take`. A text that is in that form already is the same object as in `texts`, so only the
        others take memory.
        """
        return tuple(map(normalise_text, self.texts))

    def take(self, rows: Sequence[int] | np.ndarray) -> LabelledTexts:
        """Return the given 0-based rows, in that order."""
        taken = replace(
            self,
            texts=_pick(self.texts, rows),
            labels=_pick(self.labels, rows),
            lines=_pick(self.lines, rows),
        )
        if "normalised" in vars(self):  # where a cached property keeps its value
            vars(taken)["normalised"] = _pick(self.normalised, rows)
        return taken

    def counts(self) -> dict[str, int]:
        """Return how often each label occurs, in the order in which the labels first occur."""
        return dict(Counter(self.labels))

    def entries(self) -> Iterator[tuple[int, str]]:
        """Yield the line of each text with its label."""
        yield from zip(self.lines, self.labels, strict=True)

    def renamed(self, names: Mapping[str, str]) -> LabelledTexts:
        """Return the same texts with other names for some of their labels."""
        return replace(self, labels=tuple(names.get(label, label) for label in self.labels))

    def _repr_html_(self) -> str:
        n_shown = min(len(self), N_SHOWN_ROWS)
        caption = f"{len(self):,} texts, the first {n_shown}:"
        rows = [
            {"line": self.lines[i], "label": self.shown_label(i), "text": self.texts[i]}
            for i in range(n_shown)
        ]
        return html_block("LabelledTexts", caption, html_table(rows))

    def shown_label(self, row: int) -> str:
        """Return the label of a row as people read it."""
        return self.labels[row]

    def names(self, row: int) -> tuple[str, ...]:
        """Return the names of the labels of a row."""
        return (self.labels[row],)

    def sha256(self, *, with_labels: bool = True) -> str:
        """Return the fingerprint: SHA-256 over UTF-8 JSON lines ``[text, label]`` in row order.

        Without labels, the lines are ``[text]``: rows whose labels were corrected keep that
        fingerprint.
        """
        digest = hashlib.sha256()
        for text, label in zip(self.texts, self.labels, strict=True):
            line = json.dumps([text, label] if with_labels else [text], ensure_ascii=False) + "\n"
            digest.update(line.encode("utf-8", "surrogatepass"))
        return digest.hexdigest()


def join_texts(several: Sequence[LabelledTexts]) -> LabelledTexts:
    """Return the texts of several splits one after the other; a single split as it is."""
    if len(several) == 1:
        return several[0]
    joined = replace(
        several[0],
        texts=tuple(chain.from_iterable(one.texts for one in several)),
        labels=tuple(chain.from_iterable(one.labels for one in several)),
        lines=tuple(chain.from_iterable(one.lines for one in several)),
    )
    # where a cached property keeps its value: no text is normalised twice
    vars(joined)["normalised"] = tuple(chain.from_iterable(one.normalised for one in several))
    return joined


def _pick(values: tuple[T, ...], rows: Sequence[int] | np.ndarray) -> tuple[T, ...]:
    return tuple([values[i] for i in rows])


@dataclass(frozen=True)
class Splits(Mapping[str, LabelledTexts]):
    """A data set: its splits, its labels, where it came from, and what was left out or corrected.

    Parameters
    ----------
    parts : dict
        Split name -> the texts of that split.
    label_set : LabelSet
        The label names in order, and whether a text has one label or several.
    source : str
        How reports and messages call the data set.
    dropped : tuple of DroppedRow
        Rows of the source that were left out.
    n_corrections : int
        Labels of train that a person corrected.
    mended : tuple of MendedRows
        Rows of the source that were changed before they were used.
    pool : tuple of str
        Texts of rows without label, which take no part in training.
    empty_columns : tuple of str
        Columns of label names that no text has: they are no labels.
    n_empty_rows : int
        Rows without anything in their cells at the end of files.
    drawn_from : mapping of str to int
        Split -> how many texts it had before `--max-rows` drew some; only where it drew.
    origins : mapping of str to Origin
        Split as it was read -> its files; see `read_other_cells`.
    reading : mapping
        Options with which a file or folder was read, for models to remember; see `record_reading`.

    Attributes
    ----------
    kept : dict
        Results that are worked out once per data set, by name; see `find_leaks`.

    Examples
    --------
    >>> one = LabelledTexts(("good", "bad"), ("pos", "neg"))
    >>> Splits({"train": one}, LabelSet(("neg", "pos")), source="memory")
    Splits('memory', texts: train 2; 2 labels)
    """

    parts: dict[str, LabelledTexts]
    label_set: LabelSet
    source: str
    dropped: tuple[DroppedRow, ...] = field(default=())
    n_corrections: int = 0
    mended: tuple[MendedRows, ...] = ()
    pool: tuple[str, ...] = ()
    empty_columns: tuple[str, ...] = ()
    n_empty_rows: int = 0
    drawn_from: Mapping[str, int] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False, repr=False)
    reading: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    kept: dict[str, object] = field(default_factory=dict, init=False, compare=False)

    def __post_init__(self) -> None:
        check_fields(self)
        for name, labelled in self.parts.items():
            check_argument(f"parts['{name}']", labelled, LabelledTexts)

    def __getitem__(self, split: str) -> LabelledTexts:
        if split not in self.parts:
            raise DataError(
                f"there is no split '{split}' in {self.source}; splits: {', '.join(self.parts)}"
            )
        return self.parts[split]

    def __iter__(self) -> Iterator[str]:
        return iter(self.parts)

    def __len__(self) -> int:
        return len(self.parts)

    def __contains__(self, split: object) -> bool:
        return split in self.parts

    def n_before(self, split: str) -> int:
        """Return how many texts a split had before `--max-rows` drew some of them."""
        return self.drawn_from.get(split, len(self[split]))

    @property
    def unit(self) -> str:
        """What its rows are known by: ``line`` in files of text, else ``row``."""
        units = {"row", *(origin.unit for origin in self.origins.values())}
        return min(units)

    def __repr__(self) -> str:
        sizes = [f"{split} {len(labelled):,}" for split, labelled in self.parts.items()]
        n_labels = f"{len(self.label_set):,} labels"
        return f"Splits({cut(self.source)!r}, texts: {', '.join(sizes) or 'none'}; {n_labels})"

    def _repr_html_(self) -> str:
        counts = {split: labelled.counts() for split, labelled in self.parts.items()}
        rows: list[dict[str, str | int]] = []
        for label in self.label_set.names[:N_SHOWN_LABELS]:
            n_texts = {split: of_label.get(label, 0) for split, of_label in counts.items()}
            rows.append({"label": label, **n_texts})
        n_more = len(self.label_set) - N_SHOWN_LABELS
        if n_more > 0:
            rows.append({"label": f"… and {n_more:,} more", **dict.fromkeys(counts, "")})
        rows.append({"label": "all", **{split: len(own) for split, own in self.parts.items()}})
        caption = f"texts with {len(self.label_set):,} labels, one column per split"
        if self.dropped:
            caption += f", {len(self.dropped):,} rows left out"
        return html_block(self.source, caption, html_table(rows))

    def to_pandas(self) -> pd.DataFrame:
        """Return all splits as one frame with columns split, line, text, label (id), label_name.

        Where a text has several labels, `label` holds its row of the indicator matrix and
        `label_name` the tuple of its labels.
        """
        pandas = require("pandas")
        frames = []
        for split, labelled in self.parts.items():
            encoded = self.label_set.encode(labelled.labels)
            columns = {
                "split": split,
                "line": np.asarray(labelled.lines, dtype=np.int64),
                "text": list(labelled.texts),
                "label": encoded if encoded.ndim == 1 else encoded.tolist(),
                "label_name": list(labelled.labels),
            }
            frames.append(pandas.DataFrame(columns))
        return pandas.concat(frames, ignore_index=True)
