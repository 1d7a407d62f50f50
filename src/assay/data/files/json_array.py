"""The elements of one JSON array, one at a time: a `.json` file need not fit into memory."""

from __future__ import annotations

import json
from typing import Any, TextIO

from assay.data.files.bounds import FileBounds

__all__ = ["JsonArray", "JsonBreak"]

CHUNK_CHARS = 1 << 16
# The longest token that a chunk can cut is a pair of \uXXXX escapes: an error further from the end
# of the chunk is a real one.
SLACK_CHARS = 16


class JsonBreak(ValueError):
    """The array cannot be read on from here."""


class JsonArray:
    """A cursor over a stream that holds a JSON array.

    Parameters
    ----------
    stream : text stream
        Opened so that lines end at line feeds.
    bounds : FileBounds
        How much one value may hold.

    Attributes
    ----------
    line : int
        1-based line of the cursor.
    """

    def __init__(self, stream: TextIO, bounds: FileBounds) -> None:
        self.line = 1
        self._bounds = bounds
        self._stream = stream
        self._text = ""
        self._at = 0
        self._ended = False
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """Skip white space; return the next character, "" at the end of the file."""
        while True:
            start = self._at
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
                self._at += 1
            self.line += self._text.count("\n", start, self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._grow(CHUNK_CHARS):
                return ""

    def skip(self) -> None:
        """Step over the character that `peek` returned."""
        self._at += 1

    def value(self) -> tuple[Any, str]:
        """Read one value; return it with its source text.

        Raises
        ------
        JsonBreak
            What follows is not JSON.
        """
        n_chars = CHUNK_CHARS
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
                if end < len(self._text) or isinstance(value, dict) or not self._grow(n_chars):
                    return value, self._take(end)
            except json.JSONDecodeError as err:
                if not self._is_cut(err) or not self._grow(n_chars):
                    raise JsonBreak(err.msg) from err
            except (RecursionError, ValueError) as err:
                raise JsonBreak(self._explain(err)) from err
            self._check_length()
            # A big value is decoded again from its start each time; doubling keeps that linear.
            n_chars *= 2

    def _explain(self, err: Exception) -> str:
        """Return why JSON that is no wrong JSON cannot be read."""
        is_deep = isinstance(err, RecursionError)
        return self._bounds.deep_value if is_deep else self._bounds.long_number()

    def _check_length(self) -> None:
        """Refuse a value that is longer than a line may be."""
        if len(self._text) - self._at > self._bounds.line_chars + CHUNK_CHARS:
            raise JsonBreak(self._bounds.long_line)

    def _is_cut(self, err: json.JSONDecodeError) -> bool:
        """Tell whether the error may come from the end of the chunk rather than from the file."""
        return err.msg.startswith("Unterminated string") or err.pos >= len(self._text) - SLACK_CHARS

    def _take(self, end: int) -> str:
        source = self._text[self._at : end]
        self.line += source.count("\n")
        self._at = end
        return source

    def _grow(self, n_chars: int) -> bool:
        """Drop what was read, append the next chunk; return False at the end of the file."""
        more = "" if self._ended else self._stream.read(n_chars)
        self._ended = not more
        self._text = self._text[self._at :] + more
        self._at = 0
        return bool(more)
