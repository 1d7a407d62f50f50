"""docs/json.md is true: its tables and examples are held against what the program prints and writes."""

from __future__ import annotations

import csv
import gzip
import json
import re
import shutil
import signal
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest
import typer.main
from typer.testing import CliRunner

from _support import forks
from _support.documents import read_shapes
from _support.loopback_hub import LoopbackHub, hub_environment
from _support.made_up_scores import LABELS as MADE_UP
from _support.made_up_scores import made_up_split
from _support.server_runs import running
from _support.small_runs import LABELS, read_json, run_assay, shared_run, write_rows
from assay.audit.checks import audit_data, write_issues
from assay.cli.app import app
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts
from assay.evaluation.coverage_report import describe_coverage
from assay.evaluation.label_rules import AskedRule, judge_rule
from assay.evaluation.metrics import score_predictions
from assay.evaluation.scoring import ScoredSplit
from assay.runtime.limits.abstain import AbstainRule

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "json.md").read_text(encoding="utf-8")
PRIMITIVES = {"string": str, "boolean": bool, "null": type(None), "object": dict, "array": list}


SHAPES = read_shapes(PAGE)
seen: dict[str, set[str]] = {name: set() for name in SHAPES}


def problems_of(value, kind, where="", *, is_whole=True):
    """List where a value is not of a documented type; note in `seen` which keys were met."""
    kind = kind.removesuffix(", optional")
    if kind == "any":
        return []
    if kind.startswith("map of ") or kind.startswith("array of "):
        is_map = kind.startswith("map of ")
        if not isinstance(value, dict if is_map else list):
            return [f"{where}: {type(value).__name__} is no {kind}"]
        items = value.items() if is_map else enumerate(value)
        inner = kind.partition(" of ")[2].strip("()")
        return [
            p
            for key, item in items
            for p in problems_of(item, inner, f"{where}.{key}", is_whole=is_whole)
        ]
    if " or " in kind:
        found = [problems_of(value, one, where, is_whole=is_whole) for one in kind.split(" or ")]
        return min(found, key=len)
    if kind in SHAPES:
        return shape_problems(value, kind, where, is_whole=is_whole)
    if kind in ("integer", "number"):
        is_right = isinstance(value, int if kind == "integer" else int | float) and not isinstance(
            value, bool
        )
    else:
        is_right = isinstance(value, PRIMITIVES[kind])
    return [] if is_right else [f"{where}: {value!r} is no {kind}"]


def shape_problems(value, name, where, *, is_whole):
    """List what is wrong with an object: keys that are not documented, keys that lack, values of other types."""
    if not isinstance(value, dict):
        return [f"{where}: {type(value).__name__} is no {name}"]
    keys, problems = SHAPES[name], []
    for key, item in value.items():
        documented = (
            key
            if key in keys
            else next((k for k in sorted(keys, key=len)[::-1] if fnmatchcase(key, k)), None)
        )
        if documented is None:
            problems.append(f"{where}.{key}: not in the table of {name}")
            continue
        seen[name].add(documented)
        problems += problems_of(item, keys[documented], f"{where}.{key}", is_whole=is_whole)
    if is_whole:
        problems += [
            f"{where}.{key}: missing"
            for key, kind in keys.items()
            if key not in value and not kind.endswith(", optional")
        ]
    return problems


@pytest.fixture(scope="module")
def five(tmp_path_factory):
    """Run all five methods, once per session."""
    return shared_run(tmp_path_factory)


@pytest.fixture
def invoke(monkeypatch):
    """Call `assay ARGS --json`; return what it printed, line by line."""
    monkeypatch.setenv("ASSAY_THREADS", "1")

    def call(*args, stdin=None):
        done = CliRunner().invoke(
            app, [*map(str, args), "--json", "--quiet"], input=stdin, prog_name="assay"
        )
        assert done.stderr == ""
        return [json.loads(line) for line in done.stdout.splitlines()]

    return call


