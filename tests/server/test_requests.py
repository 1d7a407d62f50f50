"""What clients may send: every mistake is named in a sentence, and nothing that is sent is a mistake of ours."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.server.failures import ApiError
from assay.server.limits import Limits
from assay.server.requests import (
    AskedTexts,
    read_classify,
    read_explain,
    read_hub,
    read_predict,
)

LIMITS = Limits(max_batch_texts=3, max_text_chars=5, max_explained_texts=1)
READERS = (read_predict, read_hub, read_classify, read_explain)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
KEYS = ("inputs", "top_k", "truncate", "raw_scores", "parameters", "explain", "label", "nearest")
REQUESTS = st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), JSON, max_size=5)


@pytest.mark.parametrize(
    ("inputs", "texts", "is_batch"),
    [
        ("t", ["t"], False),
        ("", [""], False),
        (["t"], ["t"], True),
        (["a", "b"], ["a", "b"], True),
        ([["a"], ["b"]], ["a", "b"], True),
        ([["a"], "b"], ["a", "b"], True),
        ("a\ud800", ["a\ud800"], False),
    ],
    ids=["text", "empty", "one", "flat", "lists", "mixed", "surrogate"],
)
@pytest.mark.parametrize("reader", READERS[:3], ids=lambda reader: reader.__name__)
def test_texts_come_in_every_known_shape(reader, inputs, texts, is_batch):
    """A text, a list of texts, a list of lists of one text."""
    asked = reader({"inputs": inputs}, LIMITS)
    assert (asked.texts, asked.is_batch) == (texts, is_batch)


WRONG = {
    "missing": ({}, 422, r"inputs is missing; a text or a list of texts is accepted\."),
    "misspelt": (
        {"input": "t"},
        422,
        r"inputs is missing; .*'input' is unknown: did you mean 'inputs'\?",
    ),
    "number": ({"inputs": 3}, 422, "inputs is a number; a text or a list of texts is accepted"),
    "null": ({"inputs": None}, 422, "inputs is null"),
    "object": ({"inputs": {"text": "t"}}, 422, "inputs is an object"),
    "no-texts": ({"inputs": []}, 422, "inputs is an empty list; one text or more are accepted"),
    "pair": (
        {"inputs": [["a", "b"]]},
        422,
        r"inputs\[0\] is a pair of texts: pairs are not supported",
    ),
    "three": (
        {"inputs": ["a", ["a", "b", "c"]]},
        422,
        r"inputs\[1\] is a list of 3; a text, or a list of one text",
    ),
    "flag": ({"inputs": ["a", True]}, 422, r"inputs\[1\] is true or false"),
    "many": (
        {"inputs": ["a"] * 4},
        413,
        r"texts in a request: 4; up to 3 are accepted \(assay serve --max-batch",
    ),
    "long": (
        {"inputs": ["a", "b" * 6]},
        413,
        r"characters in inputs\[1\]: 6; up to 5 are accepted \(assay serve",
    ),
    "top-k": (
        {"inputs": "t", "top_k": 0},
        422,
        "top_k is 0; a whole number of at least 1 is accepted",
    ),
    "top-k-flag": ({"inputs": "t", "top_k": True}, 422, "top_k is true or false; a whole number"),
    "truncate": (
        {"inputs": "t", "truncate": 1},
        422,
        "truncate is a number; true or false is accepted",
    ),
}


@pytest.mark.parametrize(("content", "status", "sentence"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("reader", [read_predict], ids=lambda reader: reader.__name__)
def test_wrong_request_is_said_in_a_sentence(reader, content, status, sentence):
    """What failed, what was given, what is accepted."""
    with pytest.raises(ApiError, match=sentence) as caught:
        reader(content, LIMITS)
    assert (caught.value.status, caught.value.error_type) == (status, "validation")


OWN = {
    "raw-scores": (
        read_predict,
        {"inputs": "t", "raw_scores": True},
        "raw_scores is true, which is not supported",
    ),
    "function": (
        read_hub,
        {"inputs": "t", "parameters": {"function_to_apply": "none"}},
        "function_to_apply is 'none'",
    ),
    "parameters": (
        read_hub,
        {"inputs": "t", "parameters": 3},
        "parameters is a number; an object is accepted",
    ),
    "unknown": (
        read_classify,
        {"inputs": "t", "topk": 3},
        r"\"topk\" is not known; keys: inputs, .*Did you mean 'top_k'",
    ),
    "unknown-of-tei": (
        read_predict,
        {"inputs": "t", "topk": 3},
        r"\"topk\" is not known; keys: inputs, .*Did you mean 'top_k'",
    ),
    "unknown-of-hub": (
        read_hub,
        {"inputs": "t", "parameters": {"topk": 3}},
        r"\"topk\" is not known in parameters; keys: top_k, .*Did you mean 'top_k'",
    ),
    "direction": (
        read_predict,
        {"inputs": "t", "truncation_direction": "Left"},
        r"truncation_direction is not supported: long texts are cut at their end \(Right\)",
    ),
    "model": (read_predict, {"inputs": "t", "model": 3}, "model is a number; the name of a served"),
    "label": (
        read_classify,
        {"inputs": "t", "label": 3},
        "label is a number; the name of a label is accepted",
    ),
    "explain-batch": (read_explain, {"inputs": ["t"]}, "inputs is a list; one text is accepted"),
    "explain-missing": (read_explain, {}, "inputs is missing; one text is accepted"),
}


@pytest.mark.parametrize(("reader", "content", "sentence"), OWN.values(), ids=OWN)
def test_wrong_request_of_one_kind_is_said_in_a_sentence(reader, content, sentence):
    """Each dialect refuses what it alone knows, in its own words."""
    with pytest.raises(ApiError, match=sentence):
        reader(content, LIMITS)


def test_hint_compares_few_keys():
    """A body of 100,000 keys does not hold up the event loop with its hint."""
    with pytest.raises(ApiError, match=r"inputs is missing; a text or a list of texts is accepted"):
        read_predict({f"input{i}" * 9: 1 for i in range(100_000)}, LIMITS)


def test_explained_texts_have_a_limit_of_their_own():
    """Explaining costs a pass a word."""
    with pytest.raises(ApiError, match="texts to explain: 2; up to 1 are accepted"):
        read_classify({"inputs": ["a", "b"], "explain": True}, LIMITS)


def attempt(read, *given):
    """Return what was read, or the error of the API; any other exception is a mistake of ours."""
    try:
        return read(*given)
    except ApiError as err:
        return err


@given(REQUESTS, st.sampled_from(READERS))
def test_any_request_is_texts_or_an_error_that_does_not_quote_them(content, reader):
    """Whatever JSON comes: texts within the limits, or a sentence of one line."""
    found = attempt(reader, content, LIMITS)
    if isinstance(found, ApiError):
        assert found.status in (413, 422)
        assert json.loads(found.body())["error"].encode(
            "utf-8", "replace"
        ) == found.sentence.encode("utf-8", "replace")
        assert "\n" not in found.sentence
    else:
        assert isinstance(found, AskedTexts)
        assert 1 <= len(found.texts) <= 3
        assert all(len(text) <= 5 for text in found.texts)
