"""`build_splits`: from raw splits to `Splits`."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

from assay.data.clean import (
    MAX_DROPPED_FRACTION,
    CleanRows,
    clean_rows,
    drop_long_labels,
    warn_of_both_kinds,
)
from assay.data.column_advice import explain_columns
from assay.data.columns import (
    find_columns,
    find_text_column,
    has_label_column,
    list_columns,
)
from assay.data.garbled_texts import warn_of_garbled
from assay.data.label_columns import check_label_column
from assay.data.label_forms import mend_label
from assay.data.labels import LabelSet, Task, natural_sort
from assay.data.listed_rows import name_rows
from assay.data.origin import Origin, describe_places
from assay.data.other_separator import warn_of_other_separator
from assay.data.problems import find_hint, raise_problems
from assay.data.raw_split import LABELS_FILE, LabelNames, RawSplit
from assay.data.reading import count_reasons, say_reading
from assay.data.row_advice import advise_rows
from assay.data.row_rules import RowRules
from assay.data.several_labels import find_several, warn_of_halves
from assay.data.spellings import find_spellings, merge_spellings
from assay.data.split_column import divide_by_column, read_split_column
from assay.data.texts import SPLIT_ORDER, DroppedRow, LabelledTexts, MendedRows, Splits
from assay.errors import DataError, cut, did_you_mean, list_problems

__all__ = ["build_splits"]

logger = logging.getLogger(__name__)

LEFT_OUT = "split %s of %s has no labels: left out"
N_LISTED = 20  # label names in a hint


def build_splits(
    raws: Mapping[str, RawSplit],
    *,
    source: str,
    text_column: str | None,
    label_column: str | None,
    given: LabelNames | None,
    rules: RowRules,
) -> Splits:
    """Read, check and name all splits of a source.

    Parameters
    ----------
    raws : mapping
        Split -> raw split.
    source : str
        How the data set is called in reports and messages.
    text_column, label_column : str, optional
    given : LabelNames, optional
        Used unless the source has an order of its own.
    rules : RowRules

    Raises
    ------
    DataError
        Something in the data cannot be used; all bad rows of all splits are listed together.
    """
    cleaned: dict[str, CleanRows] = {}
    problems, published, hint = list[str](), list[str](), ""
    origins: dict[str, Origin] = {}
    fixes: dict[str, None] = {}
    raws = read_split_column(raws, rules.split_column)
    found = find_several(raws, rules, text_column=text_column, label_column=label_column)
    raws, label_column = found.raws, found.label_column
    raws = _divide(raws, text_column=text_column, label_column=label_column, rules=rules)
    for split in sorted(raws, key=SPLIT_ORDER.index):
        raw = raws[split]
        if _lacks_labels(raw, split, text_column=text_column, label_column=label_column):
            logger.warning(LEFT_OUT, split, source)
            continue
        text, label = _columns(raw, rules, text_column=text_column, label_column=label_column)
        _check_id_column(raw, rules.id_column)
        rows = _read(raw, split, text, label, rules, found.task)
        names = raw.class_names.get(label, ())
        if len(raws) > 1 and _has_no_labels(rows, split, names):
            logger.warning(LEFT_OUT, split, source)
            continue
        published += [name for name in names if name not in published]
        problems += _problems(raw, rows, rules)
        hint = hint or find_hint(rows.bad)
        fixes.update(dict.fromkeys(rows.fixes))
        cleaned[split] = rows
        if raw.origin is not None:
            origins[split] = replace(raw.origin, used=(text, *(found.columns or (label,))))
    _raise(source, problems, raws, hint, tuple(fixes))
    splits = _named(cleaned, published, given, source=source, rules=rules, task=found.task)
    splits = replace(splits, origins=origins, empty_columns=found.unused(splits.label_set))
    splits = replace(splits, n_empty_rows=_count_empty_rows(raws.values()))
    say_reading(splits, is_known=bool(rules.known_labels))
    return _with_names(splits, rules.id_column)


def _raise(
    source: str,
    problems: Sequence[str],
    raws: Mapping[str, RawSplit],
    hint: str,
    flags: Sequence[str],
) -> None:
    """Raise the problems of all splits, with what they may come from; return if there are none."""
    if not problems:
        return
    advice = advise_rows(map(attrgetter("origin"), raws.values()))
    raise_problems(source, problems, hint=advice or hint, flags=flags)


def _with_names(splits: Splits, id_column: str | None) -> Splits:
    """Name the rows that were left out or mended, where a column names rows."""
    if id_column is None:
        return splits
    dropped, mended = name_rows(splits.dropped, splits.mended, splits.origins, id_column)
    return replace(splits, dropped=dropped, mended=mended)


def _count_empty_rows(raws: Iterable[RawSplit]) -> int:
    """Return how many rows at the end of files have nothing in any cell; each file counts once."""
    ends = {id(raw.empty_end): raw.empty_end.n_rows for raw in raws}
    return sum(ends.values())


def _divide(
    raws: Mapping[str, RawSplit],
    *,
    text_column: str | None,
    label_column: str | None,
    rules: RowRules,
) -> Mapping[str, RawSplit]:
    """Divide a lone table by its split column, if it has one."""
    if list(raws) != ["all"]:
        return raws
    named = {"text_column": text_column, "label_column": label_column}
    text, label = _columns(raws["all"], rules, **named)
    return divide_by_column(raws, text=text, label=label, asked=rules.split_column)


def _lacks_labels(
    raw: RawSplit, split: str, *, text_column: str | None, label_column: str | None
) -> bool:
    """Tell whether a split has texts and no column of labels, as a competition's test split."""
    if split not in ("validation", "test"):
        return False
    try:
        text = find_text_column(raw.columns, text_column=text_column, source=raw.source)
    except DataError:
        return False
    label = label_column or raw.published_column
    if label is not None:
        return label not in raw.columns
    return not has_label_column(raw.columns, text_column=text)


