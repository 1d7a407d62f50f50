"""Ranked labels: sorted by score, equal scores in the order of the labels; texts that cannot be read.

What else is said about an answer is held by the tests of the application.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from _support.small_models import small_data, small_estimator
from _support.small_runs import write_data
from assay.models import save_model
from assay.recipes.train import train_model
from assay.runtime import load_model
from assay.server import create_app
from assay.server.judgement import is_readable, judge_text, rank_scores
from assay.server.shelf import ModelShelf

LABELS = ["a", "b", "c", "d"]


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=4, max_size=4))
def test_labels_are_ranked_by_score(probs):
    """Highest first; a stable order."""
    ranked = rank_scores(np.array(probs), LABELS, None)
    expected = sorted(zip(probs, LABELS, strict=True), key=lambda pair: -pair[0])
    assert [(one["score"], one["label"]) for one in ranked] == expected
    assert rank_scores(np.array(probs), LABELS, 2) == ranked[:2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so happy", True),
        ("오늘 so happy", True),
        ("", False),
        ("พรุ่งนี้ฝนตก", False),
        ("2024 !", True),
    ],
)
def test_what_cannot_be_read_is_not_known(tmp_path, text, expected):
    """Blank, or in a script that no training text is in: however high the score."""
    data = write_data(tmp_path / "data", sizes={"train": 60, "validation": 30, "test": 27})
    train_model(data, tmp_path / "model", method="linear")
    model = load_model(tmp_path / "model")
    assert is_readable(text, model) is expected
    probs = np.array([0.99, *[0.01 / (len(model.labels) - 1)] * (len(model.labels) - 1)])
    found = judge_text(
        model, probs, scope=0.9, answer=model.labels[0], top_k=None, is_readable=expected
    )
    assert found["in_scope"] is expected
    assert found["confidence"] == ("sure" if expected else "does not know")


def test_model_that_was_saved_in_python_tells_strange_texts(tmp_path):
    """With its training texts, as one of `assay train` does: Thai, Arabic, emoji and digits."""
    texts, labels = small_data(200)
    estimator = small_estimator("linear").fit(texts, labels)
    save_model(estimator, tmp_path / "model", training=(texts, labels))
    asked = ["วันนี้อากาศดีมาก", "الطقس جميل اليوم", "😀🎉", "1234 5678", texts[0]]
    with TestClient(create_app(ModelShelf({"model": tmp_path / "model"}))) as client:
        answers = client.post("/v1/classify", json={"inputs": asked}).json()
    assert [one["in_scope"] for one in answers] == [False] * 4 + [True]
