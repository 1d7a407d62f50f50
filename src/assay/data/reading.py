"""How a data set was read, as facts: rows left out, rows mended, labels that are probably one."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from assay.catalogue import ENGLISH, Fact, open_language
from assay.data.label_forms import MENDED
from assay.data.origin import read_other_cells
from assay.data.spellings import Spelling, split_spellings
from assay.data.texts import DroppedRow, MendedRows, Splits
from assay.errors import cut, plural

__all__ = [
    "count_reasons",
    "describe_facts",
    "describe_reading",
    "describe_spellings",
    "find_reading",
    "say_reading",
]

DIFFERENT_FRACTION = 0.5  # of the texts; with fewer, copies decide the scores
POOL_FRACTION = 0.2  # so many rows without label are no oversight
logger = logging.getLogger(__name__)

Place: TypeAlias = tuple[str, int]  # the split and the line of a row

SENTENCES = {  # kind of what was mended -> its sentence in the catalogue
    "label_space": "reading.label_space",
    "label_form": "reading.label_form",
    "label_list": "reading.label_list",
    "label_blank": "reading.label_blank",
    "label_merged": "reading.label_merged",
    "label_formula": "reading.label_formula",
    "text_cut": "reading.text_cut",
    "text_formula": "reading.text_formula",
}
WORDS = {  # the same, in a few words
    **MENDED,
    "label_merged": "labels merged",
    "text_cut": "text cut",
    "text_formula": 'text written as ="..."',
}
# Rows without a text or without a label are said elsewhere.
N_COLUMNS = 2  # of the texts and of the labels, unless each label has its own
N_LISTED = 10  # columns that are named
N_SPELLINGS = 5  # labels that are named as other ones, written otherwise
WITHOUT_MESSAGE = ("null text", "blank text", "null label")


def count_reasons(n_rows: Mapping[str, int]) -> str:
    """Say why rows were left out and how many for each reason, as reports say it.

    >>> count_reasons({"null label": 2, "blank text": 1})
    'no label: 2, no text: 1'
    """
    english = open_language(ENGLISH)
    counts = []
    for reason, n in n_rows.items():
        counts.append(f"{english.word('dropped', reason)}: {n:,}")
    return ", ".join(counts)


def find_reading(splits: Splits) -> list[Fact]:
    """Return one fact for each thing that a reader of a score should know about its data."""
    return [*_drawn(splits), *_changes(splits), *_repeated(splits), *_spellings(splits)]


def _repeated(splits: Splits) -> list[Fact]:
    """Return that most texts are copies, if they are."""
    n_texts = sum(map(len, splits.values()))
    different: set[str] = set()
    for labelled in splits.values():
        different.update(labelled.texts)
    if len(different) >= DIFFERENT_FRACTION * n_texts:
        return []
    return [Fact.of("reading.repeated", n_texts=n_texts, n_different=len(different))]


def _drawn(splits: Splits) -> list[Fact]:
    """Return that `--max-rows` left most texts out, if it did."""
    if not splits.drawn_from:
        return []
    n_texts, n_before = sum(map(len, splits.values())), sum(map(splits.n_before, splits))
    return [Fact.of("reading.drawn", n_texts=n_texts, n_before=n_before)]


def _changes(splits: Splits) -> list[Fact]:
    """Return what was left out and mended."""
    facts: list[Fact] = []
    bad = [row for row in splits.dropped if row.reason not in WITHOUT_MESSAGE]
    kinds: dict[str, list[MendedRows]] = {}
    for one in splits.mended:
        kinds.setdefault(one.kind, []).append(one)
    places = [(bad[0].split, bad[0].line)] if bad else []
    places += [(mended[0].split, mended[0].lines[0]) for mended in kinds.values()]
    records = _find_records(splits, places)
    if bad:
        facts.append(_bad_rows(bad, records))
    facts += [_mended_rows(kind, mended, records) for kind, mended in kinds.items()]
    for (split, line), record in records.items():
        facts.append(Fact.of("reading.line", split=split, row=record, line=line))
    if empty := splits.empty_columns:
        listed = ", ".join(map(cut, empty[:N_LISTED]))
        facts.append(Fact.of("reading.empty_columns", n_columns=len(empty), listed=listed))
    n_texts = sum(map(len, splits.values()))
    if n_bare := _count_bare(splits):
        facts.append(Fact.of("reading.no_labels", n_bare=n_bare, n_texts=n_texts))
    if len(splits.pool) > POOL_FRACTION * (n_texts + len(splits.pool)):
        facts.append(Fact.of("reading.pool", n_pool=len(splits.pool), n_texts=n_texts))
    return facts


def _count_bare(splits: Splits) -> int:
    """Count the texts whose cell or list of labels is empty.

    Zeros in columns of one label each are no empty cells: there, nothing is counted.
    """
    has_columns = any(len(origin.used) > N_COLUMNS for origin in splits.origins.values())
    if splits.label_set.task == "single" or has_columns:
        return 0
    n_bare = 0
    for labelled in splits.values():
        n_bare += sum(not labelled.names(row) for row in range(len(labelled)))
    return n_bare


def describe_reading(splits: Splits) -> list[str]:
    """Return the facts of `find_reading` as English sentences."""
    return describe_facts(find_reading(splits))


def describe_facts(facts: Sequence[Fact]) -> list[str]:
    """Return facts as English sentences."""
    english = open_language(ENGLISH)
    return [english.tell(fact) for fact in facts]


def describe_spellings(splits: Splits) -> str:
    """Say in one sentence which labels are probably one; empty if there are none."""
    english = open_language(ENGLISH)
    return "".join(english.tell(fact) for fact in _spellings(splits))


def say_reading(splits: Splits, *, is_known: bool = False) -> None:
    """Log what was left out and mended when a data set was read, one warning per sentence.

    Spellings of labels change nothing: the commands that care about them say them.

    Parameters
    ----------
    splits : Splits
    is_known : bool
        Whether the data are read for a model that exists: what was mended was said when it was
        trained, and a count is enough.
    """
    english = open_language(ENGLISH)
    mended = splits.mended if is_known else ()
    for fact in _changes(replace(splits, mended=()) if mended else splits):
        logger.warning("%s: %s", splits.source, english.tell(fact))
    if mended:
        logger.warning("%s: %s", splits.source, _count_mended(mended))


def _count_mended(mended: Sequence[MendedRows]) -> str:
    """Say in a few words how many rows were mended, and what in them."""
    n_rows = 0
    kinds: dict[str, None] = {}
    for one in mended:
        n_rows += one.n_rows
        kinds.setdefault(WORDS[one.kind])
    return f"{plural(n_rows, 'row')} mended: {', '.join(kinds)}"


def _find_records(splits: Splits, places: Sequence[Place]) -> dict[Place, int]:
    """Return the numbers that a spreadsheet shows, of rows for which that is not the line.

    The files are read again up to these rows, if there are any to speak of.
    """
    origins = {name: origin for name, origin in splits.origins.items() if origin.has_lines}
    if not origins or not places:
        return {}
    others = read_other_cells(origins, places)
    records = {}
    for place in places:
        if place in others and (record := others[place].record) is not None:
            records[place] = record
    return records


def _bad_rows(bad: Sequence[DroppedRow], records: Mapping[Place, int]) -> Fact:
    first = bad[0]
    return Fact.of(
        "reading.bad_rows",
        n_rows=len(bad),
        split=first.split,
        row=records.get((first.split, first.line), first.line),
        reason=first.reason,
    )


def _mended_rows(kind: str, mended: Sequence[MendedRows], records: Mapping[Place, int]) -> Fact:
    first = mended[0]
    return Fact.of(
        SENTENCES[kind],
        n_rows=sum(one.n_rows for one in mended),
        split=first.split,
        row=records.get((first.split, first.lines[0]), first.lines[0]),
        reason=first.reason,
    )


def _spellings(splits: Splits) -> list[Fact]:
    spellings = split_spellings(splits)
    if not spellings:
        return []
    frequent = sorted(spellings, key=lambda one: -one.n_texts)
    if len(spellings) > 1:
        listed = ", ".join(map(_spelling, frequent[:N_SPELLINGS]))
        if len(spellings) > N_SPELLINGS:
            listed += ", …"
        return [Fact.of("reading.spellings_listed", n_labels=len(spellings), listed=listed)]
    first = frequent[0]
    return [
        Fact.of(
            "reading.spellings",
            n_labels=len(spellings),
            label=cut(first.label),
            n_texts=first.n_texts,
            proposed_label=cut(first.proposed_label),
        )
    ]


def _spelling(one: Spelling) -> str:
    """Say in every language how often a label occurs, and which one it probably is."""
    return f"'{cut(one.label)}' ({one.n_texts:,}) → '{cut(one.proposed_label)}'"
