"""From a trained estimator to a model folder.

The folder is written whole or not at all, and it is read back and compared before it counts.
"""

from __future__ import annotations

import importlib.metadata
import math
import platform
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from assay._arguments import checked
from assay.data.labels import LabelSet
from assay.data.texts import check_texts
from assay.disk import atomic_folder, write_whole
from assay.errors import CheckError, InputError, OutsideError
from assay.models.estimator import TextClassifier, WrittenParts
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
from assay.runtime.predictor import load_model
from assay.runtime.sane_scores import ScoresError
from assay.runtime.trained_on import TrainedOn

__all__ = ["PARITY_LIMIT", "keep_texts", "record_scores", "save_model"]

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
    label_set : LabelSet, optional
        Order of the labels; natural order of `classes_` by default.
    parity_texts : sequence of str
        Held-out texts. Some are scored by the estimator and by the saved folder; edge cases are
        added. They also show what a smaller vocabulary costs, where the model gets one.
    training_data : dict, optional
        More that the manifest says of the training data than the estimator knows: source, sha256.
    term_statistics : TermStatistics, optional
        Statistics of the training texts: later texts are compared with them, to tell whether they
        look like those.
    trained_on : TrainedOn, optional
        Hashes of the training texts, by which later texts are recognised.
    overwrite : bool

    Raises
    ------
    InputError
        The estimator is not trained, or was trained on other labels.
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
    vocabulary = compare_vocabularies(estimator, saved, parity_texts)
    with atomic_folder(out, overwrite=overwrite) as root:
        parts = saved.write_parts(root, order)
        if term_statistics is not None:
            term_statistics.save(root)
        if trained_on is not None:
            trained_on.save(root)
        described = _describe(estimator, labels, parts, training_data, order)
        sealed = seal_folder(root, replace(described, vocabulary=vocabulary))
        parity = _check_parity(saved, root, sealed, order, parity_texts)
        manifest = replace(sealed, parity=parity)
        write_manifest(root, manifest)
    return manifest


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
) -> ParityEntry:
    texts = [*held_out[:N_PARITY_TEXTS], *PARITY_EDGES]
    expected = estimator.predict_proba(texts)[:, order]
    try:
        found = load_model(root, verified=sealed).predict_proba(texts)
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
    return {"n_texts": len(texts), "max_difference": difference, "limit": PARITY_LIMIT}


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
