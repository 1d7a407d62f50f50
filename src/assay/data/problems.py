"""What is wrong with the rows of a source, raised at once, and what may lie behind it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from assay.data.texts import DroppedRow
from assay.errors import DataError, list_problems

__all__ = ["hint_of_breaks", "raise_problems"]

SHORT_ROW = re.compile(r"(?P<n_fields>[\d,]+) fields? where the header has (?P<width>\d+)")


def hint_of_breaks(bad: Sequence[DroppedRow]) -> str:
    """Say what two short rows may be that make one whole row together; empty if there are none."""
    for row, following in pairwise(bad):
        short, rest = SHORT_ROW.match(row.reason), SHORT_ROW.match(following.reason)
        if short is None or rest is None or following.line != row.line + 1:
            continue
        n_fields = int(short["n_fields"].replace(",", ""))
        n_more = int(rest["n_fields"].replace(",", ""))
        if n_fields + n_more - 1 == int(short["width"]):
            return (
                f"lines {row.line:,} and {following.line:,} make one row together: if a text has "
                "a line break, quotes have to enclose it; save the file again as .xlsx or as CSV"
            )
    return ""


def raise_problems(
    source: str, problems: Sequence[str], *, hint: str = "", flags: Sequence[str] = ()
) -> None:
    """Raise all problems of one source at once; return if there are none.

    Raises
    ------
    DataError
        One problem is a sentence of its own; more are listed.
    """
    if len(problems) == 1:
        raise DataError(problems[0], hint=hint, flags=flags)
    if problems:
        raise DataError(
            f"{source} has {len(problems):,} problems:\n{list_problems(problems)}",
            hint=hint,
            flags=flags,
        )
