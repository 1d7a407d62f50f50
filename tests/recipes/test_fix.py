"""`assay fix`: the person's own file, corrected, everything else byte for byte as it was.

The modules `assay.data.files.relabelled`, `assay.data.files.relabelled_records`,
`assay.data.files.relabelled_json`, `assay.data.files.relabelled_values`,
`assay.data.files.workbook_results`, `assay.recipes.steps.accepted_labels` and
`assay.cli.fix_command` are tested here too.
"""

from __future__ import annotations

import csv
import datetime
import gzip
import json
import re
import zipfile
from dataclasses import dataclass

import pytest

from assay.audit.issues import COLUMNS, hash_text
from assay.data.cell_values import label_as_text
from assay.data.files.readers import read_rows
from assay.errors import DataError, InputError, OutsideError
from assay.recipes.fix import fix_data
from assay.recipes.steps.prepare import DataOptions

TEXTS = [
    "so glad",
    "so sad",
    "so bad",
    'he said "no"',
    "fine; really, fine",
    "오늘 행복해요",
    "so good",
]


def decide(path, *rows, kind="wrong_label", before=""):
    """Write decisions: (split, row, text, label, accept), on rows with a label before."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for split, row, text, label, accept in rows:
            writer.writerow(
                [kind, split, row, text, before, label, "", "", hash_text(text), accept]
            )
    return path


@dataclass
class Case:
    """A file, a decision on one of its rows, and the place in it that changes."""

    name: str
    content: str
    row: tuple  # (split, number, text)
    before: str
    after: str
    label: str = "sad"
    kind: str = "wrong_label"
    encoding: str = "utf-8"


def lists_labels(*args):
    """Return the case of a row whose labels change to those of a list."""
    return Case(*args, kind="missing_label")


CASES = {
    "a byte order mark": Case(
        "a.csv", "id,text,label\r\n1,so glad,joy\r\n2,so bad,joy\r\n", ("train", 3, "so bad"),
        "2,so bad,joy", "2,so bad,sad", encoding="utf-8-sig",
    ),
    "line breaks in quotes": Case(
        "a.csv", 'Nr;text;label\n1;"so; glad";joy\n2;"so\nbad";"joy"\n', ("train", 3, "so\nbad"),
        '"joy"', '"sad"', encoding="cp1252",
    ),
    "tabs and spaces": Case(
        "a.tsv", "text\tlabel\tnote\nüber\tjoy\t x \nso bad\tjoy\t\n", ("train", 2, "über"),
        "über\tjoy", "über\tsad",
    ),
    "lines of text": Case(
        "a.txt", "so glad; joy\nso; bad;joy\n", ("train", 2, "so; bad"), "so; bad;joy", "so; bad;sad"
    ),
    "lines of JSON": Case(
        "a.jsonl", '{"text": "그래", "label": "joy", "n": 1}\r\n{"text":"so glad","label":"joy"}\n',
        ("train", 1, "그래"), '"label": "joy", "n"', '"label": "sad", "n"', encoding="cp949",
    ),
    "doubled quotes": Case(
        "a.csv", 'text,label\n"a ""b""",joy\nx,joy\n', ("train", 2, 'a "b"'),
        '"a ""b""",joy', '"a ""b""",sad', encoding="utf-16",
    ),
    "a packed file": Case(
        "a.csv.gz", "text,label\nso glad,joy\nso bad,sad\n", ("train", 2, "so glad"),
        "glad,joy", "glad,sad",
    ),
    "row names of R": Case(
        "a.csv", '"text","label"\n"1","a","x"\n"2","b","y"\n', ("all", 3, "b"),
        '"b","y"', '"b","x"', label="x",
    ),
    "lists under splits": Case(
        "a.json",
        '{"train": [["so glad",  "joy"], ["so bad", "joy"]],\n "oos_test": [["hm", "oos"]]}',
        ("train", 2, "so bad"), '"so bad", "joy"', '"so bad", "sad"',
    ),
    "objects under splits": Case(
        "a.json",
        '{"version": 1, "train": [{"label": "joy", "text": "그래"}], "test": [{"text": "b", "label": "joy"}]}',
        ("test", 2, "b"), '"b", "label": "joy"', '"b", "label": "sad"',
    ),
    "columns": Case(
        "a.json", '{"text": ["a", "b"], "label": [ "joy", "joy"], "n": [1.50, null]}',
        ("train", 2, "b"), '"joy"]', '"sad"]',
    ),
    "columns of a frame": Case(
        "a.json", '{"label":{"0":"joy","1":"sad"},"text":{"0":"a","1":"b"}}', ("all", 1, "a"),
        '"0":"joy"', '"0":"sad"',
    ),
    "a frame by rows": Case(
        "a.json", '{"columns":["text","label"],"index":[0,1],"data":[["a","joy"],["b","sad"]]}',
        ("all", 1, "a"), '"a","joy"', '"a","sad"',
    ),
    "a frame by index": Case(
        "a.json", '{"0":{"text":"a","label":"joy"},"1":{"text":"b","label":"sad"}}',
        ("all", 1, "a"), '"a","label":"joy"', '"a","label":"sad"',
    ),
    "numbers": Case(
        "a.json", '{"text": ["a", "b"], "label": [1, 2]}', ("all", 1, "a"), "[1,", "[3,", label="3"
    ),
    "true and false": Case(
        "a.json", '{"text": ["a", "b"], "label": [true, false]}', ("all", 1, "a"),
        "[true,", "[false,", label="False",
    ),
    "lists of labels": Case(
        "a.json",
        '{"rows": [{"text": "a", "label": ["joy", "fun"]}, {"text": "b", "label": ["sad"]}]}',
        ("all", 1, "a"), '["joy", "fun"]', '["sad"]', label='["sad"]',
    ),
    "0 and 1 per label": lists_labels(
        "a.csv", 'text,rude,fun\r\na,1,0\r\n"b, c",0,0\r\n', ("train", 3, "b, c"),
        ",0,0\r", ",0,1\r", '["fun"]',
    ),
    "crosses per label": lists_labels(
        "a.tsv", "text\trude\tfun\na\tx\t\nb\t\tx\nc\tx\tx\n", ("train", 2, "a"),
        "a\tx\t\n", "a\t\tx\n", '["fun"]',
    ),
    "true and false per label": lists_labels(
        "a.jsonl",
        '{"text": "a", "rude": true, "fun": false}\n{"text": "b", "rude": false, "fun": true}\n',
        ("train", 1, "a"), '"rude": true, "fun": false', '"rude": true, "fun": true',
        '["fun", "rude"]',
    ),
    "objects without any label": lists_labels(
        "a.json", '[{"text": "a", "rude": 1, "fun": 0}, {"text": "b", "rude": 0, "fun": 1}]',
        ("train", 2, "b"), '"rude": 0, "fun": 1', '"rude": 0, "fun": 0', "[]",
    ),
    "formulas that keep a text": Case(
        "a.csv", 'text,label\na,="001"\nb,"=""002"""\nc,="002"\n', ("train", 3, "b"),
        'b,"=""002"""', 'b,"=""001"""', label="001",
    ),
    "number and a text of digits": Case(
        "a.jsonl", '{"text": "a", "label": 1}\n{"text": "b", "label": "001"}\n',
        ("train", 1, "a"), '"label": 1', '"label": "001"', label="001",
    ),
    "columns per label": lists_labels(
        "a.json", '{"text": ["a", "b"], "rude": [1, 0], "fun": [0, 1]}', ("train", 1, "a"),
        '[1, 0], "fun": [0, 1]', '[0, 0], "fun": [1, 1]', '["fun"]',
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_only_the_label_changes(tmp_path, case):
    """In the words of the file; delimiter, quotes, line ends, encoding, types and all else stay."""
    pack, unpack = bytes, bytes
    if case.name.endswith("gz"):
        pack, unpack = gzip.compress, gzip.decompress
    source, out = tmp_path / case.name, tmp_path / f"out-{case.name}"
    source.write_bytes(pack(case.content.encode(case.encoding)))
    decisions = decide(tmp_path / "i.csv", (*case.row, case.label, "x"), kind=case.kind)
    options = DataOptions(encoding=None if case.encoding.startswith("utf-8") else case.encoding)
    fixed = fix_data(source, decisions, out, options=options)
    assert (fixed.n_applied, fixed.skipped) == (1, ())
    assert case.content.count(case.before) == 1
    expected = case.content.replace(case.before, case.after)
    assert unpack(out.read_bytes()) == expected.encode(case.encoding)


def test_splits_of_the_tool_do_not_stop_it(tmp_path):
    """Rows that the audit saw in test are rows of the file like any other."""
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "label"), *((text, "joy") for text in TEXTS)])
    rows = [(split, i + 2, TEXTS[i], "sad", "예") for i, split in enumerate(["train", "test"])]
    rows += [
        ("validation", 4, TEXTS[2], "joy", "yes"),
        ("train", 5, "another text", "sad", "yes"),
        ("train", 6, TEXTS[4], "sad", "no"),
        ("train", 7, TEXTS[5], "grief; deep", "1"),
    ]
    fixed = fix_data(path, decide(tmp_path / "i.csv", *rows), tmp_path / "b.csv")
    assert (fixed.n_applied, fixed.n_right_already) == (3, 1)
    assert fixed.skipped == (f"line 5: train row 5 is not in {path} with this text",)
    with (tmp_path / "b.csv").open(encoding="utf-8", newline="") as stream:
        labels = [row["label"] for row in csv.DictReader(stream)]
    assert labels == ["sad", "sad", "joy", "joy", "joy", "grief; deep", "joy"]
    assert json.dumps(fixed.to_dict())


