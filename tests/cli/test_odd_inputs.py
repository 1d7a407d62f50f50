"""Odd files of many kinds through the command line: the sentence, the exit code, and nothing written.

The modules `assay.data.word_labels`, `assay.data.row_advice` and `assay.data.files.footers` are tested
here too.
"""

from __future__ import annotations

import os
import shlex

import pytest

from _support.odd_files import ODD_FILES
from _support.odd_inputs import ODD_INPUTS, write_files
from _support.odd_programs import ODD_PROGRAMS
from _support.odd_walks import ODD_WALKS
from _support.small_runs import listing
from assay.recipes.train import train_model

N_KINDS = 300  # at least
EVERY = [*ODD_INPUTS, *ODD_FILES, *ODD_PROGRAMS, *ODD_WALKS]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Train a tiny model that knows the labels neg and pos."""
    folder = tmp_path_factory.mktemp("odd")
    rows = "".join(
        f"{'bad sad' if i % 2 else 'good glad'} {i},{('pos', 'neg')[i % 2]}\n" for i in range(60)
    )
    (folder / "d.csv").write_text("text,label\n" + rows, encoding="utf-8")
    train_model(folder / "d.csv", folder / "model", method="linear")
    return folder / "model"


def test_many_kinds_are_tried():
    """Each kind has a name of its own, and there are enough of them."""
    kinds = [odd.kind for odd in EVERY]
    assert len(set(kinds)) == len(kinds) >= N_KINDS


@pytest.mark.parametrize("odd", EVERY, ids=[odd.kind for odd in EVERY])
def test_odd_input_has_its_sentence_and_exit_code(invoke, model, tmp_path, monkeypatch, odd):
    """What is odd is said, or read as it was meant; no file is changed, and none is new."""
    write_files(tmp_path, odd.files)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setattr("sys.argv", ["assay", *shlex.split(odd.command)])
    before = {name: _content(tmp_path / name) for name in listing(tmp_path)}
    done = invoke(*shlex.split(odd.command.format(model=model)))
    assert done.exit_code == odd.code, done.output
    said = done.stderr if odd.code else done.output
    assert odd.said in said
    assert len(max(said.splitlines(), key=len)) < 1000  # never a whole text
    assert {name: _content(tmp_path / name) for name in listing(tmp_path)} == before


def test_what_is_no_file_is_said_to_be_none(invoke, tmp_path, monkeypatch):
    """Pipes, and links to nothing or to themselves; a link to a file is that file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.csv").write_text("text,label\na,b\nc,d\n", encoding="utf-8")
    (tmp_path / "link.csv").symlink_to("d.csv")
    (tmp_path / "dead.csv").symlink_to("nowhere.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    assert "2 texts, 2 labels" in invoke("explore", "link.csv").stdout
    for name, said in (
        ("dead.csv", "is a link to a file that is not there: nowhere.csv"),
        ("loop.csv", "is a link to a file that is not there: loop.csv"),
        ("pipe.csv", "pipe.csv is not a file"),
    ):
        done = invoke("explore", name)
        assert done.exit_code == 2
        assert said in done.stderr


def _content(path):
    return path.read_bytes() if path.is_file() else None
