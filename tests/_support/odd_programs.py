"""Odd files by kind, as archives, databases and tools for labelling leave them; see `odd_inputs`."""

from __future__ import annotations

import bz2
import datetime
import decimal
import gzip
import io
import json
import lzma
import pickle
import tarfile
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from _support.odd_inputs import Content, Odd

__all__ = ["ODD_PROGRAMS"]

N = 40
LABELS = [("neg", "pos")[i % 2] for i in range(N)]
TEXTS = [f"good word {i}" for i in range(N)]
PAIRS = list(zip(TEXTS, LABELS, strict=True))
TWO = "40 texts, 2 labels; columns text, label"
UNKNOWN = "is of a kind that cannot be read"


def _rows(form: str = "good word{i},{label}\n", header: str = "text,label\n", n: int = N) -> str:
    return header + "".join(form.format(i=i, label=LABELS[i]) for i in range(n))


def _lines(make: Callable[[str, str], object]) -> str:
    return "".join(json.dumps(make(text, label)) + "\n" for text, label in PAIRS)


def _array(make: Callable[[str, str], object]) -> str:
    return json.dumps([make(text, label) for text, label in PAIRS])


def _plain(text: str, label: str) -> dict[str, str]:
    return {"text": text, "label": label}


def _spacy(text: str, label: str) -> list[object]:
    return [text, {"cats": {"neg": float(label == "neg"), "pos": float(label == "pos")}}]


def _parquet(**columns: Any) -> bytes:
    import pyarrow
    from pyarrow import parquet

    stream = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), stream)
    return stream.getvalue()


def _workbook(labels: Iterable[Any], code: str = "General") -> bytes:
    import openpyxl

    workbook = openpyxl.Workbook()
    workbook.active.append(["text", "label"])
    for number, (text, label) in enumerate(zip(TEXTS, labels, strict=False), 2):
        workbook.active.append([text, label])
        workbook.active.cell(number, 2).number_format = code
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _tar(content: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo("d.csv")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content.encode()))
    return stream.getvalue()


def _studio(make: Callable[[str, str], Mapping[str, object]]) -> str:
    return json.dumps([{"data": {"text": text}, **make(text, label)} for text, label in PAIRS])


def _chosen(label: str) -> dict[str, object]:
    return {"result": [{"type": "choices", "value": {"choices": [label]}}]}


def _file(kind: str, name: str, content: Content, said: str, code: int = 2) -> Odd:
    return Odd(kind, {name: content}, f"explore {name}", said, code)


def _folder(kind: str, files: Mapping[str, Content], said: str, code: int = 2) -> Odd:
    return Odd(kind, {f"f/{name}": one for name, one in files.items()}, "explore f", said, code)


PLAIN = _rows()
DAYS = [datetime.date(2026, 1, 1 + i % 2) for i in range(N)]
SPANS = [datetime.timedelta(hours=25 + i % 2) for i in range(N)]
OPEN_DOCUMENT = b"PK\3\4" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"

