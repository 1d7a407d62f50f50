"""Folders that `save_to_disk` of the library datasets wrote: which Arrow files are which split."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.data.files.file_errors import file_errors
from assay.data.raw_split import split_name
from assay.errors import DataError, InputError, cut

__all__ = ["find_saved_files"]

logger = logging.getLogger(__name__)

OF_SPLITS = "dataset_dict.json"  # names the splits, each a folder of its own
OF_ONE = "state.json"  # names the files of one


def find_saved_files(folder: Path) -> dict[str, list[Path]]:
    """Return the files of each split, or of ``all`` for a lone data set; {} if it is none such.

    Raises
    ------
    InputError
        A file is missing, no split has a name that is known, or (`DataError`) what lists the files
        cannot be read.
    """
    if (folder / OF_ONE).is_file():
        return {"all": _files_of(folder)}
    if not (folder / OF_SPLITS).is_file():
        return {}
    found: dict[str, list[Path]] = {}
    names = list(map(str, _read(folder / OF_SPLITS).get("splits", ())))
    for name in names:
        split = split_name(name)
        if split is None:
            logger.warning(
                "split %s of %s is none of train, validation and test", cut(name), folder
            )
        else:
            found.setdefault(split, []).extend(_files_of(folder / name))
    if not found:
        raise InputError(
            f"the splits of {folder} are {', '.join(map(cut, names)) or 'none'}; train, validation "
            "(val, dev, valid) and test are accepted",
            hint="give the folder of one split",
        )
    return found


def _files_of(folder: Path) -> list[Path]:
    """Return the files of a lone data set, in their order."""
    listed = _read(folder / OF_ONE).get("_data_files", ())
    paths = [folder / str(entry["filename"]) for entry in listed if "filename" in entry]
    for path in paths:
        if not path.is_file():
            raise InputError(f"{path} is missing, which {folder / OF_ONE} names")
    if not paths:
        raise DataError(f"{folder / OF_ONE} names no files")
    return paths


def _read(path: Path) -> Mapping[str, Any]:
    with file_errors(path):
        content = path.read_text(encoding="utf-8")
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as err:
        raise DataError(f"{path} is not JSON: {err}") from err
    if not isinstance(value, dict):
        raise DataError(f"{path} does not list the files of a data set")
    return value
