"""Who talks to the Hub, and what it means when the Hub says no: one sentence, and what to run again."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from assay import _env
from assay._optional import require
from assay.checkpoints.torch_state import quiet_hub
from assay.errors import AssayError, InputError, OutsideError
from assay.notebook import in_notebook
from assay.progress import Progress

__all__ = [
    "Account",
    "ask_patiently",
    "check_repo_id",
    "connect",
    "explain_refusals",
    "login",
    "read_account",
]

T = TypeVar("T")

RETRY_WAITS_S = (1.0, 3.0, 9.0)
MAX_WAIT_S = 60.0  # of what the Hub asks for: who waits longer does better to run it again later
PASSING_STATUSES = {408, 429, 500, 502, 503, 504}
REPO_RULE = (
    "1 to 96 letters, digits, '-', '_' and '.', as NAME or OWNER/NAME, with no '--' or '..' in it"
)


@dataclass(frozen=True)
class Account:
    """An account of the Hub.

    Parameters
    ----------
    name : str
    role : str
        What the token may do: `read`, `write` or `fineGrained`; empty where the Hub does not say.
    token_source : str
        Where the token came from: `given`, `HF_TOKEN` or `earlier login`.
    """

    name: str
    role: str
    token_source: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON; the token itself is nowhere in them."""
        return asdict(self)


def login(token: str | None = None, *, ask: Callable[[], str] | None = None) -> Account:
    """Log in to the Hub, or say who is logged in already.

    Parameters
    ----------
    token : str, optional
        Checked, and kept where all tools of the Hub find it. None: what `HF_TOKEN` or an earlier
        login holds, and where there is none, the answer of `ask`.
    ask : callable, optional
        Asks a person for the token. None: a notebook asks, anything else does not.

    Returns
    -------
    Account

    Raises
    ------
    InputError
        There is no token, or the Hub does not accept it.
    OutsideError
        The Hub cannot be reached.
    """
    api = connect()
    if token is None and api.token is None:
        ask = ask or (_ask_in_notebook if in_notebook() else None)
        token = ask() if ask is not None else None
        if token is None:
            raise _not_logged_in()
    if token is None:
        return read_account(api)
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise InputError(
            "this is no token of the Hub: it is empty, or holds spaces or other odd characters"
        )
    account = read_account(connect(token), source="given")
    with explain_refusals("log in", again="assay login"), quiet_hub():
        require("huggingface_hub").login(token=token, add_to_git_credential=False)
    return account


def _ask_in_notebook() -> str:
    try:
        return getpass.getpass("Token of the Hub (see its settings page; it is not shown): ")
    except (NotImplementedError, RuntimeError):  # a notebook that runs with nobody before it
        raise _not_logged_in() from None


def _not_logged_in() -> InputError:
    return InputError(
        "not logged in to the Hub: there is no token in HF_TOKEN and none of an earlier login",
        hint="run: assay login (a token is made on the settings page of your account)",
    )


def connect(token: str | None = None) -> Any:
    """Return the Hub's client.

    Raises
    ------
    InputError
        The network is off.
    """
    if _env.is_offline():
        raise InputError(
            "the Hub cannot be used offline", hint="leave out --offline, unset HF_HUB_OFFLINE"
        )
    hub = require("huggingface_hub")
    return hub.HfApi(token=token or hub.get_token(), library_name="assay")


def read_account(api: Any, *, source: str = "", progress: Progress | None = None) -> Account:
    """Ask the Hub whose token this is.

    Raises
    ------
    InputError
        There is no token, or the Hub does not accept it.
    """
    if api.token is None:
        raise _not_logged_in()
    source = source or ("HF_TOKEN" if _env.has_hub_token() else "earlier login")
    with explain_refusals("log in", again="assay login"):
        try:
            facts = ask_patiently(api.whoami, progress=progress)
        except require("huggingface_hub.errors").HfHubHTTPError as err:
            if err.response.status_code != 401:
                raise
            where = {"HF_TOKEN": "in HF_TOKEN", "earlier login": "of an earlier login"}.get(
                source, "that was given"
            )
            raise InputError(
                f"the Hub does not accept the token {where}: it is wrong, or no longer valid",
                hint="set HF_TOKEN to a valid one"
                if source == "HF_TOKEN"
                else "run: assay login --new",
            ) from None  # the cause may hold what was sent
    access = (facts.get("auth") or {}).get("accessToken") or {}
    return Account(name=str(facts["name"]), role=str(access.get("role") or ""), token_source=source)