def _check_id_column(raw: RawSplit, id_column: str | None) -> None:
    if id_column is not None and id_column not in raw.columns:
        raise DataError(
            f"column '{cut(id_column)}' not in {raw.source}; columns: {list_columns(raw.columns)}."
            f"{did_you_mean(id_column, raw.columns)}"
        )


def _read(
    raw: RawSplit, split: str, text: str, label: str, rules: RowRules, task: Task
) -> CleanRows:
    """Read and clean the rows of one split, and look at its labels as a whole."""
    names = raw.class_names.get(label, ())
    rows = clean_rows(
        raw.read(text, label),
        split=split,
        text_column=text,
        label_column=label,
        class_names=names or None,
        max_chars=rules.max_chars,
        unit=raw.unit,
        strict=rules.strict,
        single_label=rules.single_label,
        task=task,
        on_disk=rules.on_disk,
    )
    warn_of_both_kinds(rows, source=raw.source)
    if task == "multi":
        return rows
    if not names:
        check_label_column(
            rows.texts,
            source=raw.source,
            text_column=text,
            label_column=label,
            single_label=rules.single_label,
        )
    return drop_long_labels(rows, split=split)


def _columns(
    raw: RawSplit, rules: RowRules, *, text_column: str | None, label_column: str | None
) -> tuple[str, str]:
    """Return the text column and the label column of a split."""
    try:
        return _find_columns(raw, text_column=text_column, label_column=label_column)
    except DataError as err:
        # What else is wrong with the file is answered at once, so that one command is enough.
        is_named = text_column is not None or label_column is not None
        explained = explain_columns(raw, err, is_named=is_named, single_label=rules.single_label)
        raise explained from err


def _find_columns(
    raw: RawSplit, *, text_column: str | None, label_column: str | None
) -> tuple[str, str]:
    if label_column is None:
        label_column = raw.published_column
    return find_columns(
        raw.columns, text_column=text_column, label_column=label_column, source=raw.source
    )


def _named(
    cleaned: Mapping[str, CleanRows],
    published: list[str],
    given: LabelNames | None,
    *,
    source: str,
    rules: RowRules,
    task: Task,
) -> Splits:
    """Return the checked rows as a data set with ordered labels."""
    if not cleaned:
        raise DataError(f"no split of {source} has labels")
    given = _mended_names(given)
    dropped: list[DroppedRow] = []
    mended: list[MendedRows] = []
    pool: list[str] = []
    parts: dict[str, LabelledTexts] = {}
    for split, rows in cleaned.items():
        parts[split] = rows.texts
        dropped += [*rows.dropped, *rows.bad]
        pool += rows.pool
        mended += rows.mended
    if rules.merge_labels:
        preferred = {*published, *rules.known_labels, *(() if given is None else given.names)}
        parts, merged = merge_spellings(parts, preferred=preferred)
        mended += merged
    occurring: set[str] = set()
    for labelled in parts.values():
        occurring.update(labelled.counts())
    label_set = replace(_label_set(occurring, published, given), task=task)
    _check_separator(label_set, rules, parts, source=source)
    warn_of_garbled(parts, source=source)
    return Splits(
        parts,
        label_set,
        source=source,
        dropped=tuple(dropped),
        mended=tuple(mended),
        pool=tuple(pool),
    )


