"""The page in a real browser: typing shows scores, texts are texts, what goes wrong is said, anyone can use it."""

import csv
import io
import os
import re
import shutil
from pathlib import Path

import pytest

from _support.server_runs import ATTACK, running
from _support.small_runs import write_data
from assay.catalogue import open_language
from assay.models import record_scores
from assay.recipes.train import train_model
from assay.runtime import load_model
from assay.runtime.explain import explain_text

sync_api = pytest.importorskip("playwright.sync_api")

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
AXE = Path(__file__).resolve().parents[2] / ".browser" / "axe.min.js"
TEXT = "i am very happy this day"
LABEL = '화남, "분노"'

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="there is no Chromium here (Debian's package chromium)"
    ),
]


@pytest.fixture(scope="module")
def browser():
    """Start the browser once."""
    with sync_api.sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*sandbox, "--disable-gpu", "--disable-quic", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, server):
    """Open the page as somebody; whatever the browser complains of fails the test."""
    contexts, complaints, refusals = [], [], []

    def visit(url=None, *, path="/", may_complain=False, **options):
        options = {"locale": "en-US", "viewport": {"width": 1100, "height": 760}, **options}
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        if not may_complain:
            page.on(
                "console",
                lambda message: (
                    complaints.append(message.text) if message.type == "error" else None
                ),
            )
            page.on("response", lambda got: refusals.append(got) if got.status >= 400 else None)
        page.on("pageerror", lambda err: complaints.append(str(err)))
        page.on("dialog", lambda dialog: complaints.append("a dialog opened"))
        base = url or server.url
        page.on(
            "request",
            lambda request: (
                complaints.append(request.url)
                if not request.url.startswith((base, "blob:"))
                else None
            ),
        )
        page.goto(base + path)
        if not may_complain:
            page.wait_for_selector("#scores li, #rows")
        return page

    yield visit
    # The browser says the status alone; the server says why.
    said = [f"{refusal.url}: {refusal.text()}" for refusal in refusals]
    for context in contexts:
        context.close()
    assert not complaints + said, "\n".join(complaints + said)  # in full: pytest cuts lists


def verdict(page, text):
    """Wait until the verdict says something."""
    sync_api.expect(page.locator("#verdict")).to_contain_text(text)


def test_typing_shows_every_label_and_the_words_behind(visit, folders):
    """Keyboard only: what is typed into the focused box is scored at once, all labels, the strongest word marked."""
    page = visit()
    page.keyboard.type(TEXT)
    verdict(page, "joy")
    sync_api.expect(page.locator("#marked")).to_have_text(TEXT)
    model = load_model(folders["linear"])
    rows = page.locator("#scores button").all_inner_texts()
    expected = sorted(
        zip(model.labels, model.predict_proba([TEXT])[0], strict=True), key=lambda one: -one[1]
    )
    assert [row.split("\n")[0] for row in rows] == [label for label, _ in expected]
    assert [float(row.split("\n")[-1].removesuffix("%")) for row in rows] == pytest.approx(
        [100 * score for _, score in expected], abs=0.06
    )
    strongest = explain_text(model, TEXT).top_words(1)[0]
    sync_api.expect(page.locator("#strongest")).to_contain_text(
        f"Strongest: {strongest.word} +{strongest.contribution:.2f}"
    )
    assert strongest.word in page.locator("mark.towards").all_inner_texts()


def test_page_says_how_good_a_model_of_several_labels_is(several_folder, tmp_path, visit):
    """By macro F1, and on the texts that it was not trained on."""
    folder = tmp_path / "topics"
    shutil.copytree(several_folder, folder)
    claim = {"value": 0.9, "interval": [0.8, 1.0], "n_texts": 50}
    unseen = {"value": 0.625, "interval": [0.5, 0.75], "n_texts": 40}
    scores = [
        {"split": "out_of_fold", "metric": "f1_macro", **claim},
        {"split": "test", "metric": "f1_micro", **claim},
        {"split": "test", "metric": "f1_macro", **claim, "without_leaks": unseen},
    ]
    record_scores(folder, scores)
    for locale, said in (("en-US", "On 40 texts it had never seen"), ("ko-KR", "텍스트 40개")):
        with running(folder) as server:
            page = visit(server.url, locale=locale)
            about = page.locator("#about")
            sync_api.expect(about).to_have_text(re.compile(f"{said}.* F1.*62.5 ?%.*50.*75"))


