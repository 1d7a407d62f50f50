"""What is proposed follows what was decided on the same text, or nearly the same."""

import pytest

from assay.audit.issues import Issue
from assay.review.proposals import Proposal, Proposals
from assay.review.suspects import find_suspects


def issue(kind, row, label, **more):
    """Return a finding about a row whose text is its number."""
    return Issue(kind, "all", row, f"text {row}", label, **more)


@pytest.fixture
def rows():
    """Two near twins with different labels, of which the audit wants to change both; two repeats; one alone."""
    found = find_suspects(
        [
            issue("wrong_label", 1, "joy", proposed_label="fear"),
            issue("wrong_label", 2, "fear", proposed_label="joy"),
            issue("near_duplicate", 1, "joy", group=1),
            issue("near_duplicate", 2, "fear", group=1),
            issue("conflict", 3, "joy", group=1),
            issue("conflict", 4, "fear", group=1),
            issue("near_duplicate", 5, "joy", group=2),
            issue("near_duplicate", 6, "fear", group=2),
            issue("wrong_label", 7, "joy", proposed_label="fear"),
        ]
    )
    return {one.issue.row: one for one in found}


def test_without_decisions_the_audit_proposes(rows):
    """Row by row, as its findings say."""
    found = {row: Proposals().of(one) for row, one in rows.items()}
    labels = {1: "fear", 2: "joy", 3: "", 4: "", 5: "", 6: "", 7: "fear"}
    assert {row: one.label for row, one in found.items()} == labels
    assert not any(one.is_decided for one in found.values())


def test_label_that_was_rejected_is_proposed_no_more(rows):
    """The first twin became fear: the other is fear already, and Enter must not make it joy."""
    assert Proposals([(rows[1], "fear")]).of(rows[2]) == Proposal("")
    assert Proposals([(rows[1], "anger")]).of(rows[2]) == Proposal("anger", is_decided=True)
    assert Proposals([(rows[1], "joy")]).of(rows[2]) == Proposal("joy", is_decided=True)


def test_same_text_gets_the_decided_label(rows):
    """Also where the audit has no proposal; nearly the same text gets none by that."""
    assert Proposals([(rows[3], "joy")]).of(rows[4]) == Proposal("joy", is_decided=True)
    assert Proposals([(rows[3], "fear")]).of(rows[4]) == Proposal("")
    assert Proposals([(rows[5], "joy")]).of(rows[6]) == Proposal("")
    assert Proposals([(rows[3], "joy")]).of(rows[7]).label == "fear"


def test_all_at_once_is_one_after_the_other(rows):
    """Twins do not swap their labels, and a row that follows another one follows its new label."""
    proposals = Proposals([(rows[3], "joy")])
    assert proposals.accept_all(rows.values()) == {"all 1": "fear", "all 4": "joy", "all 7": "fear"}
    assert proposals.of(rows[2]).label == "joy"  # what was only looked at has changed nothing


def test_what_models_propose_is_accepted_at_once_by_its_kind():
    """It is a guess; the label that a person gave to the same text, or the usual spelling, is none."""
    suspects = find_suspects(
        [
            issue("wrong_label", 1, "joy", proposed_label="fear"),
            issue("doubtful_label", 2, "joy", proposed_label="anger"),
            issue("label_spelling", 3, "Joy", proposed_label="joy"),
            issue("doubtful_label", 4, "joy", proposed_label="anger"),
            issue("exact_duplicate", 1, "joy", group=1),
            issue("exact_duplicate", 4, "joy", group=1),
        ]
    )
    kinds = ["wrong_label", "doubtful_label", "", "doubtful_label"]
    assert [one.guess for one in suspects] == kinds
    assert Proposals().of(suspects[1]) == Proposal("anger", guess="doubtful_label")
    assert Proposals().accept_all(suspects, guesses=("",)) == {"all 3": "joy"}
    with_wrong = {"all 1": "fear", "all 3": "joy", "all 4": "fear"}
    assert Proposals().accept_all(suspects, guesses=("wrong_label",)) == with_wrong
    assert set(Proposals().accept_all(suspects)) == {"all 1", "all 2", "all 3", "all 4"}
