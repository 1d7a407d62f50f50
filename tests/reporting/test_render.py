"""The report as Markdown and HTML: complete, in order, self-contained, and deaf to what its texts try.

Also tests `environment`, which escapes what the templates write.
"""

import copy
import json
import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from assay._display import hundredfold, percent
from assay.catalogue import LANGUAGES, open_language
from assay.reporting.collect import collect_report
from assay.reporting.environment import TEMPLATES
from assay.reporting.render import render_html, render_markdown, write_report

markdown_it = pytest.importorskip("markdown_it")

PNG = b"\x89PNG not drawn here"
FIGURES = dict.fromkeys(
    (
        "leaderboard",
        "class_counts",
        "words_per_text",
        "confusion",
        "reliability",
        "training",
        "map",
    ),
    PNG,
)
SECTIONS = [
    "Data problems",
    "Data",
    "Per class",
    "Confusion",
    "Calibration",
    "Mistakes",
    "Training",
    "Map",
    "How to use it",
    "How it was made",
]
VOID = {"meta", "img", "input", "link", "br", "hr"}


class Page(HTMLParser):
    """What a browser finds in a page: tags with attributes, headings, and the text of the body."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.headings, self.words, self.open = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("h1", "h2"):
            self.headings.append("")

    def handle_endtag(self, tag):
        """Check that the innermost open tag is closed."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Note text."""
        if "style" not in self.open:
            self.words.append(data)
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings[-1] += data

    @property
    def text(self):
        """All text that is shown."""
        return "".join(self.words)


def read_markdown(text):
    """Parse Markdown and return its block tokens, its inline tokens and the text that a reader sees."""
    tokens = markdown_it.MarkdownIt("commonmark").enable("table").parse(text)
    inline = [child for token in tokens if token.children for child in token.children]
    return tokens, inline, "\n".join(child.content for child in inline)


