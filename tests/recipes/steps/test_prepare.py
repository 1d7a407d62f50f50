"""From DATA to train, validation and test: options reach the loader, unused names go, the data is never overwritten."""

import logging

import pytest

from _support.small_models import small_data
from _support.small_runs import write_data, write_rows
from assay.data.labels import LabelSet
from assay.data.load import load_data
from assay.data.several_texts import SeveralLabelledTexts
from assay.data.texts import Splits
from assay.errors import DataError, InputError
from assay.output_place import check_apart
from assay.recipes.steps.prepare import DataOptions, cut_splits, prepare_data


def test_splits_that_are_there_are_taken_as_they_are(data):
    """Nothing is cut from data that has all three."""
    splits = prepare_data(data, options=DataOptions(), seed=0)
    assert list(splits) == ["train", "validation", "test"]
    assert {name: part.texts for name, part in splits.items()} == {
        name: part.texts for name, part in load_data(data).items()
    }


def test_missing_splits_are_cut_with_the_fractions_given(tmp_path):
    """A lone file, two fractions, a seed: sizes as asked, no text in two splits, other seeds other rows."""
    path = write_rows(tmp_path / "d.csv", *small_data(200))
    options = DataOptions(validation_fraction=0.2, test_fraction=0.3)
    splits = prepare_data(path, options=options, seed=3)
    assert {name: len(part) for name, part in splits.items()} == pytest.approx(
        {"train": 100, "validation": 40, "test": 60}, abs=6
    )
    lines = [line for part in splits.values() for line in part.lines]
    assert sorted(lines) == list(range(2, 202))
    assert prepare_data(path, options=options, seed=3) == splits
    assert prepare_data(path, options=options, seed=4)["test"].lines != splits["test"].lines


def test_options_reach_the_loader(tmp_path):
    """Columns, delimiter, encoding, label order and the longest text are the caller's."""
    texts, labels = small_data(40)
    rows = "".join(
        f"{label.replace(';', ' ')};{text}\n" for text, label in zip(texts, labels, strict=True)
    )
    path = tmp_path / "d.csv"
    path.write_bytes(("stars;review\n" + rows).encode("cp949"))
    options = DataOptions(
        text_column="review",
        label_column="stars",
        delimiter=";",
        encoding="cp949",
        labels=["joy", '화남, "분노"', "sadness"],
    )
    # The quotes inside an unquoted field are kept as they are.
    splits = options.load(path)
    assert splits.label_set.names == ("joy", '화남, "분노"', "sadness")
    assert splits["all"].texts == tuple(texts)
    with pytest.raises(DataError, match="at most 5 are accepted"):
        DataOptions(**{**vars(options), "max_chars": 5, "strict": True}).load(path)


def test_names_without_a_text_are_left_out(tmp_path, caplog):
    """A name of labels.txt that no row has cannot be learnt: it is said once, and no score speaks of it."""
    data = write_data(tmp_path / "d")
    (data / "labels.txt").write_text(
        'unused\nsadness\njoy\n화남, "분노"\nnever\n', encoding="utf-8"
    )
    with caplog.at_level(logging.WARNING, logger="assay"):
        splits = prepare_data(data, options=DataOptions(), seed=0)
    assert splits.label_set.names == ("sadness", "joy", '화남, "분노"')
    assert "2 label names have no text and are left out: unused, never" in caplog.text
    assert load_data(data).label_set.names[0] == "unused"


@pytest.mark.parametrize(
    ("out", "is_apart"),
    [
        ("d", False),
        (".", False),
        ("d/train.csv", False),
        ("d/run", True),
        ("other", True),
        ("d/../d", False),
    ],
)
def test_output_is_never_the_data(tmp_path, monkeypatch, out, is_apart):
    """What is, holds or is a file of the data is refused, however it is spelt; a folder inside it is not."""
    data = write_data(tmp_path / "d")
    (data / "run").mkdir()
    monkeypatch.chdir(tmp_path)
    target = tmp_path / out
    if is_apart:
        check_apart("d", target)
    else:
        with pytest.raises(
            InputError, match="holds the data itself: writing there would destroy it"
        ):
            check_apart("d", target)
    check_apart("sample", target)
    check_apart((["a"], ["b"]), target)


def test_label_set_keeps_its_task_when_names_are_left_out():
    """Only the names change: what a row may hold stays as the data say."""
    texts, labels = small_data(40)
    label_set = LabelSet((*sorted(set(labels)), "unused"), task="multi")
    one_each = tuple((label,) for label in labels)
    train = SeveralLabelledTexts(texts=tuple(texts), labels=one_each)
    whole = Splits({"train": train}, label_set, source="memory")
    splits = cut_splits(whole, options=DataOptions(), seed=0)
    assert splits.label_set == LabelSet(tuple(sorted(set(labels))), task="multi")
