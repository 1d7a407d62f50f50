"""Texts in several scripts: each is compared with validation texts of its own."""

import json

import numpy as np
import pytest

from _support.small_models import small_estimator
from assay.errors import ModelError
from assay.models import save_model
from assay.models.term_statistics import MIN_SCRIPT_TEXTS, make_scope_references
from assay.runtime import load_model
from assay.runtime.limits.scope_by_script import ScopeByScript, name_main_scripts

KOREAN = [
    "오늘",
    "정말",
    "행복해요",
    "택배가",
    "아직도",
    "도착하지",
    "않았어요",
    "날씨가",
    "좋네요",
    "슬퍼요",
]
ENGLISH = ["good", "day", "the", "a", "happy", "is", "this"]


def texts_of(n_texts, seed):
    """Make Korean texts of many words and English ones of few, in turn."""
    rng = np.random.default_rng(seed)
    words = [KOREAN, ENGLISH]
    return [" ".join(rng.choice(words[i % 2], size=4)) for i in range(n_texts)]


def references(n_korean, n_english, measured=None):
    """Measure made-up numbers of so many texts."""
    n_texts = n_korean + n_english
    rng = np.random.default_rng(0)
    if measured is None:
        measured = rng.normal(size=(n_texts, 3))
    texts = ["행복해요"] * n_korean + ["happy"] * n_english
    probs = rng.dirichlet(np.ones(3), size=n_texts)
    return make_scope_references(measured, probs, texts, split="validation")


def test_script_is_that_of_most_letters():
    """Digits and signs are in none."""
    texts = ["오늘 정말 행복해요 happy", "so happy 오늘", "2024 :)", ""]
    assert name_main_scripts(texts) == ["HANGUL", "LATIN", "", ""]


@pytest.mark.parametrize(
    ("n_korean", "n_english", "scripts"),
    [
        (MIN_SCRIPT_TEXTS, MIN_SCRIPT_TEXTS, {"HANGUL", "LATIN"}),
        (MIN_SCRIPT_TEXTS, MIN_SCRIPT_TEXTS - 1, set()),
        (500, 0, set()),
    ],
)
def test_two_scripts_with_enough_texts_have_their_own(n_korean, n_english, scripts):
    """Fewer texts tell no threshold; a single script needs none of its own."""
    found = references(n_korean, n_english)
    assert set(found.by_script) == scripts
    assert found.whole.n_texts == n_korean + n_english


def test_each_text_is_compared_with_its_own_script():
    """English measures are higher by far: a poor English text is a good Korean one."""
    measured = np.random.default_rng(1).normal(size=(200, 3))
    measured[100:] += 10
    found = references(100, 100, measured)
    between = np.array([[5.0, 5.0, 5.0, -1.0]] * 3)
    korean, english, none = found.scope(between, ["행복해요", "happy", "123"])
    assert korean > 0.9
    assert english < 0.05
    assert none == found.whole.scope(between[:1])[0]


def test_references_survive_json():
    """Models of before have none by script."""
    found = references(60, 60)
    plain = json.loads(json.dumps(found.to_dict()))
    assert ScopeByScript.from_dict(plain, where="assay.json") == found
    del plain["by_script"]
    assert ScopeByScript.from_dict(plain, where="assay.json") == ScopeByScript(found.whole)


@pytest.mark.parametrize("value", [[], 3, {"LATIN": 3}, {"LATIN": {}}])
def test_damaged_references_are_refused(value):
    """With the file's name."""
    plain = {**references(60, 60).to_dict(), "by_script": value}
    with pytest.raises(ModelError, match=r"^assay\.json: scope "):
        ScopeByScript.from_dict(plain, where="assay.json")


def test_a_saved_model_flags_as_many_texts_of_either_script(tmp_path):
    """About a twentieth of each, where the harder script had most of the flags."""
    texts = texts_of(400, 0)
    labels = ["a" if i % 4 < 2 else "b" for i in range(400)]
    estimator = small_estimator("linear").fit(texts, labels)
    save_model(
        estimator, tmp_path / "model", training=(texts, labels), parity_texts=texts_of(600, 1)
    )
    model = load_model(tmp_path / "model")
    assert set(model.manifest.scope["by_script"]) == {"HANGUL", "LATIN"}
    new = texts_of(1000, 2)
    is_out = model.scope(new) < model.scope_threshold
    assert is_out[::2].mean() < 0.12
    assert (model.scope(["zxcv qwrt plmk", "쀍뛟 쒧꿻"]) < model.scope_threshold).all()
