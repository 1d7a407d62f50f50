"""What a folder with a pre-trained transformer holds, checked before anything of it is loaded. No network here.

Refused by name: weights in pickle files, code of its own, quantised weights, and what is no text
encoder.
"""

from __future__ import annotations

import functools
import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors

from assay import _env
from assay._optional import require
from assay.checkpoints.torch_state import quiet_transformers
from assay.errors import ModelError, OutsideError
from assay.runtime.entries import CheckpointEntry
from assay.runtime.folder import hash_file

__all__ = ["PICKLE_SUFFIXES", "Checkpoint", "hash_once", "read_checkpoint"]

CONFIG, TOKENIZER, TOKENIZER_CONFIG = "config.json", "tokenizer.json", "tokenizer_config.json"
WEIGHTS, WEIGHTS_INDEX = "model.safetensors", "model.safetensors.index.json"

# Endings of weights that are pickles: loading one runs code.
PICKLE_SUFFIXES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib")

# From these a tokenizer.json can be made.
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

# Kinds that count positions from pad_token_id + 1 on, so that many of max_position_embeddings
# cannot be used.
OFFSET_KINDS = frozenset(
    {
        "roberta",
        "xlm-roberta",
        "xlm-roberta-xl",
        "camembert",
        "roberta-prelayernorm",
        "longformer",
        "mpnet",
        "data2vec-text",
        "xmod",
        "ibert",
        "luke",
        "mluke",
    }
)

SANE_MAX_TOKENS = 1_000_000  # tokenizers without a limit say 1e30
DEFAULT_MAX_TOKENS = (
    512  # where neither the model nor the tokenizer knows a limit (relative positions)
)


