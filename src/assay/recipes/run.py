"""`assay run`: the whole job, read from top to bottom.

Look at the data, train each method, score what was saved, choose on validation, hold the labels
against models that did not see them, draw the map, write it all up. Each step takes what the steps
before it returned.
"""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from assay._arguments import checked
from assay._display import Shown, percent
from assay.audit.checks import audit_data, write_issues
from assay.audit.result import Audit
from assay.catalogue import Fact
from assay.disk import atomic_folder, check_unfinished
from assay.errors import DataError
from assay.evaluation.choice import Choice, choose_method
from assay.evaluation.imbalance import default_metric
from assay.evaluation.label_rules import judge_rule
from assay.evaluation.more_texts import MoreTexts
from assay.evaluation.scoring import write_predictions
from assay.methods import LABEL_CHECK
from assay.notebook import default_progress
from assay.output_lock import lock_output
from assay.progress import Progress
from assay.recipes.run_several import finish_several
from assay.recipes.steps.budget import Budget
from assay.recipes.steps.checkpoint import RunCheckpoint, find_named
from assay.recipes.steps.finish import finish_model, score_baselines
from assay.recipes.steps.fit import FitOptions, FittedModel, TrainingSet, fit_and_save
from assay.recipes.steps.fold_step import FoldStep, find_evidence
from assay.recipes.steps.row_ids import read_row_ids, with_ids
from assay.recipes.steps.rule_options import refuse_impossible
from assay.recipes.steps.run_facts import describe_machine, describe_splits
from assay.recipes.steps.run_options import RunOptions, check_run
from assay.recipes.steps.run_pieces import DrawnMap, Place, Trained
from assay.recipes.steps.run_state import (
    STATES,
    RunState,
    forget_state,
    has_work,
    run_log,
)
from assay.recipes.steps.score import score_method
from assay.recipes.steps.shown import show_results
from assay.reporting.card import CONFUSION_PICTURE
from assay.reporting.collect import collect_report
from assay.reporting.fonts import tell_missing_glyphs
from assay.reporting.method_result import MethodResult
from assay.reporting.render import write_report
from assay.reporting.results import Results, SkippedMethod
from assay.reporting.sections import gather_sections
from assay.training.states import TrainingStates

__all__ = ["Run", "RunOptions", "run_data"]

logger = logging.getLogger(__name__)

ISSUES = "issues.csv"


