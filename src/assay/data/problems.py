"""What is wrong with the rows of a source, raised at once, and what may lie behind it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from assay.data.columns import NO_HEADER_ADVICE
from assay.data.files.row import Problem
from assay.data.texts import DroppedRow
from assay.errors import DataError, list_problems

__all__ = ["find_hint", "hint_of_breaks", "raise_problems", "with_flags"]

# Parts of what is said of rows in another encoding: one cause, however many rows it breaks
OTHER_BYTES = ("bytes that are not ", ": UTF-8 in a file that is read as ")
NOT_APART = "between text and label"  # the end of what is said of a line without a delimiter
MANY = 4  # rows with one and the same reason that are not listed one by one
SHORT_ROW = re.compile(r"(?P<n_fields>[\d,]+) fields? where the header has (?P<width>\d+)")


def hint_of_breaks(bad: Sequence[DroppedRow]) -> str:
    """Say that a line break has cut a row in two; empty if no two short rows make a whole one."""
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


def find_hint(bad: Sequence[DroppedRow]) -> str:
    """Say what to do about rows that cannot be used, where it is known; else an empty text."""
    return hint_of_breaks(bad) or _hint_of_delimiter(bad)


def _hint_of_delimiter(bad: Sequence[DroppedRow]) -> str:
    """Say how to name the delimiter, where none of the lines has it; else an empty text."""
    n_lines = sum(row.reason.endswith(NOT_APART) for row in bad)
    if n_lines < max(MANY, len(bad)):
        return ""
    return (
        "name the character between text and label with --delimiter, or save the lines as a table "
        "(.csv) with a header such as text,label"
    )


def with_flags(err: DataError, flags: Sequence[str], trouble: Problem | None) -> DataError:
    """Return an error about columns with the flags that answer all that is wrong with a file.

    Parameters
    ----------
    err : DataError
    flags : sequence of str
        Flags that name the columns, or say that there is no header.
    trouble : Problem or None
        What is wrong with a row besides.
    """
    hint = err.hint
    if flags:
        hint = hint.removesuffix(NO_HEADER_ADVICE)
    if flags and all(flag.startswith("--no-header") for flag in flags):
        hint = "the first line seems to be a row: --no-header takes it as one"
    if trouble is not None and len(trouble.fixes) > 1:
        hint = f"{hint}; {trouble}"  # with what the line is in each encoding
    fixes = () if trouble is None else trouble.fixes
    both = [f"{flag} {fix}" for flag in flags for fix in fixes]
    return DataError(err.message, hint=hint, flags=both or flags)


def _is_one_cause(problems: Sequence[str]) -> bool:
    """Tell whether several rows have the same problem: bytes of another encoding, or one reason."""
    for sign in OTHER_BYTES:
        if len(problems) > 1 and all(sign in one for one in problems):
            return True
    reasons = {one.partition(": ")[2] for one in problems}
    return len(problems) >= MANY and len(reasons) == 1 and "" not in reasons


def raise_problems(
    source: str, problems: Sequence[str], *, hint: str = "", flags: Sequence[str] = ()
) -> None:
    """Raise all problems of one source at once; return if there are none.

    Raises
    ------
    DataError
        One problem is a sentence of its own; more are listed.
    """
    if _is_one_cause(problems):
        problems = [f"{problems[0]}; {len(problems) - 1:,} more like it"]
    if len(problems) == 1:
        raise DataError(problems[0], hint=hint, flags=flags)
    if problems:
        raise DataError(
            f"{source} has {len(problems):,} problems:\n{list_problems(problems)}",
            hint=hint,
            flags=flags,
        )
