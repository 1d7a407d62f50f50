"""Rows that hold no message: one word, broken characters, wrong encodings, binary."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.audit.quality import find_garbled, find_one_word, garbled_fraction

CLEAN = [
    "so happy today",
    "오늘 정말 행복해요",
    "café crème – “très bon”, non ?",
    "LIBERTÉ» ÉGALITÉ»",
    "Größenwahn…",
    "naïve 20 °C",
    "今天天气很好",
    "Привет, как дела?",
    "😀👩‍👩‍👧‍👦 yes",
    "שלום עולם",
    "tab\tand\nline\r\nends",
    "e\u0301te\u0301",
    "see https://example.org/a/ABCdef0123456789ABCdef0123456789ABCdef0123456789abcdEFGH now",
    "a" * 80,
    "/Users/John/Documents/2024/reports/final/versions/of/all",
    "ÄÖÜß",
    "½ cup ¾ full",
]


@pytest.mark.parametrize("text", CLEAN)
def test_readable_text_is_not_garbled(text):
    """Texts of any script, typography, addresses and long words are left alone."""
    assert find_garbled([text]) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("so \ufffd\ufffd happy", "characters"),
        ("bell\x07 rings", "characters"),
        ("half a \ud83d face", "characters"),
        ("\ue000 private", "characters"),
        ("안녕하세요 반갑습니다".encode().decode("latin-1"), "mojibake"),
        ("안녕하세요 반갑습니다".encode("cp949").decode("latin-1"), "mojibake"),
        ("I don’t know".encode().decode("cp1252"), "mojibake"),
        ("café".encode().decode("cp1252"), "mojibake"),
        ("привет мир".encode().decode("latin-1"), "mojibake"),
        ("see " + base64.b64encode(bytes(range(7, 250, 3))).decode(), "blob"),
    ],
)
def test_broken_text_is_garbled(text, why):
    """Replacement characters, controls, lone surrogates, three kinds of wrong encoding, base64."""
    (found,) = find_garbled(["fine", text, "fine too"])
    assert (found.row, found.why) == (1, why)
    assert 0 < found.fraction <= 1


def test_fraction_counts_the_garbled_characters():
    """Two of eight characters are broken."""
    assert garbled_fraction("abcdef\ufffd\0") == {"characters": 0.25, "mojibake": 0.0, "blob": 0.0}


@given(st.text())
def test_any_text_has_fractions_from_zero_to_one(text):
    """No text raises."""
    assert all(0 <= value <= 1 for value in garbled_fraction(text).values())


@given(
    st.text(
        alphabet=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=2, max_size=12
    )
)
def test_korean_read_as_windows_1252_is_found(text):
    """Every Korean word in the wrong encoding is seen."""
    garbled = "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in text.encode())
    assert [one.why for one in find_garbled([garbled])] == ["mojibake"]


def test_one_word_is_found_whatever_stands_around_it():
    """White space is no second word; Chinese, Japanese and Thai sentences have no spaces."""
    texts = [
        "ok",
        "  ok \n",
        "so happy",
        "행복해",
        "정말 행복해",
        "今天天气很好",
        "今天",
        "สวัสดีครับ",
        "😀",
        "!!! ???",
    ]
    assert find_one_word(texts) == [0, 1, 3, 6, 8]
