"""The matrix that is filled piece by piece is scikit-learn's of all texts at once."""

import numpy as np
import pytest
import scipy.sparse
from sklearn.feature_extraction.text import TfidfTransformer

from _support.small_models import EDGE_TEXTS, small_data
from assay.models import term_counts
from assay.models.term_counts import count_terms
from assay.models.term_weights import weigh_terms
from assay.runtime.linear import TextTerms


@pytest.mark.parametrize("tokens_at_once", [1 << 20, 7])
def test_weights_are_those_of_scikit_learn(tokens_at_once, monkeypatch):
    """Each kind has its own length; blank texts are rows without a cell."""
    monkeypatch.setattr(term_counts, "TOKENS_AT_ONCE", tokens_at_once)
    counted = count_terms([*small_data(40)[0], *EDGE_TEXTS, ""], TextTerms())
    matrix, idf = weigh_terms(counted, [1.0, 0.5])
    weighers = [TfidfTransformer(sublinear_tf=True).fit(one.matrix()) for one in counted]
    expected = scipy.sparse.hstack(
        [
            length * weigher.transform(one.matrix())
            for length, weigher, one in zip([1.0, 0.5], weighers, counted, strict=True)
        ]
    )
    assert matrix.dtype == np.float32
    np.testing.assert_allclose(matrix.toarray(), expected.toarray(), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(idf, np.concatenate([one.idf_ for one in weighers]), rtol=1e-6)
    assert matrix[-1].nnz == 0


@pytest.mark.parametrize("empty", [0, 1])
def test_kind_without_a_term_has_no_columns(empty):
    """The other one is weighed as if it were alone."""
    counted = count_terms(small_data(40)[0], TextTerms())
    whole, _ = weigh_terms([counted[1 - empty]], [0.5])
    counted[empty] = counted[empty].keep(np.zeros(0, dtype=np.int64))
    matrix, idf = weigh_terms(counted, [0.5, 0.5])
    assert matrix.shape[1] == len(idf) == counted[1 - empty].n_terms
    assert (matrix != whole).nnz == 0
