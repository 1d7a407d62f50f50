"""Labels that a person corrected.

Only in train, only where the row is still the same, all or none.
"""

from __future__ import annotations

import logging

import pytest

from assay.audit.corrections import apply_corrections
from assay.audit.issues import COLUMNS, hash_text
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts, Splits
from assay.errors import DataError
from assay.recipes.steps.prepare import DataOptions, prepare_data


@pytest.fixture
def splits():
    """Make three splits whose lines are not their positions."""
    parts = {
        "train": LabelledTexts(
            ("so glad", "so sad", "so bad"), ("joy", "joy", "sadness"), (11, 12, 13)
        ),
        "validation": LabelledTexts(("happy", "alone"), ("joy", "joy"), (11, 12)),
        "test": LabelledTexts(("lovely", "crying"), ("joy", "joy"), (11, 12)),
    }
    return Splits(parts, LabelSet(("joy", "sadness")), source="tweets")


def corrections(tmp_path, *rows):
    """Write a file of (split, row, text, proposed label), all accepted."""
    lines = [",".join(COLUMNS)]
    lines += [
        f"wrong_label,{split},{row},,,{label},,,{hash_text(text)},yes"
        for split, row, text, label in rows
    ]
    path = tmp_path / "c.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_accepted_label_is_put_into_train(tmp_path, splits):
    """One label changes, and nothing else; the splits that were given stay as they were."""
    made = apply_corrections(splits, corrections(tmp_path, ("train", 12, "so sad", "sadness")))
    assert made["train"].labels == ("joy", "sadness", "sadness")
    assert made["train"].texts == splits["train"].texts
    assert (made["validation"], made["test"]) == (splits["validation"], splits["test"])
    assert (made.n_corrections, splits.n_corrections) == (1, 0)
    assert splits["train"].labels == ("joy", "joy", "sadness")


def test_label_that_is_right_already_is_not_counted(tmp_path, splits):
    """Who corrected the source too can use the same file."""
    rows = [
        ("train", 12, "so sad", "sadness"),
        ("train", 13, "so bad", "sadness"),
        ("train", 12, "so sad", "sadness"),
    ]
    assert apply_corrections(splits, corrections(tmp_path, *rows)).n_corrections == 1


@pytest.mark.parametrize("split", ["validation", "test"])
def test_labels_of_other_splits_are_never_changed(tmp_path, splits, split, caplog):
    """An accepted row of validation or test is skipped and counted; the others are applied."""
    text = splits[split].texts[1]
    path = corrections(tmp_path, ("train", 12, "so sad", "sadness"), (split, 12, text, "sadness"))
    made = apply_corrections(splits, path)
    assert made.n_corrections == 1
    assert made[split] == splits[split]
    assert "1 accepted rows are skipped: they are not of train" in caplog.text
    assert "c.csv: 1 label corrected" in caplog.text


def test_spelling_of_a_label_is_corrected_in_every_split(tmp_path, splits):
    """How a label is written is no judgement about a text."""
    path = corrections(tmp_path, ("test", 12, "crying", "sadness"))
    path.write_text(path.read_text().replace("wrong_label", "label_spelling"))
    assert apply_corrections(splits, path)["test"].labels == ("joy", "sadness")


@pytest.mark.parametrize(
    "row",
    [
        ("train", 12, "so SAD", "sadness"),
        ("train", 99, "so sad", "sadness"),
        ("dev", 12, "so sad", "sadness"),
    ],
)
def test_row_that_is_another_one_by_now_is_refused(tmp_path, splits, row):
    """Another text, no such row, no such split: listed, with what to look at."""
    with pytest.raises(
        DataError,
        match=rf"(?s)1 accepted rows do not match tweets:\n.*line 2: {row[0]} row {row[1]}",
    ) as e:
        apply_corrections(splits, corrections(tmp_path, row))
    assert "same --seed" in e.value.hint


def test_label_that_the_data_do_not_have_is_refused(tmp_path, splits):
    """A typing mistake makes no class of its own."""
    with pytest.raises(
        DataError, match=r"(?s)not among the labels joy, sadness.*'sadnes'. Did you mean 'sadness'"
    ):
        apply_corrections(splits, corrections(tmp_path, ("train", 12, "so sad", "sadnes")))


