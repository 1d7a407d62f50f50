"""How a table was written: found where the file leaves no doubt, else refused with what to add.

The modules `delimiters`, `enclosed`, `variants`, `tables`, `formats` and `reading` are tested here
too.
"""

from __future__ import annotations

import csv
import io

import pytest

from assay.data.files.readers import read_rows
from assay.data.files.reading import Reading
from assay.errors import DataError, InputError

BACKSLASH = "\\"


def read(folder, content, name="data.csv", **options):
    """Write a file and return the values of its rows, all of which must be readable."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    rows = list(read_rows(path, **options))
    assert [row.problem for row in rows] == [None] * len(rows)
    return [tuple(row.values.values()) for row in rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["data.csv", "data.tsv"])
def test_delimiter_is_found_in_the_header(tmp_path, caplog, name, delimiter):
    """Whatever the suffix says; another one than it says is named."""
    rows = [("so glad", f"joy of {tmp_path.name}"), ("so sad", "sadness")]
    lines = [delimiter.join(cells) for cells in [("text", "label"), *rows]]
    assert read(tmp_path, "\n".join(lines), name) == rows
    is_usual = delimiter == {"data.csv": ",", "data.tsv": "\t"}[name]
    assert ("separates the columns" in caplog.text) is not is_usual


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("text\nso glad; really\n", [("so glad; really",)]),
        ("text,label\na;b,x;y\n", [("a;b", "x;y")]),
        ("Ticket;Comment, free;Category\n1;a, b;x\n", [("1", "a, b", "x")]),
        ("sep=;\r\ntext;label\r\na,b;x\r\n", [("a,b", "x")]),
        ('"sep=|"\ntext|label\na|x\n', [("a", "x")]),
        (",text,label\n0,a,x\n1,b,y\n", [("0", "a", "x"), ("1", "b", "y")]),
        ('"text","label"\n"1","a","x"\n"2","b","y"\n', [("1", "a", "x"), ("2", "b", "y")]),
        ("text,label\na,x,\nb,y,\n", [("a", "x", ""), ("b", "y", "")]),
        ('text, label\n"one, two", "pos"\nthree, "neg, sad"\n', [("one, two", "pos"), ("three", "neg, sad")]),
        ("\ufefftext;label\nä;x\n", [("ä", "x")]),
        ('text;label\n"Dear sir,\r\nthanks";x\r\n', [("Dear sir,\r\nthanks", "x")]),
        ("text,label\nC:\\new\\dir,x\n", [("C:\\new\\dir", "x")]),
        ("text,label\n\\\\server\\dir,x\n", [("\\\\server\\dir", "x")]),
    ],
    ids=range(13),
)  # fmt: skip
def test_conventions_of_programs_are_known(tmp_path, content, rows):
    """One column, Excel, pandas, R, a delimiter at the end, spaces before quotes, plain backslashes."""
    assert read(tmp_path, content) == rows


def test_space_before_some_quotes_is_a_question(tmp_path):
    """Either the space is too much, or these quotes are part of the texts: both can be said."""
    content = 'text,label\n"so, glad", "x"\nso sad,y\n'
    with pytest.raises(DataError, match="has a space before some of its quotes") as caught:
        read(tmp_path, content)
    assert "--quoting none" in caught.value.hint
    assert "--quoting minimal" in caught.value.hint
    expected = [("so, glad", ' "x"'), ("so sad", "y")]
    assert read(tmp_path, content, quoting="minimal") == expected


def test_backslashes_in_pairs_alone_are_a_question(tmp_path):
    """They are two characters, or one that a program escaped: nothing in the file tells."""
    content = "text,label\na \\\\ b,x\n"
    with pytest.raises(DataError, match="backslashes in pairs alone") as caught:
        read(tmp_path, content)
    assert caught.value.flags == ("--escape '\\'", "--escape none")
    assert read(tmp_path, content, escape="\\") == [("a \\ b", "x")]
    assert read(tmp_path, content, escape="none") == [("a \\\\ b", "x")]


def test_index_columns_have_names(tmp_path):
    """The index of pandas and the row names of R become columns that no other column is called."""
    path = tmp_path / "data.csv"
    for content in (",text,label\n0,a,x\n1,b,y\n", "text,label\n1,a,x\n2,b,y\n"):
        path.write_text(content)
        assert next(read_rows(path)).values.keys() == {"unnamed_1", "text", "label"}


@pytest.mark.parametrize(
    "names", [("5", "9", "12"), ("doc1", "doc2", "doc3"), ("9", "5", "12"), ("1", "2", "3")]
)
@pytest.mark.parametrize("separator", [" ", "\t"])
def test_row_names_of_r_may_be_any(tmp_path, names, separator):
    """Rows that were chosen from others keep their numbers, and a row may have a name."""
    rows = [f'"{name}"{separator}"a text {name}"{separator}"x"' for name in names]
    path = tmp_path / "data.txt"
    path.write_text("\n".join([f'"text"{separator}"label"', *rows, ""]))
    read_back = [row.values for row in read_rows(path)]
    assert [list(values.values()) for values in read_back] == [
        [name, f"a text {name}", "x"] for name in names
    ]
    assert list(read_back[0]) == ["unnamed_1", "text", "label"]


@pytest.mark.parametrize("begin", ["hello", "oh", "12", "a b"])
def test_a_comma_in_each_text_makes_no_row_names(tmp_path, begin):
    """Words before it are the beginning of a text."""
    path = tmp_path / "data.csv"
    path.write_text(f"text,label\n{begin},world,x\nbye,world,y\n")
    problems = [row.problem for row in read_rows(path)]
    assert problems == ["3 fields where the header has 2"] * 2


def test_delimiter_in_doubt_is_refused_with_both(tmp_path):
    """Two characters that would each make a table of the file are named, with what to add."""
    with pytest.raises(DataError, match=r"data\.csv can be read with ',' or ';' between") as caught:
        read(tmp_path, "one;two,three\n1;2,3\n")
    assert caught.value.flags == ("--delimiter ','", "--delimiter ';'")
    assert read(tmp_path, "one;two,three\n1;2,3\n", delimiter=";") == [("1", "2,3")]


NSMC = 'id\tdocument\tlabel\n1\t"a b\t0\n2\tc\t0\n3\td "\t1\n4\te\t1\n'


def test_quotes_that_would_join_rows_of_tabs_are_refused(tmp_path):
    """Corpora without quoting lose no row in silence."""
    with pytest.raises(
        DataError, match="may be part of its texts; as quoting they would join 3"
    ) as e:
        read(tmp_path, NSMC, "data.tsv")
    assert e.value.flags == ("--quoting none", "--quoting minimal")
    rows = read(tmp_path, NSMC, "data.tsv", quoting="none")
    assert [row[1] for row in rows] == ['"a b', "c", 'd "', "e"]
    assert len(read(tmp_path, NSMC, "data.tsv", quoting="minimal")) == 2


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ('text\tlabel\n"so glad\tx\nb\ty\n', ['"so glad', "b"]),
        ('text\tlabel\n"a" b\tx\nc\ty\n', ['"a" b', "c"]),
        ('"text"\t"label"\n"a"\t"x"\n"b"\t"y"\n', ["a", "b"]),
        ('text\tlabel\n"a ""b"""\tx\nc\ty\n', ['a "b"', "c"]),
        ('text\tlabel\n"one\ttwo"\tx\nc\ty\n', ["one\ttwo", "c"]),
        ('text\tlabel\n"one\ntwo"\tx\nc\ty\n', ["one\ntwo", "c"]),
    ],
    ids=range(6),
)
def test_quotes_of_tabs_are_read_where_only_one_way_fits(tmp_path, content, texts):
    """Quotes that no quoting program would write are characters; those that one would are quoting."""
    assert [row[0] for row in read(tmp_path, content, "data.tsv")] == texts


