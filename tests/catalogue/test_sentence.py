"""A sentence is filled in as its notation says: values, formats, plural forms, particles, code."""

import pytest

from assay.catalogue import Markup, Styled, open_language
from assay.catalogue.markup import PLAIN
from assay.catalogue.sentence import Sentence


def fill(text, language="en", markup=PLAIN, **values):
    """Fill in a sentence of one language."""
    return Sentence(text).fill(values, open_language(language), markup)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("{n} texts", {"n": 2000}, "2,000 texts"),
        ("{n} {n:text|texts}", {"n": 1}, "1 text"),
        ("{n} {n:text|texts}", {"n": 0}, "0 texts"),
        ("{a:percent}, {a:percent 0}", {"a": 0.934}, "93.4%, 93%"),
        ("{a:interval}", {"a": [0.923, 0.945]}, "92.3–94.5%"),
        ("{split:splits} texts", {"split": "test"}, "test texts"),
        ("{split:splits} texts", {"split": "mine"}, "mine texts"),
        ("{n}", {"n": None}, "–"),
        ("run `assay {x}`", {}, "run `assay {x}`"),
    ],
)
def test_values_are_written_as_the_sentence_says(text, values, expected):
    """Whole numbers need no format; code is left as it is."""
    assert fill(text, **values) == expected


def test_particle_looks_at_what_a_reader_sees():
    """Quotation marks and emphasis around a value do not change its sound."""
    markup = Markup(value=lambda text, style: f"<b>{text}</b>" if style else text)
    values = {"label": Styled("분노", "strong"), "m": "linear"}
    assert fill("“{label}”{이/가} {m}{을/를}", "ko", markup, **values) == "“<b>분노</b>”가 linear를"


def test_markup_gets_literals_values_and_code_apart():
    """Each part is written by its own function, so that nothing is escaped twice or not at all."""
    markup = Markup(
        literal=lambda text: text.upper(),
        code=lambda text: f"<{text}>",
        value=lambda text, style: f"[{text}{style}]",
    )
    assert fill("see `x.csv`: {name}", markup=markup, name="it") == "SEE <x.csv>: [it]"


def test_fraction_without_a_format_is_refused():
    """Nobody wants to read 0.9340000000000001."""
    with pytest.raises(TypeError, match=r"a is 0\.5: the sentence must say how it is written"):
        fill("{a}", a=0.5)


def test_sentence_knows_its_values():
    """Languages are compared by them."""
    sentence = Sentence("{n} {m:a|b} {x:percent}{을/를} `{code}`")
    assert sentence.names == {"n", "x"}
    assert sentence.formats == {"x": "percent"}
    assert sentence.n_forms == {2}
