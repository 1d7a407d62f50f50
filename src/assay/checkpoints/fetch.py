"""Checkpoints of the Hub: fetched into the Hub's own cache, or taken from it where offline.

The only file of this room that uses the network.
"""

from __future__ import annotations

from pathlib import Path

from assay import _env
from assay._hub_errors import HubTrouble, diagnose_hub_error
from assay._optional import require
from assay.checkpoints.aliases import ACCEPTED, ALIASES, MINILM
from assay.checkpoints.files import CONFIG, PICKLE_SUFFIXES
from assay.checkpoints.torch_state import quiet_hub
from assay.errors import (
    AssayError,
    InputError,
    ModelError,
    OutsideError,
    did_you_mean,
    first_line,
)
from assay.progress import Progress
from assay.runtime.layout import Layout

__all__ = ["fetch_checkpoint", "list_pickles", "refuse_own_model"]

# A checkpoint is made of files at the top; folders hold the same weights in other formats.
WANTED_FILES = ["*.json", "*.txt", "*.safetensors", "*.model"]
UNWANTED_FILES = ["*/*"]

NOT_THERE = (HubTrouble.NO_REPOSITORY, HubTrouble.NO_REVISION, HubTrouble.BAD_NAME)


def fetch_checkpoint(name: str, *, revision: str | None, progress: Progress) -> Path:
    """Return the folder of a Hub repository, fetched if it is not in the Hub's cache.

    Parameters
    ----------
    name : str
        A Hub id.
    revision : str or None
        Branch, tag or commit; None: the main branch.
    progress : Progress
        Told that the Hub is asked.

    Raises
    ------
    InputError
        The Hub has no such repository or refuses it, or there is no copy of it while offline.
    ModelError
        The repository holds a model of assay that is no checkpoint.
    OutsideError
        The Hub could not be reached, or the disk refused.
    """
    hub = require("huggingface_hub")
    if not _env.is_offline():
        progress.say(f"looking for checkpoint '{name}' on the Hub")
    try:
        with quiet_hub():
            folder = hub.snapshot_download(
                name,
                revision=revision,
                allow_patterns=WANTED_FILES,
                ignore_patterns=UNWANTED_FILES,
                local_files_only=_env.is_offline(),
            )
    except Exception as err:  # the Hub's errors share no base: `diagnose_hub_error` knows them
        trouble = diagnose_hub_error(err)
        if trouble is None and not isinstance(err, OSError):
            raise
        at = f" at revision '{revision}'" if revision else ""
        raise _explain(err, trouble, name=name, at=at) from err
    found = Path(folder)
    if Layout(found).manifest.is_file() and not (found / CONFIG).is_file():
        raise refuse_own_model(name)
    return found


def refuse_own_model(name: str) -> ModelError:
    """Return the error about a repository that holds a model of assay, not a checkpoint.

    Its thresholds and rules would be lost, and its hashes would not be checked.
    """
    return ModelError(
        f"'{name}' on the Hub is a model of assay",
        hint=f"assay pull {name} --out FOLDER fetches it and checks its hashes; then give FOLDER",
    )


def _explain(err: Exception, trouble: HubTrouble | None, *, name: str, at: str) -> AssayError:
    """Return the error that says what is wrong and what to do."""
    meant = did_you_mean(name, ALIASES)
    if trouble is HubTrouble.GATED:
        return InputError(
            f"checkpoint '{name}' is gated on the Hub, and this account has no access",
            hint="ask for access on its page, then log in",
        )
    if trouble in NOT_THERE:
        return InputError(
            f"unknown checkpoint '{name}'{at}: no such folder, "
            f"and the Hub has none (or it is private).{meant}",
            hint=ACCEPTED,
        )
    if _env.is_offline():
        return InputError(
            f"unknown checkpoint '{name}'{at}: no such folder, "
            "no copy of a Hub id of that name is in the cache, "
            f"and the network is off (offline).{meant}",
            hint=f"use {MINILM} or a local folder, or go online once",
        )
    return OutsideError(
        f"the Hub could not be asked for checkpoint '{name}'{at}: "
        f"{first_line(err.__cause__ or err)}.{meant}",
        hint=f"try again, or use {MINILM} or a local folder, which need no network",
    )


def list_pickles(name: str, *, revision: str) -> list[str]:
    """Return the weights of a Hub repository that are never fetched because they are pickles.

    The list is empty where the Hub cannot be asked.
    """
    if _env.is_offline():
        return []
    try:
        names = require("huggingface_hub").HfApi().list_repo_files(name, revision=revision)
    except Exception as err:
        if diagnose_hub_error(err) is None and not isinstance(err, OSError):
            raise
        return []
    at_the_top = (file for file in names if "/" not in file)
    return sorted(file for file in at_the_top if Path(file).suffix.lower() in PICKLE_SUFFIXES)
