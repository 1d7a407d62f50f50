"""Typed results: what results.json holds is written from them, and nothing is read back.

This tests `method_result` too.
"""

import json
from dataclasses import replace

import pytest

from assay.audit.shift import ClassShift
from assay.catalogue import Fact
from assay.evaluation.evidence import SHORT_BUDGET
from assay.reporting.collect import collect_report
from assay.reporting.results import SkippedMethod


def test_results_are_json_with_the_documented_keys(results):
    """The keys are in the order of the design."""
    plain = results.to_dict()
    assert list(plain) == [
        "schema_version",
        "assay_version",
        "seed",
        "recommended",
        "why",
        "doubts",
        "choice",
        "warnings",
        "data",
        "methods",
        "comparisons",
        "skipped",
        "checkpoint",
        "more_texts",
        "no_more_texts",
        "timings",
        "machine",
    ]
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_results_hold_sizes_times_and_what_was_skipped(results):
    """Throughput counts all scored texts; a skipped method keeps its reason."""
    skipped = (SkippedMethod("finetune", "left out: no time"),)
    plain = replace(results, skipped=skipped).to_dict()
    assert plain["skipped"] == [{"method": "finetune", "reason": "left out: no time"}]
    n_texts = len(results.splits["validation"]) + len(results.splits["test"])
    assert plain["timings"]["linear"] == {
        "fit_s": 3.2,
        "folds_s": 0.0,
        "predict_texts_per_s": round(n_texts / 0.2, 1),
    }
    assert plain["timings"]["total_s"] == 402.3
    assert [row["model"] for row in plain["methods"]][:2] == ["models/majority", "models/linear"]


def test_results_without_test_show_the_evidence(results):
    """The shown split is test where there is one, else what the choice rests on."""
    assert results.shown_split == "test"
    methods = tuple(replace(one, scored={"validation": one.evidence}) for one in results.methods)
    assert replace(results, methods=methods).shown_split == "validation"
    assert results.recommended.method == results.choice.recommended


def test_scores_of_the_texts_that_say_more_come_first(results):
    """Below a hundred test texts beside twice as many of the evidence: in caveats, too."""
    few = range(60)
    methods = []
    for one in results.methods:
        test = one.scored["test"]
        scores = replace(test.scores, n_texts=len(few))
        small = replace(test, labelled=test.labelled.take(few), scores=scores, n_leaked=1)
        methods.append(replace(one, scored={**one.scored, "test": small}))
    found = replace(results, methods=tuple(methods))
    assert (results.shown_split, found.shown_split) == ("test", "validation")
    evidence = found.recommended.evidence.scores
    report = collect_report(found)
    assert report["verdict"]["leads_with_evidence"]
    assert report["verdict"]["accuracy"] == evidence.accuracy
    assert report["verdict"]["n_texts"] == evidence.n_texts
    assert report["classes"]["split"] == report["confusion"]["split"] == "validation"
    warnings = " ".join(found.warnings())
    assert "60 test texts say little" in warnings
    assert "1 of 60 test texts also occurs in train" in warnings
    assert not collect_report(results)["verdict"]["leads_with_evidence"]


@pytest.mark.parametrize("accuracy", [None, 0.3])
def test_evidence_promises_nothing_where_test_is_below_it(results, accuracy):
    """The next sentence told to expect of new texts what test had just not kept."""
    methods = []
    for one in results.methods:
        test = one.scored["test"]
        reached = one.evidence.scores.accuracy if accuracy is None else accuracy
        scores = replace(test.scores, n_texts=60, accuracy=reached)
        small = replace(test, labelled=test.labelled.take(range(60)), scores=scores)
        methods.append(replace(one, scored={**one.scored, "test": small}))
    found = replace(results, methods=tuple(methods))
    warnings = " ".join(found.warnings())
    assert ("60 test texts say little" in warnings) == (accuracy is None)
    assert ("test is below what" in " ".join(found.doubts())) == (accuracy is not None)
    assert ("test is below what the evidence promised" in warnings) == (accuracy is not None)
    assert ("expect about that of new texts" in warnings) == (accuracy is None)


def test_accuracy_that_misleads_and_rare_labels_are_doubts(results):
    """With 99 texts of one label per text of the other, nothing was doubted."""
    assert not any("accuracy misleads" in one for one in results.doubts())
    methods = []
    for one in results.methods:
        test = one.scored["test"]
        first, *others = test.scores.per_class
        rows = (replace(first, n_texts=4, f1=0.1), *others)
        scores = replace(test.scores, per_class=rows, accuracy=0.9, f1_macro=0.5)
        methods.append(replace(one, scored={**one.scored, "test": replace(test, scores=scores)}))
    found = replace(results, methods=tuple(methods))
    assert any("accuracy misleads here" in one for one in found.doubts())
    assert not any("rests on few texts" in one for one in found.doubts())
    by_macro = replace(found, choice=replace(found.choice, metric="macro-f1"))
    assert any("rests on few texts of a label" in one for one in by_macro.doubts())
    assert set(by_macro.doubts()) <= {*by_macro.warnings(), *by_macro.choice.remarks}


def test_classes_of_the_evidence_that_are_not_those_of_train_are_a_caveat(results):
    """Validation without a label says nothing of it, and methods are chosen on validation."""
    shift = ClassShift("validation", "train", 0.33, 1e-9, "sadness", 0.0, 0.33)
    audit = replace(results.audit, class_shifts=(shift, replace(shift, p_value=0.5)))
    (said,) = [one for one in replace(results, audit=audit).warnings() if "Classes of" in one]
    assert "Classes of validation are not those of train: 'sadness' is 0.0% of it" in said


def test_a_training_that_the_budget_cut_is_a_caveat(results):
    """Its low scores say little of the method; the table of epochs alone showed it."""
    assert not any("budget" in one for one in results.warnings())
    *others, last = results.methods
    assert not replace(last, history=[{"epoch": 1}, {"epoch": 2.0}]).cut_short()
    cut = replace(last, history=[{"epoch": 1}, {"epoch": 1.4}])
    said = [one for one in replace(results, methods=(*others, cut)).warnings() if "budget" in one]
    assert said == [
        f"the budget ended the training of {last.method} in its epoch 2: with more time it may be "
        "better than it looks here."
    ]


def test_a_budget_that_is_too_short_for_folds_is_a_caveat(results):
    """Nothing but the progress said that a choice rested on 24 texts of 240 for want of time."""
    assert not any("too short for folds" in one for one in results.warnings())
    *others, last = results.methods
    methods = [*others, replace(last, note=SHORT_BUDGET)]
    (said,) = [
        one for one in replace(results, methods=tuple(methods)).warnings() if "for folds" in one
    ]
    n_texts = last.evidence.scores.n_texts
    assert said == (
        f"the budget was too short for folds: {last.method} was judged on "
        f"{n_texts:,} validation texts alone, which say little. With more time all texts of "
        "train take part."
    )


def test_a_checkpoint_that_reads_the_texts_badly_is_a_caveat(results):
    """The report says it, and not the terminal alone."""
    values = {"checkpoint": "minilm", "unknown": 0.03, "per_character": 1.1}
    fact = Fact("checkpoint.reads_badly", values)
    *others, last = replace(results, checkpoint_caveat=fact).warnings()
    assert others == results.warnings()
    assert last == (
        "minilm reads these texts badly: 3% of the tokens are unknown, 1.1 tokens per character; "
        "--checkpoint e5 reads about 100 languages"
    )
