"""Labelled texts: loading, checking, splitting and describing them.

This room knows files, frames and the Hub; it knows nothing of tokens or models. Names are resolved
when they are first used: importing the room loads none of its modules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay._lazy import resolve_lazily

if TYPE_CHECKING:
    from assay.data.cell_values import MAX_CHARS, label_as_text, text_or_problem
    from assay.data.clean import clean_rows
    from assay.data.columns import find_columns, find_text_column
    from assay.data.duplicates import duplicate_groups
    from assay.data.files.readers import SUFFIXES, Row, file_kind, read_lines, read_rows
    from assay.data.labels import LabelSet, natural_sort
    from assay.data.load import load_data
    from assay.data.normal_form import normalise_text
    from assay.data.overlaps import TextOverlaps, find_leaks
    from assay.data.several_texts import SeveralLabelledTexts
    from assay.data.split import cut_missing, limit_rows
    from assay.data.summary import summarise
    from assay.data.texts import DroppedRow, LabelledTexts, Splits, check_texts
    from assay.data.trainable import check_trainable

__all__ = [
    "MAX_CHARS",
    "SUFFIXES",
    "DroppedRow",
    "LabelSet",
    "LabelledTexts",
    "Row",
    "SeveralLabelledTexts",
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

# Public name -> the module that holds it.
HOMES = {
    "DroppedRow": "texts",
    "LabelSet": "labels",
    "LabelledTexts": "texts",
    "MAX_CHARS": "cell_values",
    "Row": "files.readers",
    "SUFFIXES": "files.readers",
    "SeveralLabelledTexts": "several_texts",
    "Splits": "texts",
    "TextOverlaps": "overlaps",
    "check_texts": "texts",
    "check_trainable": "trainable",
    "clean_rows": "clean",
    "cut_missing": "split",
    "duplicate_groups": "duplicates",
    "file_kind": "files.readers",
    "find_columns": "columns",
    "find_leaks": "overlaps",
    "find_text_column": "columns",
    "label_as_text": "cell_values",
    "limit_rows": "split",
    "load_data": "load",
    "natural_sort": "labels",
    "normalise_text": "normal_form",
    "read_lines": "files.readers",
    "read_rows": "files.readers",
    "summarise": "summary",
    "text_or_problem": "cell_values",
}

__getattr__, __dir__ = resolve_lazily(__name__, HOMES)
