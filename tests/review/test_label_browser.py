"""The label page in a real browser: keys, killed servers, two browsers, anyone can use it. Tests label_page, too."""

import json
from importlib.resources import files

import pytest

from _support.browsers import (
    AXE,
    NEEDS_BROWSER,
    draw_line,
    draw_line_around_map,
    find_violations,
    find_violations_in_both_schemes,
    serving,
)
from _support.server_runs import ATTACK
from assay.catalogue import open_language
from assay.review.events import Decision, Undo
from assay.review.journal import journal_path, read_journal

LABELS = "joy,sadness,fear"
pytestmark = NEEDS_BROWSER


def labelling(pool, out, *args, port=0):
    """Run `assay label` in a process of its own, and end it."""
    return serving("label", pool, "--out", out, "--checkpoint", "terms", *args, port=port)


STRIKE = """([key, code]) => document.body.dispatchEvent(
    new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true }))"""


def press(page, key):
    """Press a key and wait for another text; return the text that was decided."""
    text = page.text_content("#text")
    page.keyboard.press(key)
    page.wait_for_function(
        "text => document.getElementById('text').textContent !== text", arg=text, polling=5
    )
    return text


def test_two_hundred_decisions_survive_a_kill(visit, pool_file, tmp_path):
    """By keyboard alone, some taken back; killed twice and resumed: the file is what was decided."""
    out = tmp_path / "labelled.jsonl"
    expected = {}
    with labelling(pool_file, out, "--labels", LABELS) as first:
        page = visit(first.url)
        for i in range(90):
            expected[press(page, "123"[i % 3])] = LABELS.split(",")[i % 3]
        for _ in range(5):
            press(page, "z")
            del expected[page.text_content("#text")]
        page.close()
        first.kill()
    with labelling(pool_file, out, "--resume") as second:
        page = visit(second.url)
        page.wait_for_function(
            "() => document.getElementById('progress').textContent.startsWith('85 ')"
        )
        for i in range(110):
            expected[press(page, "321"[i % 3])] = LABELS.split(",")[2 - i % 3]
        press(page, " ")
        page.close()
        second.kill()
    with labelling(pool_file, out, "--resume") as third:
        done = third.stop()
    assert (done["n_labelled"], done["n_skipped"]) == (195, 1)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {row["text"]: row["label"] for row in rows} == expected
    assert [row["text"] for row in rows] == list(expected)
    events = read_journal(journal_path(out))
    assert sum(isinstance(event, Decision) for event in events) == 201
    assert sum(isinstance(event, Undo) for event in events) == 5
    before = out.read_bytes()
    out.unlink()
    with labelling(pool_file, out, "--resume") as fourth:
        fourth.stop()
    assert out.read_bytes() == before


def test_decision_waits_for_a_server_that_went_away(visit, pool_file, tmp_path):
    """The page says so, keeps the decision, and sends it when the command runs again."""
    out = tmp_path / "labelled.jsonl"
    with labelling(pool_file, out, "--labels", LABELS) as first:
        page = visit(first.url, may_complain=True)
        text = press(page, "1")
        port = first.url.rpartition(":")[2]
        first.kill()
    second_text = page.text_content("#text")
    page.keyboard.press("2")
    page.wait_for_selector("#alert:not([hidden])")
    assert "does not answer" in page.text_content("#alert")
    with labelling(pool_file, out, "--resume", port=port) as second:
        page.wait_for_selector("#alert", state="hidden")
        done = second.stop()
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert done["n_labelled"] == 2
    assert [(row["text"], row["label"]) for row in rows] == [
        (text, "joy"),
        (second_text, "sadness"),
    ]


