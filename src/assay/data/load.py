"""`load_data`: the sample, a file, a folder, a Hub data set or a Python object as `Splits`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any, Unpack, cast

from assay._arguments import checked
from assay._paths import expand_home, is_hub_id, is_meant_as_path, nearby
from assay.data.files.readers import SUFFIXES, file_kind
from assay.data.files.reading import Reading, ReadingOptions
from assay.data.files.remembered import record_reading
from assay.data.folders import UNREADABLE, Located, read_file, read_folder
from assay.data.frames import ACCEPTED, frame_splits
from assay.data.hub_data import load_from_hub
from assay.data.raw import build_splits
from assay.data.raw_split import LabelNames, RawSplit
from assay.data.row_rules import RowOptions, RowRules
from assay.data.texts import Splits
from assay.errors import InputError, did_you_mean

__all__ = ["load_data"]


class LoadOptions(ReadingOptions, RowOptions, total=False):
    """What `load_data` is told beside the names of columns and labels."""


OPTIONS = (*ReadingOptions.__annotations__, *RowOptions.__annotations__)


@checked
def load_data(
    data: Any,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    labels: Sequence[str] | None = None,
    **options: Unpack[LoadOptions],
) -> Splits:
    """Load labelled texts.

    Parameters
    ----------
    data : str, path or object
        ``"sample"``; a file (one split, ``all``); a folder with ``train.*``, ``validation.*``,
        ``test.*``; a Hub data set id, with a configuration as ``id:config``; a ``Dataset`` or
        ``DatasetDict``; a pandas or polars frame, or a mapping of split names to frames; a pair
        ``(texts, labels)``; `Splits`, which are returned as they are. A file or folder that
        exists is taken before a Hub id; a folder called sample is ``./sample``.
    text_column, label_column : str, optional
        None: the columns with well-known names.
    labels : sequence of str, optional
        The label names in order, where the source publishes none, or of the columns of a matrix.
        None: ``labels.txt`` beside the data, else natural order.
    **options
        How files are read: ``delimiter``, ``encoding``, ``quoting``, ``escape``, ``header`` and
        ``sheet``, as in `Reading`. What is done with rows that are not as they should be:
        ``max_chars``, ``strict``, ``max_bad_fraction``, ``single_label``, ``merge_labels``,
        ``known_labels``, ``split_column`` and ``id_column``, as in `RowRules`. How several labels
        of a text are written: ``label_separator`` and ``label_columns``. See also ``on_disk``.

    Returns
    -------
    Splits
        Rows that are left out are listed in `dropped`, rows that are changed in `mended`.

    Raises
    ------
    InputError, TypeError
        There is no such data, or (`DataError`) its rows cannot be used; there is no such option.
    OutsideError
        The Hub cannot be reached.

    Examples
    --------
    >>> load_data((["so glad", "so sad"], ["joy", "sadness"]))
    Splits('(texts, labels)', texts: all 2; 2 labels)
    """
    if isinstance(data, Splits):
        return data
    rules, reading = _sort_options(options)
    names = _label_names(labels)
    located = _locate(data, reading, names)
    columns = {"text_column": text_column, "label_column": label_column}
    given = names or located.label_names
    splits = build_splits(
        located.splits, source=located.source, given=given, rules=rules, **columns
    )
    return replace(splits, reading=record_reading({**columns, **options}, data))


def _sort_options(options: LoadOptions) -> tuple[RowRules, Reading]:
    """Return what is asked of rows, and what is asked of files."""
    for name in options:
        if name not in OPTIONS:
            raise TypeError(
                f"load_data() has no option '{name}'; options: {', '.join(OPTIONS)}."
                f"{did_you_mean(name, OPTIONS)}"
            )
    of_rows: dict[str, object] = {}
    of_files: dict[str, object] = {}
    for name, value in options.items():
        where = of_rows if name in RowOptions.__annotations__ else of_files
        where[name] = value
    return RowRules(**cast(RowOptions, of_rows)), Reading(**cast(ReadingOptions, of_files))


def _label_names(labels: Sequence[str] | None) -> LabelNames | None:
    if labels is None:
        return None
    if isinstance(labels, str):
        raise InputError(f"labels is the text '{labels}'; a sequence of names is accepted")
    if isinstance(labels, Mapping):
        raise InputError("labels is a mapping; a sequence of names is accepted")
    return LabelNames(tuple(map(str, labels)), "labels")


def _locate(data: Any, reading: Reading, names: LabelNames | None) -> Located:
    """Decide what `data` is, and open it."""
    if not isinstance(data, str | Path):
        return Located(*frame_splits(data, label_names=getattr(names, "names", ())))
    if data == "sample":
        return _open_sample()
    if not str(data).strip():
        raise InputError(f"data is an empty text; {ACCEPTED} is accepted")
    path = expand_home(data)
    if _exists(path):
        if path.is_dir():
            return read_folder(path, reading)
        return read_file(path, reading, source=str(data))
    if isinstance(data, str) and _could_be_hub_id(data):
        return Located(*load_from_hub(data))
    if _is_link(path):
        raise InputError(f"{data} is a link to a file that is not there: {path.readlink()}")
    meant = nearby(path)
    raise InputError(f"no such file or folder: {data}{'.' if meant else ''}{meant}")


def _is_link(path: Path) -> bool:
    try:
        return path.is_symlink()
    except (OSError, ValueError):  # too long for a path, or with a null character
        return False


def _exists(path: Path) -> bool:
    """Tell whether a path exists; what cannot be a path, such as a whole text, does not."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _could_be_hub_id(data: str) -> bool:
    """Tell whether an id of the Hub is meant, rather than a file that is not there."""
    if file_kind(data) is not None or Path(data).suffix in UNREADABLE:
        return False
    if not is_hub_id(data, with_configuration=True):
        return False
    return not is_meant_as_path(data, suffixes=(*SUFFIXES, *UNREADABLE))


def _open_sample() -> Located:
    """Read the built-in sample at once: inside an archive, its files are there only while open."""
    with resources.as_file(resources.files("assay.data") / "sample") as folder:
        found = read_folder(folder, Reading())
        splits = {split: _held(raw) for split, raw in found.splits.items()}
    return Located(splits, "sample", found.label_names)


def _held(raw: RawSplit) -> RawSplit:
    rows = list(raw.read("text", "label"))
    return RawSplit(raw.source, raw.columns, lambda text, label: rows, raw.class_names, raw.unit)
