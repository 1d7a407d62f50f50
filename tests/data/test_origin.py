"""What rows hold beside texts and labels is read again when it is wanted."""

from __future__ import annotations

import pytest

from assay.data.load import load_data
from assay.data.origin import Origin, OtherCells, describe_places, read_other_cells
from assay.data.split import cut_missing

ROWS = 'id,text,label,day\n7,"one\ntwo",a,Mo\n8,three,b,Tu\n'


def test_other_columns_of_a_row_are_found_with_its_record(tmp_path):
    """The record is the row of a spreadsheet; it is told where a line break above makes it differ."""
    (tmp_path / "d.csv").write_text(ROWS)
    splits = load_data(tmp_path / "d.csv")
    found = read_other_cells(splits.origins, [("all", line) for line in splits["all"].lines])
    assert found == {
        ("all", 2): OtherCells({"id": "7", "day": "Mo"}),
        ("all", 4): OtherCells({"id": "8", "day": "Tu"}, record=3),
    }


def test_rows_of_a_cut_are_found_in_the_file(tmp_path):
    """A split that was cut has the lines of the file that it was cut from."""
    rows = "".join(f"{i},word{i} so,{'ab'[i % 2]}\n" for i in range(40))
    (tmp_path / "d.csv").write_text("nr,text,label\n" + rows)
    splits = cut_missing(load_data(tmp_path / "d.csv"), seed=0)
    line = splits["test"].lines[0]
    found = read_other_cells(splits.origins, [("test", line)])
    assert found["test", line].cells == {"nr": str(line - 2)}


def test_rows_of_shards_are_counted_through(tmp_path):
    """As they were when the shards were joined."""
    for i in (0, 1):
        path = tmp_path / f"train-0000{i}-of-00002.csv"
        path.write_text(f"text,label,nr\nx{i},a,{i}\ny{i},b,{i}\n")
    splits = load_data(tmp_path)
    found = read_other_cells(splits.origins, [("train", 1), ("train", 4), ("train", 99)])
    assert {place: one.cells["nr"] for place, one in found.items()} == {
        ("train", 1): "0",
        ("train", 4): "1",
    }


def test_places_of_rows_are_looked_up_in_one_pass(tmp_path, monkeypatch):
    """However many are asked for; a row of no file is a row."""
    (tmp_path / "d.csv").write_text(ROWS)
    origins = load_data(tmp_path / "d.csv").origins
    reads = []
    read = Origin.read
    monkeypatch.setattr(Origin, "read", lambda own, lines: reads.append(own) or read(own, lines))
    assert describe_places(origins, [("test", 2), ("train", 4)]) == {
        ("test", 2): "line 2",
        ("train", 4): "line 4, row 3 in a spreadsheet",
    }
    assert len(reads) == 1
    assert describe_places({}, [("all", 1234)]) == {("all", 1234): "row 1,234"}


def test_what_is_no_file_has_no_other_columns(tmp_path, caplog):
    """Rows of memory, and those of a file that is gone, are left out."""
    assert read_other_cells(load_data((["a", "b"], ["x", "y"])).origins, [("all", 1)]) == {}
    (tmp_path / "d.csv").write_text(ROWS)
    splits = load_data(tmp_path / "d.csv")
    (tmp_path / "d.csv").unlink()
    assert read_other_cells(splits.origins, [("all", 2)]) == {}
    assert "other columns cannot be read again" in caplog.text


@pytest.mark.parametrize("options", [{}, {"split_column": "none"}])
def test_rows_of_a_split_column_are_found(tmp_path, options):
    """Whether the table is divided by it or not."""
    rows = "".join(f"x{i},{'ab'[i % 2]},{('train', 'test')[i % 3 == 0]},{i}\n" for i in range(12))
    (tmp_path / "d.csv").write_text("text,label,split,nr\n" + rows)
    splits = load_data(tmp_path / "d.csv", **options)
    places = [(split, line) for split, labelled in splits.items() for line in labelled.lines]
    found = read_other_cells(splits.origins, places)
    assert all(found[place].cells["nr"] == str(place[1] - 2) for place in places)
