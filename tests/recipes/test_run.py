"""The whole job on a small data set: what is on disk, where every number comes from, what may choose.

Tests assay.recipes.steps.run_pieces, too: its records have no code of their own.
"""

import gzip
import json
import shutil

import numpy as np
import pytest

from _support.small_models import METHODS, small_data
from _support.small_runs import (
    LABELS,
    SIZES,
    comparable,
    listing,
    read_json,
    recompute,
    write_data,
    write_rows,
)
from assay.data.load import load_data
from assay.errors import InputError
from assay.recipes.run import DrawnMap, RunOptions, run_data
from assay.recipes.steps.prepare import DataOptions
from assay.recipes.verify import verify_model
from assay.runtime import load_model

pytestmark = pytest.mark.slow

CHEAP = ("majority", "linear")
SCORES = {
    "n_texts",
    "accuracy",
    "f1_weighted",
    "f1_macro",
    "intervals",
    "per_class",
    "confusion",
    "log_loss",
    "ece",
    "reliability",
}


def predictions(folder, method):
    """Read the written predictions of a method."""
    with gzip.open(folder / "predictions" / f"{method}.jsonl.gz", "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def test_run_folder_holds_what_the_design_says(five):
    """Section 7 of the design, and nothing else; no file of the work in between stays.

    Calibration and coverage are drawn from 100 texts on, which this run does not have.
    """
    top = {
        "report.md",
        "report_files",
        "report.html",
        "results.json",
        "predictions",
        "report.json",
        "models",
        "model",
        "run.log",
        "issues.csv",
    }
    assert {path.name for path in five.folder.iterdir()} == top
    assert {path.name for path in (five.folder / "models").iterdir()} == set(METHODS)
    assert {path.name for path in (five.folder / "predictions").iterdir()} == {
        f"{m}.jsonl.gz" for m in METHODS
    }
    assert all(path.suffix == ".png" for path in (five.folder / "report_files").iterdir())
    assert {path.stem for path in (five.folder / "report_files").iterdir()} == {
        "leaderboard",
        "class_counts",
        "words_per_text",
        "confusion",
        "growth",
        "training",
        "map",
    }
    assert not [name for name in listing(five.folder) if name.endswith((".partial", ".old"))]
    assert {path.name for path in five.folder.parent.iterdir()} == {"data", "tiny-bert", "run"}


def test_every_model_of_a_run_keeps_texts_where_asked(data, tmp_path):
    """The option reaches each method and the recommended copy."""
    out = tmp_path / "run"
    run_data(data, out, options=RunOptions(folds=None, methods=CHEAP, keep_texts=True))
    train = load_data(data)["train"]
    for folder in (out / "model", *(out / "models" / method for method in CHEAP)):
        assert load_model(folder).nearest([train.texts[0]], n=1)[0][0].text == train.texts[0]


def test_results_have_the_documented_keys(five):
    """The keys of the design, and what comparisons and corrections add, in that order."""
    results = five.results
    assert list(results) == [
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
    assert set(results["data"]) == {
        "source",
        "labels",
        "splits",
        "dropped",
        "mended",
        "corrections",
        "audit",
    }
    assert results["data"]["labels"] == list(LABELS)
    assert {name: part["n_texts"] for name, part in results["data"]["splits"].items()} == SIZES
    assert [row["method"] for row in results["methods"]] == list(METHODS)
    for row in results["methods"]:
        assert list(row) == [
            "method",
            "model",
            "model_bytes",
            "evidence",
            "fitted_on",
            "validation",
            "test",
            "coverage",
        ]
        assert row["model"] == f"models/{row['method']}"
        assert set(row["validation"]) == set(row["test"]) == SCORES
        assert set(row["test"]["intervals"]) == {"accuracy", "f1_weighted", "f1_macro"}
    assert set(results["timings"]) == {*METHODS, "audit_s", "audit_folds_s", "map_s", "total_s"}
    assert all(
        set(results["timings"][method]) == {"fit_s", "folds_s", "predict_texts_per_s"}
        for method in METHODS
    )
    json.dumps(results, allow_nan=False)


def test_fingerprints_are_those_of_the_files(five):
    """The sha256 of a split is over its JSON lines, and is that of the data that was given."""
    splits = load_data(five.data)
    for name, part in five.results["data"]["splits"].items():
        assert part["sha256"] == splits[name].sha256()


@pytest.mark.parametrize("method", METHODS)
def test_scores_are_those_of_the_written_predictions(five, method):
    """Every score of results.json can be computed again from predictions/METHOD.jsonl.gz, here by scikit-learn."""
    row = next(row for row in five.results["methods"] if row["method"] == method)
    records = predictions(five.folder, method)
    assert list(records[0]) == ["split", "row", "label", "predicted_label", "probs", "group"]
    assert list(records[-1]) == ["split", "row", "label", "predicted_label", "probs"]
    for split in ("validation", "test"):
        own = [record for record in records if record["split"] == split]
        assert [record["row"] for record in own] == list(load_data(five.data)[split].lines)
        assert all(
            record["predicted_label"] == LABELS[int(np.argmax(record["probs"]))] for record in own
        )
        expected, found = recompute(own, list(LABELS)), row[split]
        assert (found["n_texts"], found["confusion"]) == (
            expected["n_texts"],
            expected["confusion"],
        )
        for name in ("accuracy", "f1_weighted", "f1_macro"):
            assert found[name] == pytest.approx(expected[name], abs=1e-9), name
        assert found["log_loss"] == pytest.approx(expected["log_loss"], rel=1e-5, abs=1e-7)
        for one, other in zip(found["per_class"], expected["per_class"], strict=True):
            assert {name: one[name] for name in other} == pytest.approx(other)


@pytest.mark.parametrize("method", METHODS)
def test_models_verify_with_their_data(five, method):
    """Each saved folder scores what it says of itself, and that is what results.json says."""
    found = verify_model(five.folder / "models" / method, load_data(five.data))
    assert len(found.claims) == 6
    row = next(row for row in five.results["methods"] if row["method"] == method)
    for claim in found.claims:
        assert claim["found"] == claim["value"] == row[claim["split"]][claim["metric"]]
        assert claim["interval"] == row[claim["split"]]["intervals"][claim["metric"]]


def test_model_is_a_copy_of_the_recommended_one(five):
    """The same bytes in every file, prediction and card alike."""
    source = five.folder / "models" / five.results["recommended"]
    assert listing(source) == listing(five.folder / "model")
    for name in listing(source):
        if (source / name).is_file():
            assert (source / name).read_bytes() == (five.folder / "model" / name).read_bytes()


def test_report_shows_the_numbers_of_the_results(five):
    """The report's leaderboard and verdict are results.json's; its options are those that were given."""
    report = read_json(five.folder / "report.json")
    assert [row["method"] for row in report["leaderboard"]] == list(METHODS)
    for row, result in zip(report["leaderboard"], five.results["methods"], strict=True):
        assert row["test"]["accuracy"] == result["test"]["accuracy"]
    assert report["verdict"]["method"] == five.results["recommended"]
    assert report["mistakes"]["split"] == "validation"
    assert set(report["calibration"]) == set(METHODS) - {"majority"}
    assert set(report["training"]) == {"finetune"}  # so few texts are no epochs of `compact`
    assert all(
        sum(epoch["kept"] for epoch in epochs) == 1 for epochs in report["training"].values()
    )
    assert len(report["map"]["points"]) == SIZES["train"]
    text = (five.folder / "report.md").read_text(encoding="utf-8")
    assert "화남" in text
    assert "LABEL_1" not in text + (five.folder / "report.html").read_text(encoding="utf-8")


def test_log_tells_what_happened_without_texts(five):
    """run.log names methods and counts; no text of the data is in it."""
    log = (five.folder / "run.log").read_text(encoding="utf-8")
    assert all(f"{method}: fitted in" in log for method in METHODS)
    assert not [
        text for part in load_data(five.data).values() for text in part.texts if text in log
    ]


def test_json_and_quiet_print_the_results_and_nothing_else(five):
    """Five methods train, export and draw without one of a dozen libraries writing a line of its own."""
    assert five.done.stderr == ""
    assert json.loads(five.done.stdout) == five.results


@pytest.fixture
def _no_map(monkeypatch):
    """Leave out the map, which is no part of results.json and slow to begin with."""
    monkeypatch.setattr("assay.recipes.run.Run.draw", lambda run: DrawnMap())


@pytest.mark.usefixtures("_no_map")
def test_same_seed_gives_the_same_results_in_another_process(five, tmp_path):
    """results.json is equal outside timings and machine, and so is every prediction."""
    again = run_data(five.data, tmp_path / "r", options=five.options())
    assert again == read_json(tmp_path / "r" / "results.json")
    for one, other in zip(again["methods"], five.results["methods"], strict=True):
        assert one == other
    assert comparable(again) == comparable(five.results)
    for method in METHODS:
        assert predictions(tmp_path / "r", method) == predictions(five.folder, method)


@pytest.mark.usefixtures("_no_map")
def test_test_split_reaches_no_choice(five, tmp_path):
    """With other labels and texts in test, all models, epochs, temperatures and the recommendation stay the same."""
    data = shutil.copytree(five.data, tmp_path / "data")
    texts, labels = small_data(SIZES["test"], seed=99)
    write_rows(data / "test.csv", [f"{text} unheard" for text in texts], labels[::-1])
    out = tmp_path / "r"
    results = run_data(data, out, options=five.options())
    assert results["data"]["splits"]["test"] != five.results["data"]["splits"]["test"]
    assert [row["test"] for row in results["methods"]] != [
        row["test"] for row in five.results["methods"]
    ]
    assert (results["recommended"], results["why"]) == (
        five.results["recommended"],
        five.results["why"],
    )
    assert results["comparisons"] == five.results["comparisons"]
    assert results["more_texts"] == five.results["more_texts"]
    assert (
        read_json(out / "report.json")["training"]
        == read_json(five.folder / "report.json")["training"]
    )
    for one, other in zip(results["methods"], five.results["methods"], strict=True):
        assert one["validation"] == other["validation"]
        manifests = [
            read_json(folder / one["model"] / "assay.json") for folder in (out, five.folder)
        ]
        for manifest in manifests:  # they hold the hashes of the texts of test, for `assay next`
            del manifest["files"]["training_hashes.safetensors"]
        for name in ("files", "temperature", "parameters"):
            assert manifests[0][name] == manifests[1][name], (one["method"], name)


def test_splits_are_cut_from_a_lone_file(tmp_path):
    """A file becomes train, validation and test, seeded and stratified; what was cut verifies from the same file."""
    path = write_rows(tmp_path / "d.jsonl", *small_data(120))
    results = run_data(path, tmp_path / "r", options=RunOptions(folds=None, methods=CHEAP))
    sizes = {name: part["n_texts"] for name, part in results["data"]["splits"].items()}
    assert sizes == {"train": 96, "validation": 12, "test": 12}
    other = run_data(path, tmp_path / "t", options=RunOptions(folds=None, methods=CHEAP, seed=1))
    assert other["data"]["splits"] != results["data"]["splits"]
    assert len(verify_model(tmp_path / "r" / "model", load_data(path)).claims) == 6


def test_max_rows_limits_every_split(data, tmp_path):
    """A stratified sample of each split that is larger; every class is still there."""
    options = RunOptions(folds=None, methods=CHEAP, data=DataOptions(max_rows=25))
    results = run_data(data, tmp_path / "r", options=options)
    sizes = {name: part["n_texts"] for name, part in results["data"]["splits"].items()}
    assert sizes == {"train": 25, "validation": 24, "test": 25}
    assert all(row["n_texts"] for row in results["methods"][0]["test"]["per_class"])


def test_drawn_rows_are_said_on_every_first_screen(tmp_path):
    """Results, report and card: a reader must not think that all texts took part."""
    data = write_rows(tmp_path / "d.jsonl", *small_data(200))
    options = RunOptions(methods=CHEAP, data=DataOptions(max_rows=50), report_language="ko")
    results = run_data(data, tmp_path / "r", options=options)
    assert results["warnings"][0].startswith("only 90 of the 200 texts took part, drawn at random")
    assert results["data"]["splits"]["train"]["drawn_from"] == 160
    assert "drawn_from" not in results["data"]["splits"]["test"]
    korean = (tmp_path / "r/report.html").read_text("utf-8").partition("<section>")[0]
    assert "텍스트 200개 가운데 무작위로 고른 90개만 썼습니다" in korean
    assert "텍스트 180개 가운데 무작위로 고른 것" in (tmp_path / "r/model/README.md").read_text(
        "utf-8"
    )
    whole = run_data(data, tmp_path / "w", options=RunOptions(methods=CHEAP))
    assert not any("took part" in one for one in whole["warnings"])
    assert "drawn_from" not in read_json(tmp_path / "w/model/assay.json")["training_data"]


def test_labels_stand_in_the_order_of_labels_txt(tmp_path):
    """labels.txt, or --labels: in results, models and predictions alike."""
    data = write_data(tmp_path / "d")
    results = run_data(data, tmp_path / "r", options=RunOptions(folds=None, methods=("linear",)))
    assert results["data"]["labels"] == list(LABELS)
    assert [row["label"] for row in results["methods"][0]["test"]["per_class"]] == list(LABELS)
    assert read_json(tmp_path / "r/model/assay.json")["labels"] == list(LABELS)
    (data / "labels.txt").unlink()
    given = [LABELS[2], LABELS[0], LABELS[1]]
    options = RunOptions(folds=None, methods=("linear",), data=DataOptions(labels=given))
    assert run_data(data, tmp_path / "g", options=options)["data"]["labels"] == given


def test_tiny_budget_leaves_out_what_is_dear_and_says_so(data, tmp_path):
    """Nothing but the cheap methods is left of a budget that is spent at once; the report says why."""
    results = run_data(
        data,
        tmp_path / "r",
        options=RunOptions(folds=None, methods=("majority", "linear", "compact"), budget_s=1e-6),
    )
    assert [row["method"] for row in results["methods"]] == ["majority", "linear"]
    assert results["skipped"] == [
        {"method": "compact", "reason": "left out: the budget of 1e-06 s was spent before it began"}
    ]
    assert "left out: the budget" in (tmp_path / "r/report.md").read_text(encoding="utf-8")
    alone = run_data(
        data,
        tmp_path / "alone",
        options=RunOptions(folds=None, methods=("compact",), budget_s=1e-6),
    )
    assert [row["method"] for row in alone["methods"]] == ["compact"]


def test_methods_run_in_order_of_cost_and_once(data, tmp_path):
    """Whatever order they are named in."""
    results = run_data(
        data,
        tmp_path / "r",
        options=RunOptions(folds=None, methods=("linear", "majority", "linear")),
    )
    assert [row["method"] for row in results["methods"]] == ["majority", "linear"]
    assert results["timings"]["map_s"] == 0


def test_majority_alone_is_a_run(data, tmp_path):
    """One method is compared with nothing, recommended, and reported."""
    results = run_data(data, tmp_path / "r", options=RunOptions(folds=None, methods=("majority",)))
    assert results["recommended"] == "majority"
    assert (tmp_path / "r" / "report.html").is_file()


def test_bad_data_costs_nothing(tmp_path):
    """What cannot be trained on is refused before OUT.partial is made."""
    path = write_rows(tmp_path / "d.csv", ["a", "b", "c"], ["x", "x", "x"])
    with pytest.raises(InputError, match=r"too few|one class"):
        run_data(path, tmp_path / "r", options=RunOptions(folds=None, methods=CHEAP))
    assert {path.name for path in tmp_path.iterdir()} == {"d.csv"}
