"""Data that label words or spans are recognised where no columns are found, whatever else is there."""

from __future__ import annotations

import json

import pytest

from assay.data.load import load_data
from assay.errors import DataError


def refusal(path, content):
    """Return the error about a file that has no columns of texts and labels."""
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_data(path)
    return caught.value


@pytest.mark.parametrize("separator", [" ", "\t", ",", ";"])
def test_lines_that_end_in_a_tag_are_recognised(tmp_path, separator):
    """As CoNLL has them, and as a table with one word per row."""
    lines = [separator.join(row) for row in (("EU", "NNP", "B-ORG"), ("said", "VBD", "O"))]
    assert "such as 'B-ORG'" in refusal(tmp_path / "d.csv", "\n".join(lines * 5)).hint


def test_a_wide_table_is_refused_soon(tmp_path):
    """There are more ways to divide its lines than could ever be tried."""
    names = ",".join(f"c{i}" for i in range(300))
    error = refusal(tmp_path / "d.csv", f"{names}\n" + ",".join("1" * 300) + "\n")
    assert "no text column found" in error.message


@pytest.mark.parametrize("annotations", [3, "none", {"result": []}, [3], [{"result": [3]}], None])
def test_annotations_of_any_kind_are_looked_at(tmp_path, annotations):
    """A column of this name need not be of Label Studio."""
    rows = [{"annotations": annotations, "c": i} for i in range(5)]
    assert "no text column found" in refusal(tmp_path / "d.json", json.dumps(rows)).message
