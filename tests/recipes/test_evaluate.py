"""A saved model's scores on labelled texts."""

import json

import pytest

from _support.small_models import small_data
from _support.small_runs import write_rows
from assay.data.load import load_data
from assay.errors import DataError
from assay.recipes.evaluate import evaluate_model
from assay.recipes.steps.prepare import DataOptions
from assay.recipes.train import train_model


@pytest.fixture(scope="module")
def model(data, tmp_path_factory):
    """Train a linear model."""
    out = tmp_path_factory.mktemp("evaluate") / "m"
    train_model(data, out, method="linear")
    return out


def test_test_is_the_split_unless_another_is_named(model, data):
    """`test` where there is one, the only split where there is one only; no guess otherwise."""
    splits = load_data(data)
    assert evaluate_model(model, splits).split == "test"
    assert evaluate_model(model, splits, split="train").scores.n_texts == 66
    assert evaluate_model(model, load_data(data / "train.csv")).split == "all"
    without = type(splits)(
        {name: splits[name] for name in ("train", "validation")}, splits.label_set, "memory"
    )
    with pytest.raises(
        DataError, match="there is no split 'test' in memory; splits: train, validation"
    ):
        evaluate_model(model, without)


def test_mistakes_and_confusions_are_those_of_the_matrix(model, data):
    """Every mistake that is listed is one; the confusions add up to the matrix off its diagonal."""
    found = evaluate_model(model, load_data(data), n_mistakes=5)
    texts = dict(zip(load_data(data)["test"].lines, load_data(data)["test"].texts, strict=True))
    assert len(found.mistakes) <= 5
    assert all(
        one.label != one.predicted_label and texts[one.line] == one.text for one in found.mistakes
    )
    off = sum(
        n for i, row in enumerate(found.scores.confusion) for j, n in enumerate(row) if i != j
    )
    assert sum(one.n_texts for one in found.confusions) == off
    json.dumps(found.to_dict(), allow_nan=False)


def test_merged_labels_get_the_spelling_of_the_model(model, tmp_path):
    """However the file writes them; without the flag, the message names it."""
    path = write_rows(tmp_path / "d.csv", ["a", "b", "c"], ["JOY", "JOY", "Sadness"])
    options = DataOptions().as_trained(model, path)
    with pytest.raises(DataError, match="labels that are only written otherwise") as caught:
        evaluate_model(model, options.load(path))
    assert caught.value.flags == ("--merge-labels",)
    splits = DataOptions(merge_labels=True).as_trained(model, path).load(path)
    assert splits["all"].labels == ("joy", "joy", "sadness")
    assert evaluate_model(model, splits).scores.n_texts == 3


def test_unknown_labels_that_can_be_merged_are_named_beside_others(model, tmp_path):
    """A typo of a frequent label too; the flag is named, and what is meant by each."""
    labels = ["sadness"] * 40 + ["saddness", "JOY", "분노"]
    path = write_rows(tmp_path / "d.csv", [f"text {i}" for i in range(43)], labels)
    with pytest.raises(
        DataError, match="Did you mean 'sadness' by 'saddness', 'joy' by 'JOY'"
    ) as caught:
        evaluate_model(model, load_data(path))
    assert caught.value.flags == ("--merge-labels",)
    assert "'saddness', 'JOY'; correct the others" in caught.value.hint


def test_unknown_labels_are_all_named(model, tmp_path):
    """With their number of texts, and the name that was probably meant."""
    path = write_rows(
        tmp_path / "d.csv", ["a", "b", "c", "d"], ["joy", "saddness", "saddness", "분노"]
    )
    message = (
        r"d\.csv has labels that the model does not know: 'saddness' \(2 texts\), '분노' \(1 text"
    )
    with pytest.raises(
        DataError,
        match=message + r"\); it knows sadness; joy; .*\. Did you mean 'sadness' by 'saddness', ",
    ):
        evaluate_model(model, load_data(path))


def test_labels_are_matched_by_name_not_by_order(model, tmp_path):
    """Data that lists its labels in another order scores the same."""
    texts, labels = small_data(60, seed=5)
    path = write_rows(tmp_path / "d.csv", texts, labels)
    one = evaluate_model(model, DataOptions(labels=["joy", "sadness", '화남, "분노"']).load(path))
    other = evaluate_model(model, DataOptions(labels=['화남, "분노"', "joy", "sadness"]).load(path))
    assert one.scores == other.scores
    assert one.labels == ("sadness", "joy", '화남, "분노"')


def test_rows_are_the_texts_of_the_split_and_a_frame(model, data):
    """One row per text, whose share of right ones is the accuracy."""
    found = evaluate_model(model, load_data(data))
    frame = found.to_pandas()
    assert frame.to_dict("records") == list(found.rows())
    assert frame["is_right"].mean() == pytest.approx(found.scores.accuracy)
    assert list(frame["text"]) == list(load_data(data)["test"].texts)
