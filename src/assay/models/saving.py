"""From a trained estimator to a model folder.

The folder is written whole or not at all, and it is read back and compared before it counts.
"""

from __future__ import annotations

import importlib.metadata
import logging
import math
import platform
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from assay._arguments import checked
from assay.data.labels import LabelSet
from assay.data.texts import check_texts
from assay.disk import atomic_folder, write_whole
from assay.errors import CheckError, InputError, OutsideError
from assay.methods import METHODS
from assay.models.estimator import TextClassifier, WrittenParts
from assay.models.training_scope import CountedTraining
from assay.models.vocabulary_parity import compare_vocabularies
from assay.runtime.entries import (
    KeptTextsEntry,
    LimitEntries,
    ParityEntry,
    ScoreEntry,
    TrainingDataEntry,
)
from assay.runtime.folder import add_file, read_folder, seal_folder, write_manifest
from assay.runtime.layout import Layout
from assay.runtime.limits.scope import TermStatistics
from assay.runtime.manifest import Manifest
from assay.runtime.nearest import TrainingTexts
from assay.runtime.predictor import Model, load_model
from assay.runtime.sane_scores import ScoresError
from assay.runtime.trained_on import TrainedOn

__all__ = ["PARITY_LIMIT", "keep_texts", "record_scores", "save_model"]

logger = logging.getLogger(__name__)

PARITY_LIMIT = (
    1e-5  # largest difference of a score between the trainer's objects and the saved folder
)
N_PARITY_TEXTS = 200
# Shapes that real texts rarely have and users do: nothing, only spaces, emoji, marks, right to
# left, null, no spaces.
PARITY_EDGES = (
    "",
    " ",
    "😀👩‍👩‍👧‍👦",
    "é̂e",
    "שלום עולם",
    "a\x00b",
    "한국어 배송이 너무 늦어요 ㅠㅠ",
    "x" * 3000,
    "word " * 800,
)
RECORDED_VERSIONS = (
    "numpy",
    "onnxruntime",
    "tokenizers",
    "safetensors",
    "scikit-learn",
    "torch",
    "transformers",
    "onnx",
)


@checked
def save_model(
    estimator: TextClassifier,
    out: str | Path,
    *,
    training: tuple[Sequence[str], Sequence[Any]] | None = None,
    label_set: LabelSet | None = None,
    parity_texts: Sequence[str] = (),
    training_data: TrainingDataEntry | None = None,
    term_statistics: TermStatistics | None = None,
    trained_on: TrainedOn | None = None,
    overwrite: bool = False,
) -> Manifest:
    """Save a trained estimator as a folder that predicts without torch.

    Parameters
    ----------
    estimator : TextClassifier
        Trained.
    out : path
    training : (texts, labels), optional
        What `fit` was given. Their terms are counted, so that the model can tell texts unlike them
        (`Model.scope`, `assay predict --scope`, `assay serve`). No text is kept.
    label_set : LabelSet, optional
        Order of the labels; natural order of `classes_` by default.
    parity_texts : sequence of str
        Held-out texts. Some are scored by the estimator and by the saved folder; edge cases are
        added. They also show what a smaller vocabulary costs, where the model gets one, and from 50
        on, beside `training`, how unlike the training texts a new one may be.
    training_data : dict, optional
        More that the manifest says of the training data than the estimator knows: source, sha256.
    term_statistics, trained_on : TermStatistics, TrainedOn, optional
        Counted terms, in place of `training`; hashes by which training texts are recognised later.
    overwrite : bool

    Raises
    ------
    InputError
        The estimator is not trained, or was trained on other labels or texts.
    OutputExistsError
        `out` is there and `overwrite` is False.
    CheckError
        The saved folder's scores differ from the estimator's by more than `PARITY_LIMIT`; nothing
        is written.
    """
    _check_fitted(estimator)
    labels = label_set or _labels_of(estimator)
    order = _class_order(estimator, labels)
    out, saved = Path(out), estimator.pruned()
    parity_texts = check_texts(parity_texts, name="parity_texts")
    counted, term_statistics = _count_training(estimator, training, order, term_statistics)
    vocabulary = compare_vocabularies(estimator, saved, parity_texts)
    with atomic_folder(out, overwrite=overwrite) as root:
        parts = saved.write_parts(root, order)
        _save_beside(root, term_statistics, trained_on)
        described = _describe(estimator, labels, parts, training_data, order)
        sealed = seal_folder(root, replace(described, vocabulary=vocabulary))
        manifest = _measure_saved(saved, root, sealed, order, parity_texts, counted)
        write_manifest(root, manifest)
    return manifest


