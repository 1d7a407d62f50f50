"""`assay.recipes.evaluate` on the very file that a model was trained on."""

from __future__ import annotations

import pytest

from assay.data.load import load_data
from assay.errors import DataError, InputError
from assay.recipes.evaluate import evaluate_model
from assay.recipes.steps.by_column import score_values
from assay.recipes.steps.known_data import cut_as_trained, load_as_trained
from assay.recipes.steps.prepare import DataOptions
from assay.recipes.train import train_model
from assay.recipes.verify import verify_model
from assay.runtime.predictor import load_model


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train on a single file, cut in training; return the file and the model."""
    folder = tmp_path_factory.mktemp("known")
    rows = [f"word{i % 7} number{i},{'ab'[i % 2]}" for i in range(80)]
    (folder / "a.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    train_model(folder / "a.csv", folder / "model", method="majority")
    return folder / "a.csv", folder / "model"


def trained_texts(data, model):
    """Return the texts of the train split, cut as training did."""
    return cut_as_trained(load_data(data), load_model(model).manifest)["train"].texts


def test_texts_of_training_are_counted_and_the_rest_scored_beside(trained):
    """The score of the whole file is no score of new texts, and it says so."""
    data, model = trained
    found = evaluate_model(model, load_data(data))
    assert (found.split, found.scored.n_leaked) == ("all", 64)
    assert found.scored.without_leaks.n_texts == 16
    assert found.warnings()[0].startswith(
        "the model was trained on 64 of these 80 texts: on the other 16 accuracy is "
    )
    values = ["early" if i < 40 else "late" for i in range(80)]
    parts = score_values("when", values, found.scored.correct, seen=found.scored.seen)
    for one in parts:
        assert 0 < one.unseen.n_texts < one.n_texts
        assert one.to_dict()["unseen"]["interval"] == list(one.unseen.interval)
    assert sum(one.unseen.n_texts for one in parts) == 16
    confused = found.scored.without_leaks.confusion
    assert [one.n_unseen for one in found.confusions] == [
        confused[found.labels.index(one.label)][found.labels.index(one.predicted_label)]
        for one in found.confusions
    ]
    new = [row["text"] for row in found.rows() if not row["trained_on"]]
    assert len(new) == 16
    assert all(one.is_trained_on == (one.text not in new) for one in found.mistakes)


def test_texts_of_training_are_recognised_in_another_file(trained, tmp_path):
    """Their hashes are in the model: neither the order, the case nor the file matters."""
    rows = ["new one,a", "WORD1  number1,b", "word2 number2,a", "new two,b"]
    (tmp_path / "b.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    found = evaluate_model(trained[1], load_data(tmp_path / "b.csv"))
    n_trained = sum(
        row[: row.rindex(",")].casefold().replace("  ", " ") in trained_texts(*trained)
        for row in rows
    )
    assert found.scored.n_leaked == n_trained
    assert n_trained
    assert found.scored.without_leaks.n_texts == 4 - n_trained


def test_split_names_a_part_of_the_file(trained):
    """The file is cut as training did."""
    data, model = trained
    assert evaluate_model(model, load_data(data), split="test").scores.n_texts == 8


def test_split_of_another_file_is_not_made_up(trained, tmp_path):
    """What was not trained on has no such parts."""
    (tmp_path / "b.csv").write_text("text,label\nx,a\ny,b\n")
    with pytest.raises(DataError, match="there is no split 'test'"):
        evaluate_model(trained[1], load_data(tmp_path / "b.csv"), split="test")


def test_path_is_read_as_the_data_of_the_model_were(tmp_path):
    """Evaluate, verify and export take what `load_data` takes, with the columns of training."""
    rows = [f"word{i % 7} number{i};{'ab'[i % 2]}" for i in range(80)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["opinion;stars", *rows]) + "\n")
    options = DataOptions(text_column="opinion", label_column="stars")
    train_model(path, tmp_path / "model", method="linear", options=options)

    assert evaluate_model(tmp_path / "model", path, split="test").scores.n_texts == 8
    assert {one["split"] for one in verify_model(tmp_path / "model", path).claims} == {
        "validation",
        "test",
    }
    loaded = load_as_trained(str(path), tmp_path / "model")
    assert loaded == load_data(path, text_column="opinion", label_column="stars")
    assert load_as_trained(loaded, tmp_path / "model") is loaded
    with pytest.raises(InputError, match=r"no such file or folder: .*b\.csv"):
        evaluate_model(tmp_path / "model", tmp_path / "b.csv")


def test_data_that_were_loaded_before_are_remembered_as_their_path_would_be(tmp_path):
    """A model knows the separator and the columns, whoever read the file."""
    rows = [f"word{i % 7} number{i},{['a', 'a;b', 'b', ''][i % 4]}" for i in range(80)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["opinion,topics", *rows]) + "\n")
    reading = {"text_column": "opinion", "label_column": "topics", "label_separator": ";"}
    splits = load_data(path, **reading)
    train_model(splits, tmp_path / "loaded", method="linear")
    train_model(path, tmp_path / "read", method="linear", options=DataOptions(**reading))

    recorded = [
        load_model(tmp_path / name).manifest.training_data["reading"] for name in ("loaded", "read")
    ]
    assert recorded[0] == recorded[1] == {**reading, "kind": ".csv"}
    assert evaluate_model(tmp_path / "loaded", path, split="test").scores.n_texts == 8
    assert load_data((["x", "y"], ["a", "b"])).reading == {}
