"""Loose letters become whole ones, and nothing else changes."""

import unicodedata

import pytest

from assay.tokenization.composed import compose

SENTENCES = [
    "안녕하세요, 배송이 너무 늦어요",
    "Η εξυπηρέτηση δεν λειτουργεί καθόλου",
    "tiếng Việt có dấu, phở và bún bò Huế",
    "école française, Ångström, İstanbul, şehir",
    "が ぱ で ガス",
    "йод, ёлка",
    "আমি ভালো আছি",
    "ಕೊನೆಯ ಕೋಟೆ",
    "ரொம்ப கோபம்",
    "മലയാളം കൊള്ളാം",
    "ආයුබෝවන්",
    "آدم أحمد مسؤول بئر",
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_loose_letters_become_whole_ones(sentence):
    """Of every script, a decomposed sentence is the composed one again."""
    loose = unicodedata.normalize("NFD", sentence)
    assert loose != sentence
    assert compose(loose) == unicodedata.normalize("NFC", sentence)


@pytest.mark.parametrize(
    "text", ["", "abc", "မြန်မာ့", "ပို့ဆောင်", "مُدَّة", "שָּׁלוֹם", "हिन्दी ड़", "ㅋㅋㅋ", "👨‍👩‍👧 🇰🇷"]
)
def test_marks_keep_their_order(text):
    """What NFC would put in another order, or leaves as it is, stays as it was typed."""
    assert compose(text) == text
