"""The contract of scikit-learn's classifiers, for every method: over sequences of `str`."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks

import assay.models
from _support.small_models import EDGE_TEXTS, METHODS, WORDS, small_data, small_estimator
from assay.errors import DataError, InputError
from assay.methods import find_method
from assay.models import Linear, make_estimator
from assay.models.estimator import TextClassifier

TEXTS, LABELS = small_data()

each_method = pytest.mark.parametrize("method", METHODS)


@pytest.fixture
def make(tiny_bert):
    """Return a function that makes a small estimator, not yet trained."""
    return lambda method, **parameters: small_estimator(method, tiny_bert, **parameters)


# `parametrize_with_checks` feeds numbers: of an estimator that says it takes strings it runs the
# first of these only, with a warning. The others need no data either; what the rest would check
# is in this file, in texts.
@each_method
@pytest.mark.parametrize(
    "check",
    [
        "check_estimator_cloneable",
        "check_do_not_raise_errors_in_init_or_set_params",
        "check_estimator_tags_renamed",
        "check_estimator_repr",
        "check_get_params_invariance",
        "check_no_attributes_set_in_init",
        "check_parameters_default_constructible",
        "check_set_params",
        "check_valid_tag_types",
    ],
)
def test_scikit_learn_checks_hold(method, check):
    """What scikit-learn can check of an estimator without feeding it numbers, it finds in order."""
    estimator = make_estimator(method)
    getattr(estimator_checks, check)(type(estimator).__name__, estimator)


@each_method
def test_clone_has_the_parameters_and_nothing_learnt(trained, method):
    """A clone of a trained estimator is untrained, and equal in its parameters."""
    copy = clone(trained[method])
    assert {name: str(value) for name, value in copy.get_params().items()} == {
        name: str(value) for name, value in trained[method].get_params().items()
    }
    assert not [name for name in vars(copy) if name.endswith("_")]


@each_method
def test_unfitted_estimator_says_so(make, method):
    """Predicting and calibrating before fitting is scikit-learn's NotFittedError."""
    estimator = make(method)
    for work in (estimator.predict, estimator.predict_proba):
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            work(["good day"])
    if method != "majority":  # which has nothing to calibrate
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            estimator.calibrate(["good day"], ["joy"])


@each_method
def test_predictions_are_the_argmax_of_the_probabilities(trained, method):
    """Rows sum to one, columns are as `classes_`, the two ways to predict agree, awkward texts are texts."""
    estimator = trained[method]
    texts = [*TEXTS, *EDGE_TEXTS]
    probs = estimator.predict_proba(texts)
    assert probs.shape == (len(texts), 3)
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, atol=1e-9)
    assert list(estimator.classes_) == sorted(WORDS)
    assert (estimator.predict(texts) == estimator.classes_[probs.argmax(axis=1)]).all()


@each_method
def test_no_texts_give_no_rows(trained, method):
    """An empty list is legal, as for the saved model."""
    assert trained[method].predict_proba([]).shape == (0, 3)
    assert list(trained[method].predict([])) == []


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("linear", {}),
        ("compact", {"n_epochs": 25}),
        ("features", {"C": 10}),
        ("finetune", {"n_epochs": 20, "learning_rate": 3e-3}),
    ],
)
def test_texts_are_learnt_with_their_own_labels(make, method, parameters):
    """Each method but the floor learns which text has which label: nothing is mixed up on the way."""
    texts, labels = ["good", "bad", "i am", "오늘"] * 4, ["d", "b", "c", "a"] * 4
    assert (
        make(method, **parameters).fit(texts, labels).score(texts, labels) >= 0.75
    )  # chance is 0.25


@each_method
def test_batch_equals_single(trained, method):
    """A text scores the same alone and among others, in their order."""
    estimator = trained[method]
    texts = [*EDGE_TEXTS, *TEXTS[:5]]
    singles = np.concatenate([estimator.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(estimator.predict_proba(texts), singles, atol=1e-5)


@each_method
@pytest.mark.parametrize("kind", ["numbers", "many", "booleans"])
def test_labels_of_any_kind_come_back(make, method, kind):
    """Whole numbers, 12 classes, and true and false are predicted as they were given, in np.unique's order."""
    texts, names = small_data(
        48, labels=tuple(f"label{i}" for i in range(12)) if kind == "many" else tuple(WORDS)
    )
    numbers = np.unique(names, return_inverse=True)[1]
    labels = {"numbers": numbers + 7, "many": names, "booleans": numbers > 0}[kind]
    estimator = make(method, n_epochs=1).fit(texts, labels)
    assert list(estimator.classes_) == list(np.unique(labels))
    predicted = estimator.predict(texts)
    assert predicted.dtype == np.asarray(labels).dtype
    assert set(predicted) <= set(estimator.classes_)


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["ja", "nein"] * 10, dtype=np.dtypes.StringDType()),
        np.array([1, 0] * 10, dtype=object),
        np.array([True, False] * 10, dtype=object),
        np.array([1.0, 0.0] * 10, dtype=object),
    ],
    ids=["texts of any length", "integers", "booleans", "floats"],
)
def test_labels_that_scikit_learn_refuses_are_taken(labels):
    """NumPy's texts of any length, and numbers in an array of objects, as a table holds them."""
    texts = [f"so glad {i}" if i % 2 == 0 else f"so sad {i}" for i in range(20)]
    linear = Linear().fit(texts, labels, validation=(texts, labels))
    assert linear.predict(texts).tolist() == labels.tolist()


