"""What it means when the Hub says no, in one sentence; and asking again when that may help."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from assay._hub_errors import PASSING_STATUSES, HubTrouble, diagnose_hub_error, status_of
from assay._optional import require
from assay.errors import AssayError, InputError, OutsideError, first_line
from assay.progress import Progress

__all__ = ["ask_patiently", "explain_refusals"]

T = TypeVar("T")

RETRY_WAITS_S = (1.0, 3.0, 9.0)
MAX_WAIT_S = 60.0  # of what the Hub asks for: for longer, it is better to run the command again
TOO_MANY_REQUESTS = 429


def ask_patiently(
    ask: Callable[[], T],
    *,
    progress: Progress | None = None,
    waits_s: Sequence[float] | None = None,
) -> T:
    """Ask the Hub, and ask again if it was busy, broken for a moment, or cut the connection.

    Parameters
    ----------
    ask : callable
    progress : Progress, optional
        Told about each wait.
    waits_s : sequence of float, optional
        Seconds to wait before each further try. The Hub may ask for a longer wait.
    """
    errors, http = require("huggingface_hub.errors"), require("huggingface_hub.utils").httpx
    for least_s in RETRY_WAITS_S if waits_s is None else waits_s:
        try:
            return ask()
        except errors.HfHubHTTPError as err:
            status = status_of(err)
            if status not in PASSING_STATUSES:
                raise
            reason, wait_s = f"HTTP {status}", _choose_wait(err, least_s)
        except (http.ReadError, http.WriteError, http.RemoteProtocolError):
            reason, wait_s = "the connection was cut", least_s
        (progress or Progress()).say(
            f"the Hub did not answer ({reason}); asking again in {wait_s:.0f} s"
        )
        time.sleep(wait_s)
    return ask()


def _choose_wait(err: Any, least_s: float) -> float:
    """Return the seconds to wait: what the Hub asks for, within bounds."""
    wanted = err.response.headers.get("retry-after", "")
    wanted_s = float(wanted) if wanted.isdecimal() else 0.0
    return min(max(least_s, wanted_s), MAX_WAIT_S)


@dataclass(frozen=True)
class _Attempt:
    """What was tried: ``could not {doing}``, the command to run again, the repository."""

    doing: str
    again: str
    repo: str


@contextmanager
def explain_refusals(doing: str, *, again: str, repo: str = "") -> Iterator[None]:
    """Turn what the Hub's client raises into one sentence.

    Parameters
    ----------
    doing : str
        What was tried, as it follows "could not".
    again : str
        The command to run again.
    repo : str
        The repository that it is about.
    """
    try:
        yield
    except AssayError:
        raise
    except Exception as err:
        explained = _explain(err, _Attempt(doing, again, repo))
        if explained is None:
            raise
        raise explained from err


def _explain(err: Exception, attempt: _Attempt) -> AssayError | None:
    trouble = diagnose_hub_error(err)
    if trouble is HubTrouble.UNREACHABLE or (trouble is None and isinstance(err, RuntimeError)):
        return OutsideError(
            f"could not {attempt.doing}: the Hub cannot be reached, or the connection was cut "
            f"({first_line(err)})",
            hint=f"nothing was lost; run it again: {attempt.again}",
        )
    if trouble in (None, HubTrouble.BAD_NAME):
        if isinstance(err, ValueError):  # such as metadata of the card that the Hub refuses
            return InputError(f"could not {attempt.doing}: {first_line(err)}")
        return None
    return _explain_repository(trouble, attempt) or _explain_status(err, trouble, attempt)


def _explain_repository(trouble: HubTrouble | None, attempt: _Attempt) -> InputError | None:
    """Explain that the repository cannot be used; None if that is not the reason."""
    doing, again, repo = attempt.doing, attempt.again, attempt.repo
    if trouble is HubTrouble.OFFLINE:
        return InputError(
            f"could not {doing}: the network is off (HF_HUB_OFFLINE)", hint=f"go online: {again}"
        )
    if trouble is HubTrouble.GATED:
        return InputError(
            f"could not {doing}: '{repo}' is gated, and its owner has not let this account in",
            hint=f"ask for access on its page of the Hub, then run: {again}",
        )
    if trouble is HubTrouble.NO_REPOSITORY:
        return InputError(
            f"could not {doing}: the Hub has no model '{repo}' that you can see",
            hint=f"look at its name; if it is private, run: assay login, then: {again}",
        )
    if trouble is HubTrouble.NO_REVISION:
        return InputError(
            f"could not {doing}: '{repo}' has no such revision",
            hint="give a branch, a tag or a commit",
        )
    return None


def _explain_status(err: Any, trouble: HubTrouble | None, attempt: _Attempt) -> AssayError:
    """Explain an answer of the Hub by its status and its own words."""
    doing, again, repo, status = attempt.doing, attempt.again, attempt.repo, status_of(err)
    message = (err.server_message or "").strip().partition("\n")[0].rstrip(".")
    said = f" ({message})" if message else ""
    if trouble is HubTrouble.UNAUTHORIZED:
        return InputError(
            f"could not {doing}: the Hub does not accept your token{said}",
            hint="run: assay login --new",
        )
    if trouble is HubTrouble.FORBIDDEN:
        return InputError(
            f"could not {doing}: this account or its token may not do that at '{repo}'{said}",
            hint="choose a name under your own account, or log in with a token that may write; "
            f"then run: {again}",
        )
    if trouble is HubTrouble.CHANGED:
        return OutsideError(
            f"could not {doing}: '{repo}' was changed by somebody else meanwhile "
            f"(HTTP {status}){said}",
            hint=f"nothing was lost; run it again: {again}",
        )
    if trouble is HubTrouble.FAILED:
        what = "takes no more requests for now" if status == TOO_MANY_REQUESTS else "failed"
        return OutsideError(
            f"could not {doing}: the Hub {what} (HTTP {status}){said}",
            hint=f"nothing was lost; run it later: {again}",
        )
    return InputError(
        f"could not {doing}: the Hub refuses it (HTTP {status}){said}", hint=f"then run: {again}"
    )
