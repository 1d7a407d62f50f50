"""Whatever the labels are called and however they are ordered: each score stays under its own name, everywhere."""

import csv
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from _support.small_models import EDGE_TEXTS, METHODS, small_data, small_estimator
from _support.small_runs import write_rows
from assay.batch import predict_file
from assay.data import load_data
from assay.data.labels import LabelSet, natural_sort
from assay.evaluation.scoring import score_split
from assay.models import save_model
from assay.recipes.evaluate import evaluate_model
from assay.recipes.steps.prepare import DataOptions
from assay.recipes.train import train_model
from assay.runtime import load_model

INTEGERS = tuple(str(i) for i in range(12))
KINDS = {
    "integer-like": INTEGERS,
    "zero-padded and signed": ("07", "7", "-7", "+7", "7.0", "007"),
    "more than eleven": tuple(f"class {i}" for i in range(13)),
    "commas": ("a", "a,b", "a,b,c", "b", ",", ",,"),
    "quotes": ('"', '""', "'", 'say "no"', "it's", "\\"),
    "Korean": ("기쁨", "슬픔", "화남, '분노'", "배송 지연", "한", "한글"),
    "case and blanks": ("Joy", "joy", "JOY", "joy joy", "j oy", "joy\u00a0joy"),
    "words of tables": ("null", "nan", "true", "None", "label", "text"),
    "formulas": ("=1+1", "@x", "-x", "+x", "|", ";"),
}
NAMES = (
    st.integers(-30, 30).map(str)
    | st.sampled_from([name for names in KINDS.values() for name in names])
    # numpy's strings end at a null character, and a lone surrogate is no text that a file can hold
    | st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=8).filter(
        str.strip
    )
)
ORDERS = st.lists(NAMES, min_size=2, max_size=14, unique=True)


def distinct_texts(names):
    """Make two texts per name, of a word that no other name has, the later names more often: name -> its word."""
    words = {name: f"word{chr(97 + i)}" for i, name in enumerate(names)}
    rows = [
        (f"{words[name]} {words[name]}", name) for i, name in enumerate(names) for _ in range(i + 2)
    ]
    return words, [text for text, _ in rows], [name for _, name in rows]


def several_texts(n_labels):
    """Make texts, each with words of its labels, of which it may have none: texts and numbers of labels.

    Each label is rarer than the one before, and its word says less, so that thresholds differ.
    """
    rng = np.random.default_rng(0)
    has = rng.random((160, n_labels)) < 0.5 / np.arange(1, n_labels + 1)
    shows = has ^ (rng.random(has.shape) < 0.06 * np.arange(n_labels))
    texts = [
        " ".join([*(f"word{chr(97 + i)}" for i in np.flatnonzero(row)), "day", f"n{number}"])
        for number, row in enumerate(shows)
    ]
    return texts, [np.flatnonzero(row).tolist() for row in has]


@settings(max_examples=25, deadline=None)
@given(ORDERS)
@example(list(INTEGERS))
@example(["10", "9", "1"])
def test_saved_scores_stay_under_their_names(names):
    """In any order of any names: the loaded model lists that order, and each column is the estimator's of that name."""
    words, texts, labels = distinct_texts(names)
    probes = [*words.values(), "", "nothing known"]
    for method in ("majority", "linear"):
        estimator = small_estimator(method).fit(texts, labels, single_label=True)
        with TemporaryDirectory() as folder:
            save_model(estimator, Path(folder) / "model", label_set=LabelSet(tuple(names)))
            model = load_model(Path(folder) / "model")
        assert model.labels == tuple(names)
        probs = model.predict_proba(probes)
        columns = [list(estimator.classes_).index(name) for name in names]
        np.testing.assert_allclose(probs, estimator.predict_proba(probes)[:, columns], atol=1e-5)
        np.testing.assert_allclose(probs.sum(axis=1), 1.0, atol=1e-12)
        if method == "majority":
            np.testing.assert_allclose(
                probs[0], np.arange(2, len(names) + 2) / len(texts), atol=1e-12
            )
        else:
            assert model.predict(list(words.values())) == names


@settings(max_examples=15, deadline=None)
@given(st.lists(NAMES, min_size=3, max_size=5, unique=True), st.randoms(use_true_random=False))
def test_order_of_several_labels_changes_nothing(names, random):
    """Labels that trade names, in any order, within texts too: each word speaks for its label as much as before."""
    texts, own = several_texts(len(names))
    scores, thresholds = [], []
    for order in (tuple(names), tuple(random.sample(names, len(names)))):
        labels = [tuple(random.sample([order[i] for i in row], len(row))) for row in own]
        held_out = (texts[80:], labels[80:])
        estimator = small_estimator("linear").fit(texts[:80], labels[:80], validation=held_out)
        label_set = LabelSet(tuple(random.sample(names, len(names))), "multi")
        with TemporaryDirectory() as folder:
            save_model(estimator, Path(folder) / "model", label_set=label_set)
            model = load_model(Path(folder) / "model")
        columns = [model.labels.index(name) for name in order]
        scores.append(model.predict_proba(texts[:20])[:, columns])
        thresholds.append(np.array(model.manifest.thresholds)[columns])
    np.testing.assert_allclose(scores[1], scores[0], atol=1e-5)
    np.testing.assert_allclose(thresholds[1], thresholds[0], atol=1e-9)
    assert len(set(thresholds[0].tolist())) > 1  # of equal ones, the order would tell nothing


