"""The columns beside the text come back row by row, wherever they are kept."""

import datetime
import json

import pytest

from assay.review import other_columns
from assay.review.other_columns import OtherColumns


@pytest.mark.parametrize("most", [0, 32_000_000], ids=["file", "memory"])
def test_columns_come_back(monkeypatch, most):
    """Each row has its own columns; a row without any is empty; a date is a text."""
    monkeypatch.setattr(other_columns, "MAX_HELD_BYTES", most)
    rows = [
        {"text": "a", "id": "001", "n": 3},
        {"text": "b"},
        {"id": "half \ud800", "text": "c", "on": datetime.date(2026, 1, 2)},
        {"text": "d", "id": "002", "n": None},
    ]
    found = OtherColumns()
    for row in rows:
        found.append(row, "text")
    written = [found[i] for i in range(len(found))]
    assert [json.loads(one) if one else None for one in written] == [
        {"id": "001", "n": 3},
        None,
        {"id": "half \ud800", "on": "2026-01-02"},
        {"id": "002", "n": None},
    ]
