"""`load_model(folder)`: predict with any saved model, without torch. Scores in LabelSet order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from assay.data.labels import LabelSet
from assay.data.texts import check_texts
from assay.errors import ModelError
from assay.progress import Progress
from assay.runtime.folder import Layout, Manifest, read_folder
from assay.runtime.linear import LinearModel
from assay.runtime.session import OnnxSession
from assay.tokenization.subwords import SubwordTokenizer

__all__ = ["Model", "load_model"]

CHUNK_TEXTS = 2048  # texts tokenised at once: bounds memory, and is how often progress moves

Scorer = Callable[[Sequence[str]], np.ndarray]


class Model:
    """A loaded model. It is read-only and may be shared between threads.

    Parameters
    ----------
    folder : Path
    manifest : Manifest
    scorer : callable
        Texts -> probabilities of shape (n_texts, n_classes).

    Examples
    --------
    >>> model = load_model("runs/sample/model")          # doctest: +SKIP
    >>> model.predict(["what a lovely surprise"])        # doctest: +SKIP
    ['joy']
    """

    def __init__(self, folder: Path, manifest: Manifest, scorer: Scorer) -> None:
        self.folder = folder
        self.manifest = manifest
        self.label_set: LabelSet = manifest.label_set
        self._scorer = scorer

    @property
    def method(self) -> str:
        """Which of the methods made it."""
        return self.manifest.method

    @property
    def labels(self) -> tuple[str, ...]:
        """The label names, in the order of the score columns."""
        return self.label_set.names

    @property
    def n_bytes(self) -> int:
        """Size on disk of the files that prediction reads."""
        return sum(int(facts["size_bytes"]) for facts in self.manifest.files.values())

    def predict_proba(self, texts: Sequence[str], *, progress: Progress | None = None) -> np.ndarray:
        """Score texts.

        Parameters
        ----------
        texts : sequence of str
            The empty text is legal.
        progress : Progress, optional
            Told how many texts are done.

        Returns
        -------
        float64 array of shape (n_texts, n_classes)
            Rows sum to 1; columns in the order of `labels`.

        Raises
        ------
        InputError
            `texts` is one lone text, or holds something else than texts.
        """
        checked = check_texts(texts)
        probs = np.empty((len(checked), len(self.label_set)), dtype=np.float64)
        with (progress or Progress()).track("predict", len(checked)) as advance:
            for start in range(0, len(checked), CHUNK_TEXTS):
                chunk = checked[start : start + CHUNK_TEXTS]
                block = np.asarray(self._scorer(chunk), dtype=np.float64)
                # float32 networks leave sums of 1 +- 1e-7: renormalise, so that every consumer sees exact rows.
                probs[start : start + len(chunk)] = block / block.sum(axis=1, keepdims=True)
                advance(len(chunk))
        return probs

    def predict(self, texts: Sequence[str]) -> list[str]:
        """Return the label name with the highest score, one a text."""
        return [self.labels[i] for i in self.predict_proba(texts).argmax(axis=1)]


def load_model(folder: str | Path, *, n_threads: int | None = None) -> Model:
    """Load a saved model, after checking its manifest and the hash of every file it reads.

    Parameters
    ----------
    folder : path
    n_threads : int, optional
        Compute threads; None means what the environment says.

    Raises
    ------
    ModelError
        The folder is not a model, is broken or changed, is of a newer schema, or holds files that can run code.
    """
    root = Path(folder)
    manifest = read_folder(root)
    if manifest.method not in SCORERS:
        raise ModelError(f"{root} is of method '{manifest.method}'; this assay knows {', '.join(SCORERS)}")
    return Model(root, manifest, SCORERS[manifest.method](root, manifest, n_threads))


def _majority_scorer(root: Path, manifest: Manifest, n_threads: int | None) -> Scorer:
    priors = manifest.parameters.get("priors")
    if (
        not isinstance(priors, list)
        or len(priors) != len(manifest.labels)
        or not all(isinstance(prior, int | float) and prior > 0 for prior in priors)
    ):
        raise ModelError(f"{root}: a majority model needs one positive prior a label; assay.json has {priors!r}")
    return lambda texts: np.tile(np.asarray(priors, dtype=np.float64), (len(texts), 1))


def _linear_scorer(root: Path, manifest: Manifest, n_threads: int | None) -> Scorer:
    model = LinearModel.load(root)
    if len(model.bias) != len(manifest.labels):
        raise ModelError(f"{root}: {len(manifest.labels)} labels, but the weights have {len(model.bias)} classes")
    return model.predict_proba


def _network_scorer(root: Path, manifest: Manifest, n_threads: int | None) -> Scorer:
    layout = Layout(root)
    max_tokens = manifest.tokenization.get("max_tokens")
    if not isinstance(max_tokens, int) or max_tokens < 1:
        raise ModelError(f"{layout.manifest}: tokenization.max_tokens is {max_tokens!r}; a whole number is accepted")
    for path in (layout.tokenizer, layout.onnx):
        if not path.is_file():
            raise ModelError(f"{root} lacks '{path.relative_to(root)}', which a {manifest.method} model needs")
    tokenizer = SubwordTokenizer.from_file(layout.tokenizer, max_tokens=max_tokens)
    session = OnnxSession(layout.onnx, pad_id=tokenizer.pad_id, n_threads=n_threads)
    if session.n_classes != len(manifest.labels):
        raise ModelError(f"{root}: {len(manifest.labels)} labels, but the network has {session.n_classes} classes")
    return lambda texts: session.predict_proba(tokenizer.encode_texts(texts))


SCORERS: dict[str, Callable[[Path, Manifest, int | None], Scorer]] = {
    "majority": _majority_scorer,
    "linear": _linear_scorer,
    "compact": _network_scorer,
    "features": _network_scorer,
    "finetune": _network_scorer,
}
