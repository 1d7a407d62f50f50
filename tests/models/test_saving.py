"""`save_model`: what ships scores as what was trained, needs no trainer, or is not written at all."""

import copy
import json
import os
import stat
import subprocess
import sys

import numpy as np
import pytest

from _support.small_models import EDGE_TEXTS, METHODS, small_data, small_estimator
from assay.data.labels import LabelSet
from assay.errors import CheckError, InputError, ModelError, OutputExistsError, OutsideError
from assay.models import Linear, Majority, make_estimator, record_scores, save_model
from assay.models.saving import PARITY_EDGES, PARITY_LIMIT
from assay.runtime import Layout, load_model, read_folder
from assay.runtime.limits.scripts import find_unseen_scripts

TEXTS, LABELS = small_data()
HARD_NAMES = (
    "1",
    "2",
    "10",
    "11",
    "a,b",
    'say "no"',
    "슬픔, 기쁨",
    "Ünïcode",
    "new\nline",
    "tab\there",
    "{}",
    "😀",
)

each_method = pytest.mark.parametrize("method", METHODS)


@each_method
def test_saved_model_scores_as_the_estimator(trained, saved, method):
    """The folder gives the estimator's scores to 1e-5, on real texts and awkward ones."""
    estimator, model = trained[method], load_model(saved[method])
    order = [list(estimator.classes_).index(label) for label in model.labels]
    texts = [*TEXTS, *EDGE_TEXTS, *PARITY_EDGES]
    np.testing.assert_allclose(
        model.predict_proba(texts), estimator.predict_proba(texts)[:, order], atol=1e-5
    )
    assert model.predict(texts) == list(estimator.predict(texts))


@pytest.mark.skipif(os.name == "nt", reason="modes are otherwise there")
@each_method
def test_whoever_may_read_one_file_may_read_all(saved, method):
    """A server in a container is another user: no file is its owner's alone where assay.json is not."""
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in saved[method].rglob("*")
        if path.is_file()
    }
    assert set(modes.values()) == {modes["assay.json"]}


def test_saved_models_predict_without_the_trainers_libraries(trained, saved, tmp_path):
    """Where torch, transformers, scikit-learn, scipy, pandas and onnx cannot be imported, all models predict."""
    script = tmp_path / "predict.py"
    script.write_text(WITHOUT_TRAINER, encoding="utf-8")
    folders = [str(saved[method]) for method in METHODS]
    command = [sys.executable, "-W", "error", str(script), json.dumps(EDGE_TEXTS), *folders]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for method, found in zip(METHODS, json.loads(done.stdout), strict=True):
        order = np.argsort(np.argsort(load_model(saved[method]).labels))
        np.testing.assert_allclose(
            found, trained[method].predict_proba(EDGE_TEXTS)[:, order], atol=1e-5
        )


WITHOUT_TRAINER = """
import json, sys

BLOCKED = {"torch", "transformers", "sklearn", "scipy", "pandas", "umap", "matplotlib", "onnx", "datasets", "jinja2"}

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Refuse())
from assay.runtime import load_model

texts = json.loads(sys.argv[1])
print(json.dumps([load_model(folder).predict_proba(texts).tolist() for folder in sys.argv[2:]]))
"""


@each_method
def test_labels_keep_their_order_and_names(tiny_bert, tmp_path, method):
    """Twelve names that sort, quote and separate badly: natural order in the folder, each with its own scores."""
    texts, labels = small_data(60, labels=HARD_NAMES)
    estimator = small_estimator(method, tiny_bert, n_epochs=1).fit(texts, labels)
    save_model(estimator, tmp_path / "model")
    model = load_model(tmp_path / "model")
    assert model.labels[:4] == ("1", "2", "10", "11")
    assert set(model.labels) == set(HARD_NAMES)
    probs = model.predict_proba(texts)
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, atol=1e-12)
    for i, label in enumerate(model.labels):
        column = list(estimator.classes_).index(label)
        np.testing.assert_allclose(
            probs[:, i], estimator.predict_proba(texts)[:, column], atol=1e-5
        )
    assert model.predict(texts) == [model.labels[i] for i in probs.argmax(axis=1)]
    if method == "linear":
        assert model.predict(texts) == labels


