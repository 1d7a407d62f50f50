"""Options that read the data are asked once: they are the default for files that they fit."""

from __future__ import annotations

from pathlib import Path

from assay.data.files.remembered import complete_reading, record_reading

ASKED = {
    "delimiter": None,
    "encoding": None,
    "quoting": None,
    "escape": None,
    "header": True,
    "sheet": None,
    "text_column": None,
    "label_column": None,
}
GERMAN = "Ticket;Wortlaut;Art\n1;Wie ändere ich das?;Login\n"


def write(folder: Path, name: str, content: str, encoding: str = "utf-8") -> Path:
    """Write a file."""
    path = folder / name
    path.write_text(content, encoding=encoding)
    return path


def test_only_what_was_asked_for_is_recorded(tmp_path):
    """What a file shows by itself is found again; objects of Python have no such options."""
    path = write(tmp_path, "train.csv", GERMAN, "cp1252")
    assert record_reading(ASKED, path) == {}
    given = {**ASKED, "encoding": "cp1252", "text_column": "Wortlaut", "header": False}
    expected = {"encoding": "cp1252", "text_column": "Wortlaut", "header": False, "kind": ".csv"}
    assert record_reading(given, str(path)) == expected
    assert record_reading(given, tmp_path) == expected
    assert record_reading(given, ["a"]) == {}
    assert record_reading(given, "a/hub-id") == {}


def test_options_of_training_are_the_default_where_they_fit(tmp_path):
    """Encoding, delimiter and column of the next file of this kind; what is asked for wins."""
    path = write(tmp_path, "train.csv", GERMAN, "cp1252")
    recorded = record_reading(
        {**ASKED, "encoding": "cp1252", "delimiter": ";", "text_column": "Wortlaut"}, path
    )
    assert complete_reading(ASKED, recorded, path) == {
        **ASKED,
        "encoding": "cp1252",
        "delimiter": ";",
        "text_column": "Wortlaut",
    }
    assert complete_reading({**ASKED, "encoding": "cp1250"}, recorded, path)["encoding"] == "cp1250"


def test_options_of_training_stay_away_from_files_that_they_do_not_fit(tmp_path):
    """UTF-8 is never read as cp1252; another kind, delimiter or column is as the file shows it."""
    recorded = {
        "encoding": "cp1252", "delimiter": ";", "text_column": "Wortlaut", "kind": ".csv"
    }  # fmt: skip
    utf_8 = write(tmp_path, "new.csv", GERMAN)
    assert complete_reading(ASKED, recorded, utf_8)["encoding"] is None
    comma = write(tmp_path, "comma.csv", "text,label\nso glad,joy\n")
    found = complete_reading(ASKED, recorded, comma)
    assert (found["delimiter"], found["text_column"]) == (None, None)
    lines = write(tmp_path, "new.jsonl", '{"Wortlaut": "ä"}\n')
    found = complete_reading(ASKED, recorded, lines)
    assert (found["encoding"], found["text_column"]) == (None, "Wortlaut")
    for source in ("-", "nothing.csv", tmp_path / "nothing", None):
        assert complete_reading(ASKED, recorded, source) == ASKED


def test_rules_for_labels_are_remembered(tmp_path):
    """Labels that were merged in training are merged where the model is scored."""
    path = tmp_path / "d.csv"
    path.write_text("text,label\na,x\n")
    recorded = record_reading({"merge_labels": True, "single_label": False}, path)
    assert recorded == {"merge_labels": True, "kind": ".csv"}
    asked = {"merge_labels": False, "single_label": False}
    completed = complete_reading(asked, recorded, path)
    assert completed == {"merge_labels": True, "single_label": False}
    assert complete_reading(asked, {}, path) == asked


def test_how_several_labels_were_written_gives_way_to_what_is_asked(tmp_path):
    """A remembered separator is not held against columns of labels or joined cells that were asked for."""
    path = tmp_path / "d.csv"
    path.write_text("text,a,b\nx,0,1\n")
    nothing = {"label_separator": None, "label_columns": None, "single_label": False}
    recorded = {"kind": ".csv", "label_separator": ";"}
    assert complete_reading(nothing, recorded, path)["label_separator"] == ";"
    for asked in ({"label_columns": ["a", "b"]}, {"single_label": True}):
        assert complete_reading(nothing | asked, recorded, path) == nothing | asked


def test_utf_8_is_recognised_where_its_beginning_cuts_a_character(tmp_path):
    """The head of a file may end inside a character."""
    recorded = {"encoding": "cp949", "kind": ".csv"}
    path = write(tmp_path, "new.csv", "text\nä" + "x" * 65526 + "한국어\n")
    assert complete_reading(ASKED, recorded, path)["encoding"] is None


def test_column_of_splits_is_remembered(tmp_path):
    """Where the next file has it; that there is none fits every file."""
    asked = {**ASKED, "split_column": None}
    path = write(tmp_path, "train.csv", "text,label,fold\na,x,train\nb,y,test\n")
    other = write(tmp_path, "other.csv", "text,label\na,x\n")
    recorded = record_reading({**asked, "split_column": "fold"}, path)
    assert complete_reading(asked, recorded, path)["split_column"] == "fold"
    assert complete_reading(asked, recorded, other)["split_column"] is None
    recorded = record_reading({**asked, "split_column": "none"}, path)
    assert complete_reading(asked, recorded, other)["split_column"] == "none"
