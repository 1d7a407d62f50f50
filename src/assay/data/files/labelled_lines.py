"""Rows of plain text files: one text per line, alone or with its label behind the delimiter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from assay.data.files.decoding import Lines
from assay.data.files.row import Row

__all__ = ["labelled_line_rows", "plain_rows"]


def labelled_line_rows(stream: TextIO, codec: str, *, delimiter: str) -> Iterator[Row]:
    """Split each line into text and label at its last delimiter."""
    for row in plain_rows(stream, codec):
        text, found, label = row.values["text"].rpartition(delimiter)
        if found or not label.strip():
            values = {"text": text, "label": label.strip()}
            yield Row(row.line, values, row.problem, row.fixes)
        else:
            problem = row.problem or f"no '{delimiter}' between text and label"
            yield Row(row.line, {"text": label}, problem, row.fixes)


def plain_rows(stream: TextIO, codec: str) -> Iterator[Row]:
    """Take each line as one text."""
    lines = Lines(stream, encoding=codec)
    for line in lines:
        text = line.removesuffix("\n").removesuffix("\r")
        problem = lines.take_problem()
        fixes = lines.fixes if problem else ()
        yield Row(lines.n_lines, {"text": text}, problem, fixes)
