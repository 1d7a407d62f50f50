"""The end of `assay run` where texts may have several labels: score, choose, write.

Reading, cutting and training are those of every run; see `run_data`.
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from assay import _env
from assay._version import __version__
from assay.catalogue import ENGLISH
from assay.data.duplicates import find_seen
from assay.data.reading import describe_reading
from assay.data.together import describe_together
from assay.disk import write_whole
from assay.errors import InputError
from assay.evaluation.scoring import write_predictions
from assay.evaluation.several_scoring import (
    SeveralScored,
    choose_several,
    score_several_split,
    several_claims,
)
from assay.methods import methods_where
from assay.progress import Progress
from assay.recipes.steps.fit import FittedModel, TrainingSet
from assay.reporting.several_report import (
    collect_several,
    render_several_html,
    render_several_markdown,
)

if TYPE_CHECKING:
    from assay.recipes.run import Run

__all__ = ["finish_several", "score_several_model"]

SPLITS = ("validation", "test")
METRIC = "macro-f1"  # by which methods are chosen: imbalance is the rule with several labels
SCHEMA_VERSION = 2  # of results.json
REASON = "learns one label per text only, and these have several"


@dataclass(frozen=True)
class _Scored:
    """A trained method with its scores."""

    fitted: FittedModel
    scored: Mapping[str, SeveralScored]


def score_several_model(
    fitted: FittedModel, data: TrainingSet, *, seed: int, progress: Progress
) -> dict[str, SeveralScored]:
    """Score a saved model on validation and test, and write the scores into its folder.

    On validation, where its thresholds were chosen, each text is judged by thresholds that were
    chosen without it.

    Parameters
    ----------
    fitted : FittedModel
    data : TrainingSet
    seed : int
    progress : Progress
    """
    from assay.models import record_scores  # loads scikit-learn

    scored = {}
    validation_groups = data.whole.groups[len(data.train) :]
    for split in SPLITS:
        scored[split] = score_several_split(
            fitted.model,
            data.splits[split],
            seed=seed,
            seen=find_seen(data.splits[split], data.train),
            groups=validation_groups if split == "validation" else None,
            progress=progress,
        )
    record_scores(fitted.folder, several_claims(scored["test"]), verified=fitted.model.manifest)
    return scored


def finish_several(run: Run) -> dict[str, Any]:
    """Train, score, choose and write a run whose texts may have several labels.

    Returns
    -------
    dict
        What results.json holds.

    Raises
    ------
    InputError
        The report is wanted in another language than English.
    """
    if run.options.report_language != ENGLISH:
        raise InputError(
            f"report_language is '{run.options.report_language}', and the report on texts with "
            f"several labels is written in English only; {ENGLISH} is accepted"
        )
    trained = run.train()
    methods = {}
    for method, fitted in trained.models.items():
        scored = score_several_model(fitted, run.data, seed=run.options.seed, progress=run.progress)
        methods[method] = _Scored(fitted, scored)
        macro = scored["validation"].scores.f1_macro
        run.progress.say(f"{method}: macro F1 {macro:.3f} on validation")
    choice = choose_several(
        {method: one.scored["validation"] for method, one in methods.items()},
        run.data.whole.groups[len(run.data.train) :],
        metric=run.options.metric or METRIC,
        tolerance=run.options.tolerance,
        seed=run.options.seed,
    )
    skipped = [one.to_dict() for one in trained.skipped]
    unable = methods_where(lambda method: not method.takes_several)
    skipped += [{"method": method, "reason": REASON} for method in unable]
    results = {
        "schema_version": SCHEMA_VERSION,
        "assay_version": __version__,
        "task": "multi",
        "seed": run.options.seed,
        "recommended": choice.recommended,
        "why": choice.why,
        "choice": choice.to_dict(),
        "warnings": describe_reading(run.data.splits),
        "data": _describe_data(run.data),
        "methods": [_describe_method(method, one) for method, one in methods.items()],
        "skipped": skipped,
        "timings": _timings(run, methods),
        "machine": _machine(),
    }
    _write(run, methods, results)
    return results


def _describe_data(data: TrainingSet) -> Mapping[str, Any]:
    splits = data.splits
    sizes = {}
    for name, labelled in splits.items():
        sizes[name] = {"n_texts": len(labelled), "sha256": data.fingerprints[name]}
    together = describe_together(splits.label_set.encode(splits["train"].labels), splits.label_set)
    return {
        "source": splits.source,
        "labels": list(splits.label_set),
        "splits": sizes,
        "dropped": [row.to_dict() for row in splits.dropped],
        "mended": [rows.to_dict() for rows in splits.mended],
        "together": together,
    }


def _describe_method(method: str, one: _Scored) -> Mapping[str, Any]:
    return {
        "method": method,
        "model": f"models/{method}",
        "model_bytes": one.fitted.model.n_bytes,
        "fitted_on": ["train"],
        **{split: scored.to_dict() for split, scored in one.scored.items()},
    }


def _timings(run: Run, methods: Mapping[str, _Scored]) -> Mapping[str, Any]:
    timings: dict[str, Any] = {}
    for method, one in methods.items():
        n_texts = sum(len(scored.labelled) for scored in one.scored.values())
        predict_s = sum(scored.predict_s for scored in one.scored.values())
        timings[method] = {
            "fit_s": round(one.fitted.fit_s, 3),
            "predict_texts_per_s": round(n_texts / max(predict_s, 1e-9), 1),
        }
    return {**timings, "total_s": round(run.budget.elapsed_s, 3)}


def _machine() -> Mapping[str, Any]:
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "n_threads": _env.n_threads(),
        "device": _env.device(),
    }


def _write(run: Run, methods: Mapping[str, _Scored], results: Mapping[str, Any]) -> None:
    """Write results, predictions, the report, and the recommended model at the top."""
    labels = run.data.splits.label_set.names
    for method, one in methods.items():
        path = run.root / "predictions" / f"{method}.jsonl.gz"
        records = [
            record for split, own in one.scored.items() for record in own.records(split, labels)
        ]
        write_predictions(path, records)
    write_whole(run.root / "results.json", _to_json(results))
    report = collect_several({**results, "title": PurePath(run.data.splits.source).name})
    write_whole(run.root / "report.json", _to_json(report))
    write_whole(run.root / "report.md", render_several_markdown(report))
    write_whole(run.root / "report.html", render_several_html(report))
    recommended = methods[str(results["recommended"])].fitted.model.folder
    shutil.copytree(recommended, run.root / "model")


def _to_json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=True, indent=1) + "\n"
