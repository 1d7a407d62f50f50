"""Predictions that tests of scores make up."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from assay.data.labels import LabelSet


def make_labels(n_classes):
    """Names that sort differently as text and as numbers."""
    return LabelSet(tuple(str(i) for i in range(n_classes)))


def one_hot(predicted_ids, n_classes):
    """Probabilities that put everything on the predicted label."""
    return np.eye(n_classes)[predicted_ids]


@st.composite
def predictions(draw):
    """Draw true and predicted ids over 2-13 classes, of which some may never occur."""
    n_classes = draw(st.integers(2, 13))
    ids = st.lists(st.tuples(*[st.integers(0, n_classes - 1)] * 2), min_size=1, max_size=60)
    pairs = np.array(draw(ids))
    return n_classes, pairs[:, 0], pairs[:, 1]
