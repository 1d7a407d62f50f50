"""A column that names the split of each row: used, asked for, or left alone."""

from __future__ import annotations

import unicodedata

import pytest

from assay._optional import require
from assay.data.load import load_data
from assay.errors import DataError, InputError

NAMES = ("train", "train", "valid", "TEST")


def table(path, names=NAMES, column="split"):
    """Write a table whose rows name their splits in turn."""
    rows = [f"word{i % 9} {i},{'ab'[i % 2]},{names[i % len(names)]}" for i in range(80)]
    path.write_text("\n".join([f"text,label,{column}", *rows]) + "\n")
    return path


def test_split_column_is_used_and_said(tmp_path, caplog):
    """Rows that are meant for test are never trained on; lines stay those of the file."""
    splits = load_data(table(tmp_path / "a.csv"))
    assert {name: len(labelled) for name, labelled in splits.items()} == {
        "train": 40,
        "validation": 20,
        "test": 20,
    }
    assert splits["test"].lines[:2] == (5, 9)
    assert "(train 40, validation 20, test 20); --split-column none ignores it" in caplog.text


def test_split_column_can_be_left_alone_or_named(tmp_path):
    """`none` reads the table as one; a column of another name is used where it is named."""
    path = table(tmp_path / "a.csv", column="which")
    assert list(load_data(path, split_column="which")) == ["train", "validation", "test"]
    assert list(load_data(table(path), split_column="none")) == ["all"]


def test_split_column_with_other_values(tmp_path, caplog):
    """It is a question where some values name splits, else unused; an error where it was asked for."""
    path = table(tmp_path / "a.csv", names=("train", "extra"))
    said = r"'extra' in column 'split' of a.csv \(line 3\) names no split"
    with pytest.raises(DataError, match=said) as caught:
        load_data(path)
    assert caught.value.flags == ("--split-column none",)
    assert list(load_data(path, split_column="none")) == ["all"]
    with pytest.raises(DataError, match=said):
        load_data(path, split_column="split")
    with pytest.raises(DataError, match=r"column 'splitt' not in a.csv.* Did you mean 'split'"):
        load_data(path, split_column="splitt")
    assert list(load_data(table(path, names=("north", "south")))) == ["all"]
    assert "'north' in column 'split' of a.csv (line 2) names no split" in caplog.text
    with pytest.raises(DataError, match=r"column 'split' of a.csv holds 0 and 1, and nothing says"):
        load_data(table(path, names=("0", "1")))


@pytest.mark.parametrize(
    ("column", "names"),
    [
        ("split", ("Training", "validate", "testing")),
        ("ml_use", ("TRAIN", "VALIDATE", "TEST")),
        ("Which file?", ("train", "dev", "test ")),
        ("구분", ("학습", "검증", "평가")),
    ],
)
def test_split_column_is_known_by_its_values(tmp_path, caplog, column, names):
    """Under any name, where all values name splits and one is train."""
    path = table(tmp_path / "a.csv", names=names, column=column)
    assert list(load_data(path)) == ["train", "validation", "test"]
    assert f"column '{column}' says which split" in caplog.text
    assert list(load_data(path, split_column="none")) == ["all"]


@pytest.mark.parametrize("names", [("test", "dev"), ("train",), ("train", "bus"), ("test", "")])
def test_other_columns_are_no_split_columns(tmp_path, names):
    """Such as environments, vehicles, or one value alone."""
    assert list(load_data(table(tmp_path / "a.csv", names=names, column="what"))) == ["all"]


def test_split_column_of_a_frame():
    """Frames have such columns too."""
    pandas = require("pandas")
    frame = pandas.DataFrame(
        {"text": list("abcdef"), "label": list("xyxyxy"), "split": ["train"] * 4 + ["test"] * 2}
    )
    assert {name: len(one) for name, one in load_data(frame).items()} == {"train": 4, "test": 2}
    renamed = frame.rename(columns={"split": "which"})
    assert list(load_data(renamed, split_column="which")) == ["train", "test"]
    assert list(load_data(frame.rename(columns={"split": "set"}))) == ["train", "test"]


