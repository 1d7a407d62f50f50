"""One regression per label, all at once: the same as scikit-learn's one after the other."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from assay.models.several_heads import SeveralHeads

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(400, 8)) * RNG.uniform(0.1, 10, 8) + 3


def draw_labels():
    """Return zeros and ones that the features tell, one frequent label, one rare one."""
    odds = StandardScaler().fit_transform(FEATURES) @ RNG.normal(size=(8, 3)) + [0.0, 1.0, -3.0]
    return (RNG.random((400, 3)) < 1 / (1 + np.exp(-odds))).astype(np.int64)


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_weights_are_those_of_scikit_learn(class_weight):
    """Each label's own regression, converged; balanced up to the regularisation's strength."""
    indicator = draw_labels()
    head = SeveralHeads(C=0.5, class_weight=class_weight).fit(FEATURES, indicator)
    standard = StandardScaler().fit_transform(FEATURES)
    found = head.logits(FEATURES)
    for label in range(3):
        truth = indicator[:, label]
        weight = None
        if class_weight:
            weight = {0: 1.0, 1: (truth == 0).sum() / truth.sum()}
        alone = LogisticRegression(C=0.5, tol=1e-8, max_iter=5000, class_weight=weight)
        expected = alone.fit(standard, truth).decision_function(standard)
        np.testing.assert_allclose(found[:, label], expected, atol=0.02)


def test_label_that_all_or_no_texts_have_gives_its_share():
    """There is nothing to learn, and no logit runs away."""
    indicator = np.column_stack([np.ones(400), np.zeros(400), draw_labels()[:, 0]]).astype(int)
    head = SeveralHeads().fit(FEATURES, indicator)
    assert not head.coef_[:2].any()
    assert head.logits(FEATURES[:1])[0, :2] == pytest.approx([np.log(801), -np.log(801)])
