"""The form in which texts are compared."""

from __future__ import annotations

import unicodedata

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
