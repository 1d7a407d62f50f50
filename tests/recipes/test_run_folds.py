"""A run whose methods are judged out of fold: what is fitted on what, written, compared, verified."""

import gzip
import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from _support.small_runs import SIZES, read_json, write_data, write_rows
from assay.cli.app import app
from assay.data.load import load_data
from assay.errors import InputError
from assay.recipes.compare import compare_run
from assay.recipes.evaluate import evaluate_model
from assay.recipes.report import write_report_file
from assay.recipes.run import RunOptions, run_data
from assay.recipes.verify import verify_model
from assay.runtime import load_model
from assay.runtime.limits.abstain import choose_rule

METHODS = ("majority", "linear")
N_TEXTS = SIZES["train"] + SIZES["validation"]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """One run of two methods."""
    root = tmp_path_factory.mktemp("folds")
    run_data(write_data(root / "data"), root / "run", options=RunOptions(methods=METHODS))
    return root


@pytest.fixture(scope="module")
def results(root):
    """What it measured."""
    return read_json(root / "run" / "results.json")


def test_the_evidence_is_out_of_fold(results):
    """Ninety texts, five folds, five times over; validation was trained on and has no scores."""
    assert results["schema_version"] == 2
    for row in results["methods"]:
        evidence = row["evidence"]
        assert evidence["kind"] == "out_of_fold"
        assert (evidence["n_texts"], evidence["n_folds"]) == (N_TEXTS, 5)
        assert evidence["n_repeats"] == 5
        assert row["fitted_on"] == ["train", "validation"]
        assert row["validation"] is None
        assert row["test"]["n_texts"] == SIZES["test"]
    assert results["choice"]["remarks"][0] == (
        "Chosen on 90 texts of train and validation, each labelled by models that were fitted "
        "without it (5 folds, 5 times over). The saved models are fitted on all of these, where "
        "`assay train` fits on train alone, unless it is given a rule such as `--min-recall`."
    )


def test_the_saved_model_knows_train_and_validation(root):
    """Its temperature, curve and scope come from the predictions out of fold."""
    manifest = load_model(root / "run" / "models" / "linear").manifest
    assert manifest.training_data["n_texts"] == N_TEXTS
    assert manifest.training_data["fitted_on"] == ["train", "validation"]
    assert manifest.temperature != 1
    assert manifest.coverage_curve["split"] == "out_of_fold"
    assert manifest.scope["n_texts"] == N_TEXTS
    assert {score["split"] for score in manifest.scores} == {"out_of_fold", "test"}


@pytest.mark.parametrize("name", ["report.md", "report.html"])
def test_the_report_counts_the_texts_of_the_curve(root, results, name):
    """A model of the curve leaves a fold out: a quarter, a half and all are not those of 90 texts."""
    report = (root / "run" / name).read_text(encoding="utf-8")
    points = results["more_texts"]["curves"][0]["points"]
    assert [point["n_texts"] for point in points] == [18, 36, 72]
    assert "cheap methods that were fitted on 18, 36 and 72 texts." in report
    assert "leaves the texts of a fold out, so that none has all 90." in report


def test_predictions_carry_their_fold(root):
    """Every text once for each division, then test."""
    with gzip.open(root / "run" / "predictions" / "linear.jsonl.gz", "rt", encoding="utf-8") as f:
        records = [json.loads(line) for line in f]
    folded = [one for one in records if "fold" in one]
    assert len(folded) == 5 * N_TEXTS
    assert {one["fold"] for one in folded} == set(range(5))
    assert sum(one["split"] == "validation" for one in folded) == 5 * SIZES["validation"]
    assert [one["split"] for one in records[len(folded) :]] == ["test"] * SIZES["test"]


def test_accuracy_is_that_of_the_written_predictions(root, results):
    """Over all divisions."""
    with gzip.open(root / "run" / "predictions" / "linear.jsonl.gz", "rt", encoding="utf-8") as f:
        records = [json.loads(line) for line in f]
    right = [one["label"] == one["predicted_label"] for one in records if "fold" in one]
    linear = next(row for row in results["methods"] if row["method"] == "linear")
    assert linear["evidence"]["accuracy"] == pytest.approx(np.mean(right))


def test_compare_chooses_as_the_run_did(root, results):
    """From the written predictions alone."""
    choice = compare_run(root / "run").choice
    assert json.loads(json.dumps(choice.to_dict())) == results["choice"]


