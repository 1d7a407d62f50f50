"""scikit-learn's tools over estimators of texts: pipelines, searches, folds, clones, and workers in other processes."""

from importlib import import_module

import numpy as np
import pytest
from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from _support.small_models import EDGE_TEXTS, METHODS, WORDS, small_data, small_estimator
from assay.models import Linear

TEXTS, LABELS = small_data(45)
FOLDS = StratifiedKFold(n_splits=2, shuffle=True, random_state=0)

each_method = pytest.mark.parametrize("method", METHODS)

# A worker that grows by 300 MB after its first task, as by loading torch, leaks, says joblib: it
# starts another in its place and warns, in a thread of its own, where an error would leave
# everybody waiting.
pytestmark = pytest.mark.filterwarnings(
    "ignore:A worker stopped while some jobs were given:UserWarning"
)


@pytest.fixture
def make(tiny_bert):
    """Return a function that makes a small estimator, not yet trained."""
    return lambda method, **parameters: small_estimator(
        method, tiny_bert, **{"n_epochs": 1, **parameters}
    )


@pytest.fixture(scope="module")
def workers():
    """Two real processes, kept for all tests of the file and ended after them."""
    with Parallel(n_jobs=2, backend="loky") as parallel:
        parallel(
            delayed(import_module)("transformers.modeling_utils") for _ in range(2)
        )  # all that is large, at once
        yield parallel
    get_reusable_executor().shutdown(wait=True)


def strip_texts(texts):
    """Strip blanks: a step before a classifier."""
    return [text.strip() for text in texts]


@each_method
def test_estimator_is_the_end_of_a_pipeline(make, method):
    """Texts pass through a step and reach the classifier: the same scores, classes and parameters as without it."""
    alone = make(method).fit(TEXTS, LABELS)
    pipeline = Pipeline([("strip", FunctionTransformer(strip_texts)), ("classify", make(method))])
    pipeline.fit([f"  {text}\n" for text in TEXTS], LABELS)
    np.testing.assert_allclose(pipeline.predict_proba(TEXTS), alone.predict_proba(TEXTS), atol=1e-6)
    assert list(pipeline.classes_) == sorted(WORDS)
    assert pipeline.score(TEXTS, LABELS) == alone.score(TEXTS, LABELS)
    nested = {
        name.removeprefix("classify__")
        for name in pipeline.get_params()
        if name.startswith("classify__")
    }
    assert nested == set(alone.get_params())


@each_method
def test_folds_are_fitted_one_by_one(make, method):
    """Out-of-fold scores are those of clones that were fitted by hand on the other fold."""
    found = cross_val_predict(make(method), TEXTS, LABELS, cv=FOLDS, method="predict_proba")
    for inside, outside in FOLDS.split(TEXTS, LABELS):
        fold = clone(make(method)).fit([TEXTS[i] for i in inside], [LABELS[i] for i in inside])
        np.testing.assert_allclose(
            found[outside], fold.predict_proba([TEXTS[i] for i in outside]), atol=1e-6
        )


@each_method
def test_cross_validation_takes_lists_and_arrays(make, method):
    """Texts as a list or as an array of numpy: the same accuracy of each fold."""
    from_lists = cross_val_score(make(method), TEXTS, LABELS, cv=FOLDS)
    from_arrays = cross_val_score(
        make(method), np.array(TEXTS, dtype=object), np.array(LABELS), cv=FOLDS
    )
    assert from_lists.shape == (2,)
    assert from_lists.tolist() == from_arrays.tolist()


GRIDS = {
    "majority": {},
    "linear": {"classify__C": [1e-6, 1.0]},
    "compact": {"classify__n_epochs": [1, 8]},
    "features": {"classify__pooling": ["cls", "mean"]},
    "finetune": {"classify__learning_rate": [1e-9, 3e-3]},
}


