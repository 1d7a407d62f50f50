"""`run`, `train`, `evaluate` and `predict` on texts with several labels, from file to scores.

This tests `evaluate_several`, `compare_several`, `assay.recipes.steps.several_score`,
`assay.evaluation.several_scoring` and `assay.runtime.answers`.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from _support.documents import ROOT, read_shapes
from assay import load_data, load_model
from assay.batch.files import predict_file
from assay.batch.rows import Scoring, score_rows
from assay.batch.short_columns import shorten
from assay.data.files.readers import Row, read_rows
from assay.errors import DataError, InputError
from assay.evaluation.several_scoring import cross_fit
from assay.methods import METHODS
from assay.recipes import run_several
from assay.recipes.compare import compare_run
from assay.recipes.evaluate import evaluate_model
from assay.recipes.report import write_report_file
from assay.recipes.run import DrawnMap, RunOptions, run_data
from assay.recipes.steps.prepare import DataOptions
from assay.recipes.steps.several_score import score_several_method
from assay.recipes.train import train_model
from assay.recipes.verify import verify_model
from assay.runtime.explain import explain_text
from assay.runtime.limits.abstain import AbstainRule

WORDS = ("rude", "fun", "sad", "<b>|odd")


def write_data(path: Path, n_texts: int = 400) -> Path:
    """Write JSON Lines of texts that hold the words of their labels."""
    rng = np.random.default_rng(0)
    lines = []
    for i, row in enumerate(rng.random((n_texts, 4)) < [0.4, 0.3, 0.2, 0.1]):
        own = np.array(WORDS)[row].tolist()
        text = " ".join(rng.permutation([*own, "the", "day", f"n{i}"]))
        lines.append(json.dumps({"text": text, "labels": own}))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Return a file with several labels per text."""
    return write_data(tmp_path_factory.mktemp("data") / "tickets.jsonl")


@pytest.fixture(scope="module")
def run(data: Path) -> Path:
    """Return a finished run of three methods."""
    out = data.parent / "run"
    run_data(data, out, options=RunOptions(methods=("majority", "linear", "compact")))
    return out


def test_run_recommends_and_writes_a_report(run: Path) -> None:
    """Results, predictions, models and the report in Markdown and HTML, labels escaped."""
    results = json.loads((run / "results.json").read_text())
    assert (results["task"], results["recommended"]) == ("multi", "linear")
    assert [one["method"] for one in results["methods"]] == ["majority", "linear", "compact"]
    assert not results["skipped"]
    assert results["methods"][1]["test"]["f1_macro"] > 0.9
    assert load_model(run / "model").method == "linear"
    assert (run / "predictions" / "linear.jsonl.gz").is_file()
    assert results["data"]["audit"]["wrong_labels"]["method"] == "linear"
    assert (run / "issues.csv").is_file()
    card = (run / "model" / "README.md").read_text(encoding="utf-8")
    assert "1 / (1 + np.exp(-logits))" in card
    assert "| test | 40 | Micro F1 |" in card
    markdown = (run / "report.md").read_text(encoding="utf-8")
    assert markdown.startswith("# tickets")
    assert "Take linear: macro F1" in markdown
    assert "&lt;b&gt;\\|odd" in markdown
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;|odd" in page
    assert "<b>|odd" not in page


def test_evaluate_and_verify_score_the_saved_model(run: Path, data: Path) -> None:
    """A single file is cut as training cut it, and gives the recorded scores."""
    results = json.loads((run / "results.json").read_text())
    found = evaluate_model(run / "model", load_data(data), split="test")
    assert found.to_dict()["scores"]["f1_macro"] == results["methods"][1]["test"]["f1_macro"]
    assert verify_model(run / "model", load_data(data)).claims
    rows = list(found.rows())
    assert len(rows) == found.scores.n_texts
    assert sum(row["is_right"] for row in rows) / len(rows) == found.scores.exact_match
    assert set(rows[0]) >= {"text", "labels", "predicted_labels", "score:rude"}
    frame = found.to_pandas()
    assert frame["predicted_labels"].tolist() == [row["predicted_labels"] for row in rows]


