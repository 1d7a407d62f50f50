"""`serve_models(folders)`: bind, load, announce, answer until told to stop.

Owns uvicorn, and the listening socket.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import FrameType
from typing import Any

from assay._optional import require
from assay.errors import InputError, OutsideError
from assay.server.limits import Limits
from assay.server.logs import set_up_logs
from assay.server.served_models import ModelShelf, name_folders

__all__ = ["ServerOptions", "serve_models"]

logger = logging.getLogger(__name__)

BACKLOG = 2048
ANY_NAME = "*"
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
HOST_NAME = re.compile(r"[^\s/:,@]+|\[[0-9a-fA-F:.]+\]")
GRACE_S = (
    5  # beyond the time that a request may take, for those that were accepted before the signal
)
# The compute thread gives way to the event loop after 1 ms instead of 5: nobody's answer waits for
# another's scoring.
SWITCH_S = 0.001


@dataclass(frozen=True)
class ServerOptions:
    """How to serve.

    Parameters
    ----------
    host : str
    port : int
        0: any that is free.
    api_key : str, optional
        That requests have to bring.
    cors_origins : tuple of str
        Origins whose pages may ask this server.
    allowed_hosts : tuple of str
        Names, beside its own, by which it may be called where it listens on loopback; elsewhere,
        where any are given, the only ones beside `host`. "*": any.
    watch_s : float
        Seconds between two looks at the model folders; 0: they are not watched.
    log_requests : bool
        Whether each request is a line of the log.
    limits : Limits
    """

    host: str = "127.0.0.1"
    port: int = 8000
    api_key: str | None = None
    cors_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    watch_s: float = 2.0
    log_requests: bool = False
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise InputError(f"--port is {self.port}; 0 to 65535 are accepted")
        if self.api_key is not None and (not self.api_key.strip() or not self.api_key.isascii()):
            raise InputError(
                "the API key is blank or has letters beyond ASCII; any other one is accepted"
            )
        if odd := [name for name in self.allowed_hosts if not HOST_NAME.fullmatch(name)]:
            raise InputError(
                f"--allowed-host is '{odd[0]}'; a name or an address, such as box.example, is accepted"
            )
        if self.watch_s < 0:
            raise InputError(f"--watch-s is {self.watch_s:g}; 0 or more is accepted")

    def hosts(self, address: str) -> frozenset[str] | None:
        """Return the names by which a server that listens on `address` may be called; None: any.

        On loopback its own: else a page from elsewhere whose name is made to point there could ask
        it (DNS rebinding).
        """
        is_loopback = ip_address(address).is_loopback
        if ANY_NAME in self.allowed_hosts or (not is_loopback and not self.allowed_hosts):
            return None
        own = f"[{self.host}]" if ":" in self.host else self.host
        return frozenset({*self.allowed_hosts, own, *(LOOPBACK_NAMES if is_loopback else ())})


def serve_models(
    models: Sequence[str],
    *,
    options: ServerOptions | None = None,
    n_threads: int | None = None,
    announce: Callable[[str, ModelShelf], None] = lambda url, shelf: None,
) -> None:
    """Serve model folders until SIGTERM or SIGINT; what was accepted by then is still answered.

    Parameters
    ----------
    models : sequence of str
        FOLDER or NAME=FOLDER.
    options : ServerOptions, optional
    n_threads : int, optional
        Compute threads of each model; None means what the environment says.
    announce : callable
        Told the URL and the models when requests are answered.

    Raises
    ------
    InputError
        A model or an option cannot be used.
    OutsideError
        The address cannot be listened on.
    MissingDependencyError
        The extra `serve` is not installed.
    """
    uvicorn = require("uvicorn")
    require("fastapi")
    require("prometheus_client")
    options = options or ServerOptions()
    folders = name_folders(models)
    listener = _listen(options.host, options.port)
    try:
        shelf = ModelShelf(folders, n_threads=n_threads)
        address, port = listener.getsockname()[:2]
        server = _make_server(uvicorn, shelf, options, hosts=options.hosts(address))
        host = f"[{options.host}]" if ":" in options.host else options.host
        announce_once = [lambda: announce(f"http://{host}:{port}", shelf)]
        server.on_start = lambda: announce_once.pop()()
        with _signals(shelf), _quick_switching():
            server.run(sockets=[listener])
    finally:
        listener.close()


def _make_server(
    uvicorn: Any, shelf: ModelShelf, options: ServerOptions, *, hosts: frozenset[str] | None
) -> Any:
    from assay.server.app import create_app
    from assay.server.protocol import make_protocol

    set_up_logs(requests=options.log_requests)
    app = create_app(
        shelf,
        limits=options.limits,
        api_key=options.api_key,
        cors_origins=options.cors_origins,
        hosts=hosts,
        watch_s=options.watch_s,
    )
    config = uvicorn.Config(
        app,
        http=make_protocol(options.limits.client_s),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here asks who the client is
        backlog=BACKLOG,
        timeout_graceful_shutdown=int(options.limits.request_s) + GRACE_S,
    )

    class Server(uvicorn.Server):  # type: ignore[misc, name-defined]
        on_start: Callable[[], None]

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            self.on_start()

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            app.state.service.is_stopping = True
            super().handle_exit(sig, frame)

    return Server(config)


def _listen(host: str, port: int) -> socket.socket:
    """Open the socket before the models are loaded: a port that is taken is known at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sends small answers at once; with 0 they would wait 40 ms for
    # more (Nagle).
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as err:
        listener.close()
        where = f"port {port} of {host}"
        if err.errno == errno.EADDRINUSE:
            hint = f"another program uses it: stop it, or try --port {port + 1}"
            raise OutsideError(f"{where} is taken", hint=hint) from err
        if err.errno in (errno.EACCES, errno.EPERM):
            raise OutsideError(
                f"{where} may not be used", hint="ports below 1024 are the system's"
            ) from err
        reason = err.strerror or str(err)
        hint = "--host takes an address of this machine, such as 127.0.0.1 or 0.0.0.0"
        raise OutsideError(f"{where} cannot be listened on: {reason}", hint=hint) from err
    return listener


@contextmanager
def _signals(shelf: ModelShelf) -> Iterator[None]:
    """Load the models again on SIGHUP; let SIGTERM, once all is answered, be a plain end."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread has signals
        return

    def reload(number: int, frame: FrameType | None) -> None:
        threading.Thread(
            target=shelf.reload, kwargs={"only_changed": False}, name="assay-reload", daemon=True
        ).start()

    before = {signal.SIGTERM: signal.signal(signal.SIGTERM, lambda number, frame: None)}
    if hasattr(signal, "SIGHUP"):
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, reload)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _quick_switching() -> Iterator[None]:
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before_s)
