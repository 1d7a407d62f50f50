"""A session keeps decisions one by one and chooses the next text. Tests event_session, items and labelled_file, too."""

import csv
import errno
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assay.data.load import load_data
from assay.errors import InputError
from assay.review.advice import Advice
from assay.review.event_session import OtherPageError, UnknownChoiceError
from assay.review.guesses import Suggestion
from assay.review.items import Given
from assay.review.labelled_file import check_labelled_file, write_labelled
from assay.review.pool import Pool, read_pool, text_mark

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def decide(session, *labels, **more):
    """Decide on the current text; return it."""
    item = session.current()
    name = f"id {session.labelling.n_events}"
    given = Given(name, item.position, labels, **more)
    session.decide(given, version=session.labelling.n_events)
    return item


def test_every_text_comes_once_until_none_is_left(session, pool):
    """The current text stays the same until it is decided."""
    seen = []
    while (item := session.current()) is not None:
        assert session.current() is item
        seen.append(item.text)
        decide(session, "joy")
    assert sorted(seen) == sorted(pool.texts)
    assert session.n_left == 0


def test_every_fourth_text_is_random_and_has_no_suggestion(session):
    """The others come from the queue of the advice, with what it suggests."""
    order = session.random_order
    queue = tuple(order[::-1])
    suggestions = {position: Suggestion(("fear",), 0.5) for position in queue}
    session.advice = Advice(queue, suggestions, is_of_model=True)
    items = [decide(session, "joy") for _ in range(8)]
    assert [item.is_random for item in items] == [False, False, False, True] * 2
    fear = ("fear",)
    assert [item.suggested for item in items] == [fear, fear, fear, None] * 2
    assert [items[3].position, items[7].position] == order[:2]
    kept = session.labelling.decisions()
    assert [one.suggested for one in kept] == ["fear", "fear", "fear", None] * 2


def test_region_of_the_map_comes_first(session):
    """Until it is decided; random texts come in between, and another region takes its place."""
    session.advice = Advice((5, 6, 7), {6: Suggestion(("fear",), 0.5)}, is_of_model=True)
    session.current()
    session.choose_region([6, 3])
    assert (session.n_region, session.current().suggested) == (2, ("fear",))
    assert [decide(session, "joy").position for _ in range(2)] == [6, 3]
    assert (session.n_region, session.current().position) == (0, 5)
    session.choose_region([9])
    session.choose_region([])
    assert session.current().position == 5
    with pytest.raises(UnknownChoiceError, match="no such text"):
        session.choose_region([99])


def test_suggestion_is_kept_as_it_was_shown(session):
    """Advice that changes between text and key does not change what is recorded."""
    session.advice = Advice((5,), {5: Suggestion(("fear",), 0.5)}, is_of_model=True)
    session.current()
    session.advice = Advice((5,), {5: Suggestion(("joy",), 0.9)}, is_of_model=True)
    decide(session, "joy")
    assert session.labelling.last().suggested == "fear"


def test_undo_shows_the_text_again(session):
    """Again and again, back to the first one."""
    items = [decide(session, "joy") for _ in range(3)]
    for i, item in enumerate(reversed(items)):
        session.undo(f"undo {i}", version=session.labelling.n_events)
        assert session.current().text == item.text
    assert len(session.labelling) == 0
    session.undo("nothing left", version=session.labelling.n_events)


def test_undo_takes_a_merge_back_and_no_decision(session):
    """The text on the screen stays; the decision before it is what comes next."""
    item = decide(session, "joy")
    shown = session.current()
    session.rename_label("r", "joy", "fear", version=session.version)
    session.undo("u", version=session.version)
    assert session.labelling.counts()["joy"] == 1
    assert session.current() == shown
    session.undo("v", version=session.version)
    assert session.current().text == item.text


def test_history_is_read_and_decided_again(session):
    """The latest decision comes first; another label replaces the one that was given."""
    items = [decide(session, "joy", note="n") for _ in range(2)]
    found = session.history(1)
    assert found.text == items[0].text
    assert (found.decision.labels, found.decision.note) == (("joy",), "n")
    assert session.history(2) is None
    given = Given("again", found.position, ("fear",))
    session.decide(given, version=session.labelling.n_events)
    assert session.labelling.decision(found.text).labels == ("fear",)
    assert session.labelling.counts() == {"joy": 1, "sadness": 0, "fear": 1}


def test_other_page_is_refused_and_same_decision_is_not(session):
    """A decision that is sent twice counts once, though the state is a later one by then."""
    item = session.current()
    version = session.labelling.n_events
    given = Given("once", item.position, ("joy",))
    session.decide(given, version=version)
    session.decide(given, version=version)
    with pytest.raises(OtherPageError, match="another page"):
        session.decide(replace(given, id="other"), version=version)
    assert len(session.labelling) == 1


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"labels": ("anger",)}, "no label 'anger'"),
        ({"labels": ()}, "0 labels"),
        ({"labels": ("joy", "fear")}, "2 labels"),
        ({"position": 99}, "no text 99"),
        ({"is_skip": True}, "either skipped or labelled"),
    ],
)
def test_what_the_page_may_not_send(session, change, match):
    """Nothing of it is kept."""
    given = replace(Given("x", session.current().position, ("joy",)), **change)
    with pytest.raises(UnknownChoiceError, match=match):
        session.decide(given, version=session.labelling.n_events)
    assert len(session.labelling) == 0


