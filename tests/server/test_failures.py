"""Errors and answers as JSON: always valid, whatever is in them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.server.failures import ApiError, encode_json, make_limit_error


@given(st.text(st.characters(codec=None)))
def test_any_sentence_is_valid_json(sentence):
    """A lone surrogate is spelt out as its escape."""
    content = json.loads(ApiError(422, "validation", sentence).body())
    assert content == {"error": sentence, "error_type": "validation"}


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -float("inf")])
def test_number_that_json_lacks_is_never_sent(score):
    """NaN would be invalid JSON, and no score."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_json([{"label": "a", "score": score}])


def test_limit_names_its_flag():
    """What was given, what is accepted, and how to raise it."""
    err = make_limit_error("texts in a request:", 1_000, 256, "--max-batch-texts")
    assert (err.status, err.sentence) == (
        413,
        "texts in a request: 1,000; up to 256 are accepted (assay serve --max-batch-texts)",
    )
