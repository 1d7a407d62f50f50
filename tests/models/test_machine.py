"""The choice of C: by accuracy on texts that the trial did not train on."""

import numpy as np
import scipy.sparse

from assay.models import machine
from assay.models.machine import DEFAULT_C, NOISY_C, choose_c, fit_machine
from assay.models.several_machines import SeveralMachines

N_TEXTS = 400


def noisy_matrix():
    """Return a few weak features, one feature for each text, and labels of which a third is wrong."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, N_TEXTS)
    label_ids = np.where(rng.random(N_TEXTS) < 0.33, 1 - truth, truth)
    weak = rng.random((N_TEXTS, 30)) < np.where(np.arange(30) % 2 == truth[:, None], 0.3, 0.2)
    own = scipy.sparse.identity(N_TEXTS) * 3.0
    return scipy.sparse.hstack([weak.astype(float), own], format="csr"), label_ids


def choose(matrix, label_ids):
    return choose_c(matrix, label_ids, class_weight=None, seed=0)


def test_few_texts_take_the_default():
    """A trial on few texts would be decided by chance."""
    assert choose(*noisy_matrix()) == DEFAULT_C


def test_the_better_one_on_other_texts_is_taken(monkeypatch):
    """What is counted are right answers on texts outside the trial; of equals the default wins."""
    monkeypatch.setattr(machine, "LARGE_TEXTS", 10)
    matrix, label_ids = noisy_matrix()
    order = np.random.default_rng(0).permutation(N_TEXTS)
    trial, others = order[:200], order[200:]

    def n_right(C):
        fitted = fit_machine(
            matrix[trial], label_ids[trial], C=C, class_weight=None, seed=0, tolerance=1.0
        )
        return (fitted.predict(matrix[others]) == label_ids[others]).sum()

    expected = NOISY_C if n_right(NOISY_C) > n_right(DEFAULT_C) else DEFAULT_C
    assert choose(matrix, label_ids) == expected
    told_apart = scipy.sparse.csr_matrix(np.eye(2)[label_ids])
    assert choose(told_apart, label_ids) == DEFAULT_C


def test_many_or_missing_classes_take_the_default(monkeypatch):
    """More than 32 classes are too expensive to try, and a class that the trial lacks spoils it."""
    monkeypatch.setattr(machine, "LARGE_TEXTS", 10)
    matrix, label_ids = noisy_matrix()
    assert choose(matrix, np.arange(N_TEXTS) % 40) == DEFAULT_C
    lone = label_ids.copy()
    order = np.random.default_rng(0).permutation(N_TEXTS)
    lone[order[-1]] = 2
    assert choose(matrix, lone) == DEFAULT_C


def test_very_many_texts_and_classes_take_one_machine_for_each_class(monkeypatch):
    """One machine for all of them would hold a number for each text and class."""
    texts = scipy.sparse.identity(80, format="csr")
    label_ids = np.arange(80) // 2
    given = {"C": 1.0, "class_weight": None, "seed": 0}
    assert fit_machine(texts, label_ids, **given).multi_class == "crammer_singer"
    monkeypatch.setattr(machine, "MOST_CELLS", 80 * 40 - 1)
    assert fit_machine(texts, label_ids, **given).multi_class == "ovr"


def test_more_texts_than_terms_are_learnt_from():
    """A machine whose labels are not equally frequent must not stop at the most frequent label."""
    rng = np.random.default_rng(0)
    n_texts, n_terms, n_words = 4000, 3000, 20
    label_ids = rng.choice(4, n_texts, p=[0.55, 0.25, 0.15, 0.05])
    columns = rng.integers(0, n_terms, (n_texts, n_words))
    columns[:, 0] = 40 * label_ids + rng.integers(0, 40, n_texts)  # one word tells the label
    rows = np.repeat(np.arange(n_texts), n_words)
    weights = np.full(n_texts * n_words, n_words**-0.5)
    matrix = scipy.sparse.csr_matrix((weights, (rows, columns.ravel())), shape=(n_texts, n_terms))
    fitted = fit_machine(matrix, label_ids, C=1.0, class_weight=None, seed=0)
    assert (fitted.predict(matrix) == label_ids).mean() > 0.95
    indicator = np.eye(4, dtype=np.int64)[label_ids]
    coef, bias = SeveralMachines(None, np.arange(4), indicator, 0).fit(matrix, C=1.0)
    assert ((matrix @ coef.T + bias > 0) == indicator).mean() > 0.95


def test_huge_matrices_are_fitted_by_gradient_descent(monkeypatch):
    """Without LIBLINEAR's copies, as right as LIBLINEAR on texts that it did not see."""
    rng = np.random.default_rng(0)
    label_ids = rng.integers(0, 3, 3_000)
    tells = rng.random((3_000, 60)) < np.where(np.arange(60) % 3 == label_ids[:, None], 0.3, 0.15)
    matrix = scipy.sparse.csr_matrix(tells.astype(np.float32))

    def n_right():
        given = {"C": choose(matrix, label_ids), "class_weight": None, "seed": 0}
        fitted = fit_machine(matrix[:2_000], label_ids[:2_000], **given)
        return (fitted.predict(matrix[2_000:]) == label_ids[2_000:]).sum(), type(fitted).__name__

    usual, usual_type = n_right()
    monkeypatch.setattr(machine, "LIBLINEAR_CELLS", 10_000)
    huge, huge_type = n_right()
    assert (usual_type, huge_type) == ("LinearSVC", "SGDClassifier")
    assert usual > 750
    assert huge >= usual - 30
    assert choose(matrix, label_ids) == NOISY_C