def test_labels_are_added_renamed_and_merged(session):
    """White space around a name is dropped; an empty or endless one is refused."""
    decide(session, "joy")

    def version():
        return session.labelling.n_events

    session.add_label("1", "  big   news ", version=version())
    session.rename_label("2", "joy", "fear", version=version())
    assert session.labelling.labels == ["fear", "sadness", "big news"]
    assert session.labelling.counts()["fear"] == 1
    with pytest.raises(UnknownChoiceError, match="a label has"):
        session.add_label("3", " ", version=version())
    with pytest.raises(UnknownChoiceError, match="no label 'joy'"):
        session.rename_label("4", "joy", "x", version=version())


def test_full_disk_keeps_the_state(session, monkeypatch):
    """What the journal could not keep did not happen."""
    session.current()
    with monkeypatch.context() as patch:
        patch.setattr(
            os, "fsync", lambda number: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full"))
        )
        with pytest.raises(OSError, match="full"):
            decide(session, "joy")
    assert len(session.labelling) == 0
    decide(session, "joy")
    assert len(session.labelling) == 1


def test_clock_that_jumps_changes_nothing_but_what_is_noted(open_session):
    """Order is that of the journal, and times are those of the page, whatever the clock says."""
    session = open_session()
    jumps = iter([0, -3_600, 86_400, -7_200])
    session._clock = lambda: NOON + timedelta(seconds=next(jumps))
    texts = [decide(session, "joy", seconds=2.0).text for _ in range(3)]
    session.undo("u", version=session.labelling.n_events)
    again = open_session()
    assert [one.text for one in again.labelling.decisions()] == texts[:2]
    assert again.labelling.decisions()[1].at == "2026-01-02T11:00:00.000+00:00"
    assert again.labelling.seconds() == 4.0
    assert again.labelling.n_events == session.labelling.n_events


def test_resumed_session_is_as_it_was(open_session, pool):
    """The same labels, decisions and file; a larger pool brings its texts, a smaller one loses none."""
    session = open_session()
    for _ in range(6):
        decide(session, "joy")
    decide(session, is_skip=True)
    session.write()
    before = session.out.read_bytes()
    session.out.unlink()
    again = open_session()
    again.write()
    assert again.out.read_bytes() == before
    larger = open_session(Pool("p", (*pool.texts, "new text"), (*pool.lines, 99)))
    assert larger.n_left == 20 + 1 - 7
    other = open_session(Pool("p", ("new text",), (2,)))
    other.write()
    assert other.out.read_bytes() == before
    assert other.current().text == "new text"


@pytest.mark.parametrize("name", ["l.jsonl", "l.csv", "l.tsv", "l.jsonl.gz"])
def test_labelled_file_is_data_for_a_run(session, tmp_path, name):
    """Texts and labels are read back; skipped texts are not there."""
    texts = [decide(session, label, note="=1+1").text for label in ("joy", "fear", "joy")]
    decide(session, is_skip=True)
    write_labelled(session.labelling.decisions(), tmp_path / name)
    found = load_data(tmp_path / name)["all"]
    assert list(found.texts) == texts
    assert list(found.labels) == ["joy", "fear", "joy"]


def test_labelled_file_says_who_when_and_how_sure(session, tmp_path):
    """One row of JSON, and a note that no spreadsheet runs."""
    session.advice = Advice((5,), {5: Suggestion(("fear",), 0.5)}, is_of_model=True)
    decide(session, "joy", seconds=2.0, note="=1+1")
    write_labelled(session.labelling.decisions(), tmp_path / "l.jsonl")
    assert json.loads((tmp_path / "l.jsonl").read_text(encoding="utf-8")) == {
        "text": session.pool.texts[5],
        "label": "joy",
        "line": 7,
        "by": "me",
        "at": "2026-01-02T12:00:00.000+00:00",
        "seconds": 2.0,
        "suggested_label": "fear",
        "confidence": 0.5,
        "is_random": False,
        "note": "=1+1",
    }
    write_labelled(session.labelling.decisions(), tmp_path / "l.csv")
    with (tmp_path / "l.csv").open(encoding="utf-8", newline="") as stream:
        assert next(csv.DictReader(stream))["note"] == "'=1+1"


