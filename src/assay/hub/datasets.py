"""`find_datasets`: the first data sets of the Hub that match a query, and how many there are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from assay._arguments import checked
from assay._display import Brief
from assay.errors import InputError
from assay.hub.access import connect
from assay.hub.refusals import ask_patiently, explain_refusals
from assay.progress import Progress

__all__ = ["DatasetFacts", "DatasetMatches", "find_datasets"]

MAX_COUNTED = 1000  # matches: one page of the Hub


@dataclass(frozen=True)
class DatasetFacts:
    """A data set of the Hub.

    Parameters
    ----------
    id : str
        What `assay run` takes as DATA.
    n_downloads, n_likes : int
    last_modified : str
        Date as YYYY-MM-DD; empty if the Hub does not say.
    is_gated : bool
        Whether its owner must let an account in.
    """

    id: str
    n_downloads: int
    n_likes: int
    last_modified: str
    is_gated: bool


@dataclass(frozen=True, repr=False)
class DatasetMatches(Brief):
    """What a query found.

    Parameters
    ----------
    query : str
    datasets : list of DatasetFacts
        The first matches, in the order of the Hub.
    n_matches : int
        How many matches were counted.
    is_all_counted : bool
        False if counting stopped before the end: there are more.
    """

    query: str
    datasets: list[DatasetFacts]
    n_matches: int
    is_all_counted: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


@checked
def find_datasets(
    query: str = "", *, limit: int = 20, progress: Progress | None = None
) -> DatasetMatches:
    """Look for data sets on the Hub.

    Parameters
    ----------
    query : str
        A part of the name; empty: all data sets.
    limit : int
        How many to return at most, from 1 to 1,000.
    progress : Progress, optional

    Raises
    ------
    InputError
        `limit` is out of range.
    OutsideError
        The Hub cannot be reached.
    """
    if not 1 <= limit <= MAX_COUNTED:
        raise InputError(f"--limit is {limit}; 1 to {MAX_COUNTED:,} is accepted")
    api = connect()

    def list_matches() -> list[Any]:
        n_wanted = MAX_COUNTED + 1  # one more tells whether all are counted
        return list(islice(api.list_datasets(search=query or None, limit=n_wanted), n_wanted))

    with explain_refusals("list data sets", again=f"assay datasets {query}".strip()):
        found = ask_patiently(list_matches, progress=progress)
    return DatasetMatches(
        query=query,
        datasets=list(map(_read_facts, found[:limit])),
        n_matches=min(len(found), MAX_COUNTED),
        is_all_counted=len(found) <= MAX_COUNTED,
    )


def _read_facts(info: Any) -> DatasetFacts:
    last_modified = ""
    if info.last_modified is not None:
        last_modified = info.last_modified.date().isoformat()
    return DatasetFacts(
        id=str(info.id),
        n_downloads=int(info.downloads or 0),
        n_likes=int(info.likes or 0),
        last_modified=last_modified,
        is_gated=bool(info.gated),
    )
