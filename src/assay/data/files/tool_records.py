"""Records as tools for labelling write them, turned into a text and a label.

Each tool is one entry of `TOOLS`: how its records are recognised, and how one is read. A record
that a person rejected or skipped has no label. Files of other tools (doccano, Label Studio's CSV
and mini-JSON) are plain records with a column of texts and one of labels.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice

from assay.data.files.row import Record, Row

__all__ = ["TOOLS", "Tool", "read_tool_rows"]

logger = logging.getLogger(__name__)

PEEKED_ROWS = 20
ARGILLA_STATUS = ".responses.status"  # of a question, in records with its answers as columns
ARGILLA_IDS = ("id", "status", "_server_id")
CHOSEN = 0.5  # spaCy: a category that is scored at least so high belongs to the text


@dataclass(frozen=True)
class Tool:
    """A tool that writes records of its own form.

    Parameters
    ----------
    name : str
    recognises : callable
        ``record -> bool``.
    read : callable
        ``record -> {"text", "label"}``; the label is None, a text, or a list of texts.
    """

    name: str
    recognises: Callable[[Record], bool]
    read: Callable[[Record], Record]


def _is_label_studio(record: Record) -> bool:
    return isinstance(record.get("data"), dict) and isinstance(record.get("annotations"), list)


def _read_label_studio(record: Record) -> Record:
    """Read a task of Label Studio: the choices of its first annotation that was not cancelled."""
    texts = [value for value in record["data"].values() if isinstance(value, str)]
    text = record["data"].get("text", texts[0] if texts else None)
    kept = [one for one in record["annotations"] if not one.get("was_cancelled")]
    choices: list[str] = []
    for result in kept[0].get("result", ()) if kept else ():
        choices += result.get("value", {}).get("choices", ())
    return {"text": text, "label": choices or None}


def _is_prodigy(record: Record) -> bool:
    return "text" in record and record.get("answer") in ("accept", "reject", "ignore")


def _read_prodigy(record: Record) -> Record:
    """Read an example of Prodigy: its label, or the options that were chosen, if accepted."""
    label = record.get("accept", record.get("label"))
    return {"text": record["text"], "label": label if record["answer"] == "accept" else None}


def _is_spacy(record: Record) -> bool:
    return "text" in record and isinstance(record.get("cats"), dict)


def _read_spacy(record: Record) -> Record:
    """Read an example of spaCy: the categories whose score says yes."""
    chosen = [name for name, score in record["cats"].items() if (score or 0) >= CHOSEN]
    return {"text": record["text"], "label": chosen or None}


def _is_argilla(record: Record) -> bool:
    return isinstance(record.get("fields"), dict) and isinstance(record.get("responses"), dict)


def _read_argilla(record: Record) -> Record:
    """Read a record of Argilla: its first field, and the first submitted answer."""
    fields = record["fields"]
    text = fields.get("text", next(iter(fields.values()), None))
    for answers in record["responses"].values():
        for answer in answers:
            if answer.get("status", "submitted") == "submitted":
                return {"text": text, "label": answer.get("value")}
    return {"text": text, "label": None}


def _is_flat_argilla(record: Record) -> bool:
    return any(map(_is_status, record))


def _is_status(name: str) -> bool:
    return name.endswith(ARGILLA_STATUS)


def _read_flat_argilla(record: Record) -> Record:
    """Read a record of Argilla whose answers are columns: the first one that was submitted."""
    others = (one for name, one in record.items() if name not in ARGILLA_IDS)
    text = record.get("text", next((one for one in others if isinstance(one, str)), None))
    labels: list[object] = []
    for name in filter(_is_status, record):
        values = record[name.removesuffix(".status")] or ()
        answers = zip(values, record[name] or (), strict=True)
        labels += [value for value, status in answers if status == "submitted"]
    return {"text": text, "label": next(iter(labels), None)}


TOOLS = (
    Tool("Label Studio", _is_label_studio, _read_label_studio),
    Tool("Prodigy", _is_prodigy, _read_prodigy),
    Tool("spaCy", _is_spacy, _read_spacy),
    Tool("Argilla", _is_argilla, _read_argilla),
    Tool("Argilla", _is_flat_argilla, _read_flat_argilla),
)


def read_tool_rows(rows: Iterable[Row], *, name: str) -> Iterator[Row]:
    """Turn rows into texts and labels, if they are the records of a tool; else pass them on.

    Parameters
    ----------
    rows : iterable of Row
    name : str
        How messages call the file.
    """
    rows = iter(rows)
    first = list(islice(rows, PEEKED_ROWS))
    tool = _recognise(first)
    if tool is None:
        yield from chain(first, rows)
        return
    logger.info("%s is read as records of %s", name, tool.name)
    for row in chain(first, rows):
        yield _read_row(row, tool)


def _recognise(rows: list[Row]) -> Tool | None:
    """Return the tool whose records these are: every one that could be read."""
    records = [row.values for row in rows if row.problem is None]
    for tool in TOOLS:
        if records and all(map(tool.recognises, records)):
            return tool
    return None


def _read_row(row: Row, tool: Tool) -> Row:
    if row.problem is not None:
        return row
    try:
        return replace(row, values={**row.values, **tool.read(row.values)})
    except (AttributeError, KeyError, TypeError):
        return replace(row, values={}, problem=f"no record of {tool.name}")
