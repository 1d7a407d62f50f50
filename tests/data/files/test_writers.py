"""Writers: what is written is what is read, in every format, and what has no place in one is said.

These are also the tests of parquet_writer.
"""

import csv
import datetime
import decimal
import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.data.files.parquet import read_types
from assay.data.files.parquet_writer import decide_types, find_misfits
from assay.data.files.readers import read_rows
from assay.data.files.writers import OUT_SUFFIXES, ROW_GROUP_ROWS, open_writer, out_kind
from assay.errors import DataError, InputError

FORMATS = [
    "out.jsonl",
    "out.csv",
    "out.tsv",
    "out.jsonl.gz",
    "out.csv.gz",
    "out.tsv.gz",
    "out.parquet",
]
TEXTS = [
    "plain",
    "",
    "a,b;c\td",
    'say "no"',
    "line\nline",
    "carriage\rreturn",
    "both\r\nends",
    "a\0b",
    "오늘 😀",
    " x ",
    "=1+1",
]

each_format = pytest.mark.parametrize("name", FORMATS)


def write(path, records):
    """Write all records to a file."""
    with open_writer(path, like=path) as writer:
        for record in records:
            writer.write(record)
    return path


def read(path):
    """Read them back."""
    rows = list(read_rows(path))
    assert [row.problem for row in rows] == [None] * len(rows)
    return [row.values for row in rows]


@each_format
def test_records_survive_the_disk(tmp_path, name):
    """Texts with separators, quotes, every end of line, nulls and Korean come back as they were, in order."""
    records = [{"텍스트": text, "n": str(i)} for i, text in enumerate(TEXTS)]
    assert read(write(tmp_path / name, records)) == records


@settings(max_examples=40)
@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), min_size=1, max_size=6))
def test_any_texts_survive_the_disk(tmp_path_factory, texts):
    """Whatever characters there are, the text formats keep them."""
    folder = tmp_path_factory.mktemp("written")
    records = [{"a": a, "b": b, "c": "x"} for a, b in texts]
    for name in ("out.jsonl", "out.csv", "out.tsv"):
        assert read(write(folder / name, records)) == records


def test_values_keep_their_kind_where_the_format_has_kinds(tmp_path):
    """JSON Lines and Parquet keep numbers, nulls and lists; a table shows them as text."""
    records = [{"n": 1, "x": 0.25, "none": None, "list": [{"label": "기쁨"}]}]
    assert read(write(tmp_path / "out.jsonl", records)) == records
    assert read(write(tmp_path / "out.parquet", records)) == records
    shown = {"n": "1", "x": "0.25", "none": "", "list": '[{"label": "기쁨"}]'}
    assert read(write(tmp_path / "out.csv", records)) == [shown]


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_values_without_a_kind_are_shown_as_text(tmp_path, name):
    """Dates and decimals, which Parquet input can hold, become their usual text."""
    record = {"day": datetime.date(2026, 1, 2), "price": decimal.Decimal("1.50")}
    assert read(write(tmp_path / name, [record])) == [{"day": "2026-01-02", "price": "1.50"}]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("out.jsonl", "a\ud800b"),
        ("out.csv", "a\\ud800b"),
        ("out.tsv.gz", "a\\ud800b"),
        ("out.parquet", "a\\ud800b"),
    ],
)
def test_lone_surrogate_leaves_a_valid_file(tmp_path, name, expected):
    """Half a character, as JSON input can hold, is spelt out: the file stays readable, and JSON gives it back."""
    assert read(write(tmp_path / name, [{"text": "a\ud800b", "more": "오늘"}])) == [
        {"text": expected, "more": "오늘"}
    ]