def _save_beside(root: Path, *parts: TermStatistics | TrainedOn | None) -> None:
    for part in parts:
        if part is not None:
            part.save(root)


def _count_training(
    estimator: TextClassifier,
    training: Any,
    order: np.ndarray,
    term_statistics: TermStatistics | None,
) -> tuple[CountedTraining | None, TermStatistics | None]:
    """Return the training texts if they were given, and the statistics of their terms."""
    reads_texts = METHODS[estimator.method].reads_texts
    if training is not None:
        if term_statistics is not None:
            raise InputError("training and term_statistics are given; one of them is accepted")
        counted = CountedTraining.of(training, estimator, order)
        if reads_texts:
            return counted, counted.statistics
    elif reads_texts and term_statistics is None:
        logger.warning(
            "the %s model will not be able to tell texts that are unlike its training texts, such "
            "as those in another language: save_model(..., training=(texts, labels)) counts their "
            "terms",
            estimator.method,
        )
    return None, term_statistics


def _measure_saved(
    estimator: TextClassifier,
    root: Path,
    sealed: Manifest,
    order: np.ndarray,
    held_out: Sequence[str],
    counted: CountedTraining | None,
) -> Manifest:
    """Compare a saved folder with what it was saved from, and measure its scope if it can."""
    model, parity = _check_parity(estimator, root, sealed, order, held_out)
    manifest = replace(sealed, parity=parity)
    if counted is None:
        return manifest
    return replace(manifest, scope=counted.measure_scope(model, held_out) or {})


def _labels_of(estimator: TextClassifier) -> LabelSet:
    """Return the classes of an estimator in natural order."""
    return LabelSet.from_labels(map(str, estimator.classes_.tolist()), estimator.targets_.task)


def _check_fitted(estimator: TextClassifier) -> None:
    if not hasattr(estimator, "classes_"):
        raise InputError(
            f"the {estimator.method} estimator is not fitted yet", hint="call fit first"
        )


def record_scores(
    folder: str | Path,
    scores: Sequence[ScoreEntry],
    *,
    measured: LimitEntries | None = None,
    card: str | None = None,
    verified: Manifest | None = None,
) -> Manifest:
    """Write what was measured into a saved model's manifest, and its card.

    What prediction reads stays as it is.

    Parameters
    ----------
    folder : path
    scores : sequence of dict
        ``{"split", "metric", "value", "interval", "n_texts"}``.
    measured : LimitEntries, optional
        More entries of the manifest: `abstain`, `coverage_curve`, `scope`, `label_rule`.
    card : str, optional
        README.md; None leaves the one that is there.
    verified : Manifest, optional
        What saving or loading this model returned in this process: its files are then not hashed
        again.

    Raises
    ------
    ModelError
        The folder is broken.
    OutsideError
        The disk refused.
    """
    root = Path(folder)
    before = verified or read_folder(root)
    manifest = replace(before, scores=tuple(scores), **(measured or {}))
    try:
        write_manifest(root, manifest)
        if card is not None:
            write_whole(Layout(root).card, card)
    except OSError as err:
        raise OutsideError(
            f"{root} could not be written: {err.strerror or err}", hint="look at free space"
        ) from err
    return manifest


