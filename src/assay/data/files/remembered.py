"""How the data of a model were read, as a default for the next file of the same kind.

A remembered option is only used where it fits: an encoding not on a file that is UTF-8, a delimiter
or a column not on a file that does not have it. What was asked for always wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from assay._paths import expand_home
from assay.data.files.decoding import check_encoding, decode_bytes, open_bytes
from assay.data.files.mixed_encoding import other_encoding
from assay.data.files.readers import file_kind, read_rows
from assay.errors import AssayError

__all__ = ["complete_reading", "record_reading"]

READING = ("delimiter", "encoding", "quoting", "escape", "header", "sheet")
COLUMNS = ("text_column", "label_column", "split_column")
NO_COLUMN = "none"  # said of the column of splits
SEVERAL = ("label_separator", "label_columns")  # how several labels of a text are written
RULES = ("merge_labels", "single_label")  # what is done with labels
HEAD_BYTES = 1 << 16
# Bytes that a character of UTF-8 may lack at the end of the head.
MAX_CUT_BYTES = 3


def record_reading(asked: Mapping[str, Any], data: Any) -> dict[str, Any]:
    """Return what a model remembers: the options that were asked for, and the kind of file.

    Parameters
    ----------
    asked : mapping
        Options of reading by name; those that are None or False, and ``header`` where it is True,
        are left out.
    data
        What was read. What is no file or folder is read without such options: {}.

    Examples
    --------
    >>> record_reading({"delimiter": ";", "encoding": None, "header": True}, "nothing.csv")
    {}
    """
    if not isinstance(data, str | Path) or not expand_home(data).exists():
        return {}
    recorded: dict[str, Any] = {}
    for name in (*READING, *COLUMNS, *SEVERAL):
        value = asked.get(name)
        if value is not None and (name, value) != ("header", True):
            recorded[name] = value
    recorded |= {name: True for name in RULES if asked.get(name)}
    if recorded:
        recorded["kind"] = _kind_of(expand_home(data))
    return recorded


def complete_reading(
    asked: Mapping[str, Any], recorded: Mapping[str, Any], source: Any
) -> dict[str, Any]:
    """Return the options that were asked for, completed by those that a model remembers.

    Parameters
    ----------
    asked : mapping
        Options of reading by name.
    recorded : mapping
        What `record_reading` returned when the model was trained.
    source
        What will be read; only files and folders are looked at.
    """
    completed = dict(asked)
    path = _sample_file(source)
    if not recorded or path is None:
        return completed
    if file_kind(path) == recorded.get("kind"):
        for name in READING:
            is_asked = asked.get(name) not in (None, True)
            if name in asked and name in recorded and not is_asked and _fits(name, recorded, path):
                completed[name] = recorded[name]
    columns = _columns_of(path, completed)
    for name in COLUMNS:
        is_open = name in asked and asked[name] is None
        if is_open and _has_column(columns, name, recorded.get(name)):
            completed[name] = recorded[name]
    return completed | _labels_as_recorded(asked, recorded)


def _has_column(columns: set[str], name: str, recorded: str | None) -> bool:
    """Tell whether a remembered column is there; that no column names splits fits every table."""
    if name == "split_column" and recorded is not None:
        return recorded == NO_COLUMN or bool(columns & {recorded, recorded.rpartition("=")[0]})
    return recorded in columns


def _labels_as_recorded(asked: Mapping[str, Any], recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options about labels that a model remembers and that were not asked for."""
    completed: dict[str, Any] = {}
    names = [*SEVERAL, *RULES]
    if any(asked.get(name) for name in (*SEVERAL, "single_label")):
        names = ["merge_labels"]  # each of the others contradicts what was asked for
    for name in names:
        if name in asked and name in recorded and not asked[name]:
            completed[name] = recorded[name]
    return completed


def _kind_of(path: Path) -> str | None:
    sample = _sample_file(path)
    return None if sample is None else file_kind(sample)


def _sample_file(source: Any) -> Path | None:
    """Return the file, or one of the folder; None where there is none that can be read."""
    if not isinstance(source, str | Path):
        return None
    path = expand_home(source)
    with suppress(OSError, ValueError):
        if path.is_file():
            return path if file_kind(path) else None
        if path.is_dir():
            names = sorted(one for one in path.iterdir() if one.is_file() and file_kind(one))
            return next((one for one in names if one.name != "labels.txt"), None)
    return None


def _fits(name: str, recorded: Mapping[str, Any], path: Path) -> bool:
    """Tell whether a remembered option can be meant for a file."""
    if name not in ("encoding", "delimiter"):
        return True
    try:
        with open_bytes(path) as stream:
            head = stream.read(HEAD_BYTES)
    except (OSError, EOFError):
        return False
    if name == "encoding":
        # Lines in two encodings may all be UTF-8 at the beginning.
        is_joint = other_encoding(check_encoding(recorded["encoding"])) is not None
        return is_joint or not _is_utf_8(head)
    first = decode_bytes(head.partition(b"\n")[0], check_encoding(recorded.get("encoding")))
    return str(recorded["delimiter"]) in first


def _is_utf_8(head: bytes) -> bool:
    """Tell whether the beginning of a file is UTF-8, and not ASCII alone."""
    if head.isascii():
        return False
    for n_cut in range(MAX_CUT_BYTES + 1):
        with suppress(UnicodeDecodeError):
            head[: len(head) - n_cut].decode("utf-8")
            return True
    return False


def _columns_of(path: Path, options: Mapping[str, Any]) -> set[str]:
    """Return the columns of the first row; none where it cannot be read as it is asked for."""
    reading = {name: options[name] for name in READING if name in options}
    try:
        return set(next(read_rows(path, **reading)).values)  # type: ignore[arg-type]
    except (AssayError, StopIteration):
        return set()
