"""Several labels per text in Python: every estimator takes every form, and so do scikit-learn's tools.

This tests `pairs` too.
"""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MultiLabelBinarizer

from _support.small_models import METHODS, small_estimator
from assay.errors import DataError, InputError
from assay.models import Linear

NAMES = ("angry", "happy", "sad")
FILLERS = ("i", "am", "very", "this", "day", "is")
FOLDS = KFold(n_splits=3, shuffle=True, random_state=0)

each_method = pytest.mark.parametrize("method", METHODS)


def draw(n_texts: int = 48) -> tuple[list[str], list[list[str]]]:
    """Return texts that hold the words of their labels, some without any label."""
    rng = np.random.default_rng(0)
    texts, labels = [], []
    for row in rng.random((n_texts, 3)) < [0.3, 0.5, 0.4]:
        own = np.array(NAMES)[row].tolist()
        texts.append(" ".join(rng.permutation([*own, *rng.choice(FILLERS, size=3)])))
        labels.append(own)
    return texts, labels


TEXTS, LISTS = draw()
CELLS = MultiLabelBinarizer().fit_transform(LISTS)
OBJECTS = np.empty(len(LISTS), dtype=object)
OBJECTS[:] = LISTS
FRAME = pd.DataFrame(CELLS, columns=list(NAMES))
FORMS = {
    "lists": LISTS,
    "tuples": list(map(tuple, LISTS)),
    "sets": list(map(set, LISTS)),
    "objects": OBJECTS,
    "pandas": pd.Series(LISTS),
    "matrix": CELLS,
    "sparse": scipy.sparse.csr_matrix(CELLS),
    "frame": FRAME,
}


@pytest.fixture
def make(tiny_bert):
    """Return a function that makes a small estimator, not yet trained."""
    return lambda method, **parameters: small_estimator(
        method, tiny_bert, **{"n_epochs": 1, **parameters}
    )


@each_method
@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_learnt_alike(make, method, form) -> None:
    """The same scores, answers and accuracy, in the shapes and types that are documented."""
    labels = FORMS[form]
    estimator = make(method).fit(TEXTS, labels, validation=(TEXTS, labels))
    expected = make(method).fit(TEXTS, CELLS, validation=(TEXTS, CELLS))
    has_names = form not in ("matrix", "sparse")
    assert estimator.classes_.tolist() == (list(NAMES) if has_names else [0, 1, 2])
    probs, given = estimator.predict_proba(TEXTS), estimator.predict(TEXTS)
    np.testing.assert_allclose(probs, expected.predict_proba(TEXTS), atol=1e-6)
    assert (given == expected.predict(TEXTS)).all()
    assert (probs.shape, probs.dtype, given.shape, given.dtype) == (
        CELLS.shape,
        np.float64,
        CELLS.shape,
        np.int64,
    )
    assert estimator.score(TEXTS, labels) == accuracy_score(CELLS, given)
    assert estimator.predict([]).shape == estimator.predict_proba([]).shape == (0, 3)


@each_method
def test_scikit_learn_searches_and_predicts_with_several_labels(make, method) -> None:
    """A pipeline in a search, over a matrix and over lists, and scores out of fold."""
    pipeline = make_pipeline(FunctionTransformer(list), make(method))
    name = type(make(method)).__name__.lower()
    by_matrix = GridSearchCV(pipeline, {}, cv=FOLDS, error_score="raise").fit(TEXTS, CELLS)
    by_lists = GridSearchCV(pipeline, {}, cv=FOLDS, error_score="raise").fit(TEXTS, LISTS)
    assert by_matrix.best_score_ == pytest.approx(by_lists.best_score_)
    assert by_lists.best_estimator_.named_steps[name].classes_.tolist() == list(NAMES)
    by_f1 = cross_val_score(make(method), TEXTS, CELLS, cv=3, scoring="f1_macro")
    assert by_f1.shape == (3,)
    probs = cross_val_predict(make(method), TEXTS, CELLS, cv=FOLDS, method="predict_proba")
    given = cross_val_predict(make(method), TEXTS, CELLS, cv=FOLDS)
    assert (probs.shape, given.shape) == (CELLS.shape, CELLS.shape)
    for inside, outside in FOLDS.split(TEXTS):
        fold = make(method).fit([TEXTS[i] for i in inside], CELLS[inside])
        own = [TEXTS[i] for i in outside]
        np.testing.assert_allclose(probs[outside], fold.predict_proba(own), atol=1e-6)
        assert (given[outside] == fold.predict(own)).all()


