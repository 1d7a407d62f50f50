"""`check_trainable`: whether every class of a data set can be learnt and measured."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from assay.catalogue import ENGLISH, Fact, open_language
from assay.data.label_columns import is_all_different
from assay.data.labels import Task, list_counted
from assay.data.origin import describe_places
from assay.data.problems import raise_problems
from assay.data.spellings import split_spellings
from assay.data.texts import Splits
from assay.errors import MAX_LISTED, DataError, cut, did_you_mean

__all__ = ["check_trainable", "find_rare", "warn_of_unlearnable"]

logger = logging.getLogger(__name__)

RARE_ROWS = 10  # texts of a label, below which it is named as rare
MAX_CELLS = 500_000_000  # texts times labels, each a number in memory
WHOLE = "all"  # the split of a lone file
NAME_COLUMNS = "name the columns with --text-column and --label-column"
CORRECT = (
    "correct the label, add rows of it, or leave it empty: a row without a label takes no part"
)
MIN_TRAIN_ROWS = 2  # a class with fewer cannot be learnt and measured at all


def check_trainable(splits: Splits) -> None:
    """Check that there is a train split from which every class can be learnt.

    Raises
    ------
    DataError
        There is no train split, a split has no rows or one class only, a class has no or one row
        in train, or a label of another split does not occur in train. All of them are listed.
        Where a text may have several labels: a label that no or every text of train has.
    """
    if "train" not in splits:
        raise DataError(f"{splits.source} has no train split; splits: {', '.join(splits)}")
    counts = {split: Counter(labelled.counts()) for split, labelled in splits.items()}
    CHECKS[splits.label_set.task](splits, counts)


def warn_of_unlearnable(splits: Splits) -> None:
    """Warn of what will stop a training, where the data are only looked at.

    That is a label in nearly every row, or, where texts may have several, one that no or every text
    to learn from has. These are train, or the first split where there is no train. Labels that few
    of them have are named, too.
    """
    name = "train" if "train" in splits else next(iter(splits))
    if splits.label_set.task != "multi":
        n_labels, n_rows = len(splits[name].counts()), len(splits[name])
        if is_all_different(n_labels, n_rows):
            logger.warning("%s (%s)", _all_different(splits, name), NAME_COLUMNS)
        return
    counts = {split: Counter(labelled.counts()) for split, labelled in splits.items()}
    for label in splits.label_set:
        problem = _several_problem(label, counts, len(splits[name]), split=name)
        if problem is not None:
            logger.warning("%s: %s; a training will be refused", splits.source, problem)
    _warn_of_rare(splits, name)


def _all_different(splits: Splits, name: str) -> str:
    """Say that nearly every row of a split has a label of its own."""
    labelled = splits[name]
    rows = f"rows of {name}"
    if name == WHOLE:
        rows = "rows"
    return (
        f"{len(labelled.counts()):,} labels in {len(labelled):,} {rows} of {splits.source}: are "
        "the columns exchanged, or is this a column of ids?"
    )


def _check_single(splits: Splits, counts: Mapping[str, Counter[str]]) -> None:
    """Check data in which each text has one label."""
    n_train, n_labels = counts["train"].total(), len(counts["train"])
    if is_all_different(n_labels, n_train):
        raise DataError(_all_different(splits, "train"), hint=NAME_COLUMNS)
    of_labels = _label_problems(splits, counts)
    problems = [*_split_problems(counts), *of_labels.values()]
    hint, flags = _merging_hint(splits)
    spelt = {one.label for one in split_spellings(splits)}
    if not spelt.issuperset(of_labels):
        hint = f"{hint}; others: {CORRECT}".removeprefix("; others: ")
    if len(problems) == 1:
        problems = [f"{splits.source}: {problems[0]}"]
    raise_problems(splits.source, problems, hint=hint, flags=flags)


def _merging_hint(splits: Splits) -> tuple[str, tuple[str, ...]]:
    """Return a hint and the flag that merges labels; nothing if none is written otherwise."""
    if not split_spellings(splits):
        return "", ()
    return "labels that are only written otherwise can be merged", ("--merge-labels",)


def _check_several(splits: Splits, counts: Mapping[str, Counter[str]]) -> None:
    """Check data in which a text has any number of labels."""
    n_train, n_cells = len(splits["train"]), len(splits["train"]) * len(splits.label_set)
    if n_cells > MAX_CELLS:
        raise DataError(
            f"{len(splits.label_set):,} labels and {n_train:,} texts in train of {splits.source}: "
            f"{n_cells:,} entries; up to {MAX_CELLS:,} are accepted",
            hint="take fewer texts with --max-rows, or join rare labels",
        )
    problems = [f"{split} has no rows" for split, own in splits.items() if not len(own)]
    for split, count in counts.items():
        if len(splits[split]) and not count:
            problems.append(f"no text of {split} has any label")
    if not problems:
        for label in splits.label_set:
            problem = _several_problem(label, counts, n_train)
            if problem is not None:
                problems.append(problem)
    if len(problems) == 1:
        problems = [f"{splits.source}: {problems[0]}"]
    hint, flags = _merging_hint(splits)
    raise_problems(splits.source, problems, hint=hint, flags=flags)
    _warn_of_rare(splits)


def find_rare(splits: Splits, split: str = "train") -> list[Fact]:
    """Return a fact about labels that too few texts of a split have to be learnt well.

    Nothing is returned where each text has one label: scores of such labels are warned of.
    """
    if splits.label_set.task != "multi":
        return []
    n_texts = Counter(splits[split].counts())
    rare = [label for label in splits.label_set if 0 < n_texts[label] < RARE_ROWS]
    if not rare:
        return []
    listed, least = list_counted({label: n_texts[label] for label in rare}), RARE_ROWS
    return [Fact.of("reading.rare_labels", n_labels=len(rare), n_texts=least, listed=listed)]


def _warn_of_rare(splits: Splits, split: str = "train") -> None:
    """Name the labels that have too few texts to be learnt well."""
    english = open_language(ENGLISH)
    for fact in find_rare(splits, split):
        logger.warning("%s: %s", splits.source, english.tell(fact))


def _several_problem(
    label: str, counts: Mapping[str, Counter[str]], n_train: int, *, split: str = "train"
) -> str | None:
    """Say why a label cannot be learnt from a split; None if it can."""
    n_rows = counts[split][label]
    if n_rows == n_train:
        texts = "all texts" if split == WHOLE else f"all texts of {split}"
        return (
            f"{texts} have the label '{cut(label)}': there is nothing to learn of it; leave it out"
        )
    if n_rows:
        return None
    elsewhere = [f"{name} ({count[label]:,})" for name, count in counts.items() if count[label]]
    return f"no text of {split} has the label '{cut(label)}', which is in {', '.join(elsewhere)}"


CHECKS: dict[Task, Callable[[Splits, Mapping[str, Counter[str]]], None]] = {
    "single": _check_single,
    "multi": _check_several,
}


def _split_problems(counts: Mapping[str, Counter[str]]) -> list[str]:
    """Return a sentence on each split that holds no class, or one."""
    problems = [f"{split} has no rows" for split, count in counts.items() if not count]
    for split, count in counts.items():
        if len(count) == 1:
            only = next(iter(count))
            problems.append(f"{split} has one class, '{cut(only)}'; at least two are accepted")
    return problems


def _label_problems(splits: Splits, counts: Mapping[str, Counter[str]]) -> dict[str, str]:
    """Return a sentence on each class that cannot be learnt from train, by label.

    The sentences that are shown say where the first row is, and which label may be meant.
    """
    unlearnt = [label for label in splits.label_set if counts["train"][label] < MIN_TRAIN_ROWS]
    known = [name for name, n in counts["train"].items() if n >= MIN_TRAIN_ROWS]
    shown = unlearnt[:MAX_LISTED]
    places = _first_rows(splits, shown)
    problems = {label: _label_problem(label, counts, places.get(label, "")) for label in unlearnt}
    for label in shown:
        problems[label] = f"{problems[label]}.{did_you_mean(label, known)}".removesuffix(".")
    return problems


def _label_problem(label: str, counts: Mapping[str, Counter[str]], place: str) -> str:
    """Say why a class cannot be learnt from train, and where its first row is."""
    if counts["train"][label]:
        few = f"has one row in train{place and ', '}{place}"
        return f"label '{cut(label)}' {few}; at least {MIN_TRAIN_ROWS} are accepted"
    elsewhere = [f"{split} ({count[label]:,})" for split, count in counts.items() if count[label]]
    if elsewhere:
        first = f"; the first is {place}".removesuffix("; the first is ")
        return f"label '{cut(label)}' has rows in {', '.join(elsewhere)} but none in train{first}"
    return f"label '{cut(label)}' has no rows in train; at least {MIN_TRAIN_ROWS} are accepted"


def _first_rows(splits: Splits, labels: Sequence[str]) -> dict[str, str]:
    """Say where the first row of each label is; labels without rows are left out."""
    wanted = set(labels)
    first: dict[str, tuple[str, int]] = {}
    for split, labelled in splits.items():
        for line, label in labelled.entries() if wanted else ():
            if label in wanted:
                wanted.remove(label)
                first[label] = (split, line)
    places = describe_places(splits.origins, first.values())
    return {
        label: f"{places[place]} of {place[0]}".removesuffix(" of train")
        for label, place in first.items()
    }