def check_repo_id(repo: str) -> None:
    """Refuse what the Hub takes for no name of a repository.

    Raises
    ------
    InputError
    """
    try:
        require("huggingface_hub.utils").validate_repo_id(repo)
    except require("huggingface_hub.errors").HFValidationError:
        raise InputError(f"'{repo}' is no name of a repository; accepted: {REPO_RULE}") from None


def ask_patiently(
    ask: Callable[[], T],
    *,
    progress: Progress | None = None,
    waits_s: Sequence[float] | None = None,
) -> T:
    """Ask the Hub, and again after a while where it was busy, broken for a moment, or hung up in the middle."""
    errors, http = require("huggingface_hub.errors"), require("huggingface_hub.utils").httpx
    for wait_s in RETRY_WAITS_S if waits_s is None else waits_s:
        try:
            return ask()
        except errors.HfHubHTTPError as err:
            if err.response.status_code not in PASSING_STATUSES:
                raise
            reason = f"HTTP {err.response.status_code}"
            asked = err.response.headers.get("retry-after", "")
            wait_s = min(max(wait_s, float(asked) if asked.isdecimal() else 0.0), MAX_WAIT_S)
        except (http.ReadError, http.WriteError, http.RemoteProtocolError):
            reason = "the connection was cut"
        (progress or Progress()).say(
            f"the Hub did not answer ({reason}); asking again in {wait_s:.0f} s"
        )
        time.sleep(wait_s)
    return ask()


@contextmanager
def explain_refusals(doing: str, *, again: str, repo: str = "") -> Iterator[None]:
    """Turn what the Hub's client raises into one sentence.

    Parameters
    ----------
    doing : str
        What was tried, after "could not".
    again : str
        The command to run again.
    repo : str
        The repository it is about.
    """
    errors, http = require("huggingface_hub.errors"), require("huggingface_hub.utils").httpx
    try:
        yield
    except AssayError:
        raise
    except errors.OfflineModeIsEnabled as err:
        raise InputError(
            f"could not {doing}: the network is off (HF_HUB_OFFLINE)", hint=f"go online: {again}"
        ) from err
    except errors.GatedRepoError as err:
        raise InputError(
            f"could not {doing}: '{repo}' is gated, and its owner has not let this account in",
            hint=f"ask for access on its page of the Hub, then run: {again}",
        ) from err
    except errors.RepositoryNotFoundError as err:
        raise InputError(
            f"could not {doing}: the Hub has no model '{repo}' that you can see",
            hint=f"look at its name; if it is private, run: assay login, then: {again}",
        ) from err
    except errors.RevisionNotFoundError as err:
        raise InputError(
            f"could not {doing}: '{repo}' has no such revision",
            hint="give a branch, a tag or a commit",
        ) from err
    except errors.HfHubHTTPError as err:
        raise _explain_status(err, doing, again=again, repo=repo) from err
    except (
        errors.LocalEntryNotFoundError,
        http.HTTPError,
        ConnectionError,
        TimeoutError,
        RuntimeError,
    ) as err:
        raise OutsideError(
            f"could not {doing}: the Hub cannot be reached, or the connection was cut ({_first_line(err)})",
            hint=f"nothing was lost; run it again: {again}",
        ) from err
    except ValueError as err:  # such as metadata of the card that the Hub refuses
        raise InputError(f"could not {doing}: {_first_line(err)}") from err


def _explain_status(err: Any, doing: str, *, again: str, repo: str) -> AssayError:
    status = err.response.status_code
    said = (
        f" ({message})"
        if (message := (err.server_message or "").strip().partition("\n")[0].rstrip("."))
        else ""
    )
    if status == 401:
        return InputError(
            f"could not {doing}: the Hub does not accept your token{said}",
            hint="run: assay login --new",
        )
    if status == 403:
        return InputError(
            f"could not {doing}: this account or its token may not do that at '{repo}'{said}",
            hint=f"choose a name under your own account, or log in with a token that may write; then run: {again}",
        )
    if status in (409, 412):
        return OutsideError(
            f"could not {doing}: '{repo}' was changed by somebody else meanwhile (HTTP {status}){said}",
            hint=f"nothing was lost; run it again: {again}",
        )
    if status in PASSING_STATUSES:
        what = "takes no more requests for now" if status == 429 else "failed"
        return OutsideError(
            f"could not {doing}: the Hub {what} (HTTP {status}){said}",
            hint=f"nothing was lost; run it later: {again}",
        )
    return InputError(
        f"could not {doing}: the Hub refuses it (HTTP {status}){said}", hint=f"then run: {again}"
    )


def _first_line(err: BaseException) -> str:
    return (str(err).strip() or type(err).__name__).splitlines()[0].rstrip(".")
