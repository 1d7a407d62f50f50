"""A sentence without markup is as the catalogue has it; pages bring their own ways of writing."""

from assay.catalogue import Styled
from assay.catalogue.markup import PLAIN


def test_plain_sentences_keep_backticks_and_drop_styles():
    """What a terminal shows: code between backticks, values as they are."""
    assert PLAIN.literal("a*b") == "a*b"
    assert PLAIN.code("assay run") == "`assay run`"
    value = Styled("linear", "strong")
    assert PLAIN.value(value.text, value.style) == "linear"
