"""More odd files by kind, as other programs and people leave them; see `odd_inputs`."""

from __future__ import annotations

import datetime
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

from _support.odd_inputs import Content, Odd

__all__ = ["ODD_FILES"]

LABELS = ("neg", "pos")
NO_DELIMITER = "hint: name the character between text and label with --delimiter, or save the lines"


def _rows(form: str = "good word{i},{label}\n", header: str = "text,label\n", n: int = 30) -> str:
    return header + "".join(form.format(i=i, label=LABELS[i % 2]) for i in range(n))


def _objects(make: Callable[[int], object], n: int = 30) -> str:
    return "".join(json.dumps(make(i)) + "\n" for i in range(n))


def _workbook(rows: Iterable[Iterable[Any]]) -> bytes:
    import openpyxl

    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(list(row))
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _parquet(**columns: Any) -> bytes:
    import pyarrow
    from pyarrow import parquet

    stream = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), stream)
    return stream.getvalue()


def _zip(name: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, "<x/>")
    return stream.getvalue()


def _file(kind: str, name: str, content: Content, said: str, code: int = 2) -> Odd:
    return Odd(kind, {name: content}, f"explore {name}", said, code)


TEXTS = [f"good word {i}" for i in range(30)]
NAMES = [LABELS[i % 2] for i in range(30)]
BODY = list(zip(TEXTS, NAMES, strict=True))
DAYS = [datetime.datetime(2024, 1, i % 3 + 1, 10, tzinfo=None) for i in range(30)]  # noqa: DTZ001

