"""Open-loop load: requests leave when their time has come, whether earlier ones are answered or not.

Latency counts from the time a request should have left, so that a server that stalls is charged for
all who wait. Raw HTTP/1.1 on kept connections: the load should cost as little as it can, for it
runs on the same cores.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import deque
from dataclasses import dataclass, field

import numpy as np

__all__ = ["Caller", "Load", "build_request", "offer_load"]


@dataclass
class Load:
    """What came of a load."""

    rate: float
    seconds: float
    latencies_s: list[float] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)
    n_failed: int = 0
    n_unanswered: int = 0

    def quantile_ms(self, share: float) -> float:
        """Return a quantile of the latencies; unanswered requests count as endless."""
        values = np.concatenate(
            [self.latencies_s, np.full(self.n_unanswered + self.n_failed, np.inf)]
        )
        return (
            float(np.quantile(values, share, method="higher") * 1000)
            if len(values)
            else float("inf")
        )

    def samples(self) -> list[int]:
        """Return every latency in the order of the answers, in units of 10 us."""
        return [round(latency_s * 1e5) for latency_s in self.latencies_s]

    def to_dict(self) -> dict[str, float]:
        """Return what is kept; `late_p99_ms` is how much later than due the load itself sent requests."""
        late_ms = float(np.quantile(self.late_s, 0.99) * 1000) if self.late_s else 0.0
        return {
            "rate": self.rate,
            "seconds": self.seconds,
            "n_answered": len(self.latencies_s),
            "n_failed": self.n_failed,
            "n_unanswered": self.n_unanswered,
            "p50_ms": self.quantile_ms(0.5),
            "p99_ms": self.quantile_ms(0.99),
            "late_p99_ms": late_ms,
        }


class _Connection(asyncio.Protocol):
    """One request at a time; answers with a Content-Length, as both kinds of server give them."""

    def __init__(self, pool: _Pool) -> None:
        self.pool = pool
        self.buffer = b""
        self.due_s = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self, request: bytes, due_s: float) -> None:
        """Send a request."""
        assert self.transport is not None
        self.due_s = due_s
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        at = head.lower().index(b"content-length:") + 15
        if len(body) < int(head[at:].split(b"\r\n", 1)[0]):
            return
        is_answered = head.startswith(b"HTTP/1.1 200")
        self.buffer = b""
        self.pool.note(self, time.perf_counter() - self.due_s if is_answered else None)


class _Pool:
    """Connections that are free, and requests that wait for one."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.free: list[_Connection] = []
        self.waiting: deque[tuple[bytes, float]] = deque()

    def send(self, request: bytes, due_s: float) -> None:
        """Send on a free connection, or as soon as there is one."""
        if self.free:
            self.free.pop().ask(request, due_s)
        else:
            self.waiting.append((request, due_s))

    def note(self, connection: _Connection, latency_s: float | None) -> None:
        """Keep a latency, None for a failure, and go on."""
        if latency_s is None:
            self.load.n_failed += 1
        else:
            self.load.latencies_s.append(latency_s)
        if self.waiting:
            connection.ask(*self.waiting.popleft())
        else:
            self.free.append(connection)


def build_request(path: str, text: str) -> bytes:
    """Return the bytes of a request."""
    body = json.dumps({"inputs": text}).encode()
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _offer(
    port: int, requests: list[bytes], load: Load, *, n_connections: int, seed: int
) -> None:
    loop = asyncio.get_running_loop()
    pool = _Pool(load)
    for _ in range(n_connections):
        _, connection = await loop.create_connection(lambda: _Connection(pool), "127.0.0.1", port)
        pool.free.append(connection)
    everybody = list(pool.free)
    rng = np.random.default_rng(seed)
    n_requests = int(load.rate * load.seconds)
    times = np.cumsum(
        rng.exponential(1 / load.rate, size=n_requests)
    )  # arrivals of strangers: a Poisson process
    started_s = time.perf_counter()
    for i, at in enumerate(times):
        due_s = started_s + float(at)
        if (left_s := due_s - time.perf_counter()) > 0:
            await asyncio.sleep(left_s)
        elif i % 16 == 0:
            await asyncio.sleep(0)  # late: answers are still to be read
        load.late_s.append(max(time.perf_counter() - due_s, 0.0))
        pool.send(requests[i % len(requests)], due_s)
    deadline_s = time.perf_counter() + 2
    while len(load.latencies_s) + load.n_failed < n_requests and time.perf_counter() < deadline_s:
        await asyncio.sleep(0.01)
    load.n_unanswered = n_requests - len(load.latencies_s) - load.n_failed
    for connection in everybody:
        if connection.transport is not None:
            connection.transport.abort()


def offer_load(
    port: int,
    path: str,
    texts: list[str],
    *,
    rate: float,
    seconds: float,
    n_connections: int = 64,
    seed: int = 0,
) -> Load:
    """Offer requests at a mean rate; return what came of it."""
    load = Load(rate, seconds)
    requests = [build_request(path, text) for text in texts]
    asyncio.run(_offer(port, requests, load, n_connections=n_connections, seed=seed))
    return load


class Caller:
    """One client on one kept connection, that waits for each answer: as little of its own cost as can be.

    Parameters
    ----------
    port : int
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def time(self, request: bytes) -> float:
        """Ask; return the seconds to the end of the answer."""
        started_s = time.perf_counter()
        self._socket.sendall(request)
        answer = b""
        while True:
            part = self._socket.recv(65536)
            if not part:
                raise ConnectionError("the server closed the connection")
            answer += part
            head, separator, body = answer.partition(b"\r\n\r\n")
            if separator and len(body) >= int(
                head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]
            ):
                break
        seconds = time.perf_counter() - started_s
        if not answer.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(answer[:200].decode("latin-1"))
        return seconds

    def close(self) -> None:
        """End the connection."""
        self._socket.close()
