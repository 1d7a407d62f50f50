"""Terms that are hashed in bulk are those of the plain way, text by text."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from _support.small_models import EDGE_TEXTS, small_data
from assay.models.bulk_terms import hash_in_bulk
from assay.runtime.hashed_terms import hash_terms

LONG = "가나다 " + "x" * 300 + " " + "y" * 40 + " and x-" + "z" * 33


def by_text(texts):
    """Count the terms that are hashed in bulk: one counter per block and text."""
    found = []
    for block in hash_in_bulk(texts, {}):
        counters = [Counter() for _ in texts]
        for row, hashed in zip(block.rows.tolist(), block.hashes.tolist(), strict=True):
            counters[row][hashed] += 1
        found.append(counters)
    return found


def plainly(texts):
    """Count the same by `hash_terms`."""
    return [[Counter(own) for own in block] for block in hash_terms(texts, {})]


def test_terms_are_those_of_the_plain_way():
    """Small texts, awkward ones, words longer than those that are remembered, and none at all."""
    texts = [*small_data(80)[0], *EDGE_TEXTS, LONG, "", "it's a x.y.z, don't", LONG]
    assert by_text(texts) == plainly(texts)
    assert by_text([""]) == plainly([""])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_any_texts_give_the_same_terms(texts):
    """Also where texts share tokens, and tokens hold several words or none."""
    assert by_text([*texts, *texts[:1]]) == plainly([*texts, *texts[:1]])
