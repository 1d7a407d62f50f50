"""`find_datasets`: the first data sets of the Hub that match a query, and how many there are at least."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from assay.errors import InputError
from assay.hub.access import ask_patiently, connect, explain_refusals
from assay.progress import Progress

__all__ = ["DatasetFacts", "DatasetMatches", "find_datasets"]

MAX_COUNTED = 1000  # of the matches: one page of the Hub


@dataclass(frozen=True)
class DatasetFacts:
    """A data set of the Hub: `id` is what `assay run` takes."""

    id: str
    n_downloads: int
    n_likes: int
    last_modified: str
    is_gated: bool


@dataclass(frozen=True)
class DatasetMatches:
    """What a query found.

    Parameters
    ----------
    query : str
    datasets : list of DatasetFacts
        The first matches, as the Hub ranks them.
    n_matches : int
        How many there are, or at least are.
    is_all_counted : bool
        False where counting stopped: there are more.
    """

    query: str
    datasets: list[DatasetFacts]
    n_matches: int
    is_all_counted: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def find_datasets(
    query: str = "", *, limit: int = 20, progress: Progress | None = None
) -> DatasetMatches:
    """Look for data sets on the Hub.

    Parameters
    ----------
    query : str
        Part of the name; empty: all of them.
    limit : int
        How many to return, at most.
    progress : Progress, optional

    Raises
    ------
    InputError
        `limit` is out of range.
    OutsideError
        The Hub cannot be reached.
    """
    if not 1 <= limit <= MAX_COUNTED:
        raise InputError(f"limit is {limit}; 1 to {MAX_COUNTED:,} is accepted")
    api = connect()
    with explain_refusals("list data sets", again=f"assay datasets {query}".strip()):
        found = ask_patiently(
            lambda: list(
                islice(
                    api.list_datasets(search=query or None, limit=MAX_COUNTED + 1), MAX_COUNTED + 1
                )
            ),
            progress=progress,
        )
    return DatasetMatches(
        query=query,
        datasets=[
            DatasetFacts(
                id=str(one.id),
                n_downloads=int(one.downloads or 0),
                n_likes=int(one.likes or 0),
                last_modified=""
                if one.last_modified is None
                else one.last_modified.date().isoformat(),
                is_gated=bool(one.gated),
            )
            for one in found[:limit]
        ],
        n_matches=min(len(found), MAX_COUNTED),
        is_all_counted=len(found) <= MAX_COUNTED,
    )
