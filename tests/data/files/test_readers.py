"""Files to rows: every format, every encoding trap, and bad rows that do not stop the stream.

The modules `row`, `tables`, `labelled_lines`, `json_rows`, `decoding` and `parquet` are tested here
too.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay._optional import require
from assay.data.files.readers import Row, file_kind, read_lines, read_rows
from assay.errors import DataError, InputError


def write(path: Path, content: str | bytes) -> Path:
    """Write a file, gzipped if its name says so."""
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def pairs(path, **options):
    """Read a file into (line, text, label)."""
    rows = list(read_rows(path, **options))
    assert [row.problem for row in rows] == [None] * len(rows)
    return [(row.line, row.values["text"], row.values["label"]) for row in rows]


def parquet_bytes(columns) -> bytes:
    """Make a Parquet file in memory."""
    buffer = io.BytesIO()
    require("pyarrow.parquet").write_table(require("pyarrow").table(columns), buffer)
    return buffer.getvalue()


CONTENTS = {
    ".csv": "text,label\nso glad,joy\n슬퍼요,sadness\n",
    ".tsv": "text\tlabel\nso glad\tjoy\n슬퍼요\tsadness\n",
    ".jsonl": '{"text": "so glad", "label": "joy"}\n{"text": "슬퍼요", "label": "sadness"}\n',
    ".json": '[{"text": "so glad", "label": "joy"},\n {"text": "슬퍼요", "label": "sadness"}]',
    ".txt": "so glad;joy\n슬퍼요;sadness\n",
}


@pytest.mark.parametrize("gz", ["", ".gz"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("suffix", CONTENTS)
def test_read_rows_reads_each_format(tmp_path, suffix, mark, gz):
    """Each text format, gzipped or not, with or without byte order mark, gives the same texts and labels."""
    path = write(tmp_path / f"data{suffix}{gz}", mark + CONTENTS[suffix])
    assert [pair[1:] for pair in pairs(path)] == [("so glad", "joy"), ("슬퍼요", "sadness")]


@pytest.mark.parametrize("gz", ["", ".gz"])
def test_read_rows_reads_parquet(tmp_path, gz):
    """Parquet rows are counted from 1; nulls are None; gzip works although Parquet is read from its end."""
    path = write(
        tmp_path / f"data.parquet{gz}", parquet_bytes({"text": ["so glad", None], "label": [3, 4]})
    )
    assert pairs(path) == [(1, "so glad", 3), (2, None, 4)]


def test_read_rows_names_a_broken_parquet_file(tmp_path):
    """A file that only claims to be Parquet is an error with its name."""
    with pytest.raises(DataError, match=r"data\.parquet cannot be read as Parquet"):
        list(read_rows(write(tmp_path / "data.parquet", "text,label\n")))


@pytest.mark.parametrize("word", ["NA", "null", "None", "nan", "N/A", "", " "])
def test_csv_words_for_nothing_stay_texts(tmp_path, word):
    """What pandas and `datasets` would turn into nothing is a text."""
    path = write(tmp_path / "data.csv", f"text,label\n{word},joy\n")
    assert pairs(path) == [(2, word, "joy")]


def test_csv_quoted_newlines_keep_line_numbers(tmp_path):
    """A record's line is where it starts, also after records of several lines and blank lines."""
    path = write(
        tmp_path / "data.csv", 'text,label\n"one\ntwo\nthree",a\n\nfour,b\r\n"f\r\nive",c\n'
    )
    assert pairs(path) == [(2, "one\ntwo\nthree", "a"), (6, "four", "b"), (7, "f\r\nive", "c")]


def test_csv_unicode_line_separators_are_no_line_ends(tmp_path):
    """U+2028, U+0085 and form feeds inside a text do not break the row."""
    path = write(tmp_path / "data.csv", "text,label\na\u2028b\u0085c\x0cd,x\n")
    assert pairs(path) == [(2, "a\u2028b\u0085c\x0cd", "x")]


def test_csv_null_characters_stay(tmp_path):
    """A null character in a text is read, not refused."""
    assert pairs(write(tmp_path / "data.csv", "text,label\na\0b,x\n")) == [(2, "a\0b", "x")]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".json", ".txt"])
