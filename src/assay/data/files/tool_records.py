"""Records as tools for labelling write them, turned into a text and a label.

Each tool is one entry of `TOOLS`: how its records are recognised, and how one is read. A record
that a person rejected or skipped has no label; where several people labelled it, `Answers` says
which label it has. Files of other tools (doccano, Label Studio's CSV
and mini-JSON) are plain records with a column of texts and one of labels.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from operator import methodcaller
from typing import Any

from assay.data.files.row import Record, Row
from assay.data.files.tool_answers import Answers

__all__ = ["TOOLS", "Tool", "keeps_labels_inside", "read_tool_rows"]

logger = logging.getLogger(__name__)

PEEKED_ROWS = 20
ARGILLA_STATUS = ".responses.status"  # of a question, in records with its answers as columns
FIRST_ARGILLA = ("Default", "Edited", "Validated", "Discarded")
ARGILLA_IDS = ("id", "status", "_server_id")
SUBMITTED = "submitted"
MIN_QUESTIONS = 2
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
        ``record, answers -> {"text", "label"}``; the label is None, a text, or a list of texts.
        `answers` settles what several people answered.
    """

    name: str
    recognises: Callable[[Record], bool]
    read: Callable[[Record, Answers], Record]


def _is_label_studio(record: Record) -> bool:
    return isinstance(record.get("data"), dict) and isinstance(record.get("annotations"), list)


def _read_label_studio(record: Record, answers: Answers) -> Record:
    """Read a task of Label Studio: what the people chose who labelled it."""
    chosen = list(chain.from_iterable(_studio_choices(record, answers).values()))
    return {"text": _studio_text(record), "label": chosen or None}


def _read_questions(questions: Sequence[str], record: Record, answers: Answers) -> Record:
    """Read a task with several questions: each is a column of labels of its own."""
    chosen: Record = dict.fromkeys(questions)
    chosen |= _studio_choices(record, answers)
    return {"text": _studio_text(record), **chosen}


def _studio_text(record: Record) -> Any:
    texts = (value for value in record["data"].values() if isinstance(value, str))
    return record["data"].get("text", next(texts, None))


def _studio_choices(record: Record, answers: Answers) -> dict[str, list[str]]:
    """Return what was chosen for each question; an annotation of the ground truth is that alone."""
    annotations = record["annotations"]
    kept = [one for one in annotations if not one.get("was_cancelled")]
    truth = list(filter(methodcaller("get", "ground_truth"), kept))
    given: dict[str, list[list[str]]] = {}
    for annotation in truth[:1] or kept:
        for question, chosen in _choices_of_annotation(annotation).items():
            given.setdefault(question, []).append(chosen)
    return answers.settle(given)


def _choices_of_annotation(annotation: Record) -> dict[str, list[str]]:
    """Return what one person chose for each question: choices, a rating, or paths in a taxonomy."""
    choices: dict[str, list[str]] = {}
    for result in annotation.get("result", ()):
        value = result.get("value", {})
        chosen = list(value.get("choices", ()))
        chosen += [" / ".join(map(str, path)) for path in value.get("taxonomy", ())]
        if "rating" in value:
            chosen.append(str(value["rating"]))
        if chosen:
            choices.setdefault(str(result.get("from_name", "label")), []).extend(chosen)
    return choices


def _is_prodigy(record: Record) -> bool:
    return "text" in record and record.get("answer") in ("accept", "reject", "ignore")


def _read_prodigy(record: Record, _: Answers) -> Record:
    """Read an example of Prodigy: its label, or the options that were chosen, if accepted."""
    label = record.get("accept", record.get("label"))
    if label == [] and record.get("config", {}).get("choice_style") == "single":
        label = None  # nothing was chosen, and something has to be
    return {"text": record["text"], "label": label if record["answer"] == "accept" else None}


def _is_spacy(record: Record) -> bool:
    return "text" in record and isinstance(record.get("cats"), dict)


def _read_spacy(record: Record, _: Answers) -> Record:
    """Read an example of spaCy: the categories whose score says yes."""
    chosen = [name for name, score in record["cats"].items() if (score or 0) >= CHOSEN]
    return {"text": record["text"], "label": chosen or None}


def _is_argilla(record: Record) -> bool:
    return isinstance(record.get("fields"), dict) and isinstance(record.get("responses"), dict)


