"""What the server says when it does not answer: a sentence, a type of text-embeddings-inference's, a status."""

from __future__ import annotations

import json
from typing import Any, Literal

__all__ = ["ApiError", "ClientGone", "ErrorType", "encode_json", "is_too_long"]

ENCODER = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":")
)  # made once: json.dumps makes one a call
ErrorType = Literal["validation", "tokenizer", "overloaded", "backend", "unhealthy"]


class ApiError(Exception):
    """A request that is not answered.

    Parameters
    ----------
    status : int
    error_type : ErrorType
    sentence : str
        What failed, what was given, what is accepted.
    headers : dict, optional
        To send with it.
    """

    def __init__(
        self,
        status: int,
        error_type: ErrorType,
        sentence: str,
        *,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.error_type = error_type
        self.sentence = sentence
        self.headers = headers or {}

    def body(self) -> bytes:
        """Return what is sent."""
        return encode_json({"error": self.sentence, "error_type": self.error_type})


class ClientGone(Exception):
    """The client went away before its answer was there."""


def is_too_long(what: str, given: int, accepted: int, flag: str) -> ApiError:
    """Return the error of something that is past a limit, with the flag that moves it."""
    return ApiError(
        413, "validation", f"{what} {given:,}; up to {accepted:,} are accepted (assay serve {flag})"
    )


def encode_json(content: Any) -> bytes:
    """Return JSON in UTF-8; a lone surrogate, which UTF-8 lacks, stays an escape."""
    return ENCODER.encode(content).encode("utf-8", "backslashreplace")
