"""Colours of the maps: what a label is suspected of comes from models that did not see its text."""

import numpy as np
import pytest

from assay.audit.issues import Issue
from assay.data.labels import LabelSet
from assay.data.several_texts import SeveralLabelledTexts
from assay.data.texts import LabelledTexts, Splits
from assay.review.guesses import Known
from assay.review.map_colours import colour_by_labels, map_suspects
from assay.review.suspects import Nearest, find_suspects


@pytest.fixture
def features():
    """Two groups of 30 texts each, far apart."""
    rng = np.random.default_rng(0)
    return (rng.normal(size=(60, 8)) + 6 * (np.arange(60) % 2)[:, None]).astype(np.float32)


def test_planted_wrong_labels_are_the_most_suspect(features):
    """Two of 40 labels are wrong: a model that did not see them says so, and of no other."""
    labels = [["a", "b"][i % 2] for i in range(40)]
    labels[3], labels[8] = "a", "b"
    known = Known(np.arange(40), tuple((label,) for label in labels))
    found = colour_by_labels(features, known, order=("b", "a", "c"))
    assert list(found) == ["label", "right", "suspicion"]
    assert found["label"]["names"] == ["b", "a", "c"]
    assert found["label"]["places"][:4] == [1, 0, 1, 1]
    assert found["label"]["places"][40:] == [None] * 20
    differs = found["right"]["names"].index("differs")
    assert [i for i, one in enumerate(found["right"]["places"]) if one == differs] == [3, 8]
    suspicion = np.array(found["suspicion"]["places"], dtype=float)
    assert set(np.argsort(-suspicion)[:2]) == {3, 8}
    assert ((suspicion >= 0) & (suspicion <= 1)).all()


def test_several_labels_are_right_where_all_are(features):
    """One label that is missing makes a text suspect."""
    labels = [("a", "b") if i % 2 else ("a",) for i in range(40)]
    labels[5] = ("a",)
    known = Known(np.arange(40), tuple(labels), several=True)
    found = colour_by_labels(features, known)
    assert found["labels"]["names"] == ["a", "b"]
    assert found["labels"]["places"][:3] == [[0], [0, 1], [0]]
    assert found["labels"]["places"][40:] == [None] * 20
    assert "label" not in found
    assert [i for i, one in enumerate(found["right"]["places"]) if one == 1] == [5]
    assert int(np.argmax(np.array(found["suspicion"]["places"][:40], dtype=float))) == 5


def test_few_labels_are_all_that_is_known(features):
    """Without a model nothing is right or wrong."""
    known = Known(np.arange(3), (("a",), ("b",), ("a",)))
    assert list(colour_by_labels(features, known)) == ["label"]


def test_rows_of_an_audit_are_among_others(features):
    """These have no name: they are there to look at, and nobody proposes another label for them."""
    texts = tuple(f"text number {i} of {'this' if i % 2 else 'that'}" for i in range(30))
    labels = tuple("ab"[i % 2] for i in range(30))
    data = LabelledTexts(texts, labels, tuple(range(2, 32)))
    splits = Splits({"train": data}, LabelSet(("a", "b")), source="s")
    issues = [
        Issue("wrong_label", "train", 4, texts[2], "a", "b", score=0.9),
        Issue("near_duplicate", "train", 5, texts[3], "b", score=0.97, group=1),
    ]
    found = map_suspects(find_suspects(issues), Nearest(splits), splits.label_set)
    assert len(found["x"]) == 30
    assert found["name"] == ["train 4", "train 5", *[""] * 28]
    right = found["colours"]["right"]
    assert [right["names"][one] for one in right["places"][:3]] == ["differs", "else", "agrees"]
    assert found["colours"]["suspicion"]["places"][:3] == [0.9, None, None]


def test_rows_of_several_labels_are_looked_at_by_one(features):
    """A label with a comma is one, and a text may have none."""
    names = ("a, b", "c")
    sets = (("a, b", "c"), (), ("c",), *[("c",)] * 9)
    texts = tuple(f"text number {i} of this" for i in range(len(sets)))
    label_set = LabelSet(names, "multi")
    data = SeveralLabelledTexts(texts, sets, tuple(range(2, 2 + len(sets))))
    splits = Splits({"train": data}, label_set, source="s")
    issues = [
        Issue("missing_label", "train", 3, texts[1], "[]", label_set.write_label(["c"]), score=0.9),
        Issue("extra_label", "train", 2, texts[0], label_set.write_label(names), "[]", score=0.8),
    ]
    found = map_suspects(find_suspects(issues), Nearest(splits), label_set)
    by_label = found["colours"]["labels"]
    assert by_label["names"] == ["c", "a, b"]
    assert by_label["places"][:2] == [[], [1, 0]]
