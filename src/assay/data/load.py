"""`load_data`: the built-in sample, a file, a folder, a Hub data set or a Python object as `Splits`.

One of the three places that may use the network, and only for Hub ids.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from itertools import chain, islice
from pathlib import Path
from typing import Any

from assay._env import is_offline
from assay._optional import require
from assay._paths import is_meant_as_path, nearby
from assay.data.clean import MAX_CHARS
from assay.data.files.decoding import Lines, check_encoding, file_errors, open_text
from assay.data.files.parquet import read_class_names
from assay.data.files.readers import SUFFIXES, file_kind, read_rows
from assay.data.frames import ACCEPTED, frame_splits
from assay.data.raw import LabelNames, RawSplit, build_splits, split_name
from assay.data.texts import Splits
from assay.errors import DataError, InputError, OutsideError, did_you_mean

__all__ = ["load_data"]

logger = logging.getLogger(__name__)

LABELS_FILE = "labels.txt"
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/\w[\w.-]*)?(:[\w.-]+)?", re.ASCII)
PEEKED_ROWS = 1000  # JSON rows may lack keys: the columns are those of the first rows together
# Kinds of data file that people have and assay cannot read: said, where a README.md beside the data
# is passed over.
UNREADABLE = {
    ".xlsx",
    ".xls",
    ".ods",
    ".ndjson",
    ".arrow",
    ".feather",
    ".pkl",
    ".pickle",
    ".zip",
    ".bz2",
    ".xz",
    ".zst",
}


def load_data(
    data: Any,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    labels: Sequence[str] | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    max_chars: int = MAX_CHARS,
) -> Splits:
    """Load labelled texts.

    Parameters
    ----------
    data : str, path or object
        ``"sample"``; a file (one split, ``all``); a folder with ``train.*``, ``validation.*``,
        ``test.*``; a Hub data set id, with a configuration as ``id:config``; a ``Dataset`` or
        ``DatasetDict``; a pandas or polars frame, or a mapping of split names to frames; a pair
        ``(texts, labels)``; `Splits`, which are returned as they are. A file or folder that exists
        is taken before a Hub id; a folder called sample is ``./sample``.
    text_column, label_column : str, optional
        None: the columns with well-known names.
    labels : sequence of str, optional
        The label names in order, where the source publishes none. None: ``labels.txt`` beside the
        data, else natural order.
    delimiter, encoding : str, optional
        Of files; see `read_rows`.
    max_chars : int
        Longest text that is accepted.

    Returns
    -------
    Splits
        Blank texts and rows without label are left out and listed in `dropped`.

    Raises
    ------
    InputError
        No such file or data set, or a kind of data that is not accepted; `DataError` where the rows
        cannot be used.
    OutsideError
        The Hub cannot be reached.

    Examples
    --------
    >>> splits = load_data((["so glad", "so sad"], ["joy", "sadness"]))
    >>> splits["all"].labels, splits.label_set.names
    (('joy', 'sadness'), ('joy', 'sadness'))
    """
    if isinstance(data, Splits):
        return data
    if isinstance(labels, str):
        raise InputError(f"labels is the text '{labels}'; a sequence of names is accepted")
    given = None if labels is None else LabelNames(tuple(str(name) for name in labels), "labels")
    if isinstance(data, str | Path):
        raws, source, beside = _located_splits(data, delimiter=delimiter, encoding=encoding)
        given = given or beside
    else:
        raws, source = frame_splits(data)
    return build_splits(
        raws,
        source=source,
        text_column=text_column,
        label_column=label_column,
        given=given,
        max_chars=max_chars,
    )


Located = tuple[
    dict[str, RawSplit], str, LabelNames | None
]  # splits, source, label names beside them


def _located_splits(data: str | Path, *, delimiter: str | None, encoding: str | None) -> Located:
    """Decide what a text or path stands for, and open it."""
    if data == "sample":
        with resources.as_file(resources.files("assay.data") / "sample") as folder:
            raws, _, names = _folder_splits(folder, delimiter=None, encoding=None)
            return {split: _held(raw) for split, raw in raws.items()}, "sample", names
    if not str(data).strip():
        raise InputError(f"data is an empty text; {ACCEPTED} is accepted")
    path = Path(data).expanduser()
    if _is_there(path) and path.is_dir():
        return _folder_splits(path, delimiter=delimiter, encoding=encoding)
    if _is_there(path):
        names = _names_beside(path.parent, encoding=encoding)
        return {"all": _file_split(path, delimiter=delimiter, encoding=encoding)}, str(data), names
    if isinstance(data, str) and _looks_like_hub_id(data):
        return *_hub_splits(data), None
    meant = nearby(path)
    raise InputError(f"no such file or folder: {data}{'.' if meant else ''}{meant}")


def _is_there(path: Path) -> bool:
    """Tell whether a path exists; what cannot be a path, such as a whole text, does not."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _looks_like_hub_id(data: str) -> bool:
    if (
        file_kind(data) is not None
        or Path(data).suffix in UNREADABLE
        or HUB_ID.fullmatch(data) is None
    ):
        return False
    return not is_meant_as_path(data, suffixes=(*SUFFIXES, *UNREADABLE))


