"""Arrow files and Feather are read row by row, with the class names that they hold."""

from __future__ import annotations

import json

import pytest

from assay.data.files.arrow import read_arrow_class_names, read_arrow_records
from assay.data.files.readers import read_rows
from assay.data.load import load_data
from assay.errors import DataError

pyarrow = pytest.importorskip("pyarrow")
ipc = pytest.importorskip("pyarrow.ipc")
feather = pytest.importorskip("pyarrow.feather")

FEATURES = {"label": {"names": ["neg", "pos"], "_type": "ClassLabel"}}
METADATA = {b"huggingface": json.dumps({"info": {"features": FEATURES}}).encode()}
TABLE = pyarrow.table({"text": ["a", None], "label": [0, 1]}).replace_schema_metadata(METADATA)
ROWS = [{"text": "a", "label": 0}, {"text": None, "label": 1}]


def write(path, how):
    """Write the table as a stream, as a file, or as Feather."""
    if how == "feather":
        feather.write_feather(TABLE, str(path))
        return path
    opened = ipc.new_stream if how == "stream" else ipc.new_file
    with opened(str(path), TABLE.schema) as writer:
        writer.write_table(TABLE)
    return path


@pytest.mark.parametrize("how", ["stream", "file", "feather"])
def test_rows_and_class_names_are_read(tmp_path, how):
    """Whichever of the forms it is; rows are counted."""
    path = write(tmp_path / f"d{'.feather' if how == 'feather' else '.arrow'}", how)
    assert list(read_arrow_records(path)) == ROWS
    assert read_arrow_class_names(path) == {"label": ("neg", "pos")}
    assert [(row.line, row.values) for row in read_rows(path)] == list(enumerate(ROWS, 1))


def test_what_is_no_arrow_is_said(tmp_path):
    """Another content, and Feather of the first version."""
    for content, said in (
        (b"no", "cannot be read as Arrow"),
        (b"FEA1....", "Feather of version 1"),
    ):
        (tmp_path / "d.arrow").write_bytes(content)
        with pytest.raises(DataError, match=said):
            list(read_rows(tmp_path / "d.arrow"))


@pytest.mark.parametrize(
    "notation",
    [
        {"feature": FEATURES["label"], "_type": "List"},
        {"feature": FEATURES["label"], "length": -1, "_type": "Sequence"},
        [FEATURES["label"]],
    ],
    ids=["List", "Sequence", "brackets"],
)
def test_lists_of_classes_have_names_too(tmp_path, notation):
    """Several labels per text, in each notation that `datasets` had."""
    features = {"text": {"dtype": "string", "_type": "Value"}, "labels": notation}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    table = pyarrow.table({"text": ["a", "b"], "labels": [[1], [0, 1]]})
    table = table.replace_schema_metadata(metadata)
    with ipc.new_stream(str(tmp_path / "d.arrow"), table.schema) as writer:
        writer.write_table(table)
    pytest.importorskip("pyarrow.parquet").write_table(table, str(tmp_path / "d.parquet"))
    for name in ("d.arrow", "d.parquet"):
        splits = load_data(tmp_path / name)
        assert splits["all"].labels == (("pos",), ("neg", "pos"))
        assert splits.label_set.names == ("neg", "pos")
