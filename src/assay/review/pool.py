"""`read_pool`: the texts that wait for labels, each once, in the order of their file."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack
from unicodedata import normalize

import numpy as np

from assay._paths import expand_home
from assay.batch.rows import open_rows
from assay.data.blank_text import is_blank
from assay.data.cell_values import MAX_CHARS, text_or_problem
from assay.data.files.reading import ReadingOptions
from assay.data.files.row import Row
from assay.errors import DataError, InputError, plural
from assay.review.other_columns import OtherColumns

__all__ = ["Pool", "read_pool", "text_mark"]

logger = logging.getLogger(__name__)

KEY_BYTES = 8


@dataclass(frozen=True)
class Pool:
    """Texts to label.

    Parameters
    ----------
    source : str
        Name of the file, for messages.
    texts : tuple of str
        Distinct texts.
    lines : tuple of int
        The 1-based line of the file on which each text occurs first.
    others : tuple of str or OtherColumns
        The other columns of that row, such as an id, as JSON; empty if the file has none.
    n_repeats : int
        Rows that were left out because their text occurs further up.
    n_unusable : int
        Rows that were left out because they have no text that can be read.
    """

    source: str
    texts: tuple[str, ...]
    lines: tuple[int, ...]
    others: tuple[str, ...] | OtherColumns = ()
    n_repeats: int = 0
    n_unusable: int = 0

    def __len__(self) -> int:
        return len(self.texts)

    def others_of(self, position: int) -> str:
        """Return the other columns of a text as JSON; empty if the file has none."""
        return self.others[position] if self.others else ""

    def random_order(self, seed: int) -> list[int]:
        """Return all positions in an order that a hash of seed and text decides.

        It is random, and a larger pool keeps the order of the texts that it shares with this one.
        """
        key = seed.to_bytes(KEY_BYTES, "little")
        hashes = b"".join([_hash(text, key) for text in self.texts])
        order: list[int] = np.frombuffer(hashes, dtype=">u8").argsort(kind="stable").tolist()
        return order


def text_mark(text: str) -> str:
    """Return what a page names a text by, whatever its place in the pool is by then."""
    return _hash(text, b"").hex()


def _hash(text: str, key: bytes) -> bytes:
    encoded = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(encoded, digest_size=KEY_BYTES, key=key).digest()


def read_pool(
    source: str | Path, *, text_column: str | None = None, **reading: Unpack[ReadingOptions]
) -> Pool:
    """Read the texts of a file.

    Parameters
    ----------
    source : path
        Any file that `assay predict` reads; labels in it are not looked at.
    text_column : str, optional
        None: the column with a well-known name.
    **reading
        How the file is read, such as ``delimiter`` and ``encoding``; the fields of `Reading`.

    Raises
    ------
    InputError
        There is no such file, it cannot be read, or it has no text.
    """
    path = expand_home(source)
    if path.is_dir():
        raise InputError(f"{source} is a folder; a file with one text per row is accepted")
    if not path.is_file():
        raise InputError(f"no such file: {source}; a file with one text per row is accepted")
    rows, column = open_rows(path, text_column=text_column, **reading)
    first_lines: dict[str, int] = {}  # by the composed text: as on another system it is the same
    texts: list[str] = []
    others = OtherColumns()  # of those lines
    n_rows = n_unusable = 0
    problem = "it has no rows"
    for row in rows:
        n_rows += 1
        text, found = _text_of(row, column)
        if text is None:
            n_unusable += 1
            if n_unusable == 1:
                problem = f"line {row.line:,}: {found or 'no text'}"
        elif (composed := normalize("NFC", text)) not in first_lines:
            first_lines[composed] = row.line
            texts.append(text)
            others.append(row.values, column)
    if not first_lines:
        raise DataError(f"{path.name} has no text to label: {problem}")
    n_repeats = n_rows - n_unusable - len(first_lines)
    _warn(path.name, n_unusable, problem, n_repeats)
    return Pool(
        source=path.name,
        texts=tuple(texts),
        lines=tuple(first_lines.values()),
        others=others,
        n_repeats=n_repeats,
        n_unusable=n_unusable,
    )


def _warn(name: str, n_unusable: int, problem: str, n_repeats: int) -> None:
    """Say how many rows were left out, and why."""
    if n_unusable:
        unusable = plural(n_unusable, "row")
        logger.warning("%s: %s left out; the first, %s", name, unusable, problem)
    if n_repeats:
        repeats = plural(n_repeats, "row")
        logger.warning("%s: each text is taken once; %s left out", name, repeats)


def _text_of(row: Row, column: str) -> tuple[str | None, str | None]:
    """Return the text of a row, or None and the reason."""
    if row.problem:
        return None, row.problem
    text, problem = text_or_problem(row.values.get(column), max_chars=MAX_CHARS)
    if text is not None and is_blank(text):
        return None, "blank text"
    return text, problem