# Key, place, whether Shift is held, and the key that is meant.
KEYBOARDS = [
    *[(key, f"Digit{1 + i}", False, str(1 + i)) for i, key in enumerate("&é\"'(-è_ç")],
    ("à", "Digit0", False, "0"),
    ("1", "Digit1", True, "1"),  # French, with Shift
    ("+", "Digit1", False, "1"),  # Czech
    ("/", "Digit7", True, "/"),  # German
    ("!", "Digit1", True, "!"),
    ("3", "Digit3", False, "3"),
    ("A", "KeyA", False, "a"),  # Caps Lock
    ("a", "KeyA", True, "A"),
    ("a", "KeyQ", False, "a"),  # French
    ("ㅋ", "KeyZ", False, "z"),
    ("Я", "KeyZ", True, "Z"),
    ("+", "NumpadAdd", False, "+"),
    ("Process", "KeyK", False, "k"),  # an input method
]


def test_keys_are_known_on_every_keyboard(browser):
    """Digits of a French keyboard without Shift; what writes a letter or a digit is that."""
    page = browser.new_page()
    source = files("assay").joinpath("review/static/keys.js").read_text(encoding="utf-8")
    page.add_script_tag(content=source.replace("export function", "function"))
    for key, code, shift, meant in KEYBOARDS:
        event = {"key": key, "code": code, "shiftKey": shift}
        assert page.evaluate("event => keyOf(event)", event) == meant, event
    page.close()


def test_page_does_all_that_a_person_needs(visit, pool_file, tmp_path):
    """Several ways on one server: history, notes, labels, two browsers, Korean, a phone, markup."""
    out = tmp_path / "labelled.jsonl"
    with labelling(pool_file, out, "--labels", LABELS) as served:
        page = visit(served.url, may_complain=True)
        # a note, then back in history, and another label for that text
        page.keyboard.press("/")
        page.keyboard.type("1 odd z")
        page.keyboard.press("Enter")
        first = page.text_content("#text")
        page.evaluate(STRIKE, ["&", "Digit1"])  # the first label, with a French keyboard
        page.wait_for_function(
            "text => document.getElementById('text').textContent !== text", arg=first
        )
        second = press(page, "2")
        # with a Korean keyboard, Z is the key at its place
        page.evaluate(STRIKE, ["ㅋ", "KeyZ"])
        page.wait_for_function(
            "text => document.getElementById('text').textContent === text", arg=second
        )
        press(page, "2")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        page.wait_for_function("() => document.getElementById('note').value === '1 odd z'")
        assert page.text_content("#text") == first
        press(page, "3")
        # a label is added, renamed and merged
        page.keyboard.press("+")
        page.keyboard.type("news")
        page.keyboard.press("Enter")
        page.wait_for_selector("#labels button:has-text('news')")
        page.click("#counts tr:last-child button")
        page.fill("#rename", "joy")
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelectorAll('#labels button').length === 3")
        # taken back, as the button says before, and merged again
        assert page.text_content("#undo") == "ZTake back the merge of news into joy"
        page.keyboard.press("z")
        page.wait_for_selector("#labels button:has-text('news')")
        assert page.text_content("#undo") == "ZTake back the new label news"
        page.click("#counts tr:last-child button")
        page.fill("#rename", "joy")
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelectorAll('#labels button').length === 3")
        # a second browser decides: the first one says so and goes on
        other = visit(served.url, locale="ko-KR", viewport={"width": 390, "height": 844})
        assert other.locator("html").get_attribute("lang") == "ko"
        assert other.text_content("#skip").endswith(open_language("ko").say("label_page.skip"))
        assert other.evaluate("document.documentElement.scrollWidth") <= 390
        heights = [
            one.bounding_box()["height"]
            for one in other.locator("#labels button, .acts button").all()
            if one.is_visible()
        ]
        assert min(heights) >= 40
        press(other, "1")
        page.keyboard.press("1")
        page.wait_for_selector("#alert:not([hidden])")
        assert "Another page has decided" in page.text_content("#alert")
        # markup is shown as it is: each text has its turn, and this one makes no elements
        while page.text_content("#text") != ATTACK:
            press(page, " ")
        assert page.locator("#text *").count() == 0
        page.close()
        other.close()
        done = served.stop()
    assert done["n_labelled"] == 3
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    found = {row["text"]: row for row in rows}
    assert (found[first]["label"], found[first]["note"]) == ("fear", "1 odd z")


