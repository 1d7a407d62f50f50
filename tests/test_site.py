"""The documentation site is true: every block of code on its pages is run, or was generated.

The blocks of all pages run in one folder, which holds a small run, a file and a folder of tweets.
docs/site_pages.py, which makes some of the pages, is held to the program by what it lists.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import transformers

import assay
from _support.checkpoints import write_checkpoint
from _support.documents import KINDS, PageRunner, read_blocks
from _support.forks import ForkServer
from _support.loopback_hub import LoopbackHub, hub_environment
from _support.sample_files import write_rows, write_sample

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
CONFIG = ROOT / "mkdocs.yml"
if not CONFIG.is_file():
    pytest.skip("docs/ is not part of this copy", allow_module_level=True)
NAV = re.findall(r": ([\w.]+\.md)$", CONFIG.read_text(encoding="utf-8"), flags=re.MULTILINE)
# Pages whose blocks come out of the program, or are held by tests of their own.
GENERATED = {
    "benchmarks.md": "benchmarks/table.py",
    "changelog.md": "a copy of CHANGELOG.md",
    "commands.md": "docs/site_pages.py",
    "contributing.md": "a copy of CONTRIBUTING.md",
    "json.md": "tests/test_json_docs.py",
    "ko.md": "a copy of README.ko.md, which tests/test_readme.py runs",
    "tour.md": "docs/tour.py",
    "tour.ko.md": "docs/tour.py",
}
WRITTEN = [name for name in NAV if name not in GENERATED]
TRANSLATED = [name for name in WRITTEN if name.endswith(".ko.md")]  # their code is run once
WITH_CODE = [name for name in WRITTEN if name not in TRANSLATED and read_blocks(DOCS / name)]
COMMENT = re.compile(r"\s*# .*$", re.MULTILINE)  # which is translated


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Make the folder in which the pages are run; with what somebody says of the texts of pools."""
    folder = tmp_path_factory.mktemp("site")
    return folder, write_tweets(folder)


def write_tweets(folder):
    """Write tweets.csv, tweets/ and the pools tickets.csv and more-tickets.csv, a little each; and mails.csv.

    Texts of the pools are not of the data of any model. Return the label of each.
    """
    write_mails(folder / "mails.csv")
    rows = write_sample(folder / "tweets")
    write_rows(folder / "tweets.csv", ["text", "label"], rows)
    unseen = {f"{text} once more": label for text, label in rows[:60]}
    for name, n_rows in (("tickets.csv", 40), ("more-tickets.csv", 60)):
        write_rows(folder / name, ["text"], [[text] for text in [*unseen][:n_rows]])
    return unseen


def write_mails(path):
    """Write mails that are easy to tell apart, enough to show what a page asks of their labels."""
    words = {
        "ham": ("lunch", "meeting", "notes", "friday", "budget", "thanks"),
        "spam": ("winner", "prize", "claim", "free", "loan", "click"),
    }
    rows = []
    for i in range(900):
        for label, own in words.items():
            chosen = (own[(i // 6**place) % 6] for place in range(3))
            rows.append(f"mail {i}: {' '.join(chosen)},{label}")
    path.write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Return the environment of the pages' commands, with a Hub on this machine."""
    home = tmp_path_factory.mktemp("hub")
    theirs = write_classifier(home / "theirs")
    with LoopbackHub(
        models={"someone/classifier": theirs}, tokens={"hf_w": ("me", "write")}
    ) as hub:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        given = {**hub_environment(hub.url, home, token="hf_w"), "PATH": path, "COLUMNS": "100"}
        with ForkServer(given, home / "programs") as forks:
            yield forks.pages


def write_classifier(folder):
    """Write a random classifier of transformers with names that say nothing; return its files."""
    write_checkpoint(folder, "bert")
    config = transformers.AutoConfig.from_pretrained(folder, num_labels=6)
    transformers.AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_page_is_in_the_navigation():
    """No page of docs/ is left out, and none that is named is missing."""
    pages = {path.name for path in DOCS.glob("*.md")}
    assert pages <= set(NAV)
    assert set(NAV) - pages == {
        "benchmarks.md",
        "changelog.md",
        "commands.md",
        "contributing.md",
        "ko.md",
    }


@pytest.mark.parametrize("page", WRITTEN)
def test_blocks_are_of_a_known_kind(page):
    """A block is code that is run, a file that is written, output that is compared, or a drawing."""
    unknown = [block.info for block in read_blocks(DOCS / page) if block.kind not in KINDS]
    assert not unknown


@pytest.mark.parametrize("page", TRANSLATED)
def test_translated_pages_have_the_code_of_the_page(page):
    """What is run of the English page is run of its translation."""
    translated, original = (
        [(block.kind, COMMENT.sub("", block.text)) for block in read_blocks(path)]
        for path in (DOCS / page, DOCS / page.replace(".ko.md", ".md"))
    )
    assert translated == original


def test_python_reference_lists_every_public_name():
    """Each name of assay has an entry, and each entry is a name."""
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    names = re.findall(r"^::: assay\.(\w+)$", page, flags=re.MULTILINE)
    assert sorted(names) == sorted({*assay.__all__, "errors"} - {"AssayError"})


def test_files_that_contributors_are_sent_to_exist():
    """Each path in CONTRIBUTING.md is a file of assay or of the repository, and holds what is named."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = re.findall(r"`((?:[\w-]+/)+[\w.*]*\w\.(?:py|md|txt|j2))`(?: \(([^)]*)\))?", text)
    assert len(paths) > 40
    for path, names in paths:
        found = [root / path for root in (ROOT / "src" / "assay", ROOT) if (root / path).is_file()]
        assert found or path == "docs/NAME.md", path
        for name in re.findall(r"`([\w.]+)`", names):
            assert name.rpartition(".")[2] in found[0].read_text(encoding="utf-8"), (path, name)


def test_design_lists_every_room():
    """The house of docs/design.md names each folder and module of assay, and none that is gone."""
    page = (DOCS / "design.md").read_text(encoding="utf-8").partition("\nsrc/assay/\n")[2]
    page = page.partition("```")[0]
    listed = set(re.findall(r"^  (\w+(?:/|\.py))\s", page, flags=re.MULTILINE))
    package = ROOT / "src" / "assay"
    own = {f"{path.name}/" for path in package.iterdir() if (path / "__init__.py").is_file()}
    own |= {path.name for path in package.glob("*.py")} - {"__main__.py"}
    assert listed == own


@pytest.mark.slow
def test_pages_run(folder, environment):
    """Every command and every line of Python on the pages works, and prints what the page shows.

    One test for all pages, since they share the run that the first one makes.
    """
    problems = {}
    place, label_of = folder
    for page in WITH_CODE:
        with PageRunner(place, environment, label_of) as runner:
            try:
                runner.run(read_blocks(DOCS / page))
            except AssertionError as err:
                problems[page] = str(err)
    assert not problems, "\n\n".join(f"{page}: {problems[page]}" for page in problems)


@pytest.mark.slow
@pytest.mark.skipif(not find_spec("mkdocs"), reason="mkdocs is not installed (make site)")
def test_command_reference_lists_every_option():
    """The page of commands has each command with its options and examples."""
    code = "import sys; sys.path.insert(0, 'docs'); import site_pages; print(site_pages.describe_commands())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for words in ("## assay run", "## assay datasets", "`--max-rows N`", "assay run sample --out"):
        assert words in done.stdout
