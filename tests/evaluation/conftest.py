"""The small data set that trained models are scored on."""

import pytest

from _support.small_runs import write_data


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """Write the small data set."""
    return write_data(tmp_path_factory.mktemp("evaluation") / "tweets")