def keep_texts(
    folder: str | Path,
    texts: Sequence[str],
    label_ids: Sequence[int | Sequence[int]],
    *,
    verified: Manifest | None = None,
) -> Manifest:
    """Write texts of the train split into a saved model.

    The nearest of them can then be shown beside an answer.

    Only some texts of a large split are written: see `TrainingTexts.of`.

    Parameters
    ----------
    folder : path
    texts : sequence of str
    label_ids : sequence of int, or of sequences of int
        The number of the label of each text in LabelSet order; all of them where texts may have
        several labels.
    verified : Manifest, optional
        What saving or loading this model returned in this process: its files are then not hashed
        again.

    Raises
    ------
    ModelError
        The folder is broken.
    """
    root = Path(folder)
    before = verified or read_folder(root)
    kept = TrainingTexts.of(texts, label_ids)
    kept.save(root)
    counts: KeptTextsEntry = {"n_texts": len(kept.texts), "n_train": kept.n_train}
    return add_file(root, replace(before, kept_texts=counts), Layout(root).training_texts)


def _describe(
    estimator: TextClassifier,
    labels: LabelSet,
    parts: WrittenParts,
    training_data: TrainingDataEntry | None,
    order: np.ndarray,
) -> Manifest:
    """Return what the manifest says before the files are hashed."""
    thresholds = estimator.fitted_.thresholds
    return Manifest(
        task=labels.task,
        thresholds=() if thresholds is None else tuple(thresholds.scores[order].tolist()),
        min_labels=0 if thresholds is None else thresholds.min_labels,
        threshold_rule=estimator.fitted_.rule,
        method=estimator.method,
        labels=labels.names,
        seed=int(getattr(estimator, "seed", 0)),
        tokenization=parts.tokenization,
        temperature=float(estimator.temperature_),
        parameters=_plain_parameters(estimator) | parts.parameters,
        checkpoint=parts.checkpoint,
        training_data={**(estimator.training_data_ or {}), **(training_data or {})},
        versions=_versions(),
    )


def _class_order(estimator: TextClassifier, labels: LabelSet) -> np.ndarray:
    """Return the position in `classes_` of each label, in LabelSet order."""
    task = estimator.targets_.task
    if labels.task != task:
        raise InputError(
            f"the labels to save are of task {labels.task}, those that were trained of {task}"
        )
    position = {str(name): i for i, name in enumerate(estimator.classes_)}
    if set(position) != set(labels.names):
        odd = sorted(set(position) ^ set(labels.names))
        raise InputError(
            f"the labels to save and those that were trained differ in: {', '.join(odd[:10])}"
        )
    return np.array([position[name] for name in labels], dtype=np.int64)


def _check_parity(
    estimator: TextClassifier,
    root: Path,
    sealed: Manifest,
    order: np.ndarray,
    held_out: Sequence[str],
) -> tuple[Model, ParityEntry]:
    texts = [*held_out[:N_PARITY_TEXTS], *PARITY_EDGES]
    expected = estimator.predict_proba(texts)[:, order]
    try:
        model = load_model(root, verified=sealed)
        found = model.predict_proba(texts)
        difference = float(np.abs(expected - found).max())
    except ScoresError:  # what was written has no scores
        difference = math.nan
    if not difference <= PARITY_LIMIT:  # NaN fails too
        raise CheckError(
            f"the saved {estimator.method} model scores {len(texts)} texts differently "
            "from the trained one: "
            f"largest difference {difference:.2g}, {PARITY_LIMIT:g} is accepted; "
            "nothing was written",
            hint="please report this, with the checkpoint's name",
        )
    return model, {"n_texts": len(texts), "max_difference": difference, "limit": PARITY_LIMIT}


def _plain_parameters(estimator: TextClassifier) -> dict[str, str | float | bool | None]:
    """Return the hyper-parameters that are plain values and describe the model."""
    parameters = estimator.get_params(deep=False)
    return {
        name: value
        for name, value in parameters.items()
        if name not in ("checkpoint", "device")
        and isinstance(value, (str, int, float, bool, type(None)))
    }


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in ("assay", *RECORDED_VERSIONS):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
