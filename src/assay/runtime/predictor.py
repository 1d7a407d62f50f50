"""`load_model(folder)`: predict with any saved model, without torch. Scores in LabelSet order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assay._display import html_block, html_table
from assay.data.labels import LabelSet
from assay.data.texts import check_texts
from assay.errors import InputError, ModelError
from assay.methods import METHODS
from assay.progress import Progress
from assay.runtime.entries import TokenizationEntry
from assay.runtime.folder import check_folder, read_folder
from assay.runtime.layout import Layout
from assay.runtime.limits.abstain import AbstainRule, CoverageCurve
from assay.runtime.limits.scope import ScopeReference, TermStatistics, add_sureness
from assay.runtime.linear import LinearModel, slices_of
from assay.runtime.manifest import Manifest
from assay.runtime.nearest import Neighbour, TrainingTexts
from assay.tokenization.window import LONG_TEXTS, check_long_texts

if TYPE_CHECKING:
    from assay.runtime.session import BatchSizes
    from assay.tokenization.subwords import SubwordTokenizer

__all__ = ["NO_TEXTS", "Model", "load_model"]

# Texts tokenised at once, and their characters: bounds memory, and is how often progress moves.
CHUNK_TEXTS, CHUNK_CHARS = 2048, 1_000_000

N_SHOWN_LABELS = 30  # in a notebook

NO_TEXTS = "the model keeps no training texts, so there are no nearest ones to show"
NO_TEXTS_HINT = "they are kept where training is asked to: assay train ... --keep-texts"

Scorer = Callable[[Sequence[str]], np.ndarray]


class Model:
    """A loaded model. It is read-only and may be shared between threads.

    Parameters
    ----------
    folder : Path
    manifest : Manifest
    scorer : callable
        Texts -> probabilities of shape (n_texts, n_classes).
    linear : LinearModel, optional
        What `scorer` asks, where the method is `linear`: its terms explain a score exactly.
    tokenizer : SubwordTokenizer, optional
        What `scorer` splits texts with, where it has a network.

    Examples
    --------
    >>> model = load_model("runs/sample/model")          # doctest: +SKIP
    >>> model.predict(["what a lovely surprise"])        # doctest: +SKIP
    ['joy']
    """

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        scorer: Scorer,
        *,
        linear: LinearModel | None = None,
        tokenizer: SubwordTokenizer | None = None,
    ) -> None:
        self.folder = folder
        self.linear = linear
        self.manifest = manifest
        self.label_set: LabelSet = manifest.label_set
        self._scorer = scorer
        self.tokenizer = tokenizer

    @property
    def method(self) -> str:
        """Which of the methods made it."""
        return self.manifest.method

    @property
    def labels(self) -> tuple[str, ...]:
        """The label names, in the order of the score columns."""
        return self.label_set.names

    def _repr_html_(self) -> str:
        manifest = self.manifest
        made = f"of {manifest.checkpoint['name']}, " if manifest.checkpoint else ""
        labels = ", ".join(self.labels[:N_SHOWN_LABELS]) + (
            " …" if len(self.labels) > N_SHOWN_LABELS else ""
        )
        rows = [
            {
                "split": one["split"],
                "metric": one["metric"],
                "value": one["value"],
                "95 % interval": "{:.3f} to {:.3f}".format(*one["interval"]),
                "texts": one["n_texts"],
            }
            for one in manifest.scores
        ]
        sentence = f"{made}{self.n_bytes / 1e6:.1f} MB, {len(self.labels)} labels: {labels}"
        return html_block(f"{self.method} model", sentence, html_table(rows))

    @property
    def n_bytes(self) -> int:
        """Size on disk of the files that prediction reads."""
        return self.manifest.n_bytes

    @property
    def abstain_rule(self) -> AbstainRule | None:
        """When it says that it does not know, as recorded; None: never."""
        manifest = self.manifest
        return (
            AbstainRule.from_dict(manifest.abstain, where=Layout(self.folder).manifest)
            if manifest.abstain
            else None
        )

    @property
    def coverage_curve(self) -> CoverageCurve | None:
        """How much it answers, and how much of that right, at each threshold; None where that was not recorded."""
        curve = self.manifest.coverage_curve
        return CoverageCurve.from_dict(curve, where=Layout(self.folder).manifest) if curve else None

    @property
    def scope_threshold(self) -> float | None:
        """Scope below which a text does not look like the training data; None where the model cannot tell."""
        return None if self._scope_parts is None else self._scope_parts[1].threshold

    @cached_property
    def _scope_parts(self) -> tuple[TermStatistics, ScopeReference] | None:
        layout = Layout(self.folder)
        if not self.manifest.scope or layout.scope.name not in self.manifest.files:
            return None
        reference = ScopeReference.from_dict(self.manifest.scope, where=layout.manifest)
        return TermStatistics.load(self.folder, n_classes=len(self.labels)), reference

    @cached_property
    def training_texts(self) -> TrainingTexts | None:
        """Texts of its train split; None where it keeps none."""
        return (
            TrainingTexts.load(self.folder, n_classes=len(self.labels))
            if self.manifest.keeps_texts
            else None
        )

    @property
    def long_texts(self) -> str | None:
        """What becomes of texts longer than it reads at once, `truncate` or `window`; None: it reads all of any."""
        tokenization = self.manifest.tokenization
        return (
            str(tokenization.get("long_texts", "truncate"))
            if "max_tokens" in tokenization
            else None
        )

    def is_long(self, texts: Sequence[str]) -> np.ndarray | None:
        """Tell which texts are longer than the model reads at once, bool of shape (n_texts,); None: it reads all."""
        if (counts := self.count_tokens(texts)) is None:
            return None
        is_long: np.ndarray = np.asarray(counts) > self.max_tokens
        return is_long

    @property
    def max_tokens(self) -> int | None:
        """Tokens a text that the model reads at once, special tokens included; None: it reads all of any text."""
        return None if self.tokenizer is None else self.tokenizer.max_tokens

    @property
    def cut_tokens(self) -> int | None:
        """Tokens after which a text is cut; None: no text is, for it reads texts of any length, or windows of them."""
        return self.max_tokens if self.long_texts == "truncate" else None

    def count_tokens(self, texts: Sequence[str]) -> list[int] | None:
        """Return tokens a text before anything is cut, special tokens included; None where nothing is ever cut."""
        return None if self.tokenizer is None else self.tokenizer.count_tokens(check_texts(texts))

    def predict_proba(
        self, texts: Sequence[str], *, progress: Progress | None = None
    ) -> np.ndarray:
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
            for part in slices_of(checked, max_texts=CHUNK_TEXTS, max_chars=CHUNK_CHARS):
                block = np.asarray(self._scorer(checked[part]), dtype=np.float64)
                # float32 networks leave sums of 1 +- 1e-7: renormalise, so that every consumer sees
                # exact rows.
                probs[part] = block / block.sum(axis=1, keepdims=True)
                advance(len(block))
        return probs

    def predict(self, texts: Sequence[str]) -> list[str]:
        """Return the label name with the highest score, one a text."""
        return [self.labels[i] for i in self.predict_proba(texts).argmax(axis=1)]

    def decide(self, probs: np.ndarray, *, rule: AbstainRule | None = None) -> list[str | None]:
        """Return the label name with the highest score, or None where the model abstains.

        Parameters
        ----------
        probs : array of shape (n_texts, n_classes)
            Of `predict_proba`; left as they are.
        rule : AbstainRule, optional
            Instead of the model's own.
        """
        rule = rule or self.abstain_rule
        names: list[str | None] = [self.labels[i] for i in probs.argmax(axis=1)]
        if rule is None:
            return names
        return [
            name if is_answered else None
            for name, is_answered in zip(names, rule.answers(probs), strict=True)
        ]

    def scope(self, texts: Sequence[str], *, probs: np.ndarray | None = None) -> np.ndarray | None:
        """Say how much texts look like the training data.

        Parameters
        ----------
        texts : sequence of str
        probs : array of shape (n_texts, n_classes), optional
            Of `predict_proba` for these texts, where the caller has them.

        Returns
        -------
        float64 array of shape (n_texts,), or None
            The share of validation texts that look no more like train, from 0 to 1; below
            `scope_threshold` a text is called out of scope. None: the model has nothing to compare
            with.
        """
        if self._scope_parts is None:
            return None
        statistics, reference = self._scope_parts
        checked = check_texts(texts)
        scores = self.predict_proba(checked) if probs is None else probs
        return reference.scope(add_sureness(statistics.measure(checked), scores))

    def nearest(self, texts: Sequence[str], *, n: int = 3) -> list[list[Neighbour]]:
        """Find the training texts that are most like each text, with the labels they were given there.

        Parameters
        ----------
        texts : sequence of str
        n : int
            Training texts a text, at most: one that shares no term with a text is never its
            neighbour.

        Returns
        -------
        list of list of Neighbour
            Nearest first.

        Raises
        ------
        InputError
            The model keeps no training texts, or `n` is below 1.
        """
        checked = check_texts(texts)
        if n < 1:
            raise InputError(f"n is {n}; a whole number of at least 1 is accepted")
        kept = self.training_texts
        if kept is None:
            raise InputError(NO_TEXTS, hint=NO_TEXTS_HINT)
        return [
            [
                Neighbour(kept.texts[row], self.labels[kept.label_ids[row]], similarity)
                for row, similarity in found
            ]
            for found in kept.find(checked, n=n)
        ]


def load_model(
    folder: str | Path,
    *,
    n_threads: int | None = None,
    long_texts: str | None = None,
    verified: Manifest | None = None,
) -> Model:
    """Load a saved model, after checking its manifest and the hash of every file it reads.

    Parameters
    ----------
    folder : path
        The model folder.
    n_threads : int, optional
        Compute threads; None means what the environment says.
    long_texts : {"truncate", "window"}, optional
        What becomes of texts that are longer than the model reads at once, instead of what it was
        saved with. Models that read texts of any length ignore it.
    verified : Manifest, optional
        What `seal_folder`, `add_file` or `read_folder` returned for this folder in this process:
        the files are then not hashed again, only their names and sizes are checked. None:
        assay.json is read, and every file is hashed.

    Raises
    ------
    InputError
        `long_texts` is something else.
    ModelError
        The folder is not a model, is broken or changed, is of a newer schema, or holds files that
        can run code.

    Notes
    -----
    The `manifest` of the model that is returned counts as verified, unless `long_texts` changed it.
    """
    root = Path(folder)
    if verified is None:
        manifest = read_folder(root)
    else:
        manifest = verified
        check_folder(root, manifest, check_hashes=False)
    if long_texts is not None:
        check_long_texts(long_texts)
        if "max_tokens" in manifest.tokenization:
            tokenization: TokenizationEntry = {**manifest.tokenization, "long_texts": long_texts}
            manifest = replace(manifest, tokenization=tokenization)
    if manifest.method not in METHODS:
        raise ModelError(
            f"{root} is of method '{manifest.method}'; this assay knows {', '.join(METHODS)}"
        )
    model: Model = METHODS[manifest.method].load_loader()(root, manifest, n_threads)
    return model


def load_majority(root: Path, manifest: Manifest, n_threads: int | None) -> Model:
    """Load a model that knows nothing but the shares of the labels."""
    priors = manifest.parameters.get("priors")
    if (
        not isinstance(priors, list)
        or len(priors) != len(manifest.labels)
        or not all(isinstance(prior, int | float) and prior > 0 for prior in priors)
    ):
        raise ModelError(
            f"{root}: a majority model needs one positive prior a label; assay.json has {priors!r}"
        )
    return Model(
        root, manifest, lambda texts: np.tile(np.asarray(priors, dtype=np.float64), (len(texts), 1))
    )


def load_linear(root: Path, manifest: Manifest, n_threads: int | None) -> Model:
    """Load a linear model, which runs in numpy."""
    model = LinearModel.load(root)
    if len(model.bias) != len(manifest.labels):
        raise ModelError(
            f"{root}: {len(manifest.labels)} labels, but the weights have {len(model.bias)} classes"
        )
    return Model(root, manifest, model.predict_proba, linear=model)


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
    from assay.runtime.session import OnnxSession
    from assay.tokenization.subwords import (
        SubwordTokenizer,
    )  # `linear` need not wait for its library

    layout = Layout(root)
    max_tokens = manifest.tokenization.get("max_tokens")
    if not isinstance(max_tokens, int) or max_tokens < 1:
        raise ModelError(
            f"{layout.manifest}: tokenization.max_tokens is {max_tokens!r}; a whole number is accepted"
        )
    policy = manifest.tokenization.get("long_texts", LONG_TEXTS[0])
    if policy not in LONG_TEXTS:
        raise ModelError(
            f"{layout.manifest}: tokenization.long_texts is {policy!r}; {' or '.join(LONG_TEXTS)} is accepted"
        )
    for path in (layout.tokenizer, layout.network):
        if not path.is_file():
            raise ModelError(
                f"{root} lacks '{path.relative_to(root)}', which a {manifest.method} model needs"
            )
    tokenizer = SubwordTokenizer.from_file(layout.tokenizer, max_tokens=max_tokens)
    session = OnnxSession(
        layout.network, pad_id=tokenizer.pad_id, n_threads=n_threads, batches=batches
    )
    if session.n_classes != len(manifest.labels):
        raise ModelError(
            f"{root}: {len(manifest.labels)} labels, but the network has {session.n_classes} classes"
        )

    def score(texts: Sequence[str]) -> np.ndarray:
        if policy == "truncate":
            return session.predict_proba(tokenizer.encode_texts(texts))
        windows = tokenizer.encode_windows(texts)
        return windows.mean_probs(session.predict_proba(windows.encoded))

    return Model(root, manifest, score, tokenizer=tokenizer)
