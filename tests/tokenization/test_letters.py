"""Letters that are drawn or typed in several ways."""

from __future__ import annotations

import unicodedata

import pytest

from assay.tokenization.letters import usual_letters, write_usual
from assay.tokenization.words import TELLING, fold_text, word_pattern

SAME = [
    ("ＡＢＣ１２３", "abc123"),
    ("５０％", "50%"),
    ("ｶﾞｯｺｳ", "ガッコウ"),
    ("𝓗𝓮𝓵𝓵𝓸", "hello"),
    ("ﬁnal", "final"),
    ("⼀⽇", "一日"),
    ("ﻛﺘﺎﺏ", "كتاب"),
    ("ﻻ", "لا"),
    ("کتابی", "كتابي"),
    ("ٱلكتاب", "الكتاب"),
    ("جـــميل", "جميل"),
    ("۱۲۳", "١٢٣"),
    ("5µg", "5μg"),  # the micro sign, and the Greek letter
    ("수학Ⅱ", "수학II"),
    ("\uffbb\uffbb\uffd3\uffd3", "ㅋㅋㅜㅜ"),
    ("￦500", "₩500"),
    ("\U0001fbf3", "3"),
]
APART = [
    "m² m2",
    "™ tm",
    "H₂O H2O",
    "① 1",
    "ㅋㅋ 크크",
    "آب اب",
    "على علي",
    "سأل سال",
    "é e",
    "ㅏ 아",
]
KEPT = ["ㅋㅋㅠㅠ", "น้ำ", "ນ້ຳ", "m²", "™", "½", "。、", "！", "שָׁלוֹם", "가나다"]


def cut(text, rule=3):
    """Return the words of a text."""
    return word_pattern(rule).findall(fold_text(text, rule))


@pytest.mark.parametrize(("text", "usual"), SAME)
def test_words_that_look_the_same_are_the_same(text, usual):
    """By rule 3; by rule 2 they were others, and models that were saved keep that."""
    assert cut(text) == cut(usual)
    assert cut(text, rule=2) != cut(usual, rule=2)


@pytest.mark.parametrize("pair", APART)
def test_words_that_mean_something_else_stay_apart(pair):
    """Where NFKC would make one word of them, or a reader would not."""
    one, other = pair.split()
    assert cut(one) != cut(other)


@pytest.mark.parametrize("text", KEPT)
def test_what_is_written_as_usual_is_kept(text):
    """No letter of a language in daily use is taken apart."""
    composed = unicodedata.normalize("NFC", text)
    assert write_usual(composed) == composed


def test_usual_letters_are_usual():
    """None becomes another one of them, a space, or punctuation that says nothing."""
    letters = usual_letters()
    for letter, usual in letters.items():
        assert len(letter) == 1
        assert not usual.isspace()
        assert write_usual(usual) == usual, letter
        if unicodedata.category(letter)[0] == "P":
            assert usual in {*TELLING, "-"}
