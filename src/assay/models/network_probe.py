"""Whether a transformer can be used at all: tried on a few tokens, before anything is trained.

Two things are asked of a module that makes logits of token ids and a mask. Padding must not change
its answers: texts of a batch are padded to the longest one. And its ONNX file, which saved models
answer from, must give the same.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import numpy as np
import torch
from torch import nn

from assay.checkpoints.known_kinds import KNOWN_KINDS
from assay.checkpoints.pruning import is_prunable
from assay.checkpoints.resolve import Checkpoint
from assay.errors import first_line
from assay.models.onnx.export import write_transformer_onnx
from assay.models.outputs import Outputs
from assay.models.pruned_network import token_vectors
from assay.runtime.session import OnnxSession
from assay.tokenization.batches import EncodedTexts, pad_batch
from assay.tokenization.subwords import SubwordTokenizer
from assay.training.calibration import ScaleShift

__all__ = ["find_fault"]

logger = logging.getLogger(__name__)

# Tokens of the texts of the trial. The first example of an export has eight: what a tracer takes
# for a constant shows in longer and shorter ones, and past the windows that some kinds read in.
LENGTHS = (5, 12, 3, 18, 8, 150, 800)
TOLERANCE = 1e-3  # of the largest logit
MAX_ONNX_BYTES = 1 << 31  # of one protobuf message
# Checkpoint and kind of module -> what is wrong with it: each fold loads the checkpoint again.
_found: dict[tuple[str, str], str | None] = {}


def find_fault(
    logits_of: nn.Module,
    checkpoint: Checkpoint,
    tokenizer: SubwordTokenizer,
    *,
    n_labels: int,
) -> str | None:
    """Return what makes a transformer unusable, for a sentence after a colon; None if nothing does.

    Parameters
    ----------
    logits_of : nn.Module
        Called with ids and mask; returns logits of shape (n_texts, n_labels). Its `network` is of
        transformers. On the CPU, in evaluation mode; it stays as it is.
    checkpoint : Checkpoint
        Where its weights are from.
    tokenizer : SubwordTokenizer
        The checkpoint's own.
    n_labels : int
    """
    key = checkpoint.sha256, type(logits_of).__name__
    if key not in _found:
        with torch.random.fork_rng(devices=[]):  # a training goes on as it would have without this
            _found[key] = _try(logits_of, checkpoint, tokenizer, n_labels)
    return _found[key]


def _try(
    logits_of: nn.Module, checkpoint: Checkpoint, tokenizer: SubwordTokenizer, n_labels: int
) -> str | None:
    kind = checkpoint.model_type
    n_bytes = _count_bytes(logits_of, tokenizer)
    if n_bytes >= MAX_ONNX_BYTES:
        return (
            f"its weights take {n_bytes / 1e9:.1f} GB as ONNX, which saved models answer from; "
            f"less than {MAX_ONNX_BYTES / 1e9:.1f} GB is accepted"
        )
    texts = _make_texts(tokenizer)
    try:
        alone = _read(logits_of, texts[:1], pad_id=tokenizer.pad_id)
        in_batch = _read(logits_of, texts[:2], pad_id=tokenizer.pad_id)
    except Exception as err:  # whatever a network of any kind raises
        return f"its network fails on a text: {type(err).__name__}, {first_line(err)}"
    if not torch.allclose(alone, in_batch[:1], rtol=1e-2, atol=1e-4):
        return (
            "its answers change when a text is padded to the length of another one, as those of "
            f"the kind '{kind}' may"
        )
    if kind in KNOWN_KINDS:
        return None
    try:
        each = [_read(logits_of, [text], pad_id=tokenizer.pad_id) for text in texts]
        exported = _export(
            logits_of,
            texts,
            n_labels=n_labels,
            n_tokens_max=checkpoint.max_tokens,
            pad_id=tokenizer.pad_id,
        )
    except Exception as err:  # an exporter raises anything on an unusual architecture
        logger.info("'%s' cannot be exported: %s", checkpoint.name, first_line(err))
        return f"its kind, '{kind}', cannot be written as ONNX, which saved models answer from"
    expected = torch.cat(each).numpy()
    if not np.abs(exported - expected).max() <= TOLERANCE * np.abs(expected).max():
        return f"its kind, '{kind}', gives other answers as ONNX, which saved models answer from"
    return None


def _count_bytes(logits_of: nn.Module, tokenizer: SubwordTokenizer) -> int:
    """Return the size of the weights in float32, without token vectors that are pruned."""
    n_weights: int = sum(weights.numel() for weights in logits_of.parameters())
    if is_prunable(tokenizer):
        n_weights -= token_vectors(cast(nn.Module, logits_of.network)).weight.numel()
    return 4 * n_weights


def _make_texts(tokenizer: SubwordTokenizer) -> list[list[int]]:
    """Return texts of different lengths as ids, special tokens around them; the last is empty."""
    empty = tokenizer.encode("")[0]
    n_inside = tokenizer.max_tokens - len(empty)
    others = [i for i in range(tokenizer.vocabulary_size) if i != tokenizer.pad_id]
    middle = others[len(others) // 4 : len(others) // 4 + max(LENGTHS)]  # special: at the ends
    texts = []
    for i, length in enumerate(LENGTHS):
        inside = np.resize(np.roll(middle, i), min(length, n_inside)).tolist()
        texts.append([*empty[:1], *inside, *empty[1:]])
    return [*texts, empty or middle[:1]]


def _read(logits_of: nn.Module, texts: Sequence[list[int]], *, pad_id: int) -> torch.Tensor:
    """Return the logits of texts that are read as one batch."""
    encoded = EncodedTexts.from_lists(list(texts))
    ids, mask = pad_batch(encoded, np.arange(len(texts)), pad_id=pad_id)
    with torch.inference_mode():
        logits: torch.Tensor = logits_of(torch.from_numpy(ids), torch.from_numpy(mask))
        return logits


def _export(
    logits_of: nn.Module,
    texts: Sequence[list[int]],
    *,
    n_labels: int,
    n_tokens_max: int,
    pad_id: int,
) -> np.ndarray:
    """Return the logits that the ONNX file of a module gives texts."""
    # Several labels per text, since the file of these returns logits
    outputs = Outputs(
        tuple(map(str, range(n_labels))),
        np.arange(n_labels),
        calibration=ScaleShift.none(n_labels),
        task="multi",
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        write_transformer_onnx(
            copy.deepcopy(logits_of), path, outputs=outputs, n_tokens_max=n_tokens_max
        )
        session = OnnxSession(path, pad_id=pad_id)
        return session.predict_logits(EncodedTexts.from_lists(list(texts)))
