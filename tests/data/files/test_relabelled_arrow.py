"""A column of Arrow with other labels is read back as they were accepted."""

from __future__ import annotations

import datetime
import logging
from decimal import Decimal

import pytest

from assay.data.cell_values import label_as_text
from assay.data.files.relabelled_arrow import relabel_column
from assay.data.files.relabelled_records import write_parquet
from assay.data.files.relabelled_values import SeveralNames
from assay.errors import InputError

pyarrow = pytest.importorskip("pyarrow")

HOUR, CLOCK = datetime.timedelta(hours=1), datetime.time(9)
COLUMNS = {
    "timestamp[ns]": pyarrow.array([1, 2], type=pyarrow.timestamp("ns")),
    "duration": pyarrow.array([HOUR, 2 * HOUR]),
    "time": pyarrow.array([CLOCK, datetime.time(10)]),
    "decimal": pyarrow.array([Decimal("1.10"), Decimal("2.00")]),
    "float32": pyarrow.array([0.1, 0.2], type=pyarrow.float32()),
    "int": pyarrow.array([1, 2]),
    "category": pyarrow.array(["a", "b"]).dictionary_encode(),
}


def relabelled(array, labels, **field):
    """Return the field and the array of a column `label`."""
    own = pyarrow.field("label", array.type, **field)
    return relabel_column(own, array.to_pylist(), labels, source="d.parquet")


@pytest.mark.parametrize("array", COLUMNS.values(), ids=COLUMNS)
def test_a_label_of_another_row_keeps_the_type(array):
    """Its value is that of the other row, in whatever type."""
    label = label_as_text(array[1].as_py())
    if array.type == pyarrow.float32():
        label = "0.2"
    field, changed = relabelled(array, {1: label})
    assert field.type == changed.type == array.type
    assert changed.to_pylist() == [array[1].as_py()] * 2


@pytest.mark.parametrize("name", ["timestamp[ns]", "duration", "time", "decimal", "int"])
def test_a_new_label_that_no_value_says_makes_texts_of_all(name, caplog):
    """The others stay as they were seen; the type that is lost is said."""
    array = COLUMNS[name]
    with caplog.at_level(logging.WARNING):
        _, changed = relabelled(array, {1: "of late"})
    assert changed.to_pylist() == ["of late", label_as_text(array[1].as_py())]
    assert f"'label' is written as string; its type, {array.type}" in caplog.text


def test_lists_of_one_length_become_lists_of_any(caplog):
    """Where a text gets more or fewer labels; names among numbers make texts."""
    array = pyarrow.array([[0, 1], [1, 2]], type=pyarrow.list_(pyarrow.int8(), 2))
    field, changed = relabelled(array, {1: SeveralNames(("1",))})
    assert changed.to_pylist() == [[1], [1, 2]]
    assert field.type == pyarrow.list_(pyarrow.int8())
    assert "is written as list" in caplog.text
    _, changed = relabelled(array, {2: SeveralNames(("1", "x"))})
    assert changed.to_pylist() == [["0", "1"], ["1", "x"]]


def test_objects_without_room_for_a_label_are_refused():
    """Nothing else in the column is lost to a label."""
    array = pyarrow.array([{"choices": [1, 2]}, {"choices": [1]}])
    with pytest.raises(InputError, match=r"'label' of d\.parquet holds objects"):
        relabelled(array, {2: SeveralNames(("1", "x"))})


def test_a_period_is_known_by_what_is_seen():
    """It is stored as a number of months."""
    pytest.importorskip("pandas")
    metadata = {
        "ARROW:extension:name": "pandas.period",
        "ARROW:extension:metadata": '{"freq": "M"}',
    }
    array = pyarrow.array([648, 649])
    field, changed = relabelled(array, {1: "2024-02"}, metadata=metadata)
    assert changed.to_pylist() == [649, 649]
    assert field.metadata
    field, changed = relabelled(array, {1: "2025"}, metadata=metadata)
    assert changed.to_pylist() == ["2025", "2024-02"]
    assert not field.metadata


def test_pandas_reads_a_column_that_lost_its_type(tmp_path):
    """Its own note on the type of the column is gone with the type."""
    pd = pytest.importorskip("pandas")
    months = pd.PeriodIndex(["2024-01", "2024-02"], freq="M")
    pd.DataFrame({"text": ["a", "b"], "label": months}).to_parquet(tmp_path / "a.parquet")
    write_parquet(tmp_path / "a.parquet", tmp_path / "b.parquet", {1: {"label": "soon"}})
    found = pd.read_parquet(tmp_path / "b.parquet")
    assert found["label"].tolist() == ["soon", "2024-02"]
    assert found["text"].tolist() == ["a", "b"]
