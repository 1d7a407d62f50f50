"""Misspelled labels are one kind of finding, not two: models judge labels in their usual spelling."""

from __future__ import annotations

import random
from dataclasses import replace

from assay.audit.checks import audit_data
from assay.audit.issues import Issue
from assay.audit.label_check import LabelCheck
from assay.audit.spelled_labels import with_usual_spellings, without_spellings
from assay.data.labels import LabelSet
from assay.data.several_texts import SeveralLabelledTexts
from assay.data.texts import LabelledTexts, Splits

WORDS = {
    "billing": ["invoice", "charge", "refund", "money", "card"],
    "login": ["password", "account", "sign", "locked", "code"],
}
SPELLED = {"billing": ("Billing", "biling"), "login": ("Login", "logim")}


def _text(label, draw, number):
    return f"{' '.join(draw.sample(WORDS[label], 3))} item{number}"


def test_a_topic_is_not_proposed_beside_its_own_misspelling():
    """Where texts have several labels, the spelling is proposed once, as a spelling."""
    draw, texts, labels = random.Random(0), [], []
    for i in range(160):
        label = ("billing", "login")[i % 2]
        texts.append(_text(label, draw, i))
        written = SPELLED[label][i % 4 // 2] if i % 23 == 5 else label
        labels.append((written,))
    texts.append("invoice charge")
    labels.append(("Billing", "billing"))
    names = LabelSet.from_labels({one for own in labels for one in own})
    splits = Splits(
        {"train": SeveralLabelledTexts(tuple(texts), tuple(labels))},
        LabelSet(names.names, "multi"),
        source="memory",
    )
    found = audit_data(splits, method="linear")
    kinds = {kind for kind, n in found.counts().items() if n}
    assert "label_spelling" in kinds
    assert kinds.isdisjoint({"missing_label", "extra_label"})
    assert found.labels == splits.label_set.names
    assert found.label_check.n_judged == {"train": 161}


def test_a_wrong_label_is_shown_as_it_is_written():
    """A misspelled label that is wrong besides keeps the spelling of its row."""
    draw, texts, labels = random.Random(1), [], []
    for i in range(200):
        label = ("billing", "login")[i % 2]
        texts.append(_text(label, draw, i))
        labels.append("Login" if i == 100 else label)
    splits = Splits(
        {"train": LabelledTexts(tuple(texts), tuple(labels))},
        LabelSet.from_labels(labels),
        source="memory",
    )
    suspects = [
        one for one in audit_data(splits, method="linear").issues if one.kind == "wrong_label"
    ]
    assert [(one.row, one.label, one.proposed_label) for one in suspects] == [
        (101, "Login", "billing")
    ]


def test_data_without_misspellings_are_the_same_object():
    """Nothing is copied for the usual case."""
    splits = Splits(
        {"train": LabelledTexts(("a", "b"), ("x", "y"))}, LabelSet(("x", "y")), source="memory"
    )
    assert with_usual_spellings(splits) is splits


def test_suspects_of_a_run_leave_out_spellings_and_are_counted_so():
    """There, models had learnt the misspelled label as one of its own."""
    labels = ("pos", "pos", "Pos", "neg", "neg")
    splits = Splits(
        {"train": LabelledTexts(tuple("abcde"), labels)},
        LabelSet(("Pos", "neg", "pos")),
        source="memory",
    )
    issues = [
        Issue(
            kind="wrong_label", split="train", row=3, text="t", label="Pos", proposed_label="pos"
        ),
        Issue(
            kind="doubtful_label", split="train", row=2, text="t", label="pos", proposed_label="Pos"
        ),
        Issue(
            kind="wrong_label", split="train", row=1, text="t", label="pos", proposed_label="neg"
        ),
    ]
    whole = LabelCheck(
        split="train", n_suspects={"train": 2}, n_doubtful={"train": 1}, expected_wrong=0.8
    )
    check, kept = without_spellings(whole, issues, splits)
    assert kept == issues[2:]
    assert (check.n_suspects, check.n_doubtful) == ({"train": 1}, {"train": 0})
    assert check.expected_wrong == 0.8
    none_left, _ = without_spellings(replace(whole, n_suspects={"train": 1}), issues[:2], splits)
    assert (none_left.n_suspects, none_left.expected_wrong) == ({"train": 0}, 0.0)
