"""One text file per text, in one folder per class."""

from __future__ import annotations

import pytest

from assay._optional import require
from assay.data.load import load_data
from assay.errors import DataError, InputError


def fill(folder, texts):
    """Write texts of classes: class -> texts."""
    for label, own in texts.items():
        (folder / label).mkdir(parents=True)
        for i, text in enumerate(own):
            (folder / label / f"{i}").write_bytes(text.encode("latin-1"))
    return folder


def test_folder_of_classes_is_one_split(tmp_path):
    """A class is a folder; a row is a file, in the order of the paths."""
    splits = load_data(fill(tmp_path / "20news", {"sci.med": ["a", "b"], "alt.atheism": ["c"]}))
    assert splits["all"].texts == ("c", "a", "b")
    assert splits["all"].labels == ("alt.atheism", "sci.med", "sci.med")
    assert splits["all"].lines == (1, 2, 3)


def test_folder_of_splits_of_classes(tmp_path):
    """As reviews of films are published: train and test, each with its classes."""
    for split in ("train", "test"):
        fill(tmp_path / split, {"pos": [f"{split} good"], "neg": [f"{split} bad"]})
    splits = load_data(tmp_path)
    assert list(splits) == ["train", "test"]
    assert splits["test"].texts == ("test bad", "test good")


def test_file_in_another_encoding_is_named(tmp_path):
    """Old corpora are no UTF-8; the message says so, and --encoding reads them."""
    folder = fill(tmp_path / "news", {"a": ["caf\xe9"], "b": ["x"]})
    with pytest.raises(DataError, match=r"news file 1: bytes that are not UTF-8"):
        load_data(folder)
    assert load_data(folder, encoding="latin-1")["all"].texts == ("café", "x")


def test_other_folders_are_no_classes(tmp_path):
    """One folder of texts is no classification."""
    with pytest.raises(InputError, match=r"no train\.\*"):
        load_data(fill(tmp_path / "x", {"only": ["a", "b"]}))


def test_deeper_classes_are_named(tmp_path):
    """Either of two folders may be the label; one class alone is said to be one."""
    for label in "ab":
        fill(tmp_path / "deep" / label, {"x": ["good"], "y": ["bad"]})
    with pytest.raises(InputError, match=r"no train\.\*") as caught:
        load_data(tmp_path / "deep")
    first = tmp_path / "deep" / "a"
    assert caught.value.hint == (
        f"for the labels x, y, give {first}; "
        "for the labels a, b, move the files up into these folders"
    )
    assert load_data(first)["all"].labels == ("x", "y")
    with pytest.raises(InputError) as caught:
        load_data(fill(tmp_path / "lone", {"only": ["a", "b"]}))
    assert caught.value.hint.startswith("only 'only' holds one text per file")


def test_pyarrow_table_is_data():
    """Tables of pyarrow are taken as frames are."""
    pyarrow = require("pyarrow")
    table = pyarrow.table({"text": ["a", "b"], "label": ["x", "y"]})
    assert load_data(table)["all"].labels == ("x", "y")


def test_files_that_are_read_as_no_text_are_named(tmp_path, caplog):
    """Those of other kinds, and those in folders inside of a label's."""
    for name in ("pos/1.txt", "neg/2.txt", "neg/9.md", "pos/part2/3.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("so good", encoding="utf-8")
    assert len(load_data(tmp_path)["all"]) == 2
    assert "not used" in caplog.text
    assert "neg/9.md, pos/part2" in caplog.text
