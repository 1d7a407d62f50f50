"""Every text of a scored split, as rows and as a file."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from assay.data.texts import LabelledTexts
from assay.errors import InputError
from assay.evaluation.text_table import check_table, text_rows, write_table

LABELLED = LabelledTexts(("=1+1", "so sad"), ("joy", "joy"), (2, 5))
PROBS = np.array([[0.75, 0.25], [0.125, 0.875]])


def rows():
    """Return the rows of two texts."""
    return text_rows("test", LABELLED, PROBS, ("joy", "sadness"))


def test_each_text_has_label_prediction_and_all_scores():
    """In the order of the split, with the lines of the source."""
    first, second = rows()
    assert first["is_right"] is True
    assert second == {
        "split": "test",
        "row": 5,
        "text": "so sad",
        "label": "joy",
        "predicted_label": "sadness",
        "predicted_score": 0.875,
        "is_right": False,
        "score:joy": 0.125,
        "score:sadness": 0.875,
    }


def test_table_is_read_back_as_it_was_written(tmp_path):
    """A cell that a spreadsheet would run is guarded in CSV, and nowhere else."""
    write_table(rows(), tmp_path / "rows.csv")
    with (tmp_path / "rows.csv").open(encoding="utf-8-sig", newline="") as stream:
        found = list(csv.DictReader(stream))
    assert [row["text"] for row in found] == ["'=1+1", "so sad"]
    assert found[1]["score:sadness"] == "0.875"
    write_table(rows(), tmp_path / "rows.jsonl")
    lines = (tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == list(rows())


def test_file_that_is_there_or_cannot_be_written_is_refused(tmp_path):
    """Before any text is scored."""
    (tmp_path / "rows.csv").touch()
    with pytest.raises(InputError, match="exists"):
        check_table(tmp_path / "rows.csv", overwrite=False)
    with pytest.raises(InputError, match="of a kind that cannot be written"):
        check_table(tmp_path / "rows.docx", overwrite=False)
