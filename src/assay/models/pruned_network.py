"""A network for a pruned vocabulary: fewer token vectors, and frozen weights that fit 8 bits."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import nn

from assay.checkpoints.blocks import round_to_blocks
from assay.checkpoints.pruning import is_prunable
from assay.tokenization.batches import EncodedTexts
from assay.tokenization.subwords import SubwordTokenizer

__all__ = ["count_tokens", "prune_network", "token_vectors"]

TOKEN_ID_NAMES = ("pad_token_id", "bos_token_id", "eos_token_id")  # entries of config.json


def count_tokens(tokenizer: SubwordTokenizer, texts: Sequence[str] | EncodedTexts) -> np.ndarray:
    """Return how often each token occurs in texts; empty if the vocabulary stays whole."""
    if not is_prunable(tokenizer):
        return np.zeros(0, dtype=np.int64)
    encoded = texts if isinstance(texts, EncodedTexts) else tokenizer.encode_texts(texts)
    return np.bincount(encoded.ids, minlength=tokenizer.vocabulary_size)


def prune_network(
    network: nn.Module, kept_ids: np.ndarray, *, frozen: Iterable[str] = ("",)
) -> nn.Module:
    """Return a copy of a network that knows some of its tokens only, on the CPU.

    Parameters
    ----------
    network : nn.Module
        A model of transformers, which is left as it is.
    kept_ids : int64 array of shape (n_pieces,)
        The old id of each new token, ascending.
    frozen : iterable of str
        Names, or beginnings of names, of modules that were not trained: their matrices are rounded
        so that they can be kept in 8 bits, like the token vectors always are.
    """
    pruned = copy.deepcopy(network).cpu().eval()
    tokens = token_vectors(pruned)
    kept = torch.from_numpy(kept_ids)
    fewer = nn.Embedding(len(kept_ids), tokens.embedding_dim)
    with torch.no_grad():
        fewer.weight.copy_(tokens.weight[kept])
    pruned.set_input_embeddings(fewer)  # type: ignore[operator]
    _round(fewer)
    beginnings = tuple(frozen)
    for name, module in pruned.named_modules():
        if isinstance(module, nn.Linear) and name.startswith(beginnings):
            _round(module)
    _adapt_config(pruned, kept_ids)
    return pruned


def token_vectors(network: nn.Module) -> nn.Embedding:
    """Return the table of token vectors of a model of transformers."""
    embedding = network.get_input_embeddings()  # type: ignore[operator]
    assert isinstance(embedding, nn.Embedding)
    return embedding


def _round(module: nn.Embedding | nn.Linear) -> None:
    with torch.no_grad():
        rounded = round_to_blocks(module.weight.detach().numpy())
        module.weight.copy_(torch.from_numpy(rounded))


def _adapt_config(network: nn.Module, kept_ids: np.ndarray) -> None:
    config = network.config
    config.vocab_size = len(kept_ids)  # type: ignore[union-attr]
    new_ids = {old: new for new, old in enumerate(kept_ids.tolist())}
    for name in TOKEN_ID_NAMES:
        old = getattr(config, name, None)
        if old is not None:
            setattr(config, name, new_ids[old])  # type: ignore[arg-type]
