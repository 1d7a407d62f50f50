"""What a served model does for requests: no broken number ever becomes a score."""

import numpy as np
import pytest

from assay.server.served_models import ServedModel

TEXT = "i am very happy this day"


@pytest.fixture
def served(folders):
    """Load a model of its own, to be broken."""
    return ServedModel.load("mine", folders["linear"])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_broken_number_is_an_error_and_no_score(served, monkeypatch, value):
    """A model with NaN in its weights: scoring and judging raise, which the queue makes a 500."""
    probs = np.full((1, len(served.model.labels)), value)
    monkeypatch.setattr(type(served.model), "predict_proba", lambda *_, **__: probs)
    for work in (served.scoring, served.judging):
        with pytest.raises(FloatingPointError):
            work.run([TEXT])


def test_score_is_the_one_of_the_runtime(served):
    """Whether texts come alone or together."""
    expected = served.model.predict_proba([TEXT, ""])
    np.testing.assert_allclose(served.scoring.run([TEXT, ""]), expected)
    judged = served.judging.run([TEXT, ""])
    np.testing.assert_allclose([probs for probs, _ in judged], expected)
