"""Batch prediction of a model that may say that it does not know, and that tells which texts it was made for."""

import csv
import json
import shutil

import pytest

import assay.batch.rows
from _support.small_models import EDGE_TEXTS, small_data, small_estimator
from _support.small_runs import write_data
from assay.batch import predict_file, predict_rows
from assay.data.blank_text import is_blank
from assay.data.files.readers import Row, read_rows
from assay.errors import InputError
from assay.models import save_model
from assay.recipes.train import train_model
from assay.runtime import load_model
from assay.runtime.limits.abstain import AbstainRule

STRANGE = ["zxcv qwrt plmk", "lorem ipsum dolor sit amet"]
TEXTS = [*small_data(20, seed=5)[0], *EDGE_TEXTS, *STRANGE]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Train linear and majority on small data; return the folder that holds both."""
    root = tmp_path_factory.mktemp("abstain")
    data = write_data(root / "data", sizes={"train": 120, "validation": 60, "test": 27})
    for method in ("linear", "majority"):
        train_model(data, root / method, method=method)
    return root


@pytest.fixture(scope="module")
def model(folders):
    """Load the linear one, which records no rule."""
    return load_model(folders / "linear")


@pytest.fixture(scope="module")
def cautious(folders, tmp_path_factory):
    """Load a copy that records a rule of its own, of 0.9."""
    copy = shutil.copytree(folders / "linear", tmp_path_factory.mktemp("cautious") / "linear")
    path = copy / "assay.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(
        json.dumps({**manifest, "abstain": AbstainRule(0.9).to_dict()}), encoding="utf-8"
    )
    return load_model(copy)


def rows(texts):
    """Make rows of texts."""
    return [Row(i, {"text": text}) for i, text in enumerate(texts, start=1)]


def predict(model, texts=TEXTS, **more):
    """Predict texts; return the records."""
    return [one.record for one in predict_rows(model, rows(texts), text_column="text", **more)]


def test_nothing_asked_adds_no_column(model):
    """A model without a rule gives labels and scores, and nothing about what it does not know."""
    for record in predict(model):
        assert not {"abstained", "in_scope"} & set(record)
        assert record["predicted_label"] in model.labels


@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.8, 1.0])
def test_unsure_texts_get_no_label_and_keep_their_scores(model, threshold):
    """Under the threshold the label is null and abstained is true; every score is what it would be."""
    plain = predict(model)
    probs = model.predict_proba(TEXTS)
    for record, before, row in zip(
        predict(model, rule=AbstainRule(threshold)), plain, probs, strict=True
    ):
        assert record["abstained"] == bool(row.max() < threshold)
        assert record["predicted_label"] == (
            None if record["abstained"] else before["predicted_label"]
        )
        assert {
            name: value
            for name, value in record.items()
            if name not in ("abstained", "predicted_label")
        } == {name: value for name, value in before.items() if name != "predicted_label"}
    assert list(record)[:5] == [
        "text",
        "predicted_label",
        "predicted_score",
        "abstained",
        f"score:{model.labels[0]}",
    ]


def test_decision_is_made_before_scores_are_rounded(model):
    """A threshold at the score itself answers, one a hair above it does not: rounding to 7 digits has no part in it."""
    top = float(model.predict_proba(["happy day"]).max())
    assert [one["abstained"] for one in predict(model, ["happy day"], rule=AbstainRule(top))] == [
        False
    ]
    assert [
        one["abstained"] for one in predict(model, ["happy day"], rule=AbstainRule(top + 1e-12))
    ] == [True]


def test_recorded_rule_holds_unless_another_is_given(cautious, model):
    """The model's own rule needs no flag; a given one takes its place, also one that always answers."""
    assert predict(cautious) == predict(model, rule=AbstainRule(0.9))
    assert predict(cautious, rule=AbstainRule(0.5)) == predict(model, rule=AbstainRule(0.5))
    assert not any(record["abstained"] for record in predict(cautious, rule=AbstainRule(0.0)))


def test_best_labels_are_listed_though_it_abstains(model):
    """top_k still says what the model leans to."""
    for record in predict(model, rule=AbstainRule(1.0), top_k=2):
        assert list(record) == ["text", "predicted_label", "predicted_score", "abstained", "top_k"]
        assert record["predicted_label"] is None
        assert record["top_k"][0]["score"] == record["predicted_score"]


def test_scope_says_which_texts_look_like_train(model):
    """True where the model's own scope reaches its threshold; strange texts and blank ones are out."""
    records = predict(model, with_scope=True)
    inside = (model.scope(TEXTS) >= model.scope_threshold).tolist()
    expected = [one and not is_blank(text) for one, text in zip(inside, TEXTS, strict=True)]
    assert [record["in_scope"] for record in records] == expected
    assert not any(record["in_scope"] for record in records[-len(STRANGE) :])
    assert sum(record["in_scope"] for record in records[:20]) >= 17
    assert all(
        record["predicted_label"] in model.labels for record in records
    )  # out of scope is a note, no verdict


