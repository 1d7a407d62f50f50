"""Checkpoints of others: scored as stock transformers does, matched by name, refused where they could run code.

Also tests `open`, which tells them from models of assay.
"""

from __future__ import annotations

import json
import shutil

import pytest
import torch
import transformers

from _support.small_models import EDGE_TEXTS, small_data, small_estimator
from assay.data.load import load_data
from assay.errors import DataError, ModelError
from assay.models import save_model
from assay.models.open import match_labels, open_model
from assay.models.stock import load_classifier
from assay.recipes.evaluate import evaluate_model
from assay.runtime.predictor import load_model

STOCK_FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")


@pytest.fixture(scope="module")
def own(tmp_path_factory, tiny_bert):
    """Fine-tune a tiny checkpoint and save it as assay does."""
    folder = tmp_path_factory.mktemp("own") / "model"
    save_model(small_estimator("finetune", tiny_bert).fit(*small_data(90)), folder)
    return folder


@pytest.fixture
def foreign(own, tmp_path):
    """Return a writable folder with the stock files of that model, and nothing of assay's."""
    folder = tmp_path / "their-model"
    folder.mkdir()
    for name in STOCK_FILES:
        shutil.copyfile(own / name, folder / name)
    return folder


def change_config(folder, **changes):
    """Change config.json."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, **changes}), encoding="utf-8")


def rename(folder, names):
    """Give a checkpoint other label names."""
    change_config(
        folder, id2label=dict(enumerate(names)), label2id={name: i for i, name in enumerate(names)}
    )


def test_foreign_checkpoint_scores_as_assay_and_stock_transformers_do(own, foreign):
    """The same weights give the same scores, whoever loads them."""
    model = open_model(str(foreign))
    assert model.method == "checkpoint"
    assert model.labels == load_model(own).labels
    found = model.predict_proba(EDGE_TEXTS)
    assert abs(found - load_model(own).predict_proba(EDGE_TEXTS)).max() < 1e-5
    stock = transformers.pipeline(
        "text-classification", model=str(foreign), top_k=None, device="cpu"
    )
    expected = {one["label"]: one["score"] for one in stock("i am happy")[0]}
    row = model.predict_proba(["i am happy"])[0]
    assert dict(zip(model.labels, row, strict=True)) == pytest.approx(expected, abs=1e-5)
    assert model.predict_proba([]).shape == (0, len(model.labels))


def test_labels_are_matched_by_name_never_by_position(own, foreign):
    """Another order and another case of the names changes no score on the data."""
    names = list(load_model(own).labels)
    data = load_data(small_data(40, seed=3), labels=list(reversed(names)))
    expected = evaluate_model(own, data).scores.accuracy
    assert evaluate_model(str(foreign), data).scores.accuracy == expected
    rename(foreign, [name.upper() for name in names])
    assert evaluate_model(str(foreign), data).scores.accuracy == expected


def test_nameless_labels_ask_for_a_label_map(own, foreign, tmp_path):
    """LABEL_0 is no name: both lists are shown, and how to join them; joined, the scores are those of the names."""
    names = list(load_model(own).labels)
    data = load_data(small_data(40, seed=3))
    rename(foreign, [f"LABEL_{i}" for i in range(len(names))])
    with pytest.raises(
        DataError, match=r"the model has LABEL_0, LABEL_1, LABEL_2; the data has "
    ) as caught:
        evaluate_model(str(foreign), data)
    assert '"LABEL_0": ' in caught.value.hint
    assert "--label-map labels.json" in caught.value.hint
    path = tmp_path / "labels.json"
    path.write_text(
        json.dumps({f"LABEL_{i}": name for i, name in enumerate(names)}), encoding="utf-8"
    )
    found = evaluate_model(str(foreign), data, label_map=path)
    assert found.scores.accuracy == evaluate_model(own, data).scores.accuracy
    assert set(found.labels) == set(names)


def test_names_that_case_cannot_tell_apart_are_left_alone(own):
    """Where folding would make two labels one, only the exact name counts."""
    model = load_model(own)
    with pytest.raises(DataError, match="do not match: the model has"):
        match_labels(model, ["JOY", "joy", "sadness"], where="the data")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"problem_type": "regression"},
            "is for regression; labels of texts are accepted",
        ),
        (
            {"architectures": ["BertForMaskedLM"]},
            r"\(BertForMaskedLM\) has no sequence classifier, so no labels",
        ),
        (
            {"id2label": {"0": "a", "1": "a", "2": "b"}},
            r"the label names \(id2label\) .* cannot be used",
        ),
        ({"id2label": {"0": "a", "5": "b"}}, r"the label names \(id2label\) .* cannot be used"),
        ({"id2label": {"0": "a"}}, r"has one output \(regression\)"),
        ({"auto_map": {"AutoModel": "x.Y"}}, r"holds its own code \(auto_map\)"),
    ],
    ids=["no-labels", "no-head", "twice", "gap", "regression", "code"],
)
def test_checkpoint_that_cannot_be_used_says_why(foreign, changes, said):
    """Each is refused before a weight is loaded."""
    change_config(foreign, **changes)
    with pytest.raises(ModelError, match=said):
        load_classifier(foreign)


def test_checkpoint_without_classifier_weights_is_refused(tiny_bert, tmp_path):
    """A head that is not in the file would be random: it is never scored."""
    folder = shutil.copytree(tiny_bert, tmp_path / "encoder")
    change_config(folder, architectures=["BertForSequenceClassification"])
    with pytest.raises(
        ModelError, match=r"lacks \d weights of a classifier, among them .*: they would be random"
    ):
        load_classifier(folder)


def test_pickled_weights_are_refused_by_name(foreign):
    """A checkpoint whose weights are a pickle is not opened."""
    (foreign / "model.safetensors").unlink()
    torch.save({}, foreign / "pytorch_model.bin")
    with pytest.raises(
        ModelError, match=r"has no model\.safetensors but pytorch_model\.bin, which is a pickle"
    ):
        open_model(str(foreign))
