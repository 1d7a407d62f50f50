"""Saved folders that the runtime's tests read."""

import pytest

from _support.small_models import small_data, small_estimator
from assay.models import save_model


@pytest.fixture(scope="session")
def compact_folder(tmp_path_factory):
    """Train and save a small `compact` model: the smallest that has a network."""
    out = tmp_path_factory.mktemp("models") / "compact"
    save_model(small_estimator("compact").fit(*small_data()), out)
    return out


@pytest.fixture(scope="session")
def linear_folder(tmp_path_factory):
    """Train and save a small `linear` model."""
    out = tmp_path_factory.mktemp("models") / "linear"
    save_model(small_estimator("linear").fit(*small_data()), out)
    return out
