"""Ranked labels: sorted by score, equal scores in the order of the labels.

What is said about an answer is held by the tests of the application.
"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assay.server.judgement import rank_scores

LABELS = ["a", "b", "c", "d"]


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=4, max_size=4))
def test_labels_are_ranked_by_score(probs):
    """Highest first; a stable order."""
    ranked = rank_scores(np.array(probs), LABELS, None)
    expected = sorted(zip(probs, LABELS, strict=True), key=lambda pair: -pair[0])
    assert [(one["score"], one["label"]) for one in ranked] == expected
    assert rank_scores(np.array(probs), LABELS, 2) == ranked[:2]