def test_answers_become_columns(run: Path) -> None:
    """The labels above their thresholds, then a score per label."""
    model = load_model(run / "model")
    rows = [Row(1, {"text": "rude fun day"}), Row(2, {"text": "the day"})]
    first, second = score_rows(model, rows, Scoring("text"))
    assert sorted(first.record["predicted_labels"]) == ["fun", "rude"]
    assert second.record["predicted_labels"] == []
    assert list(first.record)[:2] == ["text", "predicted_labels"]
    assert {f"score:{word}" for word in WORDS} <= set(first.record)


def test_no_label_is_sure_is_an_answer(run: Path, tmp_path: Path) -> None:
    """It is not the same as no label at all, which the model may be sure of."""
    model = load_model(run / "model")
    made_up = np.zeros((3, 4))
    made_up[0, model.labels.index("rude")] = 0.9
    made_up[1] = 0.02  # 0.92 that there is none
    made_up[2] = 0.3  # 0.24 that there is none, and no label is surer than that
    thresholds = model.answering.thresholds.scores
    assert thresholds.min() > 0.02
    assert model.decide(made_up, rule=AbstainRule(0.5)) == [["rude"], [], None]
    assert model.decide(made_up) == model.answering.name(made_up)
    texts = ["rude day", "the day", "rude fun"]
    probs = model.predict_proba(texts)
    surest = np.maximum(probs.max(axis=1), np.prod(1 - probs, axis=1))
    rule = AbstainRule(float(np.sort(surest)[1]))  # the least sure of the three abstains
    decided = model.decide(probs, rule=rule)
    assert [own is None for own in decided] == (surest < rule.threshold).tolist()
    rows = [Row(i, {"text": text}) for i, text in enumerate(texts)]
    records = [one.record for one in score_rows(model, rows, Scoring("text", rule=rule))]
    assert [one["predicted_labels"] for one in records] == decided
    assert [one["abstained"] for one in records] == [own is None for own in decided]
    shown = [shorten(one) for one in records]
    assert [one["labels"] for one in shown].count(None) == 1
    assert [one["confidence"] for one in shown].count("does not know") >= 1
    source = tmp_path / "new.csv"
    source.write_text("text\n" + "\n".join(texts) + "\n")
    predict_file(run / "model", source, tmp_path / "scored.csv", rule=rule)
    found = [row.values["predicted_labels"] for row in read_rows(tmp_path / "scored.csv")]
    assert found == ["" if own is None else json.dumps(own) for own in decided]


def test_texts_unlike_the_training_texts_are_told(run: Path) -> None:
    """By its terms and by how sure the model is; about the share of texts that it promises."""
    model = load_model(run / "model")
    rng = np.random.default_rng(5)
    like = [" ".join(rng.permutation([*rng.choice(WORDS, 2), "the", "day"])) for _ in range(40)]
    strange = ["прогноз погоды на завтра", "lorem ipsum dolor sit amet", "0xdeadbeef 0xcafe"]
    scope = model.scope([*like, *strange])
    assert scope[-3:].max() < model.scope_threshold
    assert (scope[:-3] < model.scope_threshold).mean() < 0.2
    (row,) = score_rows(model, [Row(1, {"text": strange[0]})], Scoring("text", with_scope=True))
    assert row.record["in_scope"] is False
    assert shorten(row.record)["in scope"] == "no"
    assert model.manifest.scope["split"] == "out_of_fold"


@pytest.mark.parametrize(("rude", "guard"), [("rude", True), ("=rude", True), ("=rude", False)])
def test_labels_in_a_table_are_joined_as_in_the_training_data(tmp_path, rude, guard) -> None:
    """No label is an empty cell, no cell is run as a formula, and JSON Lines keep the list."""
    table = tmp_path / "tickets.csv"
    rows = [(f"{word} day n{i}", word) for i in range(60) for word in (rude, "fun", "")]
    rows += [(f"{rude} fun n{i}", f"{rude}|fun") for i in range(60)]
    table.write_text("text,labels\n" + "".join(f"{text},{labels}\n" for text, labels in rows))
    options = DataOptions(label_separator="|")
    train_model(table, tmp_path / "model", method="linear", options=options)
    source = tmp_path / "new.csv"
    source.write_text(f"text\n{rude} {rude} fun fun\nday\n")
    predict_file(tmp_path / "model", source, tmp_path / "scored.csv", guard=guard)
    first, second = [row.values["predicted_labels"] for row in read_rows(tmp_path / "scored.csv")]
    assert sorted(first.removeprefix("'").split("|")) == sorted([rude, "fun"])
    assert first.startswith("'") == (guard and first.removeprefix("'").startswith("="))
    assert not second
    predict_file(tmp_path / "model", source, tmp_path / "scored.jsonl")
    listed = [row.values["predicted_labels"] for row in read_rows(tmp_path / "scored.jsonl")]
    assert (sorted(listed[0]), listed[1]) == (sorted([rude, "fun"]), [])


