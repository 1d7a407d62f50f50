"""Tests of assay.maps.points: which texts are drawn, and whose features."""

from dataclasses import replace

import numpy as np
import pytest

from assay.data.labels import LabelSet
from assay.data.several_texts import SeveralLabelledTexts
from assay.data.texts import LabelledTexts, Splits
from assay.maps import points
from assay.maps.points import label_positions, map_split
from assay.progress import Progress

N_TEXTS = 60


@pytest.fixture
def splits():
    """One split of two labels, one of them three times as frequent."""
    texts = tuple(f"text {i}" for i in range(N_TEXTS))
    labels = tuple("joy" if i % 4 else "fear" for i in range(N_TEXTS))
    train = LabelledTexts(texts, labels, tuple(range(2, N_TEXTS + 2)))
    return Splits({"train": train}, LabelSet(("fear", "joy")), source="memory")


@pytest.fixture
def encoded(monkeypatch):
    """Replace the transformer: a text's feature is its number. Returns the texts it was given."""
    given = []

    class Encoder:
        def __init__(self, checkpoint, *, pooling):
            self.resolved = type("Resolved", (), {"name": checkpoint})
            self.pooling = pooling

    def features(encoder, texts, *, progress):
        given.extend(texts)
        return np.array([[float(text.split()[1]), 0.0] for text in texts])

    monkeypatch.setattr("assay.checkpoints.frozen.FrozenEncoder", Encoder)
    monkeypatch.setattr(points, "cached_features", features)
    monkeypatch.setattr(points, "find_cached", lambda encoder, texts: None)
    monkeypatch.setattr(points, "project", lambda features, *, seed: features)
    return given


def draw(splits, **options):
    """Map the train split."""
    return map_split(splits, "train", checkpoint="tiny", seed=0, progress=Progress(), **options)


def test_small_split_is_drawn_whole(splits, encoded):
    """Every text has its point, label and line, in row order."""
    drawn = draw(splits)
    assert drawn["points"][:, 0].tolist() == list(range(N_TEXTS))
    assert drawn["rows"] == list(splits["train"].lines)
    assert drawn["label_ids"].tolist() == splits.label_set.ids(splits["train"].labels).tolist()
    assert (drawn["split"], drawn["checkpoint"], drawn["n_texts"]) == ("train", "tiny", N_TEXTS)


def test_features_of_train_and_validation_together_are_found(splits, encoded, monkeypatch):
    """A run that judges out of fold has these in the cache, train first: nothing is encoded again."""
    held_out = LabelledTexts(("text 900", "text 901"), ("joy", "fear"))
    both = replace(splits, parts={**splits.parts, "validation": held_out})
    kept = [*splits["train"].texts, *held_out.texts]

    def find(encoder, texts):
        return np.arange(2.0 * len(kept)).reshape(-1, 2) if list(texts) == kept else None

    monkeypatch.setattr(points, "find_cached", find)
    assert draw(both)["points"].tolist() == [[2.0 * i, 2.0 * i + 1] for i in range(N_TEXTS)]
    assert encoded == []
    draw(splits)
    assert len(encoded) == N_TEXTS


def test_large_split_is_sampled_with_the_shares_of_its_labels(splits, encoded):
    """Only the texts that are drawn are encoded, and labels keep their shares."""
    drawn = draw(splits, max_points=20)
    assert len(encoded) == len(drawn["rows"]) == 20
    assert np.bincount(drawn["label_ids"]) == pytest.approx([5, 15], abs=1)
    assert drawn["n_texts"] == N_TEXTS
    assert drawn["points"][:, 0].tolist() == [row - 2 for row in drawn["rows"]]


def test_features_of_the_whole_split_are_used_if_they_are_cached(splits, encoded, monkeypatch):
    """A run has encoded all texts already: nothing is encoded again."""
    whole = np.column_stack([np.arange(N_TEXTS) * 10.0, np.zeros(N_TEXTS)])
    monkeypatch.setattr(points, "find_cached", lambda encoder, texts: whole)
    drawn = draw(splits, max_points=20)
    assert encoded == []
    assert drawn["points"][:, 0].tolist() == [10.0 * (row - 2) for row in drawn["rows"]]


def test_texts_with_several_labels_have_a_row_of_zeros_and_ones(encoded):
    """All of them, or a sample in which every label is."""
    texts = tuple(f"text {i}" for i in range(N_TEXTS))
    labels = tuple(("fear", "joy")[i % 2 : 1 + (i % 3 > 0)] for i in range(N_TEXTS))
    train = SeveralLabelledTexts(texts, labels, tuple(range(2, N_TEXTS + 2)))
    splits = Splits({"train": train}, LabelSet(("fear", "joy"), "multi"), source="memory")
    whole = draw(splits)
    assert whole["label_ids"].tolist() == splits.label_set.encode(labels).tolist()
    assert label_positions(whole["label_ids"])[:4] == [[0], [1], [0, 1], []]
    few = draw(splits, max_points=20)
    rows = [line - 2 for line in few["rows"]]
    assert few["label_ids"].tolist() == splits.label_set.encode([labels[i] for i in rows]).tolist()
    assert few["label_ids"].any(axis=0).all()
