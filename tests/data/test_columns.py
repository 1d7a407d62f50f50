"""Which column is the text, which the label."""

from __future__ import annotations

import pytest

from assay.data.columns import (
    find_columns,
    find_text_column,
    has_label_column,
    tell_apart,
)
from assay.errors import DataError


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["text", "label"], ("text", "label")),
        (["id", "Tweet", "Emotion"], ("Tweet", "Emotion")),
        (["guid", "title", "label", "url"], ("title", "label")),
        (["title", "text", "label", "category"], ("text", "label")),
        (["text", "label", "label_name"], ("text", "label_name")),
        (["문장", "감정"], ("문장", "감정")),
        (["SENTENCE", " labels "], ("SENTENCE", " labels ")),
    ],
)
def test_find_columns_knows_usual_names(names, found):
    """Well-known names are found in any case, `text` and `label` before all others."""
    assert find_columns(names, source="x.csv") == found


def test_label_columns_are_known_by_name():
    """In any case and with blanks around it; the text column is none, whatever its name."""
    assert has_label_column(["id", "text", " Emotion "], text_column="text")
    assert not has_label_column(["id", "text"], text_column="text")
    assert not has_label_column(["id", "topic"], text_column="topic")


def test_find_columns_takes_given_names():
    """Given names win over well-known ones, and free those for the other column."""
    names = ["text", "label", "topic"]
    assert find_columns(names, text_column="topic", source="x.csv") == ("topic", "label")
    assert find_columns(names, label_column="topic", source="x.csv") == ("text", "topic")
    assert find_columns(
        ["label", "text"], text_column="label", label_column="text", source="x.csv"
    ) == (
        "label",
        "text",
    )


def test_find_columns_suggests_the_nearest_name():
    """The sentence of the style guide, word for word."""
    with pytest.raises(DataError) as caught:
        find_columns(["text", "label"], text_column="txt", source="train.csv")
    assert (
        caught.value.message
        == "column 'txt' not in train.csv; columns: text, label. Did you mean 'text'?"
    )
    with pytest.raises(DataError, match=r"column 'qqq' not in train\.csv; columns: text, label$"):
        find_columns(["text", "label"], label_column="qqq", source="train.csv")


def test_find_columns_refuses_to_guess():
    """Two that could be meant are both named, with the option that decides."""
    with pytest.raises(
        DataError, match=r"'sentence' and 'review' could each be the text column .*text_column"
    ):
        find_columns(["sentence", "review", "label"], source="x.csv")
    with pytest.raises(
        DataError, match=r"'topic' and 'intent' could each be the label column .*label_column"
    ):
        find_columns(["text", "topic", "intent"], source="x.csv")
    with pytest.raises(DataError, match=r"'text' and 'Text' could each be"):
        find_columns(["text", "Text", "label"], source="x.csv")


def test_find_columns_lists_columns_where_nothing_is_found():
    """Nothing found is an error that lists what there is and says what to do."""
    with pytest.raises(
        DataError,
        match=r"no text column found in x\.csv; columns: foo, label \(name it with text_col",
    ):
        find_columns(["foo", "label"], source="x.csv")
    with pytest.raises(
        DataError,
        match=r"no label column found in x\.csv; columns: text, bar \(name it with label_col",
    ):
        find_columns(["text", "bar"], source="x.csv")


@pytest.mark.parametrize(
    ("header", "shown"), [("text;label", "';'"), ("text\tlabel", "'tab'"), ("text|label", r"'\|'")]
)
def test_find_columns_suspects_another_delimiter(header, shown):
    """One column that holds a delimiter is most likely a file with that delimiter."""
    with pytest.raises(DataError, match=f"try delimiter={shown}"):
        find_columns([header], source="x.csv")


def test_find_columns_refuses_one_column_for_both():
    """Text and label are two columns."""
    with pytest.raises(DataError, match="given for the text and for the label"):
        find_columns(["text", "label"], text_column="text", label_column="text", source="x.csv")


def test_find_text_column_needs_no_label():
    """Prediction looks for the text alone."""
    assert find_text_column(["id", "review"], source="x.csv") == "review"


def test_columns_with_a_well_known_word_are_offered():
    """A name such as "Customer comment" is no well-known one, but what a person would take."""
    with pytest.raises(DataError, match="no text column found") as caught:
        find_columns(["Ticket ID", "Customer comment", "Category"], source="excel.csv")
    assert caught.value.flags == ("--text-column 'Customer comment'",)
    with pytest.raises(DataError) as caught:
        find_text_column(["접수번호", "접수일", "문의내용"], source="tickets.csv")
    assert caught.value.flags == ("--text-column '문의내용'",)
    with pytest.raises(DataError) as caught:
        find_text_column(["序号", "日期", "新闻正文", "英文"], source="news.csv")
    assert caught.value.flags == ("--text-column '新闻正文'",)
    assert "--label-column" not in caught.value.args[0] + caught.value.hint


def test_names_that_occur_twice_are_told_apart_where_they_are_not_needed(caplog):
    """They are refused where they could hold texts or labels, or be no names at all."""
    named = tell_apart(["text", "mood", "note", "note"], source="a.csv")
    assert named == ("text", "mood", "note (1 of 2)", "note (2 of 2)")
    assert (
        "a.csv: several columns have the same name, and got numbers: note (1 of 2)" in caplog.text
    )
    for columns in (["text", "label", "label"], ["text", "text", "label"], ["so glad", "5", "5"]):
        with pytest.raises(DataError, match=r"occurs twice in a\.csv"):
            tell_apart(columns, source="a.csv")
    with pytest.raises(DataError, match=r"'note' not in a\.csv; columns: .*, note "):
        find_columns(named, text_column="note", source="a.csv")