def test_words_are_explained_label_by_label(run: Path) -> None:
    """In log-odds: exactly for `linear`, by taking words out for others."""
    for method in ("linear", "compact"):
        model = load_model(run / "models" / method)
        explanation = explain_text(model, "rude day fun")
        probs = model.predict_proba(["rude day fun"])[0]
        assert np.allclose(explanation.totals, np.log(probs / (1 - probs)), atol=1e-5)
        for label in ("rude", "fun"):
            assert explanation.top_words(1, label)[0].word == label
        if method == "linear":
            assert np.abs(explanation.errors).max() < 1e-6


def test_thresholds_reach_what_is_asked_of_them(data: Path, tmp_path: Path) -> None:
    """A recall lowers the threshold of its label alone; costs move all; what is changed is told."""
    usual = train_model(data, tmp_path / "usual", method="majority", seed=1)
    assert "label_rule" not in usual
    plain = load_model(run_once(data, tmp_path / "plain"))
    train_model(data, tmp_path / "less", method="linear", min_recall={"sad": 0.3})
    less = load_model(tmp_path / "less")
    asked = {"min_recall": {"sad": 0.4}, "min_precision": {"rude": 0.6}}
    found = train_model(data, tmp_path / "asked", method="linear", **asked)["label_rule"]
    model = load_model(tmp_path / "asked")
    assert found["refused"] is None
    assert model.manifest.label_rule == {}
    rule = model.manifest.threshold_rule
    assert rule["split"] == found["effects"][0]["split"]
    assert dict(zip(model.labels, rule["min_recall"], strict=True))["sad"] == 0.4
    assert dict(zip(model.labels, rule["min_precision"], strict=True))["rude"] == 0.6
    assert plain.manifest.threshold_rule == {}
    shapes = read_shapes((ROOT / "docs" / "json.md").read_text(encoding="utf-8"))
    assert {*rule, "costs"} == set(shapes["ThresholdRule"])
    assert (
        dict(zip(model.labels, model.manifest.thresholds, strict=True)).items()
        >= {label: pytest.approx(value) for label, value in found["thresholds"].items()}.items()
    )
    untouched = [model.labels.index(label) for label in ("fun", "<b>|odd")]
    for column in untouched:
        assert model.manifest.thresholds[column] == less.manifest.thresholds[column]
    evidence, test = found["effects"]
    assert (evidence["split"], test["split"]) == ("out_of_fold", "test")  # validation is small
    by_label = {one["label"]: one for one in evidence["labels"]}
    assert by_label["sad"]["recall_interval"][0] >= 0.4
    assert by_label["rude"]["precision_interval"][0] >= 0.6
    costs = {label: {"missing": 9, "extra": 1} for label in WORDS}
    found = train_model(data, tmp_path / "costs", method="linear", cost=costs)["label_rule"]
    assert list(found["thresholds"].values()) == [pytest.approx(0.1)] * 4
    assert load_model(tmp_path / "costs").manifest.thresholds == (pytest.approx(0.1),) * 4
    thrifty = load_model(tmp_path / "costs").manifest.threshold_rule
    assert thrifty == {"split": found["effects"][0]["split"], "costs": [[9, 1]] * 4}
    assert found["effects"][0]["mean_cost"] <= found["effects"][0]["mean_cost_without"]


