"""Characters as tokens: sorted vocabulary, ids, one-hot rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import InputError
from assay.tokenization import CharacterTokenizer

SENTENCE = "Tokenizing text is a core task of NLP."


def test_vocabulary_of_the_sentence_has_its_published_size():
    """The notebook's sentence has 38 tokens of 20 symbols, and a one-hot array of 38 x 20."""
    tokenizer = CharacterTokenizer.from_texts([SENTENCE])
    assert len(tokenizer.encode(SENTENCE)) == 38
    assert tokenizer.vocabulary_size == 20
    assert tokenizer.one_hot(SENTENCE).shape == (38, 20)


def test_vocabulary_is_sorted_over_all_texts():
    """Ids follow the sorted characters of every text, not the order of first sight."""
    assert CharacterTokenizer.from_texts(["나가", "b", "a"]).vocabulary == ("a", "b", "가", "나")


def test_one_hot_marks_each_token_once():
    """Every row has a single 1, at the token's id, as float32."""
    tokenizer = CharacterTokenizer.from_texts(["abc"])
    one_hot = tokenizer.one_hot("cab")
    assert one_hot.dtype == np.float32
    assert one_hot.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]


@given(st.text())
def test_decode_undoes_encode(text):
    """Any text comes back whole, null bytes and lone surrogates among them."""
    tokenizer = CharacterTokenizer.from_texts([text])
    assert tokenizer.decode(tokenizer.encode(text)) == text
    rows, ids = np.nonzero(tokenizer.one_hot(text))
    assert (rows.tolist(), ids.tolist()) == (list(range(len(text))), tokenizer.encode(text))


def test_unknown_characters_are_all_named():
    """An error lists each unknown character once, with its first position."""
    tokenizer = CharacterTokenizer.from_texts(["abc"])
    with pytest.raises(InputError, match=r"'x' at position 1\n.*'가' at position 3"):
        tokenizer.encode("axb가x")


@pytest.mark.parametrize("bad", [-1, 3])
def test_decode_refuses_ids_outside_of_the_vocabulary(bad):
    """A negative id does not count from the end."""
    with pytest.raises(InputError, match=rf"id {bad} is not in the vocabulary; ids from 0 to 2"):
        CharacterTokenizer.from_texts(["abc"]).decode([0, bad])


def test_a_lone_text_is_refused():
    """A text is no sequence of texts."""
    with pytest.raises(InputError, match="texts is one text"):
        CharacterTokenizer.from_texts("abc")


def test_no_text_has_an_empty_vocabulary():
    """Nothing gives nothing, with a shape all the same."""
    tokenizer = CharacterTokenizer.from_texts([""])
    assert tokenizer.encode("") == []
    assert tokenizer.one_hot("").shape == (0, 0)