def test_enclosed_texts_among_bare_ones_are_a_doubt_between_tabs(tmp_path):
    """A quoted word may be a title; nothing says whether its quotes belong to it."""
    with pytest.raises(DataError, match="quotes that may be part"):
        read(tmp_path, 'text\tlabel\n"a"\tx\nb\ty\n', "data.tsv")


def test_lines_joined_far_into_a_file_of_tabs_are_a_problem_of_their_row(tmp_path):
    """Beyond the lines that the dialect was found in, the row is named and the rest is read."""
    path = tmp_path / "data.tsv"
    path.write_text("text\tlabel\n" + "a b c d\tx\n" * 30_000 + '"a\tx\nb"\ty\nc\tx\n')
    rows = list(read_rows(path))
    assert len(rows) == 30_002
    assert (
        "quotes join 2 lines, each of which is a row by itself: --quoting none" in rows[-2].problem
    )
    assert rows[-2].fixes == ("--quoting none", "--quoting minimal")
    assert rows[-1].values == {"text": "c", "label": "x"}


@pytest.mark.parametrize(
    ("content", "name", "options", "rows"),
    [
        ('text,label\n"he said \\"hi, you\\" to me",pos\nbad,neg\n', "d.csv", {}, ['he said "hi, you" to me', "bad"]),
        ("text,label\none\\, two,pos\nbad,neg\n", "d.csv", {}, ["one, two", "bad"]),
        ('text,label\n\\"hi\\" he said,pos\nbad,neg\n', "d.csv", {}, ['"hi" he said', "bad"]),
        ("text\tlabel\none\\\ttwo\tpos\nthree\\\nfour\tneg\n", "d.tsv", {}, ["one\ttwo", "three\nfour"]),
    ],
    ids=["Spark", "delimiter", "bare quotes", "MySQL"],
)  # fmt: skip
def test_backslash_escapes_are_named_and_read_with_escape(tmp_path, content, name, options, rows):
    """The hint says what the cause is and what to add."""
    with pytest.raises(
        DataError, match="backslashes before quotes, delimiters or line breaks"
    ) as e:
        read(tmp_path, content, name)
    assert e.value.flags[0].endswith("--escape '\\'")
    assert [row[0] for row in read(tmp_path, content, name, escape=BACKSLASH)] == rows