def without_texts(value):
    """Empty every text of a report."""
    if isinstance(value, dict):
        return {key: "" if key == "text" else without_texts(inner) for key, inner in value.items()}
    return [without_texts(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def page(report):
    """Parse the HTML of the English report."""
    return Page(render_html(report, FIGURES))


def test_html_sections_stand_in_order(page):
    """The sections follow each other as documented, after the title."""
    assert page.headings == ["emotion", *SECTIONS]


def test_html_is_well_formed(page):
    """Every tag that was opened is closed, ids are unique, every link of the contents has its place."""
    assert page.open == []
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert max(Counter(ids).values()) == 1
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a"]
    assert len(links) == len(SECTIONS) + 1
    assert {link[1:] for link in links} <= set(ids)


def test_html_needs_nothing_but_itself(page):
    """No script, no outside address; pictures are inside, and a policy forbids everything else."""
    assert not {tag for tag, _ in page.tags} & {
        "script",
        "iframe",
        "object",
        "embed",
        "link",
        "form",
        "base",
        "svg",
    }
    for tag, attrs in page.tags:
        assert not [name for name in attrs if name.startswith("on")]
        for name in ("src", "href", "srcset", "action"):
            assert attrs.get(name, "#").startswith(("data:image/png;base64,", "#")), (tag, attrs)
    policies = [
        attrs["content"]
        for tag, attrs in page.tags
        if attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    assert "http" not in page.text


def test_html_says_its_encoding_first_and_fits_a_phone(report):
    """The charset is within the first bytes, the viewport is set, both colour schemes are styled."""
    text = render_html(report, FIGURES)
    assert '<meta charset="utf-8">' in text[:200]
    assert 'name="viewport" content="width=device-width' in text
    assert "prefers-color-scheme: dark" in text
    assert "url(" not in text
    assert "@import" not in text


def test_html_figures_have_alternative_texts_and_captions(page):
    """Every picture says what it shows to those who cannot see it, and has one line below."""
    pictures = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(pictures) == len(FIGURES)
    assert all(len(attrs["alt"]) > 10 for attrs in pictures)
    assert sum(tag == "figcaption" for tag, _ in page.tags) == len(FIGURES)


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_first_screen_has_the_verdict(report, render):
    """The first words are the recommendation, its accuracy, n, interval, the floor and why."""
    verdict = report["verdict"]
    text = re.sub(
        r"<[^>]+>|\*\*",
        "",
        render(report, FIGURES).partition("</head>")[2] or render(report, FIGURES),
    )
    top = text[: text.index("Data problems", 900)]
    low, high = verdict["intervals"]["accuracy"]
    for needed in (
        f"Take {verdict['method']}: it labels {percent(verdict['accuracy'])} of 2,000 test texts right",
        f"always answering “{verdict['floor']['label']}” gets {percent(verdict['floor']['accuracy'])}",
        f"{hundredfold(low)}–{percent(high)}",
        percent(verdict["f1_weighted"]),
        open_language("en").tell(verdict["reasons"][0])[1:60],
        *("majority", "linear", "compact", "features", "finetune"),
    ):
        assert needed in top, needed


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_recommending_majority_is_said_as_what_it_is(report, render):
    """Where nothing beats the floor the first sentence says so, and does not praise it."""
    floored = copy.deepcopy(report)
    floored["verdict"]["method"] = "majority"
    text = render(floored, FIGURES)
    assert "No method is shown to beat always answering" in text
    assert "Take " not in text


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_first_words_say_that_nothing_is_shown_to_be_learnt_yet(report, render):
    """Not "33 % of 6 test texts right, where always answering joy gets 50 %"; the scores follow below."""
    doubted = copy.deepcopy(report)
    verdict = doubted["verdict"]
    fact = {"kind": "choice.not_shown", "accuracy": 0.48, "floor_accuracy": 0.45}
    verdict["reasons"].append(fact)
    text = re.sub(r"<[^>]+>|\*\*", "", render(doubted, FIGURES))
    label = verdict["floor"]["label"]
    assert (
        f"Take {verdict['method']} for now: it is not yet shown to be better than always "
        f"answering “{label}”." in text
    )
    assert f"Take {verdict['method']}: it labels" not in text
    assert percent(verdict["accuracy"]) in text


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_results_alone_render(results, render):
    """A report of nothing but results renders, without headings of parts that are not there."""
    text = render(collect_report(results), {"leaderboard": PNG, "confusion": PNG})
    for absent in ("Calibration", "Mistakes", "Training", "Map"):
        assert f">{absent}</h2>" not in text
        assert f"## {absent}" not in text
    assert "How it was made" in text


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_rendering_repeats(report, render):
    """The same report gives the same text."""
    assert render(report, FIGURES) == render(report, FIGURES)


def test_html_keeps_hostile_texts_as_texts(hostile_report):
    """Labels and texts that are markup change no tag of the page, and are shown letter by letter."""
    harmless = json.loads(re.sub(r"[<>&]", "x", json.dumps(hostile_report)))
    page = Page(render_html(hostile_report, FIGURES))
    tame = Page(render_html(harmless, FIGURES))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in tame.tags]
    assert "<script>alert(1)</script>" in page.text
    assert "<img src=x onerror=alert(1)>" in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert "⟨U+202E⟩evil⟨U+0007⟩" in page.text


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_hidden_characters_do_not_reach_the_page(hostile_report, render):
    """Direction overrides, bells, escapes and unpaired surrogates are shown by name, not passed on."""
    text = render(hostile_report, FIGURES)
    text.encode("utf-8")
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", text)


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_long_labels_are_cut(hostile_report, render):
    """A label of three hundred characters is cut wherever it is shown."""
    assert "x" * 300 in hostile_report["labels"]
    assert "x" * 170 not in render(without_texts(hostile_report), FIGURES)


def test_markdown_sections_stand_in_order(report):
    """The sections follow each other as documented, under one title."""
    tokens, _, _ = read_markdown(render_markdown(report, FIGURES))
    headings = [
        tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"
    ]
    assert headings == ["emotion: assay report", *SECTIONS]


def test_markdown_pictures_stand_beside_it(report):
    """Pictures are expected in report_files, by the names that are written there."""
    _, inline, _ = read_markdown(render_markdown(report, FIGURES))
    sources = [child.attrs["src"] for child in inline if child.type == "image"]
    assert sorted(sources) == sorted(f"report_files/{name}.png" for name in FIGURES)


@pytest.mark.parametrize("which", ["report", "korean_report", "hostile_report"])
def test_markdown_tables_are_whole(which, request):
    """Every row of every table has as many cells as its head, and every table has rows."""
    tokens, _, _ = read_markdown(render_markdown(request.getfixturevalue(which), FIGURES))
    width = cells = rows = 0
    for token in tokens:
        if token.type == "table_open":
            width = rows = 0
        elif token.type == "th_open":
            width += 1
        elif token.type == "td_open":
            cells += 1
        elif token.type == "tr_open":
            cells = 0
        elif token.type == "tr_close" and cells:
            rows += 1
            assert cells == width
        elif token.type == "table_close":
            assert rows > 0
    assert sum(token.type == "table_open" for token in tokens) >= 10


def test_markdown_keeps_hostile_texts_as_texts(hostile_report):
    """No label or text becomes a link, a picture, markup or code; each is read letter by letter."""
    tokens, inline, read = read_markdown(render_markdown(hostile_report, FIGURES))
    markup = [t.content for t in [*tokens, *inline] if t.type in ("html_block", "html_inline")]
    assert all(
        re.fullmatch(r"\s*(<details><summary>[\w ,]+</summary>|</details>)\s*", part)
        for part in markup
    )
    assert not [child for child in inline if child.type in ("link_open", "code_inline")]
    assert {c.attrs["src"].partition("/")[0] for c in inline if c.type == "image"} == {
        "report_files"
    }
    whole = read.replace("\n", "")
    for label in (
        "<script>alert(1)</script>",
        "a|b](javascript:alert(1))",
        "`code` $x$ *b* _i_ {{ 7 * 7 }}",
    ):
        assert label in whole
    assert "![i](http://evil.example/x.png)" in whole


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_many_classes_are_folded(korean_report, report, render):
    """Tables of 77 classes are folded away, with the weakest ten in sight; of six classes nothing is."""
    assert "All 77 labels" in render(korean_report, FIGURES)
    assert "weakest ten" in render(korean_report, FIGURES)
    assert "weakest ten" not in render(report, FIGURES)


def test_korean_stands_as_such(korean_report):
    """Korean labels and texts are written as they are, in every file."""
    for text in (render_html(korean_report, FIGURES), render_markdown(korean_report, FIGURES)):
        assert "비밀번호 재발급" in text
        assert "어떻게 바꾸나요?" in text


def test_write_report_writes_everything(hostile_report, tmp_path):
    """A folder gets report.md, report.html, report.json and the pictures that report.md shows."""
    write_report(hostile_report, tmp_path)
    names = {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert names == {
        "report.md",
        "report.html",
        "report.json",
        *(f"report_files/{name}.png" for name in FIGURES),
    }
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == hostile_report


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_report_json_makes_the_same_report_again(hostile_report, render):
    """From what report.json holds the report is rendered again, letter by letter."""
    again = json.loads(json.dumps(hostile_report))
    assert render(again, FIGURES) == render(hostile_report, FIGURES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_report_is_written_in_the_reader_s_language(render, language, report, korean_report):
    """The headings are those of the catalogue; no sentence of another language is left."""
    words = open_language(language)
    for one in (report, korean_report):
        text = render(one, FIGURES, language=language)
        for key in ("problems", "confusion", "how"):
            assert words.say(f"headings.{key}") in text
        assert words.say("calibration.intro", split="validation")[:40] in text
        others = {open_language(code) for code in LANGUAGES if code != language}
        for other in others:
            assert other.say("calibration.intro", split="validation")[:40] not in text
            assert other.say("captions.map")[:30] not in text
        assert "{" not in re.sub(r"<style>.*?</style>|<pre>.*?</pre>", "", text, flags=re.DOTALL)


def test_korean_html_says_that_it_is_korean(report):
    """Screen readers and browsers read the language from the page."""
    text = render_html(report, FIGURES, language="ko")
    assert '<html lang="ko">' in text
    assert "linear를" in text or "compact를" in text or "finetune을" in text


def test_templates_hold_no_words():
    """What a reader reads comes from the catalogue; code and names of files are left."""
    code = re.compile(r"```.*?```|<pre>.*?</pre>|<style>.*?</style>", re.DOTALL)
    slots = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<[^>]*>", re.DOTALL)
    for name in ("report.html.j2", "report.md.j2", "card.md.j2"):
        text = (TEMPLATES / name).read_text(encoding="utf-8")
        words = re.findall(r"[A-Za-z]{3,}", slots.sub("", code.sub("", text)))
        assert words == [], name


@pytest.mark.parametrize("draw", [render_markdown, render_html])
def test_rows_have_the_names_that_a_column_gives_them(report, draw):
    """Rows left out and suspects; without such a column, the tables are as they were."""
    named = copy.deepcopy(report)
    suspect = {"row": 41, "text": "so bad", "label": "a", "proposed_label": "b", "score": 0.9}
    named["problems"]["audit"] = {
        "counts": [],
        "is_checked": True,
        "label_check": "1 label is suspect.",
        "notable": [],
        "suspects": [suspect],
    }
    dropped = named["problems"]["dropped"][0]
    named["data"]["unit"] = "line"
    assert "Line (id)" not in draw(named, FIGURES)
    dropped["id"] = "T-0001"
    suspect["id"] = "T-0002"
    shown = draw(named, FIGURES)
    assert f"{dropped['line']} (T-0001)" in shown
    assert "41 (T-0002)" in shown
    assert shown.count("Line (id)") == 2
    named["data"]["unit"] = "row"  # of a workbook
    assert draw(named, FIGURES).count("Row (id)") == 2


@pytest.mark.parametrize(("text", "direction"), [("كتاب جيد", "rtl"), ("good book", "ltr")])
def test_tokens_are_shown_in_the_direction_of_their_text(report, text, direction):
    """The first one, which is no word, is where a reader begins; each keeps its own order."""
    words = text.split()
    tokens = copy.deepcopy(report["data"]["tokens"])
    tokens["text"] = text
    tokens["subwords"] |= {"tokens": ["<s>", *words, "</s>"], "ids": [0, 5, 6, 2]}
    page = render_html(report | {"data": report["data"] | {"tokens": tokens}}, FIGURES)
    shown = "".join(
        f'<code dir="auto" title="{i}">{token}</code>'
        for i, token in ((0, "&lt;s&gt;"), (5, words[0]), (6, words[1]), (2, "&lt;/s&gt;"))
    )
    assert f'<span dir="{direction}">{shown}</span>' in page
