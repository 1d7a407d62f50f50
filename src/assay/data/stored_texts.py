"""`StoredTexts`: a split whose texts are in a temporary file until a few rows of them are drawn.

A million short texts take 150 MB in memory as Python's own objects, and most of them are read only
to be left out where `--max-rows` draws ten thousand. In memory are the label and the line of each
row, where its text begins, and 64 bits that stand for its normalised text: 32 bytes per row.
"""

from __future__ import annotations

import tempfile
import weakref
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, overload

import numpy as np

from assay.data.normal_form import normalise_text
from assay.data.texts import LabelledTexts, Splits
from assay.errors import InputError, OutsideError

if TYPE_CHECKING:
    from typing import IO

__all__ = ["StoredTexts", "TextFile", "errors_of_temporary_files", "hold_texts"]

BLOCK_TEXTS = 1000  # that are written at once, and read at once where all are gone through
ENCODING = "utf-8", "surrogatepass"


class TextFile:
    """Texts in a temporary file, which goes away with this object.

    Attributes
    ----------
    ends : array of int
        Text `i` is in the bytes from ``ends[i]`` to ``ends[i + 1]``.
    marks : array of int
        One number per text, equal where normalised texts are equal. Python's hash has 64 bits: in a
        million texts two different ones are taken for equal with a probability of 3e-8.
    """

    def __init__(self) -> None:
        with errors_of_temporary_files():
            self._file: IO[bytes] = tempfile.TemporaryFile(prefix="assay-texts-")  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self.ends = array("q", [0])
        self.marks = array("q")
        self._gathered: list[str] = []

    def __len__(self) -> int:
        return len(self.marks) + len(self._gathered)

    def append(self, text: str) -> None:
        """Add one text."""
        self._gathered.append(text)
        if len(self._gathered) == BLOCK_TEXTS:
            self.flush()

    def flush(self) -> None:
        """Write the texts that were added."""
        encoded = [text.encode(*ENCODING) for text in self._gathered]
        with errors_of_temporary_files():
            self._file.seek(0, 2)
            self._file.write(b"".join(encoded))
        ends = accumulate(map(len, encoded), initial=self.ends.pop())
        self.ends.extend(ends)
        self.marks.extend(map(hash, map(normalise_text, self._gathered)))
        self._gathered = []

    def read(self, first: int, stop: int) -> list[str]:
        """Return the texts from `first` to `stop`, not included."""
        start = self.ends[first]
        with errors_of_temporary_files():
            self._file.seek(start)
            raw = self._file.read(self.ends[stop] - start)
        texts = []
        for i in range(first, stop):
            one = raw[self.ends[i] - start : self.ends[i + 1] - start]
            texts.append(one.decode(*ENCODING))
        return texts


class _Column(Sequence[str]):
    """Some rows of a `TextFile`, in ascending order, read when they are asked for."""

    def __init__(self, file: TextFile, rows: np.ndarray) -> None:
        self.file = file
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        row = int(self.rows[at])
        return self.file.read(row, row + 1)[0]

    def __iter__(self) -> Iterator[str]:
        """Read block by block: rows of a block that are not among these are passed over."""
        for first in range(0, len(self.file), BLOCK_TEXTS):
            stop = min(first + BLOCK_TEXTS, len(self.file))
            low, high = np.searchsorted(self.rows, [first, stop])
            if low == high:
                continue
            block = self.file.read(first, stop)
            for row in self.rows[low:high].tolist():
                yield block[row - first]

    def take(self, rows: Sequence[int] | np.ndarray) -> _Column:
        """Return the given 0-based rows."""
        taken = self.rows[np.asarray(rows, dtype=np.int64)]
        if np.any(np.diff(taken) < 0):
            raise InputError("rows of stored texts are given in some order; ascending is accepted")
        return _Column(self.file, taken)

    def groups(self) -> np.ndarray:
        """Return what `duplicate_groups` does."""
        marks = np.frombuffer(self.file.marks, dtype=np.int64)[self.rows]
        _, firsts, numbers = np.unique(marks, return_index=True, return_inverse=True)
        # Numbers by the size of the marks become numbers by where the groups first occur
        in_order = np.empty(len(firsts), dtype=np.int64)
        in_order[np.argsort(firsts)] = np.arange(len(firsts))
        grouped: np.ndarray = in_order[numbers]
        return grouped


@dataclass(frozen=True, repr=False)
class StoredTexts(LabelledTexts):
    """Texts of one split in a temporary file, with their labels in memory."""

    texts: _Column  # type: ignore[assignment]
    lines: array[int]  # type: ignore[assignment]

    @classmethod
    def gather(cls, file: TextFile, labels: Sequence[str], lines: array[int]) -> StoredTexts:
        """Return all texts of a file."""
        file.flush()
        return cls(_Column(file, np.arange(len(file))), tuple(labels), lines)

    def take(self, rows: Sequence[int] | np.ndarray) -> StoredTexts:
        """Return the given 0-based rows, which are ascending; their texts stay in the file."""
        lines = array("q")
        lines.frombytes(np.frombuffer(self.lines, dtype=np.int64)[rows].tobytes())
        labels = tuple([self.labels[i] for i in rows])
        return replace(self, texts=self.texts.take(rows), labels=labels, lines=lines)

    def groups(self) -> np.ndarray:
        """Return what `duplicate_groups` does, without a text in memory."""
        return self.texts.groups()

    def held(self) -> LabelledTexts:
        """Return the same rows with their texts in memory."""
        return LabelledTexts(tuple(self.texts), self.labels, tuple(self.lines))


def hold_texts(splits: Splits) -> Splits:
    """Return the same splits with all texts in memory."""
    parts = {}
    for name, labelled in splits.items():
        parts[name] = labelled.held() if isinstance(labelled, StoredTexts) else labelled
    return replace(splits, parts=parts)


@contextmanager
def errors_of_temporary_files() -> Iterator[None]:
    """Turn a refusal of the disk into a sentence."""
    try:
        yield
    except OSError as err:
        raise OutsideError(
            f"texts cannot be kept in a temporary file in {tempfile.gettempdir()}: {err.strerror}",
            hint="name a folder with more room in the variable TMPDIR",
        ) from err
