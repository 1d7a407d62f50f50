"""Values of Arrow columns are read as a person sees them."""

from __future__ import annotations

import pytest

from assay import load_data
from assay.data.files.arrow import read_arrow_records
from assay.data.files.parquet import read_records, read_types

pd = pytest.importorskip("pandas")
pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")
feather = pytest.importorskip("pyarrow.feather")

FRAME = pd.DataFrame(
    {
        "text": ["a", "b", "c"],
        "month": pd.PeriodIndex(["2024-01", "2024-02", None], freq="M"),
        "range": pd.IntervalIndex.from_tuples([(0, 1), (1, 2), None]),
        "score": pd.array([0.1, 2.0, None], dtype="Float32"),
    }
)
SEEN = [
    {"text": "a", "month": "2024-01", "range": "(0.0, 1.0]", "score": 0.1},
    {"text": "b", "month": "2024-02", "range": "(1.0, 2.0]", "score": 2.0},
    {"text": "c", "month": None, "range": None, "score": None},
]


def test_periods_intervals_and_narrow_floats_are_seen(tmp_path):
    """In Parquet, in Arrow and in a table; what is written again of them are texts."""
    path = tmp_path / "d.parquet"
    FRAME.to_parquet(path)
    assert list(read_records(path)) == SEEN
    assert list(map(str, read_types(path))) == ["large_string", "string", "string", "float"]
    table = pyarrow.Table.from_pandas(FRAME)
    feather.write_feather(table, str(tmp_path / "d.feather"))
    assert list(read_arrow_records(tmp_path / "d.feather")) == SEEN
    for column, labels in (("month", ("2024-01", "2024-02")), ("score", ("0.1", "2"))):
        of_table = load_data(table, text_column="text", label_column=column, max_bad_fraction=0.5)
        assert of_table["all"].labels == labels


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "Float32"])
def test_narrow_floats_of_frames_and_arrays_keep_their_digits(dtype):
    """In data of pandas and NumPy, and in lists of NumPy's own."""
    labels = pd.Series([0.1, 2.5], dtype=dtype)
    for data in (
        pd.DataFrame({"text": ["a", "b"], "label": labels}),
        (["a", "b"], labels.to_numpy()),
        (["a", "b"], list(labels.to_numpy())),
    ):
        assert load_data(data)["all"].labels == ("0.1", "2.5")


def test_narrow_floats_of_polars_keep_their_digits():
    """Their type has another name."""
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"text": ["a", "b"], "label": pl.Series([0.1, 2.5], dtype=pl.Float32)})
    assert load_data(frame)["all"].labels == ("0.1", "2.5")
