"""Labelled texts: loading, checking, splitting and describing them.

This room knows files, frames and the Hub; it knows nothing of tokens or models. Importing it loads only numpy.
"""

from __future__ import annotations

from assay.data.clean import MAX_CHARS, check_trainable, clean_rows, label_as_text, text_or_problem
from assay.data.columns import find_columns, find_text_column
from assay.data.duplicates import TextOverlaps, duplicate_groups, find_leaks, normalise_text
from assay.data.labels import LabelSet, natural_sort
from assay.data.load import load_data
from assay.data.readers import SUFFIXES, Row, file_kind, read_lines, read_rows
from assay.data.split import cut_missing, limit_rows
from assay.data.summary import summarise
from assay.data.texts import DroppedRow, LabelledTexts, Splits, check_texts

__all__ = [
    "MAX_CHARS",
    "SUFFIXES",
    "DroppedRow",
    "LabelSet",
    "LabelledTexts",
    "Row",
    "Splits",
    "TextOverlaps",
    "check_texts",
    "check_trainable",
    "clean_rows",
    "cut_missing",
    "duplicate_groups",
    "file_kind",
    "find_columns",
    "find_leaks",
    "find_text_column",
    "label_as_text",
    "limit_rows",
    "load_data",
    "natural_sort",
    "normalise_text",
    "read_lines",
    "read_rows",
    "summarise",
    "text_or_problem",
]