def test_frame_is_read_by_the_names_of_its_columns() -> None:
    """In whichever order they are: held-out labels and those that are scored."""
    mixed = FRAME[["sad", "angry", "happy"]]
    linear = Linear().fit(TEXTS, FRAME, validation=(TEXTS, mixed))
    assert linear.score(TEXTS, mixed) == linear.score(TEXTS, FRAME) > 0.8
    assert linear.score(TEXTS, LISTS) == linear.score(TEXTS, FRAME)
    order = Linear().fit(TEXTS, mixed)
    assert order.classes_.tolist() == ["sad", "angry", "happy"]
    assert f1_score(mixed, order.predict(TEXTS), average="macro") > 0.8
    with pytest.raises(DataError, match="label 'rude' is not one of the 3 known labels"):
        linear.score(TEXTS, FRAME.rename(columns={"sad": "rude"}))


def test_labels_that_are_numbers_are_classes_as_they_are() -> None:
    """As the labels of one per text are: in the order of numbers."""
    labels = [[NAMES.index(name) * 5 for name in own] for own in LISTS]
    linear = Linear().fit(TEXTS, labels)
    assert linear.classes_.tolist() == [0, 5, 10]
    assert (linear.predict(TEXTS) == Linear().fit(TEXTS, CELLS).predict(TEXTS)).all()


def test_label_that_train_lacks_is_not_predicted() -> None:
    """A fold may lack a rare label: its text is wrong, and the search goes on."""
    linear = Linear().fit(TEXTS, LISTS)
    all_right = [np.array(NAMES)[row > 0].tolist() for row in linear.predict(TEXTS)]
    assert linear.score(TEXTS, all_right) == 1
    one_more = [[*all_right[0], "rare"], *all_right[1:]]
    assert linear.score(TEXTS, one_more) == pytest.approx(1 - 1 / len(TEXTS))
    weights = np.eye(1, len(TEXTS))[0]
    assert linear.score(TEXTS, one_more, sample_weight=weights) == 0


@pytest.mark.parametrize(
    ("labels", "others", "sentence"),
    [
        (LISTS, ["happy"] * len(TEXTS), "the labels are one per text, and .* on several per text"),
        (["a", "b"] * (len(TEXTS) // 2), LISTS, "labels are several per text, and .* on one"),
        (["a", "b"] * (len(TEXTS) // 2), CELLS, "labels are several per text, and .* on one"),
    ],
    ids=["one", "lists", "matrix"],
)
def test_labels_of_the_other_task_are_refused(labels, others, sentence) -> None:
    """In validation, in calibration and where they are scored: none is cut into letters."""
    linear = Linear().fit(TEXTS, labels)
    for work in (linear.score, linear.calibrate):
        with pytest.raises(InputError, match=sentence):
            work(TEXTS, others)
    with pytest.raises(InputError, match=sentence):
        Linear().fit(TEXTS, labels, validation=(TEXTS, others))


def test_no_text_has_no_accuracy() -> None:
    """A sentence says so, in place of a warning of NumPy."""
    with pytest.raises(InputError, match="X holds no text; at least one is accepted"):
        Linear().fit(TEXTS, LISTS).score([], [])


def test_names_are_refused_where_a_matrix_was_fitted():
    """Labels are numbers then, and every text that has a label counted as wrong, without a word."""
    fitted = Linear().fit(TEXTS, CELLS)
    with pytest.raises(
        InputError, match=r"the labels are such as 'angry', and .* fitted on 0, 1, 2"
    ):
        fitted.score(TEXTS, LISTS)
    assert fitted.score(TEXTS, CELLS) > 0.9
    apart = Linear().fit(TEXTS, LISTS)
    assert apart.score(["a new word"], [["unheard of"]]) == 0.0
