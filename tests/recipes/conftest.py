"""A small data set, and one run of all five methods on it, shared with the tests of the command line."""

import pytest

from _support.small_runs import shared_run, write_data


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """Write the small data set."""
    return write_data(tmp_path_factory.mktemp("recipes") / "tweets")


@pytest.fixture(scope="session")
def five(tmp_path_factory):
    """Run all five methods, once per session."""
    return shared_run(tmp_path_factory)


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    """One thread, so that runs can be compared."""
    monkeypatch.setenv("ASSAY_THREADS", "1")
