"""Logs as JSON lines on stderr: what was asked and how long it took, never a text, a label or a query."""

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


class JsonLines(logging.Formatter):
    """One JSON object a record: time, level, event and the facts of it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; of an exception only its kind and place, for its message may hold a text."""
        facts: dict[str, Any] = dict(getattr(record, "facts", {}))
        if record.exc_info and record.exc_info[1] is not None:
            facts |= describe_exception(record.exc_info[1])
        when = (
            time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z"
        )
        line = {
            "time": when,
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **facts,
        }
        return json.dumps(line, ensure_ascii=False)


def describe_exception(err: BaseException) -> dict[str, Any]:
    """Return the kind of an exception and the last places it went through, without its message."""
    frames = traceback.extract_tb(err.__traceback__)[-3:]
    return {
        "exception": type(err).__name__,
        "where": [
            f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames
        ],
    }


def set_up_logs(*, requests: bool) -> None:
    """Send the logs of assay and of the HTTP server to stderr as JSON lines; with `requests` each request is one."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(logging.INFO if requests and name == "assay" else logging.WARNING)
