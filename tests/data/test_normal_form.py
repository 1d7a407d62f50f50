"""The form in which texts are compared."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.data.normal_form import normalise_text


@settings(deadline=None)
@given(st.text())
def test_normalise_text_is_stable(text):
    """Normalising twice changes nothing, and neither does the form of the input."""
    once = normalise_text(text)
    assert normalise_text(once) == once
    assert normalise_text(unicodedata.normalize("NFD", text)) == normalise_text(
        unicodedata.normalize("NFC", text)
    )


@settings(deadline=None)
@given(st.text())
def test_text_in_normal_form_is_the_same_object(text):
    """So a split whose texts are in that form already takes no more memory."""
    once = normalise_text(text)
    assert normalise_text(once) is once


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("İSTANBUL çok güzel", "istanbul çok güzel"),
        ("Donau\u00addampfschiff", "donaudampfschiff"),
        ("\u200fكتاب جديد\u200f", "كتاب جديد"),
        ("สวัสดี\u200bครับ", "สวัสดีครับ"),
    ],
)
def test_texts_that_look_the_same_are_the_same(text, other):
    """The capital i of Turkish, soft hyphens, marks of direction, and places where a line may break."""
    assert normalise_text(text) == normalise_text(other)


def test_joiners_make_other_words():
    """Persian writes one word in two parts with one; an emoji family is no row of people."""
    assert normalise_text("می\u200cخواهم") != normalise_text("میخواهم")
    assert normalise_text("👩\u200d👧") != normalise_text("👩👧")
