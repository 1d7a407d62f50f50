"""What is said about how a data set was read."""

from __future__ import annotations

from assay.data.labels import LabelSet
from assay.data.load import load_data
from assay.data.reading import describe_reading, describe_spellings, say_reading
from assay.data.several_texts import SeveralLabelledTexts
from assay.data.texts import DroppedRow, LabelledTexts, MendedRows, Splits


def test_describe_reading_is_silent_where_nothing_was_done():
    """Rows without text or label are said elsewhere."""
    splits = Splits(
        {"train": LabelledTexts(("a", "b"), ("x", "y"))},
        LabelSet(("x", "y")),
        source="memory",
        dropped=(DroppedRow("train", 3, "blank text"),),
    )
    assert describe_reading(splits) == []


def test_describe_reading_counts_and_names_the_first():
    """Every kind of change is counted over the splits, and its first row named."""
    dropped = [DroppedRow("train", i, "2 fields where the header has 3") for i in range(5, 10)]
    space = MendedRows(
        "train",
        "label_space",
        "white space or invisible characters around the label",
        tuple(range(1, 2001)),
    )
    more = MendedRows(
        "test", "label_space", "white space or invisible characters around the label", (7,)
    )
    cut = MendedRows("test", "text_cut", "text cut to its first 100,000 characters", (7,))
    splits = Splits(
        {"train": LabelledTexts(("a", "b", "c"), ("x", "x", "X"))},
        LabelSet(("x", "X")),
        source="memory",
        dropped=tuple(dropped),
        mended=(space, more, cut),
    )
    assert describe_reading(splits) == [
        "5 rows that cannot be used were left out; the first is row 5 of train: "
        "2 fields where the header has 3.",
        "2,001 rows were mended: white space or invisible characters around the label; the first is row 1 of train.",
        "1 row was mended: text cut to its first 100,000 characters; the first is row 7 of test.",
        "1 label differs from another one only in how it is written: 'X' (1 text) is probably 'x'. "
        "`--merge-labels` makes one label of them.",
    ]
    assert describe_spellings(splits) == describe_reading(splits)[-1]


def test_copies_are_said_where_most_texts_are_some():
    """In all splits together: what is in train and in test is one text."""
    labels = LabelSet(("a", "b"))
    parts = {}
    for split, texts in {"train": ("t", "u", "t", "u"), "test": ("t", "v")}.items():
        own = tuple("ab"[i % 2] for i in range(len(texts)))
        parts[split] = LabelledTexts(texts, own, tuple(range(len(texts))))
    assert describe_reading(Splits(parts, labels, source="memory")) == []
    parts["test"] = LabelledTexts(("t", "t", "t"), ("a", "a", "a"), (0, 1, 2))
    (said,) = describe_reading(Splits(parts, labels, source="memory"))
    assert said.startswith("Only 2 of the 7 texts are different. Intervals on test")


def test_spellings_are_all_named():
    """With their number of texts, the most frequent first."""
    labels = ("x",) * 3 + ("X",) + ("y z",) * 4 + ("yz",) * 2
    parts = {"train": LabelledTexts(tuple(map(str, range(10))), labels)}
    found = describe_spellings(Splits(parts, LabelSet.from_labels(labels), source="memory"))
    assert "2 labels differ from others" in found
    assert "'yz' (2) → 'y z', 'X' (1) → 'x'. The number is that of their texts;" in found
    assert found.endswith("`--merge-labels` makes one label of each pair.")


def test_row_and_line_are_both_said_where_they_differ(tmp_path):
    """A spreadsheet counts a cell with a line break as one row, and blank lines too."""
    path = tmp_path / "d.csv"
    rows = "".join(f"so {i},{'ab'[i % 2]}\n" for i in range(300))
    path.write_text('text,label\n"one\ntwo",a\n\nthree, b\n' + rows + "four,a,b\n")
    assert describe_reading(load_data(path)) == [
        "1 row that cannot be used was left out; the first is row 305 of the data: 3 fields where the "
        "header has 2 (row 305 in a spreadsheet).",
        "1 row was mended: white space or invisible characters around the label; the first is row 4 of the data.",
        "Row 305 of the data begins in line 306 of its file.",
        "Row 4 of the data begins in line 5 of its file.",
    ]


def test_texts_without_any_of_several_labels_are_counted():
    """An empty cell may be an answer or a text that nobody has labelled yet: a person knows."""
    splits = Splits(
        {"all": SeveralLabelledTexts(("a", "b", "c"), (("x", "y"), (), ()))},
        LabelSet(("x", "y"), "multi"),
        source="memory",
    )
    assert describe_reading(splits) == [
        "2 of 3 texts have no label, which counts as an answer: no label fits. Leave out those that "
        "nobody has labelled yet."
    ]


def test_what_was_mended_is_a_count_where_a_model_exists(caplog):
    """It was said in full when the model was trained; rows that are left out are always said."""
    splits = Splits(
        {"all": LabelledTexts(("a", "b"), ("x", "y"))},
        LabelSet(("x", "y")),
        source="d.csv",
        dropped=(DroppedRow("all", 9, "2 fields where the header has 3"),),
        mended=(
            MendedRows(
                "all", "label_space", "white space or invisible characters around the label", (2, 3)
            ),
            MendedRows("all", "text_formula", 'text written as ="..."', (3,)),
        ),
    )
    say_reading(splits, is_known=True)
    assert caplog.messages == [
        "d.csv: 1 row that cannot be used was left out; the first is row 9 of the data: "
        "2 fields where the header has 3.",
        'd.csv: 3 rows mended: white space or invisible characters around the label, text written as ="..."',
    ]
    caplog.clear()
    say_reading(splits)
    assert len(caplog.messages) == 3
