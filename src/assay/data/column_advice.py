"""What to do about a source in which no column of texts or labels is found: flags, or a reason."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from itertools import filterfalse

from assay.data.columns import NO_HEADER_ADVICE, has_label_column
from assay.data.files.delimiters import names_both
from assay.data.files.formats import file_kind
from assay.data.late_header import find_late_header
from assay.data.origin import Origin, find_late_trouble
from assay.data.problems import with_flags
from assay.data.raw_split import RawSplit
from assay.data.word_labels import find_word_labels
from assay.errors import DataError

__all__ = ["explain_columns", "explain_table"]

OTHER_COLUMN = {"--text-column": "--label-column", "--label-column": "--text-column"}
TABLES = (".csv", ".tsv", ".xlsx")
MARK = re.compile(r"[^\w .\"'()\[\]-]")  # what may be a delimiter inside the name of a column
IN_COLUMNS = "white space separates its columns: save it as CSV, with commas or tabs"
SEVERAL_COLUMNS = (
    "name one with --label-column, or, where each label has a column of its own, all of them with "
    "--label-columns"
)
IN_QUOTES = (
    "each line is in quotes as a whole: save the table again, with its columns in cells of "
    "their own"
)


def explain_columns(
    raw: RawSplit, err: DataError, *, is_named: bool, single_label: bool = False
) -> DataError:
    """Return an error about the columns of a source with what answers all that is wrong with it.

    Parameters
    ----------
    raw : RawSplit
    err : DataError
        No column has a well-known name of texts or labels, or several have.
    is_named : bool
        Whether the user named a column.
    single_label : bool
        Whether the user asked for one label per text: ``--label-columns`` would be refused.
    """
    flags: Sequence[str] = err.flags
    if not is_named and (what := find_word_labels(raw.origin)):
        return DataError(err.message, hint=what)
    kind = "" if raw.origin is None else file_kind(raw.origin.paths[0])
    if kind not in TABLES:
        err = DataError(err.message, hint=err.hint.removesuffix(NO_HEADER_ADVICE), flags=flags)
    if not is_named:
        if raw.origin is not None:
            special = explain_table(raw.origin, raw.columns, err)
            if special is not None:
                return special
        flags = _better_flags(raw, flags, single_label=single_label)
        err = _name_several(err, flags)
    return with_flags(err, flags, raw.trouble or find_late_trouble(raw.origin))


def explain_table(origin: Origin, columns: Sequence[str], err: DataError) -> DataError | None:
    """Return the error of a table whose first line is no header, or has another delimiter.

    Parameters
    ----------
    origin : Origin
    columns : sequence of str
        As they were read.
    err : DataError
        No column has a well-known name of texts, or of labels.

    Returns
    -------
    DataError or None
        None if neither is the case.
    """
    if file_kind(origin.paths[0]) not in TABLES:
        return None
    line = find_late_header(origin, columns)
    if line is not None:
        hint = f"line {line} seems to be the header: delete what is above it"
        return DataError(err.message, hint=hint)
    return _judge_lone_column(origin, columns, err)


def _judge_lone_column(origin: Origin, columns: Sequence[str], err: DataError) -> DataError | None:
    """Return the error of a table whose delimiter was not found; None if it is another one."""
    if len(columns) != 1 or origin.reading.delimiter is not None:
        return None
    name = columns[0]
    if names_both(name.split(" ")):
        return DataError(err.message, hint=IN_COLUMNS)
    for mark in dict.fromkeys(MARK.findall(name)):
        if not names_both(name.split(mark)):
            continue
        if mark == ",":
            return DataError(err.message, hint=IN_QUOTES)
        shown = shlex.quote(mark) if mark.isprintable() else f"$'\\x{ord(mark):02x}'"
        flag = f"--delimiter {shown}"
        return DataError(err.message, hint=f"if {shown} separates them: {flag}", flags=[flag])
    return None


def _name_several(err: DataError, flags: Sequence[str]) -> DataError:
    """Return the error with a hint that fits where columns of yes and no are proposed."""
    if any(map(_names_several, flags)):
        return DataError(err.message, hint=SEVERAL_COLUMNS)
    return err


def _better_flags(raw: RawSplit, flags: Sequence[str], *, single_label: bool) -> Sequence[str]:
    """Return the proposals by what is in the columns, where they say more than their names do."""
    proposed = _propose(raw, single_label=single_label)
    flags = _leave_out_contradicted(flags, proposed)
    if not flags or any(flag.startswith("--no-header") for flag in proposed):
        return proposed
    if has_label_column(raw.columns, text_column=""):
        return flags
    complete = [one for one in proposed if any(one.startswith(f"{flag} ") for flag in flags)]
    return complete or flags


def _propose(raw: RawSplit, *, single_label: bool) -> Sequence[str]:
    """Return the proposals by what is in the columns that go with what was asked for."""
    proposed = raw.propose()
    if not single_label:
        return proposed
    return list(filterfalse(_names_several, proposed))


def _names_several(flag: str) -> bool:
    return " --label-columns " in flag


def _leave_out_contradicted(flags: Sequence[str], proposed: Sequence[str]) -> list[str]:
    """Return the flags without those that take labels for texts, or the other way round.

    A word in a name may be chance: the Vietnamese "yêu cầu", a request, holds a word that is
    written as that for a sentence but for its accent. What is in the column tells.
    """
    kept = []
    for flag in flags:
        option, _, name = flag.partition(" ")
        other = OTHER_COLUMN.get(option)  # none: another flag
        if not any(f"{other} {name} " in f"{one} " for one in proposed):
            kept.append(flag)
    return kept
