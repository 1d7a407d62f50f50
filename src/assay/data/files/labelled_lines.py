"""Rows of plain text files: one text per line, alone or with its label behind the delimiter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import TextIO

from assay.data.files.decoding import Lines
from assay.data.files.row import Row

__all__ = ["FASTTEXT_MARK", "labelled_line_rows", "plain_rows"]

FASTTEXT_MARK = "__label__"  # before each label, at the start of a line


def labelled_line_rows(stream: TextIO, codec: str, *, delimiter: str) -> Iterator[Row]:
    """Split each line into text and label: at its last delimiter, or as fastText writes them."""
    rows = plain_rows(stream, codec)
    first = next(rows, None)
    if first is None:
        return
    rows = chain([first], rows)
    if first.values["text"].startswith(FASTTEXT_MARK):
        yield from map(_fasttext_row, rows)
        return
    for row in rows:
        text, found, label = row.values["text"].rpartition(delimiter)
        if found or not label.strip():
            values = {"text": text, "label": label.strip()}
            yield Row(row.line, values, row.problem)
        else:
            problem = row.problem or f"no '{delimiter}' between text and label"
            yield Row(row.line, {"text": label}, problem)


def _fasttext_row(row: Row) -> Row:
    """Read a line such as ``__label__joy so glad``; several labels are a list."""
    rest = row.values["text"]
    labels = []
    while rest.startswith(FASTTEXT_MARK):
        word, _, rest = rest.partition(" ")
        labels.append(word.removeprefix(FASTTEXT_MARK))
    return replace(row, values={"text": rest, "label": labels})


def plain_rows(stream: TextIO, codec: str) -> Iterator[Row]:
    """Take each line as one text."""
    lines = Lines(stream, encoding=codec)
    for line in lines:
        text = line.removesuffix("\n").removesuffix("\r")
        problem = lines.take_problem()
        yield Row(lines.n_lines, {"text": text}, problem)
