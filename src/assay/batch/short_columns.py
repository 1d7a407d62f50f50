"""The columns of a prediction for people: label, score, second label, and how sure that is.

Where a text may have several labels: all of them, the highest score of any label, and how sure that
one is; where none is given, how sure it is that none fits, as `/v1/classify` says it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from assay.data.blank_text import is_blank
from assay.data.files.row import Record
from assay.runtime.label_cells import join_for_people
from assay.runtime.limits.confidence import word_confidence, word_none

__all__ = ["scores_of", "shorten"]

# What `predict` adds to the columns of the input; scores of labels begin with SCORE.
ADDED = (
    "predicted_label",
    "predicted_labels",
    "predicted_score",
    "abstained",
    "in_scope",
    "top_k",
)
SCORE = "score:"
BY_RULE = "by its rule"  # the same, where a rule gave a label below the highest score
NO_TEXT = "no text"  # in the place of how sure a label is, where a row holds no text
TITLES = ("label", "score", "second label", "confidence", "in scope")
SEVERAL_TITLES = ("labels", "highest score", "confidence", "in scope")


def shorten(
    record: Record, *, text_column: str | None = None, separator: str | None = None
) -> Record:
    """Return the columns of the input, then those for people.

    A column of the input with the name of one of those is called ``input_<name>``. Where the cell
    of `text_column` is blank, that is said in the place of how sure the label is. Several labels
    are joined by `separator`, else by commas, or by semicolons where one of them holds a comma.
    """
    if "predicted_labels" in record:
        return _shorten_several(record, text_column, separator)
    short = _input_columns(record, TITLES)
    scores = scores_of(record)
    ranked = sorted(scores, key=lambda label: -scores[label])
    label, score = record["predicted_label"], record["predicted_score"]
    short["label"] = label
    short["score"] = round(score, 3)
    short["second label"] = _second(ranked, label)
    short["confidence"] = word_confidence(score, is_answered=label is not None)
    if text_column is not None and _holds_no_text(record.get(text_column)):
        short["confidence"] = NO_TEXT
    elif label is not None and scores[ranked[0]] > score:
        short["confidence"] = BY_RULE
    if "in_scope" in record:
        short["in scope"] = "yes" if record["in_scope"] else "no"
    return short


def _second(ranked: Sequence[str], label: str | None) -> str | None:
    """Return the label with the highest score beside the one that is given."""
    first = ranked[0] if label is None else label
    return next((one for one in ranked if one != first), None)


def _holds_no_text(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and is_blank(cell))


def _shorten_several(record: Record, text_column: str | None, separator: str | None) -> Record:
    """Return the columns for people where a text may have several labels."""
    short = _input_columns(record, SEVERAL_TITLES)
    labels, scores = record["predicted_labels"], scores_of(record)
    highest = max(scores.values())
    short["labels"] = None if labels is None else join_for_people(labels, separator)
    short["highest score"] = round(highest, 3)
    short["confidence"] = word_confidence(highest, is_answered=labels is not None)
    if labels == []:  # the highest score beside it says something else
        short["confidence"] = word_none(math.prod(1 - score for score in scores.values()))
    if text_column is not None and _holds_no_text(record.get(text_column)):
        short["confidence"] = NO_TEXT
    if "in_scope" in record:
        short["in scope"] = "yes" if record["in_scope"] else "no"
    return short


def _input_columns(record: Record, titles: Sequence[str]) -> Record:
    """Return the columns of the input, renamed where they are called like one of `titles`."""
    columns: Record = {}
    for name, value in record.items():
        if name not in ADDED and not name.startswith(SCORE):
            columns[f"input_{name}" if name in titles else name] = value
    return columns


def scores_of(record: Mapping[str, Any]) -> dict[str, float]:
    """Return the scores of a prediction by label: all of them, or the best ones."""
    if "top_k" in record:
        return {entry["label"]: entry["score"] for entry in record["top_k"]}
    return {
        name.removeprefix(SCORE): value for name, value in record.items() if name.startswith(SCORE)
    }
