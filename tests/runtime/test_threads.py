"""Tests of assay.runtime.threads."""

import threading

import pytest

from assay.runtime.threads import for_each


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_every_item_is_worked_on_once_and_reported_in_order(n_threads):
    """Whatever the number of threads, work happens once an item, and `advance` hears of the items in their order."""
    done, heard = [], []
    for_each(done.append, list(range(20)), n_threads=n_threads, advance=heard.append)
    assert sorted(done) == heard == list(range(20))


def test_several_items_are_worked_on_at_once():
    """Two threads are inside `work` together."""
    meet = threading.Barrier(2)
    for_each(lambda _: meet.wait(timeout=60), [1, 2], n_threads=2)
    assert not meet.broken


def test_no_items_are_no_work():
    """Nothing is called for an empty sequence."""
    for_each(pytest.fail, [], n_threads=2)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_an_error_is_raised_and_what_is_left_stays_undone(n_threads):
    """The error of one item is the caller's; items that nobody has begun are not begun."""
    begun = []

    def work(item):
        begun.append(item)
        raise ValueError(f"item {item}")

    with pytest.raises(ValueError, match="item 0"):
        for_each(work, list(range(100)), n_threads=n_threads)
    assert len(begun) < 100
