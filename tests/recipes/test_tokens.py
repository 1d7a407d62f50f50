"""One text in three tokenizations."""

import json

import pytest

from _support.checkpoints import MAX_TOKENS
from assay.errors import InputError, MissingDependencyError
from assay.recipes.tokens import show_tokens

SENTENCE = "Tokenizing text is a core task of NLP."


def test_sentence_has_its_published_tokens():
    """The notebook's numbers: 38 characters of 20 symbols, 8 words, 13 subwords of 30,522, at most 512."""
    try:
        result = show_tokens(SENTENCE)
    except MissingDependencyError as err:
        pytest.skip(f"the package with minilm is not installed: {err}")
    assert (len(result.characters.tokens), len(result.characters.vocabulary)) == (38, 20)
    assert result.characters.one_hot_shape == (38, 20)
    assert len(result.words.tokens) == 8
    subwords = result.subwords
    assert subwords.ids == (
        101,
        19204,
        6026,
        3793,
        2003,
        1037,
        4563,
        4708,
        1997,
        17953,
        2361,
        1012,
        102,
    )
    assert (subwords.tokens[0], subwords.tokens[-1]) == ("[CLS]", "[SEP]")
    assert subwords.decoded == SENTENCE.lower()
    assert (subwords.vocabulary_size, subwords.max_tokens, subwords.n_tokens) == (30_522, 512, 13)


def test_the_language_of_the_text_chooses_the_checkpoint(real_e5):
    """Japanese and Hindi in Latin letters are read by e5, English by minilm."""
    for text, checkpoint in (
        ("今日はとても楽しかったです", "e5"),
        ("mujhe ye phone bilkul pasand nahi aaya", "e5"),
        (SENTENCE, "minilm"),
    ):
        assert show_tokens(text).subwords.checkpoint == checkpoint


def test_round_trips_say_what_is_lost(tiny_bert, tiny_roberta):
    """Characters always come back; words lose white space; an uncased vocabulary loses case, bytes lose nothing."""
    result = show_tokens("Good  day", checkpoint=tiny_bert)
    assert (result.characters.round_trip, result.words.round_trip, result.subwords.round_trip) == (
        True,
        False,
        False,
    )
    assert result.subwords.decoded == "good day"
    result = show_tokens("Good day 오늘", checkpoint=tiny_roberta)
    assert (result.characters.round_trip, result.words.round_trip, result.subwords.round_trip) == (
        True,
        True,
        True,
    )


def test_long_text_is_cut_and_counted(tiny_bert):
    """What is shown is what a model sees; how much was cut off is known."""
    subwords = show_tokens("good day " * 100, checkpoint=tiny_bert).subwords
    assert len(subwords.ids) == len(subwords.tokens) == MAX_TOKENS
    assert subwords.n_tokens == 202


def test_unknown_tokens_are_counted(tiny_bert):
    """Characters that the vocabulary lacks are counted, so that a foreign script is noticed."""
    assert show_tokens("good 漢 字 day", checkpoint=tiny_bert).subwords.n_unknown == 2


def test_empty_text_has_special_tokens_only(tiny_bert):
    """Nothing is legal."""
    result = show_tokens("", checkpoint=tiny_bert)
    assert result.characters.one_hot_shape == (0, 0)
    assert result.words.tokens == ()
    assert result.subwords.tokens == ("[CLS]", "[SEP]")


def test_result_is_plain_json(tiny_bert):
    """The result goes through JSON unchanged, Korean as it is."""
    values = show_tokens("오늘 정말 행복해요", checkpoint=tiny_bert).to_dict()
    text = json.dumps(values, ensure_ascii=False)
    assert "행복" in text
    assert json.loads(text)["subwords"]["checkpoint"] == "tiny-bert"
    assert json.loads(text)["characters"]["ids"] == list(values["characters"]["ids"])


def test_what_is_no_text_is_refused(tiny_bert):
    """A list is not one text."""
    with pytest.raises(InputError, match="text is of the type list; a text is accepted"):
        show_tokens(["a"], checkpoint=tiny_bert)
