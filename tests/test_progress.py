"""Work reports its progress to whoever shows it; by default nobody does."""

from contextlib import contextmanager

from assay.progress import Progress


def test_progress_is_silent_unless_it_is_shown(capsys):
    """The default accepts everything and prints nothing."""
    progress = Progress()
    with progress.track("work", 3) as advance:
        advance(1)
        advance(2)
    progress.say("a sentence")
    assert not progress.draws_bars
    assert capsys.readouterr() == ("", "")


def test_subclass_hears_what_is_done():
    """It sees the name, the number of steps, and each step."""
    heard = []

    class Heard(Progress):
        @contextmanager
        def track(self, name, n_steps):
            heard.append((name, n_steps))
            yield heard.append

    with Heard().track("work", 2) as advance:
        advance(1)
        advance(1)
    assert heard == [("work", 2), 1, 1]


def test_sentence_that_holds_for_all_methods_is_said_once():
    """Another sentence is said, and other progress says it too."""

    class Noted(Progress):
        def __init__(self):
            self.said = []

        def say(self, sentence):
            self.said.append(sentence)

    first, second = Noted(), Noted()
    for sentence in ("a", "b", "a"):
        first.say_once(sentence)
    second.say_once("a")
    assert (first.said, second.said) == (["a", "b"], ["a"])
