"""A saved model's scores on labelled texts, and its claims, checked."""

import json
import shutil

import pytest

from _support.small_models import small_data
from _support.small_runs import read_json, write_rows
from assay.data.load import load_data
from assay.errors import CheckError, DataError, ModelError
from assay.recipes.evaluate import evaluate_model
from assay.recipes.steps.prepare import DataOptions
from assay.recipes.train import train_model
from assay.recipes.verify import verify_model


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


def test_unknown_labels_are_all_named(model, tmp_path):
    """With their number of texts, and the name that was probably meant."""
    path = write_rows(
        tmp_path / "d.csv", ["a", "b", "c", "d"], ["joy", "saddness", "saddness", "분노"]
    )
    message = r"the all split of .*d\.csv has labels that the model does not know: 'saddness' \(2 texts\), '분노' \(1 "
    with pytest.raises(
        DataError, match=message + r"texts\); it knows sadness, joy, .*\. Did you mean 'sadness'\?"
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


def test_lone_file_is_cut_again_as_training_cut_it(tmp_path):
    """A model that was trained on a file verifies from it; from another file it does not."""
    path = write_rows(tmp_path / "d.csv", *small_data(100))
    train_model(path, tmp_path / "m", method="linear", seed=4)
    assert {claim["split"] for claim in verify_model(tmp_path / "m", load_data(path)).claims} == {
        "validation",
        "test",
    }
    other = write_rows(tmp_path / "e.csv", *small_data(100, seed=1))
    with pytest.raises(
        DataError, match="has recorded scores of validation, test; the data has all"
    ):
        verify_model(tmp_path / "m", load_data(other))
    few = write_rows(tmp_path / "f.csv", ["a", "b"], ["joy", "sadness"])
    with pytest.raises(
        DataError, match="has recorded scores of validation, test; the data has all"
    ):
        verify_model(tmp_path / "m", load_data(few))


def test_claims_of_other_data_are_denied(model, data, tmp_path):
    """One changed label in test is found, with both numbers and the split it is of."""
    changed = shutil.copytree(data, tmp_path / "d")
    lines = (changed / "test.csv").read_text(encoding="utf-8").splitlines()
    lines[1] = (
        lines[1].replace("joy", "sadness")
        if "joy" in lines[1]
        else lines[1].rsplit(",", 1)[0] + ",joy"
    )
    (changed / "test.csv").write_text(
        "\n".join(lines[:1] + lines[2:] + [lines[1]] + ["x,joy"]) + "\n", encoding="utf-8"
    )
    with pytest.raises(
        CheckError, match=r"test accuracy: recorded 1\.0000 on 27 texts, found 0\.\d{4} on 28"
    ):
        verify_model(model, load_data(changed))


def test_part_of_the_splits_is_enough(model, data):
    """Claims of splits that the data lacks are left alone."""
    splits = load_data(data)
    only = type(splits)({"test": splits["test"]}, splits.label_set, "memory")
    found = verify_model(model, only)
    assert {claim["split"] for claim in found.claims} == {"test"}
    assert verify_model(model).to_dict()["claims"] == []


def test_broken_manifest_is_no_model(model, tmp_path):
    """What does not say that it is a model has nothing to check; what does and is changed, fails the check."""
    copy = shutil.copytree(model, tmp_path / "m")
    manifest = read_json(copy / "assay.json")
    for text in (
        "{",
        "[]",
        json.dumps({**manifest, "labels": None}),
        json.dumps({**manifest, "schema_version": 99}),
    ):
        (copy / "assay.json").write_text(text, encoding="utf-8")
        with pytest.raises(ModelError, match=r"assay\.json"):
            verify_model(copy)
    manifest["files"]["vocabulary.json"]["sha256"] = "0" * 64
    (copy / "assay.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(
        CheckError, match=r"'vocabulary\.json' in .* has SHA-256 \w{64}; assay\.json says 0{64}"
    ):
        verify_model(copy)