def _check_separator(
    labels: LabelSet, rules: RowRules, parts: Mapping[str, LabelledTexts], *, source: str
) -> None:
    """Refuse a separator that is part of the name of a label."""
    separator = rules.label_separator
    if separator is None:
        return
    holding = [name for name in labels if separator in name]
    warn_of_halves(parts, separator, source=source)
    warn_of_other_separator(labels, separator, source=source)
    if holding:
        raise DataError(
            f"--label-separator '{separator}' is part of the label '{cut(holding[0])}' of {source}",
            hint="separate the labels by something that no label holds",
        )


def _mended_names(given: LabelNames | None) -> LabelNames | None:
    """Return the given names in the form that the labels of the data have."""
    if given is None:
        return None
    return LabelNames(tuple(mend_label(name).label for name in given.names), given.source)


def _has_no_labels(rows: CleanRows, split: str, names: Sequence[str]) -> bool:
    """Tell whether every label of a split that is not trained on is missing, or -1."""
    if rows.texts or rows.problems or (split == "train" and not names):
        return False
    return any(row.reason == "null label" for row in rows.dropped)


def _problems(raw: RawSplit, rows: CleanRows, rules: RowRules) -> list[str]:
    """Return what makes a split unusable: rows that cast doubt on others, or too many bad ones."""
    if not rows.n_rows:
        return [f"{raw.source} is empty: it has no rows"]
    problems = []
    share = 0.0 if rules.strict else rules.max_bad_fraction
    if rows.doubts or len(rows.bad) > share * rows.n_rows:
        problems += [f"{raw.source} {problem}" for problem in rows.problems]
    n_unlabelled = 0 if not len(rows.texts) else len(rows.pool)
    n_dropped = len(rows.dropped) - n_unlabelled
    if n_dropped > MAX_DROPPED_FRACTION * rows.n_rows:
        counts = Counter(row.reason for row in rows.dropped)
        problems.append(
            f"{raw.source}: {n_dropped:,} of {rows.n_rows:,} rows have no text or no label "
            f"({count_reasons(counts)}; the first is {_first_dropped(raw, rows)}); "
            f"at most {MAX_DROPPED_FRACTION:.0%} can be left out"
        )
    return problems


def _first_dropped(raw: RawSplit, rows: CleanRows) -> str:
    line = rows.dropped[0].line
    if raw.origin is None:
        return f"{raw.unit} {line:,}"
    place = ("all", line)
    return describe_places({"all": raw.origin}, [place])[place]


def _label_set(occurring: set[str], published: list[str], given: LabelNames | None) -> LabelSet:
    """Order the labels: as the source publishes them, else as given, else naturally."""
    if published:
        return _published_set(occurring, published, given)
    if given is not None and given.source == LABELS_FILE and occurring.isdisjoint(given.names):
        logger.warning("%s names none of the labels of the data: it is not used", LABELS_FILE)
        given = None
    if given is None:
        return LabelSet.from_labels(occurring)
    _check_given(natural_sort(occurring - set(given.names)), given)
    try:
        return LabelSet(given.names)
    except DataError as err:
        raise DataError(f"{given.source}: {err.message}") from err


def _published_set(occurring: set[str], published: list[str], given: LabelNames | None) -> LabelSet:
    """Return the published names that occur, then the others in natural order."""
    if given is not None and given.source == "labels" and list(given.names) != published:
        raise DataError(
            f"labels are given as {_listed(given.names)}, but the data set has its own: "
            f"{_listed(published)}",
            hint="leave the label names out",
        )
    unused = [name for name in published if name not in occurring]
    if unused:
        logger.info(
            "%d published label names have no rows and are left out: %s",
            len(unused),
            ", ".join(unused),
        )
    used = [name for name in published if name in occurring]
    # Where another split comes from another file, as texts, it can have labels of its own.
    unpublished = natural_sort(occurring - set(published))
    return LabelSet((*used, *unpublished))


def _check_given(missing: list[str], given: LabelNames) -> None:
    """Raise if labels occur that are not among the given names."""
    if not missing:
        return
    hint = f"the names there are {_listed(given.names)}"
    counts = dict.fromkeys([*given.names, *missing], 1)
    if find_spellings(counts, preferred=given.names):
        hint += "; --merge-labels makes one label of those that are only written otherwise"
    if len(missing) == 1:
        meant = did_you_mean(missing[0], given.names)
        raise DataError(
            f"label '{cut(missing[0])}' occurs in the data but not in {given.source}"
            f"{'.' if meant else ''}{meant}",
            hint=hint,
        )
    problems = [f"'{cut(name)}'{did_you_mean(name, given.names)}" for name in missing]
    raise DataError(
        f"{len(missing):,} labels occur in the data but not in {given.source}:\n"
        f"{list_problems(problems)}",
        hint=hint,
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(cut, names[:N_LISTED]))
