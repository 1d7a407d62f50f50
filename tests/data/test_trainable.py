"""What can be trained on: a train split from which every class can be learnt."""

from __future__ import annotations

import pytest

from assay.catalogue import open_language
from assay.data.labels import LabelSet
from assay.data.load import load_data
from assay.data.several_texts import SeveralLabelledTexts
from assay.data.split import cut_missing
from assay.data.texts import LabelledTexts, Splits
from assay.data.trainable import CORRECT, check_trainable, find_rare, warn_of_unlearnable
from assay.errors import DataError


def splits_of(**parts):
    """Build splits from strings of one-letter labels, each text its own."""
    made = {
        name: LabelledTexts(tuple(f"{name} {i}" for i in range(len(labels))), tuple(labels))
        for name, labels in parts.items()
    }
    names = LabelSet.from_labels(label for labels in parts.values() for label in labels)
    return Splits(made, names, source="memory")


def test_check_trainable_accepts_good_splits():
    """Two rows of each class in train, both classes elsewhere."""
    check_trainable(splits_of(train="aabb", validation="ab", test="ba"))


def test_check_trainable_names_exchanged_columns():
    """A label for every row is no class, and nothing is said row by row."""
    labelled = LabelledTexts(tuple(f"t{i}" for i in range(40)), tuple(f"l{i}" for i in range(40)))
    splits = Splits({"train": labelled}, LabelSet.from_labels(labelled.labels), source="memory")
    with pytest.raises(
        DataError, match=r"^40 labels in 40 rows of train of memory: are the columns"
    ):
        check_trainable(splits)


def test_check_trainable_proposes_the_label_that_is_meant():
    """1 in test beside 1.0 in train is unseen, and the message says how to make them one."""
    parts = {
        "train": LabelledTexts(("a", "b", "c", "d"), ("1.0", "0.0", "1.0", "0.0")),
        "test": LabelledTexts(("e", "f"), ("1", "0")),
    }
    names = LabelSet(("0.0", "1.0", "0", "1"))
    with pytest.raises(
        DataError, match=r"label '1' has rows in test \(1\) but none in train"
    ) as err:
        check_trainable(Splits(parts, names, source="memory"))
    assert "only written otherwise can be merged" in err.value.hint
    assert err.value.flags == ("--merge-labels",)


def test_check_trainable_lists_everything_at_once():
    """Unseen labels, lone rows and one-class splits are in one error of exit code 2."""
    with pytest.raises(DataError) as caught:
        check_trainable(splits_of(train="aab", validation="ac", test="dd"))
    assert caught.value.exit_code == 2
    assert caught.value.message == (
        "memory has 4 problems:\n"
        "  - test has one class, 'd'; at least two are accepted\n"
        "  - label 'b' has one row in train, row 3; at least 2 are accepted\n"
        "  - label 'c' has rows in validation (1) but none in train; the first is row 2 of validation\n"
        "  - label 'd' has rows in test (2) but none in train; the first is row 1 of test"
    )


def test_check_trainable_refuses_one_class():
    """One class cannot be told from anything."""
    with pytest.raises(
        DataError, match=r"^memory: train has one class, 'a'; at least two are accepted$"
    ):
        check_trainable(splits_of(train="aaa"))


def test_check_trainable_refuses_names_without_rows():
    """A name in labels.txt that nothing bears is a mistake to be told."""
    one = LabelledTexts(("p", "q", "r", "s"), ("a", "a", "b", "b"))
    with pytest.raises(DataError, match="label 'c' has no rows in train"):
        check_trainable(Splits({"train": one}, LabelSet(("a", "b", "c")), source="memory"))


def test_check_trainable_needs_a_train_split():
    """A lone test set can be evaluated, not learnt from."""
    with pytest.raises(DataError, match="memory has no train split; splits: test"):
        check_trainable(splits_of(test="ab"))


def test_labels_that_cannot_be_learnt_are_named(caplog):
    """Those that all texts have, and those that train lacks; one label per text is no such data."""
    rows = {
        "train": SeveralLabelledTexts(("t", "u"), (("a",), ("a", "b")), (1, 2)),
        "test": SeveralLabelledTexts(("v",), (("a", "c"),), (1,)),
    }
    names = LabelSet(("a", "b", "c"), "multi")
    warn_of_unlearnable(Splits(rows, names, source="memory"))
    assert "memory: all texts of train have the label 'a'" in caplog.text
    assert "no text of train has the label 'c', which is in test (1)" in caplog.text
    assert "'b'" not in caplog.text
    caplog.clear()
    warn_of_unlearnable(Splits({"all": rows["train"]}, names, source="memory"))
    assert "memory: all texts have the label 'a'" in caplog.text
    caplog.clear()
    warn_of_unlearnable(splits_of(train="aab", test="c"))
    assert not caplog.text