@checked
def run_data(
    data: Any,
    out: str | Path,
    *,
    options: RunOptions | None = None,
    overwrite: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Do the whole job and write the run's folder.

    Parameters
    ----------
    data
        What `load_data` accepts. Missing splits are cut from train.
    out : path
        Written whole or not at all; finished methods of an interrupted run stay in ``OUT.partial``.
    options : RunOptions, optional
    overwrite : bool
    resume : bool
        Continue in ``OUT.partial``: finished methods are not trained again, and `finetune`
        continues from the last state that it saved.
    progress : Progress, optional

    Returns
    -------
    dict
        What results.json holds.

    Raises
    ------
    InputError
        The data, an option or the output cannot be used, or an interrupted run left work and
        neither `resume` nor `overwrite` is given; nothing is written.
    OutsideError
        The disk refused, or another process writes the same output.
    """
    progress = progress or default_progress()
    place = Place(Path(out), overwrite=overwrite, resume=resume)
    with prepare_run(data, place, options or RunOptions(), progress) as run:
        return FINISH[run.data.splits.label_set.task](run)


def _finish_single(run: Run) -> dict[str, Any]:
    """Do the rest of a run whose texts have one label each."""
    trained = run.train()
    methods = run.score(trained)
    choice = run.choose(methods)
    more = run.expect_more(methods, choice)
    audit = run.audit(trained, methods)
    text_map = run.draw()
    results = run.write(trained, methods, choice, more, audit, text_map)
    return Shown(results.to_dict(), as_html=show_results(results))


@contextmanager
def prepare_run(data: Any, place: Place, options: RunOptions, progress: Progress) -> Iterator[Run]:
    """Read the data and open the run's folder; it takes its place when the block ends.

    Raises
    ------
    InputError
        The data, an option or the output cannot be used.
    """
    with lock_output(place.out), _open_run(data, place, options, progress) as run:
        yield run


@contextmanager
def _open_run(data: Any, place: Place, options: RunOptions, progress: Progress) -> Iterator[Run]:
    """Do what `prepare_run` says, once nobody else writes the run's folder."""
    budget = Budget(options.budget_s)
    options = check_run(data, place.out, options, overwrite=place.overwrite)
    check_unfinished(place.out, overwrite=place.overwrite, resume=place.resume, keep=has_work)
    find_named(options, progress)
    training_set = TrainingSet.prepare(data, options=options.data, seed=options.seed)
    _refuse_impossible(training_set, options)
    progress.say(describe_splits(training_set.splits))
    options = options.for_task(training_set.splits.label_set.task)
    checkpoint, options = RunCheckpoint.choose(options, training_set.splits, progress)
    with (
        atomic_folder(
            place.out, overwrite=place.overwrite, resume=place.resume, keep=has_work
        ) as root,
        run_log(root),
    ):
        identity = options.identity(training_set, checkpoint_sha256=checkpoint.sha256)
        state = RunState.open(root, identity=identity)
        yield Run(root, place.out.name, options, training_set, checkpoint, budget, state, progress)
        logger.info("done in %.1f s", budget.elapsed_s)
    # Only now: writing a large run to the disk takes seconds, and may be interrupted too.
    forget_state(place.out)


def _refuse_impossible(data: TrainingSet, options: RunOptions) -> None:
    """Refuse a label that the data lack, and a recall that too few texts can show."""
    asked = options.rule.resolve(data.splits.label_set)
    cheapest = options.methods[0]  # no other one is judged on more texts
    refuse_impossible(asked, *find_evidence(data, cheapest, n_folds=options.folds))


@dataclass(frozen=True)
class Run:
    """A run that has begun, with one method per step; no step changes what an earlier one returned.

    Parameters
    ----------
    root : Path
        The folder that is being written.
    name : str
        The name that the folder will have.
    options : RunOptions
    data : TrainingSet
    checkpoint : RunCheckpoint
        What the methods start from; in `options` it has its name.
    budget : Budget
    state : RunState
        What a later `resume` can use.
    progress : Progress
    """

    root: Path
    name: str
    options: RunOptions
    data: TrainingSet
    checkpoint: RunCheckpoint
    budget: Budget
    state: RunState
    progress: Progress

    @cached_property
    def folds(self) -> FoldStep:
        """What is predicted out of fold, where validation has few texts."""
        return FoldStep(self.root, self.data, self.options, self.budget, self.progress)

    def train(self) -> Trained:
        """Train and save every method, except those that an interrupted run had finished."""
        models: dict[str, FittedModel] = {}
        skipped = list(self.checkpoint.skipped)
        for method in self.options.methods:
            finished = self.state.finished(method, self.root / "models" / method)
            reason = self.budget.reason_to_skip(method)
            if finished is not None:
                self.progress.say(f"{method}: finished before, taken as it is")
                models[method] = finished
            elif models and reason is not None:  # one at least: there must be a result
                self.progress.say(f"{method}: {reason}")
                skipped.append(SkippedMethod(method, reason, self.budget.total_s))
            else:
                models[method] = self._fit(method)
        return Trained(models, tuple(skipped))

    def _fit(self, method: str) -> FittedModel:
        """Train and save one method, and note that it is finished."""
        from assay.models import select_parameters

        shared = self.options.shared_parameters()
        folds = self.folds.predict(method, select_parameters(method, shared))
        shared["time_limit_s"] = self.budget.share_s(method)
        fitted = fit_and_save(
            method,
            self.data if folds is None else self.data.whole,
            self.root / "models" / method,
            options=FitOptions(
                seed=self.options.seed,
                parameters=select_parameters(method, shared),
                states=TrainingStates(self.root / STATES / method),
                keep_texts=self.options.keep_texts,
                folds=folds,
                asked=self.options.rule.of_thresholds(self.data.splits.label_set),
            ),
            overwrite=True,
            progress=self.progress,
        )
        self.state.finish(method, fitted)
        shutil.rmtree(self.root / STATES, ignore_errors=True)
        return fitted

    def score(self, trained: Trained) -> tuple[MethodResult, ...]:
        """Score every saved model on test, and on the evidence.

        Nothing is chosen after test was seen: it is only reported.
        """
        results = []
        asked = self.options.rule.resolve(self.data.splits.label_set)
        for method, fitted in trained.models.items():
            result = score_method(
                method, fitted, self.folds, seed=self.options.seed, progress=self.progress
            )
            if asked is not None:
                result = replace(result, label_rule=judge_rule(asked, result.reported))
            accuracy = result.evidence.scores.accuracy
            where = "validation"
            if result.out_of_fold is not None:
                where = "train and validation, out of fold,"
            self.progress.say(f"{method}: {percent(accuracy)} of {where} right")
            logger.info("%s: accuracy %.4f on %s", method, accuracy, where)
            results.append(result)
        return tuple(results)

    def choose(self, methods: Sequence[MethodResult]) -> Choice:
        """Recommend a method, on the evidence alone."""
        return choose_method(
            {one.method: one.predictions() for one in methods},
            metric=self.options.metric or default_metric(self.data.splits),
            tolerance=self.options.tolerance,
            seed=self.options.seed,
            model_bytes={one.method: one.model.n_bytes for one in methods},
        )

    def expect_more(self, methods: Sequence[MethodResult], choice: Choice) -> MoreTexts | Fact:
        """Work out what twice as many texts would bring, or say why that cannot be told."""
        from assay.recipes.steps.curve_step import measure_more_texts  # loads scikit-learn

        return measure_more_texts(methods, choice.recommended, self.folds)

    def audit(self, trained: Trained, methods: Sequence[MethodResult]) -> Audit:
        """Look for what is wrong with the data; check labels if the budget has time for that."""
        self.progress.say("auditing the data")
        from assay.recipes.steps.label_step import judge_labels  # loads scikit-learn

        try:
            judged, method = judge_labels(methods, trained.models, self.folds), None
        except DataError:  # the audit says why
            judged, method = None, LABEL_CHECK
        return audit_data(
            self.data.splits,
            method=method,
            judged=judged,
            seed=self.options.seed,
            progress=self.progress,
        )

    def draw(self) -> DrawnMap:
        """Lay out the train texts on a plane, if a transformer takes part in the run."""
        if not self.options.uses_checkpoint or self.budget.is_spent:
            return DrawnMap()
        from assay.maps.points import map_split

        started_s = time.perf_counter()
        points = map_split(
            self.data.splits,
            "train",
            checkpoint=self.options.checkpoint,
            seed=self.options.seed,
            progress=self.progress,
        )
        return DrawnMap(points, time.perf_counter() - started_s)

    def write(
        self,
        trained: Trained,
        methods: tuple[MethodResult, ...],
        choice: Choice,
        more: MoreTexts | Fact,
        audit: Audit,
        text_map: DrawnMap,
    ) -> Results:
        """Write results, predictions, cards and the report."""
        results = Results(
            seed=self.options.seed,
            splits=self.data.splits,
            fingerprints=self.data.fingerprints,
            methods=methods,
            choice=choice,
            more_texts=more,
            audit=audit,
            machine=describe_machine(),
            skipped=trained.skipped,
            checkpoint=self.checkpoint.choice,
            checkpoint_caveat=self.checkpoint.caveat,
            figure_caveat=tell_missing_glyphs(
                self.data.splits.label_set, language=self.options.report_language
            ),
            id_column=self.options.data.id_column,
            map_s=text_map.map_s,
            total_s=self.budget.elapsed_s,
        ).with_growth_qualified()
        write_issues(audit, self.root / ISSUES, overwrite=True)
        self._write_models(results)
        _write_json(self.root / "results.json", results.to_dict())
        self.progress.say("writing the report")
        sections = gather_sections(
            results,
            text_map=text_map.points,
            command=self.options.command,
            options=self.options.shown(),
        )
        report = collect_report(results, sections)
        confusion = (self.root / "model" / CONFUSION_PICTURE).read_bytes()
        write_report(
            report,
            self.root,
            language=self.options.report_language,
            drawn={"confusion": confusion},
        )
        return results

    def _write_models(self, results: Results) -> None:
        """Write predictions and finish the models; copy the recommended one to the top."""
        scored = {one.method: one.reported for one in results.methods}
        baselines = score_baselines(scored, results.splits)
        labels = results.splits.label_set.names
        ids = read_row_ids(results.splits, results.id_column)
        for one in results.methods:
            path = self.root / "predictions" / f"{one.method}.jsonl.gz"
            write_predictions(path, with_ids(one.records(self.data.whole.origins, labels), ids))
            finish_model(
                one.model,
                one.reported,
                name=f"{self.name}-{one.method}",
                measured_terms=None if one.out_of_fold is None else self.folds.measured_terms,
                baselines=baselines,
                checkpoint_choice=self.checkpoint.choice,
                language=self.options.report_language,
                label_rule=one.label_rule,
                near=results.near_claim(one),
            )
        shutil.copytree(results.recommended.model.folder, self.root / "model")


FINISH = {"single": _finish_single, "multi": finish_several}  # by task


def _write_json(path: Path, content: Any) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