@pytest.mark.parametrize("method", ["majority", "linear"])
def test_rule_is_told_of_the_thresholds_that_are_saved(method: str, tmp_path: Path) -> None:
    """Where every text has a label, the others take theirs without being given as the best one."""
    rng = np.random.default_rng(3)
    words = {"bins": "bag waste", "noise": "loud night", "water": "leak pipe"}
    rows = []
    for i in range(90):
        own = sorted(rng.choice(list(words), rng.integers(1, 3), replace=False).tolist())
        drawn = rng.choice(" ".join(words[label] for label in own).split(), 2).tolist()
        drawn += rng.choice(["the", "our", "street", "leak", "night", "bag"], 3).tolist()
        rows.append(f"{' '.join(drawn)} n{i},{';'.join(own)}\n")
    table = tmp_path / "letters.csv"
    table.write_text("text,labels\n" + "".join(rows))
    options = DataOptions(label_separator=";")
    asked = {"min_recall": {"water": 0.5}}
    found = train_model(table, tmp_path / "m", method=method, options=options, **asked)
    model = load_model(tmp_path / "m")
    rule = found["label_rule"]
    assert rule["refused"] is None
    assert model.manifest.min_labels == 0
    at = dict(zip(model.labels, model.manifest.thresholds, strict=True))
    assert rule["thresholds"]["water"] == pytest.approx(at["water"], abs=1e-9)
    assert rule["effects"][1]["accuracy"] == pytest.approx(found["test"]["exact_match"])
    refused = {"min_precision": {"water": 1.0}}
    plain = train_model(table, tmp_path / "p", method=method, options=options, **refused)
    assert plain["label_rule"]["refused"] is not None  # saved as if nothing had been asked
    without = rule["effects"][1]["accuracy_without"]
    assert without == pytest.approx(plain["test"]["exact_match"])


def run_once(data: Path, out: Path) -> Path:
    """Train `linear` without any rule."""
    train_model(data, out, method="linear")
    return out


def test_a_training_that_the_budget_cut_is_said(data: Path, tmp_path: Path, monkeypatch) -> None:
    """In results.json and the report, as where each text has one label."""

    def score_cut(fitted, *args, **settings):
        history = [{"epoch": 1.0}, {"epoch": 1.4}] if settings["name"] == "r-linear" else []
        return score_several_method(replace(fitted, history=history), *args, **settings)

    monkeypatch.setattr(run_several, "score_several_method", score_cut)
    options = RunOptions(methods=("majority", "linear"))
    results = run_data(data, tmp_path / "r", options=options)
    said = "the budget ended the training of linear in its epoch 2"
    assert sum(said in warning for warning in results["warnings"]) == 1
    report = (tmp_path / "r" / "report.md").read_text(encoding="utf-8")
    assert said in report


def test_run_chooses_thresholds_out_of_fold_and_reports_it(data: Path, tmp_path: Path) -> None:
    """The saved model has them, results.json and the report say what they change."""
    options = RunOptions(methods=("majority", "linear"), min_recall={"sad": 0.7})
    results = run_data(data, tmp_path / "r", options=options)
    majority, linear = results["methods"]
    # It is held to what was asked for, too: all or none of the texts have a label by it
    assert set(majority["label_rule"]) == set(linear["label_rule"])
    shapes = read_shapes((ROOT / "docs" / "json.md").read_text(encoding="utf-8"))
    assert set(shapes["SeveralMethod"]) == set(linear)
    outcome = linear["label_rule"]
    assert [one["split"] for one in outcome["effects"]] == ["out_of_fold", "test"]
    model = load_model(tmp_path / "r" / "model")
    threshold = model.manifest.thresholds[model.labels.index("sad")]
    assert outcome["thresholds"] == {"sad": pytest.approx(threshold)}
    report = (tmp_path / "r" / "report.md").read_text(encoding="utf-8")
    assert "Labels by rule" in report
    said = "are those of thresholds for F1, and scores of test those of the thresholds"
    assert said in report
    assert any(said in warning for warning in results["warnings"])
    assert any(said in doubt for doubt in results["doubts"])
    assert not any("below what the evidence" in warning for warning in results["warnings"])
    easier = replace(options, folds=None, min_recall={"sad": 0.3})
    held_out = run_data(data, tmp_path / "h", options=easier)
    assert not any(said in warning for warning in held_out["warnings"])
    assert "for what was asked, as the table of labels by rule says, and else for F1" in report
    card = (tmp_path / "r" / "model" / "README.md").read_text(encoding="utf-8")
    assert "A recall of at least 70.0% was asked of 'sad'. Its threshold" in card
    assert "its train and validation splits together" in card