def test_megabyte_texts_are_read(tmp_path, suffix):
    """A field of 1 MB passes the csv module's limit and the JSON reader's chunks."""
    text = "a, \\ b " * 150_000
    path = tmp_path / f"data{suffix}"
    if suffix == ".csv":
        with path.open("w", newline="") as stream:
            csv.writer(stream).writerows([["text", "label"], [text, "x"], ["after", "y"]])
    else:
        rows = [{"text": text, "label": "x"}, {"text": "after", "label": "y"}]
        lines = "\n".join(json.dumps(row) for row in rows)
        write(
            path, {".jsonl": lines, ".json": json.dumps(rows), ".txt": f"{text};x\nafter;y"}[suffix]
        )
    assert [pair[1:] for pair in pairs(path)] == [(text, "x"), ("after", "y")]


def test_csv_ragged_rows_are_problems_and_the_stream_goes_on(tmp_path):
    """Too few or too many fields mark the row; the rows around it are read."""
    path = write(tmp_path / "data.csv", "text,label\na,x\nb\nc,y,z\nd,w\n")
    rows = list(read_rows(path))
    assert [(row.line, row.problem) for row in rows] == [
        (2, None),
        (3, "1 field where the header has 2"),
        (4, "3 fields where the header has 2"),
        (5, None),
    ]
    assert rows[1].values == {"text": "b"}


def test_csv_quotes_that_are_not_closed_or_doubled_are_problems(tmp_path):
    """Where the csv module would glue texts together, the line is named."""
    undoubled = list(
        read_rows(write(tmp_path / "a.csv", 'text,label\n"He said "hi" twice",x\nb,y\n'))
    )
    assert undoubled[0] == Row(2, {}, "a quote inside a quoted field that is not doubled")
    assert undoubled[1] == Row(3, {"text": "b", "label": "y"})
    unclosed = list(read_rows(write(tmp_path / "b.csv", 'text,label\na,x\n"b,y\nc,z\n')))
    assert unclosed[-1] == Row(3, {}, "a quoted field that is never closed")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "text,label,text\na,x,b\n",
            r"column 'text' occurs twice in data\.csv; columns: text, label, text",
        ),
        ("", r"data\.csv is empty"),
        ("\n\n", r"data\.csv is empty"),
        (b"t\0e\0x\0t\0,\0l\0\n\0", r"null bytes between its characters: it may be UTF-16"),
        (
            '"text,label\na,x\n',
            r"data\.csv line 2: a quoted field that is never closed, in the header",
        ),
        (
            "텍스트,라벨\na,x\n".encode("cp949"),
            r"line 1, the header: bytes that are not UTF-8 .* cp949 .*encoding",
        ),
    ],
)
def test_csv_bad_headers_are_refused(tmp_path, content, message):
    """A header that cannot be used is an error at once, not one problem a row."""
    with pytest.raises(DataError, match=message):
        list(read_rows(write(tmp_path / "data.csv", content)))


def test_csv_header_names_are_trimmed_and_completed(tmp_path):
    """White space around names goes; columns without a name, as spreadsheets leave them, get one each."""
    row = next(read_rows(write(tmp_path / "data.csv", "text, label,,\na,x,,\n")))
    assert list(row.values) == ["text", "label", "unnamed_3", "unnamed_4"]


@pytest.mark.parametrize(
    ("given", "written"), [(";", ";"), ("|", "|"), ("tab", "\t"), ("\\t", "\t")]
)
def test_csv_delimiter_can_be_given(tmp_path, given, written):
    """--delimiter takes one character, and a tab as a shell can write it."""
    path = write(tmp_path / "data.csv", f"text{written}label\na,b{written}x\n")
    assert pairs(path, delimiter=given) == [(2, "a,b", "x")]


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n"])
def test_csv_delimiters_that_cannot_work_are_refused(tmp_path, delimiter):
    """A delimiter is one character, and no quote or end of line."""
    with pytest.raises(InputError, match="one character is accepted"):
        read_rows(write(tmp_path / "data.csv", CONTENTS[".csv"]), delimiter=delimiter)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".txt"])
