"""What is odd about a text that was read in a wrong encoding."""

from __future__ import annotations

import pytest

from assay.data.files.letters import ENCODINGS, count_odd, is_home_letter, measure_use


@pytest.mark.parametrize(
    ("text", "written", "wrong"),
    [
        ("schöne Größe", "cp850", "cp1252"),
        ("don’t", "cp1252", "cp850"),
        ("źle działa", "cp1250", "cp1252"),
        ("плохо работает", "cp1251", "cp866"),
        ("плохо работает", "koi8_r", "cp866"),
        ("schöne Größe", "cp1252", "cp1253"),
        ("schöne Größe", "cp437", "cp932"),
    ],
)
def test_wrong_encoding_makes_odd_characters(text, written, wrong):
    """And the right one makes none."""
    assert count_odd(text, written) == 0
    assert count_odd(text.encode(written).decode(wrong), wrong) > 0


def test_signs_that_texts_have_are_not_odd():
    """Apostrophes, dashes, prices, degrees, hard spaces and capital words."""
    text = "don’t – “well” £5 20° a\u00a0b"
    assert count_odd(text, "cp1252") == 0
    assert 0 < count_odd("СРОЧНО", "cp1251") < 2


def test_letters_are_at_home_where_their_language_is():
    """French is not what cp1250 is for; rare syllables are not what cp949 is for."""
    assert is_home_letter("É", "cp1252")
    assert not is_home_letter("ð", "cp1252")
    assert is_home_letter("좋", "cp949")
    assert not is_home_letter("뷁", "cp949")
    assert is_home_letter("좋", "johab")
    assert not is_home_letter("뷁", "johab")
    assert is_home_letter("の", "cp932")


def test_accents_are_few_and_other_scripts_are_many():
    """A Greek text has no letters of ASCII beside those over 127; a German one has."""
    assert measure_use("Größe passt", "cp1252") == 1
    assert measure_use("Größe passt", "cp1253") == 0
    assert measure_use("πολύ καλό", "cp1253") == 1
    assert measure_use("πολύ καλό", "cp1252") == 0


def test_each_encoding_is_known_to_python():
    """And none is listed twice."""
    assert len(set(ENCODINGS)) == len(ENCODINGS)
    for encoding in ENCODINGS:
        b"abc".decode(encoding)
