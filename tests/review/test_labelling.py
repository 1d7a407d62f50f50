"""What holds now follows from the events: the last decision, less what was taken back, renamed."""

import pytest

from assay.review.events import Decision, Names, Rename, Start, Undo
from assay.review.labelling import Labelling


def decide(name, text, *labels, **more):
    """Return a decision."""
    return Decision(name, "", "me", 1, text, labels, **more)


@pytest.fixture
def labelling():
    """Two labels, three texts."""
    events = [
        Names("n", "", ("joy", "sadness")),
        decide("1", "a", "joy", seconds=3.0),
        decide("2", "b", "sadness", seconds=1_000.0),
        decide("3", "c", is_skip=True, seconds=1.0),
    ]
    return Labelling(events=events)


def test_counts_and_minutes(labelling):
    """Skipped texts have no label; a break is not counted as work."""
    assert labelling.counts() == {"joy": 1, "sadness": 1}
    assert len(labelling) == 3
    assert [one.text for one in labelling.labelled()] == ["a", "b"]
    assert labelling.seconds() == 3.0 + 120.0 + 1.0


def test_undo_takes_the_latest_decision_back(labelling):
    """A text that was decided twice has its first label again; one that was decided once has none."""
    labelling.apply(decide("4", "a", "sadness"))
    assert labelling.last().id == "4"
    labelling.apply(Undo("u1", "", "4"))
    assert labelling.decision("a").labels == ("joy",)
    labelling.apply(Undo("u2", "", "3"))
    assert not labelling.is_decided("c")


def test_renamed_label_is_renamed_everywhere(labelling):
    """In the list, in decisions, and in those that come back when a later one is taken back."""
    labelling.apply(decide("4", "a", "sadness"))
    labelling.apply(Rename("r", "", "joy", "glad"))
    assert labelling.labels == ["glad", "sadness"]
    labelling.apply(Undo("u", "", "4"))
    assert labelling.decision("a").labels == ("glad",)


def test_name_of_another_label_merges_both(labelling):
    """One label is left, with the texts of both."""
    labelling.apply(Rename("r", "", "joy", "sadness"))
    assert labelling.counts() == {"sadness": 2}


def test_merge_that_is_taken_back_leaves_no_trace(labelling):
    """Both labels have their texts again; what was decided meanwhile keeps its label."""
    before = labelling.counts()
    labelling.apply(Rename("r", "", "joy", "sadness"))
    assert labelling.is_merge(labelling.last())
    labelling.apply(Undo("u", "", labelling.last().id))
    assert labelling.counts() == before
    labelling.apply(Rename("s", "", "joy", "sadness"))
    labelling.apply(decide("4", "d", "sadness"))
    labelling.apply(Undo("v", "", "s"))
    assert labelling.counts() == {"joy": 1, "sadness": 2}


def test_last_is_whatever_was_done_last(labelling):
    """Decisions, names and new labels, backwards; labels that the command line named are no act."""
    labelling.apply(Names("new", "", ("fear",), on_page=True))
    labelling.apply(Rename("r", "", "joy", "glad"))
    labelling.apply(decide("4", "a", "fear"))
    found = []
    while (last := labelling.last()) is not None:
        found.append(last.id)
        labelling.apply(Undo(f"undo {last.id}", "", last.id))
    assert found == ["4", "r", "new", "3", "2", "1"]
    assert labelling.labels == ["joy", "sadness"]
    assert len(labelling) == 0


def test_renamed_label_was_suggested_by_its_new_name(labelling):
    """So that whoever compares what was suggested with what was given finds them equal."""
    labelling.apply(decide("4", "d", "joy", suggested="joy"))
    labelling.apply(decide("5", "e", "joy", suggested_labels=("joy", "sadness")))
    labelling.apply(Rename("r", "", "joy", "glad"))
    assert labelling.decision("d").suggested == "glad"
    assert labelling.decision("e").suggested_labels == ("glad", "sadness")


def test_event_that_comes_twice_counts_once(labelling):
    """The page sends again what was not answered."""
    n_events = labelling.n_events
    labelling.apply(decide("1", "z", "joy"))
    assert labelling.n_events == n_events
    assert not labelling.is_decided("z")


def test_start_is_no_other_state(labelling):
    """A page that was open while the command ended sends what it knows to the next one."""
    n_events = labelling.n_events
    labelling.apply(Start("", "pool.csv", 3))
    assert labelling.n_events == n_events