def test_bad_bytes_name_the_line_and_suggest_cp949(tmp_path, suffix):
    """One line in the encoding of Korean Windows is a problem of that line; the others are read."""
    lines = CONTENTS[suffix].splitlines(keepends=True)
    raw = b"".join(
        line.encode("cp949" if "슬퍼" in line else "utf-8") for line in [*lines, *lines[-2:-1]]
    )
    rows = list(read_rows(write(tmp_path / f"data{suffix}", raw)))
    bad = [row for row in rows if row.problem]
    assert [row.line for row in bad] == [3 if suffix == ".csv" else 2]
    assert "bytes that are not UTF-8 (0xBD" in bad[0].problem
    assert "it may be cp949 ('" in bad[0].problem
    assert "슬퍼요" in bad[0].problem
    assert "--encoding cp949" in bad[0].fixes
    assert rows[-1].values["text"] == "so glad"


def test_bad_bytes_in_a_json_array_name_the_line(tmp_path):
    """The element with the bad bytes is a problem; the elements around it are read."""
    raw = '[{"text": "a"},\n{"text": "슬퍼요"},\n{"text": "b"}]'.encode("cp949")
    rows = list(read_rows(write(tmp_path / "data.json", raw)))
    assert [row.line for row in rows] == [1, 2, 3]
    assert [row.problem is None for row in rows] == [True, False, True]
    assert "--encoding cp949" in rows[1].fixes
    assert "at character 11) (line 2)" in rows[1].problem


def test_objects_of_a_json_array_are_counted(tmp_path):
    """However many are on one line, each has a number of its own."""
    path = write(tmp_path / "data.json", '[{"text": "a"}, {"text": "b"},\n{"text": "c"}]')
    assert [row.line for row in read_rows(path)] == [1, 2, 3]


def test_bad_bytes_are_replaced_so_that_the_row_can_be_written_again(tmp_path):
    """The values of a rejected row hold U+FFFD, never lone surrogates, which no file could take."""
    row = next(read_rows(write(tmp_path / "data.txt", b"caf\xe9;x\n")))
    assert row.values == {"text": "caf\ufffd", "label": "x"}
    assert row.problem == (
        "bytes that are not UTF-8 (0xE9 at character 4); it may be cp1252 ('café;x'): try --encoding cp1252"
    )


@pytest.mark.parametrize(
    "encoding", ["cp949", "euc-kr", "utf-16", "utf-16-le", "utf-32", "utf-8", "UTF8"]
)
@pytest.mark.parametrize("suffix", CONTENTS)
def test_encoding_can_be_given(tmp_path, suffix, encoding):
    """With --encoding the texts come out as they were."""
    path = write(tmp_path / f"data{suffix}", CONTENTS[suffix].encode(encoding))
    assert pairs(path, encoding=encoding)[1][1] == "슬퍼요"


def test_utf_16_is_recognised_by_its_mark(tmp_path):
    """What Excel calls Unicode text is named."""
    with pytest.raises(DataError, match=r"starts like UTF-16; .*try encoding='utf-16'"):
        list(read_rows(write(tmp_path / "data.csv", CONTENTS[".csv"].encode("utf-16"))))


@pytest.mark.parametrize("encoding", ["cp9949", "hex", "", "a\0b"])
def test_unknown_encodings_are_refused(tmp_path, encoding):
    """A name that is no text encoding is an error that gives examples."""
    with pytest.raises(InputError, match="is unknown; names such as utf-8, cp949"):
        read_rows(write(tmp_path / "data.csv", CONTENTS[".csv"]), encoding=encoding)


def test_jsonl_bad_lines_are_problems_and_the_stream_goes_on(tmp_path):
    """Broken JSON and values that are no objects mark their line; blank lines are none."""
    lines = [
        '{"text": "a"}',
        "{broken",
        "",
        "[1, 2]",
        '"text"',
        "null",
        "3",
        "9" * 5000,
        "[" * 100_000,
        '{"text": null}',
    ]
    rows = list(read_rows(write(tmp_path / "data.jsonl", "\n".join(lines))))
    assert [row.line for row in rows] == [1, 2, 4, 5, 6, 7, 8, 9, 10]
    assert rows[1].problem.startswith("not JSON: Expecting property name")
    assert [row.problem for row in rows[2:6]] == [
        f"a JSON {kind} where an object is accepted"
        for kind in ("array", "string", "null", "number")
    ]
    assert all("not JSON that can be read" in row.problem for row in rows[6:8])
    assert rows[8] == Row(10, {"text": None})


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (
            '[{"text": "a"},\n{"text": b}]',
            2,
            "not JSON: Expecting value (line 2); nothing after it can be read",
        ),
        (
            '[{"text": "a"}\n{"text": "b"}]',
            2,
            "not JSON: ',' or ']' expected (line 2); nothing after it can be read",
        ),
        (
            '[{"text": "a"},\n{"text": "b',
            2,
            "not JSON: Unterminated string starting at (line 2); nothing after it can be read",
        ),
        ('[{"text": "a"},\n3]', 2, "a JSON number where an object is accepted"),
        ('[{"text": "a"}\n]\nx', 2, "something follows the array (line 3)"),
    ],
)
def test_json_broken_arrays_name_the_line(tmp_path, content, line, problem):
    """What comes before the break is read; rows are counted, and the line is named."""
    rows = list(read_rows(write(tmp_path / "data.json", content)))
    assert rows == [Row(1, {"text": "a"}), Row(line, {}, problem)]