def test_given_label_order_wins(trained, tmp_path):
    """The published order of a data set is the order of every column."""
    names = tuple(sorted(set(LABELS), reverse=True))
    manifest = save_model(trained["linear"], tmp_path / "model", label_set=LabelSet(names))
    assert manifest.labels == load_model(tmp_path / "model").labels == names
    column = names.index("joy")
    expected = trained["linear"].predict_proba(TEXTS)[
        :, list(trained["linear"].classes_).index("joy")
    ]
    np.testing.assert_allclose(
        load_model(tmp_path / "model").predict_proba(TEXTS)[:, column], expected, atol=1e-6
    )


@pytest.mark.parametrize("names", [("joy", "sadness"), ("joy", "sadness", '화남, "분노"', "fear")])
def test_labels_other_than_the_trained_are_refused(trained, tmp_path, names):
    """A name too few or too many is named, and nothing is written."""
    with pytest.raises(InputError, match=r'those that were trained differ in: (화남, "분노"|fear)'):
        save_model(trained["linear"], tmp_path / "model", label_set=LabelSet(names))
    assert list(tmp_path.iterdir()) == []


def test_number_labels_are_saved_as_names(tmp_path):
    """Whole numbers of an estimator become names, 2 before 10."""
    model = Linear().fit(["two", "ten", "two", "ten"], [2, 10, 2, 10])
    assert save_model(model, tmp_path / "model").labels == ("2", "10")
    assert load_model(tmp_path / "model").predict(["ten", "two"]) == ["10", "2"]


class Shifted(Linear):
    """Writes another model than it is: its logits are halved."""

    def write_parts(self, root, order):
        """Write the parts of a model of twice the temperature."""
        other = copy.copy(self)
        other.temperature_ = 2 * self.temperature_
        return Linear.write_parts(other, root, order)


class Broken(Linear):
    """Writes a model whose scores are no numbers."""

    def write_parts(self, root, order):
        """Write the parts with a bias of NaN."""
        other = copy.deepcopy(self)
        other.model_.bias[:] = np.nan
        return Linear.write_parts(other, root, order)


@pytest.mark.parametrize("cls", [Shifted, Broken])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_model_that_scores_otherwise_is_not_written(tmp_path, cls):
    """If the saved folder's scores are not the estimator's, there is no folder, and the exit code is 3."""
    message = r"the saved linear model scores \d+ texts differently from the trained one.*nothing was written"
    with pytest.raises(CheckError, match=message) as caught:
        save_model(cls().fit(TEXTS, LABELS), tmp_path / "model", parity_texts=TEXTS)
    assert caught.value.exit_code == 3
    assert list(tmp_path.iterdir()) == []


def test_parity_is_measured_on_real_texts_and_edges(trained, tmp_path):
    """The manifest says on how many texts the folder was compared, and how far off it was."""
    parity = save_model(trained["compact"], tmp_path / "model", parity_texts=TEXTS).parity
    assert parity["n_texts"] == len(TEXTS) + len(PARITY_EDGES)
    assert 0 < parity["max_difference"] <= PARITY_LIMIT == parity["limit"]


def test_manifest_says_what_the_model_is(trained, saved, tiny_bert):
    """Method, seed, parameters, temperature, checkpoint and versions are in assay.json, all as plain values."""
    manifest = read_folder(saved["finetune"])
    assert (manifest.method, manifest.seed, manifest.parameters["n_epochs"]) == ("finetune", 0, 2)
    assert manifest.temperature == trained["finetune"].temperature_
    assert manifest.checkpoint["name"] == tiny_bert.name
    assert {"assay", "numpy", "torch", "onnxruntime"} <= set(manifest.versions)
    assert (
        "checkpoint" not in manifest.parameters
    )  # a folder of the trainer's machine is nobody's business


def test_training_data_is_recorded(trained, tmp_path):
    """Where the texts came from and their fingerprint come along as given, beside what the estimator knows."""
    facts = {"source": "감정.csv", "n_texts": 60, "sha256": "0" * 64}
    save_model(trained["majority"], tmp_path / "model", training_data=facts)
    known = {"n_texts": len(TEXTS), "scripts": ["LATIN", "HANGUL"], "emoji": False}
    assert read_folder(tmp_path / "model").training_data == {**known, **facts}


