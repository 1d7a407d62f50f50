"""Two saved models on the same texts."""

from __future__ import annotations

import json

import pytest

from assay.data.load import load_data
from assay.evaluation.result import SplitScores
from assay.recipes.model_comparison import compare_models
from assay.recipes.train import train_model


@pytest.fixture(scope="module")
def models(data, tmp_path_factory):
    """Train a model that learns and one that does not."""
    root = tmp_path_factory.mktemp("compared")
    for method in ("majority", "linear"):
        train_model(data, root / method, method=method)
    return root


def test_the_better_model_is_named_with_gap_and_interval(models, data):
    """Only texts that one of them alone labels right say anything; the difference has their sign."""
    splits = load_data(data)
    found = compare_models(models / "majority", models / "linear", splits)
    majority, linear = (one.scores for one in found.evaluations)
    assert isinstance(linear, SplitScores)
    assert found.difference == pytest.approx(linear.accuracy - majority.accuracy)
    n_first, n_second = found.n_only_right
    assert (n_second - n_first) / linear.n_texts == pytest.approx(found.difference)
    assert found.interval[0] < found.difference < found.interval[1]
    assert found.p_value < 0.05
    assert found.why.startswith(f"{models / 'linear'} labels ")
    assert found.why.endswith(": more than chance.")
    assert json.loads(json.dumps(found.to_dict()))["models"][1]["method"] == "linear"


def test_the_order_of_the_models_only_turns_the_sign(models, data):
    """The sentence stays: it speaks of the better one."""
    splits = load_data(data)
    found = compare_models(models / "majority", models / "linear", splits)
    turned = compare_models(models / "linear", models / "majority", splits)
    assert turned.difference == -found.difference
    assert turned.p_value == found.p_value
    assert turned.why.startswith(f"{models / 'linear'} labels ")


def test_texts_that_were_trained_on_decide_nothing(models, data, tmp_path):
    """A model that has learnt the texts by heart is not called better."""
    texts = load_data(data)["train"]
    rows = zip(texts.texts, texts.labels, strict=True)
    pairs = [json.dumps({"text": text, "label": label}) for text, label in rows]
    (tmp_path / "seen.jsonl").write_text("\n".join(pairs) + "\n", encoding="utf-8")
    splits = load_data(tmp_path / "seen.jsonl")
    found = compare_models(models / "majority", models / "linear", splits)
    assert "but a model was trained on most of these texts" in found.why
    assert found.why.endswith("only those that neither was trained on say which is better.")


def test_a_model_and_itself_are_equal(models, data):
    """No difference is no difference."""
    found = compare_models(
        models / "linear", models / "linear", load_data(data), split="validation"
    )
    assert (found.difference, found.p_value, found.n_only_right) == (0.0, 1.0, (0, 0))
    assert (
        found.why
        == f"Both models label as many of {found.evaluations[0].scores.n_texts} texts right."
    )


def test_labels_that_a_rule_gives_are_not_what_is_compared(models, data, tmp_path):
    """Both the sentence and the JSON say so, for the model that has a rule alone."""
    splits = load_data(data)
    labels = [*splits.label_set]
    cost = {true: {given: 1.0 for given in labels if given != true} for true in labels}
    train_model(data, tmp_path / "ruled", method="linear", cost=cost)
    found = compare_models(models / "linear", tmp_path / "ruled", splits)
    (told,) = [one for one in found.warnings() if "by a rule" in one]
    effect = found.evaluations[1].rule_effect
    assert told.startswith(f"{tmp_path / 'ruled'}: it gives labels by a rule; compared are the")
    assert told.endswith(f"By its rule {effect.accuracy:.1%} are right.")
    plain, ruled = found.to_dict()["models"]
    assert not any("by a rule" in one for one in plain["warnings"])
    assert any("by a rule" in one for one in ruled["warnings"])
