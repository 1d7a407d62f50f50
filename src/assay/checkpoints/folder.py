"""What a folder with a pre-trained transformer holds, checked before anything of it is loaded.

Nothing here uses the network. Refused by name: weights in pickle files, code of its own, quantised
weights, and what is no text encoder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors

from assay.checkpoints.files import (
    CONFIG,
    PICKLE_SUFFIXES,
    TOKENIZER_CONFIG,
    WEIGHTS,
    WEIGHTS_INDEX,
    hash_once,
)
from assay.checkpoints.tokenizer_file import find_tokenizer
from assay.errors import ModelError
from assay.json_text import parse_json
from assay.runtime.entries import CheckpointEntry

__all__ = ["Checkpoint", "read_checkpoint"]

# Architectures that count positions from pad_token_id + 1 on: that many of their
# max_position_embeddings cannot be used.
OFFSET_MODEL_TYPES = frozenset(
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
        "esm",
        "layoutlmv3",
        "lilt",
        "markuplm",
    }
)

HIDDEN_SIZE_NAMES = ("hidden_size", "dim", "d_model", "n_embd", "emb_dim")
MAX_TOKENS_NAMES = ("max_position_embeddings", "n_positions")
SANE_MAX_TOKENS = 1_000_000  # tokenizers without a limit say 1e30
DEFAULT_MAX_TOKENS = 512  # where neither model nor tokenizer has a limit (relative positions)


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
        Tokens of the longest text that the model takes, special tokens included.
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


def read_checkpoint(folder: Path, *, name: str, revision: str | None = None) -> Checkpoint:
    """Check a folder and describe what is in it.

    Parameters
    ----------
    folder : Path
        A local folder.
    name : str
        What the checkpoint is called in messages and in saved models.
    revision : str, optional
        Commit of the Hub repository that the folder came from.

    Raises
    ------
    ModelError
        A file is missing or broken, or the folder could run code.
    OutsideError
        The tokenizer had to be made, and the cache cannot be written.
    """
    config = _read_config(folder)
    weights = _find_weights(folder)
    tokenizer_file = find_tokenizer(folder)
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


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        values = parse_json(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as err:
        raise ModelError(f"{path} cannot be read as JSON: {err}") from err
    if not isinstance(values, dict):
        raise ModelError(f"{path} holds a {type(values).__name__}; an object is accepted")
    return values


def _read_config(folder: Path) -> Mapping[str, Any]:
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
    if "auto_map" in _read_tokenizer_config(folder):
        raise ModelError(
            f"{folder} holds its own code (auto_map); stock transformers tokenizers are accepted"
        )
    return config


def _read_tokenizer_config(folder: Path) -> Mapping[str, Any]:
    """Return what tokenizer_config.json holds; nothing where there is no such file."""
    path = folder / TOKENIZER_CONFIG
    return _read_json(path) if path.is_file() else {}


def _find_weights(folder: Path) -> list[Path]:
    """Return the safetensors files of the weights, each checked for being whole."""
    if (folder / WEIGHTS).is_file():
        weights = [folder / WEIGHTS]
    elif (folder / WEIGHTS_INDEX).is_file():
        weights = _sharded_weights(folder)
    else:
        raise _no_weights(folder)
    for path in weights:
        _check_safetensors(path)
    return weights


def _sharded_weights(folder: Path) -> list[Path]:
    """Return the files that the index of the weights names, all of them inside the folder."""
    weight_map = _read_json(folder / WEIGHTS_INDEX).get("weight_map")
    names = list(weight_map.values()) if isinstance(weight_map, dict) else []
    if not names or not all(map(_is_file_name, names)):
        raise ModelError(
            f"{folder / WEIGHTS_INDEX} does not name the parts of the weights beside it"
        )
    return [folder / name for name in sorted(set(names))]


def _is_file_name(name: Any) -> bool:
    return isinstance(name, str) and Path(name).name == name


def _no_weights(folder: Path) -> ModelError:
    pickles = sorted(p.name for p in folder.iterdir() if p.suffix.lower() in PICKLE_SUFFIXES)
    held = f" but {', '.join(pickles)}, which is a pickle and could run code" if pickles else ""
    return ModelError(
        f"{folder} has no {WEIGHTS}{held}; safetensors weights are accepted",
        hint="choose a checkpoint or a revision that has safetensors weights",
    )


def _check_safetensors(path: Path) -> None:
    try:
        with safetensors.safe_open(path, framework="numpy"):
            pass
    except (safetensors.SafetensorError, OSError) as err:
        raise ModelError(
            f"{path} cannot be read as safetensors: {err}",
            hint="fetch the checkpoint again: the file is not whole",
        ) from err


def _hidden_size(folder: Path, config: Mapping[str, Any]) -> int:
    size = _first_count(config, HIDDEN_SIZE_NAMES)
    if size is None:
        kind = config.get("model_type", "unknown")
        raise ModelError(
            f"{folder} is of the kind '{kind}', whose config.json has no hidden size; "
            "text encoders are accepted"
        )
    return size


def _first_count(config: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    """Return the first of these entries that is a positive whole number."""
    for name in names:
        value = config.get(name)
        if isinstance(value, int) and value > 0:
            return value
    return None


def _max_tokens(folder: Path, config: Mapping[str, Any]) -> int:
    """Return the lower one of the model's limit and the tokenizer's."""
    limits = []
    n_positions = _first_count(config, MAX_TOKENS_NAMES)
    if n_positions is not None:
        limits.append(n_positions - _position_offset(config))
    of_tokenizer = _read_tokenizer_config(folder).get("model_max_length")
    if isinstance(of_tokenizer, int | float) and 0 < of_tokenizer <= SANE_MAX_TOKENS:
        limits.append(int(of_tokenizer))
    return min(limits, default=DEFAULT_MAX_TOKENS)


def _position_offset(config: Mapping[str, Any]) -> int:
    """Return how many positions the architecture cannot use."""
    if config.get("model_type") not in OFFSET_MODEL_TYPES:
        return 0
    pad_id = config.get("pad_token_id")
    return 2 if pad_id is None else int(pad_id) + 1
