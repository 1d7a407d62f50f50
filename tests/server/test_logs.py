"""Logs: JSON lines, without what a text could hide in."""

import json
import logging
import sys

from assay.server.logs import JsonLines, describe_exception


def record_of(message, *, facts=None, exc_info=None):
    """Make a record as loggers do."""
    record = logging.LogRecord("assay.server", logging.WARNING, __file__, 1, message, (), exc_info)
    if facts is not None:
        record.facts = facts
    return record


def failure():
    """Raise and catch an error that quotes a text."""
    try:
        raise ValueError("my diary")
    except ValueError:
        return sys.exc_info()


def test_line_is_one_json_object():
    """Time, level, event and the facts; line ends and quotes cannot break it."""
    line = JsonLines().format(record_of('odd\n"event"', facts={"status": 200}))
    assert "\n" not in line
    content = json.loads(line)
    assert (content["event"], content["level"], content["status"]) == (
        'odd\n"event"',
        "warning",
        200,
    )
    assert content["time"].endswith("Z")


def test_exception_is_kind_and_place_without_its_message():
    """A message may hold a text: it is left out."""
    line = JsonLines().format(record_of("failed", exc_info=failure()))
    assert "diary" not in line
    assert json.loads(line)["exception"] == "ValueError"
    assert json.loads(line)["where"][0].startswith("test_logs.py:")
    assert "diary" not in str(describe_exception(failure()[1]))
