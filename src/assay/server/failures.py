"""What the server says when it does not answer: a status, a sentence, and an error type.

The types are those of text-embeddings-inference.
"""

from __future__ import annotations

import json
from typing import Any, Literal

__all__ = ["ApiError", "ClientGone", "ErrorType", "encode_json", "make_limit_error"]

ErrorType = Literal["validation", "tokenizer", "overloaded", "backend", "unhealthy"]

# Made once: json.dumps would make an encoder in each call. NaN and infinity are no JSON; no answer
# may hold one.
ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class ApiError(Exception):
    """A request that is refused, or that failed.

    Parameters
    ----------
    status : int
        The status of HTTP.
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
        """Return the body of the answer."""
        return encode_json({"error": self.sentence, "error_type": self.error_type})


class ClientGone(Exception):
    """The client left before its answer was ready."""


def make_limit_error(what: str, given: int, accepted: int, flag: str) -> ApiError:
    """Return the error for something that is over a limit, with the flag that raises the limit."""
    sentence = f"{what} {given:,}; up to {accepted:,} are accepted (assay serve {flag})"
    return ApiError(413, "validation", sentence)


def encode_json(content: Any) -> bytes:
    """Return JSON in UTF-8. A lone surrogate, which UTF-8 cannot hold, becomes an escape.

    Raises
    ------
    ValueError
        A number is NaN or infinite.
    """
    return ENCODER.encode(content).encode("utf-8", "backslashreplace")
