"""Hashes of the training texts: they recognise a text, and give none away."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save_file

from assay.data.normal_form import normalise_text
from assay.errors import ModelError
from assay.runtime.manifest import Manifest
from assay.runtime.trained_on import TrainedOn, read_trained_on

TEXTS = [f"Secret text number {i}" for i in range(1000)] + ["", "\ud800 lone", "오늘 정말 행복해요"]


def hashes_of(texts, fingerprint="ab"):
    """Hash texts as training does."""
    return TrainedOn.of(list(map(normalise_text, texts)), fingerprint=fingerprint)


def test_texts_are_recognised_in_their_normal_form(tmp_path):
    """After a way over the disk; texts that were not trained on are not."""
    hashes_of(TEXTS).save(tmp_path)
    found = TrainedOn.load(tmp_path)
    assert found.find(TEXTS).all()
    assert found.find(["SECRET  text number 7"]).all()
    assert not found.find([f"another text {i}" for i in range(5000)]).any()
    assert found.find([]).shape == (0,)


def test_no_text_is_in_the_file(tmp_path):
    """Eight bytes per distinct text, in an order that says nothing."""
    hashes_of([*TEXTS, *TEXTS]).save(tmp_path)
    raw = (tmp_path / "training_hashes.safetensors").read_bytes()
    assert b"ecret" not in raw
    assert len(raw) < 8 * len(TEXTS) + 400
    found = TrainedOn.load(tmp_path)
    assert (np.diff(found.hashes.astype(object)) > 0).all()


def test_hashes_differ_from_data_set_to_data_set_and_not_from_run_to_run():
    """The key follows from the fingerprint of the training data."""
    one, again, other = (hashes_of(TEXTS, fingerprint) for fingerprint in ("ab", "ab", "cd"))
    assert np.array_equal(one.hashes, again.hashes)
    assert not np.isin(one.hashes, other.hashes).any()


@pytest.mark.parametrize(
    ("tensor", "metadata"),
    [
        (np.zeros(3, dtype=np.uint64), None),
        (np.zeros(3, dtype=np.uint64), {"key": "no hex"}),
        (np.zeros(3, dtype=np.float32), {"key": "ab"}),
        (np.zeros((3, 1), dtype=np.uint64), {"key": "ab"}),
    ],
)
def test_broken_files_are_refused(tmp_path, tensor, metadata):
    """One message that names the file."""
    path = tmp_path / "training_hashes.safetensors"
    save_file({"hashes": tensor}, path, metadata=metadata)
    with pytest.raises(ModelError, match=r"training_hashes\.safetensors is broken"):
        TrainedOn.load(tmp_path)
    path.write_bytes(b"no tensors")
    with pytest.raises(ModelError, match=r"training_hashes\.safetensors is broken"):
        TrainedOn.load(tmp_path)


def test_models_without_hashes_have_none(tmp_path):
    """As those of assay 0.1.0."""
    assert read_trained_on(tmp_path, Manifest("linear", ("a", "b"), 0)) is None


def test_texts_of_test_are_known_beside(tmp_path):
    """Models that were saved without them know none."""
    held = [f"held out {i}" for i in range(9)]
    TrainedOn.of(list(TEXTS), fingerprint="ab", held_out=held).save(tmp_path)
    found = TrainedOn.load(tmp_path)
    assert found.find_held_out([*held, TEXTS[0]]).tolist() == [True] * 9 + [False]
    assert not found.find(held).any()
    hashes_of(TEXTS).save(tmp_path)
    assert not TrainedOn.load(tmp_path).find_held_out([*held, *TEXTS]).any()


def test_texts_that_were_chosen_on_are_known_as_learnt(tmp_path):
    """They have labels as training texts do, and were not trained on."""
    chosen = [f"chosen on {i}" for i in range(9)]
    TrainedOn.of(["a", "b"], fingerprint="ab", chosen_on=chosen).save(tmp_path)
    found = TrainedOn.load(tmp_path)
    assert found.find_learnt([*chosen, "a", "c"]).tolist() == [True] * 10 + [False]
    assert found.find([*chosen, "a"]).tolist() == [False] * 9 + [True]
    assert not found.find_held_out(chosen).any()
