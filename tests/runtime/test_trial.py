"""Folders of strangers: what is wrong with them is said when they are loaded, here or in a process of its own.

These are also the tests of sane_scores.
"""

import shutil

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file

from assay.errors import ModelError
from assay.recipes.verify import verify_model
from assay.runtime import load_model, seal_folder
from assay.runtime.manifest import read_manifest
from assay.runtime.trial import TrialLimits, try_model


@pytest.fixture
def folder(compact_folder, tmp_path):
    """Copy a network to where it may be changed."""
    return shutil.copytree(compact_folder, tmp_path / "model")


def change_network(root, change):
    """Change the network of a model folder, and seal the folder again with right hashes."""
    path = root / "onnx" / "model.onnx"
    model = onnx.load(str(path))
    change(model.graph)
    path.write_bytes(model.SerializeToString())
    seal_folder(root, _manifest(root))


def _manifest(root):
    """Read what the folder says of itself."""
    return read_manifest(root / "assay.json")


def poison(graph):
    """Put NaN into every weight."""
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype.kind == "f":
            tensor.CopyFrom(numpy_helper.from_array(np.full_like(values, np.nan), tensor.name))


def negate(graph):
    """Give negative scores that sum to 1."""
    for node in graph.node:
        node.output[:] = ["good" if name == "probs" else name for name in node.output]
    graph.initializer.append(numpy_helper.from_array(np.float32(3.0), "three"))
    graph.initializer.append(numpy_helper.from_array(np.float32(2.0 / 3), "shift"))
    graph.node.append(helper.make_node("Mul", ["good", "three"], ["more"]))
    graph.node.append(helper.make_node("Sub", ["more", "shift"], ["probs"]))


def swell(graph):
    """Ask for 256 GB, by a product that depends on the texts."""
    for node in graph.node:
        node.output[:] = ["good" if name == "probs" else name for name in node.output]
    number = numpy_helper.from_array(np.int64([1 << 18]), "number")
    graph.initializer.append(number)
    graph.node.append(helper.make_node("Shape", ["input_ids"], ["shape"]))
    graph.node.append(helper.make_node("ReduceMin", ["shape"], ["least"], keepdims=1))
    graph.node.append(helper.make_node("Mul", ["number", "least"], ["factor"]))
    graph.node.append(helper.make_node("Mul", ["number", "factor"], ["product"]))
    graph.node.append(helper.make_node("ConstantOfShape", ["product"], ["zeros"]))
    graph.node.append(helper.make_node("ReduceMax", ["zeros"], ["zero"], keepdims=0))
    graph.node.append(helper.make_node("Add", ["good", "zero"], ["probs"]))


@pytest.mark.parametrize(
    ("change", "problem"),
    [(poison, "no probabilities"), (negate, "no probabilities"), (swell, "cannot|took more")],
)
def test_network_that_gives_no_scores_is_refused_when_it_is_loaded(folder, change, problem):
    """NaN, negative scores, more memory than there is: an error, never a score."""
    change_network(folder, change)
    if change is not swell:
        with pytest.raises(ModelError, match=problem):
            load_model(folder)
    with pytest.raises(ModelError, match=problem):
        try_model(folder)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("weights", np.nan, "NaN or infinity in its weights"),
        ("bias", np.inf, "NaN or infinity in its bias"),
        ("idf", 0.0, "idf that is not above 0"),
    ],
)
def test_linear_model_with_impossible_numbers_is_refused(
    linear_folder, tmp_path, name, value, problem
):
    """One number is enough, whether or not a text that is tried meets it."""
    root = shutil.copytree(linear_folder, tmp_path / "model")
    arrays = load_file(root / "model.safetensors")
    arrays[name].flat[-1] = value
    save_file(arrays, root / "model.safetensors")
    seal_folder(root, _manifest(root))
    with pytest.raises(ModelError, match=problem):
        load_model(root)


def test_weights_beside_the_network_are_hashed_whatever_they_are_called(folder):
    """A picture is free to change; one that holds weights is refused by loading and by verify."""

    def move_out(graph):
        tensor = max(graph.initializer, key=lambda one: len(one.raw_data))
        (folder / "onnx" / "w.png").write_bytes(tensor.raw_data)
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="w.png")

    change_network(folder, move_out)
    for use in (load_model, verify_model):
        with pytest.raises(ModelError, match=r"weights are in 'onnx/w\.png', which assay\.json"):
            use(folder)


@pytest.mark.parametrize("name", ["Thumbs.db", "desktop.ini", ".DS_Store", "__MACOSX/._model.onnx"])
def test_what_systems_leave_in_folders_is_ignored(folder, name):
    """A model that was looked at in a file browser works as before."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"\0\1")
    assert load_model(folder).predict(["happy"])
    assert name not in seal_folder(folder, _manifest(folder)).files


def test_trial_returns_what_was_tried(folder):
    """The hash is that of the manifest, so the folder can be compared with it later."""
    assert try_model(folder) == _manifest(folder).prediction_sha256()
    assert verify_model(folder, isolated=True).n_files == len(_manifest(folder).files)


def test_trial_says_why_a_folder_is_refused(folder):
    """The sentence of the process comes back."""
    (folder / "onnx" / "model.onnx").write_bytes(b"")
    with pytest.raises(ModelError, match=r"model\.onnx' in .* has 0 bytes"):
        try_model(folder)


@pytest.mark.parametrize("limits", [TrialLimits(base_bytes=1 << 22), TrialLimits(seconds=0)])
def test_trial_ends_at_its_limits(folder, limits):
    """Memory or time: the process is gone, and this one goes on."""
    with pytest.raises(
        ModelError, match=r"took more memory or time than a model of its size needs"
    ):
        try_model(folder, limits=limits)
