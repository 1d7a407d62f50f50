"""The names of a checkpoint's files, and their hashes, each computed once per process."""

from __future__ import annotations

import functools
from pathlib import Path

from assay.runtime.folder import hash_file

__all__ = [
    "CONFIG",
    "PICKLE_SUFFIXES",
    "TOKENIZER",
    "TOKENIZER_CONFIG",
    "WEIGHTS",
    "WEIGHTS_INDEX",
    "hash_once",
]

CONFIG, TOKENIZER, TOKENIZER_CONFIG = "config.json", "tokenizer.json", "tokenizer_config.json"
WEIGHTS, WEIGHTS_INDEX = "model.safetensors", "model.safetensors.index.json"

# Endings of weights that are pickles: loading one runs code.
PICKLE_SUFFIXES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib")


def hash_once(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal; an unchanged file is read once per process."""
    stat = path.stat()
    return _hash_version(path.resolve(), stat.st_size, stat.st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _hash_version(path: Path, size_bytes: int, mtime_ns: int) -> str:
    """Hash one version of a file; the size and the time tell versions apart."""
    return hash_file(path)