def test_labels_of_few_texts_are_named_with_how_many_they_have(caplog):
    """Where the data are looked at and where they are learnt from, in the words of the report."""
    lists = tuple(("a",) if i % 2 else ("b", "c")[: 1 + (i < 6)] for i in range(40))
    rows = SeveralLabelledTexts(tuple(f"t{i}" for i in range(40)), lists, tuple(range(40)))
    names = LabelSet(("a", "b", "c"), "multi")
    sentence = "1 label has fewer than 10 texts to learn from, too few to learn well: c (3)."
    warn_of_unlearnable(Splits({"all": rows}, names, source="memory"))
    assert caplog.messages == [f"memory: {sentence}"]
    splits = Splits({"train": rows}, names, source="memory")
    check_trainable(splits)
    assert caplog.messages[1:] == caplog.messages[:1]
    assert open_language("en").tell(find_rare(splits)[0]) == sentence
    assert find_rare(splits_of(train="aab")) == []


def test_a_list_of_many_rare_labels_ends_after_a_whole_name():
    """The report would cut it within one."""
    names = tuple(f"keyword {i:02}" for i in range(30))
    rows = SeveralLabelledTexts(names, tuple((name,) for name in names), tuple(range(30)))
    (fact,) = find_rare(Splits({"train": rows}, LabelSet(names, "multi"), source="memory"))
    assert fact.values["listed"] == ("keyword 00 (1), keyword 01 (1), keyword 02 (1), …")


def test_labels_that_are_all_different_are_warned_of_where_data_are_only_looked_at(caplog):
    """The question of a training comes before it."""
    texts, labels = tuple(f"t{i}" for i in range(60)), tuple(f"l{i}" for i in range(60))
    splits = Splits(
        {"all": LabelledTexts(texts, labels)}, LabelSet.from_labels(labels), source="d.csv"
    )
    warn_of_unlearnable(splits)
    assert caplog.messages == [
        "60 labels in 60 rows of d.csv: are the columns exchanged, or is this a column of ids? "
        "(name the columns with --text-column and --label-column)"
    ]
    caplog.clear()
    warn_of_unlearnable(splits_of(train="aabb"))
    assert caplog.messages == []


def test_a_label_of_one_row_is_named_with_its_place_and_what_is_meant(tmp_path):
    """A person opens the file at that line; what is no known spelling gets advice all the same."""
    labels = ["billing"] * 40 + ["환불"] * 40 + ["biling", "한불", "zebra"]
    rows = [f'"text\n{i}",{label}\n' for i, label in enumerate(labels)]
    (tmp_path / "d.csv").write_text("text,label\n" + "".join(rows), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        check_trainable(cut_missing(load_data(tmp_path / "d.csv"), seed=0))
    few = "has one row in train, line"
    least = "; at least 2 are accepted"
    said = caught.value.message.splitlines()[1:]
    assert said == [
        f"  - label 'biling' {few} 162, row 82 in a spreadsheet{least}. Did you mean 'billing'?",
        f"  - label 'zebra' {few} 166, row 84 in a spreadsheet{least}",
        f"  - label '한불' {few} 164, row 83 in a spreadsheet{least}. Did you mean '환불'?",
    ]
    assert caught.value.hint.endswith("; others: " + CORRECT)


def test_a_label_that_train_lacks_is_named_with_its_first_row(tmp_path):
    """The row is of the split that has it; rows of a workbook or a frame are rows."""
    (tmp_path / "train.csv").write_text("text,label\na,x\nb,x\nc,y\nd,y\n", encoding="utf-8")
    (tmp_path / "test.csv").write_text("text,label\ne,x\nf,z\ng,y\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"'z' has rows .* train; the first is line 3 of test"):
        check_trainable(load_data(tmp_path))
    frame = ([f"t{i}" for i in range(41)], ["x", "y"] * 20 + ["z"])
    with pytest.raises(DataError, match="'z' has one row in train, row 41; at") as caught:
        check_trainable(cut_missing(load_data(frame), seed=0))
    assert caught.value.hint == CORRECT