def test_region_that_is_drawn_becomes_the_list(visit, pool_file, tmp_path):
    """A dot that is pointed at shows its text; a line around all of them takes what was read."""
    with labelling(pool_file, tmp_path / "l.jsonl", "--labels", LABELS) as served:
        page = visit(served.url)
        press(page, "1")
        page.wait_for_function(
            "() => document.getElementById('reads').textContent.includes('words')"
        )
        page.click("#map-open")
        page.wait_for_function(
            "() => document.getElementById('map-text').textContent.startsWith('Each dot')"
        )
        assert page.text_content("#map-legend") == "joyno label yet"  # what is on the map
        assert page.locator("#map-colour").is_disabled()
        if AXE.is_file():
            assert find_violations(page) == []
        page.keyboard.press("2")  # decides nothing while the map is open
        draw_line(page, 40, 1, 80, 6)  # above the highest dot
        page.wait_for_function(
            "() => document.getElementById('map-text').textContent.includes('inside of that line')"
        )
        draw_line_around_map(page, margin=6)
        page.wait_for_function(
            "() => document.getElementById('region').textContent.includes('left')"
        )
        n_region = int(page.text_content("#region").split()[0])
        assert n_region >= 63
        assert page.evaluate("document.activeElement.id") == "text"  # Enter opens no map again
        press(page, "2")
        page.wait_for_function(
            "n => document.getElementById('region').textContent.startsWith(n - 1)", arg=n_region
        )
        page.click("#map-open")
        page.click("#map-all")
        page.wait_for_function(
            "() => document.getElementById('region').textContent.includes('whole pool')"
        )
        page.close()
        assert served.stop()["n_labelled"] == 2


def test_map_comes_when_the_first_texts_are_read(visit, pool_file, tmp_path):
    """Opened before that, as after a restart, it says so and needs no second click."""
    nothing = json.dumps({"name": [], "x": [], "y": [], "text": [], "colours": {}})
    with labelling(pool_file, tmp_path / "l.jsonl", "--labels", LABELS) as served:
        page = visit(served.url)
        answers = iter([nothing, nothing])

        def answer(route):
            early = next(answers, None)
            if early is None:
                route.continue_()
            else:
                route.fulfill(body=early, content_type="application/json")

        page.route("**/map", answer)
        page.click("#map-open")
        page.wait_for_function(
            "() => document.getElementById('map-text').textContent.startsWith('No text has been')"
        )
        page.wait_for_selector("#map-legend li")
        assert page.text_content("#map-text").startswith("Each dot")
        assert next(answers, None) is None
        page.close()
        served.stop()


def test_several_labels_are_suggested_and_pressed(visit, pool_file, tmp_path):
    """What the model suggests is pressed already; keys change it, and Enter keeps it."""
    out = tmp_path / "labelled.jsonl"
    with labelling(pool_file, out, "--labels", LABELS, "--several-labels") as served:
        page = visit(served.url)
        pressed = "() => document.querySelectorAll('#labels [aria-pressed=true]').length"
        page.keyboard.press("1")
        page.keyboard.press("3")
        page.click("#done")
        progress = "document.getElementById('progress').textContent"
        page.wait_for_function(f"() => {progress}.startsWith('1 ')")
        press(page, " ")  # skips, and does not press the clicked button again
        for _ in range(240):
            if page.evaluate(pressed):
                break
            page.wait_for_timeout(50)  # keys that come too fast leave the model no time
            page.keyboard.press("1")
            page.keyboard.press("3")
            press(page, "Enter")
        assert page.evaluate(pressed) == 2
        assert "joy, fear" in page.text_content("#suggestion")
        page.keyboard.press("3")
        page.keyboard.press("2")
        text = press(page, "Enter")
        page.keyboard.press("Enter")  # pressed twice: nobody has read the text that came
        page.keyboard.press("ArrowLeft")
        page.wait_for_function(
            "() => document.getElementById('place').textContent.includes('Enter replaces')"
        )
        page.keyboard.press("ArrowRight")
        page.keyboard.press("+")
        page.keyboard.type("  joy ")
        page.keyboard.press("Enter")
        page.wait_for_selector("#alert:not([hidden])")
        assert page.text_content("#alert") == "There is a label joy already."
        page.click("#map-open")
        page.wait_for_selector("#map-legend li")
        ways = page.locator("#map-colour option").all_text_contents()
        assert {"label joy", "label sadness", "label fear"} < set(ways)
        page.select_option("#map-colour", label="label sadness")
        legend = page.text_content("#map-legend")
        assert legend == "without sadnesssadnessno label yet"
        if AXE.is_file():
            assert find_violations(page) == []
        page.close()
        done = served.stop()
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert rows[-1]["text"] == text
    assert rows[-1]["labels"] == ["joy", "sadness"]
    assert sorted(rows[-1]["suggested_labels"]) == ["fear", "joy"]
    assert (done["n_labelled"], done["n_skipped"]) == (len(rows), 1)


