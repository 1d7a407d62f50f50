"""Bodies that are no JSON object: every mistake is named in a sentence, and none is a mistake of ours.

What is read from an object is held by test_requests.py.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.server import json_body
from assay.server.failures import ApiError
from assay.server.json_body import MAX_PARTS, read_json
from assay.server.limits import Limits

BODIES = {
    "empty": (b"", 400, "the body is no JSON: Expecting value at line 1, column 1"),
    "half": (b'{"inputs": "a', 400, "Unterminated string"),
    "latin-1": ('{"inputs": "é"}'.encode("latin-1"), 400, "the body is no UTF-8"),
    "nan": (b'{"inputs": NaN}', 400, "a number or a nesting is odd"),
    "deep": (b"[" * 15_000, 400, "no JSON"),
    "long number": (b'{"inputs": ' + b"9" * 401 + b"}", 400, "a number or a nesting is odd"),
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


def repeat(entry):
    """Return a body of nearly 2 MB that holds an entry as often as it can."""
    n = 1_900_000 // (len(entry) + 1)
    return ('{"inputs": [' + ",".join([entry] * n) + "]}").encode()


def many_keys(n):
    """Return an object of `n` keys."""
    return "{" + ",".join(f'"k{i}":0' for i in range(n)) + "}"


CROWDED = {
    "keys": many_keys(140_000).encode(),
    "keys of options": f'{{"inputs": "a", "options": {many_keys(140_000)}}}'.encode(),
    "numbers": repeat("0"),
    "lists": repeat("[]"),
    "objects in objects": repeat('{"a":{"b":{}}}'),
    "texts": repeat('""'),
    "keys in UTF-32": many_keys(30_000).encode("utf-32"),
    "never closed": b'{"inputs": [' + b"0," * 900_000,
    "commas": b"," * 1_900_000,
}


class CountedWork:
    """In place of the parts and of the decoder: what was looked at, and what was made of it."""

    def __init__(self, monkeypatch):
        self.n_parts = 0
        self.n_decoded = 0
        self.finditer, self.decode = json_body.PARTS.finditer, json_body.DECODER.decode
        monkeypatch.setattr(json_body, "PARTS", self)
        monkeypatch.setattr(json_body, "DECODER", self)

    def __getattribute__(self, name):
        """Count each part that is asked for, and each body that is decoded."""
        found = object.__getattribute__(self, name)
        if name == "finditer":
            return lambda text: self.count_parts(found(text))
        if name == "decode":
            self.n_decoded += 1
        return found

    def count_parts(self, parts):
        """Yield parts as they are asked for."""
        for part in parts:
            self.n_parts += 1
            yield part


@pytest.mark.parametrize("body", CROWDED.values(), ids=CROWDED)
def test_body_of_very_many_values_is_refused_before_one_of_them_is_made(body, monkeypatch):
    """Making them would hold up everybody else's answers for up to 0.2 s."""
    work = CountedWork(monkeypatch)
    with pytest.raises(ApiError, match="too many values: more than 20,000 keys, texts") as caught:
        read_json(body)
    assert caught.value.status == 413
    assert work.n_parts == MAX_PARTS + 1
    assert work.n_decoded == 0


def test_marks_inside_of_texts_are_no_values(monkeypatch):
    """The largest batch that is accepted, of texts that look like JSON, is read."""
    work = CountedWork(monkeypatch)
    texts = [['{"a": [1, 2, "\\\\"]}, ' * 260]] * 256
    body = json.dumps({"inputs": texts}).encode()
    assert len(body) < Limits().max_body_bytes
    assert read_json(body) == {"inputs": texts}
    assert work.n_decoded == 1


def test_batch_as_large_as_its_limit_is_never_crowded():
    """Who raises `--max-batch-texts` need not know of another limit."""
    limits = Limits(max_batch_texts=60_000)
    content = {"inputs": [["a"]] * 60_000, "top_k": 1}
    assert read_json(json.dumps(content).encode(), max_parts=limits.max_json_parts) == content


def count_values(value):
    """Return how many values a JSON value holds, itself and its keys included."""
    if isinstance(value, dict):
        return 1 + len(value) + sum(map(count_values, value.values()))
    return 1 + sum(map(count_values, value)) if isinstance(value, list) else 1


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('a"\\,[{:\n', max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=30,
)


@given(st.dictionaries(st.text(max_size=3), JSON_VALUES, min_size=1), st.integers(0, 40))
def test_number_of_values_is_bounded_whatever_they_are(content, most):
    """Each value comes after a part of its own."""
    try:
        found = read_json(json.dumps(content).encode(), max_parts=most)
    except ApiError:
        return
    assert count_values(found) <= most + 1