def test_folder_is_fixed_file_by_file(tmp_path):
    """Splits with corrections are written again; every other file is copied."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "train.csv").write_text("text,label\na,x\nb,y\n")
    (data / "test.csv").write_text("text,label\nc,x\nd,y\n")
    (data / "README.md").write_text("hello")
    decisions = decide(tmp_path / "i.csv", ("test", 3, "d", "x", "yes"))
    fix_data(data, decisions, tmp_path / "out")
    assert (tmp_path / "out" / "test.csv").read_text() == "text,label\nc,x\nd,x\n"
    for name in ("train.csv", "README.md"):
        assert (tmp_path / "out" / name).read_bytes() == (data / name).read_bytes()


@pytest.mark.parametrize("out", ["out", "data/out"])
def test_folder_is_fixed_whole_or_not_at_all(tmp_path, monkeypatch, out):
    """An error half-way leaves nothing behind; an empty folder is filled, what was there replaced."""
    data, target = tmp_path / "data", tmp_path / out
    data.mkdir()
    for name in ("test", "train"):
        (data / f"{name}.csv").write_text("text,label\na,x\nb,y\n")
    decisions = decide(tmp_path / "i.csv", ("train", 2, "a", "y", "yes"))
    with monkeypatch.context() as disk:
        disk.setattr("assay.recipes.fix.write_relabelled", refuse)
        with pytest.raises(OutsideError, match="out could not be written: No space left"):
            fix_data(data, decisions, target)
    assert not target.exists()
    target.mkdir()
    fix_data(data, decisions, target)
    (target / "old.txt").touch()
    fix_data(data, decisions, target, overwrite=True)
    assert sorted(path.name for path in target.iterdir()) == ["test.csv", "train.csv"]
    assert (target / "train.csv").read_text() == "text,label\na,y\nb,y\n"


def refuse(*args, **options):
    """Be a full disk."""
    raise OSError(28, "No space left on device")


def test_what_cannot_be_fixed_is_refused_before_anything_is_written(tmp_path):
    """No such data, the data itself as output, an output that exists, a word that is no answer."""
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,x\nb,y\n")
    decisions = decide(tmp_path / "i.csv", ("train", 2, "a", "y", "maybe"))
    with pytest.raises(InputError, match="no such file or folder"):
        fix_data(tmp_path / "no.csv", decisions, tmp_path / "b.csv")
    with pytest.raises(InputError, match=r"already|exists"):
        fix_data(path, decisions, path)
    with pytest.raises(InputError, match="holds the data itself"):
        fix_data(path, decisions, path, overwrite=True)
    with pytest.raises(DataError, match="line 2: 'maybe' under accept"):
        fix_data(path, decisions, tmp_path / "b.csv")
    assert not (tmp_path / "b.csv").exists()


def test_json_array_keeps_its_form(tmp_path):
    """Spaces, order of keys, escapes and numbers stay; objects are counted, also several on a line."""
    path = tmp_path / "a.json"
    content = (
        '[{"text": "a\\u00e9", "n": 1.50, "label" :  "x"}, {"text": "b", "label": "y"},\n'
        ' {"label": ["x"], "text": "c"},{"text": "d", "label": 1}]\n'
    )
    path.write_text(content)
    rows = [("train", 1, "aé", "ü", "yes"), ("test", 3, "c", "y", "x"), ("all", 4, "d", "2", "1")]
    fixed = fix_data(path, decide(tmp_path / "i.csv", *rows), tmp_path / "b.json")
    assert (fixed.n_applied, fixed.skipped) == (3, ())
    expected = content.replace('"label" :  "x"', '"label" :  "\\u00fc"')
    expected = expected.replace('["x"]', '["y"]').replace('"label": 1}', '"label": 2}')
    assert (tmp_path / "b.json").read_text() == expected


def test_parquet_keeps_its_types_and_class_names(tmp_path):
    """Ids of class names are looked up, and the metadata of other programs stay."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    features = {"label": {"names": ["x", "y"], "_type": "ClassLabel"}}
    metadata = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    table = pyarrow.table(
        {
            "text": ["a", "b", "c"],
            "label": pyarrow.array([0, 1, 0], type=pyarrow.int8()),
            "when": pyarrow.array([1, None, 3], type=pyarrow.date32()),
        }
    ).replace_schema_metadata(metadata)
    parquet.write_table(table, tmp_path / "a.parquet")
    rows = decide(tmp_path / "i.csv", ("train", 3, "c", "y", "yes"))
    fix_data(tmp_path / "a.parquet", rows, tmp_path / "b.parquet")
    found = parquet.read_table(tmp_path / "b.parquet")
    assert found["label"].to_pylist() == [0, 1, 1]
    assert found.schema.equals(table.schema, check_metadata=True)
    assert found["when"] == table["when"]
    rows = decide(tmp_path / "i.csv", ("train", 3, "c", "z", "yes"))
    with pytest.raises(InputError, match=r"'z' is none of the class names of a\.parquet: x, y"):
        fix_data(tmp_path / "a.parquet", rows, tmp_path / "c.parquet")
    assert not (tmp_path / "c.parquet").exists()


