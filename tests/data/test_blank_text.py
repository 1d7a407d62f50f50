"""`is_blank`: what holds nothing to read, and what becomes of such rows when data are read."""

import pytest

from assay.data import load_data
from assay.data.blank_text import is_blank

BLANK = [
    "",
    " \t\n",
    "\u00a0\u3000",
    "\u200b",
    "\ufeff \u2060",
    "\u3164\u115f",
    "\u2800",
    "\u200e\u00ad",
]
SEEN = [".", "0", "가", "\u200bok", "ｰ", "🙂", "\U0001f468\u200d\U0001f469", "क\u200d", "\x00"]


@pytest.mark.parametrize("text", BLANK)
def test_what_cannot_be_seen_is_blank(text):
    """White space, joiners, direction marks, fillers and the empty braille cell say nothing."""
    assert is_blank(text)


@pytest.mark.parametrize("text", SEEN)
def test_what_can_be_seen_is_not_blank(text):
    """One visible character is a text; broken characters are another problem, which an audit finds."""
    assert not is_blank(text)


def test_training_leaves_invisible_rows_out(tmp_path):
    """A row of invisible characters is dropped and listed like a row of spaces."""
    path = tmp_path / "d.csv"
    rows = [f"text {i},{'ab'[i % 2]}" for i in range(20)]
    rows[3:3] = ["\u200b,a", " ,b"]
    path.write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    splits = load_data(path)
    assert [(one.line, one.reason) for one in splits.dropped] == [
        (5, "blank text"),
        (6, "blank text"),
    ]
    assert len(splits["all"]) == 20