@settings(max_examples=40, deadline=None)
@given(ORDERS)
def test_natural_order_is_the_default(names):
    """Without a given order the folder has numbers by their value, each name once."""
    _, texts, labels = distinct_texts(names)
    with TemporaryDirectory() as folder:
        majority = small_estimator("majority").fit(texts, labels, single_label=True)
        save_model(majority, Path(folder) / "model")
        assert load_model(Path(folder) / "model").labels == tuple(natural_sort(names))


def shuffled(names):
    """Return names in an order that no sorting gives."""
    return tuple(names[i] for i in np.random.default_rng(5).permutation(len(names)))


@pytest.mark.parametrize("kind", KINDS)
def test_order_of_labels_txt_reaches_every_output(tmp_path, kind):
    """From labels.txt over training to manifest, predictions in a table, scores by class and the confusion matrix."""
    names = shuffled(KINDS[kind])
    words, texts, labels = distinct_texts(names)
    for split in ("train", "validation", "test"):
        write_rows(tmp_path / f"{split}.csv", [f"{text} {split}" for text in texts], labels)
    (tmp_path / "labels.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    options = DataOptions(single_label=True)  # "a,b" is a name here
    result = train_model(tmp_path, tmp_path / "model", method="linear", options=options)
    manifest = json.loads((tmp_path / "model" / "assay.json").read_text(encoding="utf-8"))
    model = load_model(tmp_path / "model")
    assert tuple(result["labels"]) == tuple(manifest["labels"]) == model.labels == names
    (tmp_path / "in.txt").write_text(
        "".join(f"{word}\n" for word in words.values()), encoding="utf-8"
    )
    predict_file(model, tmp_path / "in.txt", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        head, *rows = list(csv.reader(stream))
    assert head == [
        "text",
        "predicted_label",
        "predicted_score",
        *(f"score:{name}" for name in names),
    ]
    assert [int(np.argmax([float(cell) for cell in row[3:]])) for row in rows] == list(
        range(len(names))
    )
    scores = evaluate_model(tmp_path / "model", load_data(tmp_path, single_label=True)).scores
    assert [one.label for one in scores.per_class] == list(names)
    assert [one.n_texts for one in scores.per_class] == list(range(2, len(names) + 2))
    np.testing.assert_array_equal(scores.confusion, np.diag(np.arange(2, len(names) + 2)))


@pytest.mark.parametrize("kind", KINDS)
def test_predicted_labels_come_back_from_every_format(tmp_path, kind):
    """The name that is written is the name that is read again, through the reader that training uses."""
    names = shuffled(KINDS[kind])
    words, texts, labels = distinct_texts(names)
    save_model(
        small_estimator("linear").fit(texts, labels, single_label=True),
        tmp_path / "model",
        label_set=LabelSet(names),
    )
    model = load_model(tmp_path / "model")
    source = write_rows(tmp_path / "in.csv", words.values(), names)
    for suffix in ("csv", "jsonl", "parquet"):
        # Guarded cells, which is the default of tables, are another spelling of the label.
        predict_file(model, source, tmp_path / f"out.{suffix}", guard=False)
        again = load_data(
            tmp_path / f"out.{suffix}",
            text_column="text",
            label_column="predicted_label",
            single_label=True,
        )["all"]
        assert again.labels == names, suffix


@pytest.mark.parametrize("method", METHODS)
def test_given_order_holds_for_every_method(tiny_bert, tmp_path, method):
    """Thirteen names in an order of their own: numpy, or the network with its last layer reordered, says the same."""
    names = shuffled((*INTEGERS, '슬픔, "분노"'))
    texts, labels = small_data(60, labels=names)
    estimator = small_estimator(method, tiny_bert, n_epochs=1).fit(texts, labels, single_label=True)
    save_model(estimator, tmp_path / "model", label_set=LabelSet(names))
    model = load_model(tmp_path / "model")
    assert model.labels == names
    columns = [list(estimator.classes_).index(name) for name in names]
    assert columns != sorted(columns)
    probes = [*texts[:10], *EDGE_TEXTS]
    np.testing.assert_allclose(
        model.predict_proba(probes), estimator.predict_proba(probes)[:, columns], atol=1e-5
    )


@pytest.fixture(scope="module")
def every_model(tiny_bert, tmp_path_factory):
    """Save a small model of each method: method -> loaded model."""
    root = tmp_path_factory.mktemp("order")
    texts, labels = small_data(60, labels=INTEGERS)
    for method in METHODS:
        save_model(
            small_estimator(method, tiny_bert, n_epochs=1).fit(texts, labels, single_label=True),
            root / method,
        )
    return {method: load_model(root / method) for method in METHODS}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=4))
def test_probabilities_of_any_texts_sum_to_one(every_model, texts):
    """Every method, any texts: scores from 0 to 1, rows that sum to 1, the predicted name has the highest."""
    for model in every_model.values():
        probs = model.predict_proba(texts)
        assert probs.shape == (len(texts), 12)
        assert ((probs >= 0) & (probs <= 1)).all()
        np.testing.assert_allclose(probs.sum(axis=1), 1.0, atol=1e-12)
        assert model.predict(texts) == [model.labels[i] for i in probs.argmax(axis=1)]


def test_scores_of_a_split_are_by_name(every_model):
    """Labels of a split are looked up by name: rows in the order of the model, whatever the data's own order is."""
    texts, labels = small_data(30, labels=INTEGERS, seed=3)
    splits = load_data((texts, labels), labels=shuffled(INTEGERS))
    one = score_split(every_model["linear"], splits["all"], seed=0)
    assert [every_model["linear"].labels[i] for i in one.label_ids] == labels
    assert [row.label for row in one.scores.per_class] == list(INTEGERS)
