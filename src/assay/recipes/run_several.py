"""The end of `assay run` where texts may have several labels: choose, describe, write.

Reading, cutting and training are those of every run; see `run_data`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from assay._display import percent
from assay._version import __version__
from assay.audit.checks import audit_data, write_issues
from assay.audit.result import Audit
from assay.catalogue import Fact
from assay.data.reading import describe_facts, describe_reading, find_reading
from assay.data.together import describe_together
from assay.data.trainable import find_rare
from assay.disk import write_whole
from assay.evaluation.caveats import (
    find_cut_short,
    find_few_given,
    find_near_leaks,
    find_several_fall,
    find_several_leaks,
    find_several_small_test,
    find_too_clear,
    says_more,
)
from assay.evaluation.evidence import HELD_OUT, OUT_OF_FOLD
from assay.evaluation.near_evidence import NearEvidence, measure_near_evidence
from assay.evaluation.scoring import write_predictions
from assay.evaluation.several_choice import SeveralEvidencePredictions, choose_several
from assay.evaluation.several_floor import find_several_guess
from assay.evaluation.several_mistakes import (
    find_missed_pairs,
    find_surprising,
    trace_thresholds,
)
from assay.evaluation.several_scores import SEVERAL_METRICS
from assay.methods import LABEL_CHECK, methods_where
from assay.recipes.steps.fit import TrainingSet
from assay.recipes.steps.row_ids import name_surprising, read_row_ids
from assay.recipes.steps.run_facts import describe_machine
from assay.recipes.steps.run_pieces import DrawnMap
from assay.recipes.steps.several_score import SeveralMethod, record_near, score_several_method
from assay.reporting.fonts import tell_missing_glyphs
from assay.reporting.results_entries import SplitFingerprint
from assay.reporting.sections import find_missing_map
from assay.reporting.several_report import collect_several, write_several_report

if TYPE_CHECKING:
    from assay.recipes.run import Run

__all__ = ["finish_several"]

ISSUES = "issues.csv"
WHERE = {HELD_OUT: "validation", OUT_OF_FOLD: "train and validation, out of fold"}
METRIC = "macro-f1"  # by which methods are chosen: imbalance is the rule with several labels
SCHEMA_VERSION = 2  # of results.json
# Kinds of caveats that say why the method may do worse than its scores promise
DOUBTS = (
    "caveats.several_near_evidence",
    "caveats.near_evidence_all",
    "caveats.several_too_clear",
    "caveats.several_guess",
    "caveats.several_fall",
    "caveats.several_rule_evidence",
)
REASON = "learns one label per text only, and these have several"


def finish_several(run: Run) -> dict[str, Any]:
    """Train, score, choose and write a run whose texts may have several labels.

    Returns
    -------
    dict
        What results.json holds.
    """
    trained, splits = run.train(), run.data.splits
    methods = {}
    for method, fitted in trained.models.items():
        one = score_several_method(
            fitted,
            run.folds,
            name=f"{run.name}-{method}",
            language=run.options.report_language,
            checkpoint_choice=run.checkpoint.choice,
        )
        methods[method] = one
        macro, where = one.evidence.scores.f1_macro, WHERE[one.predictions.kind]
        run.progress.say(f"{method}: macro F1 {percent(macro)} on {where}")
    choice = choose_several(
        {method: one.predictions for method, one in methods.items()},
        metric=run.options.metric or METRIC,
        tolerance=run.options.tolerance,
        seed=run.options.seed,
    )
    audit = _audit(run)
    recommended = methods[choice.recommended]
    caveats = _caveats(recommended, audit, choice.metric)
    for method, one in methods.items():
        caveats += find_cut_short(method, one.fitted.history)
    text_map = run.draw()
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
        "doubts": _describe_doubts(caveats),
        "choice": choice.to_dict(),
        "comparisons": [one.to_dict() for one in choice.comparisons],
        "warnings": [
            *describe_facts([*caveats, *find_rare(splits)]),
            *describe_reading(splits),
            *_missing_glyphs(run),
        ],
        "data": {**_describe_data(run.data), "audit": audit.summary()},
        "methods": [_describe_method(method, one, run, audit) for method, one in methods.items()],
        "skipped": skipped,
        "timings": _timings(run, methods),
        "machine": describe_machine().to_dict(),
    }
    _write(run, methods, results, audit, text_map, caveats)
    return results


def _describe_doubts(caveats: Sequence[Fact]) -> list[str]:
    return describe_facts([one for one in caveats if one.kind in DOUBTS])


def _missing_glyphs(run: Run) -> list[str]:
    """Say that characters show as boxes in the figures, where they do."""
    labels, language = run.data.splits.label_set, run.options.report_language
    found = tell_missing_glyphs(labels, language=language)
    return [] if found is None else describe_facts([found])


def _caveats(one: SeveralMethod, audit: Audit, metric: str) -> list[Fact]:
    """Return the reasons to read the scores of the recommended method with care."""
    test, promised = one.scored["test"].scores, one.evidence.scores
    templates = _near_evidence(one, audit).facts(
        metric=metric, score=one.predictions.score(metric), kind="caveats.several_near_evidence"
    ) or find_too_clear(promised.f1_micro, promised.n_texts, kind="caveats.several_too_clear")
    small = find_several_small_test(promised, test, metric=metric)
    lower = find_several_fall(promised, test, metric=metric)
    # Out of fold, scores are those of other thresholds, which promise nothing
    if one.out_of_fold is not None and one.fitted.model.manifest.threshold_rule:
        lower = Fact.of("caveats.several_rule_evidence")
    if lower is not None and lower.kind == "caveats.several_fall":  # by more than chance
        small = None
    if small is not None and (templates or lower):  # then the evidence is no promise either
        small = Fact("caveats.several_small_test_near", small.values)
    found = (
        lower,
        small or find_few_given(test),
        find_several_leaks(
            one.scored["test"], split="test", fitted_on=one.fitted_on, metric=metric
        ),
    )
    near = find_near_leaks(
        audit.near_leaks,
        split="test",
        n_texts=test.n_texts,
        fitted_on=one.fitted_on,
        alike=audit.find_alike("test", one.fitted_on),
        n_equal=one.scored["test"].n_leaked,
    )
    guess = find_several_guess(promised, metric=metric)
    return [*templates, *guess, *filter(None, found), *near]


def _audit(run: Run) -> Audit:
    """Look for what is wrong with the data; check labels if the budget has time for that."""
    run.progress.say("auditing the data")
    return audit_data(
        run.data.splits,
        method=None if run.budget.is_spent else LABEL_CHECK,
        seed=run.options.seed,
        progress=run.progress,
    )


def _describe_data(data: TrainingSet) -> Mapping[str, Any]:
    splits = data.splits
    sizes: dict[str, SplitFingerprint] = {}
    for name, labelled in splits.items():
        sizes[name] = {"n_texts": len(labelled), "sha256": data.fingerprints[name]}
        if name in splits.drawn_from:
            sizes[name]["drawn_from"] = splits.drawn_from[name]
    together = describe_together(splits.label_set.encode(splits["train"].labels), splits.label_set)
    return {
        "source": splits.source,
        "labels": list(splits.label_set),
        "splits": sizes,
        "dropped": [row.to_dict() for row in splits.dropped],
        "mended": [rows.to_dict() for rows in splits.mended],
        "together": together,
    }


def _near_evidence(one: SeveralMethod, audit: Audit) -> NearEvidence:
    """Measure how much of the evidence of a method is memory."""
    groups = audit.near_groups
    return measure_near_evidence(
        one.predictions,
        np.concatenate([groups["train"], groups["validation"]]),
        metrics=SEVERAL_METRICS,
        score=SeveralEvidencePredictions.score,
    )


def _describe_method(method: str, one: SeveralMethod, run: Run, audit: Audit) -> Mapping[str, Any]:
    described: dict[str, object] = {
        "method": method,
        "model": f"models/{method}",
        "model_bytes": one.fitted.model.n_bytes,
        "fitted_on": one.fitted_on,
        "min_labels": one.fitted.model.manifest.min_labels,
        "evidence": {
            "kind": one.predictions.kind,
            "n_folds": one.predictions.n_folds,
            "n_repeats": one.predictions.n_repeats,
            **one.evidence.to_dict(),
            "near_duplicates": _near_evidence(one, audit).to_dict(),
        },
        "validation": None,
        **{split: scored.to_dict() for split, scored in one.scored.items()},
    }
    label_set = run.data.splits.label_set
    asked = run.options.rule.resolve(label_set)
    if asked is not None:
        judged = one.judge_rule(asked)
        described["label_rule"] = judged.to_dict(label_set.names)
    return described


def _timings(run: Run, methods: Mapping[str, SeveralMethod]) -> Mapping[str, Any]:
    timings: dict[str, Any] = {}
    for method, one in methods.items():
        n_texts = sum(len(scored.labelled) for scored in one.scored.values())
        predict_s = sum(scored.predict_s for scored in one.scored.values())
        timings[method] = {
            "fit_s": round(one.fitted.fit_s, 3),
            "predict_texts_per_s": round(n_texts / max(predict_s, 1e-9), 1),
        }
    return {**timings, "total_s": round(run.budget.elapsed_s, 3)}


def _write(
    run: Run,
    methods: Mapping[str, SeveralMethod],
    results: Mapping[str, Any],
    audit: Audit,
    text_map: DrawnMap,
    caveats: Sequence[Fact],
) -> None:
    """Write results, predictions, the report, and the recommended model at the top."""
    labels = run.data.splits.label_set.names
    for method, one in methods.items():
        path = run.root / "predictions" / f"{method}.jsonl.gz"
        write_predictions(path, one.records(run.data.whole.origins, labels))
        near = _near_evidence(one, audit)
        if near.is_notable:
            record_near(
                one.fitted,
                near.claim(),
                name=f"{run.name}-{method}",
                language=run.options.report_language,
                checkpoint_choice=run.checkpoint.choice,
            )
    write_whole(run.root / "results.json", _to_json(results))
    recommended = methods[str(results["recommended"])]
    write_issues(audit, run.root / ISSUES, overwrite=True)
    sections = {
        **_sections(recommended, run, audit),
        "caveats": [fact.to_dict() for fact in caveats],
        "leads_with_evidence": says_more(
            recommended.evidence.scores.n_texts, recommended.scored["test"].scores.n_texts
        ),
        "map": text_map.with_positions(),
        "no_map": [
            fact.to_dict() for fact in find_missing_map(text_map.points, run.checkpoint.choice)
        ],
    }
    title = PurePath(run.data.splits.source).name
    report = collect_several(results, sections, title=title)
    write_whole(run.root / "report.json", _to_json(report))
    write_several_report(report, run.root, language=run.options.report_language)
    shutil.copytree(recommended.fitted.model.folder, run.root / "model")


def _sections(recommended: SeveralMethod, run: Run, audit: Audit) -> Mapping[str, Any]:
    """Return what the report shows of the recommended method besides its scores."""
    splits, test = run.data.splits, recommended.scored["test"]
    labels = splits.label_set.names
    ids = read_row_ids(splits, run.options.data.id_column)
    facts = [*find_rare(splits), *find_reading(splits)]
    return {
        "command": run.options.command,
        "unit": splits.unit,
        "reading": [fact.to_dict() for fact in facts],
        "label_check": audit.label_check.fact().to_dict(),
        "surprising": name_surprising(find_surprising(test, labels), ids, split="test"),
        "missed_pairs": find_missed_pairs(test.truth, test.predicted, labels),
        "thresholds": trace_thresholds(test.truth, test.probs, test.scores.per_label),
    }


def _to_json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=True, indent=1) + "\n"
