"""One small trained estimator of each method, and the folder it was saved as."""

import pytest

from _support.small_models import METHODS, small_data, small_estimator
from assay.models import save_model


@pytest.fixture(scope="session")
def trained(tiny_bert):
    """Fit each method on the small texts, with other texts to choose by: method -> estimator."""
    validation = small_data(30, seed=1)
    return {
        method: small_estimator(method, tiny_bert).fit(*small_data(), validation=validation)
        for method in METHODS
    }


@pytest.fixture(scope="session")
def saved(trained, tmp_path_factory):
    """Save each of them: method -> folder."""
    root = tmp_path_factory.mktemp("saved")
    for method, estimator in trained.items():
        save_model(estimator, root / method)
    return {method: root / method for method in trained}
