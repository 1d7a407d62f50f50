"""The end of `assay run` where texts may have several labels: score, choose, write.

Reading, cutting and training are those of every run; see `run_data`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from assay._display import percent
from assay._version import __version__
from assay.audit.checks import audit_data, write_issues
from assay.audit.result import Audit
from assay.catalogue import ENGLISH, Fact
from assay.data.duplicates import find_seen
from assay.data.reading import describe_facts, describe_reading, find_reading
from assay.data.together import describe_together
from assay.data.trainable import find_rare
from assay.disk import write_whole
from assay.evaluation.caveats import find_near_leaks, find_several_fall
from assay.evaluation.evidence import HELD_OUT, OUT_OF_FOLD
from assay.evaluation.limits import measure_several_limits
from assay.evaluation.scoring import write_predictions
from assay.evaluation.several_choice import SeveralEvidencePredictions, choose_several
from assay.evaluation.several_mistakes import (
    find_missed_pairs,
    find_surprising,
    trace_thresholds,
)
from assay.evaluation.several_rules import judge_several_rule
from assay.evaluation.several_scoring import (
    SeveralScored,
    answers_of,
    score_several_split,
    several_claims,
)
from assay.methods import LABEL_CHECK, METHODS, methods_where
from assay.progress import Progress
from assay.recipes.steps.fit import FittedModel, TrainingSet
from assay.recipes.steps.row_ids import name_surprising, read_row_ids
from assay.recipes.steps.run_facts import describe_machine
from assay.recipes.steps.run_pieces import DrawnMap
from assay.reporting.card import render_card
from assay.reporting.several_report import collect_several, write_several_report

if TYPE_CHECKING:
    from assay.checkpoints.auto import CheckpointChoice
    from assay.evaluation.several_folds import SeveralFoldEvidence
    from assay.recipes.run import Run

__all__ = ["finish_several", "score_several_model"]

SPLITS = ("validation", "test")
ISSUES = "issues.csv"
WHERE = {HELD_OUT: "validation", OUT_OF_FOLD: "train and validation, out of fold"}
METRIC = "macro-f1"  # by which methods are chosen: imbalance is the rule with several labels
SCHEMA_VERSION = 2  # of results.json
REASON = "learns one label per text only, and these have several"


@dataclass(frozen=True)
class _Scored:
    """A trained method with its scores, and what it is judged by.

    Parameters
    ----------
    fitted : FittedModel
    scored : mapping of split to SeveralScored
        Scores of the splits that the saved model was not trained on.
    predictions : SeveralEvidencePredictions
        The predictions for the texts of the evidence.
    out_of_fold : SeveralFoldEvidence, optional
        None where the evidence is validation.
    """

    fitted: FittedModel
    scored: Mapping[str, SeveralScored]
    predictions: SeveralEvidencePredictions
    out_of_fold: SeveralFoldEvidence | None = None

    @property
    def fitted_on(self) -> list[str]:
        """The splits that the saved model was fitted on."""
        if self.out_of_fold is None:
            return ["train"]
        return ["train", "validation"]

    @property
    def evidence(self) -> SeveralScored:
        """The scores that choices are made by."""
        if self.out_of_fold is not None:
            return self.out_of_fold.scored
        return self.scored["validation"]


def score_several_model(
    fitted: FittedModel,
    data: TrainingSet,
    *,
    name: str,
    seed: int,
    progress: Progress,
    language: str = ENGLISH,
    checkpoint_choice: CheckpointChoice | None = None,
    out_of_fold: SeveralScored | None = None,
    measured_terms: np.ndarray | None = None,
) -> dict[str, SeveralScored]:
    """Score a saved model on validation and test; write scores, scope and card into its folder.

    Each text of validation is judged by thresholds that were chosen without it.

    Parameters
    ----------
    fitted : FittedModel
    data : TrainingSet
        With the splits that the model was fitted on; those are not scored.
    name, language : str
        Title and language of the card.
    seed, progress
    checkpoint_choice : CheckpointChoice, optional
        Why the model starts from its checkpoint, for the card.
    out_of_fold : SeveralScored, optional
        Scores of texts by models that did not see them. None: the model did not see validation.
    measured_terms : array, optional
        How the terms of these texts compare with those of other folds: see `measure_limits`.
    """
    from assay.models import record_scores  # loads scikit-learn

    scored = {}
    validation_groups = data.whole.groups[len(data.splits["train"]) :]
    for split in SPLITS:
        if split in data.fitted_on:
            continue
        scored[split] = score_several_split(
            fitted.model,
            data.splits[split],
            seed=seed,
            seen=find_seen(data.splits[split], data.train),
            groups=validation_groups if split == "validation" else None,
            progress=progress,
        )
    claims = several_claims(scored["test"], out_of_fold=out_of_fold)
    manifest, evidence = fitted.model.manifest, out_of_fold or scored["validation"]
    split = "validation" if out_of_fold is None else OUT_OF_FOLD
    measured = measure_several_limits(
        fitted.model, evidence, split=split, measured_terms=measured_terms
    )
    card = render_card(
        {**manifest.to_dict(), "scores": claims, **measured},
        name=name,
        checkpoint_choice=checkpoint_choice,
        language=language,
    )
    record_scores(fitted.folder, claims, measured=measured, card=card, verified=manifest)
    return scored


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
        one = _score(fitted, run)
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
    caveats = _caveats(methods[choice.recommended], audit, choice.metric)
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
        "choice": choice.to_dict(),
        "comparisons": [one.to_dict() for one in choice.comparisons],
        "warnings": [
            *describe_facts([*caveats, *find_rare(splits)]),
            *describe_reading(splits),
        ],
        "data": {**_describe_data(run.data), "audit": audit.summary()},
        "methods": [_describe_method(method, one, run) for method, one in methods.items()],
        "skipped": skipped,
        "timings": _timings(run, methods),
        "machine": describe_machine().to_dict(),
    }
    _write(run, methods, results, audit, text_map, caveats)
    return results


def _caveats(one: _Scored, audit: Audit, metric: str) -> list[Fact]:
    """Return the reasons to read the scores of the recommended method with care."""
    test = one.scored["test"].scores
    fall = find_several_fall(one.evidence.scores, test, metric=metric)
    near = find_near_leaks(
        audit.near_leaks, split="test", n_texts=test.n_texts, fitted_on=one.fitted_on
    )
    return near if fall is None else [fall, *near]


def _audit(run: Run) -> Audit:
    """Look for what is wrong with the data; check labels if the budget has time for that."""
    run.progress.say("auditing the data")
    return audit_data(
        run.data.splits,
        method=None if run.budget.is_spent else LABEL_CHECK,
        seed=run.options.seed,
        progress=run.progress,
    )


def _score(fitted: FittedModel, run: Run) -> _Scored:
    """Score a saved model, and judge it on validation or out of fold."""
    seed, whole = run.options.seed, run.data.whole
    if fitted.folds is None:
        scored = _score_splits(fitted, run, run.data)
        validation, first_row = scored["validation"], len(run.data.train)
        predictions = SeveralEvidencePredictions(
            HELD_OUT,
            validation.truth,
            validation.predicted[None],
            groups=whole.groups[first_row:],
            rows=np.arange(len(validation.truth)) + first_row,
        )
        return _Scored(fitted, scored, predictions)
    from assay.evaluation.several_folds import SeveralFoldEvidence  # loads scikit-learn

    out_of_fold = SeveralFoldEvidence.judge(
        fitted.folds,
        run.folds.texts,
        whole.train,
        run.data.splits.label_set,
        thresholds=answers_of(fitted.model).thresholds.scores,
        is_calibrated=METHODS[fitted.model.method].reads_texts,
        seed=seed,
    )
    scored = _score_splits(fitted, run, whole, out_of_fold=out_of_fold.scored)
    return _Scored(fitted, scored, out_of_fold.predictions, out_of_fold)


def _score_splits(
    fitted: FittedModel, run: Run, data: TrainingSet, *, out_of_fold: SeveralScored | None = None
) -> dict[str, SeveralScored]:
    return score_several_model(
        fitted,
        data,
        name=f"{run.name}-{fitted.model.method}",
        seed=run.options.seed,
        progress=run.progress,
        language=run.options.report_language,
        checkpoint_choice=run.checkpoint.choice,
        out_of_fold=out_of_fold,
        measured_terms=None if out_of_fold is None else run.folds.measured_terms,
    )


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


def _describe_method(method: str, one: _Scored, run: Run) -> Mapping[str, Any]:
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
        },
        "validation": None,
        **{split: scored.to_dict() for split, scored in one.scored.items()},
    }
    label_set = run.data.splits.label_set
    asked = run.options.rule.resolve(label_set)
    if asked is not None:
        split = OUT_OF_FOLD
        if one.out_of_fold is None:
            split = "validation"
        judged = judge_several_rule(asked, {split: one.evidence, "test": one.scored["test"]})
        described["label_rule"] = judged.to_dict(label_set.names)
    return described


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


def _write(
    run: Run,
    methods: Mapping[str, _Scored],
    results: Mapping[str, Any],
    audit: Audit,
    text_map: DrawnMap,
    caveats: Sequence[Fact],
) -> None:
    """Write results, predictions, the report, and the recommended model at the top."""
    labels = run.data.splits.label_set.names
    for method, one in methods.items():
        path = run.root / "predictions" / f"{method}.jsonl.gz"
        write_predictions(path, _records(one, run.data.whole.origins, labels))
    write_whole(run.root / "results.json", _to_json(results))
    recommended = methods[str(results["recommended"])]
    write_issues(audit, run.root / ISSUES, overwrite=True)
    sections = {
        **_sections(recommended, run, audit),
        "caveats": [fact.to_dict() for fact in caveats],
        "map": text_map.with_positions(),
    }
    title = PurePath(run.data.splits.source).name
    report = collect_several(results, sections, title=title)
    write_whole(run.root / "report.json", _to_json(report))
    write_several_report(report, run.root, language=run.options.report_language)
    shutil.copytree(recommended.fitted.model.folder, run.root / "model")


def _sections(recommended: _Scored, run: Run, audit: Audit) -> Mapping[str, Any]:
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


def _records(
    one: _Scored, origins: Sequence[str], labels: Sequence[str]
) -> Iterator[Mapping[str, Any]]:
    """Yield what is written about each text: with its group where it is evidence."""
    if one.out_of_fold is not None:
        yield from one.out_of_fold.records(origins, labels)
    for split, scored in one.scored.items():
        records = scored.records(split, labels)
        if split != "validation":
            yield from records
            continue
        for record, group in zip(records, one.predictions.groups.tolist(), strict=True):
            yield {**record, "group": group}


def _to_json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=True, indent=1) + "\n"
