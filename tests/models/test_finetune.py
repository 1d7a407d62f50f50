"""`finetune`: a stock checkpoint in and out, trained in float32, seeded, nothing left random unnoticed."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from _support.checkpoints import write_checkpoint, write_gpt2
from _support.small_models import EDGE_TEXTS, small_data, small_estimator
from assay.checkpoints import load_tokenizer, resolve_checkpoint
from assay.errors import InputError, ModelError
from assay.models import save_model
from assay.runtime import Layout, load_model

TEXTS, LABELS = small_data()


def finetune(checkpoint, *, validation=None, **parameters):
    """Fine-tune a small checkpoint on the small texts."""
    return small_estimator("finetune", checkpoint, **parameters).fit(
        TEXTS, LABELS, validation=validation
    )


def test_same_seed_same_scores(tiny_bert):
    """Fresh head, dropout and batches follow the seed."""
    first, second, other = (
        finetune(tiny_bert, n_epochs=1, seed=seed).predict_proba(EDGE_TEXTS) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, second)
    assert np.abs(first - other).max() > 1e-4


def test_training_reports_every_epoch(tiny_bert):
    """Loss, validation accuracy and the caller's scores per epoch; the kept weights are those of the best."""
    estimator = finetune(tiny_bert, n_epochs=3, validation=small_data(30, seed=1))
    assert [entry["epoch"] for entry in estimator.history_] == [1, 2, 3]
    texts, labels = small_data(30, seed=1)
    best = max(entry["validation_accuracy"] for entry in estimator.history_)
    assert estimator.score(texts, labels) == pytest.approx(best)


def test_all_weights_are_trained(tiny_bert):
    """Not only the head moves: the transformer's own weights do."""
    estimator = finetune(tiny_bert, n_epochs=1)
    before = load_file(tiny_bert / "model.safetensors")["bert.encoder.layer.0.output.dense.weight"]
    after = estimator.network_.bert.encoder.layer[0].output.dense.weight.detach()
    assert (after - before).abs().max() > 1e-5


def test_few_texts_of_e5_learn_from_a_head_on_the_mean_of_all_tokens(tmp_path):
    """The lower half and token vectors stay, one layer is added; where layers are given, nothing is."""
    folder = write_checkpoint(tmp_path / "checkpoint", "bert", n_layers=6)
    e5 = replace(resolve_checkpoint(folder), name="e5")
    before = load_file(folder / "model.safetensors")
    names = ["embeddings.word_embeddings.weight"]
    names += [f"encoder.layer.{i}.output.dense.weight" for i in (0, 2, 3, 5)]

    def moved(estimator):
        now = estimator.network_.state_dict()
        return [(now[f"bert.{name}"] - before[f"bert.{name}"]).abs().max() > 1e-6 for name in names]

    by_default, given = finetune(e5, n_epochs=1), finetune(e5, n_epochs=1, frozen_layers=0)
    assert moved(by_default) == [False, False, False, True, True]
    assert moved(given) == [True] * 5
    n_layers = [len(one.network_.bert.encoder.layer) for one in (by_default, given)]
    assert n_layers == [7, 6]
    save_model(by_default, tmp_path / "model")
    np.testing.assert_allclose(
        load_model(tmp_path / "model").predict_proba(EDGE_TEXTS),
        by_default.predict_proba(EDGE_TEXTS),
        atol=1e-5,
    )


@pytest.mark.parametrize(
    ("given", "n_layers", "kind", "n_frozen"),
    [
        (None, 6, "bert", 3),
        (None, 2, "bert", 0),
        (0, 6, "bert", 0),
        (1, 6, "bert", 1),
        (None, 6, "distilbert", 0),
    ],
)
def test_lower_half_of_deep_narrow_checkpoints_is_left_as_it_is(
    tmp_path, given, n_layers, kind, n_frozen
):
    """The default freezes half of six layers, of BERT alone; what is given wins, and the saved model says which."""
    deep = write_checkpoint(tmp_path / "deep", kind, n_layers=n_layers)
    estimator = finetune(deep, n_epochs=1, frozen_layers=given)
    assert estimator.n_frozen_layers_ == n_frozen
    assert estimator._config(100).learning_rate == (3e-4 if n_frozen else 2e-4)
    by_size = estimator.set_params(n_epochs=None)
    assert [by_size._config(n_texts).n_epochs for n_texts in (100, 1000, 10**6)] == [
        8,
        5,
        3 if n_frozen else 2,
    ]
    estimator.set_params(n_epochs=1)
    manifest = save_model(estimator, tmp_path / "model")
    assert manifest.parameters["frozen_layers"] == n_frozen


