"""Models travel to other processes: as the path of their folder, which is checked there."""

import copy
import multiprocessing
import pickle
import shutil

import numpy as np
import pytest

from assay.errors import InputError, ModelError
from assay.runtime import Model, load_model
from assay.runtime.relabel import relabel_model

TEXTS = ["happy day", "", "슬퍼요"]


def score(model):
    """Score in another process."""
    return model.predict_proba(TEXTS)


def test_pickled_model_is_loaded_from_its_folder(compact_folder):
    """The pickle holds no weights, and gives the same scores; so does a model with other names."""
    model = load_model(compact_folder)
    renamed = relabel_model(model, {label: f"new {label}" for label in model.labels})
    for one in (model, renamed):
        pickled = pickle.dumps(one)
        assert len(pickled) < 2000
        again = pickle.loads(pickled)
        assert again.labels == one.labels
        np.testing.assert_array_equal(again.predict_proba(TEXTS), one.predict_proba(TEXTS))


def test_model_travels_to_a_spawned_process(compact_folder):
    """As `multiprocessing`, joblib and Ray start them."""
    model = load_model(compact_folder)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        np.testing.assert_array_equal(pool.apply(score, (model,)), model.predict_proba(TEXTS))


def test_copy_of_a_model_is_the_model(compact_folder):
    """It is read-only: a second one would only take memory."""
    model = load_model(compact_folder)
    assert copy.copy(model) is model
    assert copy.deepcopy({"model": model})["model"] is model


def test_changed_folder_is_refused_when_a_pickle_is_loaded(compact_folder, linear_folder, tmp_path):
    """Another model in its place is never taken for the one that was pickled."""
    folder = shutil.copytree(compact_folder, tmp_path / "model")
    pickled = pickle.dumps(load_model(folder))
    shutil.rmtree(folder)
    shutil.copytree(linear_folder, folder)
    with pytest.raises(ModelError, match="holds another model than when it was pickled"):
        pickle.loads(pickled)
    shutil.rmtree(folder)
    with pytest.raises(ModelError, match="there is no model folder"):
        pickle.loads(pickled)


def test_model_without_a_folder_cannot_be_pickled(compact_folder):
    """The error says what to do."""
    loaded = load_model(compact_folder)
    model = Model(loaded.folder, loaded.manifest, loaded.predict_proba)
    with pytest.raises(InputError, match="cannot be pickled"):
        pickle.dumps(model)
