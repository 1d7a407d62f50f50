"""Pages are in plain English, as the source is: without the patterns that dev/prose.py names.

The log of what was tried has its headings by theme, and comments in the source name headings of it.
"""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOG = ROOT / "dev" / "LOG.md"
if not LOG.is_file():
    pytest.skip("dev/ is not part of this copy", allow_module_level=True)
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), LOG])
# Text that is quoted, not written: code, and what a notebook printed.
QUOTED = re.compile(r"^```.*?^```$|^    .*?$|<div>.*?</div>", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r'"([^"]+)" (?:in|of) dev/LOG\.md|dev/LOG\.md, "([^"]+)"')


def load_prose():
    """Import dev/prose.py, which is a script beside others."""
    if str(ROOT / "dev") not in sys.path:
        sys.path.append(str(ROOT / "dev"))
    return importlib.import_module("prose")


@pytest.mark.parametrize("page", PAGES, ids=[path.name for path in PAGES])
def test_page_is_in_plain_english(page):
    """No "X a Y" for "X per Y", no "stands" for "is", and no sentence that opens with "Of a"."""
    prose = load_prose()
    text = QUOTED.sub("", page.read_text(encoding="utf-8"))
    patterns = (prose.X_A_Y, prose.STANDS, prose.OF_A)
    found = [
        text[max(0, m.start() - 30) : m.end() + 20] for p in patterns for m in p.finditer(text)
    ]
    assert not found


def test_tests_and_benchmarks_are_in_plain_english():
    """They are read as often as what they test; two files quote the patterns."""
    prose = load_prose()
    folders = ("tests", "benchmarks", "examples", "docs")
    files = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    found = []
    for path in files:
        if path.name in ("test_figures.py", "test_prose.py"):
            continue
        source = path.read_text(encoding="utf-8")
        for pattern in (prose.X_A_Y, prose.STANDS, prose.OPENING_OF, prose.OF_A):
            matches = prose.find_pattern(source, pattern)
            found += [f"{path.relative_to(ROOT)}:{line} {words}" for line, words in matches]
    assert len(files) > 100
    assert not found


def test_headings_that_comments_name_are_in_the_log():
    """Whoever follows a comment to the log finds the heading there."""
    headings = {h.lower() for h in re.findall(r"^#+ (.+)$", LOG.read_text("utf-8"), re.MULTILINE)}
    for path in sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "benchmarks").glob("*.py")]):
        text = re.sub(r"\n\s*#? ?", " ", path.read_text(encoding="utf-8"))
        for names in NAMED.findall(text):
            name = "".join(names).lower()
            assert any(h.endswith(name) for h in headings), f"{path.name} names {name!r}"


def test_contents_of_the_log_lead_to_its_themes():
    """Each entry of the table of contents is a heading."""
    text = LOG.read_text(encoding="utf-8")
    entries = re.findall(r"^ *- \[([^\]]+)\]\(#", text, flags=re.MULTILINE)
    assert len(entries) > 30
    assert set(entries) <= set(re.findall(r"^##+ (.+)$", text, flags=re.MULTILINE))