def test_several_labels_are_said_without_an_alert(several_folder, visit):
    """The labels of a text or that none is sure; a table and its CSV name all of them."""
    with running(several_folder) as server:
        page = visit(server.url)
        page.keyboard.type("joy fear day")
        expect = sync_api.expect
        expect(page.locator("#verdict")).to_have_text(re.compile("Labels: (joy, fear|fear, joy)"))
        expect(page.locator("#scores button[aria-pressed=true]")).to_have_count(2)
        expect(page.locator("#scores .bar i")).to_have_count(3)
        expect(page.locator("#thresholds-note")).to_be_visible()
        expect(page.locator("#scores button").first).to_have_attribute(
            "title", re.compile(r"Given from [\d.]+ ?% on")
        )
        expect(page.locator("#alert")).to_be_hidden()
        expect(page.locator("#words-title")).to_have_text(re.compile("What speaks for (joy|fear)"))
        page.locator("#scores button").nth(1).click()
        expect(page.locator("#scores button").nth(1)).to_have_attribute("aria-current", "true")
        other = page.locator("#scores button .name").nth(1).inner_text()
        expect(page.locator("#words-title")).to_have_text(f"What speaks for {other}")
        expect(page.locator("#scores button[aria-pressed=true]")).to_have_count(2)
        near = page.locator("#near-texts li .label")
        expect(near.first).to_have_text(re.compile("joy, fear|fear, joy"))
        page.fill("#text", "the day")
        verdict(page, "None of the labels fits")
        page.click("#mode-many")
        page.fill("#text", "joy fear day\nthe day")
        expect(page.locator("#rows tr").nth(1).locator("td").nth(1)).to_have_text("–")
        cell = page.locator("#rows tr").first.locator("td").nth(1)
        expect(cell).to_have_text(re.compile("joy, fear|fear, joy"))
        listed = "import('./static/say.js').then((say) => say.listed(['joy, love', 'fear']))"
        assert page.evaluate(listed) == "joy, love; fear"


def test_chosen_label_is_explained(visit, folders):
    """Tab reaches a label, Enter chooses it: its words are marked, and it stays chosen."""
    page = visit()
    page.fill("#text", TEXT)
    verdict(page, "joy")
    page.locator("#scores button", has_text="sadness").focus()
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("#words-title")).to_have_text("What speaks for sadness")
    sync_api.expect(page.locator("#scores button[aria-pressed=true] .name")).to_have_text("sadness")
    against = explain_text(load_model(folders["linear"]), TEXT).words("sadness")[3]
    assert against.contribution < 0
    assert (
        page.locator("mark.against", has_text="happy").get_attribute("title")
        == f"−{abs(against.contribution):.2f}"
    )


@pytest.mark.parametrize("many", [False, True], ids=["one", "table"])
def test_markup_is_text(visit, many):
    """Any text is shown as it is; nothing of it becomes part of the page."""
    page = visit()
    if many:
        page.click("#mode-many")
    page.fill("#text", ATTACK)
    where = page.locator("td.text") if many else page.locator("#marked")
    sync_api.expect(where).to_have_text(ATTACK)
    assert page.locator("#marked img, #marked b, td img, td b").count() == 0


def test_nearest_training_texts_stand_below_with_their_labels(visit, folders):
    """Three of them with label and likeness, as Python finds them; those with another label are marked."""
    page = visit()
    page.fill("#text", TEXT)
    verdict(page, "joy")
    expected = load_model(folders["linear"]).nearest([TEXT], n=3)[0]
    sync_api.expect(page.locator("#near-title")).to_have_text("Nearest training texts")
    assert page.locator("#near .text").all_inner_texts() == [one.text for one in expected]
    assert page.locator("#near .label").all_inner_texts() == [one.label for one in expected]
    assert page.locator("#near .other").count() == sum(one.label != "joy" for one in expected)
    assert (
        page.locator("#near .value").first.inner_text()
        == f"{100 * expected[0].similarity:.1f}% alike"
    )
    # Labels read from right to left would otherwise be at the other end of their column.
    for label in page.locator("#near .label").all():
        assert label.evaluate("one => getComputedStyle(one).textAlign") == "left"
    page.fill("#text", "qqq")
    sync_api.expect(page.locator("#near-note")).to_have_text(
        "No training text shares a word with this one."
    )
    page.fill("#text", "")
    sync_api.expect(page.locator("#near")).to_be_hidden()


def test_markup_in_a_training_text_is_text(visit):
    """Training data may hold what an attacker wrote: it is shown as it is."""
    page = visit()
    page.fill("#text", ATTACK)
    sync_api.expect(page.locator("#near .text").first).to_have_text(ATTACK)
    assert page.locator("#near img, #near b").count() == 0


