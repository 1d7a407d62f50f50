"""Which labels are one label written in several ways, and which only look like it."""

from __future__ import annotations

import time

import pytest

from assay.data.spellings import find_spellings, merge_spellings
from assay.data.texts import LabelledTexts


@pytest.mark.parametrize(
    ("counts", "label", "proposed", "kind"),
    [
        ({"pos": 3, "Pos": 1}, "Pos", "pos", "case"),
        ({"Straße": 1, "STRASSE": 3}, "Straße", "STRASSE", "case"),
        ({"out of scope": 3, "out  of scope": 1}, "out  of scope", "out of scope", "space"),
        ({"out of scope": 3, "outofscope": 1}, "outofscope", "out of scope", "space"),
        ({"1.0": 3, "1": 1, "0": 3}, "1", "1.0", "number"),
        ({"001": 3, "1": 1, "0": 3}, "1", "001", "number"),
        ({"true": 3, "TRUE": 2}, "TRUE", "true", "case"),
        ({"İade": 3, "iade": 1}, "iade", "İade", "characters"),
        ({"ｐｏｓ": 1, "pos": 2}, "ｐｏｓ", "pos", "characters"),
        ({"billing": 100, "biling": 2}, "biling", "billing", "typo"),
        ({"billing": 100, "bililng": 1}, "bililng", "billing", "typo"),
        ({"billing": 100, "billong": 1}, "billong", "billing", "typo"),
        ({"refund card": 100, "refudn card": 1}, "refudn card", "refund card", "typo"),
        ({"환불요청": 100, "환불요쳥": 1}, "환불요쳥", "환불요청", "typo"),
        ({"Feature": 41, "Featrue": 3}, "Featrue", "Feature", "typo"),
        ({"배송": 55, "베송": 1}, "베송", "배송", "typo"),
        ({"food, drink": 9, "food,_drink": 2}, "food,_drink", "food, drink", "characters"),
        ({"🤖 robotics": 9, "🤖_robotics": 2}, "🤖_robotics", "🤖 robotics", "characters"),
        ({"로봇 🤖": 9, "로봇-🤖": 2}, "로봇-🤖", "로봇 🤖", "characters"),
    ],
)
def test_find_spellings_proposes_the_frequent_one(counts, label, proposed, kind):
    """What differs only in case, space, number form or a typo is one label."""
    (found,) = find_spellings(counts)
    assert (found.label, found.proposed_label, found.kind) == (label, proposed, kind)
    assert found.n_texts == counts[label]


@pytest.mark.parametrize(
    "counts",
    [
        {"cat": 100, "car": 1},
        {"positive": 100, "negative": 90},
        {"billing": 100, "biling": 60},
        {"billing": 10, "biling": 1},
        {"class A": 100, "class B": 1},
        {"level 12": 100, "level 13": 1},
        {"typical": 100, "atypical": 1},
        {"happy": 100, "nappy": 1},
        {"긍정": 100, "부정": 1},
        {"배송": 100, "배상": 1},
        {"개": 100, "게": 1},
        {"billing": 100, "biling": 11},
        {"male": 100, "female": 1},
        {"A1": 100, "A2": 1},
        {"v1": 100, "v2": 1},
        {"2019": 100, "2020": 1},
        {"quarter Q1": 100, "quarter Q2": 1},
        {"A": 100, "A-": 100, "A+": 100},
        {"1": 3, "1.5": 3},
        {"x<-1": 3, "x<1": 3},
        {"stare": 100, "store": 100, "stire": 1},
        {},
    ],
)
def test_find_spellings_leaves_other_labels_alone(counts):
    """Short words, digits, first letters, frequent neighbours and two candidates are no typos."""
    assert find_spellings(counts) == ()


def test_find_spellings_keeps_given_names():
    """A name that was given is proposed however rare it is, and is never a typo."""
    (found,) = find_spellings({"POS": 100, "pos": 1}, preferred=["pos"])
    assert (found.label, found.proposed_label) == ("POS", "pos")
    assert find_spellings({"billing": 100, "biling": 1}, preferred=["billing", "biling"]) == ()


def test_merging_prefers_the_spelling_of_a_model():
    """Also where no text of the file has it, and another one is frequent."""
    labelled = {"all": LabelledTexts(("a", "b", "c"), ("BILLING", "BILLING", "neg"), (1, 2, 3))}
    merged, mended = merge_spellings(labelled, preferred=["billing", "Neg", "login"])
    assert merged["all"].labels == ("billing", "billing", "Neg")
    assert [one.n_rows for one in mended] == [2, 1]


def test_find_spellings_proposes_no_label_that_is_merged_itself():
    """A typo in another case leads to the frequent label at once."""
    found = {
        one.label: one.proposed_label
        for one in find_spellings({"billing": 99, "biling": 1, "Biling": 2})
    }
    assert found == {"biling": "billing", "Biling": "billing"}


def test_find_spellings_takes_many_labels():
    """The time grows with the number of labels and not with its square."""
    started_s = time.perf_counter()
    assert find_spellings({f"category number {i}": 30 for i in range(5000)}) == ()
    assert time.perf_counter() - started_s < 20


def test_merge_spellings_lists_what_it_changed():
    """Each spelling is listed with its rows, split by split."""
    texts = LabelledTexts(("a", "b", "c"), ("pos", "Pos", "neg"), (2, 3, 4))
    merged, mended = merge_spellings({"train": texts, "test": LabelledTexts(("d",), ("pos",))})
    assert merged["train"].labels == ("pos", "pos", "neg")
    assert [(rows.split, rows.reason, rows.lines) for rows in mended] == [
        ("train", "'Pos' → 'pos'", (3,))
    ]
