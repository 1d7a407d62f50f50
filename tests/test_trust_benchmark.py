"""The benchmark of trust still runs, a part at a time, and does no case twice."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from _support import forks

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "benchmarks" / "trust.py"


@pytest.fixture
def trust(monkeypatch):
    """Import the script with the modules beside it, and forget them afterwards."""
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    spec = importlib.util.spec_from_file_location("trust", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "trust", module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    for name in ("trust_findings", "trust_costs"):
        sys.modules.pop(name, None)


def run(*args):
    """Run the script in a process of its own; those that it starts are forked as it is."""
    python = str(forks.shared.python)
    return subprocess.run(
        [python, str(SCRIPT), *map(str, args)],
        env={**os.environ, forks.PYTHON: python},
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_every_part_runs_in_smoke_mode():
    """On the built-in sample each part measures a case and prints its table; nothing is kept."""
    before = sorted(path.name for path in (SCRIPT.parent / "results").iterdir())
    done = run("--smoke")
    assert done.returncode == 0, done.stderr
    tables = dict(
        zip(
            ["planted", "scope", "audit", "scores", "memory"],
            done.stdout.split("\n\n")[1::2],
            strict=True,
        )
    )
    for name, table in tables.items():
        head, rule, *rows = table.splitlines()
        assert rule == "|---" * head.count(" |") + "|", name
        assert rows, name
        assert {row.count("|") for row in rows} == {head.count("|")}, name
    assert "| sample | 51 | 0." in tables["planted"]
    assert "| sample | held back | `linear` | 1 | 0." in tables["scope"]
    assert sorted(path.name for path in (SCRIPT.parent / "results").iterdir()) == before


def test_unknown_part_and_missing_data_are_said(tmp_path):
    """A slip costs a sentence."""
    done = run("plantd")
    assert done.returncode == 2
    assert "unknown part plantd; parts: planted, scope, audit, scores, memory" in done.stderr
    done = run("planted", "--data", tmp_path)
    assert done.returncode == 1
    assert f"there is no data at {tmp_path / 'emotion'}; give --data" in done.stderr


def test_case_that_is_there_is_not_run_again(trust, tmp_path, monkeypatch):
    """After an interruption the rest is measured, each entry is written at once, and the machine is named once."""
    measured = []

    def measure(case, root):
        measured.append(case)
        if len(measured) == 2:
            raise KeyboardInterrupt
        return {"value": 1}

    part = trust.Part([{"seed": seed} for seed in range(3)], [], measure, str)
    monkeypatch.setitem(trust.PARTS, "planted", part)
    path = tmp_path / "results" / "trust.json"
    with pytest.raises(KeyboardInterrupt):
        trust.run_part("planted", trust.Results(path, trust.describe_machine()), tmp_path)
    content = json.loads(path.read_text())
    assert [entry["seed"] for entry in content["planted"]] == [0]
    trust.run_part("planted", trust.Results(path, trust.describe_machine()), tmp_path)
    assert [case["seed"] for case in measured] == [0, 1, 1, 2]
    content = json.loads(path.read_text())
    assert [(entry["seed"], entry["value"], entry["machine"]) for entry in content["planted"]] == [
        (0, 1, 0),
        (1, 1, 0),
        (2, 1, 0),
    ]
    assert len(content["machines"]) == 1
    assert [path.name for path in path.parent.iterdir()] == ["trust.json"]


def test_held_back_labels_are_gone_from_inside_and_all_of_outside(trust):
    """Twenty drawn labels are in no split of the model's data; their test texts, and no others, are the strangers."""
    from trust_findings import hold_back, load_named

    case = {"inside": "sample", "n_held_back": 2, "seed": 1}
    whole = load_named("sample", ROOT)
    inside, strangers = hold_back(case, ROOT)
    assert len(inside.label_set) == len(whole.label_set) - 2
    assert set(inside.label_set) <= set(whole.label_set)
    for name, part in inside.items():
        assert set(part.labels) == set(inside.label_set)
        assert len(part) == sum(label in set(inside.label_set) for label in whole[name].labels)
    assert len(strangers) + len(inside["test"]) == len(whole["test"])
    assert hold_back({**case, "seed": 2}, ROOT)[0].label_set != inside.label_set


def test_strangers_of_another_data_set_are_bare(trust):
    """Neither capitals nor punctuation tell them apart."""
    from trust_findings import face_another

    _, strangers = face_another({"inside": "sample", "outside": "sample"}, ROOT)
    letters = "".join(strangers)
    assert letters == letters.lower()
    assert not set(letters) & set("!?.,;:'\"-()")


def test_peak_memory_is_of_this_process_alone():
    """A hundred megabytes that are touched show, also after they are gone; those of the starting process do not."""
    code = (
        "import numpy as np; from house import peak_bytes; before = peak_bytes(); "
        "np.ones(100 * 2**20 // 8); print(before, peak_bytes() - before)"
    )
    held = np.ones(300 * 2**20 // 8)  # more than a fresh process with numpy has
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=SCRIPT.parent
    )
    before, grown = map(int, done.stdout.split())
    assert held.nbytes > before
    assert 90 * 2**20 < grown < 150 * 2**20