BINARY = [
    _file("bzip2", "d.csv.bz2", bz2.compress(PLAIN.encode()), "hint: unpack it first"),
    _file("bzip2 in a .csv", "d.csv", bz2.compress(PLAIN.encode()), "d.csv is packed by bzip2"),
    _file("xz in a .csv", "d.csv", lzma.compress(PLAIN.encode()), "d.csv is packed by xz"),
    _file("zstd in a .jsonl", "d.jsonl", b"\x28\xb5\x2f\xfd" + bytes(9), "is packed by zstd"),
    _file("tar in a .csv", "d.csv", _tar(PLAIN), "d.csv is a tar archive"),
    _file("7z in a .csv", "d.csv", b"7z\xbc\xaf\x27\x1c;|\n", "is a 7z archive"),
    _file("rar in a .tsv", "d.tsv", b"Rar!\x1a\x07\x01\0", "is a RAR archive"),
    _file("arrow in a .csv", "d.csv", b"ARROW1\0\0\xff\xff", "is a file of Arrow"),
    _file("a picture in a .csv", "d.csv", b"\x89PNG\r\n\x1a\n\0\0", "d.csv is a picture"),
    _file("HDF5 in a .csv", "d.csv", b"\x89HDF\r\n\x1a\n" + bytes(90), "is a file of HDF5"),
    _file("a pickle in a .csv", "d.csv", pickle.dumps(TEXTS, protocol=4), "a pickle of Python"),
    _file("numpy in a .txt", "d.txt", b"\x93NUMPY\x01\0v\0", "is an array of NumPy"),
    _file("a program", "d.csv", b"\x7fELF\x02\x01\x01" + bytes(50) + b"\xb5", "d.csv is no text"),
    _file("notes of macOS", "._d.csv", b"\0\5\x16\7\0\2" + bytes(50), "what macOS notes beside"),
    _file("a file in iCloud", ".d.csv.icloud", b"bplist00", "the file itself is in iCloud"),
    _file("an .ods in an .xlsx", "d.xlsx", OPEN_DOCUMENT, "is a workbook of OpenDocument"),
    _file("an .fods", "d.fods", "<office/>", "a spreadsheet can be saved as .xlsx"),
    _file("an .xltx", "d.xltx", "PK", "a spreadsheet can be saved as .xlsx"),
    _file("a .spacy", "d.spacy", b"x\x9c", "read it in Python"),
    _file("an .orc", "d.orc", b"ORC", "read it in Python"),
    _file("a mail", "d.eml", "Subject: x", "hint: write its texts and labels as .csv or .jsonl"),
    _file("a .conll", "d.conll", "good NN O\n", "hint: write its texts and labels as .csv or"),
    _file("nothing in a .gz", "d.csv.gz", b"", "d.csv.gz is empty"),
    _file("nothing in a .parquet", "d.parquet", b"", "cannot be read as Parquet: it is empty"),
    _file("null bytes at the end", "d.csv", PLAIN.encode() + bytes(99), "null bytes, from line 42"),
    _file("null bytes alone", "d.csv", bytes(99), "holds 99 null bytes and nothing else"),
    _file(
        "a packed .parquet",
        "d.parquet.gz",
        gzip.compress(_parquet(**{"text": TEXTS, "label": LABELS})),
        TWO,
        0,
    ),
    _file("a packed .xlsx", "d.xlsx.gz", gzip.compress(_workbook(LABELS)), TWO, 0),
]
TABLES = [
    _file(
        "three ends of line", "d.csv", "text,label\r\n" + "a,neg\rb,pos\nc,neg\r\n" * 9, "27 te", 0
    ),
    _file("a delimiter behind rows", "d.csv", _rows("w{i},{label},\n"), TWO, 0),
    _file("a delimiter behind some rows", "d.csv", PLAIN + "x,pos,\ny,neg,\n", "3 fields where"),
    _file("a row of units", "d.csv", PLAIN.replace("\n", "\n[-],[-]\n", 1), "a second header?", 0),
    _file("a count of SQL below", "d.csv", PLAIN + "(40 rows)\n", "a note of a database and no", 0),
    _file("a header in the middle", "d.csv", _rows(n=20) * 2, "line 22 is the header again", 0),
    _file("0x01 of Hive", "d.csv", _rows("w{i}\x01{label}\n", "text\x01label\n"), "--delimiter $'"),
    _file("0x1E and 0x1F", "d.csv", _rows("w{i}\x1f{label}\x1e", "a\x1fb\x1e"), "character 0x1E"),
    _file("carets", "d.csv", _rows("w{i}^{label}\n", "text^label\n"), "--delimiter '^'"),
    _file("marks of direction", "d.csv", _rows("\u202bשלום {i}\u202c,{label}\n"), TWO, 0),
    _file("a name from right to left", "נתונים.csv", PLAIN, TWO, 0),
    _file("a column more in the header", "d.csv", _rows(header="text,label,x\n"), "2 fields where"),
    _file("shares with decimals", "d.csv", _rows("w{i},{label} 7.5%\n"), TWO, 0),
    _file("money as labels", "d.csv", _rows("w{i},$5 {label}\n"), TWO, 0),
]
JSON = [
    _file("a sequence of JSON", "d.jsonl", "\x1e" + _lines(_plain), "a sequence of JSON"),
    _file("objects over lines", "d.jsonl", json.dumps(_plain("a", "b"), indent=1), "over several"),
    _file("a key twice", "d.jsonl", '{"text":"a","label":"b","label":"c"}\n', "under one name"),
    _file("two arrays", "d.json", "[{}]" * 2, "something follows the array"),
    _file(
        "objects without commas", "d.json", json.dumps(_plain("a", "b")) * 2, "one after the other"
    ),
    _file("nothing but null", "d.json", "null", "does not start with '['"),
    _file("an object of nothing", "d.json", "{}", "holds one object without rows"),
    _file(
        "NaN beside labels",
        "d.json",
        _array(lambda text, label: {**_plain(text, label), "x": float("nan")}),
        TWO,
        0,
    ),
    _file("a comma before the end", "d.json", _array(_plain)[:-1] + ",]", TWO, 0),
    _file("lists of cells", "d.json", json.dumps(PAIRS), "a JSON array where an object is"),
    _file("lines of UTF-16", "d.jsonl", _lines(_plain).encode("utf-16"), "--encoding utf-16"),
    _file(
        "rows beside notes",
        "d.json",
        json.dumps({"data": [_plain(*one) for one in PAIRS], "n": 1}),
        TWO,
        0,
    ),
]
TOOLS = [
    _file("pairs of spaCy", "d.jsonl", _lines(_spacy), TWO, 0),
    _file("an array of spaCy", "d.json", _array(_spacy), TWO, 0),
    _file(
        "a prefix of one's own", "d.txt", "__class__neg so bad\n" * 9, "another word than __label__"
    ),
    _file(
        "spans of Prodigy",
        "d.jsonl",
        _lines(lambda text, label: {"text": text, "spans": [], "answer": "accept"}),
        "no label: 40",
    ),
    _file(
        "choices of Prodigy",
        "d.jsonl",
        _lines(
            lambda text, label: {
                "text": text,
                "options": [{"id": label}],
                "accept": [label],
                "answer": "accept",
            }
        ),
        TWO,
        0,
    ),
    _file(
        "responses of Argilla",
        "d.jsonl",
        _lines(
            lambda text, label: {
                "fields": {"text": text},
                "responses": {"label": [{"value": label}]},
                "status": "completed",
            }
        ),
        TWO,
        0,
    ),
    _file(
        "choices of Label Studio",
        "d.json",
        _studio(lambda text, label: {"annotations": [_chosen(label)]}),
        TWO,
        0,
    ),
    _file(
        "predictions of Label Studio",
        "d.json",
        _studio(lambda text, label: {"annotations": [], "predictions": [_chosen(label)]}),
        "no label: 40",
    ),
    _file(
        "lists of doccano",
        "d.jsonl",
        _lines(lambda text, label: {"id": 1, "text": text, "label": [label], "Comments": []}),
        TWO,
        0,
    ),
]
COLUMNS = [
    _file(
        "decimals in Parquet",
        "d.parquet",
        _parquet(text=TEXTS, label=[decimal.Decimal(i % 2) for i in range(N)]),
        TWO,
        0,
    ),
    _file(
        "truth values in Parquet",
        "d.parquet",
        _parquet(text=TEXTS, label=[i % 2 > 0 for i in range(N)]),
        TWO,
        0,
    ),
    _file("nulls in Parquet", "d.parquet", _parquet(text=TEXTS, label=[None] * N), "no label: 40"),
    _file(
        "structs in Parquet",
        "d.parquet",
        _parquet(text=TEXTS, label=[{"n": one} for one in LABELS]),
        "the label is an object",
    ),
    _file(
        "one column of structs",
        "d.parquet",
        _parquet(row=[_plain(*one) for one in PAIRS]),
        "no text column found",
    ),
    _file("no rows in Parquet", "d.parquet", _parquet(text=[], label=[]), "d.parquet is empty"),
    _file("dates as labels", "d.xlsx", _workbook(DAYS, "yyyy-mm-dd"), "2026-01-02", 0),
    _file("spans of hours as labels", "d.xlsx", _workbook(SPANS, "[h]:mm:ss"), "26:00:00", 0),
    _file("percent in a workbook", "d.xlsx", _workbook([0.25, 0.5] * 20, "0%"), "0.25", 0),
    _file("money in a workbook", "d.xlsx", _workbook([5, 7] * 20, '"$"#,##0.00'), TWO, 0),
    _file("a workbook without rows", "d.xlsx", _workbook([]), "d.xlsx is empty: it has no rows"),
    _file("texts of formulas", "d.xlsx", _workbook(['="001"', '="002"'] * 20), "002", 0),
]
FOLDERS = [
    _folder(
        "notes of systems in folders",
        {
            "a/1.txt": "x",
            "a/Thumbs.db": b"\xd0\xcf",
            "b/1.txt": "y",
            "b/.DS_Store": b"\0",
            "b/desktop.ini": "[x]",
        },
        "2 texts, 2 labels",
        0,
    ),
    _folder(
        "notes beside a split",
        {"train.csv": PLAIN, "~$t.xlsx": b"\5", "._train.csv": b"\0"},
        TWO,
        0,
    ),
    _folder(
        "folders of pages", {"a/1.html": "<p>", "b/1.html": "<p>"}, "the files in a, b end in .html"
    ),
    _folder("empty files in folders", {"a/1.txt": "", "b/1.txt": ""}, "no text: 2"),
    _folder(
        "folders of folders",
        {f"{a}/{b}/1.txt": a for a in "ab" for b in "xy"},
        "for the labels x, y, give f/a",
    ),
]
ODD_PROGRAMS = [*BINARY, *TABLES, *JSON, *TOOLS, *COLUMNS, *FOLDERS]