@each_method
def test_refit_forgets(make, method):
    """A second fit gives what a fresh estimator gives, other classes and all."""
    labels = [str(len(label)) for label in LABELS]
    estimator = make(method, n_epochs=1)
    estimator.fit(TEXTS, LABELS, validation=(TEXTS[:9], LABELS[:9]))
    fresh = make(method, n_epochs=1).fit(TEXTS[:40], labels[:40])
    estimator.fit(TEXTS[:40], labels[:40])
    np.testing.assert_allclose(
        estimator.predict_proba(TEXTS), fresh.predict_proba(TEXTS), atol=1e-6
    )
    assert (estimator.temperature_, len(estimator.history_)) == (1.0, len(fresh.history_))


@each_method
def test_failed_refit_leaves_nothing_of_the_fit_before(make, method):
    """After a fit that failed there is nothing to predict with: no half of this one, no half of the last one."""
    estimator = make(method, n_epochs=1).fit(TEXTS, LABELS)
    with pytest.raises(DataError, match="there is 1 class in 2 texts"):
        estimator.fit(["a", "b"], ["joy", "joy"])
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        estimator.predict(TEXTS)


@each_method
def test_estimator_survives_pickling(trained, method):
    """As scikit-learn's parallel tools send estimators about."""
    copy = pickle.loads(pickle.dumps(trained[method]))
    np.testing.assert_allclose(
        copy.predict_proba(EDGE_TEXTS), trained[method].predict_proba(EDGE_TEXTS), atol=1e-6
    )


@each_method
@pytest.mark.parametrize(
    ("texts", "labels", "error", "message"),
    [
        (
            "one text",
            ["joy"],
            InputError,
            r"X is one text; a sequence of texts is accepted \(write \[text\]\)",
        ),
        (["a", 3], ["x", "y"], InputError, r"X\[1\] is int; a text \(str\) is accepted"),
        (
            ["a", "b", "c"],
            ["x", "y"],
            InputError,
            "3 texts and 2 labels; the same number of each is accepted",
        ),
        (
            ["a", "b"],
            np.zeros((2, 2, 2)),
            InputError,
            "the labels have 3 dimensions; one label per text is accepted",
        ),
        (
            ["a", "b"],
            ["x", "x"],
            DataError,
            "there is 1 class in 2 texts; at least 2 classes are accepted",
        ),
        ([], [], DataError, "there is no class in 0 texts; at least 2 classes are accepted"),
        (["a", "b"], [0.5, 1.5], ValueError, "Unknown label type: continuous"),
    ],
)
def test_unusable_training_data_is_refused(make, method, texts, labels, error, message):
    """What cannot be learnt from is an error that says why, before any work."""
    with pytest.raises(error, match=message):
        make(method).fit(texts, labels)


@each_method
def test_lone_text_is_refused_when_predicting(trained, method):
    """A lone text is an error with a hint, not a list of characters."""
    with pytest.raises(
        InputError, match=r"X is one text; a sequence of texts is accepted \(write \[text\]\)"
    ):
        trained[method].predict("good day")


@pytest.mark.parametrize("method", ["linear", "compact"])
@pytest.mark.parametrize(
    ("validation", "error", "message"),
    [
        ((["a", "b"], ["joy"]), InputError, "2 texts and 1 labels"),
        (("a text", ["joy"]), InputError, "validation texts is one text"),
        ((["a"], ["Joy"]), DataError, "label 'Joy' is not among the 3 labels of train"),
        ((["a"], [3]), DataError, "label '3' is not among the 3 labels of train"),
    ],
)
def test_unusable_validation_is_refused(make, method, validation, error, message):
    """Validation rows are checked before training, not after it."""
    with pytest.raises(error, match=message):
        make(method).fit(TEXTS, LABELS, validation=validation)