def _read_argilla(record: Record, answers: Answers) -> Record:
    """Read a record of Argilla: its first field, and the first question with an answer."""
    fields = record["fields"]
    text = fields.get("text", next(iter(fields.values()), None))
    for given in record["responses"].values():
        statuses = [one.get("status", SUBMITTED) for one in given]
        values = list(map(methodcaller("get", "value"), given))
        if SUBMITTED in statuses:
            return {"text": text, "label": _settle_argilla(values, statuses, answers)}
    return {"text": text, "label": None}


def _settle_argilla(values: Sequence[Any], statuses: Sequence[str], answers: Answers) -> Any:
    """Return the label of a question to which at least one answer was submitted."""
    pairs = zip(values, statuses, strict=True)
    submitted = [value for value, status in pairs if status == SUBMITTED]
    return answers.settle({"label": submitted})["label"]


def _is_first_argilla(record: Record) -> bool:
    return "annotation" in record and record.get("status") in FIRST_ARGILLA


def _read_first_argilla(record: Record, _: Answers) -> Record:
    """Read a record of Argilla 1: its annotation, unless it was discarded."""
    text, label = record.get("text"), record["annotation"]
    if not text:
        text = next(iter(record["inputs"].values()), None)
    if record["status"] == "Discarded":
        label = None
    return {"text": text, "label": label}


def _is_flat_argilla(record: Record) -> bool:
    return any(map(_is_status, record))


def _is_status(name: str) -> bool:
    return name.endswith(ARGILLA_STATUS)


def _read_flat_argilla(record: Record, answers: Answers) -> Record:
    """Read a record of Argilla whose answers are columns: the first question with an answer."""
    others = (one for name, one in record.items() if name not in ARGILLA_IDS)
    text = record.get("text", next((one for one in others if isinstance(one, str)), None))
    for name in filter(_is_status, record):
        values, statuses = record[name.removesuffix(".status")] or (), record[name] or ()
        if SUBMITTED in statuses:
            return {"text": text, "label": _settle_argilla(values, statuses, answers)}
    return {"text": text, "label": None}


TOOLS = (
    Tool("Label Studio", _is_label_studio, _read_label_studio),
    Tool("Prodigy", _is_prodigy, _read_prodigy),
    Tool("spaCy", _is_spacy, _read_spacy),
    Tool("Argilla", _is_argilla, _read_argilla),
    Tool("Argilla", _is_flat_argilla, _read_flat_argilla),
    Tool("Argilla 1", _is_first_argilla, _read_first_argilla),
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
    if tool.recognises is _is_label_studio:
        tool = _with_questions(tool, first)
    logger.info("%s is read as records of %s", name, tool.name)
    answers = Answers()
    for row in chain(first, rows):
        yield _read_row(row, tool, answers)
    answers.warn(name)


def keeps_labels_inside(rows: Iterable[Row]) -> bool:
    """Tell whether rows are those of a tool that has no column of labels to write them into.

    Parameters
    ----------
    rows : iterable of Row
        As `read_tool_rows` gives them; the first ones are looked at.
    """
    first = list(islice(rows, PEEKED_ROWS))
    tool = _recognise(first)
    if tool is not None and tool.read is _read_prodigy:
        return any("accept" in row.values for row in first)
    return tool is not None


def _recognise(rows: list[Row]) -> Tool | None:
    """Return the tool whose records these are: every one that could be read."""
    records = [row.values for row in rows if row.problem is None]
    for tool in TOOLS:
        if records and all(map(tool.recognises, records)):
            return tool
    return None


def _with_questions(tool: Tool, rows: list[Row]) -> Tool:
    """Return how tasks of Label Studio are read: with one column of labels for each question."""
    questions: dict[str, None] = {}
    for row in rows:
        with suppress(AttributeError, KeyError, TypeError):
            questions.update(dict.fromkeys(_studio_choices(row.values, Answers())))
    if len(questions) < MIN_QUESTIONS:
        return tool
    return replace(tool, read=partial(_read_questions, tuple(questions)))


def _read_row(row: Row, tool: Tool, answers: Answers) -> Row:
    if row.problem is not None:
        return row
    try:
        return replace(row, values={**row.values, **tool.read(row.values, answers)})
    except (AttributeError, KeyError, TypeError, ValueError):
        return replace(row, values={}, problem=f"no record of {tool.name}")
