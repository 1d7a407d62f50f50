"""Words, separated by white space."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.tokenization import find_words, split_words


def test_words_of_the_sentence():
    """The notebook's sentence has 8 words, punctuation stays where it is."""
    words = split_words("Tokenizing text is a core task of NLP.")
    assert len(words) == 8
    assert words[-1] == "NLP."


def test_any_white_space_separates():
    """Runs, tabs, line ends and the ideographic space all count once."""
    assert split_words("  오늘\t정말\n\n행복\u3000해 ") == ["오늘", "정말", "행복", "해"]


@given(st.text())
def test_words_keep_everything_but_white_space(text):
    """No character that is not white space is lost, and no word is empty."""
    words = split_words(text)
    assert "".join(words) == "".join(c for c in text if not c.isspace())
    assert all(words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("오늘 정말\t행복해!", ["오늘", "정말", "행복해!"]),
        ("今日は とても嬉しいカード!", ["今", "日", "は", "とても", "嬉", "しい", "カード", "!"]),
        ("我很高兴", ["我", "很", "高", "兴"]),
        ("葛\U000e0100城", ["葛\U000e0100", "城"]),
        ("don't  stop", ["don't", "stop"]),
        ("", []),
    ],
    ids=["korean", "japanese", "chinese", "variation-selector", "english", "empty"],
)
def test_words_are_found_where_no_space_parts_them(text, words):
    """White space parts words; ideographs and runs of kana are words without any."""
    assert [text[start:stop] for start, stop in find_words(text)] == words


@given(st.text())
def test_found_words_are_the_split_words_or_parts_of_them(text):
    """Side by side they make up the runs between white space, whatever the text."""
    spans = find_words(text)
    gaps = [
        text[a:b] for (_, a), (b, _) in zip([(0, 0), *spans], [*spans, (len(text), 0)], strict=True)
    ]
    assert all(gap.isspace() or not gap for gap in gaps)
    assert "".join(text[a:b] for a, b in spans) == "".join(split_words(text))
