"""The tokenizer.json of a checkpoint folder: its own, or one made from its vocabulary files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from assay import _env
from assay._optional import require
from assay.checkpoints.files import CONFIG, TOKENIZER, TOKENIZER_CONFIG, hash_once
from assay.checkpoints.torch_state import quiet_transformers
from assay.disk import atomic_file
from assay.errors import ModelError, OutsideError

__all__ = ["find_tokenizer"]

# A tokenizer.json can be made from these.
VOCABULARY_FILES = (
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
    "added_tokens.json",
    "special_tokens_map.json",
)


def find_tokenizer(folder: Path) -> Path:
    """Return the folder's tokenizer.json, or one made from its vocabulary and kept in the cache.

    Raises
    ------
    ModelError
        The folder has neither, or transformers cannot read the vocabulary.
    OutsideError
        The cache cannot be written.
    """
    path = folder / TOKENIZER
    if path.is_file():
        return path
    sources = _vocabulary_of(folder)
    kept = _cached_path(sources)
    if not kept.is_file():
        text = _convert(folder)
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            with atomic_file(kept, is_shared=True) as partial:
                partial.write_text(text, encoding="utf-8")
        except OSError as err:
            raise OutsideError(
                f"the tokenizer of {folder} could not be kept in {kept.parent}: {err}"
            ) from err
    return kept


def _vocabulary_of(folder: Path) -> list[Path]:
    """Return the files that decide what the tokenizer does."""
    paths = [folder / name for name in (CONFIG, TOKENIZER_CONFIG, *VOCABULARY_FILES)]
    found = [path for path in paths if path.is_file()]
    if not any(path.name in VOCABULARY_FILES for path in found):
        raise ModelError(
            f"{folder} has neither {TOKENIZER} nor a vocabulary to make it from "
            "(vocab.txt, vocab.json)"
        )
    return found


def _cached_path(sources: list[Path]) -> Path:
    """Return where the tokenizer made from these files, by this transformers, is kept."""
    digest = hashlib.sha256(f"transformers {require('transformers').__version__}\n".encode())
    for path in sources:
        digest.update(f"{path.name} {hash_once(path)}\n".encode())
    return _env.cache_path("tokenizers", digest.hexdigest(), TOKENIZER)


def _convert(folder: Path) -> str:
    """Return the tokenizer.json that transformers makes of the folder's vocabulary."""
    transformers = require("transformers")
    try:
        with quiet_transformers():
            stock = transformers.AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
            return str(stock.backend_tokenizer.to_str())
    except (ValueError, OSError, ImportError, AttributeError, KeyError, TypeError) as err:
        raise ModelError(
            f"{folder} has no {TOKENIZER} and none could be made from its vocabulary: {err}"
        ) from err
