"""Labelled texts compared with a model: its labels, and the splits that it was trained on."""

from dataclasses import replace

import pytest

from _support.small_models import small_data
from assay.data.labels import LabelSet
from assay.data.split import cut_missing
from assay.data.texts import LabelledTexts, Splits
from assay.errors import DataError
from assay.recipes.steps.known_data import check_labels, cut_as_trained
from assay.runtime.manifest import Manifest


@pytest.fixture(scope="module")
def alone():
    """Return a lone file of labelled texts."""
    texts, labels = small_data(80)
    labelled = LabelledTexts(tuple(texts), tuple(labels))
    return Splits({"all": labelled}, LabelSet(tuple(sorted(set(labels)))), source="d.csv")


@pytest.fixture(scope="module")
def manifest(alone):
    """Return the manifest of a model that was trained on the file, cut with seed 3."""
    train = cut_missing(alone, seed=3)["train"]
    return Manifest(
        method="linear",
        labels=alone.label_set.names,
        seed=3,
        training_data={"n_texts": len(train), "sha256": train.sha256()},
    )


def test_file_is_cut_as_it_was_for_training(alone, manifest):
    """The same rows are test again, which the model has not seen."""
    assert cut_as_trained(alone, manifest) == cut_missing(alone, seed=3)


def test_other_files_stay_whole(alone, manifest):
    """Another seed, or other texts, and the fingerprint of train is another one."""
    assert cut_as_trained(alone, replace(manifest, seed=4)) is alone
    labelled = alone["all"]
    changed = replace(labelled, texts=tuple(map(str.upper, labelled.texts)))
    other = replace(alone, parts={"all": changed})
    assert cut_as_trained(other, manifest) is other


def test_file_is_recognised_by_its_texts_where_labels_were_corrected(alone, manifest):
    """Training corrected a label of train; the file still has the old one."""
    train = cut_missing(alone, seed=3)["train"]
    facts = {"sha256": "of corrected labels", "texts_sha256": train.sha256(with_labels=False)}
    corrected = replace(manifest, training_data=facts)
    assert "test" in cut_as_trained(alone, corrected)


def test_data_with_splits_or_too_few_rows_stay_as_they_are(alone, manifest):
    """There is nothing to cut, or not enough to cut from."""
    cut = cut_missing(alone, seed=3)
    assert cut_as_trained(cut, manifest) is cut
    one = replace(alone, parts={"all": alone["all"].take([0])})
    assert cut_as_trained(one, manifest) is one


def test_unknown_labels_are_named_with_their_texts():
    """The message counts them, says what is known, and guesses what was meant."""
    labelled = LabelledTexts(("a", "b", "c", "d"), ("joi", "joi", "anger", "joy"))
    check_labels(labelled, ("joy", "joi", "anger"), where="the test split")
    with pytest.raises(
        DataError,
        match=r"^the test split has labels that the model does not know: 'joi' \(2 texts\); "
        r"it knows joy, anger\. Did you mean 'joy'\?",
    ):
        check_labels(labelled, ("joy", "anger"), where="the test split")


def test_only_some_of_many_labels_are_named():
    """Ten unknown ones, twenty known ones."""
    labels = tuple(f"new{i}" for i in range(13))
    labelled = LabelledTexts(labels, labels)
    with pytest.raises(DataError, match=r"'new9' \(1 text\) and 3 more; it knows old0,.* \.\.\."):
        check_labels(labelled, tuple(f"old{i}" for i in range(21)), where="train")


def test_hint_names_as_many_labels_as_the_message():
    """A file of another data set may have thousands of labels that are only written otherwise."""
    known = tuple(f"topic {i}" for i in range(30))
    labels = [*(name.upper() for name in known), "weather"]
    labelled = LabelledTexts(tuple(f"text {i}" for i in range(31)), tuple(labels))
    with pytest.raises(DataError) as caught:
        check_labels(labelled, known, where="d.csv")
    assert "'TOPIC 9' and 20 more; correct the others" in caught.value.hint
    assert "'TOPIC 10'" not in caught.value.hint