def test_workbook_keeps_other_cells_and_sheets(tmp_path):
    """Rows are those that the spreadsheet shows; a label that begins like a formula stays a text."""
    openpyxl = pytest.importorskip("openpyxl")
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in (["Nr", "text", "label"], [1, "a", "x"], [], [3, "b", "y"], [4, "c", "x"]):
        sheet.append(row)
    sheet["A1"].font = openpyxl.styles.Font(bold=True)
    workbook.create_sheet("notes")
    workbook.save(tmp_path / "a.xlsx")
    rows = [("train", 4, "b", "=x", "yes"), ("test", 5, "c", "y", "예")]
    decisions = decide(tmp_path / "i.csv", *rows)
    assert fix_data(tmp_path / "a.xlsx", decisions, tmp_path / "b.xlsx").n_applied == 2
    found = openpyxl.load_workbook(tmp_path / "b.xlsx")
    assert found.sheetnames == ["Sheet", "notes"]
    cells = [row for row in found["Sheet"].values if any(row)]
    assert cells == [("Nr", "text", "label"), (1, "a", "x"), (3, "b", "=x"), (4, "c", "y")]
    assert found["Sheet"]["C4"].data_type == "s"
    assert found["Sheet"]["A1"].font.bold


@pytest.mark.parametrize("part", ["docProps/core.xml", "[Content_Types].xml"])
def test_workbook_with_a_broken_part_is_refused(tmp_path, part):
    """The library that reads values looks at fewer parts than the one that changes them."""
    openpyxl = pytest.importorskip("openpyxl")
    workbook = openpyxl.Workbook()
    for row in (["text", "label"], ["a", "x"], ["b", "y"], ["c", "x"]):
        workbook.active.append(row)
    workbook.save(tmp_path / "whole.xlsx")
    with (
        zipfile.ZipFile(tmp_path / "whole.xlsx") as whole,
        zipfile.ZipFile(tmp_path / "a.xlsx", "w") as broken,
    ):
        for name in whole.namelist():
            broken.writestr(name, "<a><b></a>" if name == part else whole.read(name))
    decisions = decide(tmp_path / "i.csv", ("train", 2, "a", "y", "yes"))
    assert len(list(read_rows(tmp_path / "a.xlsx"))) == 3
    said = r"a\.xlsx can be read but not changed: a part of it is broken \("
    with pytest.raises(DataError, match=said):
        fix_data(tmp_path / "a.xlsx", decisions, tmp_path / "b.xlsx")
    assert not (tmp_path / "b.xlsx").exists()


