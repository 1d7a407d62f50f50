"""The nearest training texts: those that a plain computation finds, from a file that anybody may have tampered with."""

import json
import shutil
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from _support.small_models import EDGE_TEXTS, small_data
from assay.data.labels import LabelSet
from assay.errors import InputError, ModelError
from assay.models import keep_texts
from assay.runtime import load_model
from assay.runtime import nearest as module
from assay.runtime.folder import read_folder
from assay.runtime.hashed_terms import TERMS
from assay.runtime.nearest import MAX_TEXT_CHARS, TrainingTexts
from assay.runtime.relabel import relabel_model
from assay.tokenization.words import RULE

WORDS = st.sampled_from(["happy", "sad", "행복해요", "i", "am", "not", "😀", "lovely", "love"])
TEXTS = st.lists(WORDS, max_size=6).map(" ".join)


@pytest.fixture
def folder(compact_folder, tmp_path):
    """Copy a model and let the copy keep its training texts."""
    copy = shutil.copytree(compact_folder, tmp_path / "kept")
    texts, labels = small_data()
    keep_texts(copy, texts, read_folder(copy).label_set.ids(labels).tolist())
    return copy


def terms_of(text):
    """Count terms as the definition has them, without hashes."""
    words, grams = TERMS[RULE].words(text), TERMS[RULE].characters(text)
    return Counter([("word", one) for one in words] + [("gram", one) for one in grams])


def cosines(text, references):
    """Compute the likeness of a text and each reference in plain Python."""
    counted = [terms_of(one) for one in references]
    holding = Counter(term for one in counted for term in one)
    n = len(references)

    def vector(terms):
        return {
            term: (1 + np.log(k)) * (np.log((1 + n) / (1 + holding[term])) + 1)
            for term, k in terms.items()
        }

    def length(one):
        return np.sqrt(sum(value**2 for value in one.values())) or 1.0

    own = vector(terms_of(text))
    return [
        sum(value * own.get(term, 0.0) for term, value in one.items()) / length(one) / length(own)
        for one in map(vector, counted)
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=12, unique=True), TEXTS, st.integers(1, 5))
def test_found_are_the_nearest_of_a_plain_computation(references, text, n):
    """The same likeness for the same texts, nearest first; nothing that shares no term."""
    expected = np.array(cosines(text, references))
    found = TrainingTexts.of(references, [0] * len(references)).find([text], n=n)[0]
    assert len(found) == min(n, int((expected > 1e-9).sum()))
    assert [similarity for _, similarity in found] == pytest.approx(
        np.sort(expected)[::-1][: len(found)], abs=1e-5
    )
    assert [expected[row] for row, _ in found] == pytest.approx(
        [similarity for _, similarity in found], abs=1e-5
    )


def test_long_texts_are_compared_a_portion_at_a_time(monkeypatch):
    """Memory is bounded by looking at so many entries of the index at once: the sums stay the same."""
    texts, _ = small_data(200)
    kept = TrainingTexts.of(texts, [0] * 200)
    long = " ".join(texts[:50])
    whole = kept.find([long, ""], n=5)
    monkeypatch.setattr(module, "POSTINGS_AT_ONCE", 100)
    assert [row for row, _ in kept.find([long], n=5)[0]] == [row for row, _ in whole[0]]
    assert whole[1] == []


def test_common_terms_weigh_nothing(monkeypatch):
    """What every tenth text holds says little of which is near: the rare word decides."""
    monkeypatch.setattr(module, "COMMON_TEXTS", 5)
    texts = [f"i feel so w{i}" for i in range(40)] + [
        "quokka and many other things of quite another kind today"
    ]
    found = TrainingTexts.of(texts, [0] * len(texts)).find(["i feel so quokka"], n=3)[0]
    assert texts[found[0][0]].startswith("quokka")
    assert len(found) == 1


def test_each_text_is_kept_once_a_label():
    """A duplicate is no second neighbour; the same text under another label is, for that is worth seeing."""
    kept = TrainingTexts.of(["a b", "a b", "a b", "c"], [0, 0, 1, 1])
    assert (kept.texts, kept.label_ids, kept.n_train) == (("a b", "a b", "c"), (0, 1, 1), 4)


def test_what_is_kept_is_bounded(monkeypatch):
    """Of more texts or characters than fit, evenly spaced ones; a long text ends with dots."""
    monkeypatch.setattr(module, "MAX_TEXTS", 10)
    kept = TrainingTexts.of([f"text {i}" for i in range(100)], list(range(100)))
    assert kept.texts == tuple(f"text {i}" for i in range(0, 100, 10))
    assert kept.label_ids == tuple(range(0, 100, 10))
    monkeypatch.setattr(module, "MAX_CHARS", 1_500)
    kept = TrainingTexts.of(["x" * 5_000, *(f"{i}" * 100 for i in range(10, 30))], [0] * 21)
    assert 0 < sum(map(len, kept.texts)) <= 1_500
    assert kept.n_train == 21
    assert TrainingTexts.of(["y" * 1_001], [0]).texts == ("y" * (MAX_TEXT_CHARS - 1) + "…",)


def test_saved_texts_come_back_as_they_were(tmp_path):
    """Any script, any line end, a lone surrogate; and the file can be read by a person."""
    kept = TrainingTexts.of(EDGE_TEXTS, [0] * len(EDGE_TEXTS))
    kept.save(tmp_path)
    assert TrainingTexts.load(tmp_path, label_set=LabelSet(("joy",))) == kept
    assert '["오늘 정말 행복해요", 0]' in (tmp_path / "training_texts.json").read_text(
        encoding="utf-8"
    )


