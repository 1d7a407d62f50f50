"""What is said of the labels: how many are suspect, to whom, and how far that is to be believed."""

from dataclasses import replace

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
    assert check.n_left_out == {"train": 0, "test": 0}
    assert check.n_suspects["train"] >= 4
    assert check.describe() == (
        f"{check.n_suspects['train']} of 80 labels of train are suspected to be wrong by linear models that did not see these "
        "texts and agree with 95% of the labels. How many of those listed are wrong cannot be "
        "estimated here: some may just be hard texts."
    )


def test_labels_that_no_other_text_has_are_counted():
    """They cannot be judged, so that the numbers do not add up without them."""
    whole = splits(0)
    train = whole["train"]
    lone = LabelledTexts((*train.texts, "odd one"), (*train.labels, "lone"))
    data = Splits({"train": lone}, LabelSet((*LABELS, "lone")), source="memory")
    check, _ = check_labels(data, method="linear", seed=0, progress=Progress())
    assert (check.n_judged, check.n_left_out) == ({"train": 80}, {"train": 1})
    assert check.describe().endswith("1 label of train that no other text has was not judged.")


@pytest.mark.parametrize("is_several", [False, True])
def test_share_at_its_bound_is_not_given(is_several):
    """At most all of them are wrong, which is known before."""
    check = LabelCheck(
        "linear",
        "train",
        {"train": 800},
        {"train": 50},
        agreement={"train": 0.61},
        expected_wrong=0.996,
        is_several=is_several,
    )
    assert "100%" not in check.describe()
    assert "are wrong cannot be estimated here" in check.describe()
    below = replace(check, expected_wrong=0.994)
    assert "about 99%" in below.describe()
    few = replace(below, n_suspects={"train": 49})  # of 15 that were all wrong, 53 % were expected
    assert "99%" not in few.describe()


def test_without_suspects_no_label_is_called_wrong():
    """How many of few doubtful labels are wrong is not known: of 22 that were called right, 16 were not."""
    counts = ({"train": 100}, {"train": 0}, {"train": 12})
    check = LabelCheck("linear", "train", *counts, agreement={"train": 0.61})
    assert check.describe() == (
        "No label of train is called wrong: linear models that did not see these texts agree with "
        "61% of the 100 labels. How many of the 12 labels worth a look are wrong cannot be "
        "estimated here: read them."
    )
    assert replace(check, n_doubtful={"train": 50}).describe() == (
        "No label of train is called wrong: linear models that did not see these texts agree with "
        "61% of the 100 labels. By a rough estimate with planted wrong labels, most of the 50 that "
        "are worth a look are right: the texts are hard."
    )
    assert replace(check, n_doubtful={"train": 0}).describe() == (
        "No label of train is called wrong or worth a look: linear models that did not see these "
        "texts agree with 61% of the 100 labels."
    )


@pytest.mark.parametrize("n_doubtful", [0, 90])
def test_models_that_know_little_call_no_label_right(n_doubtful):
    """With random labels none was worth a look, or most of those that were, were called right."""
    counts = ({"train": 240}, {"train": 0}, {"train": n_doubtful})
    check = LabelCheck("linear", "train", *counts, agreement={"train": 0.25})
    assert check.describe() == (
        "Which labels of train are wrong cannot be told: linear models that did not see these "
        "texts agree with 25% of the 240 labels, too few to tell a wrong label from a hard text."
    )


def test_automatic_judges_are_linear_alone_where_it_is_strong():
    """A second judge would cost time and tell nothing more."""
    check, _ = check_labels(splits(4), method="auto", seed=0, progress=Progress())
    assert check.method == "linear"


def test_a_weak_linear_gets_a_second_judge(monkeypatch):
    """Both judge together where linear agrees with few labels; a judge that is not there is left out."""
    from assay.errors import MissingDependencyError
    from assay.evaluation import judges

    asked = []
    by_folds = judges.judge_by_folds

    def judge(data, method, **given):
        asked.append(method)
        if method == "features" and is_missing:
            raise MissingDependencyError("no checkpoint")
        found = by_folds(data, "linear", **given)
        return replace(found, methods=(method,))

    monkeypatch.setattr(judges, "judge_by_folds", judge)
    is_missing = False
    check, _ = check_labels(splits(30), method="auto", seed=0, progress=Progress())
    assert (asked, check.method) == (["linear", "features"], "linear + features")
    is_missing = True
    check, _ = check_labels(splits(30), method="auto", seed=0, progress=Progress())
    assert check.method == "linear"


def test_labels_that_were_not_checked_are_said():
    """Nothing is left out in silence."""
    check, issues = check_labels(splits(0), method=None, seed=0, progress=Progress())
    assert (check.describe(), issues) == ("Labels were not checked: not asked for.", [])
