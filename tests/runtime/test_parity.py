"""Saved folders score as their trainers do, alone or in company: real texts, awkward ones, several threads at once."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from _support.small_models import EDGE_TEXTS, METHODS, small_data, small_estimator
from assay.data.labels import LabelSet
from assay.data.load import load_data
from assay.models import save_model
from assay.runtime import load_model

# Three that are no worse than these have been: what is between marks, and what only looks
# empty.
MORE_EDGES = ["\u200b", "\ufeff", "a\u0300" * 400, "한" * 600, "\0" * 10, "‮abc‬", "😀" * 300]


@pytest.fixture(scope="module")
def saved(tmp_path_factory, tiny_bert):
    """Train a small estimator of every method; return it with its loaded folder."""
    texts, labels = small_data(90)
    made = {}
    for method in METHODS:
        estimator = small_estimator(method, tiny_bert).fit(texts, labels)
        out = tmp_path_factory.mktemp("parity") / method
        save_model(estimator, out, label_set=LabelSet.from_labels(labels))
        made[method] = estimator, load_model(out)
    return made


def in_label_order(estimator, model, texts):
    """Return the trainer's scores with the columns of the saved model."""
    position = {str(name): i for i, name in enumerate(estimator.classes_)}
    return estimator.predict_proba(texts)[:, [position[label] for label in model.labels]]


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_thousand_real_texts_score_as_the_trainer_scores_them(saved, shared_data, method):
    """Tweets, and Korean headlines and questions of customers beside them: scores to 1e-5, label names the same."""
    estimator, model = saved[method]
    texts = [
        text
        for name in ("emotion", "klue_ynat", "banking77")
        for text in real_texts(shared_data / name)
    ]
    texts = [*texts, *EDGE_TEXTS, *MORE_EDGES]
    assert len(texts) > 1000
    expected, found = in_label_order(estimator, model, texts), model.predict_proba(texts)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    is_clear = np.sort(expected, axis=1)[:, -1] - np.sort(expected, axis=1)[:, -2] > 2e-5
    best = [model.labels[i] for i in expected.argmax(axis=1)]
    assert [a for a, ok in zip(model.predict(texts), is_clear, strict=True) if ok] == [
        a for a, ok in zip(best, is_clear, strict=True) if ok
    ]


def real_texts(folder):
    """Return some hundred texts of a data set."""
    splits = load_data(folder)
    return list(splits[next(iter(splits))].texts)[:350]


@pytest.mark.parametrize("method", METHODS)
def test_scores_do_not_depend_on_the_company(saved, method):
    """A text alone, among others, and in another order has the same scores, whatever it is padded to."""
    model = saved[method][1]
    texts = [*small_data(40, seed=3)[0], *EDGE_TEXTS, *MORE_EDGES]
    together = model.predict_proba(texts)
    np.testing.assert_allclose(model.predict_proba(texts[::-1])[::-1], together, atol=1e-6)
    np.testing.assert_allclose(
        np.vstack([model.predict_proba([text]) for text in texts]), together, atol=1e-6
    )


@pytest.mark.parametrize("method", METHODS)
def test_threads_get_what_one_gets(saved, method):
    """Four threads on one model at once, batches and single texts: each has the scores of one thread alone."""
    model = saved[method][1]
    texts = [*small_data(60, seed=5)[0], *EDGE_TEXTS]
    batches = [texts[i::4] for i in range(4)]
    expected = [model.predict_proba(batch) for batch in batches]
    singles = [model.predict_proba(batch[:1]) for batch in batches]
    wrong: list[int] = []
    barrier = threading.Barrier(4)

    def work(k):
        barrier.wait()
        for _ in range(5):
            if not np.array_equal(model.predict_proba(batches[k]), expected[k]):
                wrong.append(k)
            if not np.array_equal(model.predict_proba(batches[k][:1]), singles[k]):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_long_texts_do_not_fill_the_memory(saved, monkeypatch):
    """Texts are cut into runs by their characters as well: few long ones are scored at a time."""
    model = saved["linear"][1]
    seen = []
    scorer = model._scorer
    monkeypatch.setattr(
        model, "_scorer", lambda texts: seen.append(sum(map(len, texts))) or scorer(texts)
    )
    texts = ["good " * 20_000] * 25
    probs = model.predict_proba(texts)
    assert max(seen) <= 1_000_000
    assert len(seen) == 3
    np.testing.assert_array_equal(probs, np.tile(probs[0], (25, 1)))
