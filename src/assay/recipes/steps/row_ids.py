"""What a column of the data calls each row, for the files of predictions of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from assay.data.origin import read_other_cells
from assay.data.texts import Splits
from assay.evaluation.scoring import PredictionEntry
from assay.evaluation.several_mistakes import SurprisingText

__all__ = ["RowIds", "name_surprising", "read_row_ids", "with_ids"]

RowIds = Mapping[tuple[str, int], str]  # split and line -> the cell of the column


def read_row_ids(splits: Splits, id_column: str | None) -> RowIds:
    """Read the cell that names each row; empty where no column was asked for.

    Parameters
    ----------
    splits : Splits
        Rows that came from no file have no other columns, and no names.
    id_column : str, optional
    """
    if id_column is None:
        return {}
    places = [(split, line) for split, labelled in splits.items() for line in labelled.lines]
    found = read_other_cells(splits.origins, places)
    return {
        place: str(others.cells[id_column])
        for place, others in found.items()
        if id_column in others.cells
    }


def name_surprising(
    found: Iterable[SurprisingText], ids: RowIds, *, split: str
) -> list[SurprisingText]:
    """Return texts of a split with the name of each row, where it has one."""
    named: list[SurprisingText] = []
    for one in found:
        place = split, one["line"]
        if place in ids:
            one = {**one, "id": ids[place]}
        named.append(one)
    return named


def with_ids(records: Iterable[PredictionEntry], ids: RowIds) -> Iterator[PredictionEntry]:
    """Add the name of its row to each record, where it has one."""
    for record in records:
        place = record["split"], record["row"]
        if place in ids:
            record = {**record, "id": ids[place]}
        yield record
