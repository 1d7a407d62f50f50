"""Models that are saved in Python: with their training texts they tell texts unlike them."""

import json

import numpy as np
import pytest

from _support.small_models import WORDS, small_data, small_estimator
from assay.data.labels import LabelSet
from assay.errors import DataError, InputError
from assay.models import Majority, save_model
from assay.models.term_statistics import fit_scope_reference, fit_term_statistics
from assay.runtime import load_model

TEXTS, LABELS = small_data(200)
HELD_OUT = small_data(150, seed=5)[0]
STRANGE = [
    "สวัสดีครับ วันนี้อากาศดีมาก",  # Thai
    "الطقس جميل جدا اليوم",  # Arabic
    "😀🎉🔥",
    "1234 5678 90",
    "quarterly amortisation schedules of municipal bonds",
]


@pytest.fixture(scope="module")
def linear():
    """Fit on small data."""
    return small_estimator("linear").fit(TEXTS, LABELS)


def save(estimator, out, **more):
    """Save with the texts that it learnt from, and load it."""
    save_model(estimator, out, training=(TEXTS, LABELS), **more)
    return load_model(out)


@pytest.mark.parametrize("held_out", [(), HELD_OUT])
def test_model_tells_strange_texts_from_its_own(linear, tmp_path, held_out):
    """By texts that are held out, or by folds of the training texts where there are none."""
    model = save(linear, tmp_path / "model", parity_texts=held_out)
    entry = model.manifest.scope
    n_texts, split = (150, "held_out") if held_out else (200, "out_of_fold")
    assert (entry["split"], entry["threshold"]) == (split, 0.05)
    assert entry["n_texts"] <= n_texts
    assert (model.scope(STRANGE) < model.scope_threshold).all()
    new = model.scope(small_data(300, seed=77)[0])
    assert (new < model.scope_threshold).mean() < 0.15


def test_reference_of_held_out_texts_is_that_of_a_training(linear, tmp_path):
    """Measured with the saved scores, in the order of the labels that was asked for."""
    labels = LabelSet(tuple(reversed(WORDS)))
    model = save(linear, tmp_path / "model", parity_texts=HELD_OUT, label_set=labels)
    statistics = fit_term_statistics(TEXTS, labels.ids(LABELS), n_classes=3)
    known = set(TEXTS)
    new = [text for text in HELD_OUT if text not in known]
    expected = fit_scope_reference(
        statistics, new, model.predict_proba(new), split="held_out"
    ).to_dict()
    assert model.manifest.scope == json.loads(json.dumps(expected))


def test_training_texts_are_no_held_out_ones(linear, tmp_path):
    """They look more like train than any new text: by them, most new ones would be out of scope."""
    model = save(linear, tmp_path / "model", parity_texts=TEXTS)
    assert model.manifest.scope["split"] == "out_of_fold"


def test_no_text_is_kept(linear, tmp_path):
    """Only hashed counts of terms."""
    save(linear, tmp_path / "model")
    assert TEXTS[0] not in (tmp_path / "model" / "scope.json").read_text(encoding="utf-8")
    assert load_model(tmp_path / "model").training_texts is None


def test_several_labels(tmp_path):
    """A text counts in each of its labels, and texts without any are counted too."""
    labels = [[label] if i % 3 else [label, "more"] for i, label in enumerate(LABELS)]
    labels[0] = []
    estimator = small_estimator("linear").fit(TEXTS, labels, validation=(TEXTS, labels))
    for held_out in ((), HELD_OUT):
        save_model(
            estimator,
            tmp_path / "model",
            training=(TEXTS, labels),
            parity_texts=held_out,
            overwrite=True,
        )
        model = load_model(tmp_path / "model")
        assert (model.scope(STRANGE) < model.scope_threshold).all()
        assert (model.scope(HELD_OUT) < model.scope_threshold).mean() < 0.15


def test_saving_without_them_says_what_is_lost(linear, tmp_path, caplog):
    """Once, with what to write; not for a model that reads no text."""
    save_model(linear, tmp_path / "plain")
    (record,) = caplog.records
    assert "training=(texts, labels)" in record.getMessage()
    assert load_model(tmp_path / "plain").scope(STRANGE) is None
    caplog.clear()
    save(linear, tmp_path / "model")
    floor = Majority().fit(TEXTS, LABELS)
    save_model(floor, tmp_path / "floor")
    assert save(floor, tmp_path / "counted").scope(STRANGE) is None
    assert not caplog.records


def test_other_texts_than_those_of_fit_are_refused(linear, tmp_path):
    """Before anything is written."""
    statistics = fit_term_statistics(TEXTS, np.zeros(200, dtype=np.int64), n_classes=3)
    wrong = [
        (TEXTS, InputError, "training is of the type list; a pair"),
        ((TEXTS[:9], LABELS[:9]), InputError, "training has 9 texts, and the estimator learnt"),
        ((TEXTS, LABELS[:9]), InputError, "200 texts and 9 labels"),
        ((TEXTS, [["joy"]] * 200), InputError, "the labels are several per text"),
        ((TEXTS, ["envy", *LABELS[1:]]), DataError, "label 'envy' is not among the 3 labels"),
    ]
    for training, error, message in wrong:
        with pytest.raises(error, match=message):
            save_model(linear, tmp_path / "model", training=training)
    with pytest.raises(InputError, match="training and term_statistics are given; one of them"):
        save_model(
            linear,
            tmp_path / "model",
            training=(TEXTS, LABELS),
            term_statistics=statistics,
        )
    assert not (tmp_path / "model").exists()


def test_one_text_alone_gives_no_scope(tmp_path):
    """There is nothing to compare it with."""
    estimator = small_estimator("linear").fit(["good day"] * 4, ["a", "b"] * 2)
    save_model(estimator, tmp_path / "model", training=(["good day"] * 4, ["a", "b"] * 2))
    assert load_model(tmp_path / "model").scope_threshold is None
