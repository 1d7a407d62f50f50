"""Put the labels that a person corrected into the train split.

Labels of other splits are reported, never changed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from assay.audit.answers import Correction, read_corrections
from assay.audit.issues import hash_text
from assay.data.texts import LabelledTexts, Splits
from assay.errors import DataError, did_you_mean, list_problems

__all__ = ["apply_corrections"]

logger = logging.getLogger(__name__)

WHOLE = "all"  # the split of a lone file that was audited uncut


def apply_corrections(splits: Splits, path: str | Path) -> Splits:
    """Return the splits with the accepted labels of an audit's file in train.

    Parameters
    ----------
    splits : Splits
        After missing splits were cut: a row is found by split, row and the hash of its text.
    path : path
        See `read_corrections`.

    Returns
    -------
    Splits
        `n_corrections` says how many labels changed.

    Raises
    ------
    DataError
        An accepted row does not exist any more, is not in train, or is to get a label that the
        data do not have. All such rows are listed, and nothing is changed.
    """
    corrections, n_unclear = read_corrections(path)
    name = Path(path).name
    if n_unclear:
        logger.warning(
            "%s: %d rows count as not accepted: only yes or no is read under accept, and yes only "
            "for rows of kind wrong_label",
            name,
            n_unclear,
        )
    if not corrections:
        logger.warning("%s: no row is accepted, so no label is corrected", name)
    labels = _corrected_labels(splits, corrections, name)
    train = splits["train"]
    n_changed = sum(label != given for label, given in zip(labels, train.labels, strict=True))
    logger.info("%s: %d labels of train corrected", name, n_changed)
    corrected = LabelledTexts(train.texts, tuple(labels), train.lines)
    return replace(splits, parts={**splits.parts, "train": corrected}, n_corrections=n_changed)


@dataclass
class _Problems:
    """Places of accepted rows that cannot be applied, by what is wrong with them."""

    unmatched: list[str] = field(default_factory=list)
    not_train: list[str] = field(default_factory=list)
    unknown_label: list[str] = field(default_factory=list)
    two_labels: list[str] = field(default_factory=list)


def _corrected_labels(splits: Splits, corrections: Sequence[Correction], name: str) -> list[str]:
    """Return the labels of train after correction, or raise all problems at once."""
    rows = _rows_by_line(splits)
    labels = list(splits["train"].labels)
    given: dict[int, str] = {}
    problems = _Problems()
    for one in corrections:
        where = f"line {one.line:,}: {one.split} row {one.row:,}"
        split = _find(one, splits, rows)
        if split is None:
            problems.unmatched.append(where)
        elif split != "train":
            suffix = "" if split == one.split else f", which is in {split}"
            problems.not_train.append(where + suffix)
        elif one.proposed_label not in splits.label_set:
            meant = did_you_mean(one.proposed_label, splits.label_set)
            end = f".{meant}" if meant else ""
            problems.unknown_label.append(f"{where}: '{one.proposed_label}'{end}")
        else:
            row = rows["train"][one.row]
            if given.setdefault(row, one.proposed_label) != one.proposed_label:
                problems.two_labels.append(where)
            labels[row] = one.proposed_label
    _refuse(problems, splits, name)
    return labels


def _rows_by_line(splits: Splits) -> dict[str, dict[int, int]]:
    """Return split -> line of the source -> 0-based row."""
    return {
        split: dict(zip(labelled.lines, range(len(labelled)), strict=True))
        for split, labelled in splits.items()
    }


def _find(one: Correction, splits: Splits, rows: dict[str, dict[int, int]]) -> str | None:
    """Return the split in which the row has the very text that was audited, or None."""
    candidates = [one.split]
    if one.split == WHOLE and WHOLE not in splits:
        candidates = list(splits)
    for split in candidates:
        row = rows.get(split, {}).get(one.row)
        if row is not None and hash_text(splits[split].texts[row]) == one.text_sha256:
            return split
    return None


def _refuse(problems: _Problems, splits: Splits, name: str) -> None:
    """Raise what is wrong with the accepted rows, one paragraph for each kind of problem."""
    labels = ", ".join(splits.label_set.names[:20])
    reasons = (
        (
            problems.not_train,
            "accepted rows are not of train; test labels are reported, never changed, and so are "
            "those of validation",
        ),
        (problems.unmatched, f"accepted rows do not match {splits.source}"),
        (problems.unknown_label, f"proposed labels are not among the labels {labels}"),
        (problems.two_labels, "rows are to get two different labels"),
    )
    paragraphs = [
        f"{len(places):,} {reason}:\n{list_problems(places)}"
        for places, reason in reasons
        if places
    ]
    if not paragraphs:
        return
    hint = "take back the yes of these rows"
    if problems.unmatched:
        hint += (
            "; the audit must be of the same data, cut with the same --seed and the same fractions"
        )
    raise DataError(f"{name} cannot be applied: " + "\n".join(paragraphs), hint=hint)
