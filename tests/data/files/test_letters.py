"""Which letters an encoding is chosen for."""

from __future__ import annotations

from assay.data.files.letters import ENCODINGS, is_home_letter, measure_use


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
