"""Predictions for people: short columns, in words, in a workbook that runs nothing."""

from __future__ import annotations

import json

import pytest

from assay.batch.files import predict_file
from assay.batch.short_columns import shorten
from assay.data.files.readers import read_rows
from assay.recipes.steps.prepare import DataOptions
from assay.recipes.train import train_model
from assay.runtime.predictor import load_model

RECORD = {
    "label": "truth",
    "text": "so glad",
    "predicted_label": "joy",
    "predicted_score": 0.91234,
    "score:fear": 0.02,
    "score:joy": 0.91234,
    "score:sadness": 0.06766,
}


def test_columns_for_people_follow_those_of_the_input():
    """A column of the input that is called like one of them keeps its place under another name."""
    assert shorten(RECORD) == {
        "input_label": "truth",
        "text": "so glad",
        "label": "joy",
        "score": 0.912,
        "second label": "sadness",
        "confidence": "sure",
    }


def test_abstained_answers_and_scope_are_in_words():
    """What a model does not know has no label; the best labels are enough for a second one."""
    top = [{"label": "joy", "score": 0.6}, {"label": "fear", "score": 0.3}]
    record = {
        "text": "a",
        "predicted_label": None,
        "predicted_score": 0.6,
        "abstained": True,
        "in_scope": False,
        "top_k": top,
    }
    short = shorten(record)
    assert (short["label"], short["second label"]) == (None, "fear")
    assert (short["confidence"], short["in scope"]) == ("does not know", "no")


def test_several_labels_stand_in_one_column():
    """All labels of a text, or none, and the highest score; input columns keep their place."""
    record = {"labels": "truth", "text": "a", "predicted_labels": ["joy", "fear"]}
    scores = {"score:joy": 0.91234, "score:fear": 0.6}
    assert shorten({**record, **scores}) == {
        "input_labels": "truth",
        "text": "a",
        "labels": "joy, fear",
        "highest score": 0.912,
        "confidence": "sure",
    }
    top = {"text": "a", "predicted_labels": [], "top_k": [{"label": "joy", "score": 0.25}]}
    short = {"text": "a", "labels": "", "highest score": 0.25, "confidence": "leaning to none"}
    assert shorten(top) == short  # 0.75 that none fits
    unsure = shorten({**top, "predicted_labels": None})
    assert (unsure["labels"], unsure["confidence"]) == (None, "does not know")
    clear = shorten({**top, "top_k": [{"label": "joy", "score": 0.005}]})
    assert clear["confidence"] == "sure that none fits"
    unclear = shorten({**top, "top_k": [{"label": "joy", "score": 0.6}]})
    assert unclear["confidence"] == "does not know"


@pytest.mark.parametrize("separator", [";", None], ids=["joined", "lists"])
def test_several_labels_of_a_workbook_are_joined_as_in_the_training_data(tmp_path, separator):
    """By its separator; by commas where labels were lists."""
    pytest.importorskip("openpyxl", reason="the extra xlsx is not installed")
    pytest.importorskip("python_calamine", reason="the extra xlsx is not installed")
    rows = []
    for i in range(20):
        rows += [(f"lost parcel {i}", ["delivery", "refund"]), (f"late {i}", ["delivery"])]
        rows += [(f"hello {i}", [])]
    data, new = tmp_path / "train.jsonl", tmp_path / "new.csv"
    lines = [json.dumps({"text": text, "labels": labels}) for text, labels in rows]
    if separator:
        data = tmp_path / "train.csv"
        lines = ["text,labels", *(f"{text},{separator.join(labels)}" for text, labels in rows)]
    data.write_text("\n".join(lines), encoding="utf-8")
    new.write_text("text\nlost parcel\n", encoding="utf-8")
    options = DataOptions(label_separator=separator)
    train_model(data, tmp_path / "m", method="linear", options=options)
    predict_file(load_model(tmp_path / "m"), new, tmp_path / "out.xlsx")
    (row,) = read_rows(tmp_path / "out.xlsx")
    assert sorted(row.values["labels"].split(separator or ", ")) == ["delivery", "refund"]


def test_blank_text_is_said_in_one_place_whatever_the_task():
    """The labels that every other format has stay; how sure they are says that there is no text."""
    several = {"text": " ", "predicted_labels": ["joy"], "score:joy": 0.6, "score:fear": 0.1}
    single = {**RECORD, "text": " "}
    for record, column, given in ((several, "labels", "joy"), (single, "label", "joy")):
        short = shorten(record, text_column="text")
        assert (short[column], short["confidence"]) == (given, "no text")


def test_predictions_in_a_workbook_are_read_back(tmp_path, linear_folder):
    """Formulas are stored as text, and rows come in their order."""
    pytest.importorskip("openpyxl", reason="the extra xlsx is not installed")
    pytest.importorskip("python_calamine", reason="the extra xlsx is not installed")
    source = tmp_path / "new.csv"
    source.write_text('text;ticket\n"=1+1";17\nso glad\x01;0018\n')
    summary = predict_file(linear_folder, source, tmp_path / "scored.xlsx")
    assert summary.n_texts == 2
    rows = [row.values for row in read_rows(tmp_path / "scored.xlsx")]
    assert [row["text"] for row in rows] == ["=1+1", "so glad\ufffd"]
    assert [row["ticket"] for row in rows] == ["17", "0018"]
    assert list(rows[0])[2:] == ["label", "score", "second label", "confidence"]
    assert not (tmp_path / "scored.xlsx.partial").exists()