def write_changed_workbook(folder, before, after):
    """Write a.xlsx, a workbook of three rows, with other words in the part that lists its sheets."""
    openpyxl = pytest.importorskip("openpyxl")
    workbook = openpyxl.Workbook()
    for row in (["text", "label"], ["a", "x"], ["b", "y"], ["c", "x"]):
        workbook.active.append(row)
    workbook.save(folder / "whole.xlsx")
    part = "xl/workbook.xml"
    with (
        zipfile.ZipFile(folder / "whole.xlsx") as whole,
        zipfile.ZipFile(folder / "a.xlsx", "w") as changed,
    ):
        assert before in whole.read(part)
        for name in whole.namelist():
            content = whole.read(name)
            if name == part:
                content = content.replace(before, after)
            changed.writestr(name, content)
    return folder / "a.xlsx"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        # What changes workbooks leaves a sheet out that names its part in another namespace.
        (
            b"officeDocument/2006/relationships",
            b"officeDocument/2007/relationships",
            r"not changed: a part of it is broken \(File contains an",
        ),
        # It can be read, with a warning; a workbook of which nothing is seen is not written.
        (b'state="visible"', b'state="hidden"', r"a\.xlsx can be read but not changed"),
    ],
    ids=["would be lost", "all hidden"],
)
def test_workbook_whose_sheets_would_not_be_seen_is_refused(tmp_path, before, after, said):
    """It can be read, and is not changed."""
    path = write_changed_workbook(tmp_path, before, after)
    decisions = decide(tmp_path / "i.csv", ("train", 2, "a", "y", "yes"))
    assert len(list(read_rows(path))) == 3
    with pytest.raises(DataError, match=said):
        fix_data(path, decisions, tmp_path / "b.xlsx")
    assert not (tmp_path / "b.xlsx").exists()


def test_label_of_a_workbook_is_read_as_it_was_accepted(tmp_path):
    """A cell stays a number only where its number format shows that number as the label."""
    openpyxl = pytest.importorskip("openpyxl")
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in (["text", "label"], ["a", 1], ["b", 2], ["c", 3], ["d", 2], ["e", 1]):
        sheet.append(row)
    for place, code in (("B3", "000"), ("B4", '"T-"000'), ("B6", '"T-"000')):
        sheet[place].number_format = code
    workbook.save(tmp_path / "a.xlsx")
    accepted = {"a": "002", "b": "003", "c": "1", "d": "1", "e": "T-003"}
    rows = [
        ("train", 2 + i, text, label, "yes") for i, (text, label) in enumerate(accepted.items())
    ]
    decisions = decide(tmp_path / "i.csv", *rows)
    assert fix_data(tmp_path / "a.xlsx", decisions, tmp_path / "b.xlsx").n_applied == 5
    written = list(openpyxl.load_workbook(tmp_path / "b.xlsx").active.values)[1:]
    assert written == [("a", "002"), ("b", 3), ("c", "1"), ("d", 1), ("e", "T-003")]
    found = read_rows(tmp_path / "b.xlsx")
    assert {row.values["text"]: row.values["label"] for row in found} == accepted


