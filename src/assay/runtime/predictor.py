"""`load_model(folder)`: predict with any saved model, without torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assay._arguments import checked
from assay.bounds import COUNT
from assay.data.labels import LabelSet
from assay.data.texts import check_texts
from assay.errors import InputError, ModelError
from assay.methods import METHODS
from assay.progress import Progress
from assay.runtime.answers import SingleAnswer, read_answering
from assay.runtime.entries import TokenizationEntry
from assay.runtime.folder import check_folder, read_folder
from assay.runtime.layout import Layout
from assay.runtime.limits.abstain import AbstainRule, CoverageCurve
from assay.runtime.limits.label_rule import LabelRule
from assay.runtime.limits.scope import TermStatistics, add_sureness
from assay.runtime.limits.scope_by_script import ScopeByScript
from assay.runtime.limits.scripts import name_unseen_scripts
from assay.runtime.linear import LinearModel, slices_of
from assay.runtime.manifest import Manifest
from assay.runtime.model_html import model_html
from assay.runtime.nearest import Neighbour, TrainingTexts
from assay.runtime.sane_scores import probe_scores
from assay.tokenization.window import check_long_texts

if TYPE_CHECKING:
    from assay.tokenization.subwords import SubwordTokenizer

__all__ = ["NO_TEXTS", "Model", "load_model"]

# Texts, and characters of them, that are scored at once: bounds memory, and sets how often progress
# is reported.
CHUNK_TEXTS, CHUNK_CHARS = 2048, 1_000_000

NO_TEXTS = "the model keeps no training texts, so there are no nearest ones to show"
NO_TEXTS_HINT = "they are kept where training is asked to: assay train ... --keep-texts"

Scorer = Callable[[Sequence[str]], np.ndarray]
Rebuild = tuple[Callable[..., "Model"], tuple[Any, ...]]


class Model:
    """A loaded model. It is read-only and may be shared between threads.

    Parameters
    ----------
    folder : Path
        Where it was loaded from.
    manifest : Manifest
        What the model says about itself.
    scorer : callable
        Takes a sequence of texts and returns probabilities of shape (n_texts, n_classes).
    linear : LinearModel, optional
        The model behind `scorer`, for the method `linear`: its terms explain a score exactly.
    tokenizer : SubwordTokenizer, optional
        The tokenizer behind `scorer`, for methods with a network.

    Attributes
    ----------
    rebuild : (callable, arguments) or None
        What another process calls to have the same model: pickles hold this, and no weights.
        None: the model cannot be pickled.

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
        self.answering = read_answering(manifest, folder=folder)
        self._scorer = scorer
        self.tokenizer = tokenizer
        self.rebuild: Rebuild | None = None

    def __repr__(self) -> str:
        n_labels = len(self.labels)
        return f"Model({str(self.folder)!r}, {self.method}, {n_labels} labels)"

    def __reduce__(self) -> Rebuild:
        if self.rebuild is None:
            raise InputError(
                "this model cannot be pickled: it is not in a folder that assay wrote",
                hint="save it, and load that folder where it is needed",
            )
        return self.rebuild

    def __copy__(self) -> Model:
        return self  # it is read-only

    def __deepcopy__(self, memo: dict[int, object]) -> Model:
        return self

    @property
    def method(self) -> str:
        """Which of the methods made it."""
        return self.manifest.method

    @property
    def labels(self) -> tuple[str, ...]:
        """The label names, in the order of the score columns."""
        return self.label_set.names

    def _repr_html_(self) -> str:
        return model_html(self.manifest)

    @property
    def n_bytes(self) -> int:
        """Size on disk of the files that prediction reads."""
        return self.manifest.n_bytes

    @property
    def abstain_rule(self) -> AbstainRule | None:
        """When the model says that it does not know, as recorded; None means that it never does."""
        rule = self.manifest.abstain
        if not rule:
            return None
        return AbstainRule.from_dict(rule, where=Layout(self.folder).manifest)

    @property
    def label_rule(self) -> LabelRule | None:
        """Which label is given, if that is not always the one with the highest score."""
        return self.answering.rule if isinstance(self.answering, SingleAnswer) else None

    @property
    def coverage_curve(self) -> CoverageCurve | None:
        """How many texts it answers, and how many right, by threshold; None if not recorded."""
        curve = self.manifest.coverage_curve
        if not curve:
            return None
        return CoverageCurve.from_dict(curve, where=Layout(self.folder).manifest)

    @property
    def scope_threshold(self) -> float | None:
        """Scope below which a text does not look like train; None: there is nothing to go by."""
        return None if self._scope_parts is None else self._scope_parts[1].whole.threshold

    @cached_property
    def _scope_parts(self) -> tuple[TermStatistics, ScopeByScript] | None:
        layout = Layout(self.folder)
        if not self.manifest.scope or layout.scope.name not in self.manifest.files:
            return None
        reference = ScopeByScript.from_dict(self.manifest.scope, where=layout.manifest)
        several, n = self.label_set.task == "multi", len(self.labels)
        return TermStatistics.load(self.folder, n_classes=n, may_have_none=several), reference

    @cached_property
    def training_texts(self) -> TrainingTexts | None:
        """Texts of its train split; None if the folder holds none."""
        if not self.manifest.keeps_texts:
            return None
        return TrainingTexts.load(self.folder, label_set=self.label_set)

    @property
    def long_texts(self) -> str | None:
        """What becomes of texts that are longer than the model reads at once.

        `truncate` or `window`; None if the model has no length limit.
        """
        tokenization = self.manifest.tokenization
        if "max_tokens" not in tokenization:
            return None
        return str(tokenization.get("long_texts", "truncate"))

    def is_long(self, texts: Sequence[str]) -> np.ndarray | None:
        """Tell which texts are longer than the model reads at once, bool of shape (n_texts,).

        None if the model has no length limit.
        """
        counts = self.count_tokens(texts)
        if counts is None:
            return None
        is_long: np.ndarray = np.asarray(counts) > self.max_tokens
        return is_long

    @property
    def max_tokens(self) -> int | None:
        """Tokens that the model reads at once, special ones included; None if it has no limit."""
        return None if self.tokenizer is None else self.tokenizer.max_tokens

    @property
    def cut_tokens(self) -> int | None:
        """Tokens after which a text is cut.

        None if no text is ever cut: the model has no length limit, or reads long texts in windows.
        """
        return self.max_tokens if self.long_texts == "truncate" else None

    def count_tokens(self, texts: Sequence[str]) -> list[int] | None:
        """Return the number of tokens of each text before it is cut, special tokens included.

        None if the model has no length limit.
        """
        as_list = check_texts(texts)
        if self.tokenizer is None:
            return None
        return self.tokenizer.count_tokens(as_list)

    @checked
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
            Columns in the order of `labels`. Rows sum to 1, unless a text may have several labels.

        Raises
        ------
        InputError
            `texts` is a single str, or holds something that is not a text.
        ModelError
            The model gives NaN, negative scores, or scores that do not sum to 1.
        """
        as_list = check_texts(texts)
        probs = np.empty((len(as_list), len(self.label_set)), dtype=np.float64)
        with (progress or Progress()).track("predict", len(as_list)) as advance:
            for part in slices_of(as_list, max_texts=CHUNK_TEXTS, max_chars=CHUNK_CHARS):
                block = np.asarray(self._scorer(as_list[part]), dtype=np.float64)
                probs[part] = self.answering.check(block, folder=self.folder)
                advance(len(block))
        return probs

    def predict(self, texts: Sequence[str]) -> list[Any]:
        """Return the label of each text; of several labels, all above their thresholds.

        It is the label with the highest score, unless `label_rule` says otherwise.
        """
        return self.answering.name(self.predict_proba(texts))

    @checked
    def decide(self, probs: np.ndarray, *, rule: AbstainRule | None = None) -> list[Any]:
        """Return the label that `predict` gives for each text, or None where the model abstains.

        With several labels per text, a list of labels, or None where the model is unsure of all.

        Parameters
        ----------
        probs : array of shape (n_texts, n_classes)
            What `predict_proba` returned; it stays as it is.
        rule : AbstainRule, optional
            Used instead of the model's own rule.
        """
        rule = rule or self.abstain_rule
        names = self.answering.name(probs)
        if rule is None:
            return names
        is_answered = rule.answers(self.answering.statements(np.asarray(probs)))
        return [name if sure else None for name, sure in zip(names, is_answered, strict=True)]

    @checked
    def scope(self, texts: Sequence[str], *, probs: np.ndarray | None = None) -> np.ndarray | None:
        """Say how much texts look like the training data.

        Parameters
        ----------
        texts : sequence of str
        probs : array of shape (n_texts, n_classes), optional
            What `predict_proba` returned for these texts, if the caller has it.

        Returns
        -------
        float64 array of shape (n_texts,), or None
            The share of validation texts that look no more like train (see `ScopeByScript`), 0 in a
            script that train lacks; below `scope_threshold`: out of scope. None: cannot be told.
        """
        as_list = check_texts(texts)
        if self._scope_parts is None:
            return None
        statistics, reference = self._scope_parts
        scores = np.asarray(self.predict_proba(as_list) if probs is None else probs)
        measured = add_sureness(statistics.measure(as_list), self.answering.outcomes(scores))
        scripts = name_unseen_scripts(as_list, seen=self.manifest.scripts)
        return np.where(np.array(scripts, dtype=bool), 0.0, reference.scope(measured, as_list))

    @checked
    def nearest(self, texts: Sequence[str], *, n: int = 3) -> list[list[Neighbour]]:
        """Find the training texts that are most similar to each text, with their labels in train.

        Parameters
        ----------
        texts : sequence of str
        n : int
            Largest number of training texts for each text. A training text that shares no term
            with a text is never its neighbour.

        Returns
        -------
        list of list of Neighbour
            Nearest first.

        Raises
        ------
        InputError
            The model keeps no training texts, or `n` is below 1.
        """
        as_list = check_texts(texts)
        if n < 1:
            raise InputError(f"n is {n}; a whole number of at least 1 is accepted")
        if (kept := self.training_texts) is None:
            raise InputError(NO_TEXTS, hint=NO_TEXTS_HINT)
        return kept.neighbours(as_list, self.labels, n=n)


@checked
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
        assay.json is read, and every file is hashed. The `manifest` of the returned model counts
        as verified, unless `long_texts` changed it.

    Raises
    ------
    InputError
        `long_texts` or `n_threads` is something else.
    ModelError
        The folder is not a model, is broken or changed, is of a newer schema, or holds files that
        can run code.
    """
    root = Path(folder)
    replace(COUNT, is_optional=True).check("n_threads", n_threads)
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
    probe_scores(model.predict_proba, folder=root)
    known = manifest.prediction_sha256()
    model.rebuild = (_load_again, (str(root.absolute()), n_threads, long_texts, known))
    return model


def _load_again(folder: str, n_threads: int | None, long_texts: str | None, known: str) -> Model:
    """Load a model that was pickled, unless its folder holds another one by now."""
    model = load_model(folder, n_threads=n_threads, long_texts=long_texts)
    if model.manifest.prediction_sha256() != known:
        raise ModelError(
            f"{folder} holds another model than when it was pickled", hint="pickle it again"
        )
    return model
