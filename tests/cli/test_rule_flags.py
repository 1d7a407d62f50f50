"""`--min-recall`, `--min-precision` and `--cost` of train and run, and what predict, evaluate, serve and reports make of them.

Tests rule_check, too.
"""

import json

import numpy as np
import pytest
import typer

from _support.small_runs import read_json, write_rows
from assay.cli.rule_check import refuse_broken_rule
from assay.errors import CheckError
from assay.recipes.report import write_report_file
from assay.runtime import load_model
from assay.server.judgement import judge_text

WORDS = {"ham": (0.8, 0.5, 0.3, 0.2), "spam": (0.3, 0.4, 0.6, 0.7)}  # how often it has each word


def noisy(n_texts, *, seed):
    """Make texts whose label cannot be told for sure."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for i in range(n_texts):
        label = ("ham", "spam")[i % 2]
        has = rng.random(4) < WORDS[label]
        own = [
            word for word, is_in in zip(("meet", "soon", "free", "win"), has, strict=True) if is_in
        ]
        texts.append(" ".join([*own, f"x{i}{seed}"]))
        labels.append(label)
    return texts, labels


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Data with 200 texts of validation."""
    root = tmp_path_factory.mktemp("rules")
    (root / "data").mkdir()
    for seed, (split, n) in enumerate({"train": 200, "validation": 200, "test": 200}.items()):
        write_rows(root / "data" / f"{split}.csv", *noisy(n, seed=seed))
    return root


def train(invoke, root, name, *args):
    """Train linear; return what was printed."""
    return invoke(
        "train", root / "data", "--method", "linear", "--out", root / name, "--quiet", *args
    )


@pytest.fixture
def watchful(invoke, root):
    """A model that finds at least 0.96 of spam."""
    if not (root / "watchful").exists():
        done = train(invoke, root, "watchful", "--min-recall", "spam=0.96")
        assert done.exit_code == 0, done.stderr
        assert "Without→with its rule" in done.stdout
        assert "recall 0.96" in done.stdout
    return root / "watchful"


def test_the_threshold_is_in_the_model_and_predict_applies_it(invoke, root, watchful):
    """Labels follow the threshold, scores stay what they are."""
    threshold = read_json(watchful / "assay.json")["label_rule"]["thresholds"][1]
    assert 0 < threshold < 0.5
    out = root / "predicted.jsonl"
    done = invoke("predict", watchful, root / "data" / "test.csv", "--out", out, "--overwrite")
    assert done.exit_code == 0, done.stderr
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        expected = "spam" if row["score:spam"] >= threshold else "ham"
        assert row["predicted_label"] == expected
        assert row["predicted_score"] == row[f"score:{expected}"]
    assert any(row["predicted_label"] == "spam" and row["score:spam"] < 0.5 for row in rows)
    found = np.mean([row["predicted_label"] == "spam" for row in rows if row["label"] == "spam"])
    assert found > 0.85
    model = load_model(watchful)
    assert model.predict([row["text"] for row in rows]) == [row["predicted_label"] for row in rows]


def test_the_server_gives_the_label_of_the_rule(watchful):
    """`label` is what the model gives; `best_label` and the scores say what they always say."""
    model, probs = load_model(watchful), np.array([0.6, 0.4])
    (answer,) = model.decide(probs[None, :])
    judgement = judge_text(model, probs, scope=None, answer=answer, top_k=None)
    assert (judgement["label"], judgement["best_label"]) == ("spam", "ham")
    assert judgement["scores"][0] == {"label": "ham", "score": 0.6}


def test_evaluate_and_info_show_the_rule(invoke, root, watchful):
    """Evaluate gives both sides of the price, and its rows the labels of the rule."""
    out = root / "rows.csv"
    args = ("evaluate", watchful, root / "data", "--out", out, "--overwrite")
    done = invoke(*args)
    assert "Without→with its rule" in done.stdout
    found = json.loads(invoke(*args, "--json", "--quiet").stdout)
    (spam,) = found["by_rule"]["labels"]
    assert spam["recall"] > spam["recall_without"]
    assert out.read_text(encoding="utf-8").count(",spam,spam,") == round(spam["recall"] * 100)
    assert "spam from a score of" in invoke("info", watchful).stdout
    card = (watchful / "README.md").read_text(encoding="utf-8")
    assert "gives 'spam' from a score of" in card
    of_scores = card.partition("## Limits")[0]
    assert "These scores are by the highest score alone." in of_scores
    by_rule = found["by_rule"]
    changed = f"{100 * by_rule['accuracy_without']:.1f}% → {100 * by_rule['accuracy']:.1f}%"
    recalls = f"{100 * spam['recall_without']:.1f}% → {100 * spam['recall']:.1f}%"
    assert f"| {changed} | spam | {recalls} |" in of_scores  # of test, as `evaluate` says them
    done = invoke("predict", watchful, root / "data" / "test.csv", "--target-accuracy", "0.9")
    assert done.exit_code == 2
    assert "gives labels by a rule" in done.stderr


