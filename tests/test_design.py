"""The drawings of docs/design.md and CONTRIBUTING.md, and the lines of pages that nothing runs, are true."""

from __future__ import annotations

import re

import pytest

from _support.documents import read_blocks
from _support.small_runs import shared_run
from assay.catalogue import ENGLISH, Fact, open_language
from assay.methods import METHODS
from test_architecture import BESIDE, ROOMS
from test_site import DOCS, ROOT, WITH_CODE

DESIGN = DOCS / "design.md"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a run of all methods."""
    return shared_run(tmp_path_factory)


def drawing(page, beginning):
    """Return the block of a page that begins like this."""
    (found,) = [block.text for block in read_blocks(page) if block.text.startswith(beginning)]
    return found


@pytest.mark.parametrize("page", [DESIGN, ROOT / "CONTRIBUTING.md"], ids=["design", "contributing"])
def test_drawn_rooms_are_those_that_are_checked(page):
    """Each room is drawn, in the order in which data pass."""
    (drawn,) = [block.text for block in read_blocks(page) if "-> data ->" in block.text]
    line, beside = drawn.split("beside them:")
    base, *others = [part.split() for part in line.split("->")]
    assert set(base) == set(ROOMS[0])
    assert others == [[room] for (room,) in ROOMS[1:-1]]
    assert set(re.findall(r"\w+", beside)) >= set(BESIDE)


def test_drawn_model_names_every_file(run):
    """Whoever meets a file in a model folder finds what it is."""
    drawn = drawing(DESIGN, "MODEL/")
    found = {
        path.name for method in METHODS for path in (run.folder / "models" / method).rglob("*.*")
    }
    assert len(found) > 8
    assert [name for name in found if name not in drawn] == []


def test_drawn_run_names_every_file(run):
    """At the top of a run, and none is drawn that is not there."""
    drawn = drawing(DESIGN, "RUN/")
    lines = re.findall(r"^  (\S+)(?: +(\S+\.png))?", drawn, re.MULTILINE)
    tops = {name.split("/")[0] for line in lines for name in line if name}
    assert {path.name for path in run.folder.iterdir() if not path.name.startswith(".")} == tops


def test_drawn_results_have_the_keys_that_are_written(run):
    """Of the file as a whole, of its data, and of a method."""
    drawn = drawing(DESIGN, '{"schema_version": 2')
    keys = set(re.findall(r'"(\w+)":', drawn))
    results = run.results
    for written in (results, results["data"], results["methods"][0]):
        assert set(written) - keys == set()


def test_line_about_more_texts_is_what_a_run_says():
    """The page on scores shows it without a run that is large enough."""
    (line,) = drawing(DOCS / "scores.md", "More texts:").splitlines()
    values = {"n": 2000, "n_before": 1000, "gain": 0.031, "low": 0.006, "high": 0.056}
    said = open_language(ENGLISH).tell(Fact.of("more.gain", method="features", **values))
    assert line == f"More texts:  {said}"


def test_commands_of_the_readme_that_it_does_not_run_are_run_elsewhere():
    """A target of the Makefile, or a line of a page whose blocks are run; its folder may be another one.

    Blocks that are marked are run by tests/test_readme.py.
    """
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    ran = set()
    for page in set(WITH_CODE) - {"design.md"}:
        for block in read_blocks(DOCS / page):
            ran |= {line.partition("#")[0].strip() for line in block.text.splitlines()}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(
        r"(?<!<!-- run -->\n)(?<!<!-- walk -->\n)^```bash\n(.*?)^```",
        readme,
        re.MULTILINE | re.DOTALL,
    )
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    assert len(lines) > 5
    for line in lines:
        if line.startswith("make "):
            assert re.search(rf"^{line.split()[1]}\b.*:", makefile, re.MULTILINE), line
        else:
            assert line in ran, line
