"""Tokens of a text in a report, as a browser lays them out."""

import copy

import pytest

from _support.browsers import NEEDS_BROWSER, open_browser
from assay.reporting.render import render_html

pytestmark = NEEDS_BROWSER


NAMES = (
    "leaderboard",
    "class_counts",
    "words_per_text",
    "confusion",
    "reliability",
    "training",
    "map",
)
FIGURES = dict.fromkeys(NAMES, b"\x89PNG not drawn here")
TEXTS = ["الطلب تأخر كثيرا ولم يصل شيء", "the order came late, nothing is in it"]


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_begin_beside_what_they_are_and_stay_on_the_page(report, text):
    """A row of letters breaks between any two of them, and a long word inside of itself."""
    tokens = copy.deepcopy(report["data"]["tokens"])
    tokens["text"] = text
    tokens["characters"] |= {"tokens": list(text * 2), "n_tokens": 2 * len(text)}
    tokens["words"] |= {"tokens": [*text.split(), "x" * 200]}
    page_text = render_html(report | {"data": report["data"] | {"tokens": tokens}}, FIGURES)
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.set_content(page_text)
        row = page.locator(".tokens").first
        note, space = row.locator(".note").bounding_box(), row.locator("code", has_text=" ").first
        tops = [code.bounding_box()["y"] for code in row.locator("code").all()]
        assert min(tops) < note["y"] + note["height"]
        assert space.bounding_box()["width"] > 15
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        words = page.locator(".tokens").nth(1)
        assert words.evaluate("(row) => row.scrollWidth <= row.clientWidth")
