"""Logs as JSON lines on stderr: what was asked and how long it took.

No line ever holds a text, a label, a query or a key.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from pathlib import PurePath
from typing import Any

__all__ = ["JsonLines", "describe_exception", "set_up_logs"]

LOGGERS = ("assay", "uvicorn.error")
N_FRAMES = 3  # of a traceback: the innermost ones


class JsonLines(logging.Formatter):
    """One JSON object per record: time, level, event, and the facts that came with it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. The message of an exception may hold a text and is left out."""
        facts: dict[str, Any] = dict(getattr(record, "facts", {}))
        if record.exc_info and record.exc_info[1] is not None:
            facts |= describe_exception(record.exc_info[1])
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "time": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **facts,
        }
        return json.dumps(line, ensure_ascii=False)


def describe_exception(err: BaseException) -> dict[str, Any]:
    """Return the class of an exception and the places it went through, without its message."""
    frames = traceback.extract_tb(err.__traceback__)[-N_FRAMES:]
    places = list(map(_describe_frame, frames))
    return {"exception": type(err).__name__, "where": places}


def _describe_frame(frame: traceback.FrameSummary) -> str:
    return f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}"


def set_up_logs(*, requests: bool) -> None:
    """Send the logs of assay and of the HTTP server to stderr as JSON lines.

    Parameters
    ----------
    requests : bool
        Log each request, not only warnings.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(logging.INFO if requests and name == "assay" else logging.WARNING)
