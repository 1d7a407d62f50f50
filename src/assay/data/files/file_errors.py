"""What the file system, gzip and a codec raise while a file is read, as sentences."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from assay.errors import DataError, InputError, OutsideError

__all__ = ["file_errors", "path_of"]


def path_of(stream: TextIO) -> Path | None:
    """Return the file that a stream was opened from; None if it is none."""
    name = getattr(stream, "name", None)
    return Path(name) if isinstance(name, str | Path) else None


@contextmanager
def file_errors(path: Path | str) -> Iterator[None]:
    """Turn what the file system and gzip raise while `path` is read into sentences."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error) as err:
        raise DataError(
            f"{path} is not a whole gzip file: {err}", hint="copy or download it again"
        ) from err
    except UnicodeDecodeError as err:
        raise DataError(
            f"{path} does not decode as {err.encoding}: {err.reason}",
            hint="name its encoding with --encoding",
        ) from err
    except UnicodeError as err:  # UTF-16 and UTF-32 without their byte order mark
        raise DataError(
            f"{path} does not decode: {err}", hint="name its encoding with --encoding"
        ) from err
    except FileNotFoundError as err:
        raise InputError(f"no such file: {path}") from err
    except (PermissionError, IsADirectoryError) as err:
        raise InputError(f"{path} cannot be read: {err.strerror}") from err
    except OSError as err:
        raise OutsideError(f"{path} cannot be read: {err}") from err
