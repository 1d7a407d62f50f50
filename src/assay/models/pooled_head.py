"""The network of `features`: a frozen encoder, its pooling, and one affine layer."""

from __future__ import annotations

import copy

from torch import Tensor, nn

from assay.checkpoints.frozen import FrozenEncoder
from assay.checkpoints.known_kinds import KNOWN_KINDS
from assay.checkpoints.network import pool_states
from assay.checkpoints.resolve import Checkpoint
from assay.errors import ModelError
from assay.models.network_probe import find_fault

__all__ = ["PooledHead", "check_encoder"]

N_PROBE_LABELS = 2
# Weights of 16 bits in files of this size take 2 GB in 32 bits, which is what one ONNX file holds.
SURELY_SMALL_BYTES = 1 << 30


class PooledHead(nn.Module):
    """Encoder, pooling and affine layer, which gives the logits."""

    def __init__(self, network: nn.Module, head: nn.Linear, pooling: str) -> None:
        super().__init__()
        self.network, self.head, self.pooling = network, head, pooling

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return logits of shape (n_texts, n_classes)."""
        hidden = self.network(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        pooled = pool_states(hidden, attention_mask, pooling=self.pooling)
        logits: Tensor = self.head(pooled)
        return logits


def check_encoder(encoder: FrozenEncoder) -> None:
    """Refuse an encoder that could not be saved with a head, before it reads any text.

    Kinds that are known to work are not tried, unless they may be too large.

    Raises
    ------
    ModelError
        It is no text encoder, padding changes its features, or it cannot be saved.
    """
    checkpoint = encoder.resolved
    is_small = _count_file_bytes(checkpoint) < SURELY_SMALL_BYTES
    if checkpoint.model_type in KNOWN_KINDS and is_small:
        return
    loaded = encoder.loaded()
    network = copy.deepcopy(loaded.network).cpu()
    head = nn.Linear(checkpoint.hidden_size, N_PROBE_LABELS)
    module = PooledHead(network, head, encoder.pooling).eval()
    fault = find_fault(module, checkpoint, loaded.tokenizer, n_labels=N_PROBE_LABELS)
    if fault is not None:
        raise ModelError(
            f"checkpoint '{checkpoint.name}' cannot be used by features: {fault}",
            hint="choose another checkpoint, such as minilm or e5",
        )


def _count_file_bytes(checkpoint: Checkpoint) -> int:
    return sum(path.stat().st_size for path in checkpoint.folder.glob("*.safetensors"))
