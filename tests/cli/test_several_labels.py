"""What the commands print of models that give any number of labels per text.

This also tests `assay.recipes.compare_several_models`.
"""

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from _support.documents import ROOT, read_shapes
from _support.small_runs import read_json
from assay import load_data, load_model
from assay.errors import InputError
from assay.recipes.evaluate import evaluate_model
from assay.recipes.model_comparison import compare_models
from assay.recipes.train import train_model

WORDS = ("rude", "fun, odd", "sad")


def write_data(path: Path, seed: int) -> Path:
    """Write texts that hold the words of their labels, of which some have none."""
    rng = np.random.default_rng(seed)
    lines = []
    for i, row in enumerate(rng.random((120, 3)) < [0.5, 0.4, 0.2]):
        own = np.array(WORDS)[row].tolist()
        lines.append(json.dumps({"text": " ".join([*own, "the day", f"n{i}"]), "labels": own}))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with other texts and two models: one learns, one does not."""
    root = tmp_path_factory.mktemp("several")
    write_data(root / "other.jsonl", seed=1)
    data = write_data(root / "data.jsonl", seed=0)
    for method in ("majority", "linear"):
        train_model(data, root / method, method=method)
    return root


def test_each_given_label_is_explained(invoke, folder):
    """All that are given come first, then each with its threshold and its words."""
    lines = invoke("explain", folder / "linear", "rude and sad day").stdout.splitlines()
    assert lines[0].startswith("gives rude 0.") or lines[0].startswith("gives sad 0.")
    assert "rude 0." in lines[0].partition("(others")[0]
    assert "sad 0." in lines[0].partition("(others")[0]
    thresholds = load_model(folder / "linear").manifest.thresholds
    heads = [line for line in lines if ", given from " in line]
    assert len(heads) == 2
    assert {line.rpartition("from ")[2] for line in heads} <= {f"{t:.3f} on" for t in thresholds}
    alone = invoke("explain", folder / "linear", "rude and sad day", "--label", "sad").stdout
    assert alone.count(", given from ") == 1


def test_no_given_label_is_said(invoke, folder):
    """The label with the highest score is explained, but not called given."""
    done = invoke("explain", folder / "linear", "the day")
    assert done.stdout.startswith("gives no label: no score reaches its threshold   (highest: ")
    assert done.stdout.count(", given from ") == 1
    found = json.loads(invoke("explain", folder / "linear", "the day", "--json").stdout)
    assert found["predicted_labels"] == []
    found = json.loads(invoke("explain", folder / "linear", "sad, rude", "--json").stdout)
    assert sorted(found["predicted_labels"]) == ["rude", "sad"]
    assert found["label"] == found["predicted_labels"][0]


def test_nearest_texts_are_shown_with_all_their_labels(invoke, folder):
    """Joined in one cell, which says so where a text has none."""
    train_model(folder / "data.jsonl", folder / "kept", method="linear", keep_texts=True)
    shown = invoke("explain", folder / "kept", "rude and sad day", "--nearest", "90").stdout
    assert "Nearest training texts" in shown
    assert "rude; sad" in shown or "rude, sad" in shown
    assert "(none)" in shown
    asked = ("explain", folder / "kept", "rude and sad day", "--nearest", "1", "--json")
    found = json.loads(invoke(*asked).stdout)["nearest"][0]
    shapes = read_shapes((ROOT / "docs" / "json.md").read_text(encoding="utf-8"))
    assert set(shapes["Neighbour"]) == set(found)
    assert "keeps 96 of its 96 training texts" in invoke("info", folder / "kept").stdout


def test_thresholds_are_chosen_for_what_is_asked(invoke, folder, tmp_path):
    """Both sides of the price are shown; what cannot be shown is refused once all is printed."""
    asked = ("train", folder / "data.jsonl", "--method", "linear", "--out")
    done = invoke(*asked, tmp_path / "a", "--min-recall", "rude=0.3")
    assert done.exit_code == 0
    assert "recall 0.3" in done.stdout
    assert "exact match on texts out of fold, where the rule was chosen: " in done.stdout
    assert "Scores out of fold are those of thresholds for F1, scores of test" in done.stdout
    shown = invoke("info", tmp_path / "a").stdout
    assert re.search(
        r"gives +rude from a score of 0\.\d+ on \(asked for: a recall of at least 30\.0%\)\n", shown
    )
    assert re.search(r"gives +sad from a score of 0\.\d+ on\n", shown)
    card = (tmp_path / "a" / "README.md").read_text(encoding="utf-8")
    assert "A recall of at least 30.0% was asked of 'rude'. Its threshold" in card
    done = invoke(*asked, tmp_path / "b", "--min-precision", "rude=0.999")
    assert done.exit_code == 3
    assert "a precision of 99.9% for 'rude' cannot be shown" in done.stderr
    assert "it gives labels as if nothing had been asked" in done.stderr
    assert load_model(tmp_path / "b").labels == load_model(folder / "linear").labels
    assert read_json(tmp_path / "a" / "assay.json")["training_data"]["fitted_on"] == [
        "train",
        "validation",
    ]
    done = invoke(*asked, tmp_path / "c", "--min-recall", "rude=0.99")
    assert (done.exit_code, (tmp_path / "c").exists()) == (2, False)


def test_info_names_thresholds_and_metrics(invoke, folder):
    """That a text may have several labels, from which score each is given, no raw ids."""
    shown = invoke("info", folder / "linear").stdout
    assert "labels       fun, odd; rude; sad\n" in shown
    assert "answers      any number of labels per text, none included\n" in shown
    for label, threshold in zip(
        load_model(folder / "linear").labels,
        load_model(folder / "linear").manifest.thresholds,
        strict=True,
    ):
        assert f"gives        {label} from a score of {threshold:.3f} on\n" in shown
    assert "temperature" not in shown
    assert "exact match" in shown
    assert "_" not in shown.partition("split")[2]


def test_scores_are_shown_for_the_values_of_a_column(invoke, folder):
    """Micro F1 and exact match of the texts of each value; a column that is not there is named."""
    rows = [json.loads(line) for line in (folder / "other.jsonl").read_text().splitlines()]
    for i, row in enumerate(rows):
        row["desk"] = "north" if i < 80 else "south"
    data = folder / "desks.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    asked = ("evaluate", folder / "linear", data, "--split", "all", "--by")
    shown = invoke(*asked, "desk").stdout
    assert "By the values of 'desk'" in shown
    assert shown.index("north") < shown.index("south")
    found = json.loads(invoke(*asked, "desk", "--json").stdout)
    shapes = read_shapes((ROOT / "docs" / "json.md").read_text(encoding="utf-8"))
    assert set(shapes["SeveralEvaluation"]) == set(found)
    assert set(shapes["SeveralSlice"]) == {*found["by"][0], "unseen"}
    assert [(one["name"], one["n_texts"]) for one in found["by"]] == [("north", 80), ("south", 40)]
    refused = invoke(*asked, "dsk")
    assert refused.exit_code == 2
    assert "Did you mean 'desk'" in refused.stderr


def test_unseen_texts_are_shown_apart(invoke, folder):
    """Where the model was trained on some of the texts, tables and rows tell which are new to it."""
    rows = [json.loads(line) for line in (folder / "data.jsonl").read_text().splitlines()]
    for i, row in enumerate(rows):
        row["desk"] = "north" if i < 80 else "south"
    data = folder / "known.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = folder / "judged.jsonl"
    asked = ("evaluate", folder / "linear", data, "--split", "all", "--by", "desk")
    shown = invoke(*asked, "--out", out).stdout
    assert shown.startswith("Note: the model was trained on 96 of these 120 texts: on the other 24")
    assert "Below, 'unseen' is about the 24 texts that the model was not trained on" in shown
    assert "all: 120 texts, 24 of them unseen" in shown
    assert "unseen, 95 %" in shown
    assert "Labels, on the 24 unseen texts" in shown
    assert "…" not in shown  # at 80 columns no number is cut
    by = json.loads(invoke(*asked, "--json").stdout)["by"]
    assert sum(one["unseen"]["n_texts"] for one in by) == 24
    shapes = read_shapes((ROOT / "docs" / "json.md").read_text(encoding="utf-8"))
    assert set(shapes["SeveralSlice"]) == set(by[0])
    assert set(shapes["SeveralUnseen"]) == set(by[0]["unseen"])
    judged = [json.loads(line) for line in out.read_text().splitlines()]
    assert [one["desk"] for one in judged] == [one["desk"] for one in rows]
    for one in judged:  # the surest label first, as `predict` writes them
        scores = [one[f"score:{label}"] for label in one["predicted_labels"]]
        assert scores == sorted(scores, reverse=True)
    assert max(len(one["predicted_labels"]) for one in judged) > 1
    assert sum(not row["trained_on"] for row in judged) == 24


def test_two_models_are_compared(invoke, folder):
    """Scores of both on the same texts, differences with their sign, and a sentence."""
    names = [str(folder / method) for method in ("majority", "linear")]
    splits = load_data(folder / "other.jsonl")
    found = compare_models(*names, splits)
    scores = [evaluate_model(name, splits).scores for name in names]
    plain = found.to_dict()
    for field in ("f1_macro", "f1_micro", "exact_match"):
        expected = [getattr(one, field) for one in scores]
        assert [one[field] for one in plain["models"]] == pytest.approx(expected, abs=1e-6)
    main = plain["differences"][0]
    assert main["metric"] == "f1_macro"
    assert 0 < main["interval"][0] < main["difference"] < main["interval"][1]
    start, points, _ = found.why.partition(" points higher than that of ")
    assert start.startswith(f"The macro F1 of {names[1]} is ")
    assert points
    assert float(start.rpartition(" ")[2]) > 0
    assert found.why.endswith(": more than chance.")
    turned = compare_models(*names[::-1], splits)
    assert turned.differences[0].difference == -found.differences[0].difference
    assert turned.why == found.why
    shapes = read_shapes((ROOT / "docs" / "json.md").read_text(encoding="utf-8"))
    assert set(shapes["SeveralModelComparison"]) == set(plain)
    assert set(shapes["SeveralComparedModel"]) == set(plain["models"][0])
    assert set(shapes["MetricDifference"]) == set(main)
    shown = invoke("compare", *names, folder / "other.jsonl").stdout
    assert "second minus first" in shown
    assert "exact match" in shown


@pytest.mark.parametrize(
    ("n_different", "said"),
    [
        (1, ": possibly chance, since they label 1 text differently."),
        (5, ": possibly chance, since they label 5 texts differently."),
        (6, ": more than chance."),
    ],
)
def test_few_texts_that_are_labelled_differently_are_chance(folder, n_different, said):
    """An exact test of signs of five texts is above 0.05, whatever the bootstrap says."""
    names = [str(folder / method) for method in ("majority", "linear")]
    found = compare_models(*names, load_data(folder / "other.jsonl"))
    assert found.n_different >= 6
    assert replace(found, n_different=n_different).why.endswith(said)


def test_models_of_two_kinds_are_not_compared(folder, tmp_path):
    """The sentence says which model gives how many."""
    texts, labels = [f"{word} day {i}" for i in range(40) for word in WORDS], [*WORDS] * 40
    train_model((texts, labels), tmp_path / "single", method="majority")
    splits = load_data((texts, labels))
    with pytest.raises(
        InputError, match=r"linear gives any number of labels per text and .*single"
    ):
        compare_models(folder / "linear", tmp_path / "single", splits)


def test_evaluate_writes_labels_as_predict_does(invoke, folder):
    """Joined as in the training data in tables, lists elsewhere; in a workbook by the same."""
    rows = [json.loads(line) for line in (folder / "data.jsonl").read_text().splitlines()]
    with (folder / "joined.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "labels"])
        writer.writerows([row["text"], ";".join(row["labels"])] for row in rows)
    data, model = folder / "joined.csv", folder / "by_cells"
    invoke("train", data, "--method", "linear", "--label-separator", ";", "--out", model)
    found = evaluate_model(model, data, split="all")
    given = [one["predicted_labels"] for one in found.rows()]
    assert found.to_pandas()["predicted_labels"].tolist() == given
    assert max(map(len, given)) > 1
    for name in ("judged.csv", "judged.tsv", "judged.jsonl", "judged.parquet", "judged.xlsx"):
        out = folder / name
        invoke("evaluate", model, data, "--split", "all", "--out", out)
        read = read_written(out)
        if out.suffix in (".jsonl", ".parquet"):
            assert list(map(list, read["predicted_labels"])) == given
        else:
            joined = read["predicted_labels"].fillna("").tolist()
            assert joined == [";".join(own) for own in given]
            assert read["labels"].fillna("").tolist()[0] == ";".join(rows[0]["labels"])


def read_written(path):
    """Return the frame that a file holds."""
    readers = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".xlsx": pd.read_excel}
    if path.suffix == ".tsv":
        return pd.read_csv(path, sep="\t")
    if path.suffix == ".jsonl":
        return pd.read_json(path, lines=True)
    return readers[path.suffix](path)


def test_surprising_texts_are_the_mistakes(folder):
    """Each is a text with one label too many or too few, the surest first."""
    found = evaluate_model(folder / "linear", folder / "data.jsonl", split="train")
    rows = {row["row"]: row for row in found.rows()}
    assert not any(rows[one["line"]]["is_right"] for one in found.surprising)
    assert "linear on train" in found._repr_html_()
    assert "SeveralEvaluation(method='linear'" in repr(found)