def test_cells_that_are_merged_beside_each_other_are_taken_apart(tmp_path):
    """The second of two columns of labels can be corrected, and rows below get no label."""
    openpyxl = pytest.importorskip("openpyxl")
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in (["text", "rude", "fun"], ["a", 1, None], ["b", None, None], ["c", 0, 1]):
        sheet.append(row)
    sheet.merge_cells("B2:C3")
    workbook.save(tmp_path / "a.xlsx")
    row = ("train", 2, "a", '["fun"]', "yes")
    decisions = decide(tmp_path / "i.csv", row, kind="missing_label")
    options = DataOptions(label_columns=("rude", "fun"))
    fix_data(tmp_path / "a.xlsx", decisions, tmp_path / "b.xlsx", options=options)
    found = list(openpyxl.load_workbook(tmp_path / "b.xlsx").active.values)
    assert found[1:] == [("a", None, "1"), ("b", None, None), ("c", 0, 1)]


def test_texts_that_formulas_keep_are_texts_in_a_corrected_workbook(tmp_path, caplog):
    """It is read at once; a formula that was never calculated is counted."""
    openpyxl = pytest.importorskip("openpyxl")
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    rows = (["id", "text", "label"], ['="003"', "a", "x"], ['="say ""no"""', "b", "y"])
    for row in rows:
        sheet.append(row)
    workbook.save(tmp_path / "a.xlsx")
    decisions = decide(tmp_path / "i.csv", ("train", 2, "a", "y", "yes"))
    fix_data(tmp_path / "a.xlsx", decisions, tmp_path / "b.xlsx")
    found = openpyxl.load_workbook(tmp_path / "b.xlsx").active
    assert list(found.values)[1:] == [("003", "a", "y"), ('say "no"', "b", "y")]
    assert "is not known" not in caplog.text
    sheet.append(["=A1&A2", "c", "y"])
    workbook.save(tmp_path / "a.xlsx")
    fix_data(tmp_path / "a.xlsx", decisions, tmp_path / "c.xlsx")
    assert caplog.messages[-1].startswith("a.xlsx: what 1 formula gave is not known: open the")
    assert openpyxl.load_workbook(tmp_path / "c.xlsx").active["A4"].value == "=A1&A2"


def test_formulas_keep_what_they_gave(tmp_path, caplog):
    """Labels that are looked up are read from the corrected workbook; so are other sheets."""
    openpyxl = pytest.importorskip("openpyxl")
    workbook = openpyxl.Workbook()
    for row in (["text", "label"], ["a", "=D2"], ["b", "=D3"], ["c", "=1+1"]):
        workbook.active.append(row)
    other = workbook.create_sheet("a & b")
    other.append(['="x"&"<y>"', "=1>2", "=1/0"])
    workbook.save(tmp_path / "raw.xlsx")
    gave = {
        b"sheet1.xml": {b"B2": (b"str", b"x"), b"B3": (b"str", b"y"), b"B4": (b"", b"2")},
        b"sheet2.xml": {
            b"A1": (b"str", b"x&lt;y&gt;"),
            b"B1": (b"b", b"0"),
            b"C1": (b"e", b"#N/A"),
        },
    }
    calculate(tmp_path / "raw.xlsx", tmp_path / "a.xlsx", gave)
    decisions = decide(tmp_path / "i.csv", ("train", 2, "a", "y", "yes"))
    options = DataOptions(sheet="Sheet")
    fix_data(tmp_path / "a.xlsx", decisions, tmp_path / "b.xlsx", options=options)
    assert "is not known" not in caplog.text
    read = [row.values["label"] for row in read_rows(tmp_path / "b.xlsx", sheet="Sheet")]
    assert read == ["y", "y", "2"]
    written = openpyxl.load_workbook(tmp_path / "b.xlsx")
    assert [cell[0].value for cell in written["Sheet"]["B2:B4"]] == ["y", "=D3", "=1+1"]
    shown = openpyxl.load_workbook(tmp_path / "b.xlsx", data_only=True)["a & b"]
    assert list(shown.values) == [("x<y>", False, "#N/A")]


