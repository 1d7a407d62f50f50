"""Fit one method on train and save it, with what every model of the same data records about it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.data.duplicates import duplicate_groups
from assay.data.labels import LabelSet, Task
from assay.data.languages import free_languages, tell_main_language
from assay.data.origin import find_label_column
from assay.data.texts import LabelledTexts, Splits, join_texts
from assay.errors import InputError
from assay.evaluation.evidence import OUT_OF_FOLD
from assay.evaluation.label_rules import AskedRule
from assay.evaluation.metrics import score_predictions
from assay.evaluation.several_rules import ForF1, choose_several_thresholds
from assay.methods import METHODS, find_method, join_names, methods_where
from assay.models import make_estimator
from assay.progress import Progress
from assay.recipes.steps.prepare import DataOptions, prepare_data, public_source
from assay.runtime.entries import CutEntry
from assay.runtime.limits.thresholds import Thresholds
from assay.runtime.manifest import Manifest
from assay.runtime.predictor import Model, load_model
from assay.runtime.trained_on import TrainedOn
from assay.training.states import TrainingStates

if TYPE_CHECKING:
    from assay.evaluation.fold_predictions import FoldPredictions
    from assay.models.estimator import TextClassifier
    from assay.runtime.entries import TrainingDataEntry
    from assay.runtime.limits.scope import TermStatistics
    from assay.training.context import Score

__all__ = [
    "FitOptions",
    "FittedModel",
    "TrainingSet",
    "fit_and_save",
    "fit_estimator",
    "refuse_resume",
]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FitOptions:
    """How a method is fitted.

    Parameters
    ----------
    seed : int
    parameters : mapping of str to value
        Parameters of the estimator; one that it does not have is refused.
    states : TrainingStates, optional
        Where a long training saves its state, so that it can be resumed. The caller deletes it.
    keep_texts : bool
        Save training texts in the model, to show the nearest ones beside its answers.
    folds : FoldPredictions, optional
        What the temperature is fitted on where nothing is held out for that.
    asked : AskedRule, optional
        What is asked of the thresholds, where texts may have several labels.
    """

    seed: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)
    states: TrainingStates | None = None
    keep_texts: bool = False
    folds: FoldPredictions | None = None
    asked: AskedRule | None = None


@dataclass(frozen=True)
class FittedModel:
    """A saved model, and what only its training knows.

    Parameters
    ----------
    folder : Path
    fit_s : float
        Seconds of fitting and calibration on this machine.
    history : sequence of dict
        One entry per epoch; empty for methods without epochs.
    folds : FoldPredictions, optional
        What models of the method predicted out of fold, where that is the evidence; the saved model
        is then fitted on train and validation.
    """

    folder: Path
    fit_s: float
    history: Sequence[Mapping[str, float]] = ()
    folds: FoldPredictions | None = None

    @cached_property
    def model(self) -> Model:
        """The saved folder, loaded on first use; loading checks the hash of every file."""
        return load_model(self.folder)


@dataclass(frozen=True)
class TrainingSet:
    """The splits that models are fitted on, and what all these models save about them.

    Everything is computed when it is first asked for, and once for all methods.

    Parameters
    ----------
    splits : Splits
        Holds train and validation.
    reading : mapping
        Options with which their file was read, to be remembered; see `record_reading`.
    cut : CutEntry
        How the missing ones were cut.
    fitted_on : tuple of str
        The splits that models are fitted on, one after the other.
    """

    splits: Splits
    reading: Mapping[str, Any] = field(default_factory=dict)
    cut: CutEntry = field(default_factory=CutEntry)
    fitted_on: tuple[str, ...] = ("train",)

    @classmethod
    def prepare(cls, data: Any, *, options: DataOptions, seed: int) -> TrainingSet:
        """Load and cut DATA, and keep how that was done; see `prepare_data`."""
        splits = prepare_data(data, options=options, seed=seed)
        return cls(splits, options.recorded(data), options.cut())

    @cached_property
    def train(self) -> LabelledTexts:
        """The texts that models are fitted on."""
        return join_texts([self.splits[name] for name in self.fitted_on])

    @property
    def validation(self) -> LabelledTexts | None:
        """The texts that fitting may choose by: epoch, temperature. None if they are fitted on."""
        if "validation" in self.fitted_on:
            return None
        return self.splits["validation"]

    @cached_property
    def whole(self) -> TrainingSet:
        """The same splits, with models fitted on train and validation together."""
        return replace(self, fitted_on=("train", "validation"))

    @property
    def origins(self) -> tuple[str, ...]:
        """The split of each training text."""
        return tuple(name for name in self.fitted_on for _ in range(len(self.splits[name])))

    @cached_property
    def groups(self) -> np.ndarray:
        """Equal numbers for equal texts of train, int64 of shape (n_texts,)."""
        return duplicate_groups(self.train)

    @cached_property
    def label_ids(self) -> np.ndarray:
        """Labels of train as `LabelSet.encode` returns them, in LabelSet order."""
        return self.splits.label_set.encode(self.train.labels)

    @property
    def chosen_on(self) -> Sequence[str]:
        """Texts of validation in their normal form, where models are not fitted on them."""
        if "validation" in self.fitted_on or "validation" not in self.splits:
            return ()
        return self.splits["validation"].normalised

    @property
    def new_texts(self) -> Sequence[str]:
        """Texts that models are not fitted on: those of validation, or of test without labels."""
        is_held_out = "validation" not in self.fitted_on or "test" not in self.splits
        return self.splits["validation" if is_held_out else "test"].texts

    @cached_property
    def trained_on(self) -> TrainedOn:
        """Hashes of the training texts, and of those of other splits if there are such."""
        test = self.splits["test"].normalised if "test" in self.splits else ()
        return TrainedOn.of(
            self.train.normalised,
            fingerprint=self.fingerprints["train"],
            held_out=test,
            chosen_on=self.chosen_on,
        )

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """The SHA-256 of each split."""
        return {name: labelled.sha256() for name, labelled in self.splits.items()}

    @cached_property
    def facts(self) -> TrainingDataEntry:
        """What a manifest says about the training data, beside what `fit` counts in the texts."""
        facts: TrainingDataEntry = {
            "source": public_source(self.splits.source),
            "n_texts": len(self.train),
            "sha256": self.fingerprints["train"],
        }
        if drawn_from := self._count_drawn_from():
            facts["drawn_from"] = drawn_from
        if self.fitted_on != ("train",):
            facts["fitted_on"] = list(self.fitted_on)
        language = tell_main_language(self.train.texts)
        if language is not None:
            facts["language"] = language
        if self.reading:
            facts["reading"] = dict(self.reading)
        if column := find_label_column(self.splits.origins):
            facts["label_column"] = column
        if self.cut:
            facts["cut"] = self.cut
        if self.splits.n_corrections:
            # `verify` reads this to recognise the train split in data with the original labels.
            facts["corrections"] = self.splits.n_corrections
            facts["texts_sha256"] = self.splits["train"].sha256(with_labels=False)
        return facts

    def _count_drawn_from(self) -> int | None:
        """Return how many texts the fitted ones were drawn from; None if all were taken."""
        n_before = sum(map(self.splits.n_before, self.fitted_on))
        return n_before if n_before > len(self.train) else None

    def state_facts(self) -> None:
        """Work `facts` out, and free what tells languages: before a method's libraries need room.

        They take 140 MB, and the tables of languages 70.
        """
        _ = self.facts
        free_languages()

    @cached_property
    def term_statistics(self) -> TermStatistics:
        """Term statistics of train, which later texts are compared with."""
        from assay.models.term_statistics import fit_term_statistics  # loads scikit-learn

        return fit_term_statistics(
            self.train.texts, self.label_ids, n_classes=len(self.splits.label_set)
        )


def fit_and_save(
    method: str,
    data: TrainingSet,
    out: Path,
    *,
    options: FitOptions,
    overwrite: bool = False,
    progress: Progress,
) -> FittedModel:
    """Fit one method on train and save it. The labels of the test split are not looked at.

    Parameters
    ----------
    method : str
    data : TrainingSet
        Needs the splits train and validation.
    out : Path
    options : FitOptions
    overwrite : bool
    progress : Progress
    """
    from assay.models import save_model  # loads scikit-learn

    # Made before the clock starts: this loads the libraries of the method.
    estimator = make_estimator(method, seed=options.seed, **options.parameters)
    started_s = time.perf_counter()
    fit_estimator(estimator, data, options=options, progress=progress)
    fit_s = time.perf_counter() - started_s
    if options.asked is not None:
        _choose_thresholds(estimator, data, options.asked, options.folds)
    manifest = save_model(
        estimator,
        out,
        label_set=data.splits.label_set,
        parity_texts=data.new_texts,
        training_data=data.facts,
        term_statistics=data.term_statistics if METHODS[method].reads_texts else None,
        trained_on=data.trained_on,
        overwrite=overwrite,
    )
    n_texts, temperature = len(data.train), estimator.temperature_
    logger.info(
        "%s: fitted in %.1f s on %d texts, temperature %.3f", method, fit_s, n_texts, temperature
    )
    if options.keep_texts:
        _save_train_texts(manifest, out, data, progress=progress)
    return FittedModel(out, fit_s, estimator.history_, options.folds)


def fit_estimator(
    estimator: TextClassifier, data: TrainingSet, *, options: FitOptions, progress: Progress
) -> None:
    """Fit an estimator on the training texts, with validation for its choices if there is one."""
    train, validation, label_set = data.train, data.validation, data.splits.label_set

    held_out = None
    if validation is not None:
        held_out = validation.texts, validation.labels

    estimator.fit(
        train.texts,
        train.labels,
        validation=held_out,
        score=EPOCH_SCORES[label_set.task](label_set, options.seed),
        progress=progress,
        states=options.states,
        single_label=True,  # it was looked at when the data were read
    )
    if options.folds is not None:
        pairs = options.folds.calibration_pairs(data.label_ids)
        estimator.calibrate_on(*pairs, names=label_set.names)


def refuse_resume(method: str, states: TrainingStates | None) -> None:
    """Refuse to continue the training of a method that saves nothing to continue from."""
    if states is not None and states.resume and not find_method(method).keeps_states:
        keeping = join_names(methods_where(lambda one: one.keeps_states))
        raise InputError(
            f"--resume continues a training of {keeping}; one of {method} saves no states",
            hint="leave --resume out: the training starts afresh",
        )


def _choose_thresholds(
    estimator: TextClassifier,
    data: TrainingSet,
    asked: AskedRule,
    folds: FoldPredictions | None,
) -> None:
    """Give an estimator of several labels the thresholds that reach what is asked, if any do."""
    from assay.evaluation.several_folds import judge_division, score_divisions

    names, validation = data.splits.label_set.names, data.validation
    classes = list(map(str, estimator.classes_.tolist()))
    if folds is not None:
        is_calibrated, truth = METHODS[estimator.method].reads_texts, data.label_ids
        probs, _ = judge_division(
            folds.logits[0], truth, folds.folds[0], is_calibrated=is_calibrated
        )
        usual = ForF1.fit(*score_divisions(folds, truth, is_calibrated=is_calibrated))
        split = OUT_OF_FOLD
    else:
        assert validation is not None  # what is not judged out of fold has texts held out
        columns = [classes.index(name) for name in names]
        probs = estimator.predict_proba(validation.texts)[:, columns]
        truth, split = data.splits.label_set.indicator(validation.labels), "validation"
        usual = ForF1.fit(probs, truth)
    chosen = choose_several_thresholds(asked, probs, truth, split=split, usual=usual.free)
    if chosen.refusal is not None:
        return
    by_label = dict(zip(names, usual.free.tolist(), strict=True)) | dict(chosen.thresholds)
    scores = np.array([by_label[label] for label in classes])
    rule = asked.to_entry(split)
    estimator.fitted_ = replace(estimator.fitted_, thresholds=Thresholds(scores), rule=rule)


def _score_one_label(label_set: LabelSet, seed: int) -> Score:
    def score(label_ids: np.ndarray, probs: np.ndarray) -> dict[str, float]:
        # Inside an estimator classes are sorted; these two metrics do not depend on their order.
        scores = score_predictions(label_ids, probs, label_set, seed=seed, n_resamples=2)
        return {"accuracy": scores.accuracy, "f1_weighted": scores.f1_weighted}

    return score


def _score_nothing_else(label_set: LabelSet, seed: int) -> None:
    """Report after each epoch what training chooses by, and nothing else."""


# What is reported after each epoch, by task
EPOCH_SCORES: Mapping[Task, Callable[[LabelSet, int], Score | None]] = {
    "single": _score_one_label,
    "multi": _score_nothing_else,
}


def _save_train_texts(
    manifest: Manifest, folder: Path, data: TrainingSet, *, progress: Progress
) -> None:
    """Save training texts in a model, as many as it may hold, and say who can read them."""
    from assay.models import keep_texts

    label_ids = data.splits.label_set.numbers(data.train.labels)
    kept = keep_texts(folder, data.train.texts, label_ids, verified=manifest).kept_texts
    progress.say_once(
        f"{kept['n_texts']:,} training texts are in the model now: whoever has it can read them"
    )
