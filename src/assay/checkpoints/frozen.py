"""`FrozenEncoder`: texts to the pooled last hidden state of a transformer that does not change.

Weights load when they are first needed and stay out of pickles and clones. A batch holds texts of
similar length, so that little is spent on padding.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assay import _env
from assay._arguments import check_parameters, checked
from assay._optional import require
from assay.checkpoints.exported import ExportedEncoder
from assay.checkpoints.network import LoadedNetwork, load_network
from assay.checkpoints.resolve import Checkpoint, resolve_checkpoint
from assay.checkpoints.torch_state import compute_threads, pick_device
from assay.data.texts import check_texts
from assay.errors import InputError, ModelError, OutsideError
from assay.progress import Progress
from assay.runtime.threads import for_each
from assay.tokenization.batches import EncodedTexts, bucket_batches
from assay.tokenization.subwords import SubwordTokenizer
from assay.tokenization.window import Windows, check_long_texts

if TYPE_CHECKING:
    import torch
    from sklearn.base import BaseEstimator, TransformerMixin
else:
    # This file owns its estimator: nobody imports it without wanting scikit-learn.
    BaseEstimator = require("sklearn.base").BaseEstimator
    TransformerMixin = require("sklearn.base").TransformerMixin

__all__ = ["POOLINGS", "PRECISIONS", "FrozenEncoder"]

logger = logging.getLogger(__name__)

POOLINGS = ("mean", "cls")
PRECISIONS = ("float32", "int8")
MAX_BATCH_TEXTS = 512
# Padded tokens per batch: on a CPU the activations between two layers have to fit its caches.
# Measured: dev/LOG.md, "How much to read at once". A GPU was not measured.
CPU_BATCH_TOKENS, GPU_BATCH_TOKENS = 512, 1024
# From so many texts on, exporting the network first is worth its time (same heading). The choice
# depends on the number of texts alone: the two ways differ in the last digits.
MIN_EXPORTED_TEXTS = 4096
# Largest difference between the features of torch and of the exported network, relative to the
# largest feature.
AGREEMENT = 1e-4


@dataclass(frozen=True)
class _Exported:
    """The exported network of a loaded one, and the settings it was made with.

    `encoder` is None where the network cannot be exported.
    """

    loaded: LoadedNetwork
    pooling: str
    precision: str
    encoder: ExportedEncoder | None


class FrozenEncoder(TransformerMixin, BaseEstimator):
    """Turn texts into features: the pooled last hidden state of a frozen transformer.

    Parameters
    ----------
    checkpoint : str, Path or Checkpoint
        What `resolve_checkpoint` accepts.
    revision : str or None
        Branch, tag or commit of a Hub id; None: its main branch.
    pooling : {"mean", "cls"}
        `mean`: average over the tokens of the text, special tokens included. `cls`: the first
        token's state.
    max_tokens : int or None
        Tokens per text, special tokens included; the rest is cut off. None: as many as the model
        takes.
    batch_tokens : int or None
        Largest number of padded tokens per batch; None: chosen by the device. It changes speed and
        memory, not results.
    long_texts : {"truncate", "window"}
        `truncate` cuts texts at the limit. `window` reads them in windows: the features are the
        mean over the windows.
    precision : {"float32", "int8"}
        Precision of the weights. `int8` computes on the CPU and is faster by more than half; the
        features differ a little (cosine about 0.99) and depend on the texts that are read together.
    device : str or None
        ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``. None: what `--device` or the environment
        says.

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
        device: str | None = None,
    ) -> None:
        self.checkpoint = checkpoint
        self.revision = revision
        self.pooling = pooling
        self.max_tokens = max_tokens
        self.batch_tokens = batch_tokens
        self.long_texts = long_texts
        self.precision = precision
        self.device = device

    def fit(self, texts: Sequence[str], y: object = None) -> FrozenEncoder:
        """Check the parameters and the texts, and find the checkpoint; nothing is learnt.

        Parameters
        ----------
        texts : sequence of str
        y : ignored

        Raises
        ------
        InputError
            A parameter or a text cannot be used.
        ModelError
            The checkpoint is broken.
        """
        self._check_params()
        check_texts(texts)
        resolve_checkpoint(self.checkpoint, revision=self.revision)
        return self

    @checked
    def transform(self, texts: Sequence[str], *, progress: Progress | None = None) -> np.ndarray:
        """Return the features of texts.

        Parameters
        ----------
        texts : sequence of str
            The empty text is legal.
        progress : Progress, optional
            Told how many texts are done.

        Returns
        -------
        float32 array of shape (n_texts, hidden_size)
            In the order of `texts`.

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
        if self.long_texts == "window":
            windows, features = self.read_windows(as_list, progress=progress)
            return windows.mean(features)
        return self._read(loaded, loaded.tokenizer.encode_texts(as_list), progress)

    def read_windows(
        self, texts: Sequence[str], *, progress: Progress | None = None
    ) -> tuple[Windows, np.ndarray]:
        """Return the windows of texts, and the features of each, (n_windows, hidden_size)."""
        loaded = self._load(progress)
        windows = loaded.tokenizer.encode_windows(texts)
        return windows, self._read(loaded, windows.encoded, progress)

    def _read(
        self, loaded: LoadedNetwork, encoded: EncodedTexts, progress: Progress | None
    ) -> np.ndarray:
        """Return the features of encoded texts, batch by batch, several threads at a time."""
        features = np.zeros((len(encoded), loaded.checkpoint.hidden_size), dtype=np.float32)
        batches = bucket_batches(
            encoded.lengths,
            max_texts=MAX_BATCH_TEXTS,
            max_tokens=self._max_batch_tokens(loaded.device),
        )
        # Long texts first, so that threads wait for each other at the end over short ones.
        batches.reverse()
        exported = self._export(loaded, encoded)

        def read(rows: np.ndarray) -> None:
            if exported is not None:
                features[rows] = exported.transform(*loaded.pad(encoded, rows))
            else:
                features[rows] = loaded.features(encoded, rows, pooling=self.pooling)

        # One batch per thread; where there are fewer batches than threads, several threads share
        # the products of each batch.
        n_cores = _env.n_threads()
        on_cpu = exported is not None or loaded.device.type == "cpu"
        n_threads = min(n_cores, len(batches)) if on_cpu else 1
        with (
            (progress or Progress()).track("frozen features", len(encoded)) as advance,
            compute_threads(n_cores // max(1, n_threads)),
        ):
            for_each(read, batches, n_threads=n_threads, advance=lambda rows: advance(len(rows)))
        return features

    def hidden_states(self, text: str) -> np.ndarray:
        """Return the last hidden state of one text, float32 of shape (1, n_tokens, hidden_size).

        Raises
        ------
        InputError
            `text` is not one text.
        """
        if not isinstance(text, str):
            raise InputError(f"text is {type(text).__name__}; one text (str) is accepted")
        loaded = self._load(None)
        encoded = loaded.tokenizer.encode_texts([text])
        with compute_threads():
            hidden, _ = loaded.hidden_states(encoded, np.zeros(1, dtype=np.int64))
        return np.asarray(hidden.cpu().numpy())[:, : len(encoded.ids)]

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return one name per feature, an object array of shape (hidden_size,).

        scikit-learn's `set_output` asks for them.
        """
        width = self.resolved.hidden_size
        return np.asarray([f"hidden{i}" for i in range(width)], dtype=object)

    def with_network(self, loaded: LoadedNetwork) -> FrozenEncoder:
        """Return an encoder with the same settings that reads through another network."""
        other = FrozenEncoder(**self.get_params(deep=False))
        other._loaded = (other._load_params(), loaded)
        other._has_own_network = True
        return other

    def loaded(self) -> LoadedNetwork:
        """Return the network and its tokenizer, on the device that it computes on."""
        return self._load(None)

    @property
    def resolved(self) -> Checkpoint:
        """The verified checkpoint."""
        params, loaded = self.__dict__.get("_loaded", (None, None))
        if loaded is not None and params == self._load_params():
            checkpoint: Checkpoint = loaded.checkpoint
            return checkpoint
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
        if not state.get("_has_own_network", False):  # no checkpoint holds its own network
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

    def _max_batch_tokens(self, device: torch.device) -> int:
        """Return how many padded tokens a batch has at most on a device."""
        if self.batch_tokens is not None:
            return self.batch_tokens
        on_cpu = device.type == "cpu" or self.precision == "int8"
        return CPU_BATCH_TOKENS if on_cpu else GPU_BATCH_TOKENS

    def _check_params(self) -> None:
        check_parameters(self)
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

    def _load(self, progress: Progress | None) -> LoadedNetwork:
        """Return tokenizer and network, loaded for the current parameters and device."""
        params, loaded = self.__dict__.get("_loaded", (None, None))
        device = pick_device(self.device)
        if loaded is not None and params == self._load_params() and loaded.device == device:
            known: LoadedNetwork = loaded
            return known
        fresh = LoadedNetwork.load(
            self.checkpoint,
            revision=self.revision,
            max_tokens=self.max_tokens,
            device=device,
            progress=progress,
        )
        self._loaded = (self._load_params(), fresh)
        return fresh

    def _export(self, loaded: LoadedNetwork, encoded: EncodedTexts) -> ExportedEncoder | None:
        """Return the exported network if it is to read these texts; None: torch reads them.

        Raises
        ------
        ModelError, OutsideError
            8-bit weights were asked for and cannot be made.
        """
        if self.precision == "int8":
            return self._exported_encoder(loaded)
        if loaded.device.type != "cpu" or len(encoded) < MIN_EXPORTED_TEXTS:
            return None
        try:
            exported = self._exported_encoder(loaded)
        except (ModelError, OutsideError) as err:
            logger.info("torch reads the texts: %s", err)
            self._exported = _Exported(loaded, self.pooling, self.precision, None)
            return None
        if exported is None or not self._agrees(exported, loaded, encoded):
            return None
        return exported

    def _exported_encoder(self, loaded: LoadedNetwork) -> ExportedEncoder | None:
        """Return the exported network, made or opened once for these settings."""
        known: _Exported | None = self.__dict__.get("_exported")
        if (
            known is not None
            and known.loaded is loaded
            and (known.pooling, known.precision) == (self.pooling, self.precision)
        ):
            return known.encoder
        encoder = ExportedEncoder(
            loaded.checkpoint,
            pooling=self.pooling,
            precision=self.precision,
            load=lambda: load_network(loaded.checkpoint),
        )
        self._exported = _Exported(loaded, self.pooling, self.precision, encoder)
        return encoder

    def _agrees(
        self, exported: ExportedEncoder, loaded: LoadedNetwork, encoded: EncodedTexts
    ) -> bool:
        """Tell whether both networks give the same features to the shortest and longest text."""
        rows = np.array([encoded.lengths.argmin(), encoded.lengths.argmax()])
        expected = loaded.features(encoded, rows, pooling=self.pooling)
        difference = np.abs(exported.transform(*loaded.pad(encoded, rows)) - expected).max()
        if difference <= AGREEMENT * max(1.0, np.abs(expected).max()):
            return True
        logger.warning(
            "'%s' differs by %.2g when exported: torch reads the texts",
            loaded.checkpoint.name,
            difference,
        )
        return False
