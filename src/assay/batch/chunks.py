"""Cut the rows of one file into chunks: what is scored together, written together and resumed.

Where a chunk ends depends on the rows alone, so that a resumed call cuts the same chunks and writes
the same bytes. (A shard is something else: a piece of a folder of files, see `shards`.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from assay.data.files.readers import Row

__all__ = ["CHUNK_CHARS", "CHUNK_ROWS", "cut_chunks", "hash_rows"]

# A chunk ends at whichever comes first. It bounds the work that is lost when a process is killed,
# and the memory that rows take.
CHUNK_ROWS = 2048
CHUNK_CHARS = 4_000_000  # of all columns: 40 texts of the longest accepted length (100,000)


def cut_chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Cut rows into chunks by their number and their size."""
    chunk: list[Row] = []
    n_chars = 0
    for row in rows:
        chunk.append(row)
        n_chars += _count_chars(row)
        if len(chunk) >= CHUNK_ROWS or n_chars >= CHUNK_CHARS:
            yield chunk
            chunk, n_chars = [], 0
    if chunk:
        yield chunk


def _count_chars(row: Row) -> int:
    return sum(len(_as_text(value)) for value in row.values.values())


def _as_text(value: Any) -> str:
    return value if type(value) is str else repr(value)


def hash_rows(rows: Iterable[Row]) -> str:
    """Return the SHA-256 of rows in hexadecimal, by which a resumed call knows them again."""
    digest = hashlib.sha256()
    for row in rows:
        content = repr((row.line, row.values, row.problem))
        digest.update(content.encode("utf-8", "backslashreplace"))
    return digest.hexdigest()
