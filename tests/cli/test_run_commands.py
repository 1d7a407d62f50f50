"""What `assay run` prints: the column of the metric, and each sentence once."""

from __future__ import annotations

import json
import shlex

import pytest

from _support.small_runs import write_rows
from assay._display import percent
from assay.cli.scores import show_interval


@pytest.fixture
def data(tmp_path):
    """Write data in which one label is rare, so that accuracy and macro F1 differ."""
    texts = [f"{'so sad' if i % 5 == 0 else 'so glad'} {i}" for i in range(200)]
    labels = ["neg" if i % 5 == 0 else "pos" for i in range(200)]
    return write_rows(tmp_path / "d.csv", texts, labels)


@pytest.mark.parametrize("metric", ["accuracy", "macro-f1"])
def test_macro_f1_is_a_column_where_methods_are_chosen_by_it(invoke, tmp_path, data, metric):
    """With the numbers of results.json, and a line that says what the others are."""
    run = tmp_path / "run"
    done = invoke("run", data, "--out", run, "--methods", "majority,linear", "--metric", metric)
    assert done.exit_code == 0, done.output
    head, _, *rows = done.stdout.splitlines()
    titles = [title.strip() for title in head.split("   ") if title.strip()]
    results = json.loads((run / "results.json").read_text(encoding="utf-8"))
    is_macro = metric == "macro-f1"
    assert ("accuracy" in titles) == is_macro
    name = "macro F1" if is_macro else "accuracy"
    assert f"evidence and test are {name}, by which methods are chosen" in done.stdout
    assert ("; macro F1 is" in done.stdout) == is_macro
    for one, row in zip(results["methods"], rows, strict=False):
        cells = [cell.strip() for cell in row.split("   ") if cell.strip()]
        cells = cells[-len(titles) + (titles[0] == "") :]
        shown = dict(zip(titles, cells[-len(titles) :], strict=True))
        key = "f1_macro" if is_macro else "accuracy"
        assert shown["evidence"] == percent(one["evidence"][key])
        assert shown["test"] == percent(one["test"][key])
        first = one["evidence"]  # there are ten times as many of these texts as of test
        low, high = first["intervals"][key]
        assert shown["95 % interval"] == show_interval(low, high)
        if is_macro:
            assert shown["accuracy"] == percent(first["accuracy"])
    page = (run / "report.html").read_text(encoding="utf-8")
    assert f"<th>Evidence: {name}</th>" in page
    own = next(one for one in results["methods"] if one["method"] == results["recommended"])
    lines = " ".join(done.stdout.split())
    assert f"Out of fold: {percent(own['evidence']['accuracy'])} of 180 texts, each by" in lines
    assert f"On test: {percent(own['test']['accuracy'])} of 20 texts are labelled" in lines
    assert lines.index("Out of fold:") < lines.index("On test:")
    assert "So few texts say little." in lines
    assert "20 test texts say little" not in lines  # its numbers are in both lines above
    assert ("every label counts the same in it" in lines) == is_macro
    assert f"{own['evidence']['accuracy']:.1%}</strong> of 180 out-of-fold texts" in page
    assert "texts of train and validation, each labelled by models that had not seen it" in page
    card = (run / "model" / "README.md").read_text(encoding="utf-8")
    assert "20 test texts say little: look at the scores of the 180 others" in card
    assert "Confusion matrix of the out-of-fold texts" in card
    assert ("Its macro F1 there" in page) == is_macro
    compared = invoke("compare", run).stdout
    assert f"evidence, test: {name}, by which methods are chosen" in compared
    for one in results["methods"]:
        line = next(line for line in compared.splitlines() if f" {one['method']} " in line)
        assert percent(one["evidence"][key]) in line.split()
        assert percent(one["test"][key]) in line.split()


@pytest.mark.parametrize("separator", [None, "|"])
def test_doubts_follow_the_recommendation_once(invoke, tmp_path, separator):
    """Texts from templates: how many are nearly the same is said in one line."""
    things = ["phone", "laptop", "tablet", "printer", "camera", "monitor", "speaker", "router"]
    texts, labels = [], []
    for i, thing in enumerate(things * 10):
        asks = i % 2 == 0
        begin = "where can i find the manual of" if asks else "please cancel the whole order of"
        texts.append(f"{begin} my {thing} number {i}")
        labels.append("help" if asks else "cancel")
    if separator:
        labels = [f"{one}|all" if i % 3 else one for i, one in enumerate(labels)]
    data, run = write_rows(tmp_path / "t.csv", texts, labels), tmp_path / "run"
    joined = ["--label-separator", separator] if separator else []
    done = invoke("run", data, "--out", run, "--methods", "majority,linear", *joined)
    assert done.exit_code == 0, done.output
    lines = " ".join(done.stdout.split())
    assert lines.count("texts that methods were chosen on are nearly the same") == 1
    assert lines.index("Recommended:") < lines.index("But:") < lines.index("Look at:")


def test_kept_texts_are_said_once_for_all_methods(invoke, tmp_path, data):
    """Every model has the same ones."""
    run = tmp_path / "run"
    methods = ["--methods", "majority,linear", "--keep-texts"]
    done = invoke("run", data, "--out", run, *methods)
    assert done.exit_code == 0, done.output
    assert done.stderr.count("training texts are in the model now") == 1


@pytest.mark.parametrize("separator", [None, "|"])
def test_labels_that_are_probably_wrong_are_said_with_the_next_command(
    invoke, tmp_path, monkeypatch, separator
):
    """The command of the page is complete; decisions that are there already are left alone."""
    monkeypatch.chdir(tmp_path)
    words = {"help": "open my box please", "cancel": "stop this order now"}
    rows = [(name, f"{words[name]} {chr(97 + i % 26) * 3}{i}") for i in range(60) for name in words]
    labels = [name for name, _ in rows]
    labels[10:14] = ["cancel", "help", "cancel", "help"]
    if separator:
        labels = [f"{one}|all" if i % 3 else one for i, one in enumerate(labels)]
    data = write_rows(tmp_path / "my t.csv", [text for _, text in rows], labels)
    joined = ["--label-separator", separator] if separator else []
    (tmp_path / "decisions.csv.journal").touch()
    done = invoke("run", data.name, "--out", "run", "--methods", "majority,linear", *joined)
    assert done.exit_code == 0, done.output
    (command,) = [one for one in done.stdout.splitlines() if "assay review" in one]
    words_of = shlex.split(command)
    assert words_of[:5] == ["assay", "review", "my t.csv", "--issues", "run/issues.csv"]
    assert words_of[5:7] == ["--out", "decisions-2.csv"]
    assert words_of[7:] == joined
    (line,) = [one for one in done.stdout.splitlines() if one.startswith("Labels:")]
    assert ("probably missing" if separator else "4 probably wrong; the report lists") in line