def test_split_without_labels_is_left_out(tmp_path, caplog):
    """The test file of a competition has no labels: it is left out with a warning."""
    (tmp_path / "train.csv").write_text("id,text,label\n1,a,x\n2,b,y\n")
    (tmp_path / "test.csv").write_text("id,text\n3,c\n4,d\n")
    (tmp_path / "sample_submission.csv").write_text("id,label\n3,x\n4,x\n")
    assert list(load_data(tmp_path)) == ["train"]
    assert "split test of" in caplog.text
    (tmp_path / "test.csv").write_text("id,text,label\n3,c,\n4,d,\n")
    assert list(load_data(tmp_path)) == ["train"]


def test_train_without_labels_is_an_error(tmp_path):
    """Only what is not trained on may lack its labels."""
    (tmp_path / "train.csv").write_text("id,text\n1,a\n2,b\n")
    (tmp_path / "test.csv").write_text("id,text,label\n3,c,x\n")
    with pytest.raises(DataError, match=r"no label column found in train.csv"):
        load_data(tmp_path)


def test_shards_are_joined_in_order(tmp_path):
    """The pieces of a split, as the Hub names them, are one split; rows are counted through them."""
    for shard in (1, 0):
        rows = "".join(f'{{"text": "{shard}{i}", "label": "x"}}\n' for i in range(3))
        (tmp_path / f"train-0000{shard}-of-00002.jsonl").write_text(rows)
    train = load_data(tmp_path)["train"]
    assert train.texts == ("00", "01", "02", "10", "11", "12")
    assert train.lines == (1, 2, 3, 4, 5, 6)


def test_clone_of_the_hub_is_read(tmp_path):
    """Its files are in a folder called data."""
    (tmp_path / "data").mkdir()
    (tmp_path / "README.md").write_text("---\n---\n")
    (tmp_path / "data" / "train-00000-of-00001.jsonl").write_text('{"text": "a", "label": "x"}\n')
    assert len(load_data(tmp_path)["train"]) == 1


def test_missing_shard_is_an_error(tmp_path):
    """A split with a piece missing is not trained on as if it were whole."""
    (tmp_path / "train-00001-of-00002.jsonl").write_text('{"text": "a", "label": "x"}\n')
    with pytest.raises(InputError, match=r"1 files for the train split.*2 shards"):
        load_data(tmp_path)


def test_rows_without_label_become_the_pool(tmp_path, caplog):
    """A file that is half labelled is used, and it says so; the texts without label are kept."""
    rows = [f"word{i},{'ab'[i % 2] if i < 20 else ''}" for i in range(100)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["text,label", *rows]))
    splits = load_data(path)
    assert len(splits["all"]) == 20
    assert splits.pool[:2] == ("word20", "word21")
    assert len(splits.pool) == len(splits.dropped) == 80
    assert "80 rows have no label: they are kept as a pool" in caplog.text


def test_labels_file_that_fits_nothing_is_not_used(tmp_path, caplog):
    """A labels.txt of other data beside a file does not stop it."""
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    (tmp_path / "a.csv").write_text("text,label\na,x\nb,y\n")
    assert load_data(tmp_path / "a.csv").label_set.names == ("x", "y")
    assert "labels.txt names none of the labels of the data" in caplog.text


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("train", "val", "test"),
        ("train", "dev", "eval"),
        ("훈련", "검증", "시험"),
        (*(unicodedata.normalize("NFD", name) for name in ("학습", "검증", "평가")),),
    ],
)
def test_splits_have_many_names(tmp_path, train, validation, test):
    """As files, and as values of a split column."""
    names = (train, validation, test)
    for name in names:
        (tmp_path / f"{name}.csv").write_text(f"text,label\n{name} one,a\n{name} two,b\n")
    assert list(load_data(tmp_path)) == ["train", "validation", "test"]
    rows = "".join(f"{name} {i},{'ab'[i]},{name}\n" for name in names for i in (0, 1))
    (tmp_path / "all.csv").write_text("text,label,split\n" + rows)
    assert list(load_data(tmp_path / "all.csv")) == ["train", "validation", "test"]


def test_files_of_no_split_are_named(tmp_path, caplog):
    """Data beside the splits are not passed over without a word; notes and hidden files are."""
    for name in ("train.csv", "extra.csv", ".hidden.csv"):
        (tmp_path / name).write_text("text,label\na,x\nb,y\n")
    (tmp_path / "README.md").write_text("hello")
    load_data(tmp_path)
    assert "not used, since their names are of no split: extra.csv" in caplog.text
    assert "hidden" not in caplog.text
