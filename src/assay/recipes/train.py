"""`assay train`: one method, from labelled texts to a saved, scored model folder."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from assay import _env
from assay._arguments import checked
from assay.bounds import SEED
from assay.catalogue import ENGLISH, open_language
from assay.checkpoints.auto import CheckpointChoice
from assay.disk import atomic_folder, check_output, check_unfinished, partial_folder, remove_path
from assay.errors import InputError, did_you_mean
from assay.methods import check_methods, find_method, join_names, methods_where
from assay.models import make_estimator
from assay.notebook import default_progress
from assay.output_lock import lock_output
from assay.progress import Progress
from assay.recipes.steps.budget import Budget
from assay.recipes.steps.checkpoint import announce_checkpoint, choose_for_training
from assay.recipes.steps.fit import (
    FitOptions,
    TrainingSet,
    fit_and_save,
    fit_estimator,
    refuse_resume,
)
from assay.recipes.steps.fold_step import FoldStep, find_evidence
from assay.recipes.steps.inputs import check_inputs
from assay.recipes.steps.prepare import DataOptions
from assay.recipes.steps.rule_options import RuleArguments, RuleOptions, refuse_impossible
from assay.recipes.steps.run_facts import describe_dropped
from assay.recipes.steps.run_options import N_FOLDS, RunOptions
from assay.recipes.steps.run_state import FOLDS
from assay.recipes.steps.trained import Finishing, TrainedEntry
from assay.runtime.limits.abstain import SEVERAL_HINT, check_target, refuse_hopeless
from assay.training.states import TrainingStates, has_training_state

if TYPE_CHECKING:
    from assay.models.estimator import TextClassifier

__all__ = ["TrainedEntry", "train_model"]

MODEL, STATES = "model", "training"  # inside OUT.partial


@checked
def train_model(
    data: Any,
    out: str | Path,
    *,
    method: str | TextClassifier,
    seed: int = 0,
    options: DataOptions | None = None,
    parameters: Mapping[str, Any] | None = None,
    target_accuracy: float | None = None,
    keep_texts: bool = False,
    overwrite: bool = False,
    resume: bool = False,
    save_every_s: float = 60.0,
    report_language: str = ENGLISH,
    progress: Progress | None = None,
    **rule: Unpack[RuleArguments],
) -> TrainedEntry:
    """Train one method and save it as a model folder.

    Parameters
    ----------
    data
        What `load_data` accepts. Missing splits are cut from train.
    method : str or estimator
        One of the five methods, or an estimator of assay, such as ``search.best_estimator_``.
    parameters : dict, optional
        Parameters of the estimator, such as ``search.best_params_``, its own ``seed`` among them.
    target_accuracy : float, optional
        The model abstains so that its answers reach this accuracy on validation. If none
        is shown to, the model always answers; `abstain_refused` of the result says why.
    keep_texts : bool
        Save training texts in the model, to show the nearest ones beside its answers.
    resume, save_every_s, report_language : bool, float, str
        Continue an interrupted training of `finetune` from its state in ``OUT.partial``; seconds
        between two such states; language of the card.
    **rule
        See `RuleArguments`; what cannot be shown is told under `label_rule` of the result.

    Returns
    -------
    dict
        See `TrainedEntry`. Empty in all processes of `torchrun` but the first, which saves.

    Raises
    ------
    InputError
        The data, the method or the output cannot be used, or an interrupted training left its
        state, and neither `resume` nor `overwrite` is given. Nothing is written.
    OutsideError
        The disk refused, or another process writes the same output.
    """
    out, progress = Path(out), progress or default_progress()
    states = TrainingStates(partial_folder(out) / STATES, every_s=save_every_s, resume=resume)
    name, given = _read_method(method, parameters or {})
    fit = FitOptions(given.pop("seed", seed), given, states, keep_texts)
    asked = _read_rule(rule)
    training = _Training(out, name, seed, fit, target_accuracy, asked, overwrite, resume, progress)
    with _join(name) as is_first, _lock(out, is_first=is_first):
        found = training.prepare(data, options or DataOptions(), report_language)
        return training.run(found, report_language) if is_first else training.help(found)


def _read_rule(rule: RuleArguments) -> RuleOptions:
    """Refuse keywords that are no parameters, in words that name them all."""
    known = tuple(RuleArguments.__annotations__)
    for name in rule:
        if name not in known:
            listed = (*inspect.signature(train_model).parameters, *known)
            accepted = [one for one in listed if one != "rule"]
            raise TypeError(
                f"train_model() has no option '{name}'; options: {', '.join(accepted)}."
                f"{did_you_mean(name, accepted)}"
            )
    return RuleOptions(**rule)


def _read_method(
    method: str | TextClassifier, parameters: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Return the name of a method and all its parameters, numbers of numpy as plain ones."""
    given = dict(parameters)
    if not isinstance(method, str):
        name = getattr(method, "method", None)
        if not isinstance(name, str) or not isinstance(
            method, find_method(name).load_estimator_class()
        ):
            raise InputError(
                f"method is {type(method).__name__}; "
                "the name of a method or an estimator of assay is accepted"
            )
        given = {**method.get_params(deep=False), **given}
        method = name
    for key, value in given.items():
        if isinstance(value, np.generic):
            given[key] = value.item()
    return method, given