def test_costs_are_in_the_model(invoke, root):
    """A missed spam costs twenty."""
    costs = root / "costs.csv"
    costs.write_text(",ham,spam\nham,0,1\nspam,20,0\n", encoding="utf-8")
    done = train(invoke, root, "costly", "--cost", costs, "--json")
    assert done.exit_code == 0, done.stderr
    for effect in json.loads(done.stdout)["label_rule"]["effects"]:
        assert effect["mean_cost"] < effect["mean_cost_without"]
    model = load_model(root / "costly")
    probs = np.array([[0.9, 0.1], [0.97, 0.03]])
    assert model.decide(probs) == ["spam", "ham"]
    assert "expected to cost least" in invoke("info", root / "costly").stdout


def test_costs_that_are_not_lowered_are_said(invoke, root):
    """Where all mistakes cost the same, the highest scores are as cheap."""
    costs = root / "even.csv"
    costs.write_text(",ham,spam\nham,0,1\nspam,1,0\n", encoding="utf-8")
    done = train(invoke, root, "even", "--cost", costs)
    assert done.exit_code == 0, done.stderr
    assert "The rule is not shown to lower the costs that were given" in done.stdout
    shown = invoke("evaluate", root / "even", root / "data").stdout
    assert "all other scores are by the highest score alone" in shown


def test_what_cannot_be_shown_ends_with_3_and_a_model_without_a_rule(invoke, root):
    """The best that can be shown is said; with --json the object has the sentence."""
    done = train(invoke, root, "refused", "--min-precision", "spam=0.999")
    assert done.exit_code == 3
    assert "error: a precision of 99.9% for 'spam' cannot be shown" in done.stderr
    assert "saved without a rule" in done.stderr
    assert "label_rule" not in read_json(root / "refused" / "assay.json")
    done = train(invoke, root, "again", "--min-precision", "spam=0.999", "--json")
    assert done.exit_code == 3
    assert "cannot be shown" in json.loads(done.stdout)["label_rule"]["refused"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--min-recall", "spam"), "--min-recall is 'spam'; a label and a share is accepted"),
        (("--min-recall", "spam=lots"), "--min-recall is 'spam=lots'"),
        (("--min-recall", "spam=95"), "--min-recall of 'spam' is 95.0; a share above 0"),
        (("--min-recall", "spam=.9", "--min-recall", "spam=.8"), "names 'spam' twice"),
        (("--min-recall", "spam=.9", "--min-precision", "spam=.9"), "both name 'spam'"),
        (("--min-recall", "spaam=0.9"), "names the label 'spaam', which the data do not have"),
        (("--min-recall", "spam=0.99"), "cannot be shown with the 200 texts that have"),
        (("--cost", "nowhere.csv"), "there is no file of costs nowhere.csv"),
        (("--min-recall", "spam=.8", "--target-accuracy", ".8"), "one of them is accepted"),
    ],
)
def test_mistakes_are_one_sentence_and_nothing_is_written(invoke, root, args, said):
    """Exit code 2, before anything is trained."""
    done = train(invoke, root, "none", *args)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
    assert not (root / "none").exists()


def test_what_is_not_reached_is_a_check_that_said_no():
    """It ends with the exit code of a check that said no."""
    refused = {"rule": None, "refused": "a recall cannot be shown.", "effects": []}
    with pytest.raises(CheckError, match="a recall cannot be shown") as caught:
        refuse_broken_rule(refused, as_json=False)
    assert caught.value.exit_code == 3
    with pytest.raises(typer.Exit) as ended:
        refuse_broken_rule(refused, as_json=True)
    assert ended.value.exit_code == 3
    refuse_broken_rule(None, as_json=False)
    refuse_broken_rule({**refused, "refused": None}, as_json=False)


