"""Folders that `save_to_disk` of the library datasets wrote are read as they are."""

from __future__ import annotations

import json

import pytest

from assay.data.load import load_data
from assay.errors import AssayError, InputError

pyarrow = pytest.importorskip("pyarrow")
ipc = pytest.importorskip("pyarrow.ipc")

FEATURES = {"label": {"names": ["neg", "pos"], "_type": "ClassLabel"}}
METADATA = {b"huggingface": json.dumps({"info": {"features": FEATURES}}).encode()}


def save(folder, *shards):
    """Write the shards of one data set as the library does: streams of Arrow, and their names."""
    folder.mkdir(parents=True)
    names = [f"data-{i:05}-of-{len(shards):05}.arrow" for i in range(len(shards))]
    for name, texts in zip(names, shards, strict=True):
        labels = pyarrow.array([i % 2 for i in range(len(texts))], type=pyarrow.int64())
        table = pyarrow.table({"text": texts, "label": labels}).replace_schema_metadata(METADATA)
        with ipc.new_stream(str(folder / name), table.schema) as writer:
            writer.write_table(table)
    state = {"_data_files": [{"filename": name} for name in names], "_split": None}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text("{}")


def test_splits_are_read_with_their_class_names(tmp_path):
    """Shards are joined in order; a split of another name is left out with a warning."""
    for split, shards in {"train": [["a", "b"], ["c", "d"]], "test": [["e", "f"]]}.items():
        save(tmp_path / "d" / split, *shards)
    save(tmp_path / "d" / "unsupervised", ["g"])
    listed = {"splits": ["train", "test", "unsupervised"]}
    (tmp_path / "d" / "dataset_dict.json").write_text(json.dumps(listed))
    splits = load_data(tmp_path / "d")
    assert {name: list(own.texts) for name, own in splits.items()} == {
        "train": ["a", "b", "c", "d"],
        "test": ["e", "f"],
    }
    assert splits["train"].labels == ("neg", "pos", "neg", "pos")
    assert splits.label_set.names == ("neg", "pos")


def test_lone_data_set_is_cut_like_a_file(tmp_path):
    """It is the split `all`."""
    save(tmp_path / "d", ["a", "b"])
    assert list(load_data(tmp_path / "d")) == ["all"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"state.json": '{"_data_files": [{"filename": "x.arrow"}]}'},
            r"x\.arrow is missing, which",
        ),
        ({"state.json": "{}"}, r"state\.json names no files"),
        ({"state.json": "[1]"}, "does not list the files"),
        ({"dataset_dict.json": "{oops"}, "is not JSON"),
        ({"dataset_dict.json": '{"splits": ["a", "b"]}'}, "the splits of .* are a, b; train"),
    ],
)
def test_broken_folders_are_refused(tmp_path, files, said):
    """In one sentence that names the file."""
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(AssayError, match=said) as err:
        load_data(tmp_path)
    assert isinstance(err.value, InputError)


def test_folder_of_configurations_names_one(tmp_path):
    """A clone of the Hub with a folder per language says which folder to give."""
    for language in ("en", "ko"):
        (tmp_path / language).mkdir()
        (tmp_path / language / "train.csv").write_text("text,label\na,x\nb,y\n")
    with pytest.raises(InputError) as caught:
        load_data(tmp_path)
    assert caught.value.hint == f"give one of the folders inside, such as {tmp_path / 'en'}"
