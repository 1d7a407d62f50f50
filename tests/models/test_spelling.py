"""Tokens are written in the small pieces that a tokenizer of so few pieces would give."""

import numpy as np
import pytest

from _support.small_models import small_data
from assay.models import spelling as spelling_module
from assay.models.spelling import NOTHING, Spelling, learn_spelling
from assay.tokenization.batches import EncodedTexts
from assay.tokenization.subwords import SubwordTokenizer
from assay.tokenization.vocabulary import learn_tokenizer

RNG = np.random.default_rng(0)
SYLLABLES = ["ka", "lo", "mi", "tu", "서", "울", "der", "ing"]


def make_texts(n_texts):
    """Make up words of syllables, most of them rare."""
    return [
        " ".join("".join(RNG.choice(SYLLABLES, size=RNG.integers(1, 5))) for _ in range(6))
        for _ in range(n_texts)
    ]


def list_texts(encoded):
    """Return the ids of each text as a list."""
    return [part.tolist() for part in np.split(encoded.ids, encoded.offsets[1:-1])]


def test_pieces_of_pairs_are_those_of_a_small_tokenizer():
    """Of texts that were learnt from, others, empty ones and unknown characters."""
    learnt, new = make_texts(200), [*make_texts(50), "", "  ", "xyz 🙂 ka", "kalomitu"]
    small = learn_tokenizer(learnt, vocabulary_size=40, whole_words=False)
    large = learn_tokenizer(learnt, vocabulary_size=400, whole_words=False)
    tokenizer = SubwordTokenizer(large, max_tokens=64)
    spelling = learn_spelling(learnt, tokenizer, n_pieces=40)
    for texts in (learnt, new):
        encoded = tokenizer.encode_texts(texts)
        expected = SubwordTokenizer(small, max_tokens=640).encode_texts(texts)
        assert list_texts(spelling.spell(encoded)) == list_texts(expected)
    assert spelling.pieces.max() < 40
    assert len(spelling.spell(tokenizer.encode_texts(new)).ids) > encoded.offsets[-1]


def test_words_are_written_in_pieces():
    """A whole word as its pieces, an unknown one as one unknown piece."""
    texts, _ = small_data(100)
    tokenizer = SubwordTokenizer(learn_tokenizer(texts, vocabulary_size=100), max_tokens=64)
    assert tokenizer.kind == "words"
    spelling = learn_spelling(texts, tokenizer, n_pieces=30)
    small = learn_tokenizer(texts, vocabulary_size=30, whole_words=False)
    found = list_texts(spelling.spell(tokenizer.encode_texts([texts[0], "zzzzzz"])))
    assert found[0] == small.encode(texts[0]).ids
    assert found[1] == [small.token_to_id("[UNK]"), small.token_to_id("[END]")]


def test_long_tokens_are_cut(monkeypatch):
    """The table stays narrow, whatever one token is."""
    monkeypatch.setattr(spelling_module, "MOST_PIECES", 2)
    texts = ["kalomitu kalomitu"] * 5
    tokenizer = SubwordTokenizer(
        learn_tokenizer(texts, vocabulary_size=50, whole_words=False), max_tokens=64
    )
    spelling = learn_spelling(texts, tokenizer, n_pieces=10)
    assert spelling.pieces.shape[1] == 2
    assert len(spelling.spell(tokenizer.encode_texts(texts[:1])).ids) == 2 + 2 + 1


@pytest.mark.parametrize("lists", [[[1, 0, 2]], [[], [2, 2], []], [[0], [1]]])
def test_texts_stay_apart(lists):
    """Tokens without pieces add none."""
    own = [[7], [8, 9], []]
    table = np.array([[7, NOTHING], [8, 9], [NOTHING, NOTHING]], dtype=np.int32)
    spelling = Spelling(table, np.zeros(10, dtype=bool))
    spelt = spelling.spell(EncodedTexts.from_lists(lists))
    assert list_texts(spelt) == [[piece for token in ids for piece in own[token]] for ids in lists]
