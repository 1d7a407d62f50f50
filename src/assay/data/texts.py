"""`LabelledTexts` (one split) and `Splits` (a data set): plain, immutable, in memory."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from assay._display import html_block, html_table
from assay._optional import require
from assay.data.labels import LabelSet
from assay.errors import DataError, InputError

if TYPE_CHECKING:
    import pandas as pd

N_SHOWN_ROWS, N_SHOWN_LABELS = 5, 30  # in a notebook

__all__ = ["DroppedRow", "LabelledTexts", "Splits", "check_texts"]


def check_texts(texts: object, *, name: str = "texts") -> list[str]:
    """Return `texts` as a list of str, or say what else it is.

    Raises
    ------
    InputError
        It is one lone text, or holds something that is not a text.
    """
    if isinstance(texts, (str, bytes)):
        raise InputError(
            f"{name} is one text; a sequence of texts is accepted", hint="write [text]"
        )
    if not hasattr(texts, "__iter__"):
        raise InputError(f"{name} is {type(texts).__name__}; a sequence of texts is accepted")
    as_list = list(texts)
    for i, text in enumerate(as_list):
        if not isinstance(text, str):
            raise InputError(f"{name}[{i}] is {type(text).__name__}; a text (str) is accepted")
    return as_list


@dataclass(frozen=True)
class DroppedRow:
    """A row that was left out, and why. It never holds the text itself."""

    split: str
    line: int  # 1-based line (or record) of the source
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values."""
        return {"split": self.split, "line": self.line, "reason": self.reason}


@dataclass(frozen=True)
class LabelledTexts:
    """Texts of one split with their labels.

    Parameters
    ----------
    texts : tuple of str
    labels : tuple of str
        One a text.
    lines : tuple of int
        1-based line (or record) of each text in its source; counts from 1 if left out.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    lines: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.lines:
            object.__setattr__(self, "lines", tuple(range(1, len(self.texts) + 1)))
        if not len(self.texts) == len(self.labels) == len(self.lines):
            raise DataError(
                f"{len(self.texts):,} texts, {len(self.labels):,} labels and {len(self.lines):,} line numbers; "
                "the same number of each is accepted"
            )

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Sequence[int] | np.ndarray) -> LabelledTexts:
        """Return the given 0-based rows, in that order."""
        return LabelledTexts(
            tuple(self.texts[i] for i in rows),
            tuple(self.labels[i] for i in rows),
            tuple(self.lines[i] for i in rows),
        )

    def counts(self) -> dict[str, int]:
        """Return how often each label occurs, in order of first sight."""
        return dict(Counter(self.labels))

    def _repr_html_(self) -> str:
        n_shown = min(len(self), N_SHOWN_ROWS)
        rows = [
            {"line": self.lines[i], "label": self.labels[i], "text": self.texts[i]}
            for i in range(n_shown)
        ]
        return html_block(
            "LabelledTexts", f"{len(self):,} texts, the first {n_shown}:", html_table(rows)
        )

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


@dataclass(frozen=True)
class Splits(Mapping[str, LabelledTexts]):
    """A data set: named splits, the ordered label names, where it came from, what was left out or corrected.

    Parameters
    ----------
    parts : dict
        Split -> its texts.
    label_set : LabelSet
    source : str
    dropped : tuple of DroppedRow
    n_corrections : int
        Labels of train that a person corrected.

    Examples
    --------
    >>> one = LabelledTexts(("good", "bad"), ("pos", "neg"))
    >>> splits = Splits({"train": one}, LabelSet(("neg", "pos")), source="memory")
    >>> splits["train"].counts()
    {'pos': 1, 'neg': 1}
    """

    parts: dict[str, LabelledTexts]
    label_set: LabelSet
    source: str
    dropped: tuple[DroppedRow, ...] = field(default=())
    n_corrections: int = 0

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

    def _repr_html_(self) -> str:
        counts = {name: part.counts() for name, part in self.parts.items()}
        rows: list[dict[str, Any]] = [
            {"label": label, **{name: counts[name].get(label, 0) for name in counts}}
            for label in self.label_set.names[:N_SHOWN_LABELS]
        ]
        if (n_more := len(self.label_set) - N_SHOWN_LABELS) > 0:
            rows.append({"label": f"… and {n_more:,} more", **dict.fromkeys(counts, "")})
        rows.append({"label": "all", **{name: len(part) for name, part in self.parts.items()}})
        dropped = f", {len(self.dropped):,} rows left out" if self.dropped else ""
        return html_block(
            self.source,
            f"texts with {len(self.label_set):,} labels, a column a split{dropped}",
            html_table(rows),
        )

    def to_pandas(self) -> pd.DataFrame:
        """Return all splits as one frame with columns split, line, text, label (id), label_name."""
        pandas = require("pandas")
        frames = [
            pandas.DataFrame(
                {
                    "split": name,
                    "line": np.asarray(part.lines, dtype=np.int64),
                    "text": list(part.texts),
                    "label": self.label_set.ids(part.labels),
                    "label_name": list(part.labels),
                }
            )
            for name, part in self.parts.items()
        ]
        return pandas.concat(frames, ignore_index=True)