@pytest.mark.parametrize(
    ("content", "what"), [("", "is empty"), ('{"text": "a"}', "holds one object without rows")]
)
def test_json_other_than_an_array_is_refused(tmp_path, content, what):
    """A lone object or an empty file is an error that says what is accepted."""
    with pytest.raises(
        DataError, match=rf"data\.json {what}.*an array of objects is accepted.*\.jsonl"
    ):
        list(read_rows(write(tmp_path / "data.json", content)))


def test_json_arrays_are_read_in_bounded_memory(tmp_path):
    """A file of 20 MB passes through a few hundred kB."""
    path = tmp_path / "data.json"
    row = json.dumps({"text": "x" * 1000, "label": "y"})
    write(path, "[" + ",\n".join([row] * 20_000) + "]")
    tracemalloc.start()
    n_rows = sum(1 for _ in read_rows(path))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_rows == 20_000
    assert peak_bytes < 2_000_000


def test_txt_splits_at_the_last_semicolon(tmp_path):
    """Semicolons in the text stay; white space around the label goes; ends of line go."""
    path = write(tmp_path / "data.txt", "a; b;c;joy\r\n d ; sadness \ne;기쁨")
    assert pairs(path) == [(1, "a; b;c", "joy"), (2, " d ", "sadness"), (3, "e", "기쁨")]


def test_txt_lines_without_semicolon_are_problems_but_blank_lines_are_rows(tmp_path):
    """A blank line is a blank text, to be counted; a line without label cannot be used."""
    rows = list(read_rows(write(tmp_path / "data.txt", "\na;x\nb\n;y\n")))
    assert rows == [
        Row(1, {"text": "", "label": ""}),
        Row(2, {"text": "a", "label": "x"}),
        Row(3, {"text": "b"}, "no ';' between text and label"),
        Row(4, {"text": "", "label": "y"}),
    ]


def test_read_lines_gives_every_line(tmp_path):
    """For prediction a line is a text: blank ones, semicolons and carriage returns inside included."""
    path = write(tmp_path / "data.txt", "\ufeffa;joy\n\nb\rc\r\n  d\n")
    assert [(row.line, row.values["text"]) for row in read_lines(path)] == [
        (1, "a;joy"),
        (2, ""),
        (3, "b\rc"),
        (4, "  d"),
    ]


def test_read_lines_reads_a_stream_and_leaves_it_open():
    """Standard input is decoded by assay, not by the terminal's settings, and stays open."""
    stream = io.TextIOWrapper(io.BytesIO("하나\n둘\n".encode() + b"\xff\n"), encoding="ascii")
    rows = list(read_lines(stream))
    assert [row.values["text"] for row in rows] == ["하나", "둘", "\ufffd"]
    assert [row.problem is None for row in rows] == [True, True, False]
    assert not stream.closed
    assert not stream.buffer.closed


def test_read_lines_takes_decoded_streams():
    """A StringIO has no bytes below; it is read as it is."""
    assert [row.values["text"] for row in read_lines(io.StringIO("a\nb"))] == ["a", "b"]


def test_read_rows_refuses_at_once_what_it_cannot_read(tmp_path):
    """No such file, a folder and an unknown kind are told before the first row is asked for."""
    with pytest.raises(InputError, match=r"no such file: .*nothing\.csv"):
        read_rows(tmp_path / "nothing.csv")
    with pytest.raises(InputError, match="is not a file"):
        read_rows(tmp_path)
    with pytest.raises(
        InputError, match=r"data\.ods is of a kind .*\.csv \.tsv .*saved as \.xlsx or as CSV UTF-8"
    ):
        read_rows(write(tmp_path / "data.ods", "x"))
    with pytest.raises(InputError, match=r"no such file: .*nothing\.txt"):
        read_lines(tmp_path / "nothing.txt")


