"""On a terminal of 80 columns no line is wider, sentences included; only what is piped keeps a sentence in one line."""

import os
import re
import subprocess
import sys

import pytest
from rich.cells import cell_len

from _support.small_models import small_data
from _support.small_runs import write_rows
from assay.recipes.train import train_model

STYLE = re.compile(r"\x1b\[[0-9;]*m")  # bold and dim take no column
LABELS = {
    "long": [f"a rather long label name of a class, number {i}" for i in range(6)],
    "korean": [f"경제와 사회 그리고 문화 {name}" for name in "가나다라마바"],
}

pytestmark = pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals here")


def lines_on_terminal(*args):
    """Run assay with a terminal of 80 columns as its stdout; return the lines."""
    ours, theirs = os.openpty()
    environment = {
        **os.environ,
        "COLUMNS": "80",
        "TERM": "xterm",
        "NO_COLOR": "1",
        "PYTHONUTF8": "1",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "assay", *map(str, args)],
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # what Linux says at the end
                break
            if not part:
                break
            shown += part
        os.close(ours)
        said = process.stderr.read().decode()
    assert process.returncode == 0, said
    return STYLE.sub("", shown.decode()).replace("\r", "").splitlines()


@pytest.mark.parametrize("kind", LABELS)
def test_evaluation_fits_a_terminal(tmp_path, kind):
    """With warnings that name long labels, and Korean ones, whose letters are two columns wide."""
    texts, labels = small_data(60, labels=tuple(LABELS[kind]))
    (tmp_path / "d").mkdir()
    for split in ("train", "validation", "test"):
        write_rows(tmp_path / "d" / f"{split}.csv", texts, labels)
    train_model(tmp_path / "d", tmp_path / "m", method="majority")
    lines = lines_on_terminal("evaluate", tmp_path / "m", tmp_path / "d")
    assert any(line.startswith("Note: ") for line in lines)
    assert max(map(cell_len, lines)) <= 80


def test_audit_fits_a_terminal(tmp_path, monkeypatch):
    """The sentence on the suspects is broken between words."""
    texts, labels = small_data(60)
    write_rows(tmp_path / "d.csv", texts, labels)
    monkeypatch.chdir(tmp_path)
    lines = lines_on_terminal("audit", "d.csv")
    assert any("probably wrong" in line for line in lines)
    assert max(map(cell_len, lines)) <= 80