def test_tables_without_a_header(tmp_path):
    """Columns are then called by their numbers, and the first line is a row."""
    path = tmp_path / "data.csv"
    path.write_text("so glad,joy\nso sad,sadness\n")
    rows = list(read_rows(path, header=False))
    assert [row.line for row in rows] == [1, 2]
    assert rows[0].values == {"1": "so glad", "2": "joy"}


@pytest.mark.parametrize("options", [{}, {"delimiter": "tab"}])
def test_a_txt_with_a_header_is_a_table(tmp_path, options):
    """Corpora in .txt with a header, as NSMC, are read as what they are."""
    content = "id\tdocument\tlabel\n1\tgood; really\t1\n"
    assert read(tmp_path, content, "data.txt", **options) == [("1", "good; really", "1")]
    assert read(tmp_path, "so glad;joy\n", "data.txt") == [("so glad", "joy")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quoting": "all"}, "quoting 'all' is unknown; minimal and none are accepted"),
        ({"escape": "ab"}, "escape 'ab' cannot be used; one character is accepted"),
        ({"escape": '"'}, "cannot be used; one character is accepted"),
        ({"delimiter": "::"}, "delimiter '::' cannot be used"),
    ],
)
def test_readings_that_cannot_be_meant_are_refused(options, message):
    """At once, before any file is opened."""
    with pytest.raises(InputError, match=message):
        Reading(**options)


@pytest.mark.parametrize("name", csv.list_dialects())
@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC])
def test_dialects_of_the_csv_module_are_read(tmp_path, name, quoting):
    """Quotes, delimiters, line breaks and backslashes inside texts come back."""
    rows = [
        ("text", "label"),
        ('a "b", c', "x"),
        ("one\ntwo; three | four", "y"),
        ("\\n \\\\", "z"),
    ]
    written = io.StringIO()
    csv.writer(written, name, quoting=quoting).writerows(rows)
    suffix = "tsv" if name == "excel-tab" else "csv"
    assert read(tmp_path, written.getvalue(), f"data.{suffix}") == rows[1:]