@pytest.mark.parametrize(
    "content",
    [b"text,label\na,x\n", gzip.compress(b"text,label\n" + b"a,x\n" * 9999, mtime=0)[:-20]],
    ids=["not gzip", "cut"],
)
def test_broken_gzip_files_are_refused(tmp_path, content):
    """A file that is not gzip, or was cut off, is an error with its name."""
    path = tmp_path / "data.csv.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"data\.csv\.gz is not a whole gzip file"):
        list(read_rows(path))


def test_file_kind_sees_through_gz_and_case():
    """The kind is the suffix below .gz, in any case; unknown ones are None."""
    assert [file_kind(p) for p in ("a.CSV", "a.b.jsonl.gz", "a.gz", "a", "a.ods")] == [
        ".csv",
        ".jsonl",
        None,
        None,
        None,
    ]


FIELDS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=20)


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(FIELDS, FIELDS), min_size=1, max_size=5))
def test_csv_round_trip(tmp_path_factory, rows):
    """Whatever csv.writer writes is read back unaltered, or once it is said that quotes enclose texts.

    Of few rows of quotes, commas and line breaks nobody can tell: those are refused.
    """
    path = tmp_path_factory.mktemp("csv") / "data.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("text", "label"), *rows])
    try:
        found = pairs(path)
    except DataError:
        found = pairs(path, quoting="minimal")
    assert [(text, label) for _, text, label in found] == rows


@settings(max_examples=50, deadline=None)
@given(
    rows=st.lists(st.dictionaries(st.text(max_size=5), FIELDS, max_size=3), max_size=5),
    indent=st.sampled_from([None, 1]),
)
def test_json_round_trip(tmp_path_factory, rows, indent):
    """Whatever json.dumps writes is read back unaltered."""
    path = tmp_path_factory.mktemp("json") / "data.json"
    path.write_text(json.dumps(rows, indent=indent))
    assert [row.values for row in read_rows(path)] == rows


def test_problem_names_the_row_where_it_is_not_the_line(tmp_path):
    """A cell above it holds a line break, or the first line names the separator."""
    content = 'text,label\n"a\nb",x\n\nc\n"d\ne",y\n"f" g,z\n'
    problems = [row.problem for row in read_rows(write(tmp_path / "a.csv", content)) if row.problem]
    assert problems == [
        "1 field where the header has 2 (row 4 in a spreadsheet)",
        "a quote inside a quoted field that is not doubled (row 6 in a spreadsheet)",
    ]
    content = "sep=;\ntext;label\na\n"
    (row,) = read_rows(write(tmp_path / "b.csv", content))
    assert row.problem == "1 field where the header has 2 (row 2 in a spreadsheet)"
    (row,) = read_rows(write(tmp_path / "c.csv", "text,label\na\n"))
    assert row.problem == "1 field where the header has 2"


def test_commas_between_lines_of_json_are_called_so(tmp_path):
    """They are left where somebody took the brackets of an array away."""
    path = write(tmp_path / "data.jsonl", '{"text": "a"},\n{"text": "b"} {}\n')
    said = [row.problem for row in read_rows(path)]
    assert "a comma after the object, which lines of JSON do not have, at character 14" in said[0]
    assert "Extra data" in said[1]


def test_columns_of_parquet_may_share_a_name_that_is_not_needed(tmp_path, caplog):
    """As in tables: they get numbers, and two columns of labels are refused."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "d.parquet"
    columns = [pyarrow.array(["a"])] * 4
    names = ["text", "label", "note", "note"]
    parquet.write_table(pyarrow.Table.from_arrays(columns, names=names), path)
    row = next(read_rows(path))
    assert list(row.values) == ["text", "label", "note (1 of 2)", "note (2 of 2)"]
    assert "several columns have the same name" in caplog.text
    names = ["text", "label", "label", "note"]
    parquet.write_table(pyarrow.Table.from_arrays(columns, names=names), path)
    with pytest.raises(DataError, match="column 'label' occurs twice"):
        next(read_rows(path))


def test_reading_a_table_loads_no_numpy():
    """A stream of rows takes little memory, whatever the file: arrays are not needed for it."""
    code = "import sys, assay.data.files.readers; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
