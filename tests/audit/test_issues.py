"""Tests of assay.audit.issues: what the file of an audit holds, and that no spreadsheet runs it."""

from __future__ import annotations

import csv
import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.audit.answers import read_corrections
from assay.audit.checks import audit_data, write_issues
from assay.audit.issues import KINDS, Issue, hash_text, write_issues_file
from assay.data.files.readers import read_rows
from assay.data.load import load_data
from assay.errors import InputError, OutputExistsError, OutsideError

SUSPECT = Issue(
    "wrong_label", "train", 7, "오늘 행복해요", "슬픔", proposed_label="기쁨", score=0.98765432
)


def rows_of(path):
    """Read the file as any CSV reader does."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_file_has_the_columns_and_shows_korean_in_excel(tmp_path):
    """A byte order mark, ten columns, the text as it is, six decimals, nothing accepted."""
    out = tmp_path / "issues.csv"
    write_issues_file([SUSPECT], out)
    assert out.read_bytes().startswith(
        b"\xef\xbb\xbfkind,split,row,text,label,proposed_label,score,group,text_sha256,accept"
    )
    (row,) = rows_of(out)
    assert row == {
        "kind": "wrong_label",
        "split": "train",
        "row": "7",
        "text": "오늘 행복해요",
        "label": "슬픔",
        "proposed_label": "기쁨",
        "score": "0.987654",
        "group": "",
        "text_sha256": hashlib.sha256("오늘 행복해요".encode()).hexdigest(),
        "accept": "",
    }


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text(min_size=1).filter(str.strip), st.sampled_from(list(KINDS)))
def test_no_cell_can_run_as_a_formula(text, label, kind):
    """Whatever texts and labels hold, no cell starts a formula of a spreadsheet."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "issues.csv"
        write_issues_file([Issue(kind, "train", 1, text, label, proposed_label=label)], out)
        (row,) = rows_of(out)
    for value in row.values():
        assert not value.lstrip().startswith(("=", "+", "-", "@"))
        assert not value.startswith(("\t", "\r"))


def test_existing_file_stays_unless_overwritten(tmp_path):
    """Nothing is replaced by accident."""
    out = tmp_path / "i.csv"
    out.write_text("precious")
    with pytest.raises(OutputExistsError, match="exists already"):
        write_issues_file([SUSPECT], out)
    assert out.read_text() == "precious"
    write_issues_file([SUSPECT], out, overwrite=True)
    assert len(rows_of(out)) == 1


@pytest.mark.parametrize("name", ["issues.xlsx", "issues"])
def test_only_csv_is_written(tmp_path, name):
    """Another suffix is refused before any work."""
    with pytest.raises(InputError, match=r"a name that ends in \.csv is accepted"):
        write_issues_file([SUSPECT], tmp_path / name)


def test_file_is_whole_or_not_there(tmp_path):
    """An error half way leaves nothing, and what was there before stays."""

    def failing():
        yield SUSPECT
        raise OSError(28, "No space left on device")

    out = tmp_path / "i.csv"
    out.write_text("before")
    with pytest.raises(OutsideError, match="could not be written: No space left"):
        write_issues_file(failing(), out, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["i.csv"]
    assert out.read_text() == "before"


def test_lone_surrogate_is_written(tmp_path):
    """What UTF-8 cannot hold is spelt out; the hash is of the text itself."""
    write_issues_file(
        [Issue("garbled", "train", 1, "a\ud800", "joy", score=0.5)], tmp_path / "i.csv"
    )
    (row,) = rows_of(tmp_path / "i.csv")
    assert (row["text"], row["text_sha256"]) == ("a\\ud800", hash_text("a\ud800"))


def test_other_columns_and_encoding_of_the_input_travel_along(tmp_path):
    """A ticket's number is beside its issue, in the encoding in which the file was written; the file is read again."""
    rows = ["티켓,text,label,accept", '=1+1,"또\n또 또",a,p', "T-2,좋아요 참,b,q"]
    rows += ["T-3,좋아요 참,a,r", "=1+1,한마디,a,s"]
    path = tmp_path / "d.csv"
    path.write_bytes("\n".join(rows).encode("cp949"))
    audit = audit_data(load_data(path, encoding="euc-kr"), method=None)
    write_issues(audit, tmp_path / "i.csv")
    found = list(read_rows(tmp_path / "i.csv", encoding="cp949"))
    conflict = next(row.values for row in found if row.values["kind"] == "conflict")
    assert list(conflict)[-4:] == ["accept", "record", "티켓", "input_accept"]
    assert [conflict[name] for name in ("row", "record", "티켓", "input_accept")] == [
        "4",
        "3",
        "T-2",
        "q",
    ]
    assert "'=1+1" in {row.values["티켓"] for row in found}
    assert read_corrections(tmp_path / "i.csv") == ([], 0)