def test_label_page_is_accessible(visit, pool_file, tmp_path):
    """axe-core finds nothing to complain of, in light and in dark, with the numbers of 130 decisions."""
    if not AXE.is_file():
        pytest.skip("axe-core is not here: .ci/run fetches it")
    out = tmp_path / "labelled.jsonl"
    with labelling(pool_file, out, "--labels", LABELS) as served:
        page = visit(served.url)
        for i in range(130):
            press(page, "123"[i % 3])
        page.wait_for_selector("#curve:not([hidden])")
        page.click("#counts tr:last-child button")
        problems = find_violations_in_both_schemes(page)
        page.close()
        served.stop()
    assert problems == []


def test_text_that_is_taken_back_is_shown_afresh(visit, pool_file, tmp_path):
    """Also from the history: nothing is pressed that was not suggested, and its note is there still."""
    pressed = "[...document.querySelectorAll('#labels [aria-pressed=true]')].map((one) => one.lastChild.textContent).join()"
    with labelling(pool_file, tmp_path / "l.jsonl", "--labels", LABELS, "--several-labels") as run:
        page = visit(run.url)
        page.keyboard.press("/")
        page.keyboard.type("odd")
        page.keyboard.press("Enter")
        page.keyboard.press("1")
        page.keyboard.press("3")
        press(page, "Enter")
        page.keyboard.press("ArrowLeft")
        page.wait_for_function(f"() => {pressed} === 'joy,fear'")
        page.keyboard.press("z")
        page.wait_for_function(f"() => {pressed} === ''")
        assert page.text_content("#suggestion").startswith("No suggestion")
        assert page.input_value("#note") == "odd"
        # a label that is pressed stays so by its new name, and by its old one again
        page.keyboard.press("1")
        page.click("#counts tr:first-child button")
        page.fill("#rename", "glad")
        page.keyboard.press("Enter")
        page.wait_for_function(f"() => {pressed} === 'glad'")
        page.keyboard.press("z")
        page.wait_for_function(f"() => {pressed} === 'joy'")
        page.close()
        run.stop()


def test_note_beside_a_decided_text_is_kept(visit, pool_file, tmp_path):
    """Without deciding again; the text stays on the screen, and a label is about it."""
    out = tmp_path / "labelled.jsonl"
    with labelling(pool_file, out, "--labels", LABELS) as running:
        page = visit(running.url)
        first, second = press(page, "1"), press(page, "2")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        page.wait_for_function(
            "text => document.getElementById('text').textContent === text", arg=first
        )
        page.keyboard.press("/")
        page.keyboard.type("ask the team")
        with page.expect_response(lambda response: "/history" in response.url):
            page.keyboard.press("Enter")  # kept, and then the text is looked for again
        page.wait_for_function(
            "text => document.getElementById('text').textContent === text", arg=first
        )
        assert page.text_content("#suggestion") == "Decided: joy"
        press(page, "3")
        page.close()
        running.stop()
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    found = {row["text"]: (row["label"], row["note"]) for row in rows}
    assert found == {first: ("fear", "ask the team"), second: ("sadness", "")}
