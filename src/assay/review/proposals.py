"""`Proposals`: which label is proposed for a row, after what was decided on rows of the same text.

An audit proposes labels by models that learnt from all labels, wrong ones too. Once a person has
decided on one of two texts that are the same, or nearly, the other has to follow the decision:
the audit's own proposal may be the label that was just rejected.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from assay.audit.issues import GUESSED_KINDS
from assay.review.suspects import Suspect

__all__ = ["Proposal", "Proposals"]

Group = tuple[str, int]  # a kind of finding, and the number that the rows of one finding share
SAME_TEXT_KINDS = ("conflict", "leak", "exact_duplicate")
NEAR_TEXT_KIND = "near_duplicate"


@dataclass(frozen=True)
class Proposal:
    """A label that Enter gives.

    Parameters
    ----------
    label : str
        Empty: none is proposed.
    is_decided : bool
        Whether it is the label that a person gave to the same text, or nearly the same.
    guess : str
        The kind of the finding, if models propose the label; else empty.
    """

    label: str
    is_decided: bool = False
    guess: str = ""


class Proposals:
    """The proposals that hold after some rows were decided.

    Parameters
    ----------
    decided : iterable of (Suspect, str)
        Each decided row and the label that it now has, in the order of the decisions.
    """

    def __init__(self, decided: Iterable[tuple[Suspect, str]] = ()) -> None:
        self._of_group: dict[Group, str] = {}
        for suspect, label in decided:
            self._note(suspect, label)

    def of(self, suspect: Suspect) -> Proposal:
        """Return what is proposed for a row that is not decided.

        The label that the same text got by a decision, else that of nearly the same text where the
        audit has a proposal to be replaced, else the audit's. A row's own label is no proposal.
        """
        own = suspect.proposed_label
        given = self._find(suspect, SAME_TEXT_KINDS)
        if given is None and own:
            given = self._find(suspect, (NEAR_TEXT_KIND,))
        if given is None:
            return Proposal(own, guess=suspect.guess)
        is_other = given != suspect.issue.label
        return Proposal(given, is_decided=True) if is_other else Proposal("")

    def accept_all(
        self, suspects: Iterable[Suspect], *, guesses: Collection[str] = GUESSED_KINDS
    ) -> dict[str, str]:
        """Return the label of each row that gets its proposal, by key, one row after the other.

        A row that was accepted is a decision for the next one. Rows without a proposal are left
        out, also those that have none any more by then. What was decided before stays known.

        Parameters
        ----------
        suspects : iterable of Suspect
        guesses : collection of str
            The kinds of findings of which proposals by models are accepted.
        """
        after = Proposals()
        after._of_group = dict(self._of_group)
        accepted: dict[str, str] = {}
        for suspect in suspects:
            proposal = after.of(suspect)
            if proposal.label and (not proposal.guess or proposal.guess in guesses):
                accepted[suspect.key] = proposal.label
                after._note(suspect, proposal.label)
        return accepted

    def _note(self, suspect: Suspect, label: str) -> None:
        for group in suspect.groups:
            self._of_group[group] = label

    def _find(self, suspect: Suspect, kinds: tuple[str, ...]) -> str | None:
        """Return the label of the groups of some kinds; None: none of their rows is decided."""
        for group in suspect.groups:
            if group[0] in kinds and group in self._of_group:
                return self._of_group[group]
        return None
