"""`FrozenEncoder`: shapes, pooling, precision, padding, and the scikit-learn contract.

Also tests `network`, which computes the hidden states.
"""

import json
import pickle
import shutil
import threading
from contextlib import contextmanager

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from _support.checkpoints import MAX_TOKENS, write_checkpoint
from assay.checkpoints import FrozenEncoder, load_tokenizer, resolve_checkpoint
from assay.checkpoints.network import LoadedNetwork, load_network
from assay.errors import InputError, MissingDependencyError, ModelError
from assay.progress import Progress

TEXTS = [
    "good day",
    "",
    "오늘 정말 행복해요",
    "a\0b \ud800 🙂",
    "this is not a very good day " * 5,
    "x",
]


def reference_features(folder, text, *, pooling):
    """Compute the features of one text with stock parts only: no batch, no padding, no code of ours."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(text, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        hidden = model(**ids).last_hidden_state
    return (hidden[:, 0] if pooling == "cls" else hidden.mean(dim=1)).numpy()


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_features_are_those_of_a_plain_forward(tiny_checkpoint, pooling):
    """Each row equals a forward pass of that text alone, segments given, through transformers' own tokenizer."""
    texts = ["good day", "오늘 정말 행복해요", "this is not a very good day " * 20]
    features = FrozenEncoder(tiny_checkpoint, pooling=pooling).transform(texts)
    expected = np.concatenate(
        [reference_features(tiny_checkpoint, text, pooling=pooling) for text in texts]
    )
    np.testing.assert_allclose(features, expected, atol=1e-5)


def test_features_are_float32_in_input_order(tiny_checkpoint):
    """A batch gives what single texts give, awkward ones among them, whatever the order."""
    encoder = FrozenEncoder(tiny_checkpoint)
    features = encoder.transform(TEXTS)
    assert (features.shape, features.dtype) == ((len(TEXTS), 32), np.float32)
    assert np.isfinite(features).all()
    singles = np.concatenate([encoder.transform([text]) for text in TEXTS])
    np.testing.assert_allclose(features, singles, atol=1e-5)
    np.testing.assert_allclose(features[::-1], encoder.transform(TEXTS[::-1]), atol=1e-5)


@settings(max_examples=15)
@given(
    texts=st.lists(st.text(max_size=30), max_size=9), batch_tokens=st.sampled_from([1, 7, 64, 4096])
)
def test_batch_size_changes_nothing(encoder, texts, batch_tokens):
    """The token budget of a batch decides speed only."""
    expected = encoder.set_params(batch_tokens=4096).transform(texts)
    np.testing.assert_allclose(
        encoder.set_params(batch_tokens=batch_tokens).transform(texts), expected, atol=1e-5
    )


@pytest.fixture(scope="module")
def encoder(tiny_bert):
    """Make an encoder whose weights load once for this module."""
    return FrozenEncoder(tiny_bert)


def test_no_texts_give_no_rows(encoder):
    """An empty sequence has the right width all the same."""
    assert encoder.transform([]).shape == (0, 32)


def test_hidden_states_have_a_row_a_token(encoder):
    """One text gives (1, n_tokens, hidden_size), and its mean is the feature."""
    hidden = encoder.hidden_states("오늘 정말 행복해요")
    assert (hidden.shape, hidden.dtype) == ((1, 7, 32), np.float32)
    np.testing.assert_allclose(
        hidden.mean(axis=1), encoder.transform(["오늘 정말 행복해요"]), atol=1e-5
    )


def test_texts_are_cut_at_max_tokens(tiny_bert):
    """Words past the limit have no say; words before it do."""
    encoder = FrozenEncoder(tiny_bert, max_tokens=5)
    same, cut, other = encoder.transform(
        ["good day night bad sad", "good day night", "bad day night"]
    )
    np.testing.assert_allclose(same, cut, atol=1e-5)
    assert np.abs(cut - other).max() > 0.01


def test_batches_are_never_padded_to_the_longest_text(encoder, monkeypatch):
    """A long text among short ones costs its own batch, not theirs."""
    seen = []
    forward = LoadedNetwork.hidden_states

    def spy(self, encoded, rows):
        hidden, mask = forward(self, encoded, rows)
        seen.append(tuple(mask.shape))
        return hidden, mask

    monkeypatch.setattr(LoadedNetwork, "hidden_states", spy)
    encoder.set_params(batch_tokens=64).transform(["good day"] * 12 + ["good " * 60])
    assert sorted(seen) == [(1, 62), (12, 4)]


def test_half_precision_checkpoint_computes_in_float32(tmp_path):
    """Weights stored in half precision are widened: results are those of the same weights as float32."""
    half = write_checkpoint(tmp_path / "half", "bert", dtype="float16")
    network = load_network(resolve_checkpoint(half))
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    widened = shutil.copytree(half, tmp_path / "widened")
    tensors = {
        name: tensor.float() for name, tensor in load_file(half / "model.safetensors").items()
    }
    save_file(tensors, widened / "model.safetensors", metadata={"format": "pt"})
    expected = FrozenEncoder(widened).transform(TEXTS)
    np.testing.assert_array_equal(FrozenEncoder(half).transform(TEXTS), expected)


