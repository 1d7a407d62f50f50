"""The map page.

Nothing in it can break out, nothing outside is needed, and in a browser it does what it says.
"""

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import InputError
from assay.reporting.canvas import CLASS_COLOURS
from assay.reporting.data_figures import draw_map
from assay.reporting.map_page import DARK_COLOURS, _to_script_json, render_map_page

ATTACK = "</script><script>alert(1)</script>"
LABELS = ("기쁨", "a \"quoted\" 'label'", "<b>&amp;", ATTACK)
TEXTS = (
    ATTACK,
    "<!--<script>",
    "오늘 정말 행복해요 😀",
    "two\nlines\u2028\u202eevil\ud800",
    "a" * 500,
    "",
    "\\u003c",
    "'\"`",
)
POINTS = np.array(
    [(0, 0), (4, 0), (4, 2), (0, 2), (1, 1), (2, 1), (3, 1), (2, 0.5)], dtype=np.float32
)
PNG = b"\x89PNG\r\n\x1a\n"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


def build_map(points, n_classes):
    """Make up what `map_split` hands out."""
    n = len(points)
    return {
        "points": points,
        "label_ids": np.arange(n) % n_classes,
        "rows": [10 * (i + 1) for i in range(n)],
        "split": "train",
        "checkpoint": "minilm",
        "pooling": "mean",
        "n_texts": 900,
    }


def render(
    labels=LABELS,
    texts=TEXTS,
    *,
    points=POINTS,
    panels=PNG,
    source="/home/me/secret/고객 문의.csv",
    seed=7,
):
    """Render a page of eight texts."""
    return render_map_page(
        build_map(points, len(labels)), labels, texts, panels=panels, source=source, seed=seed
    )


class Page(HTMLParser):
    """Elements as a browser sees them, scripts with their text."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.scripts, self.words, self.in_script = [], [], [], False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        """Keep the element; a script starts empty."""
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.in_script = True
            self.scripts.append([dict(attrs), ""])

    def handle_endtag(self, tag):
        """See a script end."""
        self.in_script = self.in_script and tag != "script"

    def handle_data(self, data):
        """Keep what a script holds, and the words of the page."""
        if self.in_script:
            self.scripts[-1][1] += data
        else:
            self.words.append(data)

    def all(self, name):
        """Return the attributes of every element of that name."""
        return [attrs for tag, attrs in self.elements if tag == name]

    @property
    def data(self):
        """Return what the JSON element holds."""
        return json.loads(self.scripts[0][1])


def policy(page):
    """Return the Content-Security-Policy as a browser reads it."""
    return next(
        m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"
    )


def script_hash(script):
    """Hash a script as the policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def test_page_holds_two_scripts_whatever_the_texts_say():
    """Texts and labels that close the script element or open another end nothing.

    Data, code, no more.
    """
    page = Page(render())
    assert [attrs for attrs, _ in page.scripts] == [{"type": "application/json", "id": "data"}, {}]
    assert "alert(1)" not in page.scripts[1][1]


def test_page_gives_back_every_text_and_label():
    """What the script reads is what was given: quotes, Korean, markup as it is.

    Control characters visible; cut.
    """
    data = Page(render()).data
    assert data["labels"] == list(LABELS)
    by_line = dict(zip(data["line"], data["text"], strict=True))
    assert [by_line[10 * (i + 1)] for i in (0, 1, 2, 5, 6, 7)] == [
        TEXTS[i] for i in (0, 1, 2, 5, 6, 7)
    ]
    assert by_line[40] == "two↵lines⟨U+2028⟩⟨U+202E⟩evil⟨U+D800⟩"
    assert by_line[50] == "a" * 299 + "…"
    assert dict(zip(data["line"], data["label"], strict=True)) == {
        10 * (i + 1): i % 4 for i in range(8)
    }


@given(st.lists(st.text(), min_size=1))
def test_script_json_reads_back_and_holds_no_markup(texts):
    """For any texts.

    The JSON is theirs, and no character of it means anything to HTML or ends a line of script.
    """
    written = _to_script_json({"text": texts})
    assert json.loads(written) == {"text": texts}
    assert not set(written) & set("<>&\u2028\u2029")