def _held(raw: RawSplit) -> RawSplit:
    """Read the rows at once: a package inside an archive is unpacked only for as long as it is open."""
    rows = list(raw.read("text", "label"))
    return RawSplit(raw.source, raw.columns, lambda text, label: rows, raw.class_names, raw.unit)


def _file_split(path: Path, *, delimiter: str | None, encoding: str | None) -> RawSplit:
    rows = read_rows(path, delimiter=delimiter, encoding=encoding)
    head = list(islice(rows, PEEKED_ROWS))
    if not head:
        raise DataError(f"{path.name} is empty: it has no rows")
    columns = tuple(dict.fromkeys(name for row in head for name in row.values))
    is_parquet = file_kind(path) == ".parquet"
    return RawSplit(
        path.name,
        # Where no row could be read, the rows' own problems say more than missing columns.
        columns or ("text", "label"),
        lambda text, label: chain(head, rows),
        read_class_names(path) if is_parquet else {},
        unit="row" if is_parquet else "line",
    )


def _folder_splits(folder: Path, *, delimiter: str | None, encoding: str | None) -> Located:
    found: dict[str, Path] = {}
    with file_errors(folder):
        paths = sorted(path for path in folder.iterdir() if path.is_file())
    for path in paths:
        split = split_name(path.name.partition(".")[0])
        if split is None:
            continue
        if file_kind(path) is None:
            if path.suffix.casefold() in UNREADABLE:
                raise InputError(
                    f"{path} is of a kind that cannot be read; {' '.join(SUFFIXES)} are accepted"
                )
        elif split in found:
            raise InputError(
                f"two files for the {split} split in {folder}: {found[split].name}, {path.name}; one is accepted"
            )
        else:
            found[split] = path
    if not found:
        raise InputError(_nothing_found(folder), hint="give the data file itself, or rename it")
    raws = {
        split: _file_split(path, delimiter=delimiter, encoding=encoding)
        for split, path in found.items()
    }
    return raws, str(folder), _names_beside(folder, encoding=encoding)