@each_method
def test_empty_validation_is_none(make, method):
    """A validation split without rows is as good as none: the last epoch, temperature 1."""
    estimator = make(method, n_epochs=1).fit(TEXTS, LABELS, validation=([], []))
    assert estimator.temperature_ == 1.0
    np.testing.assert_allclose(
        estimator.predict_proba(TEXTS),
        make(method, n_epochs=1).fit(TEXTS, LABELS).predict_proba(TEXTS),
        atol=1e-6,
    )


@pytest.mark.parametrize("method", METHODS[1:])
def test_calibration_changes_scores_and_no_prediction(make, method):
    """The temperature comes from the held-out texts; it divides the logits, so no argmax moves."""
    texts, labels = small_data(40, seed=2)
    estimator = make(method, n_epochs=1).fit(TEXTS, LABELS)
    before, predicted = estimator.predict_proba(texts), estimator.predict(texts)
    assert estimator.calibrate(texts, labels) is estimator
    assert estimator.temperature_ != 1.0
    assert np.abs(estimator.predict_proba(texts) - before).max() > 1e-3
    assert (estimator.predict(texts) == predicted).all()


def test_majority_is_never_calibrated(trained):
    """Its shares are the calibrated answer of a model that reads no text."""
    assert trained["majority"].temperature_ == 1.0


@each_method
def test_numpy_strings_are_texts(trained, method):
    """An array of texts is a sequence of texts."""
    array = np.array(TEXTS[:4])
    np.testing.assert_array_equal(
        trained[method].predict_proba(array), trained[method].predict_proba(TEXTS[:4])
    )


def test_pipeline_passes_texts_through():
    """A step before the classifier gets the texts and gives texts."""
    shout = FunctionTransformer(lambda texts: [text.upper() for text in texts])
    pipeline = make_pipeline(shout, Linear()).fit(TEXTS, LABELS)
    assert (pipeline.predict(TEXTS) == Linear().fit(TEXTS, LABELS).predict(TEXTS)).all()


def test_cross_validation_scores_each_fold():
    """Folds are cut from plain lists."""
    scores = cross_val_score(Linear(), TEXTS, LABELS, cv=3)
    assert scores.shape == (3,)
    assert scores.min() > 0.5


def test_grid_search_finds_the_better_parameter():
    """A grid over `C` is searched, and the best is refitted."""
    search = GridSearchCV(Linear(), {"C": [1e-6, 1.0]}, cv=2).fit(TEXTS, LABELS)
    assert search.best_params_ == {"C": 1.0}
    assert search.best_estimator_.score(TEXTS, LABELS) > 0.9


def test_all_methods_are_here():
    """A sixth method joins this contract."""
    for method in METHODS:
        make_estimator(method)
    ours = {
        cls.method for cls in TextClassifier.__subclasses__() if cls.__module__.startswith("assay.")
    }
    assert ours == set(METHODS) == set(assay.models.METHODS)


@pytest.mark.parametrize(
    ("method", "parameters", "sentence"),
    [
        ("linear", {"C": -1}, "C is -1; more than 0 up to less than inf is accepted"),
        ("linear", {"C": "a"}, "C is 'a'; a number, more than 0 up to less than inf, is accepted"),
        ("linear", {"max_chars": -3}, "max_chars is -3; at least 0 is accepted"),
        ("linear", {"char_weight": -1}, "char_weight is -1; at least 0 is accepted"),
        ("linear", {"min_count": 0}, "min_count is 0; at least 1 is accepted"),
        ("linear", {"seed": -1}, "seed is -1; 0 to 4294967295 is accepted"),
        ("features", {"C": 0}, "C is 0; more than 0 is accepted"),
        ("compact", {"dropout": 1.5}, "dropout is 1.5; 0 to 1 is accepted"),
        ("compact", {"hidden_size": 0}, "hidden_size is 0; at least 1 is accepted"),
        ("compact", {"n_epochs": "a"}, "n_epochs is 'a'; a whole number, at least 1, is accepted"),
        ("compact", {"seed": 0.5}, "seed is 0.5; a whole number, 0 to 4294967295, is accepted"),
        ("compact", {"weight_decay": -1}, "weight_decay is -1; at least 0 is accepted"),
        ("finetune", {"seed": None}, "seed is None; a whole number, 0 to 4294967295, is accepted"),
    ],
)
def test_numbers_out_of_range_are_refused_by_name(method, parameters, sentence):
    """Before anything is learnt, whatever the library beneath would say."""
    estimator = find_method(method).load_estimator_class()(**parameters)
    with pytest.raises(InputError) as found:
        estimator.fit(["so glad", "so sad"], ["joy", "sadness"])
    assert found.value.message == sentence


def test_label_that_is_none_is_refused_with_its_place():
    """It would be no label of any text."""
    with pytest.raises(InputError, match="the label of text 1 is None; one label per text"):
        Linear().fit(["so glad", "so sad", "fine"], ["joy", None, "joy"])
