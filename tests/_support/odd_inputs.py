"""Odd files by kind: what is written, the command that reads it, and what has to come of it."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["ODD_INPUTS", "Odd", "write_files"]

Content = str | bytes


@dataclass(frozen=True)
class Odd:
    """One kind of odd input.

    Parameters
    ----------
    kind : str
        What is odd, in a few words.
    files : mapping of str to str or bytes
        Path -> content; text is written as UTF-8.
    command : str
        What follows `assay`; ``{model}`` is a model that knows the labels neg and pos.
    said : str
        A part of what is said: of the error where the exit code is 2, else of all output.
    code : int
        The exit code.
    """

    kind: str
    files: Mapping[str, Content] = field(repr=False)
    command: str
    said: str
    code: int = 2


def write_files(folder: Path, files: Mapping[str, Content]) -> None:
    """Write the files of a kind."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def _rows(n: int, row: str = "word{i} so {i},{label}\n", header: str = "text,label\n") -> str:
    """Return a table of so many rows with the labels neg and pos in turn."""
    return header + "".join(row.format(i=i, label=("neg", "pos")[i % 2]) for i in range(n))


def _json(*rows: object) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _zip(names: Mapping[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _audited(**cells: str) -> str:
    """Return an issues file with one row, whose cells can be given."""
    row = {
        "kind": "wrong_label",
        "split": "all",
        "row": "2",
        "text": "word0 so 0",
        "label": "neg",
        "proposed_label": "pos",
        "score": "0.9",
        "group": "",
        "text_sha256": "0" * 64,
        "accept": "yes",
    }
    row |= cells
    return ",".join(row) + "\n" + ",".join(row.values()) + "\n"


PLAIN = _rows(40)
EXCEL = "Ticket ID;Comment;label\r\n1;Wie geht\r\ndas?;neg\r\n2;so gut;pos\r\n"
LONG = "word " * 30_000
KAGGLE = "id,text,target\n" + "".join(f"{i},word{i % 7},{i % 2}\n" for i in range(60))
SPLIT = "".join(
    f"word{i},{'ab'[i % 2]},{('train', 'train', 'valid', 'TEST')[i % 4]}\n" for i in range(80)
)
ACCENTS = "".join(f"schön {i},neg\nfür mich {i},pos\n" for i in range(4))
HALVES = f"text,label\n{ACCENTS}".encode() + ACCENTS.encode("cp1252")
MARKED = "\ufefftext,label\none,neg\ntwo,pos\n"


def _table(kind: str, content: Content, said: str, code: int = 2, options: str = "") -> Odd:
    return Odd(kind, {"d.csv": content}, f"explore d.csv {options}".strip(), said, code)


def _tabs(kind: str, content: Content, said: str, code: int = 2, options: str = "") -> Odd:
    return Odd(kind, {"d.tsv": content}, f"explore d.tsv {options}".strip(), said, code)


def _lines(kind: str, content: Content, said: str, code: int = 2) -> Odd:
    return Odd(kind, {"d.jsonl": content}, "explore d.jsonl", said, code)


def _array(kind: str, content: Content, said: str, code: int = 2) -> Odd:
    return Odd(kind, {"d.json": content}, "explore d.json", said, code)


TABLES = [
    _tabs(
        "quotes that mean nothing join rows",
        'id\tdocument\tlabel\n1\t"못 봐\t0\n2\t그냥\t0\n3\t별로\t0\n4\t최고 "\t1\n5\t좋다\t1\n',
        "as quoting they would join 4 lines or more",
    ),
    Odd(
        "a header in a .txt",
        {"d.txt": "id\tdocument\tlabel\n1\t좋다\t1\n2\t별로\t0\n"},
        "explore d.txt",
        "columns document, label",
        0,
    ),
    _table(
        "backslashes before quotes",
        'text,label\n"he said \\"hi, you\\" to me",pos\nso bad,neg\n',
        "backslashes before quotes, delimiters or line breaks, as Spark, MySQL and R write",
    ),
    _table(
        "a space after each comma",
        'text, label\n"one, two", "pos"\nthree, "neg, sad"\n',
        "white space after delimiters is left out",
        0,
    ),
    _table("semicolons in a .csv", "text;label\none;neg\ntwo;pos\n", "';' separates", 0),
    _table("tabs in a .csv", "text\tlabel\none\tneg\ntwo\tpos\n", "separates the columns", 0),
    _table("bars in a .csv", "text|label\none|neg\ntwo|pos\n", "'|' separates", 0),
    _tabs("commas in a .tsv", "text,label\none,neg\ntwo,pos\n", "',' separates", 0),
    _table(
        "a first line that names the separator",
        "sep=;\ntext;label\none;neg\ntwo;pos\n",
        "2 texts",
        0,
    ),
    _table("a byte order mark", MARKED, "2 texts, 2 labels; columns text, label", 0),
    _table("UTF-16 with a mark", MARKED[1:].encode("utf-16"), "utf-16"),
    _table("UTF-16 that is named", MARKED[1:].encode("utf-16"), "2 texts", 0, "--encoding utf-16"),
    _table("UTF-32", MARKED[1:].encode("utf-32"), "utf-32"),
    _table(
        "cp1252",
        "text,label\nI don’t like it,neg\nso good,pos\n".encode("cp1252"),
        "cp1252 ('I don’t like it",
    ),
    _table(
        "latin-1",
        "text,label\nça va très bien,neg\nélève déjà,pos\n".encode("latin-1"),
        "'ça va très bien",
    ),
    _table(
        "gbk",
        "text,label\n今天天气很好,pos\n我很难过,neg\n".encode("gbk"),
        "gb18030 ('今天天气很好",
    ),
    _table("big5", "text,label\n今天天氣很好,pos\n我很難過,neg\n".encode("big5"), "今天天氣很好"),
    _table(
        "shift_jis",
        "text,label\n今日はとても良い天気です,pos\n悲しいです,neg\n".encode("shift_jis"),
        "今日はとても良い天気です",
    ),
    _table(
        "euc-kr",
        "text,label\n오늘은 날씨가 좋다,pos\n너무 슬프다,neg\n".encode("euc-kr"),
        "오늘은 날씨가 좋다",
    ),
    _table(
        "cp1251",
        "text,label\nсегодня хорошая погода,pos\nмне грустно,neg\n".encode("cp1251"),
        "сегодня хорошая погода",
    ),
    _table(
        "mac_roman",
        "text,label\nÜbung macht den Meister — schön,pos\nnein,neg\n".encode("mac_roman"),
        "bytes that are not UTF-8",
    ),
    _table(
        "cp037",
        "text,label\nso glad [today],pos\nso bad,neg\n".encode("cp037"),
        "in EBCDIC, the encoding of mainframes; a line of it is 'so glad [today],pos' as cp037",
    ),
    _table(
        "cp500 that is named",
        "text,label\nso glad [today],pos\nso bad,neg\n".encode("cp500"),
        "2 texts, 2 labels",
        0,
        "--encoding cp500",
    ),
    _table(
        "cp1047 that is named",
        "text,label\nso glad,pos\nso bad,neg\n".encode("cp037").replace(b"\x25", b"\x15"),
        "2 texts, 2 labels",
        0,
        "--encoding cp1047",
    ),
    _table(
        "bytes of no encoding",
        b"text,label\nab\xff\xfe\x00\x81c,pos\nx,neg\n",
        "bytes that are not UTF-8",
    ),
    _table(
        "an encoding that is not right",
        "text,label\n오늘,pos\n슬픔,neg\n".encode("euc-kr"),
        "d.csv does not decode: UTF-16 stream does not start with BOM",
        2,
        "--encoding utf-16",
    ),
    _table(
        "numbers of folds",
        "text,label,fold\n" + "".join(f"word{i},{'ab'[i % 2]},{i % 5}\n" for i in range(40)),
        "column 'fold' of d.csv holds 0, 1, 2, 3 and 4, and nothing says which rows are for",
    ),
    _table(
        "a column is_train",
        "text,label,is_train\n" + "".join(f"w{i},{'ab'[i % 2]},{i % 4 > 0}\n" for i in range(40)),
        "(train 30, test 10); --split-column none ignores it",
        0,
    ),
    _table(
        "cells that keep their text by a formula",
        'text,label\none,="001"\ntwo,="001"\nthree,="002"\nfour,="002"\n',
        '4 rows were mended: the label written as ="...", as spreadsheets keep 001',
        0,
    ),
    _table(
        "two encodings, one after the other",
        HALVES,
        "8 lines with such characters are UTF-8, 8 from line 10 on are not",
    ),
    _table(
        "two encodings, read as one of them",
        HALVES,
        "line 2: UTF-8 in a file that is read as cp1252: 'schön 0,neg'",
        2,
        "--encoding cp1252",
    ),
    _table(
        "two encodings that are both named",
        HALVES,
        "8 lines are not UTF-8 and are read as cp1252",
        0,
        "--encoding utf-8+cp1252",
    ),
    _table(
        "two encodings that cannot be in one file",
        PLAIN,
        "lines in utf-16 cannot be among lines of UTF-8",
        2,
        "--encoding utf-8+utf-16",
    ),
    _table("an unknown encoding", PLAIN, "encoding 'klingon' is unknown", 2, "--encoding klingon"),
    _table(
        "a line break without quotes",
        EXCEL,
        "lines 2 and 3 make one row together: if a text has a line break, quotes have to enclose",
    ),
    _table(
        "Excel of Germany",
        EXCEL.replace("Comment", "Customer comment")
        .replace("Wie geht\r\ndas?", '"Wie geht\r\ndas? schön"')
        .encode("cp1252"),
        "explore d.csv --text-column 'Customer comment' --encoding cp1252",
    ),
    _table("an index without a name", ",text,label\n0,one,neg\n1,two,pos\n", "2 texts", 0),
    _table("row names of R", '"text","label"\n"1","one","neg"\n"2","two","pos"\n', "2 texts", 0),
    _table("a delimiter after the last column", "text,label,\none,neg,\ntwo,pos,\n", "2 texts", 0),
    _table("no header", "one,neg\ntwo,pos\nthree,neg\nfour,pos\n", "--no-header"),
    _table(
        "no header, and told so",
        "one,neg\ntwo,pos\n",
        "2 texts",
        0,
        "--no-header --text-column 1 --label-column 2",
    ),
    _table(
        "a column twice", "text,label,text\none,neg,x\ntwo,pos,y\n", "column 'text' occurs twice"
    ),
    _table("an unknown column", PLAIN, "column 'txt' not in d.csv", 2, "--text-column txt"),
    _table(
        "an unknown column of numbers",
        "nr,text,label\n1,one,neg\n2,two,pos\n",
        "column 'nrr' not in d.csv; columns: nr, text, label. Did you mean 'nr'?",
        2,
        "--id-column nrr",
    ),
    _table("a column by another case", "Text,LABEL\none,neg\ntwo,pos\n", "2 texts", 0),
    _table(
        "no column of texts",
        "a,b\none,neg\ntwo,pos\n",
        "no text column found in d.csv; columns: a, b",
    ),
    _table("no column of labels", "text,b\none,neg\ntwo,pos\n", "no label column found in d.csv"),
    _table("one column", "text\none\ntwo\n", "no label column found"),
    _table("nothing at all", "", "d.csv is empty"),
    _table("blank lines alone", "\n\n\n", "d.csv"),
    _table("a header alone", "text,label\n", "d.csv is empty: it has no rows"),
    _table("blank lines between rows", "text,label\n\none,neg\n\n\ntwo,pos\n", "2 texts", 0),
    _table(
        "rows with too many cells",
        "text,label\none,neg\ntwo,pos,and,more\n",
        "line 3: 4 fields where the header has 2",
    ),
    _table(
        "one bad row in many",
        PLAIN * 1 + _rows(200, header="") + "a,b,c,d\n",
        "1 row that cannot be used was left out",
        0,
    ),
    _table(
        "one bad row in many, strictly",
        PLAIN + _rows(200, header="") + "a,b,c,d\n",
        "4 fields where the header has 2",
        2,
        "--strict",
    ),
    _table(
        "rows with too few cells",
        "text,label\none\ntwo,pos\n",
        "line 2: 1 field where the header has 2",
    ),
    _table(
        "a quote that is never closed",
        'text,label\n"one,neg\ntwo,pos\n',
        "a quoted field that is never closed",
    ),
    _table("a quote inside a quoted field", 'text,label\n"one" two,neg\nx,pos\n', "d.csv"),
    _table("null characters", "text,label\none\0two,neg\nx,pos\n", "2 texts", 0),
    _table("ends of line of old Macs", "text,label\rone,neg\rtwo,pos\r", "2 texts", 0),
    _table(
        "a line break in a quoted text", 'text,label\n"one\ntwo",neg\nthree,pos\n', "2 texts", 0
    ),
    _tabs(
        "a line break between tabs", 'text\tlabel\n"one\ntwo"\tneg\nthree\tpos\n', "line break", 0
    ),
    _table(
        "a delimiter of two characters", PLAIN, "delimiter ';;' cannot be used", 2, "--delimiter ;;"
    ),
    _table("the wrong delimiter", PLAIN, "no text column found", 2, "--delimiter ;"),
    _table("an unknown quoting", PLAIN, "quoting 'all' is unknown", 2, "--quoting all"),
    _table("an escape of two characters", PLAIN, "escape '//' cannot be used", 2, "--escape //"),
    _table(
        "two delimiters that both make a table",
        "text;a,label;b\none;1,neg;2\ntwo;1,pos;2\n",
        "d.csv",
    ),
    _table(
        "MySQL's mark for nothing",
        "text,label\n\\N,neg\none,pos\ntwo,\\N\n" + _rows(20, header=""),
        "no text (null): 1, no label: 1",
        0,
    ),
    _table(
        "MySQL's mark among escapes",
        "text,label\n\\N,neg\none\\, two,pos\ntwo,neg\n" + _rows(20, header=""),
        "no text (null): 1",
        0,
        "--escape '\\'",
    ),
    _table("UTF-16 without a mark", PLAIN.encode("utf-16-be"), "it may be UTF-16-BE"),
    _table(
        "UTF-16 without a mark, named",
        PLAIN.encode("utf-16-le"),
        "40 texts",
        0,
        "--encoding utf-16-le",
    ),
    _table("UTF-32 without a mark", PLAIN.encode("utf-32-le"), "it may be UTF-32-LE"),
    _table(
        "ISO-2022-JP, which looks like ASCII",
        "text,label\n今日は,pos\n悲しい,neg\n".encode("iso2022_jp"),
        "explore d.csv --encoding iso2022_jp",
    ),
    _table(
        "koi8-r",
        "text,label\nсегодня хорошая погода,pos\nмне грустно,neg\n".encode("koi8-r"),
        "koi8-r ('сегодня хорошая погода",
    ),
    _table(
        "iso-8859-2",
        "text,label\nźle działa,neg\nświetny zakup,pos\n".encode("iso8859-2"),
        "iso8859-2 ('źle działa",
    ),
    _table("two byte order marks", "\ufeff" + MARKED, "2 texts, 2 labels; columns text, label", 0),
    _table(
        "two files put one after the other",
        f"{MARKED}{MARKED}three,neg\n",
        "line 4 is the header again, as where files were joined",
        0,
    ),
    _table("a title nobody sees", "text\u200b,label\none,neg\ntwo,pos\n", "2 texts", 0),
    _table("a header that ends with a delimiter", "text,label,\none,neg\ntwo,pos\n", "2 texts", 0),
    _table(
        "quotes around words at the start of texts",
        "text,label\n" + "".join(f'"hi" he said {i},{"ab"[i % 2]}\n' for i in range(20)),
        "explore d.csv --quoting none",
    ),
    _table(
        "apostrophes around texts with commas",
        "text,label\n" + "".join(f"'one, two {i}',{'ab'[i % 2]}\n" for i in range(20)),
        "line 2: 3 fields where the header has 2; 19 more like it",
    ),
    _table(
        "names in another Unicode form",
        "\u1102\u1162\u110b\u116d\u11bc,라벨\n좋다,a\n",
        "1 texts",
        0,
    ),
    _table("a web page", "<!DOCTYPE html>\n<html>Sign in</html>\n", "d.csv is a web page"),
    _table("a PDF", b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "d.csv is a PDF"),
    _table("a gzip without its suffix", gzip.compress(PLAIN.encode()), "d.csv is packed by gzip"),
    _table(
        "a pointer of Git LFS",
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        "d.csv is a pointer of Git LFS, not the data",
    ),
    _table(
        "lines of JSON in a .csv", _json({"text": "a", "label": "b"}), "d.csv holds lines of JSON"
    ),
    _table(
        "a title above the header",
        "Report: tickets\n\n" + PLAIN,
        "line 3 seems to be the header: delete what is above it",
    ),
    _table(
        "a title of several columns above the header",
        "Table 1,\n" + PLAIN,
        "line 2 seems to be the header: delete what is above it",
    ),
    _table(
        "a table of Markdown",
        "| text | label |\n|------|:-----:|\n| one | neg |\n| two | pos |\n",
        "d.csv is a table of Markdown",
    ),
    Odd(
        "a table of a database's terminal",
        {"d.txt": " text | label \n------+-------\n one  | neg\n two  | pos\n(2 rows)\n"},
        "explore d.txt",
        "d.txt is a table drawn for a terminal",
    ),
    _table(
        "a delimiter that is seldom used",
        PLAIN.replace(",", "^"),
        "explore d.csv --delimiter '^'",
    ),
    _table(
        "a delimiter that nobody sees",
        PLAIN.replace(",", "\x1f"),
        "explore d.csv --delimiter $'\\x1f'",
    ),
    _table(
        "each line in quotes as a whole",
        "".join(f'"{line}"\n' for line in PLAIN.splitlines()),
        "each line is in quotes as a whole",
    ),
    _table(
        "a second header, as questionnaires have it",
        PLAIN.replace("label\n", "label\nOpen-Ended Response,Response\n"),
        "no other row has the label 'Response' of the first row: is it a second header?",
        0,
    ),
    _table(
        "a sum below the rows",
        PLAIN + "Total,40\n",
        "no other row has the label '40' of the last row: is it a sum or a note?",
        0,
    ),
    _table(
        "columns that only hold the usual words",
        _rows(40, "com.a,2026,word{i} and so on {i},{label}\n", "App,Sent text,My text,Stars\n"),
        "explore d.csv --text-column 'My text' --label-column Stars",
    ),
    Odd(
        "lines of text without labels",
        {"d.txt": "so glad\nso sad\nso what\n"},
        "explore d.txt",
        "d.txt line 1: no ';' between text and label",
    ),
    Odd(
        "no header, and the first column names splits",
        {
            "d.csv": "".join(
                f"{('TRAIN', 'TEST')[i % 2]},a text of some length {i},{('x', 'y')[i % 3 % 2]}\n"
                for i in range(30)
            )
        },
        "explore d.csv",
        "explore d.csv --no-header --text-column 2 --label-column 3",
    ),
    Odd("a zip", {"d.zip": _zip({"a.csv": PLAIN})}, "explore d.zip", "unpack it first"),
    Odd(
        "lines of JSON in a .ndjson", {"d.ndjson": "{}"}, "explore d.ndjson", "rename it to .jsonl"
    ),
    Odd(
        "a name without a suffix",
        {"SMSSpam": "ham\ta\n"},
        "explore SMSSpam",
        "lines of text to .txt",
    ),
    Odd(
        "a table with tabs in a .txt, without a header",
        {"d.txt": "".join(f"{('ham', 'spam')[i % 2]}\tsee you at number {i}\n" for i in range(20))},
        "explore d.txt",
        "explore d.txt --no-header --text-column 2 --label-column 1",
    ),
    Odd(
        "a gzip that is cut off",
        {"d.csv.gz": gzip.compress(PLAIN.encode())[:40]},
        "explore d.csv.gz",
        "d.csv.gz",
    ),
    Odd("a gzip that is none", {"d.csv.gz": PLAIN}, "explore d.csv.gz", "d.csv.gz"),
    Odd(
        "an .xls",
        {"d.xls": b"\xd0\xcf\x11\xe0"},
        "explore d.xls",
        "a spreadsheet can be saved as .xlsx or as CSV UTF-8",
    ),
    Odd("an .ods", {"d.ods": b"PK"}, "explore d.ods", "of a kind that cannot be read"),
    Odd("an .xlsx that is none", {"d.xlsx": PLAIN}, "explore d.xlsx", "d.xlsx"),
    Odd("a zip that is called .xlsx", {"d.xlsx": _zip({"a.txt": "a"})}, "explore d.xlsx", "d.xlsx"),
    Odd("a .parquet that is none", {"d.parquet": PLAIN}, "explore d.parquet", "d.parquet"),
    Odd("a picture", {"d.png": b"\x89PNG"}, "explore d.png", "of a kind that cannot be read"),
    _table("a workbook that is called .csv", _zip({"xl/workbook.xml": "<a/>"}), "d.csv"),
]

JSON = [
    _lines("a line that is no JSON", '{"text": "a", "label": "neg"}\n{oops\n', "line 2: not JSON"),
    _lines("a line that is a list", '["a", "neg"]\n["b", "pos"]\n', "where an object is accepted"),
    _lines("a line that is a number", "17\n", "where an object is accepted"),
    _lines(
        "NaN as a label",
        '{"text": "a", "label": NaN}\n{"text": "b", "label": "pos"}\n',
        "1 row has no label",
        0,
    ),
    _lines(
        "an array in a .jsonl",
        '[\n{"text": "a", "label": "neg"},\n{"text": "b", "label": "pos"}\n]\n',
        "d.jsonl",
    ),
    _lines(
        "an object as a text",
        _json({"text": {"a": 1}, "label": "neg"}, {"text": "b", "label": "pos"}),
        "the text is an object; a text is accepted",
    ),
    _lines(
        "an object as a label",
        _json({"text": "a", "label": {"a": 1}}, {"text": "b", "label": "pos"}),
        "the label is an object",
    ),
    _lines(
        "several labels in a row",
        _json({"text": "a", "label": ["neg", "pos"]}, {"text": "b", "label": "pos"}),
        "several labels in a row",
    ),
    _lines(
        "a list of one label",
        _json({"text": "a", "label": ["neg"]}, {"text": "b", "label": ["pos"]}),
        "2 texts, 2 labels",
        0,
    ),
    _lines(
        "numbers as texts",
        _json({"text": 2026, "label": "neg"}, {"text": 7, "label": "pos"}),
        "2 texts",
        0,
    ),
    _lines(
        "no labels at all",
        _json({"text": "a", "label": None}, {"text": "b", "label": None}),
        "no label",
    ),
    _lines(
        "lone surrogates",
        '{"text": "\\ud800 a", "label": "neg"}\n{"text": "b", "label": "pos"}\n',
        "2 texts",
        0,
    ),
    _lines("very deep JSON", "[" * 100_000 + "\n", "d.jsonl"),
    _lines(
        "a number of 5,000 digits",
        '{"text": "a", "label": ' + "7" * 5000 + '}\n{"text": "b", "label": "pos"}\n',
        "d.jsonl",
    ),
    _array("an object where an array is accepted", '{"text": "a"}', "d.json"),
    _array("an array that is cut off", '[{"text": "a", "label": "neg"}, {"te', "d.json"),
    _array(
        "lists of pairs under names of splits",
        json.dumps(
            {
                f"{s}{k}": [["a b", "x"], ["c d", "y"]]
                for s in ("", "oos_")
                for k in ("train", "test")
            }
        ),
        "column 'split' says which split a row belongs to (train 4, test 4)",
        0,
    ),
    _array(
        "a frame of pandas",
        json.dumps({"text": {"0": "a", "1": "b"}, "label": {"0": "x", "1": "y"}}),
        "2 texts, 2 labels",
        0,
    ),
    _array(
        "an object of other lists", '{"banking": ["a", "b"], "cards": ["c"]}', "holds one object"
    ),
    _array("an array of texts", '["a", "b"]', "where an object is accepted"),
    _array("an empty array", "[]", "d.json is empty"),
    _array(
        "lines of JSON in a .json",
        _json({"text": "a", "label": "neg"}, {"text": "b", "label": "pos"}),
        "2 texts, 2 labels",
        0,
    ),
]

LABELS = [
    _table(
        "white space around labels",
        "text,label\none, pos\ntwo,pos\nsix,neg \nten,neg\n",
        "2 rows were mended: white space or invisible characters around the label",
        0,
    ),
    _table(
        "labels in two cases",
        "text,label\none,pos\ntwo,pos\nthree,Pos\nsix,neg\n",
        "label 'Pos' (1 text) is probably 'pos'",
        0,
    ),
    _table(
        "labels in two cases, merged",
        "text,label\none,pos\ntwo,pos\nthree,Pos\nsix,neg\n",
        "merged",
        0,
        "--merge-labels",
    ),
    _table(
        "a rare typo of a label",
        _rows(60) + "oh,possitive\n" + "ah,positive\n" * 20,
        "'possitive' (1 text) is probably 'positive'",
        0,
    ),
    _table(
        "a word for nothing",
        "text,label\none,NaN\ntwo,pos\nthree,neg\n",
        "'NaN' (1 rows) often means that there is no label",
        0,
    ),
    _table(
        "a character nobody sees inside a label",
        "text,label\none,pos\ntwo,pos\nthree,po\u00ads\nfour,neg\n",
        "is probably 'pos'",
        0,
    ),
    _table(
        "several labels, joined as doccano does",
        "text,label\n"
        + "".join(
            f"word {i},{'#'.join('abcd'[k] for k in range(4) if (i % 15 + 1) >> k & 1)}\n"
            for i in range(80)
        ),
        "explore d.csv --label-separator '#'",
    ),
    _table(
        "two forms of Unicode",
        "text,label\na,\uae30\uc068\nb,\u1100\u1175\u1108\u1173\u11b7\n",
        "the label in another Unicode form",
        0,
    ),
    Odd(
        "numbers in two forms",
        {
            "d/train.csv": "text,label\na b,1.0\nc d,0.0\n",
            "d/test.csv": "text,label\nx y,1\nz w,0\n",
        },
        "explore d",
        "--merge-labels makes one label of them",
        0,
    ),
    _table(
        "several labels, joined",
        "text,label\n"
        + "".join(
            f"word {i},{'|'.join('abcd'[k] for k in range(4) if (i % 15 + 1) >> k & 1)}\n"
            for i in range(80)
        ),
        "several labels joined by '|'",
    ),
    _table(
        "several labels, as a Python list",
        "text,label\n" + "".join(f"word {i},\"['a', 'b']\"\n" for i in range(20)),
        "labels per text: 2.00 on average",
        0,
    ),
    _table(
        "measurements as labels",
        "text,label\n" + "".join(f"word {i},{i % 41 / 10 + 1}\n" for i in range(300)),
        "these are measurements",
    ),
    _table(
        "exchanged columns",
        "text,label\n"
        + "".join(f"{'pos' if i % 2 else 'neg'},{'long words ' * 60}{i}\n" for i in range(40)),
        "are the columns exchanged?",
    ),
    _table(
        "a label of 5,000 digits",
        "text,label\nx," + "0123456789" * 500 + "\ny,b\n",
        "a label of 5,000 characters; at most 1,000",
    ),
    _table("no labels", "text,label\none,\ntwo,\n", "no label: 2"),
    _table("no texts", "text,label\n,neg\n,pos\n", "no text: 2"),
    _table(
        "labels for a few rows",
        "text,label\n"
        + "".join(f"word{i % 9} {i},{'ab'[i % 2] if i < 60 else ''}\n" for i in range(1000)),
        "940 rows have no label: they are kept as a pool",
        0,
    ),
    _table(
        "given labels that lack one",
        PLAIN,
        "label 'pos' occurs in the data but not in labels",
        2,
        "--labels neg,good",
    ),
    _table("given labels twice", PLAIN, "label", 2, "--labels neg,neg,pos"),
    Odd(
        "a labels.txt that fits nothing",
        {"d.csv": PLAIN, "labels.txt": "joy\nanger\n"},
        "explore d.csv",
        "labels.txt names none of the labels of the data",
        0,
    ),
    Odd(
        "a labels.txt that lacks one",
        {"d.csv": PLAIN, "labels.txt": "neg\n"},
        "explore d.csv",
        "not in labels.txt",
    ),
    _table(
        "a text of 150,000 characters",
        PLAIN + LONG + ",neg\n",
        "text cut to its first 100,000 characters",
        0,
    ),
    _table(
        "a text of 150,000 characters, strictly",
        PLAIN + LONG + ",neg\n",
        "at most 100,000 are accepted (--max-chars)",
        2,
        "--strict",
    ),
    _table(
        "a share that is none",
        PLAIN,
        "--max-bad-fraction is 2.0; a number from 0 to 1",
        2,
        "--max-bad-fraction 2",
    ),
]

FOLDERS = [
    Odd(
        "a competition's test file",
        {"d/train.csv": KAGGLE, "d/test.csv": "id,text\n900,word1\n901,word2\n"},
        "explore d",
        "split test of d has no labels: left out",
        0,
    ),
    Odd(
        "a column of splits",
        {"d.csv": "text,label,split\n" + SPLIT},
        "explore d.csv",
        "column 'split' says which split a row belongs to (train 40, validation 20, test 20)",
        0,
    ),
    Odd(
        "a column of splits with other values",
        {"d.csv": "text,label,split\n" + SPLIT.replace("TEST", "unlabelled part")},
        "explore d.csv",
        "explore d.csv --split-column none",
    ),
    Odd(
        "a column of splits under another name",
        {"d.csv": "text,label,ml_use\n" + SPLIT},
        "explore d.csv",
        "column 'ml_use' says which split a row belongs to (train 40, validation 20, test 20)",
        0,
    ),
    Odd(
        "a split column that is not there",
        {"d.csv": PLAIN},
        "explore d.csv --split-column fold",
        "fold",
    ),
    Odd(
        "shards",
        {
            f"d/train-0000{i}-of-00002.jsonl": _json(
                *({"text": f"a {i} {j}", "label": "ab"[j % 2]} for j in range(4))
            )
            for i in (0, 1)
        },
        "explore d",
        "8 texts, 2 labels",
        0,
    ),
    Odd(
        "a missing shard",
        {"d/train-00000-of-00002.csv": PLAIN},
        "explore d",
        "their names speak of 2 shards",
    ),
    Odd(
        "two files for one split",
        {"d/train.csv": PLAIN, "d/train.jsonl": "{}\n"},
        "explore d",
        "two files for the train split",
    ),
    Odd(
        "two names for one split",
        {"d/val.csv": PLAIN, "d/dev.csv": PLAIN},
        "explore d",
        "two files for the validation split",
    ),
    Odd(
        "a folder of save_to_disk",
        {"d/dataset_dict.json": "{}"},
        "explore d",
        "the splits of d are none; train, validation",
    ),
    Odd(
        "a split of a kind that is not read",
        {"d/train.csv": PLAIN, "d/test.xls": b"x"},
        "explore d",
        "test.xls is of a kind that cannot be read",
    ),
    Odd("a folder with nothing to read", {"d/notes.md": "hello"}, "explore d", "found: notes.md"),
    Odd(
        "a split without rows",
        {"d/train.csv": PLAIN, "d/test.csv": "text,label\n"},
        "explore d",
        "test.csv is empty",
    ),
    Odd(
        "splits with other columns",
        {"d/train.csv": PLAIN, "d/test.csv": "a,b\nx,neg\n"},
        "explore d",
        "no text column found in test.csv",
    ),
    Odd(
        "texts in one folder per class",
        {f"d/{label}/{i}.txt": f"word {i}" for label in ("neg", "pos") for i in range(4)},
        "explore d",
        "8 texts, 2 labels",
        0,
    ),
    Odd("no such file", {"d.csv": PLAIN}, "explore ./e.csv", "no such file or folder: ./e.csv"),
    Odd("no such folder", {}, "explore ./nowhere/", "no such file or folder"),
]

PREDICTED = [
    Odd(
        "a file without the column of texts",
        {"d.csv": "a,b\n1,2\n"},
        "predict {model} d.csv --out o.csv",
        "no text column found in d.csv",
    ),
    Odd(
        "a title above the header, to predict",
        {"d.csv": "Report\n" + PLAIN},
        "predict {model} d.csv --out o.csv",
        "line 2 seems to be the header",
    ),
    Odd(
        "an output without a name",
        {"d.csv": PLAIN},
        "predict {model} d.csv --out .",
        "'.' cannot be an output; a new name is accepted",
    ),
    Odd(
        "as many labels as rows",
        {"d.csv": "text,label\n" + "".join(f"a b {i},id{i}\n" for i in range(19))},
        "run d.csv --out o --methods linear",
        "19 rows with 19 labels and 19 different texts, too few to cut",
    ),
    Odd("nothing to predict", {"d.csv": ""}, "predict {model} d.csv --out o.csv", "d.csv"),
    Odd(
        "a row that cannot be scored, strictly",
        {"d.csv": "text,label\none,neg\ntwo,pos,x\n"},
        "predict {model} d.csv --out o.csv --strict",
        "line 3: 3 fields where the header has 2",
    ),
    Odd(
        "an output of a kind that is not written",
        {"d.csv": PLAIN},
        "predict {model} d.csv --out o.ods",
        "of a kind that cannot be written",
    ),
    Odd(
        "an output that is the input",
        {"d.csv": PLAIN},
        "predict {model} d.csv --out d.csv --overwrite",
        "d.csv",
    ),
    Odd(
        "an output that exists",
        {"d.csv": PLAIN, "o.csv": "precious"},
        "predict {model} d.csv --out o.csv",
        "o.csv exists already",
    ),
    Odd(
        "cp949 to predict",
        {"d.csv": "text\n오늘은 날씨가 좋다\n".encode("cp949")},
        "predict {model} d.csv --out o.csv --strict",
        "오늘은 날씨가 좋다",
    ),
    Odd(
        "unknown labels to evaluate",
        {"d.csv": "text,label\none,joy\ntwo,anger\n"},
        "evaluate {model} d.csv",
        "has labels that the model does not know: 'joy'",
    ),
    Odd(
        "exchanged columns to evaluate",
        {"d.csv": "text,label\n" + "".join(f"pos,{'long words ' * 60}{i}\n" for i in range(40))},
        "evaluate {model} d.csv",
        "are the columns exchanged?",
    ),
    Odd(
        "a split that is not there",
        {"d.csv": PLAIN},
        "evaluate {model} d.csv --split dev",
        "there is no split 'dev'",
    ),
]

CORRECTED = [
    Odd(
        "a word under accept that is none",
        {"d.csv": PLAIN, "i.csv": _audited(accept="maybe")},
        "fix d.csv --decisions i.csv --out o.csv",
        "line 2: 'maybe' under accept; yes, x, 1 or",
    ),
    Odd(
        "a row that is no number",
        {"d.csv": PLAIN, "i.csv": _audited(row="two")},
        "fix d.csv --decisions i.csv --out o.csv",
        "row 'two'; a whole number is accepted",
    ),
    Odd(
        "decisions that are none",
        {"d.csv": PLAIN, "i.csv": PLAIN},
        "fix d.csv --decisions i.csv --out o.csv",
        "i.csv has no column 'kind'",
    ),
    Odd(
        "no decisions file",
        {"d.csv": PLAIN},
        "fix d.csv --decisions i.csv --out o.csv",
        "no such file: i.csv",
    ),
    Odd(
        "nothing to fix",
        {"i.csv": _audited()},
        "fix d.csv --decisions i.csv --out o.csv",
        "no such file or folder: d.csv",
    ),
    Odd(
        "a fix over its own data",
        {"d.csv": PLAIN, "i.csv": _audited()},
        "fix d.csv --decisions i.csv --out d.csv --overwrite",
        "d.csv",
    ),
    Odd(
        "issues in a name that is no .csv",
        {"d.csv": PLAIN},
        "audit d.csv --method none --out i.xlsx",
        "a name that ends in .csv is accepted",
    ),
]

ODD_INPUTS = [*TABLES, *JSON, *LABELS, *FOLDERS, *PREDICTED, *CORRECTED]
