"""Labels that a person corrected, put into the train split.

Labels of other splits are reported, never changed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from assay.audit.issues import Correction, hash_text, read_corrections
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
        After missing ones were cut: a row is found by split, row and the hash of its text.
    path : path

    Returns
    -------
    Splits
        `n_corrections` says how many labels changed.

    Raises
    ------
    DataError
        An accepted row is not there any more, is not of train, or is to get a label that the data
        do not have. All of them are listed, and nothing is changed.
    """
    corrections, n_unclear = read_corrections(path)
    name = Path(path).name
    if n_unclear:
        logger.warning(
            "%s: %d rows count as not accepted: only yes or no is read under accept, and yes only of kind wrong_label",
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


def _corrected_labels(splits: Splits, corrections: Sequence[Correction], name: str) -> list[str]:
    """Return the labels of train; raise all problems at once."""
    rows = {split: {line: i for i, line in enumerate(part.lines)} for split, part in splits.items()}
    labels = list(splits["train"].labels)
    given: dict[int, str] = {}
    unmatched, held_out, unknown, twice = [], [], [], []
    for one in corrections:
        where = f"line {one.line:,}: {one.split} row {one.row:,}"
        split = _find(one, splits, rows)
        if split is None:
            unmatched.append(where)
        elif split != "train":
            held_out.append(where if split == one.split else f"{where}, which is in {split}")
        elif one.proposed_label not in splits.label_set:
            meant = did_you_mean(one.proposed_label, splits.label_set)
            unknown.append(
                f"{where}: '{one.proposed_label}'.{meant}"
                if meant
                else f"{where}: '{one.proposed_label}'"
            )
        else:
            row = rows["train"][one.row]
            if given.setdefault(row, one.proposed_label) != one.proposed_label:
                twice.append(where)
            labels[row] = one.proposed_label
    _refuse(splits, name, unmatched=unmatched, held_out=held_out, unknown=unknown, twice=twice)
    return labels


def _find(one: Correction, splits: Splits, rows: dict[str, dict[int, int]]) -> str | None:
    """Return the split in which the row stands with the very text that was audited, None if there is none."""
    for split in splits if one.split == WHOLE and WHOLE not in splits else [one.split]:
        i = rows.get(split, {}).get(one.row)
        if i is not None and hash_text(splits[split].texts[i]) == one.text_sha256:
            return split
    return None


def _refuse(
    splits: Splits,
    name: str,
    *,
    unmatched: list[str],
    held_out: list[str],
    unknown: list[str],
    twice: list[str],
) -> None:
    """Raise what is wrong with the accepted rows, every kind of problem in a paragraph of its own."""
    labels = ", ".join(splits.label_set.names[:20])
    paragraphs = {
        f"{len(held_out):,} accepted rows are not of train; test labels are reported, never changed, and so are those "
        "of validation": held_out,
        f"{len(unmatched):,} accepted rows do not match {splits.source}": unmatched,
        f"{len(unknown):,} proposed labels are not among the labels {labels}": unknown,
        f"{len(twice):,} rows are to get two different labels": twice,
    }
    said = [
        f"{sentence}:\n{list_problems(found)}" for sentence, found in paragraphs.items() if found
    ]
    if said:
        hint = "take back the yes of these rows"
        if unmatched:
            hint += "; the audit must be of the same data, cut with the same --seed and the same fractions"
        raise DataError(f"{name} cannot be applied: " + "\n".join(said), hint=hint)