def test_page_has_tables_and_examples_for_every_command():
    """Each command has a part of its own; every type that a table names is a primitive or has a table."""
    headings = " ".join(re.findall(r"^## (.*)$", PAGE, flags=re.MULTILINE))
    assert not [
        name for name in typer.main.get_command(app).commands if f"assay {name}" not in headings
    ]
    known = {*PRIMITIVES, *SHAPES, "integer", "number", "any"}
    for name, keys in SHAPES.items():
        assert keys, name
        for kind in keys.values():
            words = re.sub(r"(, optional$)|(\b(array|map) of )|[()]", "", kind).split(" or ")
            assert set(words) <= known, (name, kind)


def test_examples_are_what_the_tables_say():
    """Examples may be cut short, but hold nothing that the table above them does not know."""
    parts = re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]
    examples = [
        (part.split("\n")[0].strip(), text)
        for part in parts
        for text in re.findall(r"```json\n(.*?)```", part, re.S)
    ]
    assert len(examples) >= 15
    for name, text in examples:
        assert problems_of(json.loads(text), name, name, is_whole=False) == []


def with_rule(model, out):
    """Copy a model, and let it abstain."""
    shutil.copytree(model, out)
    manifest = read_json(out / "assay.json")
    rule = AbstainRule(threshold=0.3)
    (out / "assay.json").write_text(
        json.dumps({**manifest, "abstain": rule.to_dict()}), encoding="utf-8"
    )
    return out


def write_leaky(folder):
    """Write data of which some test and validation texts are in train too, with another column."""
    folder.mkdir()
    texts, labels = (
        [f"{'not a ' * (i % 2)}text number {i}" for i in range(40)],
        ["joy", "sadness"] * 20,
    )
    for split, first in (("train", 0), ("validation", 16), ("test", 18)):
        rows = [f"{texts[i]},{labels[i]},T{i}\n" for i in range(first, first + 20)]
        rows += [",joy,left out\n", "mended,joy ,mended\n"]
        (folder / f"{split}.csv").write_text("text,label,ticket\n" + "".join(rows))
    return folder


def write_templates(path):
    """Write texts of two templates, which are nearly the same as each other."""
    said = {"joy": "the parcel of order {} came early, thank you", "sadness": "order {} is lost"}
    rows = [f'"{said[label].format(i)}",{label}\n' for i in range(150) for label in said]
    path.write_text("text,label\n" + "".join(rows), encoding="utf-8")
    return path


def write_coverage(path):
    """Write the coverage of scores that reach every target, which the small run's do not."""
    label_ids = np.repeat([0, 1], 500)
    probs = np.eye(2)[label_ids] * 0.98 + 0.01
    labels = LabelSet(("joy", "sadness"))
    names = tuple(labels[i] for i in label_ids)
    part = LabelledTexts(("a text",) * 1000, names, tuple(range(1, 1001)))
    scored = ScoredSplit(
        part, label_ids, probs, score_predictions(label_ids, probs, labels, seed=0), 0.1
    )
    path.write_text(
        json.dumps(describe_coverage({"validation": scored, "test": scored})), encoding="utf-8"
    )
    return path


def write_rule(path):
    """Write the outcome of a threshold; the small run needs none."""
    scored = {"validation": made_up_split(300, seed=1, skill=1.5)}
    outcome = judge_rule(AskedRule(MADE_UP.names, min_recall={"joy": 0.9}), scored)
    path.write_text(json.dumps(outcome.to_dict(MADE_UP.names)), encoding="utf-8")
    return path


def write_costs(path):
    """Write a file in which every mistake on the small data costs the same."""
    costs = {one: {other: 1 for other in LABELS if other != one} for one in LABELS}
    path.write_text(json.dumps(costs), encoding="utf-8")
    return path


def write_announcement(model, path):
    """Write what a server says when it begins."""
    with running(model) as server:
        path.write_text(server.announcement, encoding="utf-8")
    return path


def accept_one(data, path):
    """Audit data and accept another label for the first row of what is found; return the file."""
    write_issues(audit_data(data, method=None), path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    first = rows[0]
    others = {"joy", "sadness"} - {first["label"]}
    rows[0] = {**first, "kind": "wrong_label", "proposed_label": min(others), "accept": "yes"}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, first)
        writer.writeheader()
        writer.writerows(rows)
    return path