def test_both_notes_stand_side_by_side(cautious):
    """A text may be in scope and too unsure, or out of it and sure: the two are told apart."""
    records = predict(cautious, with_scope=True)
    assert list(records[0])[:5] == [
        "text",
        "predicted_label",
        "predicted_score",
        "abstained",
        "in_scope",
    ]
    assert {record["in_scope"] for record in records} == {True, False}
    assert {record["abstained"] for record in records} == {True, False}


@pytest.mark.parametrize("chunk_rows", [1, 7])
def test_notes_stay_with_their_rows(model, monkeypatch, chunk_rows):
    """In small chunks and with rejected rows in between every note is beside its own text."""
    asked = {"rule": AbstainRule(0.8), "with_scope": True}
    whole = predict(model, **asked)
    monkeypatch.setattr(assay.batch.rows, "CHUNK_ROWS", chunk_rows)
    assert predict(model, **asked) == whole
    mixed = [
        row
        for one in rows(TEXTS)
        for row in (one, Row(one.line, {}, "broken"), Row(one.line, {"other": "x"}))
    ]
    found = list(predict_rows(model, mixed, text_column="text", **asked))
    assert [one.record for one in found[::3]] == whole
    assert {one.problem for one in found[1::3]} == {"broken"}
    assert {one.problem for one in found[2::3]} == {"no column 'text'"}
    assert all(one.record == {} for one in [*found[1::3], *found[2::3]])


def test_chunk_of_rejected_rows_alone_is_no_obstacle(model):
    """Where nothing of a chunk can be scored there is nothing to note."""
    found = list(
        predict_rows(
            model,
            [Row(1, {}, "broken")],
            text_column="text",
            rule=AbstainRule(0.5),
            with_scope=True,
        )
    )
    assert [(one.problem, one.record) for one in found] == [("broken", {})]


def test_columns_of_these_names_are_kept(model, tmp_path):
    """A column abstained or in_scope of the input is kept as input_..., and only where the name is needed."""
    source = tmp_path / "in.jsonl"
    source.write_text(
        json.dumps({"text": "happy day", "abstained": "mine", "in_scope": "mine too"}) + "\n"
    )
    predict_file(model, source, tmp_path / "both.jsonl", rule=AbstainRule(0.0), with_scope=True)
    predict_file(model, source, tmp_path / "none.jsonl")
    both, none = (json.loads((tmp_path / f"{name}.jsonl").read_text()) for name in ("both", "none"))
    assert (both["input_abstained"], both["input_in_scope"]) == ("mine", "mine too")
    assert (both["abstained"], both["in_scope"]) == (False, True)
    assert (none["abstained"], none["in_scope"]) == ("mine", "mine too")


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "jsonl.gz", "parquet"])
def test_notes_are_written_in_every_format(model, tmp_path, suffix):
    """Null is an empty cell, true and false read the same everywhere."""
    texts = ["happy day", STRANGE[0], ""]
    (tmp_path / "in.txt").write_text("".join(text + "\n" for text in texts), encoding="utf-8")
    out = tmp_path / f"out.{suffix}"
    rule = AbstainRule(float(model.predict_proba(texts[:1]).max()))
    predict_file(model, tmp_path / "in.txt", out, rule=rule, with_scope=True)
    expected = predict(model, texts, rule=rule, with_scope=True)
    assert [(record["abstained"], record["in_scope"]) for record in expected] == [
        (False, True),
        (True, False),
        (True, False),
    ]
    found = [row.values for row in read_rows(out)]
    for record, wanted in zip(found, expected, strict=True):
        assert (record["predicted_label"] or None) == wanted["predicted_label"]
        for name in ("abstained", "in_scope"):
            assert str(record[name]).lower() == str(wanted[name]).lower()
    if suffix == "csv":
        with out.open(encoding="utf-8-sig", newline="") as stream:
            assert next(csv.DictReader(stream))["abstained"] in ("true", "false")


def test_model_without_statistics_refuses_scope(folders, tmp_path):
    """The floor looks at no text: a sentence with its folder and what to do, and nothing is written."""
    floor = load_model(folders / "majority")
    (tmp_path / "in.txt").write_text("a text\n")
    with pytest.raises(
        InputError, match=r"the majority model in .* holds no statistics of its training texts"
    ) as caught:
        predict_file(floor, tmp_path / "in.txt", tmp_path / "out.jsonl", with_scope=True)
    assert (
        caught.value.hint
        == "train it again with assay train, in Python with train_model, as any method but majority"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["in.txt"]
    save_model(small_estimator("linear").fit(*small_data(60)), tmp_path / "by hand")
    with pytest.raises(InputError) as caught:
        predict(load_model(tmp_path / "by hand"), ["a text"], with_scope=True)
    assert caught.value.hint.endswith(", or save it with save_model(..., training=(texts, labels))")
    assert predict(floor, ["a text"], rule=AbstainRule(0.99))[0]["predicted_label"] is None
