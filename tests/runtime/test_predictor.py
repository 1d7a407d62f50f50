"""`load_model` and `Model`: what is checked when a folder is loaded, and what its scores promise.

Also tests `loaders`, through the models that they load.
"""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest

from _support.small_models import EDGE_TEXTS, WORDS, small_data
from assay.errors import InputError, ModelError
from assay.progress import Progress
from assay.runtime import Layout, Manifest, load_model, read_folder, seal_folder
from assay.runtime.predictor import CHUNK_TEXTS

LABELS = ("2", "10", '화남, "분노"')


@pytest.fixture
def majority_folder(tmp_path):
    """Write the smallest model by hand."""
    root = tmp_path / "majority"
    root.mkdir()
    seal_folder(
        root,
        Manifest(method="majority", labels=LABELS, seed=0, parameters={"priors": [0.2, 0.5, 0.3]}),
    )
    return root


def reseal(root, **changes):
    """Write another manifest with right hashes."""
    manifest = read_folder(root, check_hashes=False)
    seal_folder(root, Manifest(**{**vars(manifest), **changes}))


def test_model_answers_in_label_names(majority_folder):
    """Labels come in the order of the manifest, numbers in their natural order, and predictions are names."""
    model = load_model(majority_folder)
    assert (model.method, model.labels, model.n_bytes) == ("majority", LABELS, 0)
    np.testing.assert_allclose(model.predict_proba(["a", ""]), [[0.2, 0.5, 0.3]] * 2)
    assert model.predict(["a", ""]) == ["10", "10"]


def test_no_texts_give_no_rows(majority_folder, compact_folder):
    """An empty list has the right shape all the same."""
    for folder in (majority_folder, compact_folder):
        model = load_model(folder)
        assert model.predict_proba([]).shape == (0, 3)
        assert model.predict([]) == []


def test_scores_are_probabilities(compact_folder):
    """Rows sum to one exactly, and the predicted label is the one with the highest score."""
    model = load_model(compact_folder)
    probs = model.predict_proba(EDGE_TEXTS)
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, atol=1e-12)
    assert probs.min() >= 0
    assert model.predict(EDGE_TEXTS) == [model.labels[i] for i in probs.argmax(axis=1)]


def test_batch_equals_single_in_the_order_of_the_texts(compact_folder):
    """A text's scores do not depend on its company or its place."""
    texts = [*EDGE_TEXTS, *small_data()[0]]
    model = load_model(compact_folder)
    probs = model.predict_proba(texts)
    singles = np.concatenate([model.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(probs, singles, atol=1e-6)
    np.testing.assert_allclose(model.predict_proba(texts[::-1])[::-1], probs, atol=1e-6)
    assert (
        len({*probs[:, 0].round(4)}) > 5
    )  # the texts are told apart, or all this would hold for any order


def test_threads_may_share_a_model(compact_folder):
    """Two threads that score different texts at once get what one gets."""
    model = load_model(compact_folder)
    parts = [[f"{text} {i}" for text in EDGE_TEXTS] for i in range(8)]
    expected = [model.predict_proba(part) for part in parts]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(model.predict_proba, parts))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_thread_count_changes_nothing(compact_folder):
    """More threads are faster, not different."""
    one = load_model(compact_folder, n_threads=1).predict_proba(EDGE_TEXTS)
    np.testing.assert_allclose(
        load_model(compact_folder, n_threads=2).predict_proba(EDGE_TEXTS), one, atol=1e-6
    )


def test_progress_counts_every_text(majority_folder):
    """Progress moves a chunk at a time and ends at the number of texts."""
    steps = []

    class Counting(Progress):
        @contextmanager
        def track(self, name, n_steps):
            steps.append((name, n_steps))
            yield steps.append

    n_texts = CHUNK_TEXTS + 5
    load_model(majority_folder).predict_proba(["a"] * n_texts, progress=Counting())
    assert steps == [("predict", n_texts), CHUNK_TEXTS, 5]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("one text", r"texts is one text; a sequence of texts is accepted \(write \[text\]\)"),
        (["a", None], r"texts\[1\] is NoneType; a text \(str\) is accepted"),
        (3, "texts is 3; a sequence of texts is accepted"),
    ],
)
def test_what_is_no_sequence_of_texts_is_refused(majority_folder, texts, message):
    """A lone text is not taken for a list of characters."""
    model = load_model(majority_folder)
    with pytest.raises(InputError, match=message):
        model.predict_proba(texts)
    with pytest.raises(InputError, match=message):
        model.predict(texts)


@pytest.mark.parametrize(
    "priors", [None, [], [0.5, 0.5], ["a", "b", "c"], [0.2, -0.1, 0.9], [0.2, [0.5], 0.3], 3]
)
def test_majority_needs_a_prior_a_label(majority_folder, priors):
    """Priors that are missing, too few or no positive numbers are found when the model is loaded."""
    reseal(majority_folder, parameters={"priors": priors})
    with pytest.raises(ModelError, match="a majority model needs one positive prior per label"):
        load_model(majority_folder)


def test_unknown_method_is_refused(majority_folder):
    """A method of a later assay is named, with those that are known."""
    reseal(majority_folder, method="oracle")
    with pytest.raises(
        ModelError,
        match="is of method 'oracle'; this assay knows majority, linear, compact, features",
    ):
        load_model(majority_folder)


@pytest.fixture
def network_folder(compact_folder, tmp_path):
    """Copy the network model, to damage it."""
    return shutil.copytree(compact_folder, tmp_path / "copy")


def test_loading_checks_the_hashes(network_folder):
    """One changed byte, and the model does not load."""
    path = Layout(network_folder).onnx
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"'onnx/model\.onnx' in .* has SHA-256"):
        load_model(network_folder)


@pytest.mark.parametrize("part", ["tokenizer.json", "onnx/model.onnx"])
def test_network_needs_both_parts(network_folder, part):
    """A folder whose manifest forgot a part says which, though every hash is right."""
    (network_folder / part).unlink()
    manifest = read_manifest(network_folder)
    del manifest["files"][part]
    Layout(network_folder).manifest.write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match=f"lacks '{part}', which a compact model needs"):
        load_model(network_folder)


def read_manifest(root):
    return json.loads(Layout(root).manifest.read_text(encoding="utf-8"))


@pytest.mark.parametrize("max_tokens", [None, 0, "many", 2.5])
def test_network_needs_a_limit(network_folder, max_tokens):
    """The limit of training is part of the model: there is no guessing it."""
    reseal(network_folder, tokenization={"max_tokens": max_tokens})
    with pytest.raises(
        ModelError, match=rf"tokenization\.max_tokens is {max_tokens!r}; a whole number is accepted"
    ):
        load_model(network_folder)


def test_labels_must_fit_the_network(network_folder):
    """A manifest with another number of labels than the network has classes is refused."""
    reseal(network_folder, labels=(*WORDS, "one more"))
    with pytest.raises(ModelError, match="4 labels, but the network has 3 classes"):
        load_model(network_folder)


def test_broken_tokenizer_is_refused(network_folder):
    """A tokenizer.json that is none is named."""
    Layout(network_folder).tokenizer.write_text('{"a": 1}')
    reseal_files(network_folder)
    with pytest.raises(ModelError, match=r"tokenizer\.json cannot be read as a tokenizer"):
        load_model(network_folder)


def reseal_files(root):
    manifest = read_manifest(root)
    seal_folder(root, Manifest.from_dict(manifest, where=root))