def calculate(path, out, gave):
    """Write a workbook with what its formulas gave, as a spreadsheet program stores it."""

    def fill(cell, values):
        kind, value = values[cell[1]]
        return b'<c r="%s" t="%s"><f>%s</f><v>%s</v></c>' % (cell[1], kind or b"n", cell[2], value)

    cells = re.compile(rb'<c r="(\w+)"[^<>]*><f>([^<]*)</f><v ?/?>(?:</v>)?</c>')
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(out, "w") as target:
        for item in source.infolist():
            values = gave.get(item.filename.rpartition("/")[2].encode())
            part = source.read(item)
            if values is not None:
                part = cells.sub(lambda cell, values=values: fill(cell, values), part)
            target.writestr(item, part)


@pytest.mark.parametrize(
    ("name", "out", "accepted"),
    [("a.xlsx", "b.csv", ".xlsx"), ("a.csv.gz", "b.csv", ".csv.gz"), ("a.csv", "b.json", ".csv")],
)
def test_file_is_not_written_under_the_name_of_another_format(tmp_path, name, out, accepted):
    """A workbook that is called .csv can be read by nothing."""
    (tmp_path / name).write_bytes(b"text,label\n")
    decisions = decide(tmp_path / "i.csv", ("train", 2, "a", "y", "yes"))
    with pytest.raises(InputError, match=f"{out} is called otherwise; out with {accepted} is"):
        fix_data(tmp_path / name, decisions, tmp_path / out)
    assert not (tmp_path / out).exists()


def test_dates_stay_dates(tmp_path):
    """In Parquet and in a workbook, where they are labels."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    openpyxl = pytest.importorskip("openpyxl")
    days = [datetime.date(2026, 1, 1), datetime.date(2026, 1, 2)]
    parquet.write_table(pyarrow.table({"text": ["a", "b"], "label": days}), tmp_path / "a.parquet")
    workbook = openpyxl.Workbook()
    for row in (["text", "label"], ["a", days[0]], ["b", days[1]]):
        workbook.active.append(row)
    workbook.save(tmp_path / "a.xlsx")
    for name, line in (("a.parquet", 1), ("a.xlsx", 2)):
        decisions = decide(tmp_path / "i.csv", ("train", line, "a", "2026-01-02", "yes"))
        out = tmp_path / f"b{name[1:]}"
        fix_data(tmp_path / name, decisions, out)
        read = [label_as_text(row.values["label"]) for row in read_rows(out)]
        assert read == ["2026-01-02"] * 2
    assert parquet.read_table(tmp_path / "b.parquet")["label"].to_pylist() == [days[1]] * 2
    found = openpyxl.load_workbook(tmp_path / "b.xlsx").active
    assert found["B2"].is_date


def test_packed_columns_of_one_label_each_keep_their_types(tmp_path):
    """In Parquet and in a workbook; a label without a column is refused."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    openpyxl = pytest.importorskip("openpyxl")
    table = pyarrow.table({"text": ["a", "b"], "rude": [True, False], "fun": [False, True]})
    parquet.write_table(table, tmp_path / "a.parquet")
    workbook = openpyxl.Workbook()
    for cells in (["text", "rude", "fun"], ["a", 1, 0], ["b", 0, 1]):
        workbook.active.append(cells)
    workbook.save(tmp_path / "a.xlsx")
    for name, line in (("a.parquet", 1), ("a.xlsx", 2)):
        row = ("train", line, "a", '["fun"]', "yes")
        decisions = decide(tmp_path / "i.csv", row, kind="missing_label")
        fix_data(tmp_path / name, decisions, tmp_path / f"b-{name}")
    found = parquet.read_table(tmp_path / "b-a.parquet")
    assert found.schema.equals(table.schema)
    assert found.to_pylist()[0] == {"text": "a", "rude": False, "fun": True}
    sheet = openpyxl.load_workbook(tmp_path / "b-a.xlsx").active
    assert list(sheet.values)[1] == ("a", 0, 1)
    row = ("train", 1, "a", '["new"]', "yes")
    decisions = decide(tmp_path / "i.csv", row, kind="missing_label")
    with pytest.raises(InputError, match="label 'new' has no column; columns of labels: rude, fun"):
        fix_data(tmp_path / "a.parquet", decisions, tmp_path / "c.parquet")
    assert not (tmp_path / "c.parquet").exists()


