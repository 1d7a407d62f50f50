"""What templates write is escaped for their form, whatever a sentence or a value holds."""

import pytest

from assay.catalogue import open_language
from assay.reporting.environment import open_environment, tidy

HOSTILE = "<b>|x|</b> *y* \u202e`z`"
SHOWN = {
    "html": "&lt;b&gt;|x|&lt;/b&gt; *y* ⟨U+202E⟩`z`",
    "md": r"&lt;b&gt;\|x\|&lt;/b&gt; \*y\* ⟨U+202E⟩\`z\`",
}


def render(template, form, language="en", **values):
    """Render a line of a template."""
    environment = open_environment(open_language(language), form=form)
    return environment.from_string(template).render(**values)


@pytest.mark.parametrize("form", ["html", "md"])
@pytest.mark.parametrize(
    "template",
    ["{{ x }}", '{{ tell({"kind": "verbatim.text", "text": x}) }}', "{{ tell(x) }}"],
)
def test_values_are_escaped(form, template):
    """Directly, inside of a sentence, and as a sentence of an old report."""
    assert render(template, form, x=HOSTILE) == SHOWN[form]


def test_styles_are_those_of_the_form():
    """Strong, isolated and code in HTML; Markdown has no isolation."""
    template = '{{ say("mistakes.nearest", text=t|isolated, label=l|in_code) }}'
    assert "<bdi>a&lt;b</bdi> (<code>joy</code>)" in render(template, "html", t="a<b", l="joy")
    assert "a&lt;b (`joy`)" in render(template, "md", t="a<b", l="joy")


ARABIC = "جديد"


def test_labels_read_from_right_to_left_are_isolated():
    """The number after such a label would else be taken for a part of it, in front of it."""
    template = '{{ say("mistakes.nearest", text="a", label=l) }}'
    assert f"a (<bdi>{ARABIC}</bdi>)" in render(template, "html", l=ARABIC)
    assert f"a (\u2068{ARABIC}\u2069)" in render(template, "md", l=ARABIC)
    assert "a (new)" in render(template, "md", l="new")


def test_code_of_a_sentence_is_code():
    """Backticks of the catalogue become elements in HTML, and stay in Markdown."""
    template = '{{ say("problems.in_issues") }}'
    assert render(template, "html") == "All of them are in <code>issues.csv</code>."
    assert render(template, "md") == "All of them are in `issues.csv`."


def test_long_values_are_cut_and_messages_later():
    """A label of any length fits into a sentence; the message of an error may be longer."""
    label = render('{{ say("mistakes.of_method", method=x) }}', "html", x="x" * 500)
    assert 100 < label.count("x") < 170
    message = render("{{ tell(x) }}", "html", x="x" * 500)
    assert 390 < message.count("x") < 410


@pytest.mark.parametrize(("language", "expected"), [("en", "Linear is"), ("ko", "linear is")])
def test_capitals_follow_the_language(language, expected):
    """Korean has none, so that names keep their small letters."""
    assert render("{{ x|capital }}", "html", language, x="linear is") == expected


def test_word_falls_back_to_what_is_given():
    """A method that the catalogue does not know is described by its maker."""
    template = '{{ name|word("methods", what) }}'
    assert render(template, "html", name="mine", what="my own") == "my own"
    assert render(template, "html", name="majority", what="?").startswith("answers by how frequent")
    assert render('{{ "blank text"|word("dropped") }}', "html", "ko") == "텍스트가 비어 있음"


def test_tidy_leaves_single_blank_lines():
    """Where a template left out a part, no gap remains."""
    assert tidy("a\n\n\n\nb\n\n") == "a\n\nb\n"
