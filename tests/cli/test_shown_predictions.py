"""What `assay predict` prints: a table for people, names of rows, and refusals."""

import io
from types import SimpleNamespace

import pytest

from assay.batch.blank_rows import BlankRows
from assay.batch.rows import Prediction
from assay.cli import shown_predictions
from assay.cli.shown_predictions import Printing, print_predictions
from assay.errors import DataError
from assay.runtime.limits.scripts import UnseenScripts

SCORES = {"predicted_label": "joy", "predicted_score": 0.95, "score:joy": 0.95, "score:fear": 0.05}
BY_RULE = {"predicted_label": "fear", "predicted_score": 0.3, "score:joy": 0.7, "score:fear": 0.3}
PREDICTIONS = [
    Prediction(2, {"nr": "T-1", "text": "so glad", **SCORES}, row_id="T-1"),
    Prediction(3, {}, "a text of 100,001 characters", row_id="T-2"),
    Prediction(4, {"nr": "T-3", "text": " ", **SCORES}, has_no_text=True, row_id="T-3"),
    Prediction(5, {"nr": "T-4", "text": "not sure", **BY_RULE}, row_id="T-4"),
    Prediction(6, {}, "3 fields where the header has 2"),
]


@pytest.fixture
def terminal(monkeypatch):
    """Take stdout for a terminal, and keep the table in place of drawing it."""
    tables = []
    monkeypatch.setattr(
        shown_predictions, "print_table", lambda rows, **more: tables.append(list(rows))
    )
    streams = SimpleNamespace(stdout=FakeTerminal(), stderr=io.StringIO())
    monkeypatch.setattr(shown_predictions, "sys", streams)
    return SimpleNamespace(tables=tables, stderr=streams.stderr)


class FakeTerminal:
    """A stream that says it is a terminal."""

    def isatty(self):
        """Tell that people read it."""
        return True


def test_table_names_rows_and_says_what_a_score_does_not(terminal):
    """The column of ids comes first; no text and the model's rule are said in the place of how sure it is."""
    blank, unseen = print_predictions(PREDICTIONS, Printing("text", "nr"))
    assert [(row["nr"], row["label"], row["confidence"]) for row in terminal.tables[0]] == [
        ("T-1", "joy", "sure"),
        ("T-3", "joy", "no text"),
        ("T-4", "fear", "by its rule"),
    ]
    assert terminal.tables[0][2]["second label"] == "joy"
    assert unseen == UnseenScripts(3)
    assert blank == BlankRows(1, (4,), ("T-3",))
    assert (
        blank.describe() == "1 row holds no text (T-3): its label and scores say nothing about it"
    )
    said = terminal.stderr.getvalue()
    assert "warning: line 3 (T-2) rejected: a text of 100,001 characters\n" in said
    assert "warning: line 6 rejected: 3 fields where the header has 2\n" in said


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (PREDICTIONS[1:], r"^a\.csv line 3 \(T-2\): a text of 100,001 characters$"),
        (PREDICTIONS[2:], r"^a\.csv line 4 \(T-3\): the text is blank$"),
    ],
)
def test_strict_refuses_with_the_name_of_the_row(terminal, rows, message):
    """The first row that cannot be scored or holds no text ends it."""
    with pytest.raises(DataError, match=message):
        print_predictions(rows, Printing("text", "nr", refused_in="a.csv"))