def test_compare_shows_the_evidence_of_the_run(root, results):
    """The mean over all draws of folds, although the paired test counts each text once."""
    shown = CliRunner().invoke(app, ["compare", str(root / "run")]).stdout
    for row in results["methods"]:
        line = next(one for one in shown.splitlines() if f" {row['method']} " in one)
        assert f" {row['evidence']['accuracy']:.1%} " in line


def test_verify_scores_again_what_the_folder_can_score(root):
    """Test alone: the texts of the evidence were trained on."""
    data = load_data(root / "data")
    verified = verify_model(root / "run" / "model", data)
    assert {claim["split"] for claim in verified.claims} == {"test"}


def test_evaluating_on_trained_texts_is_said(root):
    """Validation was trained on, so that no text is left to measure anything but memory on."""
    found = evaluate_model(root / "run" / "model", load_data(root / "data"), split="validation")
    assert found.scored.n_leaked == SIZES["validation"]
    assert found.scored.without_leaks is None


def test_report_shows_the_evidence(root, tmp_path):
    """In place of validation, also when it is written again."""
    page = (root / "run" / "report.md").read_text(encoding="utf-8")
    assert "5 folds, 5 times over" in page
    write_report_file(root / "run", tmp_path / "again.md")
    assert "5 folds, 5 times over" in (tmp_path / "again.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("language", "chosen_on", "wrong"),
    [
        ("en", "folds of train and validation", "on validation"),
        ("ko", "훈련·검증 데이터의 폴드", "검증 데이터에"),
    ],
)
def test_report_calls_no_fold_validation(root, tmp_path, language, chosen_on, wrong):
    """The temperature, the thresholds and the mistakes are of texts of train and validation."""
    out = tmp_path / "report.md"
    write_report_file(root / "run", out, language=language)
    text = out.read_text(encoding="utf-8")
    calibration, coverage = (
        text.partition(f"## {heading}")[2].partition("## ")[0]
        for heading in {"en": ("Calibration", "Risk"), "ko": ("보정", "위험")}[language]
    )
    assert chosen_on in calibration
    assert coverage.count(chosen_on) == 2
    assert wrong not in calibration + coverage


def test_report_names_a_target_that_can_be_reached(root, tmp_path):
    """The flag that the report names is accepted by the model beside it."""
    out = tmp_path / "report.md"
    write_report_file(root / "run", out)
    flag = re.search(r"--target-accuracy ([0-9.]+)", out.read_text(encoding="utf-8"))
    if flag is None:
        pytest.fail("no target is named")
    curve = load_model(root / "run" / "model").coverage_curve
    assert choose_rule(curve, target_accuracy=float(flag[1])).target_accuracy == float(flag[1])


def test_a_target_out_of_reach_asks_for_texts_of_no_split(root):
    """The message calls the texts what a reader knows them by."""
    curve = load_model(root / "run" / "models" / "majority").coverage_curve
    with pytest.raises(InputError, match="texts of train and validation \\(out of fold") as caught:
        choose_rule(curve, target_accuracy=0.999)
    assert caught.value.hint.startswith("aim lower, or train with more texts: ")


def test_nothing_of_the_work_in_between_stays(root):
    """The folds' predictions were kept for a resumed run only."""
    assert not (root / "run" / "folds").exists()


def test_four_texts_per_class_are_run(tmp_path):
    """The least that can be cut into three splits."""
    texts = [f"{word} {i}" for word in ("up", "down") for i in range(4)]
    data = write_rows(tmp_path / "d.csv", texts, ["a"] * 4 + ["b"] * 4)
    results = run_data(data, tmp_path / "run", options=RunOptions(methods=METHODS))
    assert results["methods"][1]["evidence"]["kind"] == "out_of_fold"
    assert "With 6 texts chance moves the scores" in results["choice"]["remarks"][-1]


def test_repeats_of_one_text_per_class_are_judged_on_validation(tmp_path):
    """Folds would lack a class: the reader is told why there are none."""
    for split in ("train", "validation", "test"):
        write_rows(tmp_path / f"{split}.csv", ["up"] * 9 + ["down"] * 9, ["a"] * 9 + ["b"] * 9)
    results = run_data(tmp_path, tmp_path / "run", options=RunOptions(methods=METHODS))
    evidence = results["methods"][1]["evidence"]
    assert evidence["kind"] == "held_out"
    assert evidence["note"].startswith("judged on validation alone, because there is 1 class in")
    (said,) = [one for one in results["warnings"] if one.startswith("no folds")]
    assert said.startswith(
        "no folds could be made of these texts: majority, linear were judged on "
    )
    assert said.endswith("18 validation texts alone, which say less.")
