"""Labels judged without their misspellings: what `label_spelling` lists is no wrong label, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assay.audit.issues import Issue
from assay.audit.label_check import LabelCheck
from assay.data.labels import LabelSet
from assay.data.spellings import merge_spellings, split_spellings
from assay.data.texts import Splits

__all__ = ["as_written", "with_usual_spellings", "without_spellings"]


def with_usual_spellings(splits: Splits) -> Splits:
    """Return a data set in which each label has its usual spelling; the same one if all have."""
    if not split_spellings(splits):
        return splits
    parts, _ = merge_spellings(splits.parts)
    occurring: set[str] = set()
    for labelled in parts.values():
        occurring.update(labelled.counts())
    names = tuple(name for name in splits.label_set if name in occurring)
    return replace(splits, parts=parts, label_set=LabelSet(names, splits.label_set.task))


def as_written(issues: Sequence[Issue], splits: Splits) -> list[Issue]:
    """Return issues with the labels of their rows as the data have them."""
    written: dict[tuple[str, int], str] = {}
    wanted = {(issue.split, issue.row) for issue in issues}
    for split, labelled in splits.items():
        for row, line in enumerate(labelled.lines):
            if (split, line) in wanted:
                written[split, line] = splits.label_set.write_label(labelled.labels[row])
    return [replace(issue, label=written[issue.split, issue.row]) for issue in issues]


def without_spellings(
    check: LabelCheck, issues: Sequence[Issue], splits: Splits
) -> tuple[LabelCheck, list[Issue]]:
    """Leave out the rows whose proposed label is their own label, written otherwise."""
    usual = {one.label: one.proposed_label for one in split_spellings(splits)}
    kept = []
    n_suspects, n_doubtful = dict(check.n_suspects), dict(check.n_doubtful)
    for issue in issues:
        label, proposed = issue.label, issue.proposed_label
        if usual.get(label, label) != usual.get(proposed, proposed):
            kept.append(issue)
        elif issue.kind == "wrong_label":
            n_suspects[issue.split] -= 1
        else:
            n_doubtful[issue.split] -= 1
    check = replace(check, n_suspects=n_suspects, n_doubtful=n_doubtful)
    if not n_suspects.get(check.split):
        check = replace(check, expected_wrong=0.0)
    return check, kept