def _nothing_found(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    listed = ", ".join(names[:10]) + (f" and {len(names) - 10:,} more" if len(names) > 10 else "")
    return (
        f"no train.*, validation.* (or val, dev, valid) or test.* in {folder}, where * is one of {' '.join(SUFFIXES)}, "
        f"each also with .gz; found: {listed or 'nothing'}"
    )


def _names_beside(folder: Path, *, encoding: str | None) -> LabelNames | None:
    """Read labels.txt: a name a line, blank lines left out."""
    path = folder / LABELS_FILE
    if not path.is_file():
        return None
    codec = check_encoding(encoding)
    with file_errors(path), open_text(path, encoding=codec, newline="\n") as stream:
        lines = Lines(stream, encoding=codec)
        names = tuple(name for line in lines if (name := line.strip()))
        if problem := lines.take_problem():
            raise DataError(f"{LABELS_FILE}: {problem}")
    return LabelNames(names, LABELS_FILE) if names else None


def _hub_splits(data: str) -> tuple[dict[str, RawSplit], str]:
    """Load a data set of the Hugging Face Hub; its source is the canonical id, with the configuration if given."""
    name, _, config = data.partition(":")
    if is_offline():
        raise InputError(
            f"'{data}' is no file or folder here, and data sets of the Hub cannot be loaded offline.{_meant(data)}",
            hint="give a file, a folder or 'sample', or go online",
        )
    hub = require("huggingface_hub")
    with _hub_errors(data):
        # datasets 5 refuses one-word ids; the Hub redirects them to the id of today.
        canonical = str(hub.HfApi().dataset_info(name).id)
    datasets = require("datasets")
    logger.info("loading the data set %s from the Hub", canonical)
    with _hub_errors(data), _bars_on_terminals(datasets):
        builder = datasets.load_dataset_builder(canonical, config or None)
        # Of CSV files, `datasets` makes the texts "NA", "null" and "None" nulls unless told not to.
        options = {"keep_default_na": False} if hasattr(builder.config, "keep_default_na") else {}
        loaded = datasets.load_dataset(canonical, config or None, **options)
    return frame_splits(loaded, source=f"{canonical}:{config}" if config else canonical)


def _meant(data: str) -> str:
    return did_you_mean(data, ["sample"]) or nearby(Path(data))


@contextmanager
def _bars_on_terminals(datasets: Any) -> Iterator[None]:
    """Let `datasets` draw its progress bars on terminals only."""
    if sys.stderr.isatty() or datasets.are_progress_bars_disabled():
        yield
        return
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        datasets.enable_progress_bars()


@contextmanager
def _hub_errors(data: str) -> Iterator[None]:
    """Turn what the Hub's clients raise into one sentence: our input (exit 2) or the world outside (exit 4)."""
    errors, http = require("huggingface_hub.errors"), require("huggingface_hub.utils").httpx
    building = require("datasets.exceptions")
    try:
        yield
    except errors.GatedRepoError as err:
        raise InputError(
            f"the data set '{data}' is gated: its owner must let you in",
            hint="ask for access on its page of the Hub, then run: assay login",
        ) from err
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as err:
        raise InputError(
            f"'{data}' is no file or folder here and no data set of the Hub that you can see.{_meant(data)}",
            hint="assay datasets lists data sets; private ones need: assay login",
        ) from err
    except errors.HfHubHTTPError as err:
        status = err.response.status_code
        if status in (401, 403):
            raise InputError(
                f"the Hub refuses the data set '{data}' (HTTP {status})", hint="run: assay login"
            ) from err
        raise OutsideError(
            f"the Hub failed at the data set '{data}' (HTTP {status})", hint="run it again later"
        ) from err
    except errors.OfflineModeIsEnabled as err:
        raise InputError(f"the data set '{data}' of the Hub cannot be loaded offline") from err
    except (
        errors.LocalEntryNotFoundError
    ) as err:  # a FileNotFoundError too, but raised when a download fails
        raise _unreachable(data, err) from err
    except FileNotFoundError as err:  # no data files, or files in no known form
        raise InputError(
            f"the data set '{data}' of the Hub has no data that can be read: {_first_line(err)}"
        ) from err
    except (http.HTTPError, OSError) as err:
        raise _unreachable(data, err) from err
    except building.DatasetsError as err:
        raise InputError(
            f"the files of the data set '{data}' of the Hub cannot be read: {_first_line(err.__cause__ or err)}"
        ) from err
    except (
        ValueError,
        RuntimeError,
    ) as err:  # a configuration that is not there or not given; a data set that is code
        raise InputError(
            f"the data set '{data}' of the Hub cannot be loaded: {_first_line(err)}",
            hint=_config_hint(data, err),
        ) from err


def _unreachable(data: str, err: Exception) -> OutsideError:
    return OutsideError(
        f"the Hub cannot be reached for the data set '{data}': {_first_line(err)}",
        hint="check the network and run it again; a file, a folder and 'sample' need none",
    )


def _first_line(err: BaseException) -> str:
    return (str(err).strip() or type(err).__name__).splitlines()[0].rstrip(".")


def _config_hint(data: str, err: Exception) -> str:
    found = re.search(r"\[('[^\]]*')\]", str(err))
    if not isinstance(err, ValueError) or found is None:
        return ""
    names = re.findall(r"'([^']*)'", found.group(1))
    return (
        f"name a configuration as {data.partition(':')[0]}:NAME; there are: {', '.join(names[:20])}"
    )
