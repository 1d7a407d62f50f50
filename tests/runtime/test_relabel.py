"""Other names for labels: read from a file, joined by name, merged where two get one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assay.errors import InputError
from assay.runtime.manifest import Manifest
from assay.runtime.predictor import Model
from assay.runtime.relabel import read_label_map, relabel_model

LABELS = ("LABEL_0", "LABEL_1", "LABEL_2")


def three():
    """Make a model of three labels that scores by the number in a text."""
    rows = np.array([[0.5, 0.2, 0.3], [0.1, 0.6, 0.3]])
    manifest = Manifest(method="checkpoint", labels=LABELS, seed=0, abstain={"threshold": 0.5})
    return Model(Path("nowhere"), manifest, lambda texts: rows[[int(text) for text in texts]])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("map.json", '{"LABEL_0": "joy", "LABEL_1": "화남"}'),
        ("map.csv", "model,data\nLABEL_0,joy\nLABEL_1,화남\n"),
        ("bom.csv", "\ufeffmodel,data\r\nLABEL_0, joy\r\n\r\nLABEL_1,화남\r\n"),
    ],
)
def test_label_map_is_read_from_json_and_csv(tmp_path, name, content):
    """Both forms hold the same pairs."""
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert read_label_map(tmp_path / name) == {"LABEL_0": "joy", "LABEL_1": "화남"}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("map.json", "[1]", "it holds no object"),
        ("map.json", "{", "cannot be read"),
        ("map.json", '{"a": 1}', "pair 1 of the label map"),
        ("map.json", '{"a": "x", "a": "y"}', "has 'a' twice"),
        ("map.json", "{}", "is empty"),
        ("map.csv", "model,data\na,b,c\n", "pair 1 of the label map"),
        ("map.csv", "model,data\na, \n", "pair 1 of the label map"),
        ("map.csv", "model,data\n", "is empty"),
    ],
)
def test_label_map_that_is_none_is_refused_with_the_form(tmp_path, name, content, said):
    """The message says how to write one."""
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_label_map(tmp_path / name)
    with pytest.raises(
        InputError, match=r'there is no label map .*\{"LABEL_0": "joy", \.\.\.\} as \.json'
    ):
        read_label_map(tmp_path / "none.json")


def test_relabelled_model_gives_the_same_scores_under_other_names():
    """Names change, columns stay: nothing is matched by position."""
    model = relabel_model(three(), {"LABEL_2": "c", "LABEL_0": "a", "LABEL_1": "b"})
    assert model.labels == ("a", "b", "c")
    assert model.predict_proba(["0", "1"]).tolist() == three().predict_proba(["0", "1"]).tolist()
    assert model.manifest.abstain == {"threshold": 0.5}


def test_labels_with_one_name_are_merged():
    """Scores of merged labels are added, and what was measured of single labels is dropped."""
    model = relabel_model(three(), {"LABEL_0": "bad", "LABEL_1": "good", "LABEL_2": "bad"})
    assert model.labels == ("bad", "good")
    assert model.predict_proba(["0"])[0] == pytest.approx([0.8, 0.2])
    assert model.predict(["1"]) == ["good"]
    assert model.manifest.abstain == {}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"LABEL_0": "a", "LABEL_1": "b"}, "the label map leaves out LABEL_2"),
        (
            {"LABEL_0": "a", "LABEL_1": "b", "LABEL_2": "c", "LABEL_3": "d"},
            "names 'LABEL_3', which the model does not",
        ),
    ],
)
def test_label_map_must_fit_the_model(names, said):
    """Every label of the model is in it, and no other."""
    with pytest.raises(InputError, match=re.escape(said)):
        relabel_model(three(), names)


def test_labels_that_a_text_may_have_together_are_not_joined():
    """Each has a threshold of its own; other names and another order are fine."""
    one = three()
    manifest = replace(one.manifest, task="multi", thresholds=(0.2, 0.3, 0.4))
    model = Model(one.folder, manifest, one.predict_proba)
    with pytest.raises(InputError, match="gives one name to several labels"):
        relabel_model(model, {"LABEL_0": "a", "LABEL_1": "b", "LABEL_2": "a"})
    renamed = relabel_model(model, {"LABEL_0": "a", "LABEL_1": "b", "LABEL_2": "c"})
    assert renamed.manifest.thresholds == (0.2, 0.3, 0.4)
