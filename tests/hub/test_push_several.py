"""Pushing a model of several labels per text: its card, its thresholds and its answers arrive whole."""

from __future__ import annotations

import json

import numpy as np
import pytest
from huggingface_hub import ModelCard

from assay.recipes.train import train_model
from assay.runtime import load_model

LABELS = ("욕설", "food, drink", "graph|theory", "🤖 robots")


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """Train a model on texts that hold words of their labels; return its folder."""
    rng = np.random.default_rng(0)
    texts, labels = [], []
    for i, row in enumerate(rng.random((200, 4)) < [0.4, 0.3, 0.3, 0.2]):
        own = [label for label, has in zip(LABELS, row, strict=True) if has]
        texts.append(" ".join([*own, "the", "day", f"n{i}"]))
        labels.append(own)
    folder = tmp_path_factory.mktemp("models") / "topics"
    train_model((texts, labels), folder, method="linear")
    return folder


def test_model_of_several_labels_is_pushed_and_pulled_whole(shell, hub, several, tmp_path):
    """What is pulled answers the same, with the same thresholds, and verifies; pushed again, nothing is sent."""
    code, first, _ = shell("push", several, "topics")
    assert (code, first["is_changed"]) == (0, True)
    files = hub.model("me/topics").files
    assert json.loads(files["assay.json"]) == json.loads(
        (several / "assay.json").read_text(encoding="utf-8")
    )
    assert not shell("push", several, "topics")[1]["is_changed"]
    pulled = tmp_path / "pulled"
    assert shell("pull", "me/topics", "--out", pulled)[0] == 0
    assert shell("verify", pulled)[0] == 0
    ours, theirs = load_model(several), load_model(pulled)
    assert theirs.labels == ours.labels
    assert theirs.manifest.thresholds == ours.manifest.thresholds
    texts = ["욕설 food, drink", "🤖 robots", "nothing of these"]
    np.testing.assert_array_equal(ours.predict_proba(texts), theirs.predict_proba(texts))


def test_pushed_card_of_several_labels_is_valid(shell, hub, several):
    """It parses, has scores of test as the Hub reads them, and names every label as it is."""
    assert shell("push", several, "topics", "--license", "mit")[0] == 0
    written = hub.model("me/topics").files["README.md"].decode()
    card = ModelCard(written)
    assert card.data.license == "mit"
    assert card.data.pipeline_tag == "text-classification"
    assert {one.metric_type for one in card.data.eval_results} >= {"f1"}
    values = {one.metric_name: one.metric_value for one in card.data.eval_results}
    assert values
    assert all(0 <= value <= 1 for value in values.values())
    for label in LABELS:
        assert label in written or label.replace("|", "\\|") in written
    assert "assay pull me/topics" in written
