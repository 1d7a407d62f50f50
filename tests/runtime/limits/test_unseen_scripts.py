"""Texts of a script that the training texts never had are out of scope."""

import itertools

import numpy as np
import pytest

from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts, Splits
from assay.recipes.train import train_model
from assay.runtime import load_model

WHAT = ["택배가", "배송이", "주문이", "환불이", "상담이", "제품이"]
HOW_MUCH = ["정말", "아직도", "너무", "조금", "오늘도"]
HOW = {"늦어요": "bad", "별로예요": "bad", "빨라요": "good", "좋았어요": "good", "친절해요": "good"}
UNSEEN = [
    "ทีมนักวิจัยพบปลาชนิดใหม่ในทะเลลึก",
    "اكتشف العلماء نوعًا جديدًا",
    "Η ομάδα κέρδισε",
    "研究チームは深海で",
    "የሳይንስ ሊቃውንት",
]


@pytest.fixture(scope="module")
def korean(tmp_path_factory):
    """Train on Korean sentences; return the model and the texts of test."""
    sentences = [" ".join(words) for words in itertools.product(WHAT, HOW_MUCH, HOW)]
    order = np.random.default_rng(0).permutation(len(sentences))
    texts = [sentences[i] for i in order]

    def rows(start, stop):
        own = tuple(texts[start:stop])
        labels = tuple(HOW[text.split()[-1]] for text in own)
        return LabelledTexts(own, labels, tuple(range(1, len(own) + 1)))

    parts = {"train": rows(0, 90), "validation": rows(90, 120), "test": rows(120, 150)}
    out = tmp_path_factory.mktemp("korean") / "model"
    train_model(Splits(parts, LabelSet(("bad", "good")), "x"), out, method="linear")
    return load_model(out), texts[120:]


def test_texts_of_other_scripts_are_told(korean):
    """Whatever the model answers to them, it says that they are unlike its training texts."""
    model, own = korean
    assert (model.scope(UNSEEN) < model.scope_threshold).all()
    assert (model.scope(own) >= model.scope_threshold).mean() > 0.9
