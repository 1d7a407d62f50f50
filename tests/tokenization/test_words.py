"""Words: what stands between white space."""

from hypothesis import given
from hypothesis import strategies as st

from assay.tokenization import split_words


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