def test_tables_are_plain_unix_files(tmp_path):
    """A header, a line a record ending in a line feed, quotes where they are needed only, UTF-8 without a mark."""
    path = write(tmp_path / "out.csv", [{"text": "좋은 하루", "n": 1}, {"text": "a,b", "n": None}])
    assert path.read_bytes() == 'text,n\n좋은 하루,1\n"a,b",\n'.encode()
    path = write(tmp_path / "out.tsv", [{"text": "a,b"}])
    assert path.read_bytes() == b"text\na,b\n"


def test_json_lines_show_korean_as_such(tmp_path):
    """No escapes where UTF-8 will do."""
    assert (
        write(tmp_path / "out.jsonl", [{"감정": "기쁨"}]).read_text(encoding="utf-8")
        == '{"감정": "기쁨"}\n'
    )


def test_equal_records_are_equal_files(tmp_path):
    """A gzipped file holds neither its name nor the time."""
    first, second = (write(tmp_path / f"{name}.csv.gz", [{"text": "a"}]) for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()
    assert gzip.decompress(first.read_bytes()) == b"text\na\n"


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_column_without_a_place_is_refused(tmp_path, name):
    """A table has the columns of its first record: one more later is an error, not lost."""
    with pytest.raises(
        DataError, match=r"column 'b' is not in the first row, so it has no place .*write \.jsonl"
    ):
        write(tmp_path / name, [{"a": "1"}, {"a": "2", "b": "3"}])


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_missing_column_is_empty(tmp_path, name):
    """A record that lacks a column has an empty cell there, and the others stay in their columns."""
    empty = None if name.endswith("parquet") else ""
    found = read(write(tmp_path / name, [{"a": "1", "b": "2"}, {"b": "3"}]))
    assert found == [{"a": "1", "b": "2"}, {"a": empty, "b": "3"}]


def test_parquet_is_written_in_row_groups(tmp_path):
    """More rows than are kept in memory, a column of nulls at first: all rows arrive, as texts."""
    n_rows = ROW_GROUP_ROWS + 3
    records = [{"n": i, "late": "text" if i >= ROW_GROUP_ROWS else None} for i in range(n_rows)]
    found = read(write(tmp_path / "out.parquet", records))
    assert found == records


def test_parquet_column_of_nulls_waits_for_its_type(tmp_path):
    """Whatever comes first decides, however late; a column that stays without values holds texts."""
    n_rows = 2 * ROW_GROUP_ROWS + 3
    late = {"n": 7, "when": {"day": 1}, "list": ["a"]}
    records = [{"i": i, "never": None, **dict.fromkeys(late)} for i in range(n_rows)]
    records[-1] |= late
    path = write(tmp_path / "out.parquet", records)
    assert read(path) == records
    types = dict(zip(records[0], map(str, read_types(path)), strict=True))
    assert (types["i"], types["n"], types["never"]) == ("int64", "int64", "string")


def test_rows_that_do_not_fit_are_named(tmp_path):
    """The first value decides where a column holds several kinds; no fraction is cut off."""
    for kept, lost in ((1, 0.5), ([1], [0.5]), ({"n": [1]}, {"n": [2, 0.5]})):
        types = decide_types([{"a": kept}], ["a"], [])
        reasons = find_misfits([{"a": kept}, {"a": lost}, {"a": kept}], ["a"], types)
        assert reasons[0] is reasons[2] is None
        assert "a fraction among whole numbers" in reasons[1]
    records = [{"a": value} for value in (None, 1, 2.5, "x", 2**70, None, [1])]
    path = tmp_path / "out.parquet"
    with open_writer(path, like=path) as writer:
        reasons = writer.refuse(records)
        assert [reason is None for reason in reasons] == [
            True,
            True,
            True,
            False,
            False,
            True,
            False,
        ]
        assert "column 'a' cannot be written as Parquet" in reasons[3]
        for record, reason in zip(records, reasons, strict=True):
            if reason is None:
                writer.write(record)
    assert [row["a"] for row in read(path)] == [None, 1, 2.5, None]


@pytest.mark.parametrize("first", [[], None])
def test_parquet_lists_may_all_be_empty_at_first(tmp_path, first):
    """Texts without any label, or without an answer, come before those that have some."""
    lists = [first] * ROW_GROUP_ROWS + [["a", "b"], []]
    records = [{"n": i, "predicted_labels": own} for i, own in enumerate(lists)]
    assert read(write(tmp_path / "out.parquet", records)) == records


@pytest.mark.parametrize("values", [["x", 3], [*range(ROW_GROUP_ROWS), "x"], [{}], [2**70]])
def test_parquet_column_of_several_kinds_is_refused(tmp_path, values):
    """Parquet has one kind a column: said with what to do, whether it shows in the first rows or later."""
    message = r"column 'a' cannot be written as Parquet, where all its values are of one kind: .*write \.jsonl"
    with pytest.raises(DataError, match=message):
        write(tmp_path / "out.parquet", [{"a": value} for value in values])


@each_format
def test_no_records_make_an_empty_file(tmp_path, name):
    """There is a file all the same, and it is whole."""
    path = write(tmp_path / name, [])
    assert path.is_file()
    if name.endswith(".gz"):
        assert gzip.decompress(path.read_bytes()) == b""
    elif name.endswith(".parquet"):
        assert read(path) == []


@each_format
def test_file_is_closed_after_an_exception(tmp_path, name):
    """Whatever goes wrong meanwhile, the exception comes through, and the file can be removed."""
    path = tmp_path / name
    with pytest.raises(KeyError, match="stop"), open_writer(path, like=path) as writer:  # noqa: PT012
        writer.write({"a": "1"})
        raise KeyError("stop")
    path.unlink(missing_ok=True)


def test_name_to_be_decides_the_format(tmp_path):
    """A file is written under another name until it is whole."""
    with open_writer(tmp_path / "out.csv.partial", like=Path("out.csv")) as writer:
        writer.write({"a": "1,2"})
    with (tmp_path / "out.csv.partial").open(newline="") as stream:
        assert list(csv.reader(stream)) == [["a"], ["1,2"]]


@pytest.mark.parametrize(
    "name", ["out.xls", "out.txt", "out.json", "out", "out.gz", "out.csv.zip", "."]
)
def test_unknown_suffix_is_refused(name):
    """The formats there are, are listed."""
    with pytest.raises(
        InputError,
        match=rf"'{re.escape(name)}' is of a kind .* written; {' '.join(OUT_SUFFIXES)} are",
    ):
        out_kind(Path(name))


def test_parquet_is_not_gzipped():
    """It is compressed already."""
    with pytest.raises(
        InputError, match=r"a \.parquet\.gz cannot be written; \.parquet is accepted"
    ):
        out_kind(Path("out.parquet.gz"))


def test_kind_ignores_case():
    """Suffixes are read as the readers read them."""
    assert [out_kind(Path(name)) for name in ("A.CSV", "b.JSONL.GZ", "c.Parquet")] == [
        ".csv",
        ".jsonl",
        ".parquet",
    ]


def test_json_survives_as_json(tmp_path):
    """Each line is an object of its own."""
    path = write(tmp_path / "out.jsonl", [{"text": text} for text in TEXTS])
    assert [
        json.loads(line)["text"] for line in path.read_text(encoding="utf-8").split("\n")[:-1]
    ] == TEXTS


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_no_number_becomes_invalid_json(tmp_path, suffix):
    """NaN and infinity, which JSON has no word for, are null, also inside lists and objects."""
    path = tmp_path / f"out.{suffix}"
    record = {"x": {"a": [float("nan"), 1.5], "b": float("-inf")}, "y": 1}
    with open_writer(path, like=path) as writer:
        writer.write(record)
    if suffix == "jsonl":
        written = json.loads(path.read_text())["x"]
    else:
        written = json.loads(next(csv.DictReader(path.read_text().splitlines()))["x"])
    assert written == {"a": [None, 1.5], "b": None}
