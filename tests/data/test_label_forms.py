"""What is mended in a label, and which cells are lists."""

from __future__ import annotations

import pytest

from assay.data.label_forms import (
    LabelMender,
    MendedLabel,
    SeveralLabelsError,
    mend_label,
    parse_list_cell,
    trim,
)


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("pos", "pos"),
        (" pos\t", "pos"),
        ("pos\u00a0", "pos"),
        ("\u3000긍정", "긍정"),
        ("\ufeffpos", "pos"),
        ("pos\u200b ", "pos"),
        ("\u1100\u1175\u1108\u1173\u11b7", "기쁨"),
        ("a  b", "a  b"),
        ("ﬁne", "ﬁne"),
        (" \u200b", ""),
    ],
)
def test_mend_label_changes_only_what_nobody_sees(written, label):
    """White space around a label and its Unicode form go; what can be seen stays."""
    mended = mend_label(written)
    assert mended.label == label
    assert bool(mended.kinds) == (written != label)


@pytest.mark.parametrize(
    ("cell", "items"),
    [
        ('["joy", "fear"]', ["joy", "fear"]),
        ("['joy', 'fear']", ["joy", "fear"]),
        (" ['joy'] ", ["joy"]),
        ("[]", []),
        ("[0, 3]", [0, 3]),
        ("['joy' 'fear']", ["joy", "fear"]),
        ("['it''s', 'joy']", ["it's", "joy"]),
        ('["it\'s", "2""3"]', ["it's", '2"3']),
        ("['joy'\n \"it's\"]", ["joy", "it's"]),
        ("{'joy'}", ["joy"]),
        ("('joy', 'fear')", ["joy", "fear"]),
        ("set()", []),
        ("()", []),
        ('{"joy": 1}', None),
        ("(joy)", None),
        ("", None),
        ("[0 1 0]", ["0", "1", "0"]),
        ("[sic]", None),
        ("[urgent] refund", None),
        ("joy", None),
        ("[" * 5000 + "]", None),
        ("[" * 5000 + "]" * 5000, None),
        ("[" * 500 + "]" * 500, None),
        ("(" * 150 + "1" + ",)" * 150, None),
        ("[[1], [2]]", [[1], [2]]),
    ],
)
def test_parse_list_cell_knows_how_programs_write_lists(cell, items):
    """JSON, Python and NumPy write lists; a name in brackets is no list."""
    assert parse_list_cell(cell) == items


def test_long_white_space_inside_a_title_is_passed_once():
    """In milliseconds: looked at from each of its characters, it took minutes."""
    title = "a" + " " * 200_000 + "b"
    assert trim(f"\ufeff {title} \u200b\n") == title
    assert trim(" \ufeff ") == ""


def test_mender_refuses_several_labels_and_works_out_a_label_once():
    """The second time, a label comes from the table."""
    mender = LabelMender()
    assert mender.mend(" x") is mender.mend(" x")
    with pytest.raises(SeveralLabelsError, match=r"^several labels in a row, where the column"):
        mender.mend("['x', 'y']")
    assert LabelMender(takes_lists=True).mend("['x', 'y']").label == "['x', 'y']"


@pytest.mark.parametrize("marks", ["\u200f", "\u061c", "\u202b", "\u2067", "\u00ad", "\u200c"])
def test_marks_that_no_one_sees_are_no_part_of_a_label(marks):
    """Arabic and Hebrew pages copy them along: one label was two."""
    mended = mend_label(f"{marks}مدح{marks} ")
    assert mended == MendedLabel("مدح", ("label_space",))
    assert mend_label("می\u200cخواهم").kinds == ()  # inside of a word it parts letters