def test_training_texts_are_kept_with_all_their_labels(data: Path, tmp_path: Path) -> None:
    """The nearest come with the labels that they have in train, none included."""
    train_model(data, tmp_path / "m", method="majority", keep_texts=True)
    model = load_model(tmp_path / "m")
    assert model.training_texts is not None
    whole = load_data(data)["all"]
    known = dict(zip(whole.texts, whole.labels, strict=True))
    for (found,) in model.nearest(model.training_texts.texts[:50], n=1):
        assert found.labels == tuple(name for name in model.labels if name in known[found.text])


def test_train_returns_scores_of_both_splits(data: Path) -> None:
    """One method, as `assay train` does it."""
    entry = train_model(data, data.parent / "trained", method="linear")
    assert entry["task"] == "multi"
    assert entry["validation"]["f1_micro"] > 0.9  # type: ignore[typeddict-item]


def test_one_label_each_is_read_as_sets_of_one(run: Path, caplog) -> None:
    """A model of several labels can be scored on data that have one each, which is said."""
    splits = load_data((["rude day", "fun day"], ["rude", "fun"]))
    found = evaluate_model(run / "model", splits)
    assert found.scores.n_texts == 2
    said = "each text of (texts, labels) has one label, and the model may give several"
    assert said in caplog.text
    caplog.clear()
    evaluate_model(run / "model", load_data((["rude day", "fun"], [["rude"], ["rude", "fun"]])))
    assert "has one label" not in caplog.text


def test_single_models_refuse_several_labels(data: Path) -> None:
    """`evaluate` says what to do."""
    out = data.parent / "single"
    texts, labels = [f"text {i}" for i in range(60)], ["x", "y"] * 30
    train_model((texts, labels), out, method="majority")
    with pytest.raises(DataError, match="gives one label per text; the data have several"):
        evaluate_model(out, load_data(data))


def test_what_takes_one_label_says_so(run: Path, data: Path, tmp_path: Path, monkeypatch) -> None:
    """Other methods refuse with a sentence."""
    monkeypatch.setitem(METHODS, "compact", replace(METHODS["compact"], takes_several=False))
    with pytest.raises(InputError, match="compact takes one label per text; majority, linear,"):
        run_data(data, tmp_path / "r", options=RunOptions(methods=("compact",)))
    assert not list(tmp_path.iterdir())


def test_report_is_written_again_in_another_language(run: Path, tmp_path: Path) -> None:
    """From report.json alone; a notebook is not made of such runs."""
    write_report_file(run, tmp_path / "report.html", language="ko")
    assert "linear를 쓰세요" in (tmp_path / "report.html").read_text(encoding="utf-8")
    written = write_report_file(run, tmp_path / "again.md")
    assert (tmp_path / "again_files" / "labels_f1.png").is_file()
    assert written.format == "md"
    english = (run / "report.md").read_text(encoding="utf-8")
    again = (tmp_path / "again.md").read_text(encoding="utf-8")
    assert again.replace("again_files", "report_files") == english
    with pytest.raises(InputError, match="of which no notebook is made; md and html are accepted"):
        write_report_file(run, tmp_path / "report.ipynb")


def test_few_texts_are_judged_out_of_fold(run: Path) -> None:
    """Each by models, scales and thresholds that did not see it; the models are fitted on both splits."""
    results = json.loads((run / "results.json").read_text())
    linear = results["methods"][1]
    assert linear["fitted_on"] == ["train", "validation"]
    assert linear["validation"] is None
    assert linear["evidence"]["kind"] == "out_of_fold"
    assert linear["evidence"]["n_texts"] == results["choice"]["n_texts"] == 360
    assert results["choice"]["kind"] == "out_of_fold"


