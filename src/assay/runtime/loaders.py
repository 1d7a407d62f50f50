"""How the folder of each kind of model becomes a `Model`: what the table of methods names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.errors import ModelError
from assay.runtime.answers import read_answering
from assay.runtime.layout import Layout
from assay.runtime.linear import LinearModel
from assay.runtime.manifest import Manifest
from assay.runtime.predictor import Model
from assay.tokenization.window import LONG_TEXTS

if TYPE_CHECKING:
    from assay.runtime.session import BatchSizes

MAX_PRIOR = 1e12  # a number of rows, or a share; infinity would give no scores
MAX_TOKENS = 1_000_000  # far above what any network reads at once

__all__ = ["load_linear", "load_majority", "load_recurrent", "load_transformer"]


def load_majority(root: Path, manifest: Manifest, n_threads: int | None) -> Model:
    """Load a model that knows nothing but the shares of the labels."""
    priors = manifest.parameters.get("priors")
    if not _are_priors(priors, len(manifest.labels)):
        raise ModelError(
            f"{root}: a majority model needs one positive prior per label; "
            f"assay.json has {priors!r}"
        )
    row = np.asarray(priors, dtype=np.float64)
    return Model(root, manifest, lambda texts: np.tile(row, (len(texts), 1)))


def _are_priors(priors: Any, n_classes: int) -> bool:
    """Tell whether a value of assay.json is one positive number for each class."""
    if not isinstance(priors, list) or len(priors) != n_classes:
        return False
    return all(isinstance(prior, int | float) and 0 < prior <= MAX_PRIOR for prior in priors)


def load_linear(root: Path, manifest: Manifest, n_threads: int | None) -> Model:
    """Load a linear model, which runs in numpy."""
    model = LinearModel.load(root)
    if len(model.bias) != len(manifest.labels):
        raise ModelError(
            f"{root}: {len(manifest.labels)} labels, but the weights have {len(model.bias)} classes"
        )
    activate = read_answering(manifest, folder=root).activate

    def score(texts: Sequence[str]) -> np.ndarray:
        return activate(model.logits(texts))

    return Model(root, manifest, score, linear=model)


def load_recurrent(root: Path, manifest: Manifest, n_threads: int | None) -> Model:
    """Load a recurrent network, which runs in ONNX Runtime."""
    from assay.runtime.session import LSTM_BATCHES

    return _load_network(root, manifest, n_threads, LSTM_BATCHES)


def load_transformer(root: Path, manifest: Manifest, n_threads: int | None) -> Model:
    """Load a transformer, which runs in ONNX Runtime."""
    from assay.runtime.session import TRANSFORMER_BATCHES

    return _load_network(root, manifest, n_threads, TRANSFORMER_BATCHES)


def _load_network(
    root: Path, manifest: Manifest, n_threads: int | None, batches: BatchSizes
) -> Model:
    # Here, so that `linear` need not wait for onnxruntime and tokenizers.
    from assay.runtime.graph_check import check_graph
    from assay.runtime.session import OnnxSession
    from assay.tokenization.subwords import SubwordTokenizer
    from assay.tokenization.tokenizer_check import check_tokenizer_file

    layout = Layout(root)
    max_tokens, policy = _read_limits(layout, manifest)
    for path in (layout.tokenizer, layout.network):
        if not path.is_file():
            raise ModelError(
                f"{root} lacks '{path.relative_to(root)}', which a {manifest.method} model needs"
            )
    check_tokenizer_file(layout.tokenizer)
    check_graph(layout.network, root=root, listed=manifest.files)
    tokenizer = SubwordTokenizer.from_file(layout.tokenizer, max_tokens=max_tokens)
    session = OnnxSession(
        layout.network, pad_id=tokenizer.pad_id, n_threads=n_threads, batches=batches
    )
    if session.n_classes != len(manifest.labels):
        raise ModelError(
            f"{root}: {len(manifest.labels)} labels, "
            f"but the network has {session.n_classes} classes"
        )

    activate = read_answering(manifest, folder=root).activate

    def score(texts: Sequence[str]) -> np.ndarray:
        if policy == "truncate":
            return session.predict_proba(tokenizer.encode_texts(texts))
        windows = tokenizer.encode_windows(texts)
        if session.has_logits:
            logits = session.predict_logits(windows.encoded)
            return activate(windows.join(logits, task=manifest.task))
        return windows.mean_probs(session.predict_proba(windows.encoded))

    return Model(root, manifest, score, tokenizer=tokenizer)


def _read_limits(layout: Layout, manifest: Manifest) -> tuple[int, str]:
    """Return how many tokens the model reads at once, and what becomes of longer texts."""
    max_tokens: Any = manifest.tokenization.get("max_tokens")
    if not isinstance(max_tokens, int) or not 1 <= max_tokens <= MAX_TOKENS:
        raise ModelError(
            f"{layout.manifest}: tokenization.max_tokens is {max_tokens!r}; "
            f"a whole number is accepted, up to {MAX_TOKENS:,}"
        )
    policy = manifest.tokenization.get("long_texts", LONG_TEXTS[0])
    if policy not in LONG_TEXTS:
        raise ModelError(
            f"{layout.manifest}: tokenization.long_texts is {policy!r}; "
            f"{' or '.join(LONG_TEXTS)} is accepted"
        )
    return max_tokens, policy
