"""`Item` and `Given`: a text as the label page shows it, and a decision as the page sends it."""

from __future__ import annotations

from dataclasses import dataclass

from assay.review.events import Decision

__all__ = ["Given", "Item"]


@dataclass(frozen=True)
class Item:
    """A text as the page shows it.

    Parameters
    ----------
    position : int
        In the pool.
    line : int
        1-based line of its file.
    text : str
    suggested : tuple of str or None
        One label, or any number with several labels per text; None if there is no suggestion.
    confidence : float or None
    is_random : bool
    decision : Decision or None
        The decision that holds, where the page looks back.
    note : str
        What a person wrote beside the text before the decision was taken back.
    """

    position: int
    line: int
    text: str
    suggested: tuple[str, ...] | None = None
    confidence: float | None = None
    is_random: bool = False
    decision: Decision | None = None
    note: str = ""


@dataclass(frozen=True)
class Given:
    """A decision as the page sends it.

    Parameters
    ----------
    id : str
        Made by the page; the same for a decision that is sent again.
    position : int
    labels : tuple of str
    is_skip : bool
    seconds : float
    note : str
    mark : str
        The mark of the text that was decided on: the pool may be another one by then. Empty in
        requests that do not come from the page.
    """

    id: str
    position: int
    labels: tuple[str, ...] = ()
    is_skip: bool = False
    seconds: float = 0.0
    note: str = ""
    mark: str = ""
