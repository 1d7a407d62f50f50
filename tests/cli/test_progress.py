"""Progress where there is no terminal: a line now and then, with the rate and the time left."""

import pytest

from assay.cli import progress
from assay.cli.progress import TerminalProgress


@pytest.fixture
def clock(monkeypatch):
    """Let a test set the time, in seconds."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_line_is_written_now_and_then(clock, capsys):
    """A quarter of the work in 15 s: 45 s are left; nothing is said before."""
    with TerminalProgress().track("predict", 4000) as advance:
        clock[0] = 14.9
        advance(500)
        assert capsys.readouterr().err == ""
        clock[0] = 15.0
        advance(500)
        assert capsys.readouterr().err == ("predict: 1,000 of 4,000 (66.7/s), about 45 s left\n")
        clock[0] = 20.0
        advance(500)
        assert capsys.readouterr().err == ""


def test_work_of_unknown_length_has_no_time_left(clock, capsys):
    """Only what was done is known."""
    with TerminalProgress().track("read", 0) as advance:
        clock[0] = 20.0
        advance(0)
        clock[0] = 40.0
        advance(100)
    assert (
        capsys.readouterr().err == "read: 0 (none yet) after 20 s\nread: 100 (2.5/s) after 40 s\n"
    )


def test_slow_steps_are_said_in_seconds_each(clock, capsys):
    """A fold that takes half a minute is not done 0.0 times per second.

    The first makes features that the others find: what it takes is the most that one can take.
    """
    with TerminalProgress().track("folds", 5) as advance:
        clock[0] = 32.0
        advance(1)
        assert capsys.readouterr().err == "folds: 1 of 5 (32 s each), up to 128 s left\n"
        clock[0] = 48.0
        advance(1)
    assert capsys.readouterr().err == "folds: 2 of 5 (24 s each), about 72 s left\n"


def test_sentence_is_said_on_stderr(capsys):
    """It is shown as it is: no markup, no line break at the width of a terminal."""
    sentence = "fetching [bold]minilm[/bold] " + "a" * 200
    TerminalProgress().say(sentence)
    assert capsys.readouterr() == ("", f"{sentence}\n")
