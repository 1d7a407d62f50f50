"""Linear algebra in one thread, and the former number of threads afterwards."""

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


@pytest.mark.parametrize("first_leaves_first", [True, False])
def test_two_threads_are_back_after_the_last_of_several_fits(first_leaves_first):
    """Whoever comes or goes first, there is one thread while any fit runs."""
    first, second = one_blas_thread(), one_blas_thread()
    first.__enter__()
    second.__enter__()
    leaving = [first, second] if first_leaves_first else [second, first]
    leaving[0].__exit__(None, None, None)
    assert count_threads() == {1}
    leaving[1].__exit__(None, None, None)
    assert count_threads() == {2}


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
