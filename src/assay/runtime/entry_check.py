"""Whether entries of assay.json hold values of the types that `entries` describes.

Predictions need none of these: they are what a model says about itself, shown by `assay info`, the
server and cards. The folder may be a stranger's, and what is shown is calculated with.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from assay.runtime.entries import (
    CheckpointEntry,
    ExportEntry,
    ParityEntry,
    ScoreEntry,
    ThresholdRuleEntry,
    TrainingDataEntry,
    VocabularyEntry,
)

__all__ = ["find_odd_entry"]

SHOWN: Mapping[str, Any] = {
    "temperature": float,
    "scores": list[ScoreEntry],
    "parity": ParityEntry,
    "training_data": TrainingDataEntry,
    "threshold_rule": ThresholdRuleEntry,
    "export": ExportEntry,
    "vocabulary": VocabularyEntry,
    "versions": dict[str, str],
    "checkpoint": CheckpointEntry | None,
}
NEEDED: Mapping[Any, tuple[str, ...]] = {ScoreEntry: ("split", "metric", "value", "n_texts")}
MAX_NUMBER = 1e15  # far above any count of bytes or rows
NAMES = {
    bool: "true or false",
    str: "a text",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "an object",
    types.NoneType: "null",
}


def find_odd_entry(values: Mapping[str, Any]) -> str | None:
    """Return a sentence on the first value that is of another type; None if there is none."""
    for name, annotation in SHOWN.items():
        if name in values:
            problem = next(_problems(values[name], annotation, name), None)
            if problem is not None:
                return problem
    return None


def _problems(value: Any, annotation: Any, where: str) -> Iterator[str]:
    """Yield a sentence for each value that is not as annotated."""
    kinds = _alternatives(annotation)
    for kind in kinds:
        if _is_a(value, _plain(kind)):
            yield from _inner_problems(value, kind, where)
            return
    accepted = " or ".join(NAMES[_plain(kind)] for kind in kinds)
    yield f"{where} is not {accepted}"


def _inner_problems(value: Any, kind: Any, where: str) -> Iterator[str]:
    """Yield a sentence for each odd value inside of a list or an object."""
    inner = typing.get_args(kind)
    if typing.is_typeddict(kind):
        yield from _record_problems(value, kind, where)
    elif _plain(kind) is list:
        for i, one in enumerate(value):
            yield from _problems(one, inner[0], f"{where}[{i}]")
    elif _plain(kind) is dict and inner[1] is not Any:
        for name, one in value.items():
            yield from _problems(one, inner[1], f"{where}['{name}']")


def _record_problems(value: Mapping[str, Any], kind: Any, where: str) -> Iterator[str]:
    """Yield a sentence for each field that is odd; others may come from a later version."""
    for name in NEEDED.get(kind, ()):
        if name not in value:
            yield f"{where} lacks {name}"
    for name, annotation in typing.get_type_hints(kind).items():
        if name in value:
            yield from _problems(value[name], annotation, f"{where}.{name}")


def _alternatives(annotation: Any) -> list[Any]:
    if isinstance(annotation, types.UnionType):
        return list(typing.get_args(annotation))
    return [annotation]


def _plain(annotation: Any) -> type:
    """Return the type of Python that JSON has for an annotation."""
    if typing.is_typeddict(annotation):
        return dict
    plain: type = typing.get_origin(annotation) or annotation
    return plain


def _is_a(value: Any, kind: type) -> bool:
    """Tell whether a value of JSON is of a type; NaN and huge numbers are none."""
    if kind in (int, float):
        is_number = isinstance(value, kind | int) and not isinstance(value, bool)
        return is_number and abs(value) <= MAX_NUMBER  # NaN is not
    return isinstance(value, kind)