def test_half_precision_checkpoint_trains_in_float32(tmp_path):
    """Weights stored in half precision are widened: training in half precision would lose small steps."""
    half = write_checkpoint(tmp_path / "half", "bert", dtype="float16")
    estimator = finetune(half, n_epochs=1)
    assert {parameter.dtype for parameter in estimator.network_.parameters()} == {torch.float32}
    save_model(estimator, tmp_path / "model")
    written = load_file(Layout(tmp_path / "model").weights)
    assert {tensor.dtype for tensor in written.values() if tensor.is_floating_point()} == {
        torch.float32
    }


def test_time_limit_ends_early(tiny_bert):
    """With a limit of a fraction of a second, a thousand epochs are not run, and there is a model."""
    estimator = finetune(tiny_bert, n_epochs=1000, time_limit_s=0.3)
    assert 1 <= len(estimator.history_) < 1000


def test_impossible_settings_are_refused(tiny_bert):
    """Zero epochs are a number that was given; more tokens than the transformer has places for cannot be."""
    with pytest.raises(InputError, match="n_epochs is 0; at least 1 is accepted"):
        finetune(tiny_bert, n_epochs=0)
    with pytest.raises(InputError, match="max_tokens is 65; 'tiny-bert' takes at most 64"):
        finetune(tiny_bert, max_tokens=65)


def test_checkpoint_without_its_weights_is_refused(tiny_bert, tmp_path):
    """A weight of the transformer that the file lacks would stay random, which no one would notice: it is named."""
    folder = shutil.copytree(tiny_bert, tmp_path / "copy")
    tensors = load_file(folder / "model.safetensors")
    del tensors["bert.encoder.layer.1.output.dense.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(
        ModelError, match=r"'copy' lacks 1 of the weights .*layer\.1\.output\.dense\.weight"
    ) as caught:
        finetune(folder)
    assert "give the folder of the whole checkpoint" in caught.value.hint


def test_checkpoint_of_other_sizes_is_refused(tiny_bert, tmp_path):
    """So is a config.json that does not fit the weights."""
    folder = shutil.copytree(tiny_bert, tmp_path / "copy")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "intermediate_size": 128}))
    with pytest.raises(
        ModelError, match=r"'copy' lacks \d+ of the weights that its config\.json \(bert\) asks for"
    ):
        finetune(folder)


def test_head_of_another_task_is_replaced(tiny_bert, tmp_path):
    """A checkpoint that was fine-tuned for other labels is a checkpoint like any other."""
    save_model(finetune(tiny_bert, n_epochs=1), tmp_path / "first")
    estimator = small_estimator("finetune", tmp_path / "first", n_epochs=1)
    estimator.fit(["good", "bad"] * 4, ["yes", "no"] * 4)
    assert estimator.predict_proba(["good"]).shape == (1, 2)


@pytest.fixture(scope="module")
def stock(request, tmp_path_factory):
    """Save a fine-tuned model of each kind, its temperature not 1; return estimator and folder."""
    folder = request.getfixturevalue(f"tiny_{request.param}")
    estimator = finetune(folder, validation=small_data(40, seed=1))
    out = tmp_path_factory.mktemp("stock") / request.param
    save_model(estimator, out)
    return estimator, out


@pytest.mark.parametrize("stock", ["bert", "distilbert", "roberta"], indirect=True)
def test_saved_model_scores_as_the_estimator(stock):
    """The ONNX file scores to 1e-5 as the trained network does, for every kind of checkpoint."""
    estimator, out = stock
    model = load_model(out)
    order = [list(estimator.classes_).index(label) for label in model.labels]
    texts = [*EDGE_TEXTS, *TEXTS]
    np.testing.assert_allclose(
        model.predict_proba(texts), estimator.predict_proba(texts)[:, order], atol=1e-5
    )