def test_two_labels_for_one_row_are_refused(tmp_path, splits):
    """Nothing decides between them."""
    rows = [("train", 12, "so sad", "sadness"), ("train", 12, "so sad", "joy")]
    with pytest.raises(DataError, match=r"(?s)1 rows are to get two different labels.*line 3"):
        apply_corrections(splits, corrections(tmp_path, *rows))


def test_all_problems_are_said_at_once(tmp_path, splits):
    """One look at the message is enough to mend the file."""
    rows = [
        ("test", 11, "lovely", "sadness"),
        ("train", 99, "x", "joy"),
        ("train", 11, "so glad", "fun"),
    ]
    with pytest.raises(DataError, match=r"(?s)do not match.*not among the labels"):
        apply_corrections(splits, corrections(tmp_path, *rows))


def test_file_without_a_yes_warns(tmp_path, splits, caplog):
    """Nothing is corrected, and that is said."""
    path = corrections(tmp_path)
    with caplog.at_level(logging.WARNING, logger="assay"):
        assert apply_corrections(splits, path).n_corrections == 0
    assert "no row is accepted" in caplog.text


def test_uncut_audit_of_a_lone_file_finds_its_rows(tmp_path, splits):
    """A row of `all` is looked up in whatever split it was cut into.

    Outside train it is skipped.
    """
    lone = Splits(
        {
            name: LabelledTexts(part.texts, part.labels, tuple(i * 10 + n for n in part.lines))
            for i, (name, part) in enumerate(splits.items())
        },
        splits.label_set,
        source="tweets.csv",
    )
    made = apply_corrections(lone, corrections(tmp_path, ("all", 12, "so sad", "sadness")))
    assert made["train"].labels[1] == "sadness"
    lone = apply_corrections(lone, corrections(tmp_path, ("all", 31, "lovely", "sadness")))
    assert lone.n_corrections == 0


def test_corrections_come_after_the_cut_and_before_the_check(tmp_path):
    """A class that a correction empties is found.

    The rows of the cut do not depend on the corrections.
    """
    texts = (
        [f"good day {i}" for i in range(20)]
        + [f"bad day {i}" for i in range(20)]
        + ["odd one", "odd two"]
    )
    labels = ["joy"] * 20 + ["sadness"] * 20 + ["odd"] * 2
    before = prepare_data((texts, labels), options=DataOptions(), seed=0)
    train = before["train"]
    rows = [("train", train.lines[i], train.texts[i], "joy") for i in (0, len(train) - 1)]
    changed = [row for row in rows if row[2].startswith("good")]
    after = prepare_data(
        (texts, labels),
        options=DataOptions(corrections=str(corrections(tmp_path, *changed))),
        seed=0,
    )
    assert [part.texts for part in after.values()] == [part.texts for part in before.values()]
    odd = [
        ("train", n, t, "joy")
        for n, t, y in zip(train.lines, train.texts, train.labels, strict=True)
        if y == "odd"
    ]
    with pytest.raises(DataError, match="label 'odd' has no rows in train"):
        prepare_data(
            (texts, labels),
            options=DataOptions(corrections=str(corrections(tmp_path, *odd))),
            seed=0,
        )


def test_label_that_was_changed_after_the_decision_stays(tmp_path, splits, caplog):
    """What a person changed since is not undone; the row is named, and the others are applied."""
    rows = [(12, "so sad", "sadness", "joy"), (13, "so bad", "joy", "fear")]
    lines = [",".join(COLUMNS)]
    for row, text, label, before in rows:
        lines.append(f"wrong_label,train,{row},,{before},{label},,,{hash_text(text)},yes")
    path = tmp_path / "c.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with caplog.at_level(logging.WARNING, logger="assay"):
        made = apply_corrections(splits, path)
    assert made["train"].labels == ("joy", "sadness", "sadness")
    assert made.n_corrections == 1
    assert "1 accepted row skipped: the label is another one than when it was decided" in (
        caplog.text
    )
    assert "line 3: train row 13" in caplog.text