def pages_cases(name, args, tmp_path):
    """Start a command that serves a page, end it, and yield both objects that it prints."""
    python = str(forks.shared.python)
    command = [python, "-m", "assay", *map(str, args), "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        printed = {"PageAddress": address, name: process.communicate(timeout=60)[0]}
    for shape, line in printed.items():
        path = tmp_path / f"{name}-{shape}.json"
        path.write_text(line, encoding="utf-8")
        yield shape, path


def cases(five, tmp_path):
    """Yield shape, what it is held against, and where that comes from: every command, every file."""
    model, run = five.folder / "models" / "linear", five.folder
    bad = write_rows(tmp_path / "bad.csv", ["a text", ""], ["joy", "sadness"])
    rejected = tmp_path / "r.csv"
    rejected.write_text("text,id\ngood day,1\nragged,2,3\n", encoding="utf-8")
    blank = write_rows(tmp_path / "blank.csv", [*["good day"] * 9, " "], ["joy"] * 10)
    yield "Error", ["explore", bad, "--text-column", "txt"]
    yield "Error", ["explore", "--unknown"]
    yield (
        "Exploration",
        ["explore", five.data, "--checkpoint", five.checkpoint, "--out", tmp_path / "figures"],
    )
    yield "Exploration", ["explore", blank]
    yield "Tokens", ["tokens", "a good day", "--checkpoint", five.checkpoint]
    yield "EmbeddedText", ["embed", "a good day", "--checkpoint", five.checkpoint]
    yield (
        "EmbeddedData",
        ["embed", five.data, "--checkpoint", five.checkpoint, "--out", tmp_path / "f.npz"],
    )
    yield (
        "Map",
        [
            "map",
            five.data,
            "--checkpoint",
            five.checkpoint,
            "--split",
            "test",
            "--out",
            tmp_path / "m.html",
        ],
    )
    yield "Trained", ["train", five.data, "--method", "majority", "--out", tmp_path / "majority"]
    yield "Evaluation", ["evaluate", model, five.data]
    leaky = write_leaky(tmp_path / "leaky")
    yield "Trained", ["train", leaky, "--method", "majority", "--out", tmp_path / "leaky-model"]
    yield "Manifest", ["info", tmp_path / "leaky-model"]
    thrifty, costs = tmp_path / "thrifty", write_costs(tmp_path / "costs.json")
    train = ["train", five.data, "--method", "linear", "--out", thrifty, "--cost", costs]
    yield "Trained", train
    yield "Manifest", ["info", thrifty]
    yield "Evaluation", ["evaluate", thrifty, five.data]
    yield "RuleOutcome", write_rule(tmp_path / "rule.json")
    yield "Verification", ["verify", tmp_path / "leaky-model", leaky]
    yield "Evaluation", ["evaluate", tmp_path / "leaky-model", leaky]
    templates, judged = write_templates(tmp_path / "templates.csv"), tmp_path / "judged"
    train = ["train", templates, "--method", "linear", "--target-accuracy", "0.5", "--out", judged]
    yield "Trained", train
    written = tmp_path / "templates"
    yield "Results", ["run", templates, "--methods", "linear", "--out", written]
    yield "Manifest", ["info", written / "model"]
    yield "Verification", ["verify", written / "model", templates]
    named = tmp_path / "named"
    run_args = ["--methods", "majority", "--id-column", "ticket", "--out", named]
    yield "Results", ["run", leaky, *run_args]
    yield "RunPrediction", named / "predictions" / "majority.jsonl.gz"
    drawn = ["--methods", "majority", "--max-rows", "60", "--out", tmp_path / "drawn"]
    yield "Results", ["run", five.data, *drawn]
    yield "Manifest", ["info", tmp_path / "drawn" / "model"]
    yield "Evaluation", ["evaluate", with_rule(model, tmp_path / "abstains"), five.data]
    yield "Coverage", write_coverage(tmp_path / "coverage.json")
    yield "Prediction", ["predict", model, five.data / "test.csv"]
    yield "Prediction", ["predict", model, rejected, "--top-k", "2"]
    yield "Prediction", ["predict", model, rejected, "--abstain-below", "0.9", "--scope"]
    yield "PredictionSummary", ["predict", model, rejected, "--out", tmp_path / "p.csv"]
    yield "RejectedRow", tmp_path / "p.csv.rejected.jsonl"
    yield "Explanation", ["explain", model, "a good day"]
    kept = tmp_path / "kept"
    yield "Trained", ["train", five.data, "--method", "majority", "--keep-texts", "--out", kept]
    yield "Manifest", ["info", kept]
    yield "Explanation", ["explain", kept, "a good day", "--nearest", "2"]
    yield "Pushed", ["push", kept, "mood", "--dry-run"]
    copy = tmp_path / "copy"
    yield (
        "Export",
        ["export", run / "models/compact", "--format", "onnx", "--out", copy, "--data", five.data],
    )
    yield "Manifest", ["info", copy]
    yield "Verification", ["verify", model, five.data]
    yield "RunComparison", ["compare", run]
    two = [run / "models/majority", run / "models/linear"]
    yield "ModelComparison", ["compare", *two, five.data]
    yield "WrittenReport", ["report", run, "--out", tmp_path / "report.md"]
    yield "Audit", ["audit", five.data, "--method", "none"]
    yield "Audit", ["audit", five.data, "--method", "none", "--out", tmp_path / "issues.csv"]
    yield "NextTexts", ["next", model, rejected, "-n", "1", "--out", tmp_path / "next.csv"]
    pool = ["label", rejected, "--labels", "joy,sadness", "--out", tmp_path / "labelled.jsonl"]
    yield from pages_cases("Labelled", pool, tmp_path)
    twice = ["good day", "good day", "other day", "yet one", "fine rain", "the sun"]
    suspect = write_rows(tmp_path / "twice.csv", twice, ["joy", "sadness"] * 3)
    decisions = accept_one(suspect, tmp_path / "accepted.csv")
    yield "Fixed", ["fix", suspect, "--decisions", decisions, "--out", tmp_path / "fixed.csv"]
    review = ["review", suspect, "--out", tmp_path / "decisions.csv"]
    yield from pages_cases("Reviewed", review, tmp_path)
    yield "Serving", write_announcement(model, tmp_path / "serving.json")
    yield "Cache", ["cache"]
    yield "Cache", ["cache", "clear"]
    yield "Results", run / "results.json"
    yield "Report", run / "report.json"
    for method in ("majority", "linear", "compact", "features", "finetune"):
        yield "Manifest", ["info", run / "models" / method]
        yield "Manifest", run / "models" / method / "assay.json"
        yield "RunPrediction", run / "predictions" / f"{method}.jsonl.gz"


def hub_cases(model, tmp_path):
    """Yield the same of the commands that talk to the Hub, in processes that talk to one on loopback."""
    calls = {
        "Login": ["login"],
        "Pushed": ["push", model, "mood"],
        "Pulled": ["pull", "me/mood", "--out", tmp_path / "pulled"],
        "DatasetMatches": ["datasets"],
    }
    with LoopbackHub({"acme/news": {"train.csv": b""}}, tokens={"hf_w": ("me", "write")}) as hub:
        for name, args in calls.items():
            done = run_assay(
                *args, "--json", env=hub_environment(hub.url, tmp_path / "home", token="hf_w")
            )
            assert done.returncode == 0, done.stdout
            (tmp_path / f"{name}.json").write_text(done.stdout, encoding="utf-8")
            yield name, tmp_path / f"{name}.json"


def read_objects(path):
    """Read a JSON file, or the lines of a JSON Lines file."""
    if ".jsonl" not in path.suffixes:
        return [read_json(path)]
    text = (
        gzip.decompress(path.read_bytes()).decode("utf-8")
        if path.suffix == ".gz"
        else path.read_text(encoding="utf-8")
    )
    return [json.loads(line) for line in text.splitlines()]


# Keys that other tests hold against the page: Ray takes long to start, and a large vocabulary long
# to train.
ELSEWHERE = {
    "DatasetSummary",
    # tests/recipes/test_run_several.py
    "ThresholdRule",
    "Vocabulary",
    # tests/recipes/test_evaluate_known_file.py
    "UnseenScores",
    # tests/recipes/test_run_several.py
    "LabelScores",
    "SeveralChoice",
    "SeveralData",
    "SeveralDifference",
    "SeveralEvidence",
    "SeveralMethod",
    "SeveralResults",
    "SeveralRunComparison",
    "SeveralScores",
    # tests/cli/test_several_labels.py
    "MetricDifference",
    "SeveralComparedModel",
    "SeveralEvaluation",
    "SeveralModelComparison",
    "SeveralSlice",
    "SeveralUnseen",
}
# Keys that this data set and this test have no cause to write.
NOT_MET = {
    "Skipped": {"method", "reason"},
    "Explanation": {"predicted_labels"},
    "MethodResult": {"label_rule"},
    "Claim": {"near_duplicates"},  # as in RecordedScore, where validation has 800 texts
    # tests/recipes/test_run_several.py
    "Manifest": {"min_labels", "threshold_rule"},
    "StarvedLabel": {"label", "n_texts", "recall", "gain", "low", "high"},
    "DroppedRow": {"split", "line", "reason"},
    "Scores": {"mean_absolute_error", "quadratic_weighted_kappa"},
    "LabelSpelling": {"label", "n_texts", "proposed_label", "kind"},
    "MendedRows": {"split", "kind", "reason", "n_rows", "lines"},
    "TrainingData": {"corrections", "texts_sha256", "language", "fitted_on", "reading"},
    "RunPrediction": {"fold", "repeat"},
    # tests/cli/test_several_labels.py
    "Neighbour": {"labels"},
    # tests/recipes/test_evaluate_known_file.py
    "SliceScores": {"unseen"},
    "AnsweredRow": {"unseen"},
    "Mistake": {"trained_on"},
    "Confusion": {"n_unseen"},
    # tests/recipes/test_map_by_model.py
    "Map": {"n_trained_on", "n_other_unseen"},
    # tests/batch/test_blank_rows.py, tests/batch/test_unseen_scripts.py
    "PredictionSummary": {"n_blank", "blank_lines", "blank_ids", "unseen_scripts"},
    "RejectedRow": {"id"},
    # tests/cli/test_looking.py
    "FirstRow": {"id"},
}


def test_every_heading_stands_once():
    """Of two tables of one name only the last would be held to be true."""
    headings = re.findall(r"^##+ .+$", PAGE, flags=re.MULTILINE)
    assert len(headings) == len(set(headings))


@pytest.mark.slow
def test_everything_that_is_written_is_in_the_tables(invoke, five, tmp_path, monkeypatch):
    """No object has a key that the page lacks, none lacks a key that the page promises, all types are right.

    And the page tells of nothing that is not there: every key of every table was met.
    """
    # What is laid out where is no part of what the map prints.
    monkeypatch.setattr("assay.maps.points.project", lambda features, *, seed: features[:, :2])
    problems = problems_of(json.loads(five.done.stdout), "Results", "assay run")
    for name, source in [*cases(five, tmp_path), *hub_cases(five.folder / "model", tmp_path)]:
        where = source.name if isinstance(source, Path) else " ".join(map(str, source[:1]))
        objects = read_objects(source) if isinstance(source, Path) else invoke(*source)
        assert objects, source
        assert where == "predict" or len(objects) == 1 or isinstance(source, Path)
        problems += [
            problem for one in objects for problem in problems_of(one, name, f"{where} ({name})")
        ]
    assert not problems, "\n".join(sorted(set(problems))[:40])
    unmet = {
        name: set(keys) - seen[name] - NOT_MET.get(name, set())
        for name, keys in SHAPES.items()
        if name not in ELSEWHERE
    }
    assert {name: keys for name, keys in unmet.items() if keys} == {}
