"""Untrusted text in plain sight and without meaning to Markdown."""

import html
import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.reporting.escape import escape_markdown, find_direction, quote, shorten, show_text

markdown_it = pytest.importorskip("markdown_it")

ANY_TEXT = st.text(st.characters(), max_size=40)  # lone surrogates among them
NASTY = st.text(st.sampled_from(list("\\`*_{}[]()#+-.!|~$<>&:;/@\"'= \n\t0129axjw")), max_size=40)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 한국어 é 😀", "plain 한국어 é 😀"),
        ("two\nlines\tand a tab", "two↵lines⇥and a tab"),
        ("\u202eevil\u2066", "⟨U+202E⟩evil⟨U+2066⟩"),
        ("bell\x07 escape\x1b del\x7f", "bell⟨U+0007⟩ escape⟨U+001B⟩ del⟨U+007F⟩"),
        ("lone \ud800 surrogate", "lone ⟨U+D800⟩ surrogate"),
        ("zero\u200bwidth \u2028 line", "zero⟨U+200B⟩width ⟨U+2028⟩ line"),
        ("👩\u200d👩\u200d👧 می\u200cخواهم", "👩\u200d👩\u200d👧 می\u200cخواهم"),
    ],
)
def test_show_text_makes_the_invisible_visible(text, shown):
    """Control, direction and unpaired characters are shown.

    Emoji, Persian and Korean stay whole.
    """
    assert show_text(text) == shown


@given(ANY_TEXT)
def test_show_text_leaves_nothing_that_hides(text):
    """Whatever comes in, what goes out is encodable and has no character that acts unseen, but for two joiners."""
    shown = show_text(text)
    shown.encode("utf-8")
    hidden = {c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert hidden <= {"\u200c", "\u200d"}


@pytest.mark.parametrize(
    ("text", "n_cells", "short"),
    [
        ("short", 10, "short"),
        ("exactly10!", 10, "exactly10!"),
        ("far too long", 6, "far t…"),
        ("배송 지연 문의", 8, "배송 지…"),
    ],
)
def test_shorten_counts_columns(text, n_cells, short):
    """Wide characters count two columns; what fits is left alone."""
    assert shorten(text, n_cells) == short


@given(ANY_TEXT, st.integers(2, 30))
def test_shorten_never_exceeds_its_columns(text, n_cells):
    """The result is never wider than asked for."""
    width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in shorten(text, n_cells))
    assert width <= n_cells


def plain_text(markdown):
    """Render Markdown and return the tokens and the text that a reader sees."""
    tokens = (
        markdown_it.MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(markdown)
    )
    inline = [child for token in tokens if token.children for child in token.children]
    return tokens, inline, "".join(child.content for child in inline)


@settings(max_examples=300)
@given(NASTY)
def test_escape_markdown_has_no_meaning_in_a_paragraph(text):
    """A Markdown parser finds one paragraph of plain text, and it reads as the text does."""
    tokens, inline, read = plain_text("x" + escape_markdown(text) + "x")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {child.type for child in inline} <= {"text", "text_special"}
    assert read == "x" + show_text(text) + "x"


@settings(max_examples=300)
@given(NASTY.filter(lambda text: text.strip() and text == text.strip()))
def test_escape_markdown_has_no_meaning_at_the_start_of_a_line(text):
    """No text opens a list, a heading, a quote, a rule or a code block."""
    tokens, _, read = plain_text(escape_markdown(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert read == show_text(text)


@settings(max_examples=200)
@given(NASTY)
def test_escape_markdown_stays_in_its_table_cell(text):
    """In a table no text makes a cell more or a row more."""
    tokens, _, read = plain_text(f"| a | b |\n|---|---|\n| {escape_markdown(text)} | end |\n")
    assert [token.type for token in tokens].count("td_open") == 2
    assert read.replace(" ", "") == "ab" + show_text(text).replace(" ", "") + "end"


@pytest.mark.parametrize(
    "text", ["https://x.org", "see http://x.org/a", "www.x.org", "mailto:a@b.org", "a@b.org"]
)
def test_escape_markdown_makes_no_links_of_addresses(text):
    """The character that makes GitHub link an address is an entity, and reads the same."""
    escaped = escape_markdown(text)
    assert not any(part in escaped for part in ("://", "www.", "mailto:", "@"))
    assert html.unescape(escaped) == text


@given(ANY_TEXT)
def test_quote_is_one_json_string(text):
    """Quoted text is a JSON string on one line that reads as the text is shown."""
    quoted = quote(text)
    assert len(quoted.splitlines()) == 1
    assert json.loads(quoted) == show_text(text)


def test_quote_is_yaml():
    """YAML reads the same string."""
    yaml = pytest.importorskip("yaml")
    nasty = "a: b # c\n--- \"q\" 'r' {x} [y] | > % @ ` \u0085 \u2028 한국어"
    assert yaml.safe_load(f"key: {quote(nasty)}\n") == {"key": show_text(nasty)}


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("كتاب جيد", "rtl"),
        ("123 «שלום» hello", "rtl"),
        ("hello שלום", "ltr"),
        ("좋아요 كتاب", "ltr"),
        ("123 !", "ltr"),
        ("", "ltr"),
    ],
)
def test_direction_is_that_of_the_first_letter(text, direction):
    """Digits and punctuation have none of their own."""
    assert find_direction(text) == direction
