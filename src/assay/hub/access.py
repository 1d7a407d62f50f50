"""Who talks to the Hub: logging in, and the client that knows the token."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from assay import _env
from assay._arguments import checked
from assay._display import Brief
from assay._hub_errors import HubTrouble, diagnose_hub_error
from assay._optional import require
from assay.checkpoints.torch_state import quiet_hub
from assay.errors import InputError
from assay.hub.refusals import ask_patiently, explain_refusals
from assay.notebook import in_notebook
from assay.progress import Progress

__all__ = ["Account", "check_repo_id", "connect", "login", "read_account"]

REPO_RULE = (
    "1 to 96 letters, digits, '-', '_' and '.', as NAME or OWNER/NAME, with no '--' or '..' in it"
)
FROM_ENVIRONMENT, FROM_LOGIN, FROM_ARGUMENT = "HF_TOKEN", "earlier login", "given"
WHERE = {
    FROM_ENVIRONMENT: "in HF_TOKEN",
    FROM_LOGIN: "of an earlier login",
    FROM_ARGUMENT: "that was given",
}


@dataclass(frozen=True, repr=False)
class Account(Brief):
    """An account of the Hub.

    Parameters
    ----------
    name : str
    role : str
        What the token may do: `read`, `write` or `fineGrained`; empty if the Hub does not say.
    token_source : str
        Where the token came from: `given`, `HF_TOKEN` or `earlier login`.
    """

    name: str
    role: str
    token_source: str

    def to_dict(self) -> dict[str, str]:
        """Return plain values, ready for JSON; the token itself is nowhere in them."""
        return asdict(self)


@checked
def login(token: str | None = None, *, ask: Callable[[], str] | None = None) -> Account:
    """Log in to the Hub, or say who is logged in already.

    Parameters
    ----------
    token : str, optional
        It is checked, and kept where all tools of the Hub find it. None: the token in `HF_TOKEN` or
        of an earlier login, and if there is none, the answer of `ask`.
    ask : callable, optional
        Asks a person for the token. None: in a notebook the person is asked, elsewhere not.

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
    if token is None and api.token is not None:
        return read_account(api)
    if token is None and ask is not None:
        token = ask()
    elif token is None and in_notebook():
        token = _ask_in_notebook()
    if token is None:
        raise _make_login_error()
    token = _clean_token(token)
    account = read_account(connect(token), source=FROM_ARGUMENT)
    with explain_refusals("log in", again="assay login"), quiet_hub():
        require("huggingface_hub").login(token=token, add_to_git_credential=False)
    return account


def _clean_token(token: str) -> str:
    token = token.strip()
    is_odd = not token.isascii() or not token.isprintable() or " " in token
    if not token or is_odd:
        raise InputError(
            "this is no token of the Hub: it is empty, or holds spaces or other odd characters"
        )
    return token


def _ask_in_notebook() -> str:
    try:
        return getpass.getpass("Token of the Hub (see its settings page; it is not shown): ")
    except (NotImplementedError, RuntimeError):  # a notebook that runs without a person
        raise _make_login_error() from None


def _make_login_error() -> InputError:
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
            "the Hub cannot be used offline",
            hint="leave out --offline, and unset ASSAY_OFFLINE and HF_HUB_OFFLINE",
        )
    hub = require("huggingface_hub")
    return hub.HfApi(token=token or hub.get_token(), library_name="assay")


def read_account(api: Any, *, source: str = "", progress: Progress | None = None) -> Account:
    """Ask the Hub whose token this is.

    Parameters
    ----------
    api : huggingface_hub.HfApi
    source : str
        Where the token came from; empty: the environment or an earlier login.
    progress : Progress, optional

    Raises
    ------
    InputError
        There is no token, or the Hub does not accept it.
    """
    if api.token is None:
        raise _make_login_error()
    if not source:
        source = FROM_ENVIRONMENT if _env.has_hub_token() else FROM_LOGIN
    with explain_refusals("log in", again="assay login"):
        try:
            facts = ask_patiently(api.whoami, progress=progress)
        except require("huggingface_hub.errors").HfHubHTTPError as err:
            if diagnose_hub_error(err) is not HubTrouble.UNAUTHORIZED:
                raise
            raise _make_token_error(source) from None  # the cause may hold the token
    access = (facts.get("auth") or {}).get("accessToken") or {}
    return Account(name=str(facts["name"]), role=str(access.get("role") or ""), token_source=source)


def _make_token_error(source: str) -> InputError:
    hint = "run: assay login --new"
    if source == FROM_ENVIRONMENT:
        hint = "set HF_TOKEN to a valid one"
    return InputError(
        f"the Hub does not accept the token {WHERE[source]}: it is wrong, or no longer valid",
        hint=hint,
    )


def check_repo_id(repo: str) -> None:
    """Refuse a name that no repository of the Hub can have.

    Raises
    ------
    InputError
    """
    try:
        require("huggingface_hub.utils").validate_repo_id(repo)
    except require("huggingface_hub.errors").HFValidationError:
        raise InputError(f"'{repo}' is no name of a repository; accepted: {REPO_RULE}") from None
