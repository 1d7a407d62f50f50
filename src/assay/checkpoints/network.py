"""A pre-trained transformer in torch: loading it, its hidden states, and their pooling."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assay._optional import require
from assay.checkpoints.folder import Checkpoint
from assay.checkpoints.known_kinds import KNOWN_KINDS
from assay.checkpoints.resolve import load_tokenizer, resolve_checkpoint
from assay.checkpoints.torch_state import quiet_transformers
from assay.errors import AssayError, ModelError, first_line
from assay.progress import Progress
from assay.tokenization.batches import EncodedTexts, pad_batch
from assay.tokenization.subwords import SubwordTokenizer

if TYPE_CHECKING:
    import torch

__all__ = ["WEIGHTS_HINT", "LoadedNetwork", "load_network", "load_pretrained", "pool_states"]

WEIGHTS_HINT = (
    "give the folder of the whole checkpoint, as save_pretrained wrote it, "
    "or another one, such as minilm or e5"
)


def load_network(checkpoint: Checkpoint) -> torch.nn.Module:
    """Load the transformer without a head, on the CPU, in evaluation mode.

    The weights are float32, whatever the file holds.

    Raises
    ------
    ModelError
        The weights are not those of the architecture that config.json names.
    """
    network, lacking = load_pretrained(require("transformers").AutoModel, checkpoint)
    # A missing pooler is fine, for nothing here reads it; any other missing weight would be random.
    missing = [key for key in lacking if not key.startswith("pooler.")]
    if missing:
        raise ModelError(
            f"checkpoint '{checkpoint.name}' lacks {len(missing)} of the weights that its "
            f"config.json ({checkpoint.model_type}) asks for, among them {missing[0]}",
            hint=WEIGHTS_HINT,
        )
    return network


def load_pretrained(
    auto_class: Any, checkpoint: Checkpoint, *, role: str = ""
) -> tuple[torch.nn.Module, list[str]]:
    """Load a network of transformers from a folder; return it with the weights that it lacks.

    Parameters
    ----------
    auto_class : class
        Such as ``transformers.AutoModel``.
    checkpoint : Checkpoint
    role : str
        What the message of an error says that it was loaded as.

    Returns
    -------
    network : torch.nn.Module
        In float32, on the CPU, in evaluation mode.
    missing : list of str
        Sorted names of the weights that the file does not hold: they are random.

    Raises
    ------
    ModelError
        The weights are not those of the architecture that config.json names.
    """
    try:
        with quiet_transformers():
            network, loading = auto_class.from_pretrained(
                checkpoint.folder,
                # Without it a half precision checkpoint computes in half precision, even on a CPU
                dtype=require("torch").float32,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
            )
    except (ValueError, RuntimeError, OSError, KeyError, TypeError, ImportError) as err:
        raise ModelError(f"checkpoint '{checkpoint.name}' cannot be loaded{role}: {err}") from err
    return network.eval(), sorted(loading["missing_keys"])


@dataclass(frozen=True)
class LoadedNetwork:
    """A transformer on its device, and the tokenizer that belongs to it.

    Parameters
    ----------
    checkpoint : Checkpoint
        Where it comes from.
    tokenizer : SubwordTokenizer
        Cuts texts at the limit that was asked for.
    network : torch.nn.Module
        In evaluation mode.
    device : torch.device
        Where it computes.
    n_known : int
        Number of tokens that have an embedding.
    """

    checkpoint: Checkpoint
    tokenizer: SubwordTokenizer
    network: torch.nn.Module
    device: torch.device
    n_known: int

    @classmethod
    def load(
        cls,
        checkpoint: str | Path | Checkpoint,
        *,
        revision: str | None,
        max_tokens: int | None,
        device: torch.device,
        progress: Progress | None = None,
    ) -> LoadedNetwork:
        """Find, verify and load a checkpoint: see `resolve_checkpoint` and `load_tokenizer`."""
        found = resolve_checkpoint(checkpoint, revision=revision, progress=progress)
        tokenizer = load_tokenizer(found, max_tokens=max_tokens)
        network = load_network(found).to(device)
        loaded = cls(found, tokenizer, network, device, _count_embeddings(network, found))
        if found.model_type not in KNOWN_KINDS:
            loaded.check_states()
        return loaded

    def pad(self, encoded: EncodedTexts, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the token ids and the mask of some texts, int64 of shape (n_rows, longest).

        Raises
        ------
        ModelError
            The tokenizer gives a token that the weights do not know.
        """
        ids, mask = pad_batch(encoded, rows, pad_id=self.tokenizer.pad_id)
        largest = int(ids.max(initial=0))
        if largest >= self.n_known:
            raise ModelError(
                f"the tokenizer of '{self.checkpoint.name}' gives the id {largest}, but its "
                f"weights know {self.n_known} tokens only: they do not belong together"
            )
        return ids, mask

    def hidden_states(
        self, encoded: EncodedTexts, rows: np.ndarray
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the last hidden state of some texts, and their mask.

        Parameters
        ----------
        encoded : EncodedTexts
            All texts.
        rows : int64 array of shape (n_rows,)
            Which of them.

        Returns
        -------
        hidden : float32 tensor of shape (n_rows, longest, hidden_size)
        mask : int64 tensor of shape (n_rows, longest)
        """
        torch = require("torch")
        ids, mask = self.pad(encoded, rows)
        # No token_type_ids: a single text is segment 0 throughout, which is what models that have
        # segments assume.
        with torch.inference_mode():
            input_ids = torch.from_numpy(ids).to(self.device)
            on_device = torch.from_numpy(mask).to(self.device)
            # Attention without a mask is faster, and a batch without padding needs none.
            given = None if mask.all() else on_device
            output = self.network(input_ids=input_ids, attention_mask=given)
        if "last_hidden_state" not in output:
            raise _no_text_encoder(self.checkpoint, "it gives no hidden state of every token")
        return output.last_hidden_state, on_device

    def check_states(self) -> None:
        """Refuse a network that reads no text, or gives no hidden state of every token.

        Raises
        ------
        ModelError
            With what the network says of a short text.
        """
        encoded = self.tokenizer.encode_texts(["a b"])
        try:
            self.hidden_states(encoded, np.zeros(1, dtype=np.int64))
        except AssayError:
            raise
        except Exception as err:  # whatever a network of any kind raises
            reason = f"it fails on a text: {type(err).__name__}, {first_line(err)}"
            raise _no_text_encoder(self.checkpoint, reason) from err

    def features(self, encoded: EncodedTexts, rows: np.ndarray, *, pooling: str) -> np.ndarray:
        """Return the pooled features of some texts, float32 of shape (n_rows, hidden_size)."""
        hidden, mask = self.hidden_states(encoded, rows)
        features: np.ndarray = pool_states(hidden, mask, pooling=pooling).cpu().numpy()
        return features


def _count_embeddings(network: Any, checkpoint: Checkpoint) -> int:
    """Return how many tokens a network knows; refuse one that reads no tokens, as of images."""
    try:
        return int(network.get_input_embeddings().num_embeddings)
    except (AttributeError, NotImplementedError) as err:
        raise _no_text_encoder(checkpoint, "it has no table of tokens") from err


def _no_text_encoder(checkpoint: Checkpoint, why: str) -> ModelError:
    return ModelError(
        f"checkpoint '{checkpoint.name}' is of the kind '{checkpoint.model_type}', which cannot be "
        f"used as a text encoder: {why}; kinds such as bert, distilbert, roberta, xlm-roberta, "
        "electra and deberta-v2 are accepted"
    )


def pool_states(hidden: torch.Tensor, mask: torch.Tensor, *, pooling: str) -> torch.Tensor:
    """Pool hidden states (B, T, D) to one vector per text, (B, D); zeros without any token.

    Parameters
    ----------
    hidden : float tensor of shape (B, T, D)
        B texts, T tokens, D columns.
    mask : tensor of shape (B, T)
        1 where there is a token, else 0.
    pooling : {"mean", "cls"}
        The mean of the tokens, or the first one.
    """
    tokens = mask.unsqueeze(-1)
    hidden = hidden.masked_fill(tokens == 0, 0.0)
    if pooling == "cls":
        return hidden[:, 0]
    return hidden.sum(dim=1) / tokens.sum(dim=1).clamp(min=1)
