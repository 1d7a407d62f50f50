"""Rows of plain text files: one text per line, alone or with its label.

The label is behind the last delimiter (``so glad;joy``), or the lines have a form of their own, in
which it comes first: fastText (``__label__joy so glad``), the questions of TREC
(``DESC:manner How did it begin ?``), the trees of the Stanford Sentiment Treebank
(``(3 (2 so) (4 glad))``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TextIO

from assay.data.files.decoding import Lines
from assay.data.files.null_bytes import END_OF_DOS
from assay.data.files.row import Row
from assay.errors import InputError, cut

__all__ = ["FASTTEXT_MARK", "LineForm", "find_line_form", "labelled_line_rows", "plain_rows"]

FASTTEXT_MARK = "__label__"  # before each label, at the start of a line
PEEKED_ROWS = 20
QUESTION = re.compile(r"(?P<label>[A-Z]+:[a-z]+) (?P<text>.+)")
TREE = re.compile(r"\((?P<label>\d) \S.*\)")
LEAF = re.compile(r"\(\d ([^() ]+)\)")


@dataclass(frozen=True)
class LineForm:
    """A form of lines in which the label comes first.

    Parameters
    ----------
    name : str
    recognises : callable
        ``first lines -> bool``.
    read : callable
        ``line -> {"text", "label"}``; None if a line has another form.
    relabel : callable
        ``(line, label) -> line``.
    """

    name: str
    recognises: Callable[[Sequence[str]], bool]
    read: Callable[[str], dict[str, object] | None]
    relabel: Callable[[str, str], str]


def _read_fasttext(line: str) -> dict[str, object]:
    """Read a line such as ``__label__joy so glad``; several labels are a list."""
    rest = line
    labels = []
    while rest.startswith(FASTTEXT_MARK):
        word = rest.split(None, 1)[0]
        rest = rest[len(word) :].lstrip()
        labels.append(word.removeprefix(FASTTEXT_MARK))
    return {"text": rest, "label": labels}


def _relabel_fasttext(line: str, label: str) -> str:
    if len(label.split()) != 1:
        raise InputError(f"'{cut(label)}' holds white space, which ends a label of fastText")
    text = str(_read_fasttext(line)["text"])
    labels = line.removesuffix(text)
    space = labels[len(labels.rstrip()) :] or " "
    return f"{FASTTEXT_MARK}{label}{space}{text}"


def _relabel_question(line: str, label: str) -> str:
    return f"{label} {line.partition(' ')[2]}"


def _relabel_tree(line: str, label: str) -> str:
    start = line.index("(") + 1
    return line[:start] + label + line[start + 1 :]


def _read_question(line: str) -> dict[str, object] | None:
    found = QUESTION.fullmatch(line)
    if found is None:
        return None
    return found.groupdict()


def _read_tree(line: str) -> dict[str, object] | None:
    """Read the leaves of a tree as its text, the number of its root as its label.

    >>> _read_tree("(3 (2 so) (4 glad))")
    {'text': 'so glad', 'label': '3'}
    """
    found = TREE.fullmatch(line.strip())
    if found is None:
        return None
    return {"text": " ".join(LEAF.findall(line)), "label": found["label"]}


def _begins_with_mark(lines: Sequence[str]) -> bool:
    """Tell whether lines are those of fastText: a text that no label fits has no mark."""
    if lines[0].startswith(FASTTEXT_MARK):
        return True
    return 2 * sum(line.startswith(FASTTEXT_MARK) for line in lines) > len(lines)


def _all_match(pattern: re.Pattern[str]) -> Callable[[Sequence[str]], bool]:
    return lambda lines: all(pattern.fullmatch(line.strip()) for line in lines)


FORMS = (
    LineForm("fastText", _begins_with_mark, _read_fasttext, _relabel_fasttext),
    LineForm("TREC", _all_match(QUESTION), _read_question, _relabel_question),
    LineForm("a treebank", _all_match(TREE), _read_tree, _relabel_tree),
)


def find_line_form(stream: TextIO, codec: str) -> LineForm | None:
    """Return the form of a file whose lines begin with their labels, else None."""
    return _find_form(list(islice(plain_rows(stream, codec), PEEKED_ROWS)))


def labelled_line_rows(stream: TextIO, codec: str, *, delimiter: str) -> Iterator[Row]:
    """Split each line into text and label: at its last delimiter, or as one of the forms has it."""
    rows = plain_rows(stream, codec)
    first = list(islice(rows, PEEKED_ROWS))
    form = _find_form(first)
    for row in chain(first, rows):
        yield _split_line(row, delimiter) if form is None else _read_row(row, form)


def _find_form(rows: Sequence[Row]) -> LineForm | None:
    lines = [row.values["text"] for row in rows if row.values["text"].strip()]
    if not lines:
        return None
    return next((form for form in FORMS if form.recognises(lines)), None)


def _read_row(row: Row, form: LineForm) -> Row:
    line = row.values["text"]
    values = form.read(line)
    if values is not None:
        return replace(row, values=values)
    if not line.strip():
        return replace(row, values={"text": line, "label": None})
    return replace(row, problem=row.problem or f"no record of {form.name}")


def _split_line(row: Row, delimiter: str) -> Row:
    text, found, label = row.values["text"].rpartition(delimiter)
    if found or not label.strip():
        return replace(row, values={"text": text, "label": label.strip()})
    problem = row.problem or f"no '{delimiter}' between text and label"
    return Row(row.line, {"text": label}, problem)


def plain_rows(stream: TextIO, codec: str) -> Iterator[Row]:
    """Take each line as one text."""
    lines = Lines(stream, encoding=codec)
    for line in lines:
        text = line.removesuffix("\n").removesuffix("\r")
        problem = lines.take_problem()
        if text != END_OF_DOS:
            yield Row(lines.n_lines, {"text": text}, problem)