def test_policy_allows_this_script_and_nothing_else():
    """The policy allows data images, inline styles and the script of one hash only."""
    page = Page(render())
    assert policy(page) == (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src '{script_hash(page.scripts[1][1])}'"
    )


def test_page_needs_no_network_and_names_no_path():
    """No address but the picture's own data, no event handler in the markup.

    Only the file's name, not its path.
    """
    written = render()
    page = Page(written)
    assert not re.search(r"https?:|//[a-z]|@import|url\(", written)
    assert [attrs["src"].partition(",")[0] for attrs in page.all("img")] == [
        "data:image/png;base64"
    ]
    assert not [name for _, attrs in page.elements for name in attrs if name.startswith("on")]
    assert "고객 문의.csv" in page.words
    assert "secret" not in written


def test_script_puts_texts_into_the_page_as_text_only():
    """The script uses none of the ways by which a text could become markup or code."""
    script = Page(render()).scripts[1][1]
    assert "textContent" in script
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function\(|setAttribute\(.on",
        script,
    )


def test_points_keep_their_proportions_with_y_downwards():
    """One unit for both axes: a map twice as wide as high stays so; the largest y lies on top."""
    data = Page(render()).data
    where = {line: (x, y) for line, x, y in zip(data["line"], data["x"], data["y"], strict=True)}
    assert (data["width"], data["height"]) == (100_000, 50_000)
    assert [where[line] for line in (10, 20, 30, 40, 60)] == [
        (0, 50_000),
        (100_000, 50_000),
        (100_000, 0),
        (0, 0),
        (50_000, 25_000),
    ]


@pytest.mark.parametrize("points", [POINTS[:1], np.zeros((3, 2)), np.array([[0, 5], [0, 7]])])
def test_points_without_extent_make_a_page(points):
    """One text, texts on one spot, texts on a line: no division by zero, and nothing is lost."""
    data = Page(render(texts=TEXTS[: len(points)], points=points)).data
    assert data["width"] >= 1
    assert data["height"] >= 1
    assert len(data["x"]) == len(data["text"]) == len(points)


def test_dots_are_drawn_in_mixed_order():
    """Rows sorted by label are shuffled, always alike, so that no class lies on top of all others."""
    points = np.random.default_rng(0).random((200, 2))
    texts = [f"text {i}" for i in range(200)]
    written = render(texts=texts, points=points)
    lines = Page(written).data["line"]
    assert lines != sorted(lines)
    assert sorted(lines) == [10 * (i + 1) for i in range(200)]
    assert written == render(texts=texts, points=points)


def test_every_colour_has_its_pair_for_dark_pages():
    """Both sets have the same length, and every colour contrasts with its page (WCAG, graphics)."""

    def luminance(colour):
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return np.dot((0.2126, 0.7152, 0.0722), linear)

    assert len(DARK_COLOURS) == len(CLASS_COLOURS) == len(set(DARK_COLOURS))
    assert all(
        (luminance(colour) + 0.05) / (luminance("#161616") + 0.05) > 4.5 for colour in DARK_COLOURS
    )


def test_page_says_what_was_drawn_and_what_it_does_not_mean():
    """Checkpoint, pooling, seed, how many of how many, and the warning about distances."""
    words = " ".join(" ".join(Page(render()).words).split())
    for expected in (
        "8 of 900, train",
        "minilm, frozen",
        "mean",
        "7",
        "distance between clusters that are far apart means little",
    ):
        assert expected in words


def test_panels_have_a_text_for_those_who_cannot_see_them():
    """The picture of the panels names the labels, quotes and all."""
    (image,) = Page(render()).all("img")
    assert image["alt"].startswith(
        "Map of the texts, one density panel for each label: 기쁨, a \"quoted\" 'label', <b>"
    )
    many = Page(render([f"label {i}" for i in range(77)])).all("img")[0]["alt"]
    assert many.endswith("label 29 and 47 more")


@pytest.mark.parametrize(("n_texts", "n_points"), [(0, 0), (7, 8)])
def test_texts_that_do_not_match_the_points_are_refused(n_texts, n_points):
    """One text a point, and at least one."""
    with pytest.raises(
        InputError, match=rf"{n_texts} texts for {n_points} points; one text per point"
    ):
        render(texts=TEXTS[:n_texts], points=POINTS[:n_points])


# ---- In a browser ----

DRIVER = """
const canvas = document.getElementById("canvas"), box = canvas.getBoundingClientRect(), report = {};
const legend = [...document.querySelectorAll("#legend button")];
const data = JSON.parse(document.getElementById("data").textContent);
const text = (id) => document.getElementById(id).textContent;
const tooltip = () => ({
  hidden: document.getElementById("tooltip").hidden, label: document.querySelector("#tooltip b").textContent,
  text: document.querySelector("#tooltip p").textContent, line: document.querySelector("#tooltip small").textContent,
});
const send = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type, {
  pointerId: 1, pointerType: "mouse", button: 0, clientX: box.left + x, clientY: box.top + y, bubbles: true,
}));
const key = (name, shiftKey = false) => canvas.dispatchEvent(new KeyboardEvent("keydown", { key: name, shiftKey }));
const scale = Math.min((canvas.clientWidth - 44) / data.width, (canvas.clientHeight - 44) / data.height);
const hover = (line) => {
  const i = data.line.indexOf(line);
  send("pointermove", (canvas.clientWidth - data.width * scale) / 2 + data.x[i] * scale,
    (canvas.clientHeight - data.height * scale) / 2 + data.y[i] * scale);
  return tooltip();
};
report.labels = legend.map((button) => button.querySelector("span").textContent);
report.pressed = legend.map((button) => button.getAttribute("aria-pressed"));
report.density = [canvas.width, canvas.clientWidth, devicePixelRatio];
report.first = hover(10);
report.nothing = (send("pointermove", 3, 3), tooltip().hidden);
legend[0].click();
report.shown = text("shown");
report.hiddenClass = hover(10).hidden;
document.getElementById("none").click();
report.none = text("shown");
document.getElementById("all").click();
key("+");
report.zoomed = hover(10).hidden;
key("0");
report.reset = hover(10).hidden;
canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: -600, clientX: box.left + 50, clientY: box.top + 50 }));
report.wheel = hover(30).hidden;
canvas.dispatchEvent(new MouseEvent("dblclick"));
report.doubleClick = hover(10).hidden;
key("ArrowRight", true);
report.next = [tooltip().line, text("spoken")];
key("Escape");
report.escape = tooltip().hidden;
report.scripts = document.scripts.length;
report.title = document.title;
const out = document.createElement("pre");
out.id = "report";
out.textContent = JSON.stringify(report);
document.body.append(out);
"""


@pytest.fixture(scope="module")
def browsed(tmp_path_factory):
    """Open the page in a browser, with a driver that the policy allows and an intruder that it does not."""
    panels = draw_map(POINTS, np.arange(8) % 4, LABELS)
    return browse(render(panels=panels), DRIVER, tmp_path_factory.mktemp("browser"))


def browse(page, driver, folder):
    """Open a page with a driver and an intruder; return what the driver reports."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    page = page.replace("script-src '", f"script-src '{script_hash(driver)}' '")
    intruder = "<script>document.title = 'broken into'</script>"
    (folder / "map.html").write_text(
        page.replace("</body>", f"{intruder}<script>{driver}</script></body>"), encoding="utf-8"
    )
    flags = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-sync",
        "--disable-background-networking",
        "--disable-component-update",
        "--force-device-scale-factor=2",
        f"--user-data-dir={folder / 'profile'}",
        "--window-size=1280,900",
        "--dump-dom",
    )
    done = subprocess.run(
        [CHROMIUM, *flags, (folder / "map.html").as_uri()],
        capture_output=True,
        timeout=120,
        check=True,
    )
    found = re.search(r'<pre id="report">(.*?)</pre>', done.stdout.decode(), re.DOTALL)
    assert found, done.stderr.decode()[-2000:]
    return json.loads(html.unescape(found.group(1)))


SEVERAL_DRIVER = """
const legend = [...document.querySelectorAll("#legend button")], report = {};
const look = () => ({
  pressed: legend.map((button) => button.getAttribute("aria-pressed")),
  shown: document.getElementById("shown").textContent,
});
report.first = look();
report.sizes = legend.map((button) => button.querySelector("small").textContent);
legend[2].click();
report.second = look();
const canvas = document.getElementById("canvas");
canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", shiftKey: true }));
report.label = document.querySelector("#tooltip b").textContent;
report.buttons = ["all", "none"].map((id) => document.getElementById(id));
const out = document.createElement("pre");
out.id = "report";
out.textContent = JSON.stringify(report);
document.body.append(out);
"""


@pytest.mark.slow
def test_browser_colours_one_of_several_labels(tmp_path):
    """The most frequent label is chosen first, another one by its button; all labels are shown."""
    sets = [[0, 1], [1], [], [1, 2], [0], [1], [2], [1]]
    drawn = {**build_map(POINTS, 4), "label_ids": sets}
    panels = draw_map(POINTS, sets, LABELS)
    page = render_map_page(drawn, LABELS, TEXTS, panels=panels, source="a.csv", seed=7)
    found = browse(page, SEVERAL_DRIVER, tmp_path)
    assert found["first"] == {"pressed": ["false", "true", "false", "false"], "shown": "5 of 8"}
    assert found["sizes"] == ["2", "5", "2", "0"]
    assert found["second"] == {"pressed": ["false", "false", "true", "false"], "shown": "2 of 8"}
    assert found["label"] in {", ".join(LABELS[i] for i in own) or "no label" for own in sets}
    assert found["buttons"] == [None, None]


@pytest.mark.slow
def test_browser_runs_the_script_and_no_other(browsed):
    """The policy's hash is right, for the page is alive.

    A script that was slipped in does not run.
    """
    assert browsed["title"] == "고객 문의.csv: map of the texts"
    assert browsed["scripts"] == 4  # data, map, intruder, driver: none came out of a text


@pytest.mark.slow
def test_browser_shows_text_and_label_of_the_dot_pointed_at(browsed):
    """Hover shows markup as text, with its label and line; beside every dot nothing."""
    assert browsed["first"] == {
        "hidden": False,
        "label": "기쁨",
        "text": ATTACK,
        "line": "train, line 10",
    }
    assert browsed["nothing"] is True


@pytest.mark.slow
def test_browser_legend_hides_and_shows_classes(browsed):
    """Every label is a button that says its state; a hidden class cannot be pointed at."""
    assert browsed["labels"] == list(LABELS)
    assert browsed["pressed"] == ["true"] * 4
    assert (browsed["shown"], browsed["none"]) == ("6 of 8", "0 of 8")
    assert browsed["hiddenClass"] is True


@pytest.mark.slow
def test_browser_zooms_and_comes_back(browsed):
    """Plus and the wheel move a corner dot away; 0 and a double click bring the whole map back."""
    assert (browsed["zoomed"], browsed["reset"]) == (True, False)
    assert (browsed["wheel"], browsed["doubleClick"]) == (True, False)


@pytest.mark.slow
def test_browser_goes_from_dot_to_dot_by_keyboard(browsed):
    """Shift and an arrow show the next dot that way and speak it; Escape hides it."""
    assert browsed["next"] == ["train, line 50", "기쁨: " + "a" * 299 + "…"]
    assert browsed["escape"] is True


@pytest.mark.slow
def test_browser_draws_every_pixel_of_the_screen(browsed):
    """On a screen of double density the canvas has twice as many pixels as it is wide."""
    pixels, width, ratio = browsed["density"]
    assert ratio == 2
    assert pixels == 2 * width


def test_page_is_written_in_the_language_that_was_asked_for():
    """Prose, labels of buttons, the picture's description, and what the script says."""
    drawn = build_map(POINTS, len(LABELS))
    written = render_map_page(
        drawn, LABELS, TEXTS, panels=PNG, source="고객.csv", seed=7, language="ko"
    )
    page = Page(written)
    assert page.all("html") == [{"lang": "ko"}]
    assert "지도 읽는 법" in page.words
    assert "훈련 900개 가운데 8개. 라벨별 비율을 지켜 뽑은 표본입니다" in page.words
    assert page.all("img")[0]["alt"].startswith("텍스트 지도, 라벨마다 밀도 그림 하나: 기쁨, ")
    assert page.data["say"] == {
        "line": "훈련 {line}번째 줄",
        "all_shown": "{n}개 모두 표시",
        "some_shown": "{n}개 가운데 {n_shown}개",
        "no_label": "라벨 없음",
    }
    assert not {"All", "None", "Texts", "Layout"} & set(page.words)