@dataclass(frozen=True)
class Checkpoint:
    """A pre-trained transformer in a verified folder.

    Parameters
    ----------
    name : str
        The alias, the Hub id, or the last part of a local folder's path.
    folder : Path
        Holds config.json and safetensors weights.
    sha256 : str
        Identity: over the names and hashes of config, tokenizer and weights.
    max_tokens : int
        The longest text the model takes, special tokens included.
    hidden_size : int
        Width of the last hidden state.
    model_type : str
        Kind of architecture, as config.json says: `bert`, `distilbert`, `roberta`, ...
    tokenizer_file : Path
        A tokenizer.json: the folder's own, or one made from its vocabulary and kept in the cache.
    revision : str or None
        Commit of the Hub repository; None for what does not come from the Hub.
    """

    name: str
    folder: Path
    sha256: str
    max_tokens: int
    hidden_size: int
    model_type: str
    tokenizer_file: Path
    revision: str | None = None

    def to_dict(self) -> CheckpointEntry:
        """Return what a saved model records: no paths of this machine."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "revision": self.revision,
            "model_type": self.model_type,
            "hidden_size": self.hidden_size,
            "max_tokens": self.max_tokens,
        }


def hash_once(path: Path) -> str:
    """Return the SHA-256 of a file; a file that did not change is read once a process."""
    stat = path.stat()
    return _hash_version(path.resolve(), stat.st_size, stat.st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _hash_version(path: Path, size_bytes: int, mtime_ns: int) -> str:
    return hash_file(path)


def read_checkpoint(folder: Path, *, name: str, revision: str | None = None) -> Checkpoint:
    """Check a folder and say what is in it.

    Raises
    ------
    ModelError
        A part is missing or broken, or the folder could run code.
    """
    config = _read_config(folder)
    weights = _find_weights(folder)
    tokenizer_file = _find_tokenizer(folder)
    parts = [folder / CONFIG, tokenizer_file, *weights]
    lines = sorted(f"{part.name} {hash_once(part)}\n" for part in parts)
    return Checkpoint(
        name=name,
        folder=folder,
        sha256=hashlib.sha256("".join(lines).encode()).hexdigest(),
        max_tokens=_max_tokens(folder, config),
        hidden_size=_hidden_size(folder, config),
        model_type=str(config.get("model_type", "")),
        tokenizer_file=tokenizer_file,
        revision=revision,
    )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as err:
        raise ModelError(f"{path} cannot be read as JSON: {err}") from err
    if not isinstance(values, dict):
        raise ModelError(f"{path} holds a {type(values).__name__}; an object is accepted")
    return values


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    if not path.is_file():
        raise ModelError(
            f"{folder} has no config.json: it is not a checkpoint",
            hint="a checkpoint is a folder with config.json, model.safetensors and tokenizer.json",
        )
    config = _read_json(path)
    attention = str(config.get("attn_implementation") or config.get("_attn_implementation") or "")
    refusals = {
        "its own code (auto_map)": "auto_map" in config,
        "attention code from the Hub (attn_implementation)": "/" in attention,
        "quantised weights (quantization_config)": "quantization_config" in config,
        "an encoder-decoder (is_encoder_decoder)": config.get("is_encoder_decoder") is True,
        "an adapter for other weights (adapter_config.json)": (
            folder / "adapter_config.json"
        ).exists(),
    }
    for what, holds in refusals.items():
        if holds:
            raise ModelError(f"{folder} holds {what}; stock transformers encoders are accepted")
    if (folder / TOKENIZER_CONFIG).is_file() and "auto_map" in _read_json(
        folder / TOKENIZER_CONFIG
    ):
        raise ModelError(
            f"{folder} holds its own code (auto_map); stock transformers tokenizers are accepted"
        )
    return config


def _find_weights(folder: Path) -> list[Path]:
    if (folder / WEIGHTS).is_file():
        weights = [folder / WEIGHTS]
    elif (folder / WEIGHTS_INDEX).is_file():
        shards = _read_json(folder / WEIGHTS_INDEX).get("weight_map", {})
        names = sorted(set(shards.values())) if isinstance(shards, dict) else []
        if not names or not all(
            isinstance(shard, str) and Path(shard).name == shard for shard in names
        ):
            raise ModelError(
                f"{folder / WEIGHTS_INDEX} does not name the parts of the weights beside it"
            )
        weights = [folder / shard for shard in names]
    else:
        pickles = sorted(p.name for p in folder.iterdir() if p.suffix.lower() in PICKLE_SUFFIXES)
        held = f" but {', '.join(pickles)}, which is a pickle and could run code" if pickles else ""
        raise ModelError(
            f"{folder} has no {WEIGHTS}{held}; safetensors weights are accepted",
            hint="choose a checkpoint or a revision that has safetensors weights",
        )
    for path in weights:
        _check_safetensors(path)
    return weights


def _check_safetensors(path: Path) -> None:
    try:
        with safetensors.safe_open(path, framework="numpy"):
            pass
    except (safetensors.SafetensorError, OSError) as err:
        raise ModelError(
            f"{path} cannot be read as safetensors: {err}",
            hint="fetch the checkpoint again: the file is not whole",
        ) from err


def _hidden_size(folder: Path, config: dict[str, Any]) -> int:
    for key in ("hidden_size", "dim", "d_model", "n_embd"):
        if isinstance(config.get(key), int) and config[key] > 0:
            return int(config[key])
    kind = config.get("model_type", "unknown")
    raise ModelError(
        f"{folder} is of the kind '{kind}', whose config.json has no hidden size; text encoders are accepted"
    )


def _max_tokens(folder: Path, config: dict[str, Any]) -> int:
    limits = []
    for key in ("max_position_embeddings", "n_positions"):
        if isinstance(config.get(key), int) and config[key] > 0:
            pad_id = config.get("pad_token_id")
            offset = (
                (1 if pad_id is None else int(pad_id)) + 1
                if config.get("model_type") in OFFSET_KINDS
                else 0
            )
            limits.append(int(config[key]) - offset)
            break
    if (folder / TOKENIZER_CONFIG).is_file():
        given = _read_json(folder / TOKENIZER_CONFIG).get("model_max_length")
        if isinstance(given, int | float) and 0 < given <= SANE_MAX_TOKENS:
            limits.append(int(given))
    return min(limits, default=DEFAULT_MAX_TOKENS)


def _find_tokenizer(folder: Path) -> Path:
    path = folder / TOKENIZER
    return path if path.is_file() else _convert_tokenizer(folder)


def _convert_tokenizer(folder: Path) -> Path:
    """Build a tokenizer.json from the folder's vocabulary and keep it in the cache."""
    sources = [
        folder / name
        for name in (CONFIG, TOKENIZER_CONFIG, *VOCABULARY_FILES)
        if (folder / name).is_file()
    ]
    if not any(path.name in VOCABULARY_FILES for path in sources):
        raise ModelError(
            f"{folder} has neither {TOKENIZER} nor a vocabulary to make it from (vocab.txt, vocab.json)"
        )
    transformers = require("transformers")
    lines = [
        f"transformers {transformers.__version__}\n",
        *(f"{path.name} {hash_once(path)}\n" for path in sources),
    ]
    target = (
        _env.cache_dir()
        / "tokenizers"
        / hashlib.sha256("".join(lines).encode()).hexdigest()
        / TOKENIZER
    )
    if target.is_file():
        return target
    try:
        with quiet_transformers():
            stock = transformers.AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
            text = str(stock.backend_tokenizer.to_str())
    except (ValueError, OSError, ImportError, AttributeError, KeyError, TypeError) as err:
        raise ModelError(
            f"{folder} has no {TOKENIZER} and none could be made from its vocabulary: {err}"
        ) from err
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=target.parent, delete=False
        ) as stream:
            stream.write(text)
        Path(stream.name).replace(target)
    except OSError as err:
        raise OutsideError(
            f"the tokenizer of {folder} could not be kept in {target.parent}: {err}"
        ) from err
    return target
