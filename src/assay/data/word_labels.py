"""Labels of words and spans, as for named entities: data that classify no whole texts.

Exports of them have many forms (CoNLL, tokens beside tags, spans of Label Studio, doccano, Prodigy
and spaCy). None has one label per text, and an error about columns would not say so.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice, permutations
from operator import attrgetter, itemgetter
from typing import Any

from assay.data.files.decoding import open_text
from assay.data.files.formats import file_kind
from assay.data.files.readers import read_rows
from assay.data.files.row import Record
from assay.data.origin import Origin
from assay.errors import AssayError, cut

__all__ = ["find_word_labels", "warn_of_word_labels"]

logger = logging.getLogger(__name__)

# Tags of words: B-ORG begins an entity, I-ORG goes on with it, O is outside of all.
WORD_TAG = re.compile(r"[BIELSU][-_]\S+")
OUTSIDE = "O"
TAGGED_LINE = re.compile(r"\S.*[ \t,;](?P<tag>O|[BIELSU][-_][^\s,;]+)\s*")
TEXT_KINDS = (".txt", ".csv", ".tsv")
N_LOOKED_AT = 40  # rows or lines
LINE_CHARS = 10_000
NEARLY_ALL = 0.8  # of these lines: headers, comments and marks of documents are others
SPANS = (("start", "end"), ("start_offset", "end_offset"))
ADVICE = "{what}: give each text one label as a whole first"
OF_WORDS = "these seem to be labels of words, such as '{tag}', as for named entities"
OF_TOKENS = "'{tags}' seems to hold one label for each word in '{tokens}', as for named entities"
OF_SPANS = "'{column}' seems to hold labels of spans inside the texts, as for named entities"


def find_word_labels(origin: Origin | None) -> str:
    """Say that a file labels words or spans; empty if it does not, or nothing is known of it.

    It is asked where a command failed already: the start of the file is read once more.
    """
    if origin is None:
        return ""
    path = origin.paths[0]
    what = ""
    with suppress(AssayError, OSError):
        if file_kind(path) in TEXT_KINDS:
            with open_text(path, encoding=origin.reading.codec, newline="") as stream:
                lines = iter(partial(stream.readline, LINE_CHARS), "")
                what = _find_tagged_lines(list(islice(lines, N_LOOKED_AT)))
        else:
            rows = islice(read_rows(path, **origin.reading.to_dict()), N_LOOKED_AT)
            what = _find_spans(list(map(attrgetter("values"), rows)))
    return what and ADVICE.format(what=what)


def warn_of_word_labels(labels: Collection[str], *, source: str) -> None:
    """Warn where all labels are tags of words: they are learnt, but texts are meant."""
    tags = list(filter(WORD_TAG.fullmatch, labels))
    if tags and len(tags) + (OUTSIDE in labels) == len(labels):
        logger.warning(
            "%s: %s; a text is classified as a whole",
            source,
            OF_WORDS.format(tag=cut(min(tags))),
        )


def _find_tagged_lines(lines: Sequence[str]) -> str:
    """Say that lines end in tags of words; empty if they do not."""
    filled = list(filter(str.strip, lines))
    found = list(filter(None, map(TAGGED_LINE.fullmatch, filled)))
    tags = set(map(itemgetter("tag"), found)) - {OUTSIDE}
    if not tags or len(found) < NEARLY_ALL * len(filled):
        return ""
    return OF_WORDS.format(tag=cut(min(tags)))


def _find_spans(records: Sequence[Record]) -> str:
    """Say which column of records holds spans or tags of words; empty if none does."""
    for record in records:
        tokens = _list_of_texts(record)
        if len(tokens) > 1:
            return OF_TOKENS.format(tokens=cut(tokens[0]), tags=cut(tokens[1]))
        for column, value in _with_results(record):
            if isinstance(value, list) and value and all(map(_is_span, value)):
                return OF_SPANS.format(column=cut(column))
    return ""


def _list_of_texts(record: Record) -> list[str]:
    """Return two columns, of words and of tags, that hold lists of one length; else nothing."""
    lists = {name: one for name, one in record.items() if isinstance(one, list) and len(one) > 1}
    for (name, words), (tags_name, tags) in permutations(lists.items(), 2):
        is_as_long = len(words) == len(tags)
        if is_as_long and any(map(_is_tag, tags)) and set(map(type, words)) == {str}:
            return [name, tags_name]
    return []


def _is_tag(value: Any) -> bool:
    """Tell whether a value is the tag of a word, or the number of one."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return is_number or (isinstance(value, str) and WORD_TAG.fullmatch(value) is not None)


def _with_results(record: Record) -> Iterator[tuple[str, Any]]:
    """Yield the columns of a record, and the results of its annotations in Label Studio."""
    for name, value in record.items():
        yield name, value
        if isinstance(value, Mapping):  # {"entities": [...]} of spaCy
            yield from value.items()
    annotations = record.get("annotations")
    for annotation in annotations if isinstance(annotations, list) else ():
        if isinstance(annotation, Mapping) and isinstance(annotation.get("result"), list):
            values = [one.get("value") for one in annotation["result"] if isinstance(one, Mapping)]
            yield "annotations", values


def _is_span(value: Any) -> bool:
    """Tell whether a value says from where to where in a text it is."""
    if isinstance(value, Mapping):
        return any(start in value and end in value for start, end in SPANS)
    if not isinstance(value, list | tuple) or len(value) != len(("start", "end", "label")):
        return False
    return all(isinstance(one, int) for one in value[:2]) and isinstance(value[2], str)