def test_network_is_frozen_and_in_evaluation_mode(encoder):
    """Dropout is off: the same text gives the same features, and no gradient is kept."""
    assert not encoder.network.training
    np.testing.assert_array_equal(encoder.transform(["good day"]), encoder.transform(["good day"]))


def test_loading_says_nothing(tiny_bert, capfd):
    """No load report, no progress bar, no warning reaches stdout or stderr, though the file holds a head too many."""
    FrozenEncoder(tiny_bert).transform(["good day"])
    assert capfd.readouterr() == ("", "")


def test_missing_weights_are_an_error(tiny_bert, tmp_path):
    """Weights that would stay random, because the file lacks them, are named; a missing pooler is not missed."""
    folder = shutil.copytree(tiny_bert, tmp_path / "copy")
    tensors = load_file(folder / "model.safetensors")
    del tensors["bert.encoder.layer.1.output.dense.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(
        ModelError,
        match=r"'copy' lacks 1 of the weights .* encoder\.layer\.1\.output\.dense\.weight",
    ) as caught:
        FrozenEncoder(folder).transform(["good day"])
    assert "give the folder of the whole checkpoint" in caught.value.hint


def test_weights_of_another_shape_are_an_error(tiny_bert, tmp_path):
    """A config.json of another model is an error that names the checkpoint."""
    folder = shutil.copytree(tiny_bert, tmp_path / "copy")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "intermediate_size": 128}))
    with pytest.raises(ModelError, match="checkpoint 'copy' cannot be loaded"):
        FrozenEncoder(folder).transform(["good day"])


def test_unknown_architecture_is_an_error(tiny_bert, tmp_path):
    """A kind that transformers does not know is named."""
    folder = shutil.copytree(tiny_bert, tmp_path / "copy")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "bertt"}))
    with pytest.raises(ModelError, match=r"checkpoint 'copy' cannot be loaded: .*bertt"):
        FrozenEncoder(folder).transform(["good day"])


SMALL = {
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 8,
}


@pytest.mark.parametrize(
    ("network", "config", "said"),
    [
        ("ViTModel", transformers.ViTConfig(image_size=32, **SMALL), "it has no table of tokens"),
        (
            "DPRQuestionEncoder",
            transformers.DPRConfig(vocab_size=300, **SMALL),
            "it gives no hidden state of every token",
        ),
    ],
)
def test_network_that_is_no_text_encoder_is_an_error(tiny_bert, tmp_path, network, config, said):
    """One of images, and one that gives one vector per text: the message says what is accepted."""
    getattr(transformers, network)(config).save_pretrained(tmp_path)
    shutil.copyfile(tiny_bert / "tokenizer.json", tmp_path / "tokenizer.json")
    kind = config.model_type
    with pytest.raises(ModelError) as caught:
        FrozenEncoder(tmp_path).transform(["good day"])
    assert f"of the kind '{kind}', which cannot be used as a text encoder: {said}" in str(
        caught.value
    )
    assert "kinds such as bert, distilbert" in str(caught.value)


def test_tokenizer_of_another_checkpoint_is_an_error(tiny_roberta, tmp_path):
    """Ids that the weights do not know are an error, not an index out of range."""
    folder = shutil.copytree(tiny_roberta, tmp_path / "copy")
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["model"]["vocab"]["good"] = 9_999
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(ModelError, match="gives the id 9999, but its weights know 268 tokens only"):
        FrozenEncoder(folder).transform(["good"])


def test_parameters_are_checked_when_used(tiny_bert):
    """The constructor takes anything; fit and transform say what is accepted."""
    for wrong, message in (
        ({"pooling": "max"}, "pooling is 'max'; mean and cls"),
        ({"batch_tokens": 0}, "at least 1"),
    ):
        encoder = FrozenEncoder(tiny_bert, **wrong)
        with pytest.raises(InputError, match=message):
            encoder.fit(["a"])
        with pytest.raises(InputError, match=message):
            encoder.transform(["a"])


def test_lone_text_is_refused(encoder):
    """One text is not a list of characters."""
    with pytest.raises(InputError, match="texts is one text; a sequence of texts"):
        encoder.transform("good day")
    with pytest.raises(InputError, match="text is list; one text"):
        encoder.hidden_states(["good day"])


def test_arrays_and_series_of_texts_are_taken(encoder):
    """What scikit-learn and pandas hand over works as a list does."""
    pandas = pytest.importorskip("pandas")
    expected = encoder.transform(["good day", "bad day"])
    np.testing.assert_array_equal(encoder.transform(np.array(["good day", "bad day"])), expected)
    np.testing.assert_array_equal(
        encoder.transform(pandas.Series(["good day", "bad day"], index=[7, 3])), expected
    )


