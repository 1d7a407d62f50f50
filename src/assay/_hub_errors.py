"""What an exception of the Hub's client means: the one place that knows their classes.

The rooms that ask the Hub (`data`, `checkpoints`, `hub`) word the sentence that fits what they were
doing.
"""

from __future__ import annotations

from enum import Enum

from assay._optional import require

__all__ = ["PASSING_STATUSES", "HubTrouble", "diagnose_hub_error", "status_of"]

PASSING_STATUSES = {408, 429, 500, 502, 503, 504}
CHANGED_STATUSES = {409, 412}


class HubTrouble(Enum):
    """Why the Hub did not do what it was asked."""

    OFFLINE = "the network is off"
    GATED = "the owner of the repository has to let this account in"
    NO_REPOSITORY = "there is no such repository, or it is private"
    NO_REVISION = "the repository has no such branch, tag or commit"
    BAD_NAME = "no repository can have this name"
    UNAUTHORIZED = "the token is wrong or no longer valid"
    FORBIDDEN = "the account or its token may not do this"
    CHANGED = "somebody else changed the repository meanwhile"
    FAILED = "the Hub is busy or broken for the moment"
    REFUSED = "the Hub refuses it"
    UNREACHABLE = "the Hub cannot be reached, or the connection was cut"


def diagnose_hub_error(err: BaseException) -> HubTrouble | None:
    """Return what an exception of the Hub's client means; None if it is no such exception."""
    errors, http = require("huggingface_hub.errors"), require("huggingface_hub.utils").httpx
    # In this order: the first five are subclasses of the others.
    classes: tuple[tuple[HubTrouble, tuple[type[BaseException], ...]], ...] = (
        (HubTrouble.OFFLINE, (errors.OfflineModeIsEnabled,)),
        (HubTrouble.GATED, (errors.GatedRepoError,)),
        (HubTrouble.NO_REPOSITORY, (errors.RepositoryNotFoundError,)),
        (HubTrouble.NO_REVISION, (errors.RevisionNotFoundError,)),
        (HubTrouble.BAD_NAME, (errors.HFValidationError,)),
        (
            HubTrouble.UNREACHABLE,
            (errors.LocalEntryNotFoundError, http.TransportError, ConnectionError, TimeoutError),
        ),
    )
    for trouble, kinds in classes:
        if isinstance(err, kinds):
            return trouble
    if isinstance(err, errors.HfHubHTTPError):
        return _diagnose_status(status_of(err))
    return HubTrouble.UNREACHABLE if isinstance(err, http.HTTPError) else None


def _diagnose_status(status: int) -> HubTrouble:
    if status == 401:
        return HubTrouble.UNAUTHORIZED
    if status == 403:
        return HubTrouble.FORBIDDEN
    if status in CHANGED_STATUSES:
        return HubTrouble.CHANGED
    return HubTrouble.FAILED if status in PASSING_STATUSES else HubTrouble.REFUSED


def status_of(err: BaseException) -> int:
    """Return the status of HTTP of an `HfHubHTTPError`."""
    return int(err.response.status_code)  # type: ignore[attr-defined]
