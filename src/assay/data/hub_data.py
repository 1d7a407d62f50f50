"""Data sets of the Hugging Face Hub as raw splits: the one file here that uses the network."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assay._env import is_offline
from assay._hub_errors import HubTrouble, diagnose_hub_error, status_of
from assay._optional import require
from assay._paths import nearby
from assay.data.frames import frame_splits
from assay.data.raw_split import RawSplit
from assay.errors import AssayError, InputError, OutsideError, did_you_mean, first_line

__all__ = ["load_from_hub"]

logger = logging.getLogger(__name__)

N_LISTED = 20  # configurations in a hint


def load_from_hub(data: str) -> tuple[dict[str, RawSplit], str]:
    """Load a data set of the Hub.

    Parameters
    ----------
    data : str
        ``OWNER/NAME`` or an old one-word id, with a configuration as ``id:config``.

    Returns
    -------
    splits : dict
        Split -> its rows, not checked yet.
    source : str
        The id that the Hub uses today, with the configuration if one was given.

    Raises
    ------
    InputError
        The network is off, or the data set does not exist, may not be read or has no usable data.
    OutsideError
        The Hub failed or cannot be reached.
    """
    name, _, config = data.partition(":")
    if is_offline():
        raise InputError(
            f"'{data}' is no file or folder here, and data sets of the Hub cannot be loaded "
            f"offline.{_meant(data)}",
            hint="give a file, a folder or 'sample', or go online",
        )
    hub = require("huggingface_hub")
    with _explain_errors(data):
        # datasets 5 refuses one-word ids; the Hub redirects them to the id of today.
        canonical = str(hub.HfApi().dataset_info(name).id)
    datasets = require("datasets")
    logger.info("loading the data set %s from the Hub", canonical)
    with _explain_errors(data), _bars_on_terminals(datasets):
        builder = datasets.load_dataset_builder(canonical, config or None)
        # Of CSV files, `datasets` makes the texts "NA", "null" and "None" nulls unless told not to.
        options = {}
        if hasattr(builder.config, "keep_default_na"):
            options["keep_default_na"] = False
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
def _explain_errors(data: str) -> Iterator[None]:
    """Turn what the clients of the Hub raise into one sentence.

    What the user can mend is an `InputError` (exit 2), what may pass an `OutsideError` (exit 4).
    """
    http_error = require("huggingface_hub.utils").httpx.HTTPError
    building_error = require("datasets.exceptions").DatasetsError
    try:
        yield
    except (http_error, building_error, OSError, ValueError, RuntimeError) as err:
        trouble = diagnose_hub_error(err)
        if trouble is None:
            raise _loading_error(data, err) from err
        raise _hub_error(data, err, trouble) from err


def _hub_error(data: str, err: Exception, trouble: HubTrouble) -> AssayError:
    """Say why the Hub did not hand over a data set."""
    if trouble is HubTrouble.OFFLINE:
        return InputError(f"the data set '{data}' of the Hub cannot be loaded offline")
    if trouble is HubTrouble.UNREACHABLE:
        return _unreachable(data, err)
    if trouble is HubTrouble.GATED:
        return InputError(
            f"the data set '{data}' is gated: its owner must let you in",
            hint="ask for access on its page of the Hub, then run: assay login",
        )
    if trouble in (HubTrouble.NO_REPOSITORY, HubTrouble.BAD_NAME):
        return InputError(
            f"'{data}' is no file or folder here and no data set of the Hub that you can see."
            f"{_meant(data)}",
            hint="assay datasets lists data sets; private ones need: assay login",
        )
    status = status_of(err)
    if trouble in (HubTrouble.UNAUTHORIZED, HubTrouble.FORBIDDEN):
        return InputError(
            f"the Hub refuses the data set '{data}' (HTTP {status})", hint="run: assay login"
        )
    return OutsideError(
        f"the Hub failed at the data set '{data}' (HTTP {status})", hint="run it again later"
    )


def _loading_error(data: str, err: Exception) -> AssayError:
    """Say why files that the Hub handed over are no data set."""
    if isinstance(err, FileNotFoundError):  # no data files, or files in no known form
        return InputError(
            f"the data set '{data}' of the Hub has no data that can be read: {first_line(err)}"
        )
    if isinstance(err, OSError):
        return _unreachable(data, err)
    if isinstance(err, require("datasets.exceptions").DatasetsError):
        reason = first_line(err.__cause__ or err)
        return InputError(f"the files of the data set '{data}' of the Hub cannot be read: {reason}")
    # The configuration does not exist or was not given, or the data set is code.
    return InputError(
        f"the data set '{data}' of the Hub cannot be loaded: {first_line(err)}",
        hint=_config_hint(data, err),
    )


def _unreachable(data: str, err: Exception) -> OutsideError:
    return OutsideError(
        f"the Hub cannot be reached for the data set '{data}': {first_line(err)}",
        hint="check the network and run it again; a file, a folder and 'sample' need none",
    )


def _config_hint(data: str, err: Exception) -> str:
    """List the configurations that an error of `datasets` names; empty where it names none."""
    found = re.search(r"\[('[^\]]*')\]", str(err))
    if not isinstance(err, ValueError) or found is None:
        return ""
    name = data.partition(":")[0]
    configurations = re.findall(r"'([^']*)'", found.group(1))
    return f"name a configuration as {name}:NAME; there are: {', '.join(configurations[:N_LISTED])}"
