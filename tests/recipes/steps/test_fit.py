"""One method fitted on train and saved, and what every model of the same data records about it."""

import numpy as np
import pytest

from _support.small_models import small_data
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts, Splits
from assay.errors import InputError
from assay.progress import Progress
from assay.recipes.steps.fit import FitOptions, TrainingSet, fit_and_save

LABELS = ("sadness", "joy", '화남, "분노"')


def make_splits(**changes):
    """Return train and validation of small texts."""
    parts = {}
    for seed, (split, n_texts) in enumerate((("train", 60), ("validation", 20))):
        texts, labels = small_data(n_texts, seed=seed)
        parts[split] = LabelledTexts(tuple(texts), tuple(labels))
    return Splits(parts, LabelSet(LABELS), **{"source": "someone/tweets", **changes})


def test_labels_are_in_the_order_of_the_label_set():
    """They are computed once for all methods."""
    data = TrainingSet(make_splits())
    assert [LABELS[i] for i in data.label_ids] == list(data.train.labels)
    assert data.label_ids is data.label_ids


def test_facts_say_where_train_came_from(tmp_path):
    """A path on this machine is named by its last part; a Hub id as it is."""
    facts = TrainingSet(make_splits()).facts
    assert facts["source"] == "someone/tweets"
    assert (facts["n_texts"], facts["sha256"]) == (60, make_splits()["train"].sha256())
    assert "corrections" not in facts
    assert TrainingSet(make_splits(source=str(tmp_path))).facts["source"] == tmp_path.name


def test_corrections_are_recorded_with_the_texts():
    """The fingerprint of the texts alone recognises data that have the original labels."""
    facts = TrainingSet(make_splits(n_corrections=2)).facts
    assert facts["corrections"] == 2
    assert facts["texts_sha256"] == make_splits()["train"].sha256(with_labels=False)


@pytest.mark.parametrize("keep_texts", [False, True])
def test_fitted_model_is_saved_and_loaded_once(tmp_path, keep_texts):
    """Scores of the loaded folder are there; training texts only where they were asked for."""
    data = TrainingSet(make_splits())
    said = []
    progress = Progress()
    progress.say = said.append
    options = FitOptions(keep_texts=keep_texts)
    fitted = fit_and_save("linear", data, tmp_path / "m", options=options, progress=progress)
    assert fitted.fit_s > 0
    assert list(fitted.history) == []
    assert fitted.model is fitted.model
    assert fitted.model.labels == LABELS
    assert np.mean(fitted.model.predict(data.train.texts) == np.array(data.train.labels)) > 0.9
    assert fitted.model.manifest.keeps_texts is keep_texts
    assert len(said) == keep_texts


def test_unknown_parameter_is_refused_before_fitting(tmp_path):
    """Nothing is written."""
    options = FitOptions(parameters={"n_epoch": 3})
    with pytest.raises(InputError, match="has no parameter 'n_epoch'"):
        fit_and_save(
            "compact",
            TrainingSet(make_splits()),
            tmp_path / "m",
            options=options,
            progress=Progress(),
        )
    assert not list(tmp_path.iterdir())


def test_saved_model_is_compared_on_texts_that_it_was_not_fitted_on():
    """Validation, unless models are fitted on it too: then test, where there is one."""
    data, splits = TrainingSet(make_splits()), make_splits()
    assert data.new_texts == splits["validation"].texts
    assert data.whole.new_texts == splits["validation"].texts  # there is no test
    texts, labels = small_data(15, seed=9)
    test = LabelledTexts(tuple(texts), tuple(labels))
    with_test = TrainingSet(Splits({**splits, "test": test}, LabelSet(LABELS), source="x"))
    assert with_test.new_texts == splits["validation"].texts
    assert with_test.whole.new_texts == test.texts
