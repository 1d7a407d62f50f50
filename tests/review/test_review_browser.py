"""The review page in a real browser: keys, kills, all at once, anyone can use it."""

import csv
import json

import pytest

from _support.browsers import (
    AXE,
    NEEDS_BROWSER,
    draw_line_around_map,
    find_violations_in_both_schemes,
    serving,
)
from _support.server_runs import ATTACK
from _support.small_models import small_data
from _support.small_runs import write_rows
from assay.audit.issues import Issue, write_issues_file
from assay.catalogue import open_language
from assay.recipes.audit import load_for_audit
from assay.recipes.fix import fix_data
from assay.review.journal import journal_path, read_journal

pytestmark = NEEDS_BROWSER
LABELS = ("joy", "sadness", "fear")
N_WRONG, N_DOUBTFUL = 20, 6


@pytest.fixture
def data(tmp_path):
    """A table of 42 rows, some of them odd."""
    texts = list(dict.fromkeys(small_data(400)[0]))[:36]
    texts += [ATTACK, "x" * 20_000, "مرحبا بالعالم", "the same", "the same", "z"]
    labels = [LABELS[i % 3] for i in range(len(texts))]
    return write_rows(tmp_path / "data.csv", texts, labels)


@pytest.fixture
def issues(data, tmp_path):
    """The file of an audit: probable and doubtful labels, and a text with two labels."""
    found_in = {}
    for split, labelled in load_for_audit(data).items():
        rows = zip(labelled.lines, labelled.texts, labelled.labels, strict=True)
        found_in |= {row[0]: (split, *row) for row in rows}

    def issue(kind, i, **more):
        return Issue(kind, *found_in[i + 2], **more)

    def proposal(i):
        return LABELS[(i + 1) % 3]

    wrong = [*range(36 - N_WRONG, 36), 36, 37, 38]
    found = [issue("wrong_label", i, proposed_label=proposal(i), score=0.9) for i in wrong]
    doubtful = range(N_DOUBTFUL)
    found += [issue("doubtful_label", i, proposed_label=proposal(i), score=0.6) for i in doubtful]
    found += [issue("conflict", i, group=1) for i in (39, 40)]
    path = tmp_path / "issues.csv"
    write_issues_file(found, path)
    return path


@pytest.fixture
def reviewing(data, issues, tmp_path):
    """Run `assay review` in a process of its own, and end it."""

    def reviewing(*args, port=0):
        out = tmp_path / "decisions.csv"
        return serving("review", data, "--issues", issues, "--out", out, *args, port=port)

    return reviewing


def waiting(page):
    """Return how many rows the page says wait."""
    return int(page.text_content("#about").split()[0])


def press(page, key):
    """Press a key and wait until the page says something else; return the text before."""
    before = page.text_content("#about")
    text = page.text_content("#text")
    page.keyboard.press(key)
    page.wait_for_function(
        "said => document.getElementById('about').textContent !== said", arg=before, polling=5
    )
    return text


