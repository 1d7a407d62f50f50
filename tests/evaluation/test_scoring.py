"""Scores of a saved folder, what its manifest says of them, and the predictions that are written."""

import gzip
import json

import numpy as np
import pytest

from _support.small_runs import recompute
from assay.data.load import load_data
from assay.data.texts import LabelledTexts
from assay.evaluation.scoring import (
    SCORE_DIGITS,
    manifest_scores,
    prediction_records,
    score_split,
    write_predictions,
)
from assay.recipes.train import train_model
from assay.runtime.predictor import load_model


@pytest.fixture(scope="module")
def model(data, tmp_path_factory):
    """Train and load a linear model."""
    out = tmp_path_factory.mktemp("scoring") / "m"
    train_model(data, out, method="linear")
    return load_model(out)


@pytest.fixture(scope="module")
def scored(model, data):
    """Score its validation and test split."""
    splits = load_data(data)
    return {name: score_split(model, splits[name], seed=0) for name in ("validation", "test")}


def test_scores_are_of_the_probabilities(scored, model):
    """Columns are in LabelSet order, and everything is computed from them: scikit-learn agrees."""
    for one in scored.values():
        records = [
            {"label": label, "probs": row}
            for label, row in zip(one.labelled.labels, one.probs.tolist(), strict=True)
        ]
        expected, found = recompute(records, list(model.labels)), one.scores.to_dict()
        assert found["confusion"] == expected["confusion"]
        assert found["f1_macro"] == pytest.approx(expected["f1_macro"])
        assert one.correct.mean() == pytest.approx(found["accuracy"])
        assert one.predict_s > 0


def test_manifest_names_three_metrics_a_split(scored):
    """Value, interval around it, and on how many texts."""
    claims = manifest_scores(scored)
    assert [(claim["split"], claim["metric"]) for claim in claims] == [
        (split, metric)
        for split in ("validation", "test")
        for metric in ("accuracy", "f1_weighted", "f1_macro")
    ]
    for claim in claims:
        assert claim["interval"][0] <= claim["value"] <= claim["interval"][1]
        assert claim["n_texts"] == len(scored[claim["split"]].labelled)


def test_predictions_are_the_same_bytes_each_time(scored, model, tmp_path):
    """One line per text in row order, labels by name, and no time or name in the header of the archive."""
    paths = [tmp_path / name / "linear.jsonl.gz" for name in ("a", "b")]
    for path in paths:
        records = []
        for split, one in scored.items():
            records += prediction_records(split, one.labelled, one.probs, model.labels)
        write_predictions(path, records)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    lines = gzip.decompress(paths[0].read_bytes()).decode("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["split"] for record in records] == ["validation"] * 24 + ["test"] * 27
    assert "\\u" not in "".join(lines)
    probs = np.array([record["probs"] for record in records])
    np.testing.assert_allclose(
        probs, np.vstack([one.probs for one in scored.values()]), atol=10**-SCORE_DIGITS
    )
    assert [record["predicted_label"] for record in records] == [
        model.labels[i] for i in probs.argmax(axis=1)
    ]


def test_label_that_utf8_cannot_hold_is_written(model, tmp_path):
    """A lone surrogate in a label, as JSON input can hold, is no crash at the end of a long run."""
    part = LabelledTexts(("a text",), (model.labels[0],))
    one = score_split(model, part, seed=0)
    labels = ("a\ud800", *model.labels[1:])
    write_predictions(
        tmp_path / "p.jsonl.gz", prediction_records("test", one.labelled, one.probs, labels)
    )
    assert gzip.decompress((tmp_path / "p.jsonl.gz").read_bytes()).count(b"\n") == 1
