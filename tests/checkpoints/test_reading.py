"""Texts that a checkpoint reads badly are named in numbers, with what to do."""

from dataclasses import replace

import pytest

from assay.checkpoints import reading as reading_module
from assay.checkpoints.reading import Reading, describe_reading, measure_reading
from assay.checkpoints.resolve import read_checkpoint
from assay.models import Features, Finetune
from assay.progress import Progress
from assay.recipes.steps.checkpoint import warn_if_read_badly
from assay.recipes.tokens import show_tokens

ENGLISH = ["this is a good day", "a bad day"] * 5
GERMAN = ["das Wetter war den ganzen Tag schön", "mein Paket ist nie angekommen"] * 3


class Told(Progress):
    """Progress that remembers what it was told."""

    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        """Remember it."""
        self.sentences.append(sentence)


def test_unknown_tokens_are_counted_without_the_special_ones(tiny_bert):
    """The tiny vocabulary cannot spell Thai."""
    checkpoint = read_checkpoint(tiny_bert, name="tiny")
    reading = measure_reading(checkpoint, ["ทดสอบภาษาไทย"])
    assert (reading.n_unknown, reading.unknown_fraction) == (reading.n_tokens, 1.0)
    assert reading.n_characters == 12
    assert describe_reading(reading).startswith(
        "warning: tiny reads these texts badly: 100% of the tokens are unknown, "
    )
    assert "--checkpoint e5 reads about 100 languages" in describe_reading(reading)


@pytest.mark.parametrize(
    ("reading", "is_bad"),
    [
        (Reading("x", 300, 0, 1000), False),
        (Reading("x", 300, 6, 1000), True),
        (Reading("x", 900, 0, 1000), True),
        (Reading("x", 9, 0, 9), False),  # too short to tell
        (Reading("x", 5, 2, 9), False),
        (Reading("x", 2, 2, 6), True),  # nothing of it can be read
        (Reading("x", 0, 0, 0), False),
        (Reading("x", 300, 0, 1000, "de"), True),
    ],
)
def test_unknown_or_many_tokens_or_a_strange_language_are_bad(reading, is_bad):
    """Each alone is enough."""
    assert reading.is_bad is is_bad
    assert bool(describe_reading(reading)) is is_bad


def test_a_language_that_the_checkpoint_does_not_know_is_named(tiny_bert):
    """German tokens look well to the English checkpoint; only the language tells."""
    minilm = read_checkpoint(tiny_bert, name="minilm")
    assert measure_reading(minilm, GERMAN).strange_language == "de"
    assert measure_reading(minilm, ENGLISH).strange_language is None
    assert measure_reading(replace(minilm, name="e5"), GERMAN).strange_language is None
    assert measure_reading(replace(minilm, name="other"), GERMAN).strange_language is None


def test_e5_has_no_larger_sibling_to_name():
    """The advice is the methods that need no checkpoint."""
    sentence = describe_reading(Reading("e5", 300, 0, 1000, "tlh"))
    assert "the language, tlh, is none that it was trained on" in sentence
    assert sentence.endswith("linear and compact learn from the texts alone")


def test_commands_say_it_once(tiny_bert, caplog):
    """`tokens` of one text, and every command that calls the step."""
    told = Told()
    show_tokens("ทดสอบภาษาไทย", checkpoint=tiny_bert, progress=told)
    warn_if_read_badly(read_checkpoint(tiny_bert, name="tiny"), ["ทดสอบภาษาไทย"] * 3)
    logged = [record.getMessage() for record in caplog.records]
    assert len(told.sentences) == len(logged) == 1
    assert all("100% of the tokens are unknown" in one for one in [*told.sentences, *logged])


@pytest.mark.parametrize("method", [Features, Finetune])
def test_estimators_say_it_at_the_first_of_many_fits(tiny_bert, caplog, monkeypatch, method):
    """A search fits the same texts many times."""
    monkeypatch.setattr(reading_module, "_warned", set())
    texts, labels = ["ทดสอบภาษาไทย", "สวัสดีครับ"] * 6, ["a", "b"] * 6
    settings = {"n_epochs": 1} if method is Finetune else {"C": 1.0}
    for _ in range(2):
        method(checkpoint=str(tiny_bert), **settings).fit(texts, labels)
    said = [one.getMessage() for one in caplog.records if "reads these texts badly" in one.message]
    assert len(said) == 1
    assert "100% of the tokens are unknown" in said[0]
    method(checkpoint=str(tiny_bert), **settings).fit(ENGLISH[:10], labels[:10])
    assert len(caplog.records) == 1