TABLES = [
    _file("tabs and pages in texts", "d.csv", _rows("a\x0b{i}\x0c b,{label}\n"), "30 texts", 0),
    _file("ends of line of Unicode", "d.csv", _rows("a\u2028{i}\x85,{label}\n"), "30 texts", 0),
    _file(
        "a mark and a quoted header", "d.csv", _rows(header='\ufeff"text","label"\n'), "30 te", 0
    ),
    _file(
        "a line break in the header", "d.csv", _rows(header='text,"la\nbel"\n'), "columns: text, la"
    ),
    _file("decimal commas", "d.csv", _rows("w{i};1,{label}\n", "text;label\n"), "';' separates", 0),
    _file("shares as labels", "d.csv", _rows("w{i},{label}%\n"), "30 texts, 2 labels", 0),
    _file(
        "remarks above the header",
        "d.csv",
        "# of a tool\n" + _rows(),
        "line 2 seems to be the header",
    ),
    _file(
        "a dump of a database", "d.csv", "INSERT INTO t VALUES ('a');\n", "is a dump of a database"
    ),
    _file("YAML", "d.csv", "- text: good\n  label: pos\n" * 10, "no text column found"),
    _file("numbers of features", "d.csv", "1 1:0.5 2:0.3\n-1 1:0.1 3:0.2\n" * 20, "no text column"),
    _file("a workbook of 2003", "d.csv", '<?xml version="1.0"?><Workbook/>', "d.csv is XML"),
    _file(
        "a column in two cases",
        "d.csv",
        _rows("w{i},x,{label}\n", "text,Label,label\n"),
        "choose one",
    ),
    _file(
        "spaces in place of tabs",
        "d.tsv",
        _rows("w{i}    {label}\n", "text    label\n"),
        "white space",
    ),
    _file("columns without names", "d.csv", _rows(header=",\n"), "--no-header --text-column 1"),
    _file("one row", "d.csv", "text,label\na,b\n", "1 label;", 0),
    _file("two ends of line per row", "d.csv", _rows().replace("\n", "\r\r\n"), "30 texts", 0),
    _file("ends of line of two systems", "d.csv", _rows("a{i},neg\r\nb{i},pos\n"), "60 texts", 0),
    _file(
        "emoji of Oracle",
        "d.csv",
        b"text,label\n" + b"\xed\xa0\xbd\xed\xb8\x8a,a\nx,b\n" * 9,
        "CESU-8",
    ),
    _file(
        "null characters of Java",
        "d.csv",
        b"text,label\n" + b"\xc0\x80,a\nx,b\n" * 9,
        "UTF-8 of Java",
    ),
    _file(
        "texts read wrongly before",
        "d.csv",
        _rows("schÃ¶n {i},{label}\n"),
        "is probably 'schön 0'",
        0,
    ),
    _file(
        "characters that were lost",
        "d.csv",
        _rows("sch\ufffdn {i},{label}\n"),
        "were lost (U+FFFD)",
        0,
    ),
    _file("entities of HTML", "d.csv", _rows("Tom &amp; {i},{label}\n"), "30 texts", 0),
    _file("numbers with thousands", "d.csv", _rows('w{i},"1,{i}00"\n', n=4), "4 texts", 0),
    _file(
        "a title beside the text",
        "d.csv",
        _rows("t,w{i},{label}\n", "title,text,label\n"),
        "30 te",
        0,
    ),
    _file(
        "two columns of labels",
        "d.csv",
        _rows("w{i},{label},x\n", "text,label,category\n"),
        "30 te",
        0,
    ),
    _file(
        "a header that ends in a mark",
        "d.csv",
        _rows("w{i},{label};\n", "text,label;\n"),
        "'label;'",
    ),
    _file(
        "bars between spaces",
        "d.csv",
        _rows("w{i} | {label}\n", "text | label\n"),
        "30 rows were me",
        0,
    ),
    _file(
        "typographic quotes",
        "d.csv",
        _rows("“w{i}”,“{label}”\n", "“text”,“label”\n"),
        "no text column",
    ),
    _file("a wide comma", "d.csv", _rows("w{i}，{label}\n", "text，label\n"), "--delimiter '，'"),
    _file(
        "a space that does not break",
        "d.csv",
        _rows("a{i},x\u00a0y\nb{i},x y\n"),
        "is probably 'x",
        0,
    ),
    _file(
        "a hyphen nobody sees",
        "d.csv",
        _rows("a{i},bil\u00adling\nb{i},billing\n"),
        "is probably",
        0,
    ),
    _file(
        "a capital of Turkish", "d.csv", _rows("a{i},İade\nb{i},iade\n"), "is probably 'iade'", 0
    ),
    _file(
        "UTF-7 without a mark",
        "d.csv",
        _rows("sch+APY-n f+APw-r {i},{label}\n"),
        "--encoding utf-7",
    ),
    _file("a text in base 64", "d.csv", "dGV4dCxsYWJlbA==\n", "d.csv is empty: it has no rows"),
    _file("a labelled line of Vowpal", "d.txt", "1 | good day\n-1 | bad day\n" * 9, NO_DELIMITER),
    _file(
        "a line per word", "d.txt", "EU B-ORG\nrejects O\n" * 9, "labels of words, such as 'B-ORG'"
    ),
    _file(
        "labels that end lines",
        "d.txt",
        "good day __label__a\nbad day __label__b\n" * 9,
        NO_DELIMITER,
    ),
    _file("commas in lines", "d.txt", "good day,pos\nbad day,neg\n" * 9, NO_DELIMITER),
    _file(
        "labels without texts",
        "d.txt",
        "__label__a\n__label__b\n" * 9,
        "18 of 18 rows have no text",
    ),
    _file(
        "a chat of a phone",
        "d.txt",
        "[01.01.24, 10:00] Bob: hi\n[01.01.24, 10:01] Eve: yes\n",
        "no ';'",
    ),
    _file("a document of Word 95", "d.txt", "{\\rtf1 text}", "d.txt is a document"),
]
JSON = [
    _file(
        "a mark before JSON",
        "d.jsonl",
        "\ufeff" + _objects(lambda i: {"text": f"w{i}", "label": "x"}),
        "30 te",
        0,
    ),
    _file("dicts of Python", "d.jsonl", "{'text': 'a', 'label': 'b'}\n" * 5, "a dict of Python"),
    _file(
        "commas behind objects",
        "d.jsonl",
        '{"text": "a", "label": "b"},\n' * 5,
        "a comma after the object",
    ),
    _file(
        "remarks in JSON",
        "d.json",
        '// of a tool\n[{"text": "a", "label": "b"}]',
        "does not start with '['",
    ),
    _file(
        "objects in objects",
        "d.jsonl",
        _objects(lambda i: {"data": {"text": f"w{i}"}}),
        "columns: data",
    ),
    _file(
        "columns of JSON",
        "d.json",
        json.dumps({"text": TEXTS, "label": NAMES}),
        "30 texts, 2 labels",
        0,
    ),
    _file(
        "turns of a chat",
        "d.jsonl",
        _objects(lambda i: {"messages": [{"role": "user"}]}),
        "columns: messages",
    ),
    _file(
        "prompts",
        "d.jsonl",
        _objects(lambda i: {"prompt": f"w{i}", "completion": "a"}),
        "no text column",
    ),
    _file(
        "labels of several types",
        "d.jsonl",
        _objects(lambda i: {"text": f"w{i}", "label": (1, "1", None)[i % 3]}),
        "no label: 10",
        0,
    ),
    _file(
        "objects without a text",
        "d.jsonl",
        _objects(lambda i: {"text": "w", "label": "a"} if i % 3 else {"label": "a"}),
        "10 of 30 rows have no text",
    ),
]
PACKED = [
    _file(
        "packed twice", "d.csv.gz", gzip.compress(gzip.compress(_rows().encode())), "packed twice"
    ),
    _file("packed in two pieces", "d.csv.gz", gzip.compress(_rows().encode()) * 2, "60 texts", 0),
    _file(
        "more behind a gzip",
        "d.csv.gz",
        gzip.compress(_rows().encode()) + b"more",
        "not a whole gzip",
    ),
    _file("an empty workbook file", "d.xlsx", b"", "it is empty"),
    _file(
        "a document called .xlsx",
        "d.xlsx",
        _zip("word/document.xml"),
        "cannot be read as a workbook",
    ),
    _file(
        "a workbook with a password",
        "d.xlsx",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 99,
        "it is encrypted or",
    ),
    _file("a table called .xlsx", "d.xlsx", _rows(), "it is text"),
    _file("a page called .xlsx", "d.xlsx", "<html><table></table></html>", "it is a web page"),
    _file(
        "a title in a workbook",
        "d.xlsx",
        _workbook([["2024"], [None], ["text", "label"], *BODY]),
        "line 3 seems",
    ),
    _file(
        "an empty first column",
        "d.xlsx",
        _workbook([(None, "text", "label"), *[(None, *r) for r in BODY]]),
        "30 te",
        0,
    ),
    _file(
        "errors in a workbook",
        "d.xlsx",
        _workbook([("text", "label"), *BODY, ("x", "#REF!")]),
        "no label: 1",
        0,
    ),
    _file(
        "days in a workbook",
        "d.xlsx",
        _workbook([("text", "label"), *zip(TEXTS, DAYS, strict=True)]),
        "2024-01-01 10",
        0,
    ),
    _file(
        "tables beside each other",
        "d.xlsx",
        _workbook([("text", "label") * 2, *[r * 2 for r in BODY]]),
        "occurs twice",
    ),
    _file(
        "bytes in Parquet",
        "d.parquet",
        _parquet(text=[t.encode() for t in TEXTS], label=NAMES),
        "the text is bytes",
    ),
    _file(
        "days in Parquet",
        "d.parquet",
        _parquet(text=TEXTS, label=DAYS),
        "2024-01-01 10:00:00",
        0,
    ),
    _file(
        "objects in Parquet",
        "d.parquet",
        _parquet(text=[{"en": t} for t in TEXTS], label=NAMES),
        "is an object",
    ),
    _file(
        "half of a Parquet file",
        "d.parquet",
        _parquet(text=TEXTS, label=NAMES)[:-20],
        "copy or download it again",
    ),
    _file("a table called .parquet", "d.parquet", _rows(), "it is text"),
    _file(
        "a table of Weka", "d.arff", "@relation x\n", "write its texts and labels as .csv or .jsonl"
    ),
    _file(
        "a database of Access",
        "d.mdb",
        b"\0\1Standard Jet DB",
        "export the table with texts and labels",
    ),
]
FOLDERS = [
    Odd("names in capitals", {"d/Train.CSV": _rows(), "d/TEST.CSV": _rows()}, "explore d", "60 texts", 0),
    Odd("a copy of a file", {"d/train.csv": _rows(), "d/train (1).csv": _rows()}, "explore d", "not used, since", 0),
    Odd("other names in test", {"d/train.csv": _rows(), "d/test.csv": _rows(header="sentence,target\n")}, "explore d", "60 texts", 0),
    Odd("one folder of texts", {"d/a/1.txt": "x", "d/a/2.txt": "y"}, "explore d", "no train.*"),
    Odd("folders in folders of texts", {f"d/{a}/{b}/1.txt": "x" for a in "ab" for b in "xy"}, "explore d", "no train.*"),
    Odd("a text of bytes", {"d/a/1.txt": bytes(range(256)), "d/b/1.txt": "y"}, "explore d", "bytes that are not UTF-8"),
    Odd("a label of test alone", {"d/train.csv": _rows(), "d/test.csv": "text,label\nx,neutral\ny,pos\nz,neg\n"}, "train d --method linear --out m", "label 'neutral' has rows in test (1) but none in train"),
    Odd("a name with quotes", {"d' \"ü.csv": _rows()}, "explore \"d' \\\"ü.csv\"", "30 texts", 0),
]  # fmt: skip
ODD_FILES = [*TABLES, *JSON, *PACKED, *FOLDERS]
