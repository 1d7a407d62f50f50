"""A map coloured by where a model gives the labels of the data, and where others."""

import numpy as np
import pytest

from _support.small_models import small_data, small_estimator
from assay.data.labels import LabelSet
from assay.data.normal_form import normalise_text
from assay.errors import InputError
from assay.models import save_model
from assay.recipes.map_by_model import colour_texts
from assay.runtime.trained_on import TrainedOn

SETS = [["fun"], ["rude"], ["fun", "rude"], []]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A small model."""
    folder = tmp_path_factory.mktemp("map") / "model"
    save_model(small_estimator("linear").fit(*small_data(200)), folder)
    return folder


def test_texts_are_coloured_by_what_the_model_says(model):
    """Right and wrong have a colour each; both labels are shown where they differ."""
    texts, labels = small_data(200)
    names = sorted(set(labels))
    wrong = names[(names.index(labels[0]) + 1) % len(names)]
    label_set = LabelSet(names)
    ids = label_set.ids([wrong, *labels[1:]])
    coloured = colour_texts(model, label_set, ids, texts, language="en")
    assert coloured.labels == ("the model agrees", "the model disagrees")
    assert coloured.label_ids[0] == 1
    assert coloured.texts[0] == f"{wrong} → {labels[0]}: {texts[0]}"
    assert coloured.n_other == coloured.label_ids.sum() < 50
    same = int(np.flatnonzero(coloured.label_ids == 0)[0])
    assert coloured.texts[same] == f"{labels[same]}: {texts[same]}"


def test_texts_that_the_model_was_trained_on_are_said(tmp_path):
    """Most points are often training texts, of which agreement says nothing: the others are counted apart."""
    texts, labels = small_data(200)
    trained_on = TrainedOn.of(list(map(normalise_text, texts)), fingerprint="00")
    save_model(
        small_estimator("linear").fit(texts, labels), tmp_path / "model", trained_on=trained_on
    )
    names = sorted(set(labels))
    label_set = LabelSet(names)
    new = [f"{text} anew" for text in texts[:20]]
    wrong = [names[0] if label != names[0] else names[1] for label in labels[:20]]
    ids = label_set.ids([*labels, *wrong])
    found = colour_texts(tmp_path / "model", label_set, ids, [*texts, *new], language="en")
    assert (found.n_trained_on, found.n_unseen) == (200, 20)
    assert 0 < found.n_other_unseen <= 20
    assert found.note("en").startswith("The model was trained on 200 of these 220 texts")
    assert "나머지 20개 가운데" in found.note("ko")
    ids = label_set.ids(labels)
    alone = colour_texts(tmp_path / "model", label_set, ids, texts, language="en")
    assert "all of these 200 texts" in alone.note("en")


def test_model_of_other_labels_is_refused(model):
    """Its colours would say nothing."""
    with pytest.raises(InputError, match="knows none of the labels"):
        colour_texts(model, LabelSet(["x", "y"]), np.array([0, 1]), ["a", "b"], language="en")


def test_sets_of_labels_are_compared_as_a_whole(tmp_path):
    """A text is as the model says where it has exactly the labels that the model gives."""
    texts = [" ".join([*own, "day", str(i)]) for i, own in enumerate(SETS * 40)]
    model = small_estimator("linear").fit(texts, SETS * 40, validation=(texts, SETS * 40))
    save_model(model, tmp_path / "several")
    label_set = LabelSet(["fun", "rude"], "multi")
    ids = label_set.encode(SETS)
    ids[0] = [1, 1]
    coloured = colour_texts(tmp_path / "several", label_set, ids, texts[:4], language="en")
    assert (coloured.label_ids.tolist(), coloured.n_other) == ([1, 0, 0, 0], 1)
    assert coloured.texts[0] == f"fun, rude → fun: {texts[0]}"
    assert coloured.texts[3] == f"–: {texts[3]}"
    alone = colour_texts(None, label_set, ids, texts[:4], language="en")
    assert alone.label_ids == [[0, 1], [1], [0, 1], []]
    with pytest.raises(InputError, match="gives several labels per text; the data have one label"):
        colour_texts(tmp_path / "several", LabelSet(["fun"]), np.array([0]), ["a"], language="en")


def test_without_a_model_labels_are_colours():
    """As they are, with the texts as they are."""
    coloured = colour_texts(None, LabelSet(["x", "y"]), np.array([0, 1]), ["a", "b"], language="en")
    assert (coloured.labels, coloured.texts, coloured.n_other) == (("x", "y"), ["a", "b"], None)