@each_method
def test_saved_model_knows_the_scripts_of_its_texts(saved, method):
    """A model that was fitted in Python tells texts in letters that it never saw, as those of `train` do."""
    seen = load_model(saved[method]).manifest.scripts
    texts = ["ฝนตกหนัก", "良い一日", "한국어", "good", "👍🏽❤️"]
    assert find_unseen_scripts(texts, seen=seen).counts == {"THAI": 1, "CJK": 1, "EMOJI": 1}


def test_scripts_are_those_of_the_last_fit(tmp_path):
    """An estimator that is fitted again forgets the texts of before."""
    model = Linear().fit(["좋아요", "싫어요"] * 2, ["a", "b"] * 2)
    model.fit(["ดีมาก", "แย่มาก"], ["a", "b"])
    manifest = save_model(model, tmp_path / "model")
    assert manifest.training_data == {"n_texts": 2, "scripts": ["THAI"], "emoji": False}


@each_method
def test_saving_twice_writes_the_same(trained, saved, tmp_path, method):
    """The same estimator gives the same files, byte for byte, so that hashes can be compared."""
    again = save_model(trained[method], tmp_path / "again")
    assert again.files == read_folder(saved[method]).files


def test_existing_folder_is_kept_unless_told(trained, tmp_path):
    """OUT that is there is refused before anything is written; with `overwrite` it is replaced."""
    save_model(trained["majority"], tmp_path / "model")
    with pytest.raises(OutputExistsError, match="model exists already"):
        save_model(trained["linear"], tmp_path / "model")
    assert load_model(tmp_path / "model").method == "majority"
    save_model(trained["linear"], tmp_path / "model", overwrite=True)
    assert load_model(tmp_path / "model").method == "linear"


def test_place_that_cannot_be_written_is_outside(trained, tmp_path):
    """A folder below a plain file: exit code 4."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OutsideError, match="could not be written: Not a directory"):
        save_model(trained["linear"], tmp_path / "file" / "model")


SCORES = [
    {"split": "test", "metric": "accuracy", "value": 0.5, "interval": [0.4, 0.6], "n_texts": 9}
]


def test_scores_are_recorded_beside_the_same_files(trained, tmp_path):
    """Scores and card come later; what prediction reads stays as it was, and the folder still verifies."""
    before = save_model(trained["majority"], tmp_path / "model")
    record_scores(tmp_path / "model", SCORES, card="# 감정\n")
    manifest = read_folder(tmp_path / "model")
    assert list(manifest.scores) == SCORES
    assert manifest.files == before.files
    assert Layout(tmp_path / "model").card.read_text(encoding="utf-8") == "# 감정\n"
    record_scores(tmp_path / "model", [])
    assert Layout(tmp_path / "model").card.is_file()
    assert {path.name for path in (tmp_path / "model").iterdir()} == {"assay.json", "README.md"}


def test_scores_are_not_recorded_in_a_changed_folder(trained, tmp_path):
    """A folder that does not verify is left alone."""
    save_model(trained["linear"], tmp_path / "model")
    Layout(tmp_path / "model").vocabulary.write_text("{}")
    with pytest.raises(ModelError, match=r"'vocabulary\.json' in .* has 2 bytes"):
        record_scores(tmp_path / "model", SCORES)


def test_untrained_estimator_is_refused(tmp_path):
    """There is nothing to save, and nothing is written."""
    for method in METHODS:
        with pytest.raises(
            InputError, match=rf"the {method} estimator is not fitted yet \(call fit first\)"
        ):
            save_model(make_estimator(method), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_majority_has_no_files(saved):
    """Its shares are in the manifest, in the order of the labels."""
    manifest = read_folder(saved["majority"])
    assert manifest.files == {}
    estimator = Majority().fit(TEXTS, LABELS)
    shares = dict(zip(estimator.classes_, estimator.priors_, strict=True))
    assert manifest.parameters["priors"] == [shares[label] for label in manifest.labels]