def test_model_that_cannot_tell_scope_says_so(visit, tmp_path):
    """`in_scope` is null: silence would read as "like the training texts"."""
    note = visit().locator("#scope-note")
    expect = sync_api.expect
    expect(note).to_be_visible()
    expect(note).to_contain_text("cannot tell whether a text is unlike them")
    data = write_data(tmp_path / "data", sizes={"train": 60, "validation": 30, "test": 27})
    train_model(data, tmp_path / "model", method="linear")
    with running(tmp_path / "model") as measured:
        page = visit(measured.url)
        expect(page.locator("#scores li").first).to_be_visible()
        expect(page.locator("#scope-note")).to_be_hidden()


def test_model_without_training_texts_says_so(visit):
    """No empty list, which could mean that nothing is near: a sentence."""
    page = visit()
    page.select_option("#model", "compact")
    page.fill("#text", TEXT)
    sync_api.expect(page.locator("#near-note")).to_have_text(
        "This model keeps no training texts, so no similar ones are shown."
    )
    assert page.locator("#near-title").is_hidden()


def test_marks_stand_on_their_words_in_any_script(visit):
    """Emoji, Korean and Japanese before a word do not move its mark."""
    page = visit()
    text = "😀👩‍👩‍👧 오늘 嬉しい happy 행복해요"
    page.fill("#text", text)
    sync_api.expect(page.locator("#marked")).to_have_text(text)
    assert set(page.locator("mark").all_inner_texts()) <= {
        "😀👩‍👩‍👧",
        "오늘",
        "嬉",
        "しい",
        "happy",
        "행복해요",
    }
    assert "happy" in page.locator("mark").all_inner_texts()


def test_server_that_goes_away_is_said_and_asked_again(folders, visit):
    """The text stays, a sentence says what is wrong, and the next text is answered when the server is back."""
    with running(folders["linear"], is_forked=False) as first:
        page = visit(first.url, may_complain=True)
        page.fill("#text", TEXT)
        verdict(page, "joy")
        first.process.kill()
        first.process.wait()
        page.fill("#text", "i am very sad this day")
        sync_api.expect(page.locator("#alert")).to_contain_text(
            "The server does not answer. Your text is still here"
        )
        assert page.input_value("#text") == "i am very sad this day"
        with running(folders["linear"], args=["--port", str(first.port)]):
            verdict(page, "sadness")
            sync_api.expect(page.locator("#alert")).to_be_hidden()


def test_refusal_is_said_in_the_words_of_the_server(folders, visit):
    """A text over the limit: the page shows the sentence of the API."""
    with running(folders["linear"], args=["--max-text-chars", "10"]) as server:
        page = visit(server.url, may_complain=True)
        page.fill("#text", TEXT)
        sync_api.expect(page.locator("#alert")).to_contain_text(
            "characters in the text: 24; up to 10 are accepted"
        )


def test_many_lines_are_a_table_that_is_saved_as_csv(visit, folders):
    """More lines than a request may have; every line has its row; the file is safe in a spreadsheet and complete."""
    lines = [
        TEXT,
        "",
        "=1+1",
        '"quoted", and comma',
        "오늘 슬퍼요",
        *[f"i am sad {i}" for i in range(300)],
    ]
    page = visit()
    page.click("#mode-many")
    page.fill("#text", "\n".join(lines))
    sync_api.expect(page.locator("#batch-title")).to_have_text("304 lines")
    sync_api.expect(page.locator("#save")).to_be_enabled()
    assert page.locator("#rows tr").count() == 304
    with page.expect_download() as download:
        page.click("#save")
    content = Path(download.value.path()).read_bytes()
    assert content.startswith("\ufeff".encode())
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [row["text"] for row in rows[:4]] == [
        TEXT,
        "'=1+1",
        '"quoted", and comma',
        "오늘 슬퍼요",
    ]
    model = load_model(folders["linear"])
    kept = [line for line in lines if line]
    assert [row["best_label"] for row in rows] == model.predict(kept)
    scores = [[float(row[f"score:{label}"]) for label in model.labels] for row in rows[:4]]
    assert scores == pytest.approx(model.predict_proba(kept[:4]), abs=1e-6)