def test_weights_stay_out_of_pickles_and_clones(tiny_bert):
    """A used encoder is as small as a fresh one, and works again after the trip."""
    encoder = FrozenEncoder(tiny_bert, pooling="cls")
    expected = encoder.transform(["good day"])
    data = pickle.dumps(encoder)
    assert len(data) < 2_000
    np.testing.assert_array_equal(pickle.loads(data).transform(["good day"]), expected)
    copy = clone(encoder.set_params(checkpoint=resolve_checkpoint(tiny_bert)))
    assert copy.get_params() == encoder.get_params()
    assert set(vars(copy)) == set(copy.get_params())


def test_changed_parameters_load_again(tiny_bert, tiny_roberta):
    """`set_params` takes effect though weights were loaded before."""
    encoder = FrozenEncoder(tiny_bert)
    encoder.transform(["good day"])
    encoder.set_params(checkpoint=tiny_roberta, max_tokens=9)
    assert (encoder.resolved.model_type, encoder.tokenizer.max_tokens) == ("roberta", 9)
    np.testing.assert_array_equal(
        encoder.transform(["good day"]),
        FrozenEncoder(tiny_roberta, max_tokens=9).transform(["good day"]),
    )


def test_pipeline_and_grid_search_work(tiny_bert):
    """Pooling can be searched like any other parameter, and features are named."""
    texts = [
        "good day",
        "happy day",
        "very good",
        "i feel good",
        "bad night",
        "sad day",
        "very bad",
        "i feel sad",
    ]
    labels = ["joy"] * 4 + ["sadness"] * 4
    pipeline = make_pipeline(FrozenEncoder(tiny_bert), LogisticRegression())
    search = GridSearchCV(pipeline, {"frozenencoder__pooling": ["mean", "cls"]}, cv=2).fit(
        texts, labels
    )
    assert set(search.predict(texts)) <= {"joy", "sadness"}
    assert search.best_estimator_[0].get_feature_names_out().shape == (32,)


def test_progress_counts_every_text(encoder):
    """Steps add up to the number of texts."""
    opened, done = [], []

    class Counting(Progress):
        @contextmanager
        def track(self, name, n_steps):
            opened.append((name, n_steps))
            yield done.append

    encoder.set_params(batch_tokens=8).transform(["good day"] * 7, progress=Counting())
    assert opened == [("frozen features", 7)]
    assert done == [1, 2, 2, 2]


def test_thread_count_of_the_host_is_left_alone(tiny_bert, monkeypatch):
    """The user's threads hold while features are computed, the host's again afterwards."""
    before = torch.get_num_threads()
    wanted = 1 if before > 1 else 2
    monkeypatch.setenv("ASSAY_THREADS", str(wanted))
    seen = []
    forward = LoadedNetwork.hidden_states

    def watch(self, encoded, rows):
        seen.append(torch.get_num_threads())
        return forward(self, encoded, rows)

    monkeypatch.setattr(LoadedNetwork, "hidden_states", watch)
    FrozenEncoder(tiny_bert).transform(["good day"])
    assert seen == [wanted]
    assert torch.get_num_threads() == before


def test_every_thread_reads_batches_of_its_own(tiny_bert, monkeypatch):
    """Several threads compute a batch each, on one thread of torch's, and give the features that one thread gives."""
    texts = [f"good day {'bad ' * n}" for n in range(12)]
    monkeypatch.setenv("ASSAY_THREADS", "1")
    expected = FrozenEncoder(tiny_bert, batch_tokens=8).transform(texts)
    monkeypatch.setenv("ASSAY_THREADS", "3")
    threads, meet = set(), threading.Barrier(3)

    forward = LoadedNetwork.hidden_states

    def watch(self, encoded, rows):
        if threading.get_ident() not in threads:
            threads.add(threading.get_ident())
            meet.wait(timeout=60)  # passes when three threads are in here at once
        assert torch.get_num_threads() == 1
        return forward(self, encoded, rows)

    monkeypatch.setattr(LoadedNetwork, "hidden_states", watch)
    found = FrozenEncoder(tiny_bert, batch_tokens=8).transform(texts)
    assert len(threads) == 3
    np.testing.assert_array_equal(found, expected)


def test_minilm_features_are_those_of_the_published_weights():
    """The real checkpoint gives 384 features; texts of like meaning are nearer than others."""
    try:
        checkpoint = resolve_checkpoint("minilm")
    except MissingDependencyError as err:
        pytest.skip(f"the package with minilm is not installed: {err}")
    encoder = FrozenEncoder(checkpoint)
    features = encoder.transform(
        ["The movie was great.", "I loved the film.", "The train leaves at nine."]
    )
    assert features.shape == (3, 384)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    assert unit[0] @ unit[1] > 0.6 > 0.3 > unit[0] @ unit[2]
    assert load_tokenizer(checkpoint).max_tokens == 512
    assert encoder.hidden_states("Tokenizing text is a core task of NLP.").shape == (1, 13, 384)