@dataclass(frozen=True)
class _Training:
    """One call of `train_model`."""

    out: Path
    method: str
    seed: int
    fit: FitOptions
    target_accuracy: float | None
    rule: RuleOptions
    overwrite: bool
    resume: bool
    progress: Progress

    def prepare(self, data: Any, options: DataOptions, language: str) -> TrainingSet:
        """Check everything that can be checked before the data is read, then read it."""
        check_methods([self.method])
        refuse_resume(self.method, self.fit.states)
        open_language(language)  # refuses one that there is not
        SEED.check("--seed", self.fit.seed)
        if "seed" in self.fit.parameters:
            raise InputError("the parameters hold 'seed'", hint="give it as seed=..., beside them")
        if self.target_accuracy is not None:
            check_target(self.target_accuracy)
            self._refuse_both()
        self.rule.check()
        check_output(self.out, overwrite=self.overwrite, is_folder=True)
        check_unfinished(self.out, overwrite=self.overwrite, resume=self.resume, keep=_has_state)
        checkpoint = self.fit.parameters.get("checkpoint")
        check_inputs(self.out, data, options, rule=self.rule, checkpoint=checkpoint)
        found = TrainingSet.prepare(data, options=options, seed=self.seed)
        if left_out := describe_dropped(found.splits):
            self.progress.say(left_out)
        labels, split = find_evidence(found, self.method, n_folds=self.n_folds)
        if self.target_accuracy is not None:
            found.splits.label_set.check_single(hint=SEVERAL_HINT)
            refuse_hopeless(self.target_accuracy, len(labels), split)
        refuse_impossible(self.rule.resolve(found.splits.label_set), labels, split)
        return found

    def _refuse_both(self) -> None:
        """Refuse a rule to abstain by beside one that gives other labels than the best."""
        if not self.rule.is_empty:
            raise InputError(
                "--target-accuracy was given with --min-recall, --min-precision or --cost; one of "
                "them is accepted: its threshold is chosen for labels with the highest score"
            )

    def run(self, training_set: TrainingSet, language: str) -> TrainedEntry:
        """Train, score and save the model."""
        training_set.state_facts()
        choice, fit = self._choose_checkpoint(training_set)
        if choice is not None:
            announce_checkpoint(choice, fit.parameters, training_set.splits, self.progress)
        finishing = Finishing(
            self.out, self.seed, self.rule, self.target_accuracy, choice, language
        )
        with atomic_folder(
            self.out, overwrite=self.overwrite, resume=self.resume, keep=_has_state
        ) as root:
            _clear(root)
            options = RunOptions(seed=fit.seed, folds=self.n_folds)
            step = FoldStep(root, training_set, options, Budget(None), self.progress)
            folds = step.predict(self.method, fit.parameters)
            fitted_on = training_set
            if folds is not None:
                fitted_on = training_set.whole
            asked = self.rule.of_thresholds(training_set.splits.label_set)
            # Until its scores are recorded, a model is not finished: the state of training stays
            fitted = fit_and_save(
                self.method,
                fitted_on,
                root / MODEL,
                options=replace(fit, folds=folds, asked=asked),
                progress=self.progress,
            )
            result = finishing.finish(fitted, step)
            _move_up(root)
        return result

    @property
    def n_folds(self) -> int | None:
        """Folds that the model is judged in where validation has few texts; None: on validation.

        Folds are fitted for what is chosen by them alone. Processes that share the work of one
        training have no part in folds.
        """
        is_chosen = not self.rule.is_empty or self.target_accuracy is not None
        if is_chosen and _env.n_processes() == 1:
            return N_FOLDS
        return None

    def help(self, training_set: TrainingSet) -> TrainedEntry:
        """Share the work of another process, which saves the model."""
        _, fit = self._choose_checkpoint(training_set)
        helper = make_estimator(self.method, seed=fit.seed, **fit.parameters)
        fit_estimator(helper, training_set, options=fit, progress=Progress())
        return {}

    def _choose_checkpoint(
        self, training_set: TrainingSet
    ) -> tuple[CheckpointChoice | None, FitOptions]:
        """Return the choice of the checkpoint, and the options with its name in them."""
        choice, parameters = choose_for_training(
            self.method, self.fit.parameters, training_set.splits, seed=self.fit.seed
        )
        return choice, replace(self.fit, parameters=parameters)


@contextmanager
def _join(method: str) -> Iterator[bool]:
    """Join the processes that were started together; yield whether this is the first of them.

    Raises
    ------
    InputError
        There are several, and the method cannot share its work.
    """
    n = _env.n_processes()
    if n == 1:
        yield True
        return
    from assay.training.processes import join_processes  # loads torch

    with join_processes() as processes:
        if not find_method(method).shares_work:
            shared = join_names(methods_where(lambda method: method.shares_work), "or")
            raise InputError(
                f"{n} processes were started for method '{method}'; {shared} alone shares its work",
                hint=f"start one process, or take --method {shared}",
            )
        yield processes.is_first


@contextmanager
def _lock(out: Path, *, is_first: bool) -> Iterator[None]:
    """Hold the lock of the output in the process that writes it."""
    if not is_first:
        yield
        return
    with lock_output(out):
        yield


def _has_state(partial: Path) -> bool:
    return has_training_state(partial / STATES)


def _clear(root: Path) -> None:
    """Delete what an interrupted training left behind, except its state."""
    for path in root.iterdir():
        if path.name != STATES:
            remove_path(path)


def _move_up(root: Path) -> None:
    """Move the finished model to the top of its folder, and delete the state of its training."""
    for name in (STATES, FOLDS):
        shutil.rmtree(root / name, ignore_errors=True)
    for path in (root / MODEL).iterdir():
        path.replace(root / path.name)
    (root / MODEL).rmdir()
