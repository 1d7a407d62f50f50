"""Texts that were read in a wrong encoding before are warned of, with what they probably were."""

from __future__ import annotations

import pytest

from assay.data.garbled_texts import repair, warn_of_garbled
from assay.data.texts import LabelledTexts

WORDS = [
    "schön für mich",
    "Ärger mit Öl",
    "déjà à côté",
    "czołg źle",
    "“so good”",
    "좋아요",
    "☺ fine",
]


@pytest.mark.parametrize("text", WORDS)
def test_repair_undoes_what_a_wrong_encoding_did(text):
    """Bytes that have no character in cp1252 are taken as they are, as browsers do."""
    garbled = "".join(
        bytes([byte]).decode("cp1252" if byte not in b"\x81\x8d\x8f\x90\x9d" else "latin-1")
        for byte in text.encode()
    )
    assert repair(garbled) == text
    assert repair(text) is None


@pytest.mark.parametrize("text", ["plain", "ÃO", "CAFÉ»", "naïve", "40 €", "한국어", "é"])
def test_other_texts_are_left_alone(text):
    """Letters that may be beside signs are no accident of bytes."""
    assert repair(text) in (None, text)


def test_warning_counts_and_shows_a_piece(caplog):
    """From two texts on; a long text is never shown as a whole."""
    garbled = "words " * 50 + "schÃ¶n und gut fÃ¼r mich " + "words " * 50
    labelled = LabelledTexts((garbled, "fine", "fÃ¼r", "schön"), ("a", "b", "a", "b"))
    warn_of_garbled({"train": labelled}, source="d.csv")
    assert caplog.messages == [
        "d.csv: 2 texts seem to have been read in a wrong encoding before: "
        "'ds words schÃ¶n und gut' is probably 'ds words schön und gut f'; "
        "export them once more, as UTF-8"
    ]
    caplog.clear()
    one = LabelledTexts((garbled, "fine \ufffd", "x"), ("a", "b", "a"))
    warn_of_garbled({"train": one}, source="d.csv")
    assert caplog.messages == []


def test_lost_characters_are_warned_of(caplog):
    """What is lost cannot be guessed."""
    labelled = LabelledTexts(("sch\ufffdn", "f\ufffdr", "fine"), ("a", "b", "a"))
    warn_of_garbled({"train": labelled}, source="d.csv")
    assert caplog.messages == [
        "d.csv: 2 texts have characters that were lost (U+FFFD), such as 'sch\ufffdn'; "
        "export them once more, as UTF-8"
    ]
