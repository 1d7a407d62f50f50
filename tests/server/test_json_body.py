"""Bodies that are no JSON object: every mistake is named in a sentence, and none is a mistake of ours.

What is read from an object is held by test_requests.py.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.server.failures import ApiError
from assay.server.json_body import read_json

BODIES = {
    "empty": (b"", 400, "the body is no JSON: Expecting value at line 1, column 1"),
    "half": (b'{"inputs": "a', 400, "Unterminated string"),
    "latin-1": ('{"inputs": "é"}'.encode("latin-1"), 400, "the body is no UTF-8"),
    "nan": (b'{"inputs": NaN}', 400, "a number or a nesting is odd"),
    "deep": (b"[" * 100_000, 400, "no JSON"),
    "digits": (b'{"inputs": ' + b"9" * 5000 + b"}", 400, "a number or a nesting is odd"),
    "list": (b'["a"]', 422, "the body is a list; an object such as"),
    "text": (b'"a"', 422, "the body is a text"),
}


@pytest.mark.parametrize(("body", "status", "sentence"), BODIES.values(), ids=BODIES)
def test_body_that_is_no_json_object_is_said_in_a_sentence(body, status, sentence):
    """400 for what is no JSON, 422 for what is no object."""
    with pytest.raises(ApiError, match=sentence) as caught:
        read_json(body)
    assert caught.value.status == status


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_encodings_of_json_are_read(encoding):
    """JSON's own encodings, with and without a byte order mark."""
    assert read_json('{"inputs": "행복"}'.encode(encoding)) == {"inputs": "행복"}


def attempt(body):
    """Return what was read, or the error of the API; any other exception is a mistake of ours."""
    try:
        return read_json(body)
    except ApiError as err:
        return err


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_an_error(body):
    """No bytes make a mistake of ours."""
    found = attempt(body)
    assert isinstance(found, dict) or found.status in (400, 422)
