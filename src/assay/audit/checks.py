"""`assay audit`: what is wrong with the data, before any score is believed.

Duplicates and leaks, near duplicates, the same text with different labels, rows that hold no
message, shift between splits, and labels that models which did not see them call wrong.
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assay._arguments import checked
from assay.audit.findings import (
    AllRows,
    count_near_leaks,
    find_dropped_rows,
    find_equal_texts,
    find_near_texts,
    find_other_languages,
    find_poor_rows,
    find_spelled_labels,
)
from assay.audit.issues import KINDS, Issue, with_other_columns, write_issues_file
from assay.audit.label_check import AUTO, LabelCheck, check_labels
from assay.audit.near_duplicates import NearDuplicates, find_near_duplicates
from assay.audit.result import Audit
from assay.audit.several_check import check_several
from assay.audit.shift import find_class_shifts, find_length_shifts
from assay.audit.spelled_labels import as_written, with_usual_spellings, without_spellings
from assay.data.duplicates import duplicate_groups
from assay.data.files.formats import find_table
from assay.data.languages import Languages, find_wrong_language
from assay.data.load import load_data
from assay.data.overlaps import find_leaks
from assay.data.texts import Splits
from assay.notebook import default_progress
from assay.progress import Progress

if TYPE_CHECKING:
    from assay.evaluation.judges import JudgedLabels

__all__ = ["audit_data", "write_issues"]

# Encodings that spreadsheets do not write, and those that they are a part of.
WIDER = {
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "iso8859-1": "cp1252",
}


@checked
def audit_data(
    data: Any,
    *,
    method: str | None = AUTO,
    judged: JudgedLabels | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Audit:
    """Look for everything that makes a score of these data less than it seems.

    Parameters
    ----------
    data : str, path or object
        Whatever `load_data` takes: a file or folder, a Hub id, frames, `Splits`, and so on.
    method : str, optional
        Models of this method check the labels; any but ``majority``. ``auto``: `linear`, and
        `features` too where `linear` agrees with few labels. None: they are not checked.
    judged : JudgedLabels, optional
        What models said already about these labels; `method` is then not looked at.
    seed : int
        Seed of the folds, the models and the hashes.
    progress : Progress, optional

    Raises
    ------
    InputError
        The data cannot be loaded, or the method cannot be used.

    Examples
    --------
    >>> audit_data((["ok", "Ok"], ["joy", "sadness"]), method=None).counts()
    {'conflict': {'all': 2}, 'exact_duplicate': {'all': 2}, 'one_word': {'all': 2}}
    """
    splits = load_data(data)
    progress, started_s = progress or default_progress(), time.perf_counter()
    rows = AllRows(splits)
    groups = duplicate_groups(rows.labelled)
    near = find_near_duplicates(rows.labelled, seed=seed, progress=progress)
    languages = _languages(splits, progress)
    audit = Audit(
        source=splits.source,
        n_texts={split: len(labelled) for split, labelled in splits.items()},
        labels=splits.label_set.names,
        issues=_in_order(_find_rows(splits, rows, groups, near, languages), splits),
        overlaps=find_leaks(splits),
        near_leaks=count_near_leaks(rows, near, groups),
        near_groups=rows.by_split(near.groups),
        languages=languages,
        class_shifts=tuple(find_class_shifts(splits)),
        length_shifts=tuple(find_length_shifts(splits)),
        label_check=LabelCheck(),
        checks_s=time.perf_counter() - started_s,
        encoding=_encoding(splits),
        delimiter=_delimiter(splits),
    )
    label_check, suspects = _judge_labels(
        splits, method=method, judged=judged, seed=seed, progress=progress
    )
    issues = with_other_columns((*suspects, *audit.issues), splits)  # the most suspect first
    return replace(audit, label_check=label_check, issues=issues)


def _judge_labels(
    splits: Splits,
    *,
    method: str | None,
    judged: JudgedLabels | None,
    seed: int,
    progress: Progress,
) -> tuple[LabelCheck, list[Issue]]:
    """Judge the labels in their usual spellings, but where models said something already."""
    task = splits.label_set.task
    if judged is None or task == "multi":
        usual = with_usual_spellings(splits)
        found = CHECKS[task](usual, method=method, judged=None, seed=seed, progress=progress)
        return found[0], as_written(found[1], splits)
    label_check, suspects = check_labels(
        splits, method=method, judged=judged, seed=seed, progress=progress
    )
    return without_spellings(label_check, suspects, splits)


def _check_several(
    splits: Splits,
    *,
    method: str | None,
    judged: JudgedLabels | None,
    seed: int,
    progress: Progress,
) -> tuple[LabelCheck, list[Issue]]:
    return check_several(splits, method=method, seed=seed, progress=progress)


CHECKS = {"single": check_labels, "multi": _check_several}  # by task


def _find_rows(
    splits: Splits,
    rows: AllRows,
    groups: np.ndarray,
    near: NearDuplicates,
    languages: Mapping[str, Languages],
) -> list[Issue]:
    """Return the rows with a problem that needs no model to be seen."""
    numbers = count(1)
    return [
        *find_equal_texts(rows, groups, numbers),
        *find_near_texts(rows, near, numbers),
        *find_poor_rows(rows),
        *find_spelled_labels(rows, splits, numbers),
        *find_other_languages(splits, languages),
        *find_dropped_rows(splits),
    ]


@checked
def write_issues(audit: Audit, out: str | Path, *, overwrite: bool = False) -> None:
    """Write the issues of an audit as CSV; see `write_issues_file`.

    Raises
    ------
    InputError
        `out` cannot be written, or exists and `overwrite` is False.
    OutsideError
        The disk refused.
    """
    write_issues_file(
        audit.issues,
        Path(out),
        encoding=audit.encoding,
        delimiter=audit.delimiter,
        overwrite=overwrite,
    )


def _encoding(splits: Splits) -> str | None:
    """Return the encoding that the files were asked to be read in; None if they were not."""
    asked = {origin.reading.encoding for origin in splits.origins.values()}
    encoding = asked.pop() if len(asked) == 1 else None
    if encoding is None:
        return None
    name = codecs.lookup(encoding).name
    return WIDER.get(name, name)


def _delimiter(splits: Splits) -> str:
    """Return a semicolon if the files have it between their columns, else a comma.

    The program that opens them by a double click takes the one or the other for all CSV files.
    """
    found = set()
    for origin in splits.origins.values():
        for path in origin.paths:
            dialect = find_table(path, origin.reading)
            if dialect is not None:
                found.add(dialect.variant.delimiter)
    if found == {";"}:
        return ";"
    return ","


def _languages(splits: Splits, progress: Progress) -> dict[str, Languages]:
    n_texts = sum(map(len, splits.values()))
    found = {}
    with progress.track("languages", n_texts) as advance:
        for split, labelled in splits.items():
            found[split] = find_wrong_language(labelled.texts, advance=advance)
    return found


def _in_order(issues: Iterable[Issue], splits: Splits) -> tuple[Issue, ...]:
    """Sort by kind; rows of a group stay together, others go by split and row.

    Within a kind, groups whose rows have different labels come first: at most one of those labels
    is right, while texts that agree seldom need a person.
    """
    issues = list(issues)
    kinds = list(KINDS)
    only_dropped = {row.split for row in splits.dropped} - set(splits)
    names = [*splits, *sorted(only_dropped)]
    labels_of_group: dict[tuple[str, int], set[str]] = {}
    for issue in issues:
        if issue.group is not None:
            labels_of_group.setdefault((issue.kind, issue.group), set()).add(issue.label)

    def key(issue: Issue) -> tuple[int, ...]:
        kind, place = kinds.index(issue.kind), (names.index(issue.split), issue.row)
        if issue.group is None:
            return (kind, 0, 0, *place)
        agrees = len(labels_of_group[issue.kind, issue.group]) == 1
        return (kind, int(agrees), issue.group, *place)

    return tuple(sorted(issues, key=key))
