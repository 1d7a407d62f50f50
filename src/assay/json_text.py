"""`parse_json`: the value of a JSON text that somebody else may have written."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["parse_json"]


def parse_json(text: str | bytes) -> Any:
    """Return the value of a JSON text.

    Raises
    ------
    ValueError
        It is no JSON, or nested too deep for Python's parser, which alone would raise a
        RecursionError.
    """
    try:
        return json.loads(text)
    except RecursionError as err:
        raise ValueError("the JSON is nested too deep") from err
