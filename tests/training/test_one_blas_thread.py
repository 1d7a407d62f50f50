"""Linear algebra in one thread, and the former number of threads afterwards."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.linalg  # noqa: F401 - the second BLAS
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_info, threadpool_limits

from assay.models.head import AffineHead
from assay.training.one_blas_thread import one_blas_thread


def count_threads():
    """Return the number of threads of each BLAS: that of NumPy and that of SciPy."""
    found = [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]
    assert len(found) >= 2
    return set(found)


@pytest.fixture(autouse=True)
def two_threads():
    """Give two, wherever the tests run."""
    with threadpool_limits(2, user_api="blas"):
        assert count_threads() == {2}
        yield


def test_there_is_one_thread_inside_and_two_after():
    with one_blas_thread():
        assert count_threads() == {1}
    assert count_threads() == {2}


def test_two_threads_are_back_after_an_error():
    with pytest.raises(ValueError, match="bad"), one_blas_thread():
        raise ValueError("bad")
    assert count_threads() == {2}


@pytest.mark.parametrize("order", [[0, 1], [1, 0]], ids=["first", "last"])
def test_two_threads_are_back_after_the_last_of_several_fits(order):
    """Each in a thread of Python that lives on, as in a pool; whoever leaves first, one thread stays for the other."""
    workers = [ThreadPoolExecutor(1) for _ in order]
    fits = [one_blas_thread() for _ in order]
    for worker, fit in zip(workers, fits, strict=True):
        worker.submit(fit.__enter__).result()
    assert count_threads() == {1}
    for i, left in zip(order, [{1}, {2}], strict=True):
        workers[i].submit(fits[i].__exit__, None, None, None).result()
        assert count_threads() == left
    for worker in workers:
        with one_blas_thread():
            assert worker.submit(count_threads).result() == {1}
        assert count_threads() == {2}
        worker.shutdown()


def test_head_is_fitted_with_one_thread(monkeypatch):
    """What is seen while scikit-learn fits is what the steps have."""
    seen = set()
    fit = LogisticRegression.fit

    def watched(self, *args, **kwargs):
        seen.update(count_threads())
        return fit(self, *args, **kwargs)

    monkeypatch.setattr(LogisticRegression, "fit", watched)
    AffineHead().fit(np.arange(20.0).reshape(-1, 1), np.arange(20) % 2)
    assert seen == {1}
