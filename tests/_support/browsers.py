"""What the tests of the label and review pages share: a real browser, and a command that serves a page."""

import json
import os
import shutil
import signal
from contextlib import contextmanager
from pathlib import Path

import pytest

from _support.small_runs import start_assay

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
AXE = Path(__file__).resolve().parents[2] / ".browser" / "axe.min.js"
NEEDS_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="there is no Chromium here (Debian's package chromium)"
    ),
]


class Served:
    """A running `assay label` or `assay review`."""

    def __init__(self, process, url):
        self.process = process
        self.url = url

    def kill(self):
        """End it as a power cut would."""
        self.process.kill()
        self.process.communicate()

    def stop(self):
        """End it as Ctrl-C does; return what it said."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, err
        return json.loads(out.splitlines()[-1])


@contextmanager
def serving(command, *args, port=0):
    """Run a command that serves a page in a process of its own, and end it."""
    process = start_assay(command, *args, "--port", port, "--json", is_forked=True)
    try:
        line = process.stdout.readline()
        assert line, process.communicate()
        yield Served(process, json.loads(line)["url"])
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@contextmanager
def open_browser():
    """Start the browser, and end it."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*sandbox, "--disable-gpu", "--disable-quic"]
        )
        yield browser
        browser.close()


@contextmanager
def visits(browser):
    """Yield what opens a page as somebody; whatever a page complains of fails the test."""
    contexts, complaints = [], []

    def visit(url, *, may_complain=False, **options):
        options = {"locale": "en-US", "viewport": {"width": 1280, "height": 800}, **options}
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)

        def note(message):
            if message.type == "error" and not may_complain:
                complaints.append(message.text)

        def watch(request):
            if not request.url.startswith(url):
                complaints.append(request.url)

        page.on("console", note)
        page.on("request", watch)
        page.on("pageerror", lambda err: complaints.append(str(err)))
        page.on("dialog", lambda dialog: complaints.append("a dialog opened"))
        page.goto(url)
        page.wait_for_selector("#labels button")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == [], complaints


def find_violations_in_both_schemes(page):
    """Return what axe-core finds on a page in light and in dark."""
    found, backgrounds = [], set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        backgrounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        found += [(scheme, *one) for one in find_violations(page)]
    assert len(backgrounds) == 2
    return found


def find_violations(page):
    """Return what axe-core finds on a page."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    assert len(found["passes"]) > 10
    return [
        (one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]
    ]


def draw_line_around_map(page, margin):
    """Draw a line with the mouse around all of the map, so many pixels inside of its edge."""
    box = page.locator("#map-canvas").bounding_box()
    draw_line(page, margin, margin, box["width"] - margin, box["height"] - margin)


def draw_line(page, left, top, right, bottom):
    """Draw a line with the mouse around a part of the map, in pixels of the canvas."""
    box = page.locator("#map-canvas").bounding_box()
    left, right = box["x"] + left, box["x"] + right
    top, bottom = box["y"] + top, box["y"] + bottom
    page.mouse.move(left, top)
    page.mouse.down()
    for corner in ((right, top), (right, bottom), (left, bottom)):
        page.mouse.move(*corner)
    page.mouse.up()
