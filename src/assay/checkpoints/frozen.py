"""`FrozenEncoder`: texts to the pooled last hidden state of a transformer whose weights do not change.

Weights load when they are first needed and stay out of pickles and clones. A batch holds texts of
like length, so that next to nothing is spent on padding.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assay import _env
from assay._optional import require
from assay.checkpoints.exported import ExportedEncoder
from assay.checkpoints.resolve import Checkpoint, load_tokenizer, resolve_checkpoint
from assay.checkpoints.torch_state import compute_threads, pick_device, quiet_transformers
from assay.data.texts import check_texts
from assay.errors import InputError, ModelError, OutsideError
from assay.progress import Progress
from assay.runtime.threads import for_each
from assay.tokenization.batches import EncodedTexts, bucket_batches, pad_batch
from assay.tokenization.subwords import SubwordTokenizer
from assay.tokenization.window import check_long_texts

if TYPE_CHECKING:
    import torch
    from sklearn.base import BaseEstimator, TransformerMixin
else:
    # This file owns its estimator: nobody imports it without wanting scikit-learn.
    BaseEstimator = require("sklearn.base").BaseEstimator
    TransformerMixin = require("sklearn.base").TransformerMixin

__all__ = ["POOLINGS", "PRECISIONS", "FrozenEncoder", "load_network"]

logger = logging.getLogger(__name__)

POOLINGS = ("mean", "cls")
PRECISIONS = ("float32", "int8")
MAX_BATCH_TEXTS = 512
# Padded tokens a batch. On a CPU what stands between two layers has to fit its caches: 516, 515,
# 498, 491, 429 and 413 texts/s with 384, 512, 768, 1,024, 2,048 and 4,096 (2 cores with AVX-512,
# minilm, tweets). A GPU was not measured.
CPU_BATCH_TOKENS, GPU_BATCH_TOKENS = 512, 1024
# From so many texts on, exporting the network first (4.5 s, once an encoder) is soon worth it: then
# a tenth less time (2 cores, minilm, tweets: 340 texts/s in place of 300). Always the same way for
# the same number of texts, since the last digits differ.
MIN_EXPORTED_TEXTS = 4096
AGREEMENT = 1e-4  # between torch's features and the exported network's, of the largest of them


def load_network(checkpoint: Checkpoint) -> torch.nn.Module:
    """Load the transformer without a head: float32 whatever the file holds, evaluation mode, on the CPU.

    Raises
    ------
    ModelError
        The weights are not those of the architecture that config.json names.
    """
    torch, transformers = require("torch"), require("transformers")
    try:
        with quiet_transformers():
            network, loading = transformers.AutoModel.from_pretrained(
                checkpoint.folder,
                # Without it a half precision checkpoint computes in half precision, even on a CPU
                dtype=torch.float32,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
            )
    except (ValueError, RuntimeError, OSError, KeyError, TypeError, ImportError) as err:
        raise ModelError(f"checkpoint '{checkpoint.name}' cannot be loaded: {err}") from err
    # A pooler that is not there is fine: nothing here reads it. Anything else missing would stay
    # random.
    if missing := sorted(key for key in loading["missing_keys"] if not key.startswith("pooler.")):
        raise ModelError(
            f"checkpoint '{checkpoint.name}' lacks {len(missing)} of the weights that its config.json "
            f"({checkpoint.model_type}) asks for, among them {missing[0]}"
        )
    return network.eval()


@dataclass(frozen=True)
class _Loaded:
    """What `FrozenEncoder` loads, and for which parameters."""

    params: dict[str, Any]
    checkpoint: Checkpoint
    tokenizer: SubwordTokenizer
    network: torch.nn.Module
    device: torch.device
    n_known: int  # tokens that the weights know


class FrozenEncoder(TransformerMixin, BaseEstimator):
    """Turn texts into features: the pooled last hidden state of a frozen transformer.

    Parameters
    ----------
    checkpoint : str, Path or Checkpoint
        What `resolve_checkpoint` accepts.
    revision : str or None
        Of a Hub id.
    pooling : {"mean", "cls"}
        `mean`: average over the tokens of the text, special tokens included. `cls`: the first
        token's state.
    max_tokens : int or None
        Tokens a text, special tokens included; the rest is cut off. None: as many as the model
        takes.
    batch_tokens : int or None
        Padded tokens a batch, at most; None: chosen by the device. It changes speed and memory, not
        results.
    long_texts : {"truncate", "window"}
        What is longer than the limit is cut off, or read too: features are then the mean of the
        windows'.
    precision : {"float32", "int8"}
        Of the weights. `int8` computes on the CPU and is faster by more than half; features differ
        a little (cosine about 0.99), also with the texts that one is read with.

    Examples
    --------
    >>> encoder = FrozenEncoder("minilm")  # doctest: +SKIP
    >>> encoder.transform(["good morning", "good night"]).shape  # doctest: +SKIP
    (2, 384)
    """

    def __init__(
        self,
        checkpoint: str | Path | Checkpoint = "minilm",
        *,
        revision: str | None = None,
        pooling: str = "mean",
        max_tokens: int | None = None,
        batch_tokens: int | None = None,
        long_texts: str = "truncate",
        precision: str = "float32",
    ) -> None:
        self.checkpoint = checkpoint
        self.revision = revision
        self.pooling = pooling
        self.max_tokens = max_tokens
        self.batch_tokens = batch_tokens
        self.long_texts = long_texts
        self.precision = precision

    def fit(self, texts: Sequence[str], y: object = None) -> FrozenEncoder:
        """Check the parameters and the texts, and find the checkpoint; nothing is learnt.

        Raises
        ------
        InputError
            A parameter or a text cannot be used.
        """
        self._check_params()
        check_texts(texts)
        resolve_checkpoint(self.checkpoint, revision=self.revision)
        return self

    def transform(self, texts: Sequence[str], *, progress: Progress | None = None) -> np.ndarray:
        """Return the features, float32 of shape (n_texts, hidden_size), in the order of `texts`.

        Raises
        ------
        InputError
            A parameter or a text cannot be used.
        ModelError
            The checkpoint is broken.
        """
        self._check_params()
        as_list = check_texts(texts)
        loaded = self._load(progress)
        windows = loaded.tokenizer.encode_windows(as_list) if self.long_texts == "window" else None
        encoded = loaded.tokenizer.encode_texts(as_list) if windows is None else windows.encoded
        features = np.zeros((len(encoded), loaded.checkpoint.hidden_size), dtype=np.float32)
        batches = bucket_batches(
            encoded.lengths,
            max_texts=MAX_BATCH_TEXTS,
            max_tokens=self._tokens_a_batch(loaded.device),
        )
        # Long texts first: what is left at the end, where threads wait for each other, is short
        batches.reverse()
        exported = self._export(loaded, encoded)

        def read(rows: np.ndarray) -> None:
            if exported is not None:
                features[rows] = exported.transform(*_batch(loaded, encoded, rows))
            else:
                features[rows] = self._by_torch(loaded, encoded, rows)

        # A batch a thread; where there are fewer batches than threads, several share the products
        # of each.
        on_cpu = exported is not None or loaded.device.type == "cpu"
        n_threads = min(_env.n_threads(), len(batches)) if on_cpu else 1
        shared = compute_threads(_env.n_threads() // max(1, n_threads))
        with (progress or Progress()).track("frozen features", len(encoded)) as advance, shared:
            for_each(read, batches, n_threads=n_threads, advance=lambda rows: advance(len(rows)))
        return features if windows is None else windows.mean(features)

    def hidden_states(self, text: str) -> np.ndarray:
        """Return the last hidden state of one text, float32 of shape (1, n_tokens, hidden_size)."""
        if not isinstance(text, str):
            raise InputError(f"text is {type(text).__name__}; one text (str) is accepted")
        loaded = self._load(None)
        encoded = loaded.tokenizer.encode_texts([text])
        with compute_threads():
            hidden, _ = self._forward(loaded, encoded, np.zeros(1, dtype=np.int64))
        return np.asarray(hidden.cpu().numpy())[:, : len(encoded.ids)]

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return a name a column, so that `set_output` works: object array of shape (hidden_size,)."""
        width = self.resolved.hidden_size
        return np.asarray([f"hidden{i}" for i in range(width)], dtype=object)

    @property
    def resolved(self) -> Checkpoint:
        """The verified checkpoint."""
        loaded: _Loaded | None = self.__dict__.get("_loaded")
        if loaded is not None and loaded.params == self._load_params():
            return loaded.checkpoint
        return resolve_checkpoint(self.checkpoint, revision=self.revision)

    @property
    def tokenizer(self) -> SubwordTokenizer:
        """The checkpoint's tokenizer, cutting at `max_tokens`."""
        return self._load(None).tokenizer

    @property
    def network(self) -> torch.nn.Module:
        """The transformer itself, in evaluation mode, on the device it computes on."""
        return self._load(None).network

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_loaded", None)
        state.pop("_exported", None)
        return state

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = False
        return tags

    def _tokens_a_batch(self, device: torch.device) -> int:
        """Return how many padded tokens a batch has at most on a device."""
        if self.batch_tokens is not None:
            return self.batch_tokens
        return (
            CPU_BATCH_TOKENS
            if device.type == "cpu" or self.precision == "int8"
            else GPU_BATCH_TOKENS
        )

    def _check_params(self) -> None:
        if self.pooling not in POOLINGS:
            raise InputError(f"pooling is {self.pooling!r}; {' and '.join(POOLINGS)} are accepted")
        if self.precision not in PRECISIONS:
            raise InputError(
                f"precision is {self.precision!r}; {' and '.join(PRECISIONS)} are accepted"
            )
        if self.batch_tokens is not None and self.batch_tokens < 1:
            raise InputError(f"batch_tokens is {self.batch_tokens}; at least 1 is accepted")
        check_long_texts(self.long_texts)

    def _load_params(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("checkpoint", "revision", "max_tokens")}

    def _load(self, progress: Progress | None) -> _Loaded:
        """Return tokenizer and network, loaded for the parameters and the device of this moment."""
        loaded: _Loaded | None = self.__dict__.get("_loaded")
        device = pick_device()
        if loaded is None or loaded.params != self._load_params() or loaded.device != device:
            checkpoint = resolve_checkpoint(
                self.checkpoint, revision=self.revision, progress=progress
            )
            tokenizer = load_tokenizer(checkpoint, max_tokens=self.max_tokens)
            network = load_network(checkpoint).to(device)
            n_known = network.get_input_embeddings().num_embeddings
            loaded = _Loaded(self._load_params(), checkpoint, tokenizer, network, device, n_known)
            self._loaded = loaded
        return loaded

    def _export(self, loaded: _Loaded, encoded: EncodedTexts) -> ExportedEncoder | None:
        """Return the network through ONNX Runtime where it is to read these texts; None: torch does.

        Raises
        ------
        ModelError, OutsideError
            8-bit weights are asked for and cannot be made.
        """
        is_plain = self.precision == "float32"
        if is_plain and (loaded.device.type != "cpu" or len(encoded) < MIN_EXPORTED_TEXTS):
            return None
        settings = (self.pooling, self.precision)
        of, with_settings, made = self.__dict__.get("_exported", (None, None, None))
        if of is not loaded or with_settings != settings:
            try:
                made = ExportedEncoder(
                    loaded.checkpoint,
                    pooling=self.pooling,
                    precision=self.precision,
                    load=lambda: load_network(loaded.checkpoint),
                )
            except (ModelError, OutsideError) as err:
                if not is_plain:
                    raise
                logger.info("torch reads the texts: %s", err)
                made = None
            self._exported = (loaded, settings, made)
        return made if made is None or not is_plain or self._agrees(made, loaded, encoded) else None

    def _agrees(self, made: ExportedEncoder, loaded: _Loaded, encoded: EncodedTexts) -> bool:
        """Tell whether an exported network says what torch says of the shortest and the longest text, read together."""
        rows = np.array([encoded.lengths.argmin(), encoded.lengths.argmax()])
        expected = self._by_torch(loaded, encoded, rows)
        difference = np.abs(made.transform(*_batch(loaded, encoded, rows)) - expected).max()
        if difference <= AGREEMENT * max(1.0, np.abs(expected).max()):
            return True
        logger.warning(
            "'%s' differs by %.2g when exported: torch reads the texts",
            loaded.checkpoint.name,
            difference,
        )
        return False

    def _by_torch(self, loaded: _Loaded, encoded: EncodedTexts, rows: np.ndarray) -> np.ndarray:
        """Return the features of some texts, float32."""
        hidden, mask = self._forward(loaded, encoded, rows)
        features: np.ndarray = _pool(hidden, mask, pooling=self.pooling).cpu().numpy()
        return features

    def _forward(
        self, loaded: _Loaded, encoded: EncodedTexts, rows: np.ndarray
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the last hidden state (n_rows, longest, hidden_size) and the mask (n_rows, longest)."""
        torch = require("torch")
        ids, mask = _batch(loaded, encoded, rows)
        # No token_type_ids: a lone text is segment 0 throughout, which is what models that have
        # segments assume.
        with torch.inference_mode():
            on_device = torch.from_numpy(mask).to(loaded.device)
            # A batch without padding needs no mask, and attention without one is faster.
            given = {} if mask.all() else {"attention_mask": on_device}
            hidden = loaded.network(
                input_ids=torch.from_numpy(ids).to(loaded.device), **given
            ).last_hidden_state
            return hidden, on_device


def _batch(
    loaded: _Loaded, encoded: EncodedTexts, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return padded ids and mask of these rows."""
    ids, mask = pad_batch(encoded, rows, pad_id=loaded.tokenizer.pad_id)
    if (largest := int(ids.max(initial=0))) >= loaded.n_known:
        raise ModelError(
            f"the tokenizer of '{loaded.checkpoint.name}' gives the id {largest}, "
            f"but its weights know {loaded.n_known} tokens only: they do not belong together"
        )
    return ids, mask


def _pool(hidden: torch.Tensor, mask: torch.Tensor, *, pooling: str) -> torch.Tensor:
    """Pool (B, T, D) to (B, D); a text without any token gives zeros."""
    weights = mask.bool().unsqueeze(-1)
    hidden = hidden.masked_fill(~weights, 0.0)
    if pooling == "cls":
        return hidden[:, 0]
    return hidden.sum(dim=1) / weights.sum(dim=1).clamp(min=1)
