"""How to serve: the address, who may ask, and what is watched and logged."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from ipaddress import ip_address

from assay.errors import InputError, cut
from assay.server.limits import Limits

__all__ = ["ServerOptions", "bracket_host"]

ANY_NAME = "*"
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
HOST_NAME = re.compile(r"[^\s/:,@]+|\[[0-9a-fA-F:.]+\]")
ROOT_PATH = re.compile(r"(/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)*")
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
ANY_ORIGIN, NO_ORIGIN = "*", "null"  # what browsers say of a page from a file
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
MAX_PORT = 65_535
MAX_WORKERS = 256


@dataclass(frozen=True)
class ServerOptions:
    """How to serve.

    Parameters
    ----------
    host : str
        Address to listen on.
    port : int
        0: any free one.
    api_key : str, optional
        The key that requests must bring.
    cors_origins : tuple of str
        Origins whose pages may ask this server.
    allowed_hosts : tuple of str
        Names by which the server may be called, "*" for any. On loopback they are added to its own
        names. On other addresses any name is accepted unless some are given; then only those and
        `host` are.
    watch_s : float
        Seconds between two checks whether a model folder changed; 0: never check.
    keep_alive_s : float
        Seconds that a connection without a request stays open. It should be longer than a proxy
        keeps its connections: otherwise the proxy now and then sends a request into a closed one.
    root_path : str
        The prefix under which a proxy offers the server, such as ``/nlp``; empty: none.
    workers : int
        Processes that answer; each loads all models.
    log_requests : bool
        Write one line into the log per request.
    limits : Limits
    """

    host: str = "127.0.0.1"
    port: int = 8000
    api_key: str | None = None
    cors_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    watch_s: float = 2.0
    keep_alive_s: float = 75.0
    root_path: str = ""
    workers: int = 1
    log_requests: bool = False
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        self._check_counts()
        if not self.host.strip():
            raise InputError("--host is blank, which would be every address: 0.0.0.0 says so")
        if self.api_key is not None:
            object.__setattr__(self, "api_key", _read_key(self.api_key))
        origins = tuple(map(_read_origin, self.cors_origins))
        object.__setattr__(self, "cors_origins", origins)
        for name in self.allowed_hosts:
            if not HOST_NAME.fullmatch(name):
                raise InputError(
                    f"--allowed-host is '{name}'; "
                    "a name or an address, such as box.example, is accepted"
                )
        if not 0 <= self.watch_s < math.inf:
            raise InputError(f"--watch-s is {self.watch_s:g}; 0 or more is accepted")
        if not ROOT_PATH.fullmatch(self.root_path):
            raise InputError(
                f"--root-path is '{self.root_path}'; a path such as /nlp is accepted: "
                "it begins with a slash and does not end with one"
            )
        if not 0 < self.keep_alive_s < math.inf:
            raise InputError(f"--keep-alive-s is {self.keep_alive_s:g}; more than 0 is accepted")

    def _check_counts(self) -> None:
        if not 0 <= self.port <= MAX_PORT:
            raise InputError(f"--port is {self.port}; 0 to {MAX_PORT} are accepted")
        if not 1 <= self.workers <= MAX_WORKERS:
            raise InputError(f"--workers is {self.workers}; 1 to {MAX_WORKERS} is accepted")

    def hosts(self, address: str) -> frozenset[str] | None:
        """Return the names by which a server that listens on `address` may be called; None: any.

        On loopback only its own names are accepted. Otherwise a page from elsewhere whose name is
        made to point to this machine could ask the server (DNS rebinding).
        """
        is_loopback = ip_address(address).is_loopback
        takes_any = not is_loopback and not self.allowed_hosts
        if takes_any or ANY_NAME in self.allowed_hosts:
            return None
        names = {*self.allowed_hosts, bracket_host(self.host)}
        if is_loopback:
            names.update(LOOPBACK_NAMES)
        return frozenset(names)


def _read_key(key: str) -> str:
    """Return a key without the white space around it, which a file or a variable may have.

    Raises
    ------
    InputError
        No header can hold it.
    """
    stripped = key.strip()
    if not stripped or not stripped.isascii() or not stripped.isprintable():
        raise InputError(
            "the API key is blank, or has line breaks, control characters or letters beyond ASCII; "
            "any other one is accepted"
        )
    return stripped


def _read_origin(given: str) -> str:
    """Return an origin as browsers send it: in lower case, without a default port.

    >>> _read_origin("https://App.example:443")
    'https://app.example'

    Raises
    ------
    InputError
        No browser sends such an origin, so no page could ever ask.
    """
    origin = given.lower()
    if origin in (ANY_ORIGIN, NO_ORIGIN):
        return origin
    if not ORIGIN.fullmatch(origin):
        raise InputError(
            f"--cors-origin is '{cut(given)}'; an origin such as https://app.example or "
            "http://localhost:3000 is accepted: without a path or a slash at its end, and other "
            "letters as in xn--bcher-kva.example"
        )
    return origin.removesuffix(DEFAULT_PORTS.get(origin.partition(":")[0], ""))


def bracket_host(host: str) -> str:
    """Return a host as URLs and Host headers write it: an IPv6 address has brackets.

    >>> bracket_host("::1"), bracket_host("localhost")
    ('[::1]', 'localhost')
    """
    return f"[{host}]" if ":" in host else host
