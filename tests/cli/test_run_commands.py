"""What `assay run` prints: the column of the metric, and each sentence once."""

from __future__ import annotations

import json

import pytest

from _support.small_runs import write_rows
from assay._display import percent


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
    assert ("macro F1" in titles) == is_macro
    assert ("the evidence is macro F1" in done.stdout) == is_macro
    for one, row in zip(results["methods"], rows, strict=False):
        cells = [cell.strip() for cell in row.split("   ") if cell.strip()]
        cells = cells[-len(titles) + (titles[0] == "") :]
        shown = dict(zip(titles, cells[-len(titles) :], strict=True))
        key = "f1_macro" if is_macro else "accuracy"
        assert shown["evidence"] == percent(one["evidence"][key])
        assert shown["test"] == percent(one["test"]["accuracy"])
        if is_macro:
            assert shown["macro F1"] == percent(one["test"]["f1_macro"])


def test_kept_texts_are_said_once_for_all_methods(invoke, tmp_path, data):
    """Every model has the same ones."""
    run = tmp_path / "run"
    methods = ["--methods", "majority,linear", "--keep-texts"]
    done = invoke("run", data, "--out", run, *methods)
    assert done.exit_code == 0, done.output
    assert done.stderr.count("training texts are in the model now") == 1
