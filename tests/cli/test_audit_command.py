"""`assay audit`, and its file in `assay run` and `assay train`."""

from __future__ import annotations

import csv
import json

import pytest

from _support.small_models import small_data
from _support.small_runs import write_rows


@pytest.fixture
def flipped(tmp_path):
    """Write a CSV of easy texts, some labelled wrongly and one of them twice; return its path."""
    texts, labels = small_data(120, labels=("joy", "sadness"), seed=0)
    texts = [f"{text} number {i}" for i, text in enumerate(texts)]
    labels[:8] = [{"joy": "sadness", "sadness": "joy"}[label] for label in labels[:8]]
    return write_rows(tmp_path / "tweets.csv", [*texts, texts[20]], [*labels, labels[20]])


def accept(path, *, split="train", n=3):
    """Write yes beside the first suspects of a split; return them."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    chosen = [row for row in rows if (row["kind"], row["split"]) == ("wrong_label", split)][:n]
    for row in chosen:
        row["accept"] = "yes"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return chosen


def test_audit_shows_counts_suspects_and_times(invoke, flipped, tmp_path):
    """The summary fits a terminal: kinds, most suspect labels, shift, both times, where the rows went."""
    done = invoke("audit", flipped, "--out", tmp_path / "issues.csv", "--quiet")
    assert done.exit_code == 0
    for part in (
        "texts, 2 labels",
        "Rows to look at",
        "wrong_label",
        "exact_duplicate",
        "Most suspect labels",
        "No shift",
        "models that check the labels (linear)",
        "rows to look at are written to",
    ):
        assert part in done.stdout
    assert all(
        len(line) <= 80 or str(tmp_path) in line or "suspected to be wrong" in line
        for line in done.stdout.splitlines()
    )


def test_rows_of_no_split_are_not_called_all(invoke, tmp_path):
    """A column "all" beside train, validation and test would read as their sum."""
    texts, labels = small_data(60, labels=("joy", "sadness"), seed=0)
    path = write_rows(tmp_path / "tweets.csv", [*texts, "nobody has read this"], [*labels, ""])
    done = invoke("audit", path, "--method", "none", "--quiet")
    (head,) = (line for line in done.stdout.splitlines() if line.startswith(" kind "))
    assert "in no split" in head
    assert " all " not in head
    assert "no label: left out" in done.stdout


def test_audit_as_json_is_one_object(invoke, flipped):
    """Counts, shift, the check of the labels and every row."""
    done = invoke("audit", flipped, "--json", "--quiet")
    found = json.loads(done.stdout)
    assert {
        "source",
        "n_texts",
        "labels",
        "counts",
        "leaks",
        "near_leaks",
        "languages",
        "shift",
        "wrong_labels",
        "issues",
        "timings",
        "out",
    } == set(found)
    assert found["wrong_labels"]["method"] == "linear"
    assert found["out"] is None


def test_labels_need_not_be_checked(invoke, flipped):
    """Without models an audit takes no longer than reading."""
    done = invoke("audit", flipped, "--method", "none", "--json", "--quiet")
    found = json.loads(done.stdout)
    assert found["wrong_labels"]["why_not"] == "not asked for"
    assert "wrong_label" not in {row["kind"] for row in found["counts"]}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--out", "issues.xlsx"], "a name that ends in .csv is accepted"),
        (["--out", "there.csv"], "exists already"),
        (["--out", "tweets.csv", "--overwrite"], "would destroy it"),
        (["--method", "linea"], "unknown method 'linea'"),
        (["--method", "majority"], "does not read the texts"),
        (["--test-fraction", "2"], "--test-fraction is 2"),
    ],
)
def test_bad_input_is_exit_2(invoke, flipped, tmp_path, monkeypatch, args, said):
    """One sentence, and nothing written or lost."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.csv").write_text("precious")
    before = flipped.read_bytes()
    done = invoke("audit", "tweets.csv", *args)
    assert done.exit_code == 2
    assert said in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there.csv", "tweets.csv"]
    assert ((tmp_path / "there.csv").read_text(), flipped.read_bytes()) == ("precious", before)


def test_accepted_suspects_correct_train_of_a_run(invoke, flipped, tmp_path):
    """The run's train labels are the accepted ones, and its results and report say how many."""
    issues, out = tmp_path / "issues.csv", tmp_path / "run"
    invoke("audit", flipped, "--out", issues, "--quiet")
    accept(issues)
    done = invoke(
        "run",
        flipped,
        "--methods",
        "linear",
        "--corrections",
        issues,
        "--out",
        out,
        "--quiet",
        "--json",
    )
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["data"]["corrections"] == 3
    assert "3 labels of train were corrected by a person" in (out / "report.md").read_text(
        encoding="utf-8"
    )


def test_accepted_suspects_correct_train_of_a_model(invoke, flipped, tmp_path):
    """The manifest says so, and the model is verified on the data as they were."""
    issues, out = tmp_path / "issues.csv", tmp_path / "model"
    invoke("audit", flipped, "--out", issues, "--quiet")
    accept(issues, n=2)
    done = invoke(
        "train", flipped, "--method", "linear", "--corrections", issues, "--out", out, "--quiet"
    )
    assert done.exit_code == 0, done.stderr
    assert (
        json.loads((out / "assay.json").read_text(encoding="utf-8"))["training_data"]["corrections"]
        == 2
    )
    assert invoke("verify", out, flipped, "--quiet").exit_code == 0


def test_run_without_corrections_says_none(invoke, flipped, tmp_path):
    """Zero is a figure too."""
    done = invoke(
        "run", flipped, "--methods", "majority", "--out", tmp_path / "run", "--quiet", "--json"
    )
    assert json.loads(done.stdout)["data"]["corrections"] == 0
    assert "corrected by a person" not in (tmp_path / "run" / "report.md").read_text(
        encoding="utf-8"
    )


def test_corrections_of_another_seed_are_refused(invoke, flipped, tmp_path):
    """Cut otherwise, the rows are in other splits: exit 2 lists them, and nothing is written."""
    issues = tmp_path / "issues.csv"
    invoke("audit", flipped, "--out", issues, "--quiet", "--seed", 1)
    accept(issues, n=50)
    done = invoke(
        "run", flipped, "--methods", "majority", "--corrections", issues, "--out", tmp_path / "run"
    )
    assert done.exit_code == 2
    assert "do not match" in done.stderr
    assert "same --seed" in done.stderr
    assert not (tmp_path / "run").exists()


def test_corrections_that_are_not_there_are_refused(invoke, flipped, tmp_path):
    """A wrong path is one sentence."""
    done = invoke(
        "train",
        flipped,
        "--method",
        "linear",
        "--corrections",
        "no.csv",
        "--out",
        tmp_path / "model",
    )
    assert done.exit_code == 2
    assert "no such file: no.csv" in done.stderr
