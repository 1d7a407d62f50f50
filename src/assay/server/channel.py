"""What the parent of several workers and each worker say to each other: JSON, one line each."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Literal, TypedDict

from assay.server.shared_metrics import Snapshot

__all__ = ["Channel", "Message"]

MAX_LINE_BYTES = 1 << 26  # of a message: metrics of many labels


class Message(TypedDict, total=False):
    """One message; which keys it has follows from its kind.

    ``ready`` (names, keeps_texts) and ``failed`` (sentence, hint): how the start of a worker ended;
    the parent notes ``gone`` (sentence) for one that said neither.
    ``ask`` (number): a worker wants the metrics of all; the parent's answer is ``all``. ``take``
    (number): the parent wants those of one worker; its answer is ``own``.
    """

    kind: Literal["ready", "failed", "gone", "ask", "all", "take", "own"]
    names: list[str]
    keeps_texts: bool
    sentence: str
    hint: str
    number: int
    metrics: Snapshot


class Channel:
    """One end of the connection between parent and worker.

    Use `open` to make one.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, end: socket.socket) -> Channel:
        """Take an end of a pair of sockets."""
        return cls(*await asyncio.open_unix_connection(sock=end, limit=MAX_LINE_BYTES))

    def send(self, message: Message) -> None:
        """Send a message, unless the other side has gone."""
        if not self._writer.is_closing():
            self._writer.write(json.dumps(message).encode() + b"\n")

    async def receive(self) -> Message | None:
        """Return the next message; None: the other side has gone."""
        try:
            line = await self._reader.readline()
        except OSError:
            return None
        if not line.endswith(b"\n"):
            return None
        message: Message = json.loads(line)
        return message

    def close(self) -> None:
        """End the connection."""
        self._writer.close()
