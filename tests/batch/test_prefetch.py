"""`prefetch_map`: in order, one item ahead, and nothing goes on when the caller stops."""

import threading

import pytest

from assay.batch.prefetch import prefetch_map


def test_it_is_map():
    """All results, in the order of the items; none for none."""
    assert list(prefetch_map(str, range(100))) == [str(i) for i in range(100)]
    assert list(prefetch_map(str, [])) == []


def test_the_next_item_is_computed_while_one_is_used():
    """The second result exists before the first one is given back."""
    done = [threading.Event() for _ in range(3)]

    def work(i):
        done[i].set()
        return i

    results = prefetch_map(work, range(3))
    assert next(results) == 0
    assert done[1].wait(10)
    assert list(results) == [1, 2]


def test_no_more_than_one_item_is_read_ahead():
    """Reading does not run away from computing: memory holds three items."""
    read = []

    def items():
        for i in range(100):
            read.append(i)
            yield i

    results = prefetch_map(str, items())
    for n_used in range(1, 90):
        next(results)
        assert len(read) <= n_used + 1


def test_an_error_is_raised_where_its_result_would_stand():
    """What came before it is given first; what was waiting is not begun."""

    def work(i):
        if i == 2:
            raise ValueError("two")
        return i

    results = prefetch_map(work, range(10))
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)


def test_an_error_while_reading_ends_the_thread():
    """The reader's own error is raised, and no thread is left."""

    def items():
        yield 1
        raise OSError("unplugged")

    with pytest.raises(OSError, match="unplugged"):
        list(prefetch_map(str, items()))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("prefetch")]