@pytest.mark.parametrize("name", ["l.jsonl", "l.csv"])
def test_labelled_file_keeps_the_columns_of_the_pool(open_session, tmp_path, name):
    """An id tells which ticket it was; what a run could take for a label of ours gets another name."""
    path = tmp_path / "tickets.csv"
    path.write_text(
        "id,date,label,split,message\nT-1,2026-01-02,old,test,hello\n", encoding="utf-8"
    )
    session = open_session(read_pool(path))
    decide(session, "joy")
    again = open_session(Pool("p", ("other",), (1,)))  # the pool has the row no more
    decide(again, "fear")
    write_labelled(again.labelling.decisions(), tmp_path / name)
    reader = csv.DictReader if name == "l.csv" else lambda stream: map(json.loads, stream)
    with (tmp_path / name).open(encoding="utf-8", newline="") as stream:
        first, second = reader(stream)
    assert (first["text"], first["label"], first["id"]) == ("hello", "joy", "T-1")
    assert (first["date"], first["pool_label"], first["pool_split"]) == (
        "2026-01-02",
        "old",
        "test",
    )
    assert (second["label"], second["id"] or None) == ("fear", None)
    assert list(load_data(tmp_path / name)["all"].labels) == ["joy", "fear"]


def test_several_labels_are_a_list(open_session, tmp_path):
    """None of the labels is an answer, too; what was suggested is beside it, also that it was none."""
    session = open_session(several=True)
    suggestions = {5: Suggestion(("joy", "sadness"), 0.6), 6: Suggestion(())}
    session.advice = Advice((5, 6), suggestions, is_of_model=True)
    assert decide(session, "joy", "fear").suggested == ("joy", "sadness")
    assert decide(session).suggested == ()
    assert session.history(1).suggested == ("joy", "sadness")
    decide(session, "fear")
    session.write()
    rows = [json.loads(line) for line in session.out.read_text(encoding="utf-8").splitlines()]
    assert [row["labels"] for row in rows] == [["joy", "fear"], [], ["fear"]]
    assert [row["suggested_labels"] for row in rows] == [["joy", "sadness"], [], None]
    assert [row["confidence"] for row in rows] == [0.6, None, None]


@pytest.mark.parametrize(
    ("name", "several"), [("l.xlsx", False), ("l.txt", False), ("l.csv", True)]
)
def test_output_of_another_kind_is_refused(tmp_path, name, several):
    """Before anything is labelled."""
    with pytest.raises(InputError, match="cannot be written"):
        check_labelled_file(tmp_path / name, several=several)


def test_earlier_state_never_replaces_a_later_one(session, monkeypatch):
    """The background may be writing when the command ends: what is written last holds all decisions."""
    is_slow, may_go_on = threading.Event(), threading.Event()

    def write_slowly(decisions, out, **options):
        if not is_slow.is_set():
            is_slow.set()
            may_go_on.wait(60)
        write_labelled(decisions, out, **options)

    monkeypatch.setattr("assay.review.session.write_labelled", write_slowly)
    decide(session, "joy")
    with ThreadPoolExecutor(2) as others:
        first = others.submit(session.write)
        is_slow.wait(60)
        decide(session, "fear")
        last = others.submit(session.write)
        with pytest.raises(TimeoutError):
            last.result(0.05)
        may_go_on.set()
        first.result(60)
        last.result(60)
    rows = [json.loads(line) for line in session.out.read_text(encoding="utf-8").splitlines()]
    assert [row["label"] for row in rows] == ["joy", "fear"]


def test_decision_finds_its_text_in_another_pool(open_session, pool):
    """A page that was open while the command ran again names a place of the pool before."""
    session = open_session()
    item = session.current()
    mark = text_mark(item.text)
    grown = Pool("p", ("new text", *pool.texts), (1, *pool.lines))
    again = open_session(grown)
    given = Given("late", item.position, ("joy",), mark=mark)
    again.decide(given, version=session.version)
    assert [(one.text, one.line) for one in again.labelling.decisions()] == [(item.text, item.line)]
    other = open_session(Pool("p", ("new text",), (1,)))
    with pytest.raises(OtherPageError, match="not in the pool any more"):
        other.decide(replace(given, id="later"), version=other.version)
    assert len(other.labelling) == 1


def test_note_comes_back_with_its_text(session):
    """Whoever takes a decision back to give another label has the note still."""
    item = decide(session, "joy", note="sarcastic?")
    session.undo("u", version=session.version)
    assert (session.current().text, session.current().note) == (item.text, "sarcastic?")
    assert session.current().decision is None


def test_suggestion_follows_the_names_of_labels(session):
    """A label that is renamed while it is suggested can be taken; one that is gone is not suggested."""
    suggestions = {5: Suggestion(("fear",), 0.5), 6: Suggestion(("fear",), 0.5)}
    session.advice = Advice((5, 6), suggestions, is_of_model=True)
    session.current()
    session.rename_label("r", "fear", "dread", version=session.version)
    assert (session.current().suggested, session.current().confidence) == (("dread",), 0.5)
    assert decide(session, "dread").suggested == ("dread",)
    assert (session.current().position, session.current().suggested) == (6, None)


def test_name_that_a_label_has_already_is_no_act(session):
    """There would be nothing to take back."""
    session.rename_label("r", "joy", " joy ", version=session.version)
    with pytest.raises(UnknownChoiceError, match="there is a label 'fear' already"):
        session.add_label("a", " fear", version=session.version)
    with pytest.raises(UnknownChoiceError, match="capitals only"):
        session.rename_label("s", "joy", "Fear", version=session.version)
    assert session.labelling.last() is None
