"""`assay fix`: the person's own file, corrected, everything else byte for byte as it was.

The modules `assay.data.files.relabelled` and `assay.cli.fix_command` are tested here too.
"""

from __future__ import annotations

import csv
import gzip
import json

import pytest

from assay.audit.issues import COLUMNS, hash_text
from assay.errors import DataError, InputError
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


def decide(path, *rows, kind="wrong_label"):
    """Write decisions: (split, row, text, label, accept)."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for split, row, text, label, accept in rows:
            writer.writerow([kind, split, row, text, "", label, "", "", hash_text(text), accept])
    return path


@pytest.mark.parametrize(
    ("name", "content", "encoding", "line", "text", "before", "after"),
    [
        ("a.csv", "id,text,label\r\n1,so glad,joy\r\n2,so bad,joy\r\n", "utf-8-sig", 3, "so bad", "2,so bad,joy", "2,so bad,sad"),
        ("b.csv", 'Nr;text;label\n1;"so; glad";joy\n2;"so\nbad";"joy"\n', "cp1252", 3, "so\nbad", '"joy"', '"sad"'),
        ("c.tsv", "text\tlabel\tnote\nüber\tjoy\t x \nso bad\tjoy\t\n", "utf-8", 2, "über", "über\tjoy", "über\tsad"),
        ("d.txt", "so glad; joy\nso; bad;joy\n", "utf-8", 3 - 1, "so; bad", "so; bad;joy", "so; bad;sad"),
        ("e.jsonl", '{"text": "그래", "label": "joy", "n": 1}\r\n{"text":"so glad","label":"joy"}\n', "cp949", 1, "그래", '"label": "joy", "n"', '"label": "sad", "n"'),
        ("f.csv", 'text,label\n"a ""b""",joy\nx,joy\n', "utf-16", 2, 'a "b"', '"a ""b""",joy', '"a ""b""",sad'),
        ("g.csv.gz", "text,label\nso glad,joy\nso bad,sad\n", "utf-8", 2, "so glad", "glad,joy", "glad,sad"),
    ],
)  # fmt: skip
def test_only_the_label_changes(tmp_path, name, content, encoding, line, text, before, after):
    """Delimiter, quotes, line ends, encoding, byte order mark and other columns stay."""
    pack = gzip.compress if name.endswith("gz") else bytes
    unpack = gzip.decompress if name.endswith("gz") else bytes
    (tmp_path / name).write_bytes(pack(content.encode(encoding)))
    decisions = decide(tmp_path / "issues.csv", ("train", line, text, "sad", "x"))
    options = DataOptions(encoding=None if encoding.startswith("utf-8") else encoding)
    fixed = fix_data(tmp_path / name, decisions, tmp_path / f"out-{name}", options=options)
    assert (fixed.n_applied, fixed.skipped) == (1, ())
    written = unpack((tmp_path / f"out-{name}").read_bytes())
    assert written == content.replace(before, after).encode(encoding)
    assert content.count(before) == 1


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


def test_file_without_its_own_writer_is_named(tmp_path):
    """A JSON array is read, and not written again."""
    path = tmp_path / "a.json"
    path.write_text('[{"text": "a", "label": "x"}, {"text": "b", "label": "y"}]')
    decisions = decide(tmp_path / "i.csv", ("train", 1, "a", "y", "yes"))
    with pytest.raises(InputError, match="cannot be written again with other labels"):
        fix_data(path, decisions, tmp_path / "b.json")
    assert not (tmp_path / "b.json").exists()