def test_few_texts_get_the_evidence_and_the_model_of_a_run(invoke, tmp_path):
    """Eleven texts of validation show nothing: those out of fold do, and train says what it did."""
    data, args = tmp_path / "few.csv", ("--min-recall", "spam=0.85", "--out")
    write_rows(data, *noisy(120, seed=5))
    done = invoke("train", data, "--method", "linear", "--quiet", *args, tmp_path / "trained")
    assert done.exit_code == 0, done.stderr
    assert "fitted on train and validation" in " ".join(done.stdout.split())
    assert "accuracy on texts out of fold, where the rule was chosen" in done.stdout
    done = invoke("run", data, "--methods", "majority,linear", "--quiet", *args, tmp_path / "run")
    assert done.exit_code == 0, done.stderr
    trained = read_json(tmp_path / "trained" / "assay.json")
    of_run = read_json(tmp_path / "run" / "models" / "linear" / "assay.json")
    assert trained["label_rule"]["split"] == "out_of_fold"
    assert trained["training_data"]["fitted_on"] == ["train", "validation"]
    for entry in ("label_rule", "files", "scores", "scope", "coverage_curve", "training_data"):
        assert trained[entry] == of_run[entry], entry
    card = (tmp_path / "trained" / "README.md").read_text(encoding="utf-8")
    assert "| out of fold | 108 |" in card
    assert " – |" not in card.partition("## Scores")[2].partition("## How")[0]


def test_a_run_shows_the_price_everywhere(invoke, root):
    """Terminal, results.json and the report in both languages; chosen out of fold."""
    out = root / "run"
    done = invoke(
        "run",
        root / "data",
        "--methods",
        "majority,linear",
        "--min-recall",
        "spam=0.96",
        "--out",
        out,
        "--quiet",
    )
    assert done.exit_code == 0, done.stderr
    assert "recall 0.96" in done.stdout
    majority, linear = read_json(out / "results.json")["methods"]
    assert {"effects", "refused"} <= set(majority["label_rule"])
    assert [one["split"] for one in linear["label_rule"]["effects"]] == ["out_of_fold", "test"]
    rule = read_json(out / "model" / "assay.json")["label_rule"]
    assert (rule["split"], rule["n_texts"]) == ("out_of_fold", 400)
    report = (out / "report.md").read_text(encoding="utf-8")
    assert "## Labels by rule" in report
    assert "recall 96.0%" in report
    assert "## What more texts would bring" in report
    assert "More texts:  " in done.stdout
    assert 'id="rule"' in (out / "report.html").read_text(encoding="utf-8")
    write_report_file(out, root / "ko.md", language="ko")
    korean = (root / "ko.md").read_text(encoding="utf-8")
    assert "재현율 96.0%" in korean
    test = linear["label_rule"]["effects"][1]
    shares = [f"{100 * test[name]:.1f}%" for name in ("accuracy", "accuracy_without")]
    assert shares[0] != shares[1]
    doubt = "by it {} of the 200 test texts are labelled right, in place of {}.".format(*shares)
    results = read_json(out / "results.json")
    (said,) = [one for one in results["doubts"] if one.endswith(doubt)]
    assert said in results["warnings"]
    assert said in report
    assert " ".join(done.stdout.split()).count(doubt) == 1
    assert "맞는 것은 {1}가 아니라 {0}입니다".format(*shares) in korean


def test_a_run_that_recommends_majority_says_that_it_has_no_rule(invoke, tmp_path):
    """Nothing can be learnt from these texts: the precision is refused, not passed over."""
    labels = [
        str(label) for label in np.random.default_rng(0).permutation(["a", "a", "a", "b"] * 30)
    ]
    write_rows(tmp_path / "d.csv", [f"w{i}" for i in range(120)], labels)
    out = tmp_path / "run"
    asked = ("--methods", "majority,linear", "--min-precision", "a=0.95", "--quiet")
    asked += ("--metric", "accuracy")
    done = invoke("run", tmp_path / "d.csv", "--out", out, *asked)
    results = read_json(out / "results.json")
    assert results["recommended"] == "majority"
    assert done.exit_code == 3
    assert "error: a precision of 95.0% for 'a' cannot be shown (out of fold)" in done.stderr
    assert "a precision of 95.0% for 'a' cannot be shown" in results["warnings"][0]
    assert not any("majority" in warning for warning in results["warnings"])