@each_method
def test_grid_is_searched_inside_a_pipeline(make, method):
    """Each value is tried on clones, the one with the better folds is refitted on all texts, the given one unfitted."""
    pipeline = Pipeline([("strip", FunctionTransformer(strip_texts)), ("classify", make(method))])
    search = GridSearchCV(pipeline, GRIDS[method], cv=FOLDS, error_score="raise").fit(TEXTS, LABELS)
    means = search.cv_results_["mean_test_score"]
    assert len(means) == max(len(values) for values in [*GRIDS[method].values(), [0]])
    assert search.best_score_ == means.max()
    assert search.best_params_ == search.cv_results_["params"][int(means.argmax())]
    for name, value in search.best_params_.items():
        assert search.best_estimator_.get_params()[name] == value
    refitted = clone(pipeline).set_params(**search.best_params_).fit(TEXTS, LABELS)
    np.testing.assert_allclose(
        search.predict_proba(TEXTS), refitted.predict_proba(TEXTS), atol=1e-6
    )
    assert not hasattr(pipeline.named_steps["classify"], "classes_")


def test_linear_votes_and_is_calibrated_by_scikit_learn():
    """Meta-estimators that pass texts on work too: a vote of two, and calibration by folds."""
    vote = VotingClassifier([("a", Linear()), ("b", Linear(C=0.1))], voting="soft").fit(
        TEXTS, LABELS
    )
    mean = (
        Linear().fit(TEXTS, LABELS).predict_proba(TEXTS)
        + Linear(C=0.1).fit(TEXTS, LABELS).predict_proba(TEXTS)
    ) / 2
    # Inside the vote classes are numbers, in the order of the sorted names: the columns are the
    # same.
    np.testing.assert_allclose(vote.predict_proba(TEXTS), mean, atol=1e-9)
    calibrated = CalibratedClassifierCV(Linear(), cv=2, ensemble=False).fit(TEXTS, LABELS)
    np.testing.assert_allclose(calibrated.predict_proba(TEXTS).sum(axis=1), 1.0)


@pytest.mark.slow
@each_method
def test_trained_estimator_works_in_other_processes(workers, trained, method):
    """Sent to two workers, an estimator scores there as it does here, also what is awkward."""
    parts = [TEXTS[:20], TEXTS[20:], EDGE_TEXTS]
    found = workers(delayed(trained[method].predict_proba)(part) for part in parts)
    for part, probs in zip(parts, found, strict=True):
        np.testing.assert_allclose(probs, trained[method].predict_proba(part), atol=1e-6)


@pytest.mark.slow
@each_method
def test_folds_in_other_processes_are_those_of_this_one(workers, make, method):
    """With two workers cross-validation fits the same models, seeds and all."""
    here = cross_val_predict(
        make(method), TEXTS, LABELS, cv=FOLDS, method="predict_proba", n_jobs=1
    )
    there = cross_val_predict(
        make(method), TEXTS, LABELS, cv=FOLDS, method="predict_proba", n_jobs=2
    )
    np.testing.assert_allclose(there, here, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["linear", "compact"])
def test_grid_search_in_other_processes_finds_the_same(workers, make, method):
    """Two workers try the grid; what is chosen, and how it scores, is what one process finds."""
    pipeline = Pipeline([("classify", make(method))])
    one, two = (
        GridSearchCV(pipeline, GRIDS[method], cv=FOLDS, n_jobs=n_jobs, error_score="raise").fit(
            TEXTS, LABELS
        )
        for n_jobs in (1, 2)
    )
    assert one.best_params_ == two.best_params_
    np.testing.assert_allclose(
        one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"]
    )


@pytest.mark.slow
def test_failure_in_another_process_keeps_its_sentence(workers):
    """An error that a worker raises comes back as what it is, with its words and its hint."""
    from assay.errors import InputError

    with pytest.raises(
        InputError, match=r"X is one text; a sequence of texts is accepted"
    ) as caught:
        workers([delayed(Linear().fit(TEXTS, LABELS).predict)("one text")])
    assert caught.value.hint == "write [text]"
