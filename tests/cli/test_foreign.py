"""Checkpoints of others from the command line: evaluated and predicted with as the models of assay are.

Also tests `evaluate_command`.
"""

from __future__ import annotations

import json

import pytest
import transformers

from _support.checkpoints import write_checkpoint

NAMES = ("sadness", "joy", '화남, "분노"')


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    """Write a random sequence classifier whose labels have no names."""
    folder = write_checkpoint(tmp_path_factory.mktemp("foreign") / "theirs", "distilbert")
    config = transformers.AutoConfig.from_pretrained(folder, num_labels=3)
    transformers.AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    return folder


def test_evaluate_with_a_label_map(invoke, data, classifier, tmp_path):
    """Without it an error that says how to write it; with it the scores."""
    done = invoke("evaluate", classifier, data)
    assert done.exit_code == 2
    assert "the model has LABEL_0, LABEL_1, LABEL_2; the data has sadness, joy, 화남" in done.stderr
    assert "add --label-map labels.json" in done.stderr
    path = tmp_path / "labels.csv"
    path.write_text(
        'model,data\nLABEL_0,sadness\nLABEL_1,joy\nLABEL_2,"화남, ""분노"""\n', encoding="utf-8"
    )
    done = invoke("evaluate", classifier, data, "--label-map", path, "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["labels"] == list(NAMES)


def test_predict_names_the_labels_of_the_map(invoke, classifier, tmp_path):
    """Scores come under the names of the map; without one under those of the checkpoint."""
    done = invoke("predict", classifier, "--json", stdin="a good day\n")
    assert set(json.loads(done.stdout)) >= {"score:LABEL_0", "score:LABEL_1", "score:LABEL_2"}
    path = tmp_path / "labels.json"
    path.write_text('{"LABEL_0": "bad", "LABEL_1": "good", "LABEL_2": "bad"}', encoding="utf-8")
    done = invoke("predict", classifier, "--label-map", path, "--json", stdin="a good day\n")
    found = json.loads(done.stdout)
    assert found["score:bad"] + found["score:good"] == pytest.approx(1)
