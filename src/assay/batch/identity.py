"""What an interrupted call and the call that resumes it must have in common."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, TypedDict

from assay._version import __version__
from assay.errors import InputError
from assay.runtime.predictor import Model

__all__ = ["AFRESH", "FileStamp", "Identity", "check_identity", "identify", "stamp_file"]

# Libraries of which another version could change the last digit of a score.
SCORED_BY = ("numpy", "onnxruntime", "tokenizers")
AFRESH = "put --overwrite in the place of --resume to start afresh"


class FileStamp(TypedDict):
    """Size and time of change of a file."""

    size_bytes: int
    mtime_ns: int


class Identity(TypedDict):
    """The identity of a call, as it is written into the manifest of its unfinished output.

    `input` is the stamp of the input file, None for a stream, or for a folder path -> stamp.
    """

    model: str
    input: Any
    options: Mapping[str, object]
    versions: dict[str, str]


def identify(model: Model, stamp: Any, options: Mapping[str, object]) -> Identity:
    """Return the identity of a call, as plain values.

    Parameters
    ----------
    model : Model
    stamp : FileStamp, None or dict of path -> FileStamp
        See `Identity.input`.
    options : mapping
        Whatever else decides what is written.
    """
    versions = {"assay": __version__}
    for name in SCORED_BY:
        versions[name] = importlib.metadata.version(name)
    return Identity(
        model=model.manifest.prediction_sha256(),
        input=stamp,
        options=options,
        versions=versions,
    )


def stamp_file(source: str | Path | IO[Any]) -> FileStamp | None:
    """Return the stamp of a file; None for a stream.

    A file can change and keep both size and time, so the rows themselves are compared as well.
    """
    if not isinstance(source, str | Path) or not Path(source).is_file():
        return None
    facts = Path(source).stat()
    return FileStamp(size_bytes=facts.st_size, mtime_ns=facts.st_mtime_ns)


def check_identity(folder: Path, before: Mapping[str, object], now: Identity) -> None:
    """Refuse to resume what another call began.

    Parameters
    ----------
    folder : Path
        Where the unfinished output is.
    before : mapping
        The identity of the interrupted call.
    now : Identity

    Raises
    ------
    InputError
        They differ; the message names in what.
    """
    changed = [name for name, value in now.items() if before.get(name) != value]
    if changed:
        raise InputError(
            f"{folder} cannot be resumed: other {', '.join(changed)} than in the interrupted call",
            hint=f"give the same model, input and options, or {AFRESH}",
        )
