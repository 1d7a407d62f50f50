"""`assay run`: the whole job, read from top to bottom.

Look at the data, train each method, score what was saved, choose on validation, score test once,
hold the labels against models that did not see them, draw the map, write it all up.
"""

from __future__ import annotations

import json
import logging
import platform
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from assay import _env
from assay._display import Shown, html_block, html_table
from assay._version import __version__
from assay.audit.checks import Audit, audit_data, write_issues
from assay.data.texts import Splits
from assay.disk import atomic_folder, check_output
from assay.errors import InputError
from assay.evaluation.caveats import describe_caveats
from assay.evaluation.compare import Comparison, compare_methods
from assay.evaluation.coverage_report import describe_coverage
from assay.evaluation.recommendation import recommend
from assay.evaluation.scoring import ScoredSplit, score_split, write_predictions
from assay.methods import LABEL_CHECK, METHODS, check_methods, join_names, methods_where
from assay.notebook import default_progress
from assay.progress import Progress
from assay.recipes.report_parts import gather_parts
from assay.recipes.steps.budget import Budget
from assay.recipes.steps.prepare import DataOptions, check_apart, prepare_data
from assay.recipes.steps.run_state import STATES, RunState
from assay.recipes.train import FittedModel, baselines_of, finish_model, fit_and_save
from assay.reporting.collect import collect_report
from assay.reporting.render import write_report
from assay.runtime.predictor import Model, load_model
from assay.tokenization.window import check_long_texts
from assay.training.states import TrainingStates, has_training_state

__all__ = ["RunOptions", "run_data"]

logger = logging.getLogger(__name__)

SCHEMA_VERSION = 1
LABEL_CHECK_FITS = (
    8  # what the folds cost: five fits of four fifths of the texts, predictions, calibration
)
ISSUES = "issues.csv"