def write_packed_twice(folder):
    """Write a Parquet file, which is packed by itself, in gzip."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"text": ["a", "b"], "label": ["x", "y"]}), folder / "a")
    path = folder / "a.parquet.gz"
    path.write_bytes(gzip.compress((folder / "a").read_bytes()))
    return path


def write_class_folders(folder):
    """Write texts in one folder per class, which have no labels to change."""
    for label, text in {"x": "a", "y": "b"}.items():
        (folder / "d" / label).mkdir(parents=True)
        (folder / "d" / label / "1.txt").write_text(text)
    return folder / "d"


@pytest.mark.parametrize(
    ("write", "sentence"),
    [
        (write_packed_twice, "cannot be written again"),
        (write_class_folders, "no file per split, and cannot be written again"),
    ],
)
def test_what_cannot_be_written_again_is_refused(tmp_path, write, sentence):
    """The sentence says why; nothing is written."""
    source = write(tmp_path)
    decisions = decide(tmp_path / "i.csv", ("train", 1, "a", "y", "yes"))
    out = tmp_path / f"out-{source.name}"
    with pytest.raises(InputError, match=sentence):
        fix_data(source, decisions, out)
    assert not out.exists()


@pytest.mark.parametrize(
    ("before", "after"), [("a; b", "a; c"), ("a;b", "a;c"), ("a ;b", "a ;c"), ("a", "a;c")]
)
def test_labels_of_a_cell_are_joined_as_in_the_file(tmp_path, before, after):
    """White space around the separator included, as most cells have it."""
    rows = "".join(f"day {i},{before}\n" for i in range(3))
    (tmp_path / "d.csv").write_text(f"text,labels\nday x,b\n{rows}")
    decisions = decide(
        tmp_path / "issues.csv", ("train", 2, "day x", '["a", "c"]', "x"), kind="missing_label"
    )
    options = DataOptions(label_separator=";")
    fix_data(tmp_path / "d.csv", decisions, tmp_path / "fixed.csv", options=options)
    assert (tmp_path / "fixed.csv").read_text() == f"text,labels\nday x,{after}\n{rows}"


def test_all_spellings_are_merged_where_that_is_asked_for(tmp_path):
    """As a run merges them, accepted or not; a decision about the row wins."""
    path = tmp_path / "a.csv"
    rows = [
        "so glad,joy",
        "so sad,sad",
        "so bad,Joy",
        "fine,joy",
        "very sad,SAD",
        "no,sad",
        "x,joy",
    ]
    path.write_text("\n".join(["text,label", *rows]) + "\n")
    decisions = decide(tmp_path / "i.csv", ("train", 4, "so bad", "sad", "yes"))
    options = DataOptions(merge_labels=True)
    fixed = fix_data(path, decisions, tmp_path / "b.csv", options=options)
    assert (fixed.n_applied, fixed.n_merged, fixed.skipped) == (1, 1, ())
    assert fixed.to_dict()["n_merged"] == 1
    written = (tmp_path / "b.csv").read_text().splitlines()[1:]
    assert written == [*rows[:2], "so bad,sad", rows[3], "very sad,sad", *rows[5:]]
    nothing = decide(tmp_path / "n.csv", ("train", 4, "so bad", "sad", "no"))
    merged = fix_data(path, nothing, tmp_path / "c.csv", options=options)
    assert (merged.n_applied, merged.n_merged) == (0, 2)
    spaced = tmp_path / "s.csv"
    spaced.write_text("text,label\na,x \nb,y\nc,x\nd,y\n")
    assert fix_data(spaced, nothing, tmp_path / "t.csv", options=options).n_merged == 1
    assert (tmp_path / "t.csv").read_text() == "text,label\na,x\nb,y\nc,x\nd,y\n"
    with pytest.raises(InputError, match="no row is accepted"):
        fix_data(path, nothing, tmp_path / "d.csv")
    with pytest.raises(InputError, match="no row is accepted"):
        fix_data(tmp_path / "c.csv", nothing, tmp_path / "d.csv", options=options)


def test_label_that_the_encoding_lacks_is_refused(tmp_path):
    """Named with the encoding, and nothing is written."""
    data = tmp_path / "d.csv"
    data.write_text("text,label\nschön,gut\nübel,schlecht\n", encoding="cp1252")
    decisions = decide(tmp_path / "x.csv", ("all", 2, "schön", "좋음", "yes"))
    with pytest.raises(DataError, match=r"d\.csv is in cp1252, which has no '좋'") as caught:
        fix_data(data, decisions, tmp_path / "out.csv", options=DataOptions(encoding="cp1252"))
    assert "save the data as UTF-8" in caught.value.hint
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.csv", "x.csv"]


def test_proposed_labels_may_be_edited_by_hand(tmp_path):
    """Where texts may have several: one name, joined names; what is neither is named with its row."""
    (tmp_path / "d.csv").write_text("text,label\nlate,a;b\ndear,a\nfine,b\n")
    options = DataOptions(label_separator=";")

    def decide(*proposed):
        lines = ["kind,split,row,text,label,proposed_label,text_sha256,accept"]
        for line, text, label in zip((2, 3), ("late", "dear"), proposed, strict=True):
            lines.append(f"extra_label,all,{line},{text},,{label},{hash_text(text)},yes")
        (tmp_path / "issues.csv").write_text("\n".join(lines) + "\n")
        return fix_data(
            tmp_path / "d.csv", tmp_path / "issues.csv", tmp_path / "o.csv", options=options
        )

    with pytest.raises(DataError, match="line 3: all row 3, proposed_label: 'c' is neither"):
        decide("a", "c")
    assert not (tmp_path / "o.csv").exists()
    assert decide("a", "b;a").n_applied == 2
    assert (tmp_path / "o.csv").read_text() == "text,label\nlate,a\ndear,a;b\nfine,b\n"


def test_row_that_is_not_read_is_no_row_to_correct(tmp_path):
    """Without a label in the file, it gets its first one there: that is said, nothing is written in."""
    path = tmp_path / "train.csv"
    path.write_text("text,label\nso glad,joy\nso sad,sad\nso bad,\n", encoding="utf-8")
    rows = [("all", 2, "so glad", "sad", "yes"), ("all", 4, "so bad", "sad", "yes")]
    decisions = decide(tmp_path / "d.csv", *rows)
    text = decisions.read_text(encoding="utf-8").replace("wrong_label,all,4", "no_label,all,4")
    decisions.write_text(text, encoding="utf-8")
    options = DataOptions(max_bad_fraction=1.0)
    fixed = fix_data(path, decisions, tmp_path / "fixed.csv", options=options)
    assert fixed.n_applied == 1
    [skipped] = fixed.skipped
    assert "all row 4 is not read: give it its label in" in skipped
    assert (tmp_path / "fixed.csv").read_text(encoding="utf-8").endswith("so bad,\n")


def test_decisions_on_other_data_are_refused(tmp_path):
    """As a script sees it: nothing is written, and the exit code is that of a wrong input."""
    path = tmp_path / "train.csv"
    path.write_text("text,label\nso glad,joy\nso sad,sad\n", encoding="utf-8")
    rows = [("all", 2, "another text", "sad", "yes"), ("all", 3, "one more", "joy", "yes")]
    out = tmp_path / "fixed.csv"
    sentence = "d.csv: none of the 2 accepted rows is in .*train.csv with its text.*were audited"
    with pytest.raises(DataError, match=sentence):
        fix_data(path, decide(tmp_path / "d.csv", *rows), out)
    with pytest.raises(DataError, match=r"d.csv: the accepted row is not in .*train.csv"):
        fix_data(path, decide(tmp_path / "d.csv", rows[0]), out)
    assert not out.exists()
    rows.append(("all", 3, "so sad", "joy", "yes"))
    fixed = fix_data(path, decide(tmp_path / "d.csv", *rows), out)
    assert (fixed.n_applied, len(fixed.skipped)) == (1, 2)


def test_label_that_was_changed_after_the_decision_stays(tmp_path):
    """The rest is applied; a row that has the accepted label by now is right already."""
    path = tmp_path / "train.csv"
    path.write_text("text,label\nso glad,joy\nso sad,fear\nso bad,sad\nso so,sad\n", "utf-8")
    rows = [(row, text) for row, text in enumerate(["so glad", "so sad", "so bad"], start=2)]
    decisions = [("all", row, text, "sad", "yes") for row, text in rows]
    path_of_decisions = decide(tmp_path / "d.csv", *decisions, before="joy")
    fixed = fix_data(path, path_of_decisions, tmp_path / "fixed.csv")
    assert (fixed.n_applied, fixed.n_right_already, fixed.n_changed_since) == (1, 1, 1)
    assert fixed.skipped == (
        "line 3: all row 3 has the label 'fear' now, and had 'joy' when it was decided",
    )
    assert "so glad,sad\nso sad,fear\nso bad,sad\n" in (tmp_path / "fixed.csv").read_text()
    with pytest.raises(
        DataError, match=r"d.csv: no accepted row has the label in .* decided:\n  - line"
    ):
        fix_data(path, decide(path_of_decisions, decisions[1], before="joy"), tmp_path / "two.csv")
    assert not (tmp_path / "two.csv").exists()


def test_several_labels_that_were_changed_after_the_decision_stay(tmp_path):
    """In whatever order and spelling they are: JSON lists, joined cells."""
    path = tmp_path / "train.csv"
    labels = ("price;quality", "quality;price", "delivery", "price", "quality", "delivery")
    lines = [f"text {i},{label}\n" for i, label in enumerate(labels)]
    path.write_text("text,label\n" + "".join(lines), encoding="utf-8")
    rows = [("all", i + 2, f"text {i}", '["delivery", "price"]', "yes") for i in range(3)]
    decisions = decide(tmp_path / "d.csv", *rows, before='["price", "quality"]')
    options = DataOptions(label_separator=";")
    fixed = fix_data(path, decisions, tmp_path / "fixed.csv", options=options)
    assert (fixed.n_applied, fixed.n_changed_since) == (2, 1)
    assert "text 2,delivery\n" in (tmp_path / "fixed.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("merge_labels", [False, True])
@pytest.mark.parametrize("before", ["Joy", "joy"])
def test_another_spelling_is_no_label_that_was_changed(tmp_path, before, merge_labels):
    """Whether spellings were merged when the data were audited, now, both times or never."""
    path = tmp_path / "train.csv"
    path.write_text("text,label\nso glad,Joy\nso sad,sad\nso fine,joy\nfine,joy\n", "utf-8")
    decisions = decide(tmp_path / "d.csv", ("all", 2, "so glad", "sad", "yes"), before=before)
    options = DataOptions(merge_labels=merge_labels)
    fixed = fix_data(path, decisions, tmp_path / "fixed.csv", options=options)
    assert (fixed.n_applied, fixed.n_changed_since) == (1, 0)
