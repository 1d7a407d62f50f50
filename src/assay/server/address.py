"""Sockets that listen, opened before models are loaded: a taken port is known at once."""

from __future__ import annotations

import errno
import os
import socket
import sys
from contextlib import suppress

from assay.errors import OutsideError

__all__ = ["BACKLOG", "Listener", "open_beside", "open_listener", "open_listeners"]

Listener = socket.socket  # for rooms that hand one on, and open none
BACKLOG = 2048  # connections that wait to be accepted


def open_listener(host: str, port: int, *, is_shared: bool = False) -> socket.socket:
    """Open a socket that listens.

    Parameters
    ----------
    host : str
    port : int
        0: any free one.
    is_shared : bool
        Whether further sockets of this user may listen on the same port.

    Raises
    ------
    OutsideError
        The address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sends small answers at once. With 0 they would wait 40 ms for
    # more to send (Nagle's algorithm).
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as err:
        listener.close()
        raise _explain_refusal(err, host, port) from err
    return listener


def open_listeners(host: str, port: int, n: int) -> list[socket.socket]:
    """Open `n` sockets on one port, among which the system shares connections out.

    The first one is opened as if it were alone, which the system refuses where anybody listens
    already, and only then lets others beside it. It stays open: two commands that start at the same
    moment cannot both have a port.

    Raises
    ------
    OutsideError
        The address cannot be listened on.
    """
    first = open_listener(host, port)
    if sys.platform == "linux":
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return [first, *(open_beside(first, host) for _ in range(n - 1))]


def open_beside(listener: socket.socket, host: str) -> socket.socket:
    """Open another socket on the port of one of `open_listeners`.

    Linux gives each connection to one of several sockets. Elsewhere, and where the system does not
    let a second one in, it is the same socket once more, and whoever is idle accepts.
    """
    if sys.platform == "linux":
        with suppress(OutsideError):
            return open_listener(host, listener.getsockname()[1], is_shared=True)
    return listener.dup()


def _explain_refusal(err: OSError, host: str, port: int) -> OutsideError:
    """Return the error for an address that cannot be listened on."""
    where = f"port {port} of {host}"
    if err.errno == errno.EADDRINUSE:
        hint = f"another program uses it: stop it, or try --port {port + 1}"
        return OutsideError(f"{where} is taken", hint=hint)
    if err.errno in (errno.EACCES, errno.EPERM):
        hint = "ports below 1024 are the system's"
        return OutsideError(f"{where} may not be used", hint=hint)
    reason = err.strerror or str(err)
    hint = "--host takes an address of this machine, such as 127.0.0.1 or 0.0.0.0"
    return OutsideError(f"{where} cannot be listened on: {reason}", hint=hint)