def test_several_labels_come_back_as_they_were(tmp_path):
    """A list for each text, empty ones too; the first is `label`, and no other form is accepted."""
    kept = TrainingTexts.of(["so rude", "so fun", "so rude", "a day"], [(0, 2), [1], (0, 2), ()])
    assert kept.label_ids == ((0, 2), (1,), ())
    kept.save(tmp_path)
    names = ("mean", "fun", "loud")
    labels = LabelSet(names, "multi")
    assert TrainingTexts.load(tmp_path, label_set=labels) == kept
    rude, none = kept.neighbours(["rude", "day"], names, n=1)
    assert (rude[0].label, rude[0].labels) == ("mean", ("mean", "loud"))
    assert (none[0].label, none[0].to_dict()["labels"]) == (None, [])
    with pytest.raises(ModelError, match="a label that the model does not have; 0 to 1"):
        TrainingTexts.load(tmp_path, label_set=LabelSet(names[:2], "multi"))
    with pytest.raises(ModelError, match="a label that the model does not have"):
        TrainingTexts.load(tmp_path, label_set=LabelSet(names))
    TrainingTexts.of(["a"], [0]).save(tmp_path)
    with pytest.raises(ModelError, match="cannot be read"):
        TrainingTexts.load(tmp_path, label_set=labels)


def test_model_shows_its_nearest_texts_with_their_labels(folder):
    """Every method alike: its own training text is the nearest to itself, with the label that it has there."""
    texts, labels = small_data()
    model = load_model(folder)
    for found, text in zip(model.nearest(texts[:5], n=2), texts[:5], strict=True):
        assert (found[0].text, found[0].similarity) == (text, pytest.approx(1.0))
        assert found[0].label in {
            label for one, label in zip(texts, labels, strict=True) if one == text
        }
        assert len(found) == 2
    assert model.manifest.kept_texts == {"n_texts": len(model.training_texts.texts), "n_train": 60}


def test_scores_and_their_hash_do_not_depend_on_kept_texts(folder, compact_folder):
    """A model with its texts and one without are one model to whoever asks for scores."""
    with_texts, without = load_model(folder), load_model(compact_folder)
    assert with_texts.manifest.prediction_sha256() == without.manifest.prediction_sha256()
    assert with_texts.manifest.without_texts().to_dict() == without.manifest.to_dict()
    np.testing.assert_array_equal(
        with_texts.predict_proba(EDGE_TEXTS), without.predict_proba(EDGE_TEXTS)
    )


def test_model_that_keeps_none_says_so(compact_folder, folder):
    """An error with what to do; so is a lone text, and less than one neighbour."""
    with pytest.raises(InputError, match="the model keeps no training texts") as caught:
        load_model(compact_folder).nearest(["a"])
    assert "--keep-texts" in caught.value.hint
    model = load_model(folder)
    with pytest.raises(InputError, match="n is 0; a whole number of at least 1"):
        model.nearest(["a"], n=0)
    with pytest.raises(InputError, match="texts is one text"):
        model.nearest("a")
    names = {label: label.upper() for label in model.labels}
    with pytest.raises(InputError, match="the model keeps no training texts"):
        relabel_model(model, names).nearest(
            ["a"]
        )  # other label names: those of the texts are not known by them


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "cannot be read"),
        ("{}", "cannot be read"),
        ('{"n_train": 1, "rows": [["a"]]}', "cannot be read"),
        (
            '{"n_train": 1, "rows": [[1, 0]]}',
            "holds something else than texts of up to 1,000 characters",
        ),
        (
            json.dumps({"n_train": 1, "rows": [["a" * 1001, 0]]}),
            "holds something else than texts of up to 1,000",
        ),
        (
            '{"n_train": 1, "rows": [["a", 3]]}',
            "a label that the model does not have; 0 to 2 are accepted",
        ),
        ('{"n_train": 1, "rows": [["a", true]]}', "a label that the model does not have"),
        ('{"n_train": 0, "rows": [["a", 0]]}', "holds 1 texts of 0"),
        (
            json.dumps({"n_train": 60_000, "rows": [["a", 0]] * 50_001}),
            "up to 50,000, of 5,000,000 characters",
        ),
    ],
    ids=["no-json", "no-rows", "no-label", "number", "long", "label", "bool", "counts", "many"],
)
def test_broken_file_is_named(tmp_path, content, message):
    """Whatever the file holds: an error of the model, never a crash or a wrong label."""
    (tmp_path / "training_texts.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        TrainingTexts.load(tmp_path, label_set=LabelSet(("a", "b", "c")))


def test_manifest_that_lacks_the_counts_is_refused(folder):
    """assay.json says how many texts are kept of how many; without that it is broken."""
    path = folder / "assay.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, "kept_texts": {"n_texts": 3}}), encoding="utf-8")
    with pytest.raises(ModelError, match="kept_texts lacks its n_texts or n_train"):
        read_folder(folder)


def test_changed_texts_are_found_by_their_hash(folder):
    """The texts are hashed like every other file."""
    path = folder / "training_texts.json"
    path.write_bytes(path.read_bytes().replace(b"happy", b"hAppy"))
    with pytest.raises(ModelError, match=r"'training_texts.json' in .* has SHA-256"):
        read_folder(folder)
