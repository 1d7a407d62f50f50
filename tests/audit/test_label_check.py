"""What is said of the labels: how many are suspect, to whom, and how far that is to be believed."""

import pytest

from assay.audit.label_check import LabelCheck, check_labels
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts, Splits
from assay.progress import Progress

LABELS = LabelSet(("joy", "sadness"))


def splits(n_wrong):
    """Make data that a linear model tells apart, but for some labels of train that are turned round."""
    texts = [f"{'good' if i % 2 else 'bad'} day number {i}" for i in range(80)]
    labels = ["joy" if i % 2 else "sadness" for i in range(80)]
    for i in range(n_wrong):
        labels[i] = "sadness" if labels[i] == "joy" else "joy"
    test = LabelledTexts(("good night", "bad night", "good year"), ("joy", "joy", "joy"))
    return Splits(
        {"train": LabelledTexts(tuple(texts), tuple(labels)), "test": test}, LABELS, source="memory"
    )


def test_agreement_is_the_share_of_labels_that_are_predicted():
    """Four of eighty labels turned round.

    The models agree with the others, and suspect these four first.
    """
    check, issues = check_labels(splits(4), method="linear", seed=0, progress=Progress())
    assert check.agreement["train"] == pytest.approx(76 / 80)
    assert check.agreement["test"] == pytest.approx(2 / 3)
    assert {issue.row for issue in issues if issue.split == "train"} >= {1, 2, 3, 4}
    assert check.n_judged == {"train": 80, "test": 3}
    assert check.describe() == (
        f"{check.n_suspects['train']} of 80 labels of train are suspect to linear models that did not see these texts "
        "and agree with 95% of the labels."
    )


def test_weak_models_say_so():
    """Where models agree with few labels, suspects are mostly their own mistakes."""
    check = LabelCheck("linear", "train", {"train": 100}, {"train": 30}, {"train": 0.61})
    assert check.describe().endswith(
        "agree with 61% of the labels; models this weak mostly suspect hard texts."
    )


def test_labels_that_were_not_checked_are_said():
    """Nothing is left out in silence."""
    check, issues = check_labels(splits(0), method=None, seed=0, progress=Progress())
    assert (check.describe(), issues) == ("Labels were not checked: not asked for.", [])