@pytest.mark.parametrize("stock", ["bert", "distilbert", "roberta"], indirect=True)
def test_saved_model_is_a_stock_checkpoint(stock):
    """Transformers' own pipeline gives the same calibrated scores, by label name, and never LABEL_1."""
    estimator, out = stock
    model = load_model(out)
    assert estimator.temperature_ != 1.0
    pipeline = transformers.pipeline(
        "text-classification", model=str(out), top_k=None, device="cpu"
    )
    limit = load_tokenizer(resolve_checkpoint(estimator.checkpoint))
    texts = [
        text
        for text in [*EDGE_TEXTS, *TEXTS[:5]]
        if limit.count_tokens([text])[0] <= 64 and "\ud800" not in text
    ]
    assert len(texts) > 15
    found = pipeline(texts)
    for scores, expected in zip(found, model.predict_proba(texts), strict=True):
        by_name = {entry["label"]: entry["score"] for entry in scores}
        assert set(by_name) == set(model.labels)
        np.testing.assert_allclose([by_name[label] for label in model.labels], expected, atol=1e-5)


@pytest.mark.parametrize("stock", ["bert"], indirect=True)
def test_saved_files_say_what_they_are(stock):
    """config.json has the labels in order; tokenizer files have the limit of training, and pad nothing."""
    estimator, out = stock
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    labels = list(load_model(out).labels)
    assert [config["id2label"][str(i)] for i in range(3)] == labels
    assert config["label2id"] == {label: i for i, label in enumerate(labels)}
    assert config["architectures"] == ["BertForSequenceClassification"]
    tokenizer = json.loads(Layout(out).tokenizer.read_text(encoding="utf-8"))
    assert (tokenizer["truncation"]["max_length"], tokenizer["padding"]) == (64, None)
    assert (
        json.loads((out / "tokenizer_config.json").read_text(encoding="utf-8"))["model_max_length"]
        == 64
    )
    assert estimator.network_.config.num_labels == 3


@pytest.mark.parametrize("stock", ["bert"], indirect=True)
def test_saving_leaves_the_estimator_as_it_was(stock, tmp_path):
    """Temperature and label order are folded into a copy: saving twice gives the same weights."""
    estimator, out = stock
    before = estimator.predict_proba(EDGE_TEXTS)
    save_model(estimator, tmp_path / "again")
    np.testing.assert_array_equal(estimator.predict_proba(EDGE_TEXTS), before)
    first, again = (load_file(Layout(root).weights) for root in (out, tmp_path / "again"))
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_checkpoint_without_tokenizer_config_can_be_saved(tiny_bert, tmp_path):
    """tokenizer.json alone says how to tokenise; the saved folder still loads in transformers."""
    folder = shutil.copytree(tiny_bert, tmp_path / "bare")
    (folder / "tokenizer_config.json").unlink()
    save_model(finetune(folder, n_epochs=1), tmp_path / "model")
    pipeline = transformers.pipeline(
        "text-classification", model=str(tmp_path / "model"), top_k=None, device="cpu"
    )
    by_name = {entry["label"]: entry["score"] for entry in pipeline(["good day"])[0]}
    model = load_model(tmp_path / "model")
    np.testing.assert_allclose(
        [by_name[x] for x in model.labels], model.predict_proba(["good day"])[0], atol=1e-5
    )


def test_decoder_is_trained_saved_and_read_alike(tmp_path):
    """GPT-2 reads the last token that is no padding: alone, in a batch, in ONNX, in transformers."""
    estimator = finetune(write_gpt2(tmp_path / "gpt2"), n_epochs=1)
    texts = ["good", "", "a very long and good day, I feel", "this is bad", "좋은 하루"]
    expected = estimator.predict_proba(texts)
    for i, text in enumerate(texts):
        np.testing.assert_allclose(estimator.predict_proba([text])[0], expected[i], atol=1e-5)
    save_model(estimator, tmp_path / "model")
    model = load_model(tmp_path / "model")
    order = [list(estimator.classes_).index(label) for label in model.labels]
    np.testing.assert_allclose(model.predict_proba(texts), expected[:, order], atol=1e-5)
    pipeline = transformers.pipeline(
        "text-classification", model=str(tmp_path / "model"), top_k=None, device="cpu"
    )
    for scores, row in zip(pipeline(texts, batch_size=4), expected[:, order], strict=True):
        by_name = {entry["label"]: entry["score"] for entry in scores}
        np.testing.assert_allclose([by_name[label] for label in model.labels], row, atol=1e-5)
