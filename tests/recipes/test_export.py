"""`assay export`: a copy that predicts the same, anywhere; refused with its figures where it does not.

Also tests assay.models.onnx.export, assay.models.onnx.quantize, assay.cli.export_command,
assay.recipes.steps.copy_measures and assay.recipes.steps.export_card.
"""

from __future__ import annotations

import importlib.util
import json
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper

from _support.small_models import EDGE_TEXTS, small_data, small_estimator
from _support.small_runs import listing, run_assay, write_data
from assay.data.labels import LabelSet
from assay.data.load import load_data
from assay.errors import CheckError, DataError, InputError, OutputExistsError
from assay.models import keep_texts, save_model
from assay.models.onnx.quantize import quantize_onnx
from assay.recipes import export
from assay.recipes.export import ParityLimits, export_model
from assay.recipes.verify import verify_model
from assay.runtime import load_model, read_folder
from assay.runtime.answers import read_answering
from assay.runtime.manifest import Manifest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "predict_without_assay.py"
NETWORKS = ["compact", "features", "finetune"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Write the small data set."""
    return write_data(tmp_path_factory.mktemp("export") / "data")


@pytest.fixture(scope="module")
def models(tmp_path_factory, data, tiny_bert):
    """Save a small model of every method, on the data."""
    splits, folder = load_data(data), tmp_path_factory.mktemp("models")
    train = splits["train"]
    for method in ["majority", "linear", *NETWORKS]:
        estimator = small_estimator(method, tiny_bert).fit(list(train.texts), list(train.labels))
        facts = {"source": str(data), "n_texts": len(train), "sha256": train.sha256()}
        save_model(
            estimator,
            folder / method,
            label_set=LabelSet(splits.label_set.names),
            training_data=facts,
        )
    return folder


@pytest.mark.parametrize("export_format", ["onnx", "onnx-int8"])
def test_copy_carries_no_training_texts(models, tmp_path, export_format):
    """They were kept in the model for its owner: a portable copy goes elsewhere."""
    kept = shutil.copytree(models / "compact", tmp_path / "kept")
    keep_texts(kept, ["a secret text", "another"], [0, 1])
    limits = ParityLimits(max_difference=None, max_changed=None, max_accuracy_loss=None)
    export_model(kept, tmp_path / "copy", export_format=export_format, limits=limits)
    manifest = read_folder(tmp_path / "copy")
    assert (manifest.keeps_texts, manifest.kept_texts) == (False, {})
    assert not [
        path
        for path in (tmp_path / "copy").rglob("*")
        if path.is_file() and b"secret" in path.read_bytes()
    ]


@pytest.mark.parametrize("method", NETWORKS)
def test_onnx_copy_predicts_the_same(models, tmp_path, method):
    """No score moves and no label changes; the copy is a model of assay, and the model itself was not touched."""
    before = {path: path.read_bytes() for path in (models / method).rglob("*") if path.is_file()}
    report = export_model(models / method, tmp_path / "copy", export_format="onnx")
    assert (report.split, report.n_texts, report.max_difference, report.changed) == (
        "test",
        27,
        0.0,
        0.0,
    )
    assert report.accuracy_before == report.accuracy_after
    assert report.opset["ai.onnx"] >= 17
    assert report.bytes_after > 1000
    assert min(report.texts_per_s_before, report.texts_per_s_after) > 0
    model, copy = load_model(models / method), load_model(tmp_path / "copy")
    np.testing.assert_array_equal(copy.predict_proba(EDGE_TEXTS), model.predict_proba(EDGE_TEXTS))
    assert {path: path.read_bytes() for path in before} == before
    files = listing(tmp_path / "copy")
    assert {"onnx/model.onnx", "tokenizer.json", "assay.json", "README.md"} <= files
    assert "model.safetensors" not in files
    assert read_folder(tmp_path / "copy").export["format"] == "onnx"
    if method == "finetune":
        config = json.loads((tmp_path / "copy" / "config.json").read_text(encoding="utf-8"))
        assert list(config["id2label"].values()) == list(model.labels)


@pytest.mark.parametrize("method", NETWORKS)
def test_int8_copy_is_smaller_and_close(models, tmp_path, method):
    """8-bit weights: a smaller file, near scores, names in its metadata, and scores of its own in assay.json."""
    report = export_model(
        models / method,
        tmp_path / "copy",
        export_format="onnx-int8",
        limits=ParityLimits(max_accuracy_loss=0.2),
    )
    assert report.bytes_after < report.bytes_before
    assert 0 < report.max_difference < 0.2
    assert (tmp_path / "copy" / "onnx" / "model_quantized.onnx").is_file()
    assert not (tmp_path / "copy" / "onnx" / "model.onnx").exists()
    copy = load_model(tmp_path / "copy")
    session = onnxruntime.InferenceSession(str(tmp_path / "copy" / "onnx" / "model_quantized.onnx"))
    assert json.loads(session.get_modelmeta().custom_metadata_map["labels"]) == list(copy.labels)
    assert {claim["split"] for claim in copy.manifest.scores} == {"test"}
    claim = next(one for one in copy.manifest.scores if one["metric"] == "accuracy")
    assert claim["value"] == report.accuracy_after
    assert verify_model(tmp_path / "copy", load_data(copy.manifest.training_data["source"])).claims


def test_int8_keeps_what_the_last_layer_reads_in_small_numbers(tmp_path):
    """Hidden states of 1e-20 beside others of 1, which weights of 1e20 read, as heads have them."""
    rng = np.random.default_rng(0)
    scale = np.array([1, 1, 1, 1e-20], dtype=np.float32)
    first = rng.normal(size=(4, 4)).astype(np.float32) * scale
    head = rng.normal(size=(2, 4)).astype(np.float32) / scale
    nodes = [
        helper.make_node("MatMul", ["x", "first"], ["states"], "encoder"),
        helper.make_node("Gemm", ["states", "head", "bias"], ["logits"], "head", transB=1),
    ]
    constants = {"first": first, "head": head, "bias": np.zeros(2, dtype=np.float32)}
    graph = helper.make_graph(
        nodes,
        "two layers",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [None, 4])],
        [helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, [None, 2])],
        [numpy_helper.from_array(own, name) for name, own in constants.items()],
    )
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), tmp_path / "plain.onnx")
    quantize_onnx(tmp_path / "plain.onnx", tmp_path / "quantized.onnx")
    x = rng.normal(size=(50, 4)).astype(np.float32)
    plain, quantized = (
        onnxruntime.InferenceSession(str(tmp_path / f"{name}.onnx")).run(None, {"x": x})[0]
        for name in ("plain", "quantized")
    )
    assert np.abs(plain - quantized).max() < 0.1 * np.abs(plain).max()
    written = onnx.load(str(tmp_path / "quantized.onnx")).graph
    assert "MatMulInteger" in {node.op_type for node in written.node}


def test_int8_weights_leave_room_for_cpus_without_vnni(models, tmp_path):
    """Every weight uses 7 bits: the sum of two products of a byte and a weight then fits 16 bits on any CPU."""
    export_model(
        models / "finetune",
        tmp_path / "copy",
        export_format="onnx-int8",
        limits=ParityLimits(max_accuracy_loss=1),
    )
    graph = onnx.load(str(tmp_path / "copy" / "onnx" / "model_quantized.onnx")).graph
    multiplied = {node.input[1] for node in graph.node if node.op_type == "MatMulInteger"}
    weights = [
        numpy_helper.to_array(tensor) for tensor in graph.initializer if tensor.name in multiplied
    ]
    assert len(weights) > 5
    assert {weight.dtype for weight in weights} == {np.dtype(np.int8)}
    assert max(np.abs(weight.astype(int)).max() for weight in weights) <= 64


def test_one_text_of_few_is_named_as_such(models, tmp_path, monkeypatch):
    """Of 128 texts one is more than the usual half a point: the hint says how to tell."""
    measure = export.measure_copy

    def lose_one(*args, **options):
        found = {**measure(*args, **options), "n_texts": 128, "accuracy_before": 0.75}
        return {**found, "accuracy_after": 95 / 128}

    monkeypatch.setattr(export, "measure_copy", lose_one)
    with pytest.raises(CheckError, match=r"accuracy falls by 0\.007812 \(0\.005") as caught:
        export_model(models / "compact", tmp_path / "copy", export_format="onnx-int8")
    assert caught.value.hint == (
        "one text of 128 is 0.0078 of them: compare on more texts with --data, or accept it with "
        "--max-accuracy-loss 0.008"
    )


def test_a_loss_of_as_much_as_is_accepted_is_accepted(models, tmp_path, monkeypatch):
    """One text of 40 is 0.025, and not the little more that a difference of two shares gives."""
    measure = export.measure_copy

    def lose_one(*args, **options):
        found = {**measure(*args, **options), "n_texts": 40, "accuracy_before": 39 / 40}
        return {**found, "accuracy_after": 38 / 40}

    monkeypatch.setattr(export, "measure_copy", lose_one)
    folder, given = models / "compact", {"export_format": "onnx-int8"}
    with pytest.raises(CheckError) as caught:
        export_model(folder, tmp_path / "copy", **given)
    assert caught.value.hint.endswith("accept it with --max-accuracy-loss 0.025")
    limits = ParityLimits(max_accuracy_loss=0.025)
    assert export_model(folder, tmp_path / "copy", limits=limits, **given).accuracy_loss == 0.025


@pytest.mark.parametrize("method", ["linear", "majority"])
def test_models_without_a_network_say_so(models, tmp_path, method):
    """What runs on numpy has no ONNX form: exit 2, and what to do instead."""
    with pytest.raises(
        InputError, match=f"is a {method} model, which runs on numpy and has no ONNX form"
    ):
        export_model(models / method, tmp_path / "copy", export_format="onnx")
    assert listing(tmp_path) == set()


def test_past_a_limit_nothing_is_written(models, tmp_path):
    """Exit 3, with what was found, what is accepted and both accuracies."""
    limits = ParityLimits(max_difference=1e-9, max_accuracy_loss=-1.0)
    with pytest.raises(
        CheckError, match=r"a score differs by [\d.e-]+ \(1e-09 is accepted\); accuracy falls"
    ) as caught:
        export_model(
            models / "compact", tmp_path / "copy", export_format="onnx-int8", limits=limits
        )
    assert caught.value.exit_code == 3
    assert re.search(
        r"accuracy \d\.\d{4} before, \d\.\d{4} after; \d+ of \d+ texts \([\d.]+%\) get another "
        r"label\. Nothing was written",
        caught.value.message,
    )
    assert listing(tmp_path) == set()


def test_scores_that_are_no_numbers_are_no_parity(models, tmp_path):
    """A limit that cannot be compared is passed."""
    report = export_model(models / "compact", tmp_path / "copy", export_format="onnx")
    changed = type(report)(**{**report.to_dict(), "max_difference": float("nan")})
    assert changed.broken() == ["a score differs by nan (0.0001 is accepted)"]


def test_limits_of_formats():
    """The usual ones, and single ones in their place."""
    assert ParityLimits.of("onnx") == ParityLimits(1e-4, 0.0, None)
    assert ParityLimits.of("onnx-int8") == ParityLimits(None, None, 0.005)
    given = {"max_difference": None, "max_changed": 0.1, "max_accuracy_loss": 0.0}
    assert ParityLimits.of("onnx", **given) == ParityLimits(1e-4, 0.1, 0.0)


@pytest.mark.parametrize("export_format", ["onnx", "onnx-int8"])
@pytest.mark.parametrize("keeps", [True, False])
def test_copy_is_compared_without_training_data(models, tmp_path, caplog, export_format, keeps):
    """On training texts that the model keeps, or on texts made of its vocabulary; no score is claimed."""
    moved = without_data(models, tmp_path)
    if keeps:
        keep_texts(moved, [f"so good {i}" for i in range(20)], [i % 2 for i in range(20)])
    limits = ParityLimits(max_difference=None, max_changed=None, max_accuracy_loss=None)
    found = export_model(moved, tmp_path / "copy", export_format=export_format, limits=limits)
    n_texts = 20 if keeps else 500
    assert found.n_texts == n_texts
    assert (found.accuracy_before is None) == (not keeps)
    assert found.accuracy_loss <= found.changed
    assert f"so it is compared on {found.split}: " in caplog.text
    if export_format == "onnx-int8":
        assert read_folder(tmp_path / "copy").scores == ()
    card = (tmp_path / "copy" / "README.md").read_text(encoding="utf-8")
    assert ("unknown" in card) == (not keeps)


def test_limits_hold_on_texts_that_were_made(models, tmp_path):
    """A loss of accuracy cannot be larger than the share of changed labels, and is not claimed."""
    moved = without_data(models, tmp_path)
    limits = ParityLimits(max_accuracy_loss=-1.0)
    with pytest.raises(CheckError, match="the texts have no labels, so that lost acc") as caught:
        export_model(moved, tmp_path / "copy", export_format="onnx", limits=limits)
    assert "unknown" not in caught.value.message
    assert "accuracy falls" not in caught.value.message
    assert caught.value.hint.startswith("compare on labelled texts with --data, or accept more")


def without_data(models, tmp_path):
    """Return a copy of a model whose training data are gone."""
    moved = shutil.copytree(models / "compact", tmp_path / "model")
    content = json.loads((moved / "assay.json").read_text(encoding="utf-8"))
    content["training_data"]["source"] = str(tmp_path / "gone.csv")
    (moved / "assay.json").write_text(json.dumps(content), encoding="utf-8")
    return moved


def test_data_must_fit(models, data, tmp_path):
    """Data with other labels, an output that exists or is inside the model are refused."""
    moved = without_data(models, tmp_path)
    assert (
        export_model(moved, tmp_path / "copy", export_format="onnx", data=str(data)).n_texts == 27
    )
    with pytest.raises(DataError, match="has labels that the model does not know"):
        export_model(moved, tmp_path / "other", export_format="onnx", data="sample")
    with pytest.raises(OutputExistsError, match="copy exists already"):
        export_model(moved, tmp_path / "copy", export_format="onnx", data=str(data))
    with pytest.raises(InputError, match="is inside the model"):
        export_model(moved, moved / "onnx", export_format="onnx", data=str(data), overwrite=True)
    with pytest.raises(
        InputError, match="format 'tflite' is unknown; onnx and onnx-int8 are accepted"
    ):
        export_model(moved, tmp_path / "other", export_format="tflite", data=str(data))


def make_environment(folder):
    """Make a folder with onnxruntime, tokenizers and numpy, and nothing else of this environment."""
    folder.mkdir()
    for name in ("onnxruntime", "tokenizers", "numpy"):
        place = Path(importlib.util.find_spec(name).origin).parent
        for path in [place, *place.parent.glob(f"{name}.libs")]:
            (folder / path.name).symlink_to(path)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("export_format", ["onnx", "onnx-int8"])
@pytest.mark.parametrize("method", ["compact", "finetune"])
def test_example_reproduces_the_labels_without_assay(models, tmp_path, method, export_format):
    """A third party's script, in an environment of three libraries, gives the labels and scores of the copy."""
    limits = ParityLimits(max_accuracy_loss=1.0)
    export_model(models / method, tmp_path / "copy", export_format=export_format, limits=limits)
    texts = [
        *small_data(20, seed=7)[0],
        "😀 e\u0301\u0302",
        "שלום עולם",
        "오늘 정말 행복해요",
        "good " * 500,
        "",
    ]
    site = make_environment(tmp_path / "site")
    start = (
        "import runpy, sys, importlib.util; site, script, *sys.argv[1:] = sys.argv[1:]; sys.path.insert(0, site); "
        "assert not any(map(importlib.util.find_spec, ['assay', 'torch', 'transformers', 'onnx', 'typer'])); "
        "runpy.run_path(script, run_name='__main__')"
    )
    command = [sys.executable, "-I", "-S", "-c", start, site, EXAMPLE, tmp_path / "copy", *texts]
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    copy = load_model(tmp_path / "copy")
    assert [one["text"] for one in found] == texts
    scores = np.array([[one["scores"][label] for label in copy.labels] for one in found])
    # Activations are quantised by the range of their batch, and the batches differ.
    tolerance = 1e-5 if export_format == "onnx" else 0.05
    np.testing.assert_allclose(scores, copy.predict_proba(texts), atol=tolerance)
    if export_format == "onnx":
        assert [one["label"] for one in found] == copy.predict(texts)


def test_example_gives_the_labels_that_a_model_gives():
    """By thresholds of several labels, and by the rules of one: it gave the highest score always."""
    example = runpy.run_path(str(EXAMPLE))
    labels, rng = ["a", "b", "c"], np.random.default_rng(0)
    facts = [
        {"task": "multi", "thresholds": [0.5, 0.2, 0.4]},
        {"task": "multi", "thresholds": [0.9, 0.9, 0.9], "min_labels": 1},
        {},
        {"label_rule": {"costs": [[0, 1, 5], [1, 0, 1], [9, 1, 0]]}},
        {"label_rule": {"thresholds": [None, None, 0.2]}},
        {"label_rule": {"thresholds": [0.6, 0.3, 0.2]}},
    ]
    for own in facts:
        said = {**own, "thresholds": tuple(own.get("thresholds", ()))}
        if "label_rule" in own:
            said["label_rule"] = {"split": "validation", "n_texts": 9, **own["label_rule"]}
        manifest = Manifest("compact", tuple(labels), seed=0, **said)
        answering = read_answering(manifest, folder=Path("model"))
        column = answering.answer_column
        probs = rng.dirichlet(np.ones(3), size=200)
        expected = [record[column] for record in answering.columns(probs, probs.tolist())]
        found = [example["answer"](row, labels, own) for row in probs]
        assert [next(iter(one.values())) for one in found] == expected


@pytest.mark.slow
def test_command_line_exports(models, data, tmp_path):
    """Exit 0 with a table that fits 80 columns; 3 past a limit, with the figures; 2 for `linear`."""
    model = models / "compact"
    done = run_assay(
        "export",
        model,
        "--format",
        "onnx-int8",
        "--out",
        tmp_path / "c",
        "--max-accuracy-loss",
        "0.5",
        is_forked=True,
    )
    assert done.returncode == 0, done.stderr
    assert "27 texts of test" in done.stdout
    assert max(map(len, done.stdout.splitlines()[:8])) <= 80
    stricter = ["--out", tmp_path / "d", "--max-difference", "0"]
    done = run_assay("export", model, "--format", "onnx-int8", *stricter, is_forked=True)
    assert done.returncode == 3
    assert "a score differs by" in done.stderr
    assert "hint: accept more with --max-difference" in done.stderr
    as_json = ["--out", tmp_path / "d", "--json"]
    done = run_assay("export", models / "linear", "--format", "onnx", *as_json, is_forked=True)
    assert done.returncode == 2
    assert json.loads(done.stdout)["hint"] == "copy the folder: it needs no export"
    assert {path.name for path in tmp_path.iterdir()} == {"c"}
