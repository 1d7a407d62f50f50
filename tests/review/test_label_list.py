"""Names of labels are kept in one form; what cannot be told apart or seen is no name."""

import pytest

from assay.errors import InputError
from assay.review.event_session import UnknownChoiceError
from assay.review.events import Names, Undo
from assay.review.journal import Journal
from assay.review.label_list import (
    add_labels,
    check_capitals,
    check_labels,
    check_name,
    check_new_name,
    warn_of_spellings,
)

NO_WIDTH = "\u200b"
UNREADABLE = [NO_WIDTH, "\u2060\ufeff", "joy\x00", "\x07", "half \ud83d"]


def test_name_is_composed_and_has_single_spaces():
    """As two systems type the same syllables; signs and emoji are names like others."""
    assert check_name("  \u1112\u1161\u11ab  글 ") == "한 글"
    assert check_labels(["cafe\u0301", "👍🏽", "+", "❤️"]) == ("café", "👍🏽", "+", "❤️")


@pytest.mark.parametrize("name", UNREADABLE)
def test_name_that_cannot_be_read_is_refused(name):
    """A space of no width, a control character, half of an emoji."""
    with pytest.raises(UnknownChoiceError, match="control character"):
        check_name(name)
    with pytest.raises(InputError, match="control character"):
        check_labels(["fear", name])


def test_label_with_other_capitals_is_not_added():
    """It would be another label by mistake."""
    with pytest.raises(UnknownChoiceError, match="differs in capitals only"):
        check_new_name("Joy", ["joy"])
    assert check_new_name(" fear", ["joy"]) == "fear"
    with pytest.raises(UnknownChoiceError, match="there is a label 'joy' already"):
        check_new_name("joy ", ["joy"])
    many = [f"label {i}" for i in range(1_000)]
    with pytest.raises(UnknownChoiceError, match="at most 1,000"):
        check_new_name("fear", many)


def test_capitals_alone_are_no_other_label():
    """But a label may get other capitals, and one of two that are alike the name of the other."""
    with pytest.raises(UnknownChoiceError, match="'JOY' differs in capitals only"):
        check_capitals("JOY", ["joy", "fear"])
    check_capitals("JOY", ["fear"])
    check_capitals("JOY", ["joy", "JOY"])


def test_labels_that_are_probably_one_are_said(caplog):
    """Whoever types them twice learns it at once, not from the audit of the labelled texts."""
    warn_of_spellings(["A", "b", "a", "e-mail", "email"])
    assert "labels 'a' and 'A' are probably one" in caplog.text
    assert len(caplog.messages) == 2


def test_label_that_was_taken_back_can_be_named_again(tmp_path):
    """It was on the list and is no more: the command line adds it like a new one."""
    journal = Journal(tmp_path / "l.jsonl.journal")
    journal.append(Names("first", "", ("joy",)))
    journal.append(Names("page", "", ("fear",), on_page=True))
    journal.append(Undo("undo", "", "page"))
    add_labels(("joy", "fear"), journal, "")
    add_labels(("joy", "fear"), journal, "")
    journal.close()
    added = [event.labels for event in journal.events if isinstance(event, Names)]
    assert added == [("joy",), ("fear",), ("fear",)]
