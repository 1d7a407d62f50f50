"""Several processes that answer on one port: started, watched, replaced, and ended together.

The parent loads no model. It holds the sockets, so that connections wait while a worker is
replaced, and it adds up the metrics of all workers.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import signal
import socket
import sys
import threading
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from assay import _env
from assay.errors import ModelError, OutsideError
from assay.server.address import open_beside
from assay.server.channel import Channel, Message
from assay.server.logs import set_up_logs
from assay.server.options import ServerOptions
from assay.server.shared_metrics import Snapshot, add_up, keep_totals, make_family
from assay.server.worker import WorkerPlan

__all__ = ["Started", "serve_with_workers", "threads_of_each"]

logger = logging.getLogger(__name__)

Started = Callable[[list[str], bool], None]

TAKING_S = 2.0  # how long a worker may take to say what it counted
GRACE_S = 10.0  # seconds beyond the time of a request after which a worker is killed
MAX_PAUSE_S = 30.0  # between two tries to start a worker again


def threads_of_each(n_workers: int, n_threads: int | None) -> int:
    """Return the compute threads of each worker; None: its share of what the machine has."""
    return n_threads or max(1, _env.n_threads() // n_workers)


def serve_with_workers(
    models: Sequence[str],
    options: ServerOptions,
    listeners: Sequence[socket.socket],
    *,
    n_threads: int,
    on_start: Started,
) -> None:
    """Serve with one worker for each of `listeners` until SIGTERM or SIGINT.

    Parameters
    ----------
    models, options
        As for `serve_models`.
    listeners : sequence of socket
        On the same port.
    n_threads : int
        Compute threads of each model in each worker.
    on_start : callable
        Called with the names of the models, and whether one of them keeps texts, once all workers
        answer.

    Raises
    ------
    ModelError
        A model cannot be loaded.
    OutsideError
        A worker ended while it started.
    """
    set_up_logs(requests=options.log_requests)
    workers = _Workers(models, options, listeners, n_threads)
    asyncio.run(workers.run(on_start))


class _Worker:
    """One place for a worker, and the process that has it at the moment."""

    def __init__(self, number: int, listener: socket.socket) -> None:
        self.number = number
        self.listener = listener
        self.process: Process | None = None
        self.channel: Channel | None = None
        self.is_ready = False
        self.last: Snapshot = []  # what the process had counted when it was last asked
        self.past: Snapshot = []  # what processes before it had counted
        self._numbers = itertools.count()
        self._taken: dict[int, asyncio.Future[Snapshot]] = {}

    async def start(self, plan: Callable[[int, int], WorkerPlan]) -> Message:
        """Start a process; return whether it is ready, or why it failed."""
        ours, theirs = socket.socketpair()
        with theirs:
            fds = (self.listener.fileno(), theirs.fileno())
            # In a session of its own, so that Ctrl-C reaches the parent alone.
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "assay.server.worker"),
                stdin=PIPE,
                pass_fds=fds,
                start_new_session=True,
            )
        self.channel = await Channel.open(ours)
        with suppress(BrokenPipeError, ConnectionResetError):
            assert self.process.stdin is not None
            self.process.stdin.write(plan(*fds).to_json())
            await self.process.stdin.drain()
            self.process.stdin.close()
        message = await self.channel.receive()
        if message is None:
            await self.process.wait()
            sentence = f"a worker ended with {self.process.returncode} while it started"
            return {"kind": "gone", "sentence": sentence}
        self.is_ready = message["kind"] == "ready"
        return message

    async def attend(self, on_ask: Callable[[_Worker, int], None]) -> None:
        """Take what the worker says until it has gone."""
        assert self.channel is not None
        while (message := await self.channel.receive()) is not None:
            if message["kind"] == "ask":
                on_ask(self, message["number"])
                continue
            waiting = self._taken.get(message["number"])
            if waiting is not None and not waiting.done():
                waiting.set_result(message["metrics"])
        self.is_ready = False
        self.channel.close()
        self.past, self.last = add_up([self.past, keep_totals(self.last)]), []

    async def take(self) -> Snapshot:
        """Return what this worker and those before it in its place have counted."""
        if self.is_ready and self.channel is not None:
            number = next(self._numbers)
            self._taken[number] = asyncio.get_running_loop().create_future()
            self.channel.send({"kind": "take", "number": number})
            with suppress(TimeoutError):
                async with asyncio.timeout(TAKING_S):
                    self.last = await self._taken[number]
            del self._taken[number]
        return add_up([self.past, self.last])

    def signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.process is not None and self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)


class _Workers:
    """All workers."""

    def __init__(
        self,
        models: Sequence[str],
        options: ServerOptions,
        listeners: Sequence[socket.socket],
        n_threads: int,
    ) -> None:
        self._models = tuple(models)
        self._options = options
        self._n_threads = n_threads
        self._workers = [_Worker(i, listener) for i, listener in enumerate(listeners)]
        self._n_replaced = 0
        self._stop = asyncio.Event()
        self._answers: set[asyncio.Task[None]] = set()

    async def run(self, on_start: Started) -> None:
        """Start all, replace those that end, and end all when told to."""
        self._take_signals()
        stopped = asyncio.create_task(self._stop.wait())
        starting = asyncio.gather(*(worker.start(self._plan) for worker in self._workers))
        keepers: list[asyncio.Task[None]] = []
        try:
            both: set[asyncio.Future[Any]] = {starting, stopped}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if self._stop.is_set():
                return
            messages = starting.result()
            _check_started(messages)
            keepers = [asyncio.create_task(self._keep(worker)) for worker in self._workers]
            on_start(messages[0]["names"], any(one["keeps_texts"] for one in messages))
            await self._stop.wait()
        finally:
            self._stop.set()
            starting.cancel()
            await self._end_all()
            for task in keepers:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(starting, *keepers, return_exceptions=True)

    def _take_signals(self) -> None:
        """SIGTERM and Ctrl-C end all; SIGHUP is passed on."""
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._pass_on, signal.SIGHUP)

    def _pass_on(self, number: int) -> None:
        for worker in self._workers:
            worker.signal(number)

    def _plan(self, listener_fd: int, channel_fd: int) -> WorkerPlan:
        return WorkerPlan(self._models, self._options, self._n_threads, listener_fd, channel_fd)

    async def _keep(self, worker: _Worker) -> None:
        """Attend to a worker; put another in its place when it ends."""
        while True:
            await worker.attend(self._on_ask)
            assert worker.process is not None
            code = await worker.process.wait()
            if self._stop.is_set():
                return
            facts = {"worker": worker.number, "exit": code}
            logger.warning("a worker ended and is replaced", extra={"facts": facts})
            await self._replace(worker)
            self._n_replaced += 1
            logger.warning("a worker was replaced", extra={"facts": {"worker": worker.number}})

    async def _replace(self, worker: _Worker) -> None:
        """Start a worker again, as often as it takes."""
        pause_s = 1.0
        while (message := await worker.start(self._plan))["kind"] != "ready":
            facts = {"worker": worker.number, "reason": message["sentence"]}
            logger.warning("a worker could not be started", extra={"facts": facts})
            beside = self._listener_beside(worker)
            if beside is not None:
                worker.listener.close()  # its share of connections goes to the other workers
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, MAX_PAUSE_S)
            if beside is not None:
                beside = self._listener_beside(worker)
                assert beside is not None
                worker.listener = open_beside(beside, self._options.host)

    def _listener_beside(self, worker: _Worker) -> socket.socket | None:
        """Return the open socket of another worker.

        None if there is none: then the worker's own has to stay open, since it alone keeps the port
        from others, and connections wait there.
        """
        others = (one.listener for one in self._workers if one is not worker)
        return next((one for one in others if one.fileno() >= 0), None)

    def _on_ask(self, worker: _Worker, number: int) -> None:
        task = asyncio.create_task(self._answer(worker, number))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer(self, asking: _Worker, number: int) -> None:
        """Send a worker the metrics of all."""
        snapshots = await asyncio.gather(*(worker.take() for worker in self._workers))
        n_ready = sum(worker.is_ready for worker in self._workers)
        own = [
            make_family("assay_workers", "gauge", "Workers that answer.", n_ready),
            make_family(
                "assay_workers_replaced",
                "counter",
                "Workers that took the place of one that ended.",
                self._n_replaced,
            ),
        ]
        if asking.channel is not None:
            metrics = [*add_up(snapshots), *own]
            asking.channel.send({"kind": "all", "number": number, "metrics": metrics})

    async def _end_all(self) -> None:
        """Tell all workers to end, wait until they have, and kill those that do not."""
        processes = [worker.process for worker in self._workers if worker.process is not None]
        for worker in self._workers:
            # A worker closes its own copy. While another one is open, the system goes on taking
            # connections that nobody will answer.
            worker.listener.close()
        self._pass_on(signal.SIGTERM)
        waits = [asyncio.create_task(process.wait()) for process in processes]
        if not waits:
            return
        limit_s = self._options.limits.request_s + GRACE_S
        _, late = await asyncio.wait(waits, timeout=limit_s)
        if late:
            logger.warning(
                "workers that did not end were killed", extra={"facts": {"n": len(late)}}
            )
            self._pass_on(signal.SIGKILL)
            await asyncio.wait(waits)


def _check_started(messages: Sequence[Message]) -> None:
    """Raise what a worker said if it could not start."""
    for message in messages:
        if message["kind"] == "failed":
            raise ModelError(message["sentence"], hint=message["hint"])
        if message["kind"] == "gone":
            raise OutsideError(message["sentence"])