@dataclass(frozen=True)
class RunOptions:
    """What a run does.

    Parameters
    ----------
    methods : tuple of str
    checkpoint : str
        The transformer of `features`, `finetune` and the map.
    long_texts : {"truncate", "window"}
        What becomes of texts that are longer than a model reads at once.
    class_weight : {"balanced"} or None
        Balanced: rare labels count as much as frequent ones in every training.
    seed : int
    budget_s : float, optional
        Wall-clock seconds for the whole run: long trainings are shortened, and what no longer fits
        is left out.
    keep_texts : bool
        Keep training texts in every model, to show the nearest of them beside its answers.
    data : DataOptions
    command : str
        The command line, for the report; empty from Python.
    """

    methods: tuple[str, ...] = field(default_factory=lambda: tuple(METHODS))
    checkpoint: str = "minilm"
    long_texts: str = "truncate"
    class_weight: str | None = None
    seed: int = 0
    budget_s: float | None = None
    keep_texts: bool = False
    data: DataOptions = field(default_factory=DataOptions)
    command: str = ""


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
        Written whole or not at all; what an interrupted run had finished stays in ``OUT.partial``.
    options : RunOptions, optional
    overwrite : bool
    resume : bool
        Go on with ``OUT.partial``: methods that were finished are not trained again, and `finetune`
        goes on from the last state that it kept.
    progress : Progress, optional

    Returns
    -------
    dict
        What results.json holds.

    Raises
    ------
    InputError
        The data, an option or the output cannot be used; nothing is written.
    """
    out, options, progress = Path(out), options or RunOptions(), progress or default_progress()
    budget = Budget(options.budget_s)
    _check_alone()
    check_output(out, overwrite=overwrite)
    check_apart(data, out)
    options = replace(options, methods=tuple(check_methods(list(options.methods))))
    check_long_texts(options.long_texts)
    _check_device(options)
    checkpoint_sha256 = _check_checkpoint(options, progress)
    splits = prepare_data(data, options=options.data, seed=options.seed)
    progress.say(_describe(splits))

    with (
        atomic_folder(out, overwrite=overwrite, resume=resume, keep=_has_work) as root,
        _run_log(root / "run.log"),
    ):
        state = RunState.open(root, identity=_identity(options, splits, checkpoint_sha256))
        models, fitted, skipped = _train_all(root, splits, options, budget, state, progress)
        scored = _score_all(models, splits, options.seed, progress)
        comparisons = compare_methods(
            {method: one["validation"].correct for method, one in scored.items()}
        )
        audit = _audit(splits, options, fitted, budget, progress)
        write_issues(audit, root / ISSUES, overwrite=True)
        map_points, map_s = _draw_map(splits, options, budget, progress)

        results = _results(splits, options, models, scored, comparisons, audit, skipped)
        results["timings"] = _timings(fitted, scored, audit, map_s, budget.elapsed_s)
        results["machine"] = _machine()
        for method, one in scored.items():
            write_predictions(
                root / "predictions" / f"{method}.jsonl.gz", one, splits.label_set.names
            )
            finish_model(
                root / "models" / method,
                one,
                name=f"{out.name}-{method}",
                baselines=baselines_of(method, scored, splits),
            )
        shutil.copytree(root / "models" / results["recommended"], root / "model")
        _write_json(root / "results.json", results)

        progress.say("writing the report")
        parts = gather_parts(
            splits,
            results,
            models=models,
            fitted=fitted,
            scored=scored,
            comparisons=comparisons,
            audit=audit,
            map_points=map_points,
            command=options.command,
            options=asdict(options),
            progress=progress,
        )
        write_report(collect_report(parts), root)
        state.close()
        logger.info("done in %.1f s", budget.elapsed_s)
    return Shown(results, as_html=_results_html(results))


def _results_html(results: dict[str, Any]) -> str:
    rows = [
        {
            "method": row["method"],
            **{split: row[split]["accuracy"] for split in ("validation", "test")},
            "95 % interval on test": "{:.3f} to {:.3f}".format(
                *row["test"]["intervals"]["accuracy"]
            ),
            "weighted F1 on test": row["test"]["f1_weighted"],
            "fit, s": results["timings"][row["method"]]["fit_s"],
            "MB": row["model_bytes"] / 1e6,
        }
        for row in results["methods"]
    ]
    return html_block(
        f"Recommended: {results['recommended']}.",
        results["why"],
        html_table(rows, caption="accuracy"),
    )


def _check_device(options: RunOptions) -> None:
    """Look for the device before any work, where one was asked for and a method would use it."""
    if _env.device() in ("auto", "cpu") or not any(
        METHODS[method].needs_torch for method in options.methods
    ):
        return
    from assay.checkpoints.torch_state import pick_device  # here: it loads torch

    pick_device()


def _check_checkpoint(options: RunOptions, progress: Progress) -> str | None:
    """Return the checkpoint's hash.

    It is found before any work: a wrong name costs seconds and not the whole run.
    """
    from assay.checkpoints import resolve_checkpoint

    if not any(METHODS[method].needs_checkpoint for method in options.methods):
        return None
    return resolve_checkpoint(options.checkpoint, progress=progress).sha256


def _describe(splits: Splits) -> str:
    sizes = ", ".join(f"{len(part):,} {name}" for name, part in splits.items())
    dropped = (
        f"; {len(splits.dropped):,} row{'s' * (len(splits.dropped) > 1)} left out"
        if splits.dropped
        else ""
    )
    return f"{splits.source}: {sizes} texts in {len(splits.label_set)} classes{dropped}"


def _train_all(
    root: Path,
    splits: Splits,
    options: RunOptions,
    budget: Budget,
    state: RunState,
    progress: Progress,
) -> tuple[dict[str, Model], dict[str, FittedModel], list[dict[str, str]]]:
    """Train and save every method, from cheap to dear; a finished one of an interrupted run is taken as it is."""
    from assay.models import select_parameters  # here: it loads scikit-learn

    models: dict[str, Model] = {}
    fitted: dict[str, FittedModel] = {}
    skipped: list[dict[str, str]] = []
    for method in options.methods:
        folder = root / "models" / method
        if (done := state.finished(method, folder)) is not None:
            progress.say(f"{method}: finished before, taken as it is")
            fitted[method] = done
        elif (
            models and (reason := budget.reason_to_skip(method)) is not None
        ):  # one at least: there must be a result
            progress.say(f"{method}: {reason}")
            skipped.append({"method": method, "reason": reason})
            continue
        else:
            parameters = {
                "checkpoint": options.checkpoint,
                "long_texts": options.long_texts,
                "class_weight": options.class_weight,
                "time_limit_s": budget.share_s(method),
            }
            states = TrainingStates(root / STATES / method)
            fitted[method] = fit_and_save(
                method,
                splits,
                folder,
                seed=options.seed,
                parameters=select_parameters(method, parameters),
                overwrite=True,
                states=states,
                keep_texts=options.keep_texts,
                progress=progress,
            )
            state.finish(method, fitted[method])
            shutil.rmtree(root / STATES, ignore_errors=True)
        models[method] = load_model(folder)
    return models, fitted, skipped


def _score_all(
    models: dict[str, Model], splits: Splits, seed: int, progress: Progress
) -> dict[str, dict[str, ScoredSplit]]:
    """Score validation and test of every saved model.

    Nothing is chosen after test was seen: it is reported only.
    """
    scored: dict[str, dict[str, ScoredSplit]] = {}
    for method, model in models.items():
        scored[method] = {
            split: score_split(
                model, splits[split], seed=seed, train=splits["train"], progress=progress
            )
            for split in ("validation", "test")
        }
        accuracy = scored[method]["validation"].scores.accuracy
        progress.say(f"{method}: {accuracy:.3f} of validation right")
        logger.info("%s: validation accuracy %.4f", method, accuracy)
    return scored


def _audit(
    splits: Splits,
    options: RunOptions,
    fitted: dict[str, FittedModel],
    budget: Budget,
    progress: Progress,
) -> Audit:
    """Look for what is wrong with the data.

    The labels are held against models where the budget has time for that.
    """
    progress.say("auditing the data")
    need_s = LABEL_CHECK_FITS * fitted[LABEL_CHECK].fit_s if LABEL_CHECK in fitted else 0.0
    has_time = budget.left_s is None or (need_s > 0 and budget.left_s > need_s)
    method = LABEL_CHECK if has_time else None
    return audit_data(splits, method=method, seed=options.seed, progress=progress)


def _draw_map(
    splits: Splits, options: RunOptions, budget: Budget, progress: Progress
) -> tuple[dict[str, Any] | None, float]:
    """Lay out train texts on a plane, where a transformer takes part in the run."""
    from assay.maps.points import map_split

    if not any(METHODS[method].needs_checkpoint for method in options.methods) or budget.is_spent:
        return None, 0.0
    started_s = time.perf_counter()
    points = map_split(
        splits, "train", checkpoint=options.checkpoint, seed=options.seed, progress=progress
    )
    return points, time.perf_counter() - started_s


def _results(
    splits: Splits,
    options: RunOptions,
    models: dict[str, Model],
    scored: dict[str, dict[str, ScoredSplit]],
    comparisons: list[Comparison],
    audit: Audit,
    skipped: list[dict[str, str]],
) -> dict[str, Any]:
    # No times here: the same seed gives the same file, whatever the machine did meanwhile.
    recommended, why = recommend(
        comparisons, model_bytes={method: model.n_bytes for method, model in models.items()}
    )
    return {
        "schema_version": SCHEMA_VERSION,
        "assay_version": __version__,
        "seed": options.seed,
        "recommended": recommended,
        "why": why,
        "warnings": describe_caveats(scored[recommended]["test"], split="test"),
        "data": {
            "source": splits.source,
            "labels": list(splits.label_set),
            "splits": {
                name: {"n_texts": len(part), "sha256": part.sha256()}
                for name, part in splits.items()
            },
            "dropped": [row.to_dict() for row in splits.dropped],
            "corrections": splits.n_corrections,
            "audit": audit.summary(),
        },
        "methods": [
            {
                "method": method,
                "model": f"models/{method}",
                "model_bytes": models[method].n_bytes,
                **{split: one.to_dict() for split, one in scored[method].items()},
                "coverage": describe_coverage(scored[method]),
            }
            for method in scored
        ],
        "comparisons": [comparison.to_dict() for comparison in comparisons],
        "skipped": skipped,
    }


def _timings(
    fitted: dict[str, FittedModel],
    scored: dict[str, dict[str, ScoredSplit]],
    audit: Audit,
    map_s: float,
    total_s: float,
) -> dict[str, Any]:
    timings: dict[str, Any] = {}
    for method, splits in scored.items():
        n_texts = sum(len(one.part) for one in splits.values())
        predict_s = sum(one.predict_s for one in splits.values())
        timings[method] = {
            "fit_s": round(fitted[method].fit_s, 3),
            "predict_texts_per_s": round(n_texts / max(predict_s, 1e-9), 1),
        }
    return {
        **timings,
        "audit_s": round(audit.checks_s, 3),
        "audit_folds_s": round(audit.label_check.fit_s, 3),
        "map_s": round(map_s, 3),
        "total_s": round(total_s, 3),
    }


def _machine() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "n_threads": _env.n_threads(),
        "device": _env.device(),
    }


def _identity(options: RunOptions, splits: Splits, checkpoint_sha256: str | None) -> dict[str, Any]:
    """Return what a resumed run must have in common with the interrupted one."""
    plain = asdict(options)
    plain.pop("command")
    plain.pop("budget_s")
    data = {name: part.sha256() for name, part in splits.items()}
    return {
        **json.loads(json.dumps(plain)),
        "splits": data,
        "label_names": list(splits.label_set),
        "checkpoint_sha256": checkpoint_sha256,
        "assay_version": __version__,
    }


def _has_work(partial: Path) -> bool:
    """Tell whether an interrupted run left something that a resumed one can use."""
    return any(map(has_training_state, (partial / STATES).glob("*"))) or any(
        (partial / "models").glob("*/assay.json")
    )


def _check_alone() -> None:
    if (n := _env.n_processes()) > 1:
        shared = join_names(methods_where(lambda method: method.shares_work), "or")
        raise InputError(
            f"{n} processes were started for a run; one is accepted",
            hint=f"`assay train --method {shared}` shares its work among processes",
        )


def _write_json(path: Path, content: Any) -> None:
    path.write_text(
        json.dumps(content, ensure_ascii=False, indent=1) + "\n",
        encoding="utf-8",
        errors="surrogatepass",
    )


@contextmanager
def _run_log(path: Path) -> Iterator[None]:
    """Write what happens to run.log while the block runs.

    Messages carry counts and names, never texts.
    """
    handler = logging.FileHandler(path, mode="a", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    package = logging.getLogger("assay")
    level = package.level
    package.addHandler(handler)
    package.setLevel(logging.INFO)
    try:
        yield
    finally:
        package.setLevel(level)
        package.removeHandler(handler)
        handler.close()
