"""Tests of assay.audit.answers: what is read back from a file in which a person answered."""

from __future__ import annotations

import csv

import pytest

from assay.audit.answers import read_corrections, read_issues_file
from assay.audit.issues import COLUMNS, Issue, hash_text, write_issues_file
from assay.errors import DataError

SUSPECT = Issue(
    "wrong_label", "train", 7, "오늘 행복해요", "슬픔", proposed_label="기쁨", score=0.98765432
)


def rows_of(path):
    """Read the file as any CSV reader does."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def accept(path, answers, *, delimiter=",", encoding="utf-8-sig"):
    """Write answers under accept, row by row, as a spreadsheet saves them."""
    rows = rows_of(path)
    for row, answer in zip(rows, answers, strict=True):
        row["accept"] = answer
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


def test_accepted_suspects_are_read_back_as_they_were(tmp_path):
    """A label that starts like a formula, a text with line ends.

    The correction is that of the issue.
    """
    out = tmp_path / "issues.csv"
    issues = [
        Issue("wrong_label", "train", 3, "=a\r\n\"b\",'c'", "-1", proposed_label="=+1", score=0.5),
        SUSPECT,
    ]
    write_issues_file(issues, out)
    accept(out, ["yes", "no"])
    (found,), n_unclear = read_corrections(out)
    assert (found.split, found.row, found.proposed_label, n_unclear) == ("train", 3, "=+1", 0)
    assert found.text_sha256 == hash_text("=a\r\n\"b\",'c'")


@pytest.mark.parametrize(
    "answer", ["yes", "YES", "y", " Y ", "true", "TRUE", "1", "x", "X", "예", "네", "맞음"]
)
def test_yes_is_said_in_many_ways(tmp_path, answer):
    """Any case, and as spreadsheets write a tick."""
    write_issues_file([SUSPECT], tmp_path / "i.csv")
    accept(tmp_path / "i.csv", [answer])
    assert len(read_corrections(tmp_path / "i.csv")[0]) == 1


@pytest.mark.parametrize("answer", ["", "no", "N", "FALSE", "0", "아니오", "아니요"])
def test_no_changes_nothing(tmp_path, answer):
    """An empty cell is a no, too."""
    write_issues_file([SUSPECT], tmp_path / "i.csv")
    accept(tmp_path / "i.csv", [answer])
    assert read_corrections(tmp_path / "i.csv") == ([], 0)


def test_any_other_word_is_an_error_that_names_the_row(tmp_path):
    """Nobody guesses what a person meant, and nothing is ignored."""
    write_issues_file([SUSPECT, SUSPECT], tmp_path / "i.csv")
    accept(tmp_path / "i.csv", ["maybe", "yes"])
    with pytest.raises(DataError, match=r"line 2: 'maybe' under accept; yes, x, 1 or 예, and no"):
        read_corrections(tmp_path / "i.csv")


@pytest.mark.parametrize("encoding", ["cp949", "utf-16", "utf-8"])
def test_file_is_read_in_the_encoding_of_the_spreadsheet(tmp_path, encoding):
    """The hashes of the texts tell which encoding it is."""
    write_issues_file([SUSPECT], tmp_path / "i.csv")
    accept(tmp_path / "i.csv", ["x"], encoding=encoding)
    assert read_corrections(tmp_path / "i.csv")[0][0].proposed_label == "기쁨"


def test_file_in_western_encoding_is_read(tmp_path):
    """Bytes that are Korean in cp949 by chance are not taken for it."""
    issue = Issue(
        "label_spelling", "train", 7, "Paßwort für Grüße", "größe", proposed_label="Größe"
    )
    write_issues_file([issue], tmp_path / "i.csv")
    accept(tmp_path / "i.csv", ["1"], delimiter=";", encoding="cp1252")
    assert read_corrections(tmp_path / "i.csv")[0][0].proposed_label == "Größe"


def test_only_labels_can_be_accepted(tmp_path):
    """A yes beside a duplicate corrects nothing."""
    write_issues_file(
        [Issue("leak", "train", 1, "a", "joy", score=1.0, group=1)], tmp_path / "i.csv"
    )
    accept(tmp_path / "i.csv", ["yes"])
    assert read_corrections(tmp_path / "i.csv") == ([], 1)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_spreadsheet_of_another_country_is_read(tmp_path, delimiter):
    """Excel saves with ; where , is the decimal point."""
    write_issues_file([SUSPECT], tmp_path / "i.csv")
    accept(tmp_path / "i.csv", ["yes"], delimiter=delimiter, encoding="utf-8")
    assert read_corrections(tmp_path / "i.csv")[0][0].proposed_label == "기쁨"


def test_file_without_the_columns_is_refused(tmp_path):
    """Any other table is named as such."""
    (tmp_path / "i.csv").write_text("text,label\na,b\n")
    with pytest.raises(DataError, match=r"i\.csv has no column 'kind'; columns: text, label"):
        read_corrections(tmp_path / "i.csv")


@pytest.mark.parametrize(
    ("written", "shown"), [("seven", "seven"), ("9" * 5000, "9" * 20)], ids=["word", "digits"]
)
def test_broken_row_number_is_refused(tmp_path, written, shown):
    """Every line that cannot be used is named."""
    write_issues_file([SUSPECT], tmp_path / "i.csv")
    text = (tmp_path / "i.csv").read_text(encoding="utf-8-sig")
    (tmp_path / "i.csv").write_text(
        text.replace("train,7,", f"train,{written},").replace(",\n", ",yes\n"), encoding="utf-8"
    )
    with pytest.raises(DataError, match=f"line 2: row '{shown}.*; a whole number is accepted"):
        read_corrections(tmp_path / "i.csv")
    with pytest.raises(DataError, match=f"line 2: row '{shown}.* is no whole number"):
        read_issues_file(tmp_path / "i.csv")
