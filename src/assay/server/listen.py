"""`serve_models(folders)`: bind, load, announce, answer until told to stop.

Owns uvicorn and the listening socket.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from assay._optional import require
from assay.errors import InputError
from assay.server.address import BACKLOG, open_listener, open_listeners
from assay.server.logs import set_up_logs
from assay.server.options import ServerOptions, bracket_host
from assay.server.service import Service
from assay.server.shelf import ModelShelf, name_folders

__all__ = [
    "Serving",
    "ended_by_sigterm",
    "make_uvicorn",
    "plain_end",
    "quick_switching",
    "run_server",
    "serve_models",
]

SignalHandler = Callable[[int, FrameType | None], None]

# Seconds beyond the time that a request may take, for requests accepted just before the signal.
GRACE_S = 5
# A speed trick: a thread that computes gives way to the event loop after 1 ms instead of 5, so that
# no answer waits for the scoring of another. The plain version is Python's own interval.
SWITCH_S = 0.001
ENDING = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Serving:
    """What is served, once requests are answered.

    Parameters
    ----------
    url : str
    names : tuple of str
        The names of the models.
    keeps_texts : bool
        Whether one of them shows its training texts to those who ask.
    """

    url: str
    names: tuple[str, ...]
    keeps_texts: bool


Announce = Callable[[Serving], None]


def serve_models(
    models: Sequence[str],
    *,
    options: ServerOptions | None = None,
    n_threads: int | None = None,
    announce: Announce = lambda serving: None,
) -> None:
    """Serve model folders until SIGTERM or SIGINT. What was accepted by then is still answered.

    Parameters
    ----------
    models : sequence of str
        ``FOLDER`` or ``NAME=FOLDER``.
    options : ServerOptions, optional
    n_threads : int, optional
        Compute threads of each model, in each worker; None: what the environment says, shared
        among the workers.
    announce : callable
        Called once requests are answered.

    Raises
    ------
    InputError
        A model or an option cannot be used.
    OutsideError
        The address cannot be listened on.
    MissingDependencyError
        The extra `serve` is not installed.
    """
    for name in ("uvicorn", "fastapi", "prometheus_client"):
        require(name)
    options = options or ServerOptions()
    name_folders(models)
    if options.workers > 1:
        _serve_with_workers(models, options, n_threads=n_threads, announce=announce)
        return
    with open_listener(options.host, options.port) as listener:
        with ended_by_sigterm():
            shelf = ModelShelf(name_folders(models), n_threads=n_threads)

        def say_ready(service: Service) -> None:
            announce(_describe(shelf, url=_url_of(options, listener)))

        run_server(shelf, options, listener, on_start=say_ready)


def _serve_with_workers(
    models: Sequence[str], options: ServerOptions, *, n_threads: int | None, announce: Announce
) -> None:
    """Serve with several processes."""
    from assay.server.workers import serve_with_workers, threads_of_each

    if os.name != "posix":
        raise InputError(
            "several workers need a system that hands sockets on (Linux, macOS); "
            "--workers 1 is accepted here"
        )
    with ExitStack() as stack:
        listeners = open_listeners(options.host, options.port, options.workers)
        for listener in listeners:
            stack.enter_context(listener)
        url = _url_of(options, listeners[0])
        serve_with_workers(
            models,
            options,
            listeners,
            n_threads=threads_of_each(options.workers, n_threads),
            on_start=lambda names, keeps_texts: announce(Serving(url, tuple(names), keeps_texts)),
        )


def _url_of(options: ServerOptions, listener: socket.socket) -> str:
    return f"http://{bracket_host(options.host)}:{listener.getsockname()[1]}"


def _describe(shelf: ModelShelf, *, url: str) -> Serving:
    names = tuple(served.name for served in shelf.served)
    return Serving(url, names, any(one.model.manifest.keeps_texts for one in shelf.served))


def run_server(
    shelf: ModelShelf,
    options: ServerOptions,
    listener: socket.socket,
    *,
    on_start: Callable[[Service], None],
) -> None:
    """Answer on a socket, in this process, until told to stop.

    Parameters
    ----------
    shelf : ModelShelf
    options : ServerOptions
    listener : socket
        It listens already.
    on_start : callable
        Called on the event loop once requests are answered.
    """
    address = listener.getsockname()[0]
    server = _make_server(shelf, options, address=address, on_start=on_start)
    with plain_end(server, _reload_on_hangup(shelf)), quick_switching():
        server.run(sockets=[listener])


def _make_server(
    shelf: ModelShelf,
    options: ServerOptions,
    *,
    address: str,
    on_start: Callable[[Service], None],
) -> Any:
    """Return the server of uvicorn, ready to run."""
    from assay.server.app import create_app
    from assay.server.protocol import make_protocol

    uvicorn = require("uvicorn")
    set_up_logs(requests=options.log_requests)
    app = create_app(
        shelf,
        limits=options.limits,
        api_key=options.api_key,
        cors_origins=options.cors_origins,
        hosts=options.hosts(address),
        watch_s=options.watch_s,
        root_path=options.root_path,
    )
    config = uvicorn.Config(
        app,
        http=make_protocol(
            options.limits.client_s,
            max_unsent_bytes=options.limits.max_unsent_bytes,
            cors_origins=options.cors_origins,
        ),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here asks who the client is
        backlog=BACKLOG,
        timeout_keep_alive=options.keep_alive_s,
        timeout_graceful_shutdown=int(options.limits.request_s) + GRACE_S,
    )

    def stop() -> None:
        app.state.service.is_stopping = True

    return make_uvicorn(config, on_start=lambda: on_start(app.state.service), on_stop=stop)


def make_uvicorn(
    config: Any, *, on_start: Callable[[], None], on_stop: Callable[[], None] = lambda: None
) -> Any:
    """Return a server of uvicorn that says when it begins and when it is told to end.

    Parameters
    ----------
    config : uvicorn.Config
    on_start : callable
        Called once requests are answered and signals are heard. Before that, whoever reads an
        address and ends the command at once would end it in the middle.
    on_stop : callable
        Called when a signal arrives; what was accepted by then is still answered.
    """
    uvicorn = require("uvicorn")

    class Server(uvicorn.Server):  # type: ignore[misc, name-defined]
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            on_start()

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            on_stop()
            super().handle_exit(sig, frame)

    return Server(config)


def _reload_on_hangup(shelf: ModelShelf) -> dict[int, SignalHandler]:
    """Return what SIGHUP does, where there is such a signal: the models are loaded again."""

    def reload(number: int, frame: FrameType | None) -> None:
        threading.Thread(
            target=shelf.reload, kwargs={"only_changed": False}, name="assay-reload", daemon=True
        ).start()

    if not hasattr(signal, "SIGHUP"):
        return {}
    return {signal.SIGHUP: reload}


@contextmanager
def plain_end(server: Any, others: Mapping[int, SignalHandler] | None = None) -> Iterator[None]:
    """Make SIGTERM and Ctrl-C a plain end of the server that runs in the block.

    uvicorn hears them while it runs. One that comes earlier, while it starts, ends it as soon as it
    has; and uvicorn raises all of them once more after its own end. Outside of the main thread,
    which alone has signals, nothing is done.

    Parameters
    ----------
    server : uvicorn.Server
        As `make_uvicorn` returns it.
    others : mapping of signal to handler, optional
        What further signals do meanwhile.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers: dict[int, SignalHandler] = dict.fromkeys(ENDING, server.handle_exit)
    handlers.update(others or {})
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the first process of a container, too, while it loads.

    The kernel keeps signals without a handler from process 1: `docker stop` would wait until it
    kills.
    """
    if os.getpid() != 1 or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)  # as a shell says of a process that the signal ended

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def quick_switching() -> Iterator[None]:
    """Let a thread that computes give way to the event loop sooner while the block runs."""
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before_s)