def read_decisions(path):
    """Return the rows of a file of decisions."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_decisions_survive_a_kill_and_reach_the_data(visit, reviewing, data, tmp_path):
    """Accepted, kept, relabelled, skipped, taken back; killed and resumed; `assay fix` takes them."""
    out = tmp_path / "decisions.csv"
    with reviewing() as first:
        page = visit(first.url)
        assert page.text_content("#alert") == ""
        assert page.locator("#undo").is_disabled()
        accepted = press(page, "Enter")
        kept = press(page, "k")
        relabelled = press(page, "3")
        press(page, " ")
        press(page, "Enter")
        press(page, "z")
        before = waiting(page)
        page.click("#effect")
        page.wait_for_function(
            "() => document.getElementById('effect-note').textContent.startsWith('Trained on')"
        )
        page.close()
        first.kill()
    with reviewing("--resume") as second:
        page = visit(second.url)
        assert waiting(page) == before
        assert page.text_content("#progress").endswith("1 skipped")
        # all of a kind at once, taken back at once, and again
        page.select_option("#kind", "doubtful_label")
        page.wait_for_function(
            "n => document.getElementById('matching').textContent.startsWith(n)",
            arg=f"{N_DOUBTFUL} ",
        )
        page.click("#accept-all")
        page.wait_for_function("() => document.getElementById('accept').hidden")
        assert waiting(page) == before - N_DOUBTFUL
        press(page, "z")
        assert waiting(page) == before
        page.select_option("#kind", "")
        page.wait_for_function(
            "n => document.getElementById('matching').textContent.startsWith(n)", arg=f"{before} "
        )
        assert "by models, which are guesses" in page.text_content("#at-once-note")
        assert page.locator("#accept-all").is_disabled()
        page.select_option("#kind", "wrong_label")
        page.wait_for_function("() => !document.getElementById('accept-all').disabled")
        assert "Not all labels of this kind" in page.text_content("#at-once-note")
        page.click("#accept-all")
        page.wait_for_function("() => document.getElementById('accept-all').disabled")
        page.select_option("#kind", "doubtful_label")
        page.wait_for_function("() => !document.getElementById('accept-all').disabled")
        assert waiting(page) == 2 + N_DOUBTFUL
        assert "Many labels of this kind are right" in page.text_content("#question")
        page.click("#accept-all")
        page.wait_for_selector("#accept", state="hidden")
        page.select_option("#kind", "")
        page.wait_for_function("() => !document.getElementById('keep').hidden")
        assert waiting(page) == 2
        assert "the same" in page.text_content("#others")
        press(page, "k")
        page.keyboard.press("k")
        page.wait_for_function("() => document.getElementById('keep').hidden")
        assert "assay fix" in page.text_content("#text")
        page.close()
        second.kill()
    with reviewing("--resume") as third:
        done = third.stop()
    assert (done["n_skipped"], done["n_left"]) == (1, 0)
    found = {row["text"]: row for row in read_decisions(out)}
    assert (found[accepted]["accept"], found[kept]["accept"]) == ("yes", "no")
    assert found[relabelled]["proposed_label"] == sorted(LABELS)[2]
    fixed = fix_data(data, out, tmp_path / "fixed.csv")
    assert fixed.n_applied == done["n_changed"]
    assert len(read_journal(journal_path(out))) > done["n_changed"] / N_DOUBTFUL


def test_a_click_does_not_turn_the_next_key_into_another_one(visit, reviewing, tmp_path):
    """After a click on a button, Space skips and Enter accepts; a key on a button presses it."""
    with reviewing() as served:
        page = visit(served.url)

        def click(name):
            before, text = page.text_content("#about"), page.text_content("#text")
            page.click(name)
            page.wait_for_function(
                "said => document.getElementById('about').textContent !== said", arg=before
            )
            return text

        clicked = [click("#keep"), click("#accept")]
        press(page, " ")
        click("#skip")
        accepted = press(page, "Enter")
        click("#keep")
        press(page, "Enter")
        page.focus("#keep")
        kept = [press(page, "Enter"), press(page, " ")]
        page.close()
        done = served.stop()
    assert (done["n_changed"], done["n_kept"], done["n_skipped"]) == (3, 4, 2)
    found = {row["text"]: row["accept"] for row in read_decisions(tmp_path / "decisions.csv")}
    assert [found[text] for text in [*clicked, accepted, *kept]] == ["no", "yes", "yes", "no", "no"]


def test_decision_waits_for_a_server_that_went_away(visit, reviewing, tmp_path):
    """The page says so, keeps the decision, and sends it when the command runs again."""
    with reviewing() as first:
        page = visit(first.url, may_complain=True)
        press(page, "Enter")
        port = first.url.rpartition(":")[2]
        first.kill()
    text = page.text_content("#text")
    page.keyboard.press("Enter")
    page.wait_for_selector("#alert:not([hidden])")
    assert "does not answer" in page.text_content("#alert")
    with reviewing("--resume", port=port) as second:
        page.wait_for_selector("#alert", state="hidden")
        assert second.stop()["n_changed"] == 2
    assert text in [row["text"] for row in read_decisions(tmp_path / "decisions.csv")]


def test_region_of_the_map_is_reviewed(visit, reviewing):
    """Coloured by suspicion; a line around all dots looks at the rows of the audit, and at no other."""
    with reviewing() as served:
        page = visit(served.url)
        page.click("#map-open")
        page.wait_for_selector("#map-legend li")
        assert page.locator("#map-colour option").all_text_contents() == [
            "label",
            "right and wrong",
            "suspicion",
        ]
        page.select_option("#map-colour", "right")
        assert "another label is proposed" in page.text_content("#map-legend")
        page.select_option("#map-colour", "suspicion")
        assert "label very suspect" in page.text_content("#map-legend")
        if AXE.is_file():
            assert find_violations_in_both_schemes(page) == []
        draw_line_around_map(page, margin=4)
        page.wait_for_function(
            "n => document.getElementById('region').textContent.startsWith(n)",
            arg=str(waiting(page)),
        )
        page.close()
        served.stop()


def test_two_browsers_korean_and_a_phone(visit, reviewing):
    """The second to decide is told; nothing is too wide, and all that is pressed is large."""
    with reviewing() as served:
        page = visit(served.url, may_complain=True)
        options = {"locale": "ko-KR", "viewport": {"width": 390, "height": 844}}
        other = visit(served.url, **options)
        assert other.locator("html").get_attribute("lang") == "ko"
        sentences = open_language("ko")
        assert other.text_content("#skip").endswith(sentences.say("review_page.skip"))
        other.keyboard.press("k")
        other.wait_for_function("() => !document.getElementById('undo').disabled")
        page.keyboard.press("k")
        page.wait_for_selector("#alert:not([hidden])")
        assert "Another page has decided" in page.text_content("#alert")
        for _ in range(3):
            press(page, " ")
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        assert page.locator("#text img, .said img").count() == 0
        other.reload()
        other.wait_for_selector("#labels button")
        assert other.evaluate("document.documentElement.scrollWidth") <= 390
        heights = [
            one.bounding_box()["height"]
            for one in other.locator("button, select").all()
            if one.is_visible()
        ]
        assert min(heights) >= 40
        page.close()
        other.close()
        served.stop()


def test_all_labels_of_a_text_are_decided_at_once(visit, tmp_path):
    """Keys press labels, Enter takes those that are pressed, and offers no change to what is given."""
    texts = [f"text {number}" for number in range(6)]
    data = tmp_path / "data.jsonl"
    lines = [json.dumps({"text": text, "labels": ["joy", "fear"]}) for text in texts]
    data.write_text("\n".join(lines), encoding="utf-8")
    label, proposed = json.dumps(["fear", "joy"]), json.dumps(["joy"])
    rows = load_for_audit(data)["all"]
    found = [
        Issue("extra_label", "all", line, text, label, proposed_label=proposed, score=0.9)
        for line, text in zip(rows.lines, rows.texts, strict=True)
    ]
    write_issues_file(found, tmp_path / "issues.csv")
    out = tmp_path / "decisions.csv"
    with serving("review", data, "--issues", tmp_path / "issues.csv", "--out", out) as served:
        page = visit(served.url)
        assert "Change to joy" in page.text_content("#accept")
        page.keyboard.press("1")  # fear, which the proposal leaves out
        page.wait_for_selector("#accept", state="hidden")
        page.keyboard.press("2")
        page.wait_for_selector("#accept", state="visible")
        changed = press(page, "Enter")
        accepted = press(page, "Enter")
        page.keyboard.press("1")
        as_given = press(page, "Enter")
        kept = press(page, "k")
        page.keyboard.press("2")
        nothing = press(page, "Enter")
        page.click("#map-open")
        page.wait_for_selector("#map-legend li")
        ways = page.locator("#map-colour option").all_text_contents()
        assert ways == ["label fear", "label joy", "right and wrong", "suspicion"]
        assert page.text_content("#map-legend") == "fear"  # all texts have it
        page.close()
        done = served.stop()
    assert (done["n_changed"], done["n_kept"]) == (3, 2)
    fix_data(data, out, tmp_path / "fixed.jsonl")
    lines = (tmp_path / "fixed.jsonl").read_text(encoding="utf-8").splitlines()
    fixed = {row["text"]: sorted(row["labels"]) for row in map(json.loads, lines)}
    assert fixed[changed] == ["fear"]
    assert fixed[accepted] == ["joy"]
    assert fixed[as_given] == fixed[kept] == ["fear", "joy"]
    assert fixed[nothing] == []


def test_review_page_is_accessible(visit, reviewing):
    """axe-core finds nothing to complain of, in light and in dark, with a row and at the end."""
    if not AXE.is_file():
        pytest.skip("axe-core is not here: .ci/run fetches it")
    with reviewing() as served:
        page = visit(served.url)
        press(page, "k")
        page.wait_for_selector("#nearest li")
        found = find_violations_in_both_schemes(page)
        page.click("#keep-all")
        page.wait_for_selector("#keep", state="hidden")
        found += find_violations_in_both_schemes(page)
        page.close()
        served.stop()
    assert found == []


def test_sentences_that_begin_with_an_arabic_label_keep_their_order(visit, tmp_path):
    """A Korean button begins with the label, to the left of the words after it."""
    texts = list(dict.fromkeys(small_data(60)[0]))[:12]
    data = write_rows(tmp_path / "a.csv", texts, ["مدح", "شكوى"] * 6)
    path, out = tmp_path / "issues.csv", tmp_path / "d.csv"
    train = load_for_audit(data)["train"]
    row = train.lines[0], train.texts[0], train.labels[0]
    doubt = Issue("wrong_label", "train", *row, proposed_label="شكوى", score=0.9)
    write_issues_file([doubt], path)
    with serving("review", data, "--issues", path, "--out", out) as server:
        page = visit(server.url, locale="ko-KR")
        lefts = page.evaluate(
            """() => {
              const words = document.querySelector("#accept span").firstChild;
              return [words.data.indexOf("شكوى"), words.data.length - 1].map((at) => {
                const range = document.createRange();
                range.setStart(words, at);
                range.setEnd(words, at + 1);
                return range.getBoundingClientRect().left;
              });
            }"""
        )
        assert lefts[0] < lefts[1]
        assert page.text_content("#labels button span").strip("\u2068\u2069") in ("مدح", "شكوى")
