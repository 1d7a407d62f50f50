"""`cut_arrivals`: full chunks of what comes fast; what comes slowly is handed on at once."""

import threading

import pytest

from assay.batch.arrivals import cut_arrivals


def nothing():
    """Have nothing to do."""


def test_what_comes_fast_is_cut_into_full_chunks():
    """As a file is cut; nothing comes of nothing."""
    chunks = list(cut_arrivals(range(5000), most=2048, before_waiting=nothing))
    assert [item for chunk in chunks for item in chunk] == list(range(5000))
    assert max(map(len, chunks)) == 2048
    assert list(cut_arrivals([], most=3, before_waiting=nothing)) == []


def test_an_item_does_not_wait_for_the_next():
    """The second item comes only once the first was handed on."""
    is_used = threading.Event()

    def items():
        yield "first"
        assert is_used.wait(30)
        yield "second"

    calls = []
    chunks = cut_arrivals(items(), most=100, before_waiting=lambda: calls.append("waits"))
    assert next(chunks) == ["first"]
    assert calls == ["waits"]
    is_used.set()
    assert list(chunks) == [["second"]]
    assert len(calls) >= 2


def test_an_error_comes_after_the_items_before_it():
    """What was read is used, and then the error is raised as it is."""

    def items():
        yield 1
        raise ValueError("the end")

    chunks = cut_arrivals(items(), most=10, before_waiting=nothing)
    assert next(chunks) == [1]
    with pytest.raises(ValueError, match="the end"):
        next(chunks)
