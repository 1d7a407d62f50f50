"""Out-of-fold probabilities: no row is judged by a model, or a temperature, that saw it."""

from __future__ import annotations

import numpy as np
import pytest

from _support.small_models import small_data
from assay.data.duplicates import duplicate_groups
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts
from assay.errors import DataError, InputError
from assay.evaluation import out_of_fold
from assay.evaluation.out_of_fold import predict_out_of_fold

LABELS = LabelSet(("joy", "sadness", "anger"))


def part(n_texts, *, seed=0, labels=LABELS.names):
    """Make texts that a linear model can tell apart."""
    texts, ys = small_data(n_texts, labels=labels, seed=seed)
    return LabelledTexts(tuple(texts), tuple(ys))


class Recorder:
    """Act as an estimator that remembers its texts, and answers how often it saw a text."""

    def __init__(self):
        self.asked = []

    def fit(self, texts, labels, **_):
        """Remember the texts."""
        self.seen = list(texts)
        self.classes_ = np.unique(labels)
        return self

    def predict_fold(self, texts, label_ids, is_outside):
        """Act as estimators do that need to know nothing of all texts together."""
        rows = range(len(texts))
        self.fit([texts[i] for i in rows if not is_outside[i]], label_ids[~is_outside])
        return self.decision_logits([texts[i] for i in rows if is_outside[i]]), self.classes_

    def decision_logits(self, texts):
        """Remember the texts, and answer how often each was fitted on."""
        self.asked.append(list(texts))
        return np.array([[self.seen.count(t) * 100.0 + c for c in self.classes_] for t in texts])


@pytest.fixture
def recorders(monkeypatch):
    """Put recorders in the place of estimators; return them as they are made."""
    made = []
    monkeypatch.setattr(
        out_of_fold, "make_estimator", lambda method, seed: made.append(Recorder()) or made[-1]
    )
    return made


def test_no_model_judges_a_text_that_it_saw(recorders):
    """Every train text is asked of exactly one model, which was not fitted on it, even if it repeats."""
    train = part(60)
    train = LabelledTexts(train.texts + train.texts[:7], train.labels + train.labels[:7])
    found = predict_out_of_fold(train, LABELS)
    assert len(recorders) == 5
    for recorder in recorders:
        (asked,) = recorder.asked
        assert not set(asked) & set(recorder.seen)
        assert sorted(asked + recorder.seen) == sorted(train.texts)
    groups = duplicate_groups(train.texts)
    assert all(len(set(found.folds[groups == g])) == 1 for g in set(groups))


def test_other_splits_are_judged_by_models_that_did_not_see_them(recorders):
    """A test text of train gets the probabilities of the one model without it; others the mean."""
    train = part(60)
    test = LabelledTexts((train.texts[3].upper(), "quite new"), (train.labels[3], "joy"))
    found = predict_out_of_fold(train, LABELS, others={"test": test})
    leaked, fresh = found.other_probs["test"]
    assert found.probs[3] == pytest.approx(leaked)
    assert fresh.sum() == pytest.approx(1.0)
    assert all("quite new" not in recorder.seen for recorder in recorders)


def test_probabilities_are_those_of_the_method():
    """Rows sum to one, columns are in LabelSet order, and most labels of an easy set are right."""
    train, test = part(150), part(40, seed=9)
    found = predict_out_of_fold(train, LABELS, others={"test": test}, seed=3)
    assert found.probs.shape == (150, 3)
    assert found.probs.sum(axis=1) == pytest.approx(np.ones(150))
    assert np.mean(found.probs.argmax(axis=1) == LABELS.ids(train.labels)) > 0.9
    assert np.mean(found.other_probs["test"].argmax(axis=1) == LABELS.ids(test.labels)) > 0.9
    assert found.fit_s > 0


def test_same_seed_gives_the_same_probabilities():
    """Folds, fits and calibration are seeded."""
    train = part(60)
    one, again = (predict_out_of_fold(train, LABELS, seed=5).probs for _ in range(2))
    assert (one == again).all()


def test_label_on_one_text_only_is_not_judged():
    """No model knows a label whose only text it did not see: only those rows are NaN."""
    train = part(40, labels=("joy", "sadness"))
    train = LabelledTexts(
        (*train.texts, "so furious", "So furious"), (*train.labels, "anger", "anger")
    )
    test = LabelledTexts(("so mad", "so happy"), ("anger", "joy"))
    found = predict_out_of_fold(train, LABELS, others={"test": test})
    assert np.isnan(found.probs[-2:]).all()
    assert np.isfinite(found.probs[:-2]).all()
    assert np.isfinite(found.other_probs["test"][1]).all()


def test_label_that_train_lacks_is_not_judged_elsewhere():
    """A test label without a train text has no probability, and so no verdict."""
    train, test = (
        part(40, labels=("joy", "sadness")),
        LabelledTexts(("so mad", "so sad"), ("anger", "sadness")),
    )
    probs = predict_out_of_fold(train, LABELS, others={"test": test}).other_probs["test"]
    assert np.isnan(probs[0]).all()
    assert np.isfinite(probs[1]).all()


def test_empty_other_split_has_no_rows():
    """A split without texts is answered with none."""
    found = predict_out_of_fold(part(30), LABELS, others={"test": LabelledTexts((), ())})
    assert found.other_probs["test"].shape == (0, 3)


def test_fewer_texts_than_folds_get_a_fold_each():
    """Six texts are six folds at most."""
    train = LabelledTexts(
        ("so happy", "so glad", "good", "so sad", "so bad", "alone"),
        ("joy",) * 3 + ("sadness",) * 3,
    )
    assert predict_out_of_fold(train, LABELS, n_folds=20).folds.max() == 5


def test_too_few_texts_are_refused():
    """Two labels on two texts cannot be held against anything."""
    with pytest.raises(
        DataError, match="2 texts do not hold two labels that each occur on two different texts"
    ):
        predict_out_of_fold(LabelledTexts(("a", "b"), ("joy", "sadness")), LABELS)


def test_method_that_reads_no_text_is_refused():
    """The most frequent label says nothing of a row."""
    with pytest.raises(InputError, match="'majority' does not read the texts"):
        predict_out_of_fold(part(30), LABELS, method="majority")
    with pytest.raises(InputError, match="n_folds is 1; at least 2"):
        predict_out_of_fold(part(30), LABELS, n_folds=1)
    with pytest.raises(InputError, match="unknown method 'lineal'"):
        predict_out_of_fold(part(30), LABELS, method="lineal")