def test_link_holds_the_text_and_opens_with_it(visit):
    """A link keeps the text behind the #, which browsers send to nobody; elsewhere it shows the same answer."""
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    text = "i am sad & alone? 슬퍼요 #1 +1"
    page.fill("#text", text)
    page.click("#link")
    sync_api.expect(page.locator("#copied")).to_have_text("Copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert "sad" not in link.split("#")[0]
    other = visit(path=link.removeprefix(page.url.split("/#")[0]))
    assert other.input_value("#text") == text
    verdict(other, "sadness")


def test_model_is_chosen(visit, folders):
    """Several models: the chosen one answers, and is named in the code to copy."""
    page = visit()
    page.fill("#text", TEXT)
    page.select_option("#model", "majority")
    best = load_model(folders["majority"]).predict([TEXT])[0]
    sync_api.expect(page.locator("#verdict")).to_contain_text(f"Does not know. Closest: {best}")
    page.click("summary")
    sync_api.expect(page.locator("#curl")).to_contain_text("/predict?model=majority")


def test_code_to_copy_runs(visit, tmp_path):
    """The Python and the curl of the page give the answer of the page, whatever quotes the text has."""
    import subprocess
    import sys

    page = visit()
    page.fill("#text", 'it\'s a "very" $happy `day`\nsecond \\ line 행복해요')
    page.click("summary")
    python = subprocess.run(
        [sys.executable, "-c", page.inner_text("#python")], capture_output=True, text=True
    )
    assert python.returncode == 0, python.stderr
    assert "'label': 'joy'" in python.stdout
    if shutil.which("curl"):
        curl = subprocess.run(
            ["bash", "-c", page.inner_text("#curl")], capture_output=True, text=True
        )
        assert '"label":"joy"' in curl.stdout, curl.stderr


def test_key_is_asked_for_and_kept_for_the_tab(folders, visit):
    """A server with a key: the page asks for it, says when it is wrong, and works with the right one."""
    with running(folders["linear"], env={"ASSAY_API_KEY": "s3cret"}) as server:
        page = visit(server.url, may_complain=True)
        page.fill("#key", "wrong")
        page.keyboard.press("Enter")
        sync_api.expect(page.locator("#alert")).to_have_text("That key was not accepted.")
        page.fill("#key", "s3cret")
        page.keyboard.press("Enter")
        sync_api.expect(page.locator("#key-form")).to_be_hidden()
        page.fill("#text", TEXT)
        verdict(page, "joy")


def test_korean_browser_has_a_korean_page(visit):
    """A browser that asks for Korean reads Korean, and says so to screen readers."""
    say = open_language("ko").say
    page = visit(locale="ko-KR")
    assert page.locator("html").get_attribute("lang") == "ko"
    assert page.get_attribute("#text", "placeholder") == say("page.placeholder")
    page.fill("#text", TEXT)
    verdict(page, "joy")
    sync_api.expect(page.locator("#words-title")).to_have_text(say("page.words_title", label="joy"))
    page.click("#mode-many")
    sync_api.expect(page.locator("#batch-title")).to_have_text(say("page.lines", n=1))
    assert not re.search(r"undefined|\[object|\{\w+[:}]", page.inner_text("main"))


def test_browser_of_another_language_has_an_english_page(visit):
    """The first language of the browser that the page speaks is taken; without one, English."""
    page = visit(locale="de-DE")
    assert page.locator("html").get_attribute("lang") == "en"
    page.fill("#text", TEXT)
    verdict(page, "joy")
    page.click("#mode-many")
    page.fill("#text", "one\ntwo")
    sync_api.expect(page.locator("#batch-title")).to_have_text("2 lines")


def test_phone_shows_everything_without_scrolling_sideways(visit):
    """390 pixels are enough, for a long word too; what is to be touched is large enough for a finger."""
    page = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.fill("#text", "happy " + "x" * 300)
    verdict(page, "joy")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    heights = [
        box["height"]
        for box in (one.bounding_box() for one in page.locator("button:visible").all())
    ]
    assert min(heights) >= 34


@pytest.mark.parametrize(
    ("scheme", "state"),
    [
        ("light", "empty"),
        ("light", "answer"),
        ("dark", "answer"),
        ("dark", "doubt"),
        ("light", "doubt"),
        ("dark", "table"),
        ("light", "docs"),
        ("dark", "docs"),
    ],
)
def test_page_is_accessible(visit, scheme, state):
    """axe-core finds nothing to complain of: contrast, labels, order, roles, in light and in dark."""
    if not AXE.is_file():
        pytest.skip("axe-core is not here: .ci/run fetches it")
    page = (
        visit(color_scheme=scheme, path="/docs", may_complain=True)
        if state == "docs"
        else visit(color_scheme=scheme)
    )
    if state == "table":
        page.click("#mode-many")
        page.fill("#text", f"{TEXT}\n{ATTACK}")
        sync_api.expect(page.locator("#save")).to_be_enabled()
    elif state not in ("empty", "docs"):
        page.fill("#text", TEXT if state == "answer" else "qwertz 123")
        sync_api.expect(page.locator("#words")).to_be_visible()
        page.click("summary")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    problems = [
        (one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]
    ]
    assert problems == []
    assert len(found["passes"]) > 10
