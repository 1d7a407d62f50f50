"""One of several processes that answer on one port: ``python -m assay.server.worker``.

It gets a `WorkerPlan` on standard input, and its sockets from the process that starts it
(`workers`). It ends when told to, and when that process is gone.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import socket
import sys
from dataclasses import asdict, dataclass
from typing import Any

from assay.errors import AssayError
from assay.server.channel import Channel, Message
from assay.server.failures import ApiError
from assay.server.limits import Limits
from assay.server.listen import run_server
from assay.server.options import ServerOptions
from assay.server.service import Service
from assay.server.shared_metrics import Snapshot, take_snapshot
from assay.server.shelf import ModelShelf, name_folders

__all__ = ["WorkerPlan"]

ASKING_S = 5.0  # how long the metrics of the others may take


@dataclass(frozen=True)
class WorkerPlan:
    """What a worker has to do.

    Parameters
    ----------
    models : tuple of str
        As `serve_models` takes them.
    options : ServerOptions
    n_threads : int
        Compute threads of each model.
    listener_fd, channel_fd : int
        File descriptors of the socket that listens, and of the one to the parent.
    """

    models: tuple[str, ...]
    options: ServerOptions
    n_threads: int
    listener_fd: int
    channel_fd: int

    def to_json(self) -> bytes:
        """Return it as a worker reads it."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, content: bytes) -> WorkerPlan:
        """Read what `to_json` wrote."""
        given: dict[str, Any] = json.loads(content)
        options = given.pop("options")
        limits = Limits(**options.pop("limits"))
        for name in ("cors_origins", "allowed_hosts"):
            options[name] = tuple(options[name])
        return cls(
            models=tuple(given.pop("models")),
            options=ServerOptions(**options, limits=limits),
            **given,
        )


class ParentLink:
    """The worker's end of the connection to its parent.

    Parameters
    ----------
    end : socket
    shelf : ModelShelf
    """

    def __init__(self, end: socket.socket, shelf: ModelShelf) -> None:
        self._end = end
        self._shelf = shelf
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[Snapshot]] = {}
        self._channel: Channel | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, service: Service) -> None:
        """Begin to talk, once requests are answered. Called on the event loop."""
        service.ask_workers = self.ask
        self._task = asyncio.get_running_loop().create_task(self._talk(service))

    async def ask(self) -> Snapshot:
        """Return the metrics of all workers.

        Raises
        ------
        ApiError
            503: the parent does not answer.
        """
        number = next(self._numbers)
        answer: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        if self._channel is not None:
            self._channel.send({"kind": "ask", "number": number})
        try:
            async with asyncio.timeout(ASKING_S):
                return await answer
        except TimeoutError:
            sentence = "the metrics of the other workers did not come"
            raise ApiError(503, "unhealthy", sentence) from None
        finally:
            del self._asked[number]

    async def _talk(self, service: Service) -> None:
        """Answer the parent until it is gone; then end as if told to."""
        self._channel = channel = await Channel.open(self._end)
        served = self._shelf.served
        ready: Message = {
            "kind": "ready",
            "names": [one.name for one in served],
            "keeps_texts": any(one.model.manifest.keeps_texts for one in served),
        }
        channel.send(ready)
        while (message := await channel.receive()) is not None:
            number = message["number"]
            if message["kind"] == "take":
                metrics = take_snapshot(service.metrics.registry)
                channel.send({"kind": "own", "number": number, "metrics": metrics})
            elif number in self._asked and not self._asked[number].done():
                self._asked[number].set_result(message["metrics"])
        os.kill(os.getpid(), signal.SIGTERM)


def _main() -> int:
    plan = WorkerPlan.from_json(sys.stdin.buffer.read())
    listener = socket.socket(fileno=plan.listener_fd)
    end = socket.socket(fileno=plan.channel_fd)
    try:
        shelf = ModelShelf(name_folders(plan.models), n_threads=plan.n_threads)
    except AssayError as err:
        failed: Message = {"kind": "failed", "sentence": err.message, "hint": err.hint}
        end.sendall(json.dumps(failed).encode() + b"\n")
        return err.exit_code
    run_server(shelf, plan.options, listener, on_start=ParentLink(end, shelf).start)
    return 0


if __name__ == "__main__":
    sys.exit(_main())
