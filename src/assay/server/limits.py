"""How much one client may ask of the server; each limit is a flag of `assay serve`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from assay.errors import InputError
from assay.server.json_body import MAX_PARTS

__all__ = ["Limits"]

MOST = 10**12  # bytes, texts or seconds: what asks for more, such as infinity, is a mistake
PARTS_PER_TEXT = 8  # `["a text"],` has three


@dataclass(frozen=True)
class Limits:
    """What the server accepts. Whatever is over a limit is refused with a sentence.

    Parameters
    ----------
    max_body_bytes : int
        Bytes per request body, else 413.
    max_batch_texts : int
        Texts per request, else 413.
    max_text_chars : int
        Characters per text, else 413.
    max_explained_texts : int
        Explained texts per request, else 413. A text is scored once per word to explain it.
    max_queue_texts : int
        Waiting texts of all clients together, else 429 with Retry-After.
    max_requests : int
        Requests in work at the same time, else 503.
    max_unsent_bytes : int
        Bytes of all answers together that wait for clients to read them; beyond it, the connections
        that have waited longest are closed.
    request_s : float
        Seconds from the complete request to its answer, else 504.
    client_s : float
        Seconds that a client may take to send a request, else 408 or a closed connection; and in
        which it has to read what waits for it, or 64 KiB of it.
    """

    max_body_bytes: int = 2_000_000
    max_batch_texts: int = 256
    max_text_chars: int = 20_000
    max_explained_texts: int = 8
    max_queue_texts: int = 4_096
    max_requests: int = 512
    max_unsent_bytes: int = 64_000_000
    request_s: float = 30.0
    client_s: float = 10.0

    def __post_init__(self) -> None:
        wrong = []
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 < value < MOST:  # also refuses NaN
                wrong.append(f"{field.name} is {value}")
        if wrong:
            raise InputError(f"{'; '.join(wrong)}: limits above 0 are accepted, and below {MOST:,}")

    @property
    def max_json_parts(self) -> int:
        """How many parts the JSON of a request may have: enough for the largest batch."""
        return max(MAX_PARTS, PARTS_PER_TEXT * self.max_batch_texts)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)