def test_texts_of_train_and_a_small_test_are_said(tmp_path: Path, data: Path) -> None:
    """In results.json, in both reports, in the model and in its card, after what may mislead most."""
    lines = data.read_text(encoding="utf-8").splitlines(keepends=True)
    parts = {"train": lines[:300], "validation": lines[300:340], "test": lines[280:300]}
    parts["test"] += lines[340:380]
    for split, own in parts.items():
        (tmp_path / f"{split}.jsonl").write_text("".join(own), encoding="utf-8")
    out = tmp_path / "run"
    run_data(tmp_path, out, options=RunOptions(methods=("linear",)))
    results = json.loads((out / "results.json").read_text())
    near, small, leaked = results["warnings"][:3]
    assert near.startswith("140 of the 340 texts that methods were chosen on are nearly the same")
    assert small.startswith("60 test texts say little (macro F1 ")
    assert "). On the 340 texts that methods were chosen on" in small
    assert leaked.startswith("20 of 60 test texts also occur in the training texts")
    report = (out / "report.md").read_text(encoding="utf-8")
    assert "60 test texts say little" in report
    evidence = results["methods"][0]["evidence"]
    assert f"macro F1 {evidence['f1_macro']:.1%} (" in report.partition("60 test texts")[0]
    assert "on 340 texts of train and validation" in report.partition("60 test texts")[0]
    assert "20 of 60 test texts also occur" in report
    others = results["methods"][0]["test"]["without_leaks"]["scores"]
    claims = load_model(out / "model").manifest.scores
    (claim,) = [one for one in claims if (one["split"], one["metric"]) == ("test", "f1_macro")]
    assert claim["without_leaks"]["value"] == others["f1_macro"]
    assert claim["without_leaks"]["n_texts"] == 40
    card = (out / "model" / "README.md").read_text(encoding="utf-8")
    assert "| test | 40 | Macro F1 |" in card


def test_model_and_card_have_the_scores_out_of_fold(run: Path) -> None:
    """Where they are the evidence, as models of one label per text have them."""
    results = json.loads((run / "results.json").read_text())
    evidence = results["methods"][1]["evidence"]
    root = run / "models" / "linear"
    claims = {(one["split"], one["metric"]): one for one in load_model(root).manifest.scores}
    for metric in ("f1_micro", "f1_macro", "f1_weighted", "exact_match"):
        claim = claims["out_of_fold", metric]
        assert (claim["value"], claim["n_texts"]) == (evidence[metric], 360)
        assert claim["interval"] == evidence["intervals"][metric]
        assert ("test", metric) in claims
    card = (root / "README.md").read_text(encoding="utf-8")
    assert f"| out of fold | 360 | Macro F1 | {100 * evidence['f1_macro']:.1f}%" in card


def test_run_is_compared_again_from_its_predictions(run: Path) -> None:
    """The same choice, with differences to the best and their intervals, on evidence and test."""
    results = json.loads((run / "results.json").read_text())
    found = compare_run(run).to_dict()
    assert found["recommended"] == results["recommended"]
    assert found["evidence"] == results["comparisons"]
    assert [one["method"] for one in found["test"]] == ["majority", "linear", "compact"]
    majority = found["evidence"][0]
    assert majority["interval"][1] < 0


def test_tables_of_the_documentation_are_what_is_written(run: Path) -> None:
    """No key is missing in docs/json.md, and none is promised that is not there."""
    shapes = read_shapes((ROOT / "docs" / "json.md").read_text(encoding="utf-8"))
    results = json.loads((run / "results.json").read_text())
    method = results["methods"][1]
    scores = method["test"]
    compared = compare_run(run).to_dict()
    optional = {"without_leaks", "label_rule"}
    for name, written in {
        "SeveralResults": results,
        "SeveralData": results["data"],
        "SeveralChoice": results["choice"],
        "SeveralDifference": results["comparisons"][0],
        "SeveralMethod": method,
        "SeveralScores": scores,
        "LabelScores": scores["per_label"][0],
        "SeveralRunComparison": compared,
    }.items():
        assert set(shapes[name]) - optional == set(written) - optional, name
    assert set(shapes["SeveralEvidence"]) == set(method["evidence"]) - set(scores)


