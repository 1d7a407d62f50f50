"""The journal loses nothing: half a line is cut off, a full disk changes nothing. Tests events, too."""

import errno
import json
import os

import pytest

from assay.errors import DataError, InputError
from assay.review.events import (
    Answer,
    Decision,
    Names,
    Rename,
    Start,
    Undo,
    event_from_line,
    line_of_event,
)
from assay.review.journal import Journal, check_page, journal_path, read_journal

AT = "2026-01-02T12:00:00+00:00"
EVENTS = [
    Start(AT, "pool.csv", 20),
    Names("n", AT, ("joy", "슬픔")),
    Decision("d", AT, "me", 3, 'a "text"\n😀', ("joy",), seconds=1.5, suggested="joy"),
    Decision("e", AT, "me", 4, "lone \ud800", is_skip=True, note="odd"),
    Rename("r", AT, "joy", "기쁨"),
    Undo("u", AT, "e"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_event_is_one_line_that_comes_back(event):
    """Line feeds, emoji and lone surrogates come back as they were."""
    line = line_of_event(event)
    assert "\n" not in line
    assert event_from_line(line) == event


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        '{"kind": "other"}',
        '{"kind": "undo"}',
        '{"kind": []}',
        '{"kind": {}}',
        "[" * 99_999,
    ],
)
def test_line_that_is_no_event_is_refused(line):
    """Another kind, or a value that is missing."""
    with pytest.raises(ValueError, match=r".+"):
        event_from_line(line)


@pytest.fixture
def path(tmp_path):
    """A journal with the events above."""
    path = journal_path(tmp_path / "labelled.jsonl")
    journal = Journal(path)
    for event in EVENTS:
        journal.append(event)
    journal.close()
    return path


def test_journal_is_read_again(path):
    """What was appended is there, in its order."""
    assert path.name == "labelled.jsonl.journal"
    assert read_journal(path) == EVENTS


@pytest.mark.parametrize("n_cut", [2, 40])
def test_half_a_line_is_cut_off(path, n_cut, caplog):
    """A process that was killed while it wrote: the line before is the last one, and that is said."""
    path.write_bytes(path.read_bytes()[:-n_cut])
    journal = Journal(path)
    assert journal.events == EVENTS[:-1]
    assert "the last line was not finished" in caplog.text
    journal.append(EVENTS[-1])
    journal.close()
    assert read_journal(path) == EVENTS


def test_last_line_without_its_end_is_kept(path, caplog):
    """Some editors leave the last line feed out: the decision is there, and the next one follows."""
    path.write_bytes(path.read_bytes()[:-1])
    assert read_journal(path) == EVENTS
    journal = Journal(path)
    journal.append(EVENTS[2])
    journal.close()
    assert read_journal(path) == [*EVENTS, EVENTS[2]]
    assert caplog.messages == []


def test_mark_of_an_editor_is_passed_over(path):
    """Such as Notepad writes before the first line, with its own ends of lines."""
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_journal(path) == EVENTS


BY_HAND = {
    "labels": ['"joy"', "[1]", "null"],
    "is_skip": ["0"],
    "line": ['"3"', "true", "3.5"],
    "seconds": ["NaN", "null"],
    "suggested": ["1"],
    "others": ['"[]"', '"{"'],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BY_HAND.items() for value in values]
)
def test_value_of_another_kind_is_refused(name, value):
    """Whoever edits a journal learns of a slip when it is opened, not when the output is written."""
    line = line_of_event(EVENTS[2])
    content = {**json.loads(line), name: json.loads(value)}
    with pytest.raises(ValueError, match=f"'{name}'|Expecting"):
        event_from_line(json.dumps(content))


def test_broken_line_is_refused(path):
    """A line in the middle that was changed by hand: nothing is guessed."""
    path.write_bytes(path.read_bytes().replace(b'"undo"', b'"undone"'))
    with pytest.raises(DataError, match="line 6 is no event of a journal"):
        Journal(path)


def test_journal_of_a_later_version_is_refused(path):
    """Nothing that is not understood is passed over."""
    path.write_bytes(path.read_bytes().replace(b'"version": 1', b'"version": 2'))
    with pytest.raises(DataError, match="later version"):
        Journal(path)


def test_full_disk_leaves_the_journal_as_it_was(path, monkeypatch):
    """Half a line that was written is taken back, and the next one follows the last whole one."""
    before = path.read_bytes()
    journal = Journal(path)

    def refuse(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(OSError, match="No space left"):
            journal.append(EVENTS[2])
    assert path.read_bytes() == before
    journal.append(EVENTS[2])
    journal.close()
    assert read_journal(path) == [*EVENTS, EVENTS[2]]


def test_journal_of_the_other_page_is_refused(path):
    """Its output would be replaced by one of another form."""
    journal = Journal(path)
    check_page(journal, refused=(Answer,), command="assay review")
    with pytest.raises(InputError, match="holds the decisions of `assay label`"):
        check_page(journal, refused=(Decision, Names, Rename), command="assay label")
    journal.close()
