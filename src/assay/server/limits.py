"""How much one client may ask of the server: every number is a flag of `assay serve` and stands in /info."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from assay.errors import InputError

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """What the server accepts; what is past it is refused in a sentence.

    Parameters
    ----------
    max_body_bytes : int
        Of a request. Past it: 413.
    max_batch_texts : int
        Texts a request. Past it: 413.
    max_text_chars : int
        Characters a text. Past it: 413.
    max_explained_texts : int
        Texts a request that are explained: each takes as many passes as it has words. Past it: 413.
    max_queue_texts : int
        Texts that wait to be scored, of all clients. Past it: 429 with Retry-After.
    max_requests : int
        Requests in work at once. Past it: 503.
    request_s : float
        Seconds from the whole request to its answer. Past it: 504.
    client_s : float
        Seconds that a client may take to send its request. Past it: 408, or a closed connection.
    """

    max_body_bytes: int = 2_000_000
    max_batch_texts: int = 256
    max_text_chars: int = 20_000
    max_explained_texts: int = 8
    max_queue_texts: int = 4_096
    max_requests: int = 512
    request_s: float = 30.0
    client_s: float = 10.0

    def __post_init__(self) -> None:
        wrong = [
            f"{field.name} is {getattr(self, field.name)}"
            for field in fields(self)
            if not getattr(self, field.name) > 0
        ]
        if wrong:
            raise InputError(f"{'; '.join(wrong)}: limits above 0 are accepted")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)