def test_damaged_predictions_of_a_run_are_named(run: Path, tmp_path: Path) -> None:
    """With what to do."""
    broken = shutil.copytree(run, tmp_path / "broken")
    (broken / "predictions" / "linear.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(InputError, match="is damaged"):
        compare_run(broken)


def test_thresholds_never_see_the_text_that_they_judge() -> None:
    """Changed labels of one group change no answer of its own, and some answers of others."""
    n_moved = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        probs, groups = rng.random((30, 3)), np.arange(30) // 2
        truth = (rng.random((30, 3)) < probs).astype(np.int64)
        before = cross_fit(probs, truth, groups, seed=0)
        changed = truth.copy()
        changed[:2] = 1 - changed[:2]
        after = cross_fit(probs, changed, groups, seed=0)
        assert np.array_equal(before[:2], after[:2])
        n_moved += not np.array_equal(before, after)
    assert n_moved > 10


@pytest.mark.parametrize("folds", [5, None], ids=["out of fold", "on validation"])
def test_test_split_reaches_no_choice(tmp_path: Path, monkeypatch, folds) -> None:
    """With other texts and labels in test, models, thresholds and the recommendation stay the same."""
    monkeypatch.setattr("assay.recipes.run.Run.draw", lambda run: DrawnMap())
    whole = write_data(tmp_path / "all.jsonl", n_texts=260).read_text().splitlines()
    found, tested = [], []
    for seed in (0, 1):
        data = tmp_path / f"data{seed}"
        data.mkdir()
        test = [json.loads(line) for line in whole[200:]]
        if seed:
            test = [{"text": f"{one['text']} unheard", "labels": [WORDS[1]]} for one in test]
        parts = {"train": whole[:160], "validation": whole[160:200], "test": map(json.dumps, test)}
        for name, lines in parts.items():
            (data / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
        out = tmp_path / f"run{seed}"
        options = RunOptions(methods=("majority", "linear"), folds=folds)
        results = run_data(data, out, options=options)
        manifests = [
            json.loads((out / "models" / name / "assay.json").read_text())
            for name in ("majority", "linear")
        ]
        chosen = [(one["thresholds"], one["parameters"]) for one in manifests]
        weights = [one["files"].get("model.safetensors") for one in manifests]
        evidence = [one["evidence"] for one in results["methods"]]
        found.append((chosen, weights, results["choice"], results["why"], evidence))
        tested.append(results["methods"][1]["test"]["exact_match"])
    assert tested[0] > 0.8 > 0.5 > tested[1]
    assert found[0] == found[1]


@pytest.mark.parametrize("asked", [{"target_accuracy": 0.9}])
def test_what_takes_one_label_is_refused_before_the_training(
    data: Path, tmp_path: Path, monkeypatch, asked
) -> None:
    """A training may take hours; nothing is written."""
    monkeypatch.setattr("assay.recipes.train.fit_and_save", pytest.fail)
    with pytest.raises(DataError, match="several labels each") as caught:
        train_model(data, tmp_path / "m", method="linear", **asked)
    assert "--min-precision" in caught.value.hint
    assert not (tmp_path / "m").exists()


def test_texts_that_all_have_a_label_get_one_each(tmp_path: Path) -> None:
    """A run says so, its model keeps it, and precision that is asked for comes first."""
    lines = []
    for line in write_data(tmp_path / "some.jsonl").read_text().splitlines():
        if json.loads(line)["labels"]:
            lines.append(line)
    data = tmp_path / "all.jsonl"
    data.write_text("\n".join(lines) + "\n", encoding="utf-8")
    run_data(data, tmp_path / "run", options=RunOptions(methods=("majority", "linear")))
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert [one["min_labels"] for one in results["methods"]] == [1, 1]
    report = (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    assert "so the label with the highest score is always given" in report
    card = (tmp_path / "run" / "model" / "README.md").read_text(encoding="utf-8")
    assert "gives a text one or several of" in card
    model = load_model(tmp_path / "run" / "model")
    assert json.loads((model.folder / "assay.json").read_text())["min_labels"] == 1
    assert all(len(labels) >= 1 for labels in model.predict(["nothing of this", "xyz"]))
    train_model(data, tmp_path / "asked", method="linear", min_precision={WORDS[0]: 0.5})
    assert load_model(tmp_path / "asked").manifest.min_labels == 0
