"""`OtherColumns`: what the rows of a pool hold beside the text, in a file once it is much.

The columns of 200,000 rows are hundreds of megabytes, and are asked for row by row, when a text is
decided. In memory is where each row begins, and the names of the columns once.
"""

from __future__ import annotations

import json
import tempfile
import weakref
from array import array

from assay.data.files.row import Record
from assay.data.stored_texts import errors_of_temporary_files

__all__ = ["OtherColumns"]

MAX_HELD_BYTES = 32_000_000  # more are kept in a temporary file
# Workbooks and Parquet hold dates and decimals, which JSON has no kind for.
ENCODE = json.JSONEncoder(ensure_ascii=False, default=str).encode


class OtherColumns:
    """One JSON object per row; empty for a row without other columns.

    It is read by one thread at a time.
    """

    def __init__(self) -> None:
        with errors_of_temporary_files():
            self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115
                max_size=MAX_HELD_BYTES, prefix="assay-columns-"
            )
        weakref.finalize(self, self._file.close)
        self._ends = array("q", [0])
        self._names: dict[tuple[str, ...], int] = {}  # and their number
        self._names_of: list[tuple[str, ...]] = []
        self._number_of_row = array("l")

    def append(self, values: Record, text_column: str) -> None:
        """Add the columns of a row, without the one of its text."""
        others = {name: value for name, value in values.items() if name != text_column}
        names = tuple(others)
        if names not in self._names:
            self._names[names] = len(self._names_of)
            self._names_of.append(names)
        written = ENCODE(list(others.values())).encode("utf-8", "surrogatepass")
        with errors_of_temporary_files():
            self._file.seek(0, 2)
            self._file.write(written)
        self._ends.append(self._ends[-1] + len(written))
        self._number_of_row.append(self._names[names])

    def __len__(self) -> int:
        return len(self._number_of_row)

    def __getitem__(self, at: int) -> str:
        names = self._names_of[self._number_of_row[at]]
        if not names:
            return ""
        start, end = self._ends[at], self._ends[at + 1]
        with errors_of_temporary_files():
            self._file.seek(start)
            written = self._file.read(end - start).decode("utf-8", "surrogatepass")
        return ENCODE(dict(zip(names, json.loads(written), strict=True)))
