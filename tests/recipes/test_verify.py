"""What a model claims of itself: hashes of its files, scores on its data, checked again."""

import json
import shutil

import pytest

from _support.small_models import small_data
from _support.small_runs import read_json, write_rows
from assay.data.load import load_data
from assay.errors import CheckError, DataError, ModelError
from assay.recipes.train import train_model
from assay.recipes.verify import verify_model


@pytest.fixture(scope="module")
def model(data, tmp_path_factory):
    """Train a linear model."""
    out = tmp_path_factory.mktemp("verify") / "m"
    train_model(data, out, method="linear")
    return out


def test_claims_that_hold_are_listed_with_what_was_found(model, data):
    """Three metrics on two splits, each found as it was recorded, in the words of JSON."""
    found = verify_model(model, load_data(data)).to_dict()
    assert (found["model"], found["method"], found["verified"]) == (str(model), "linear", True)
    assert found["n_files"] == len(read_json(model / "assay.json")["files"])
    recorded = read_json(model / "assay.json")["scores"]
    assert len(recorded) == 6
    for claim, before in zip(found["claims"], recorded, strict=True):
        again = {"found": before["value"], "found_n_texts": before["n_texts"], "agrees": True}
        assert claim == {**before, **again}


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
        CheckError, match=r"test accuracy: recorded 100\.00% on 27 texts, found \d\d\.\d\d% on 28"
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
