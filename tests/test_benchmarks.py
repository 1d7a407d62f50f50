"""The benchmarks still run."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from _support.forks import ForkServer
from _support.small_models import small_data, small_estimator
from assay.models import save_model
from assay.models.several_machines import MACHINES

ROOT = Path(__file__).resolve().parent.parent
CHILDREN = ROOT / "benchmarks" / "prediction_children.py"


def load_script(name):
    """Import a benchmark as a module; the scripts import one another by name."""
    if str(ROOT / "benchmarks") not in sys.path:
        sys.path.append(str(ROOT / "benchmarks"))
    return importlib.import_module(name)


@pytest.fixture(scope="module")
def fork_server(tmp_path_factory):
    """Have the processes of benchmarks forked where what is held is not what a process costs."""
    environment = {**os.environ, **load_script("house").child_environment(1)}
    with ForkServer(environment, tmp_path_factory.mktemp("programs")) as server:
        yield server


def run_smoke(name, *options, server=None):
    """Run a benchmark in its smoke mode, forked if a server is given; return what it printed."""
    python = sys.executable if server is None else server.python
    environment = None if server is None else server.nested
    done = subprocess.run(
        [str(python), str(ROOT / "benchmarks" / name), "--smoke", *options],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_methods_benchmark_runs_in_smoke_mode(fork_server):
    """The script that makes the README's numbers trains, scores and prints its table."""
    printed = run_smoke("methods.py", server=fork_server)
    assert "| `majority` | 2 | 0.3394 (0.3394 to 0.3394) |" in printed
    assert "| `linear` | 2 |" in printed


@pytest.mark.slow
def test_peers_benchmark_runs_in_smoke_mode():
    """A method is fitted and saved in a process of its own, and its row says what it cost."""
    row = next(
        line
        for line in run_smoke("peers.py", "--only", "majority").splitlines()
        if "`majority`" in line
    )
    _, _, runs, accuracy, seconds, _, peak_mb, _, _, _ = row.split("|")
    assert (runs.strip(), accuracy.strip()) == ("1", "0.3394")
    assert float(seconds) > 0.1
    assert float(peak_mb) > 30


@pytest.mark.slow
def test_choice_benchmark_runs_in_smoke_mode(fork_server):
    """Every part measures one small case and prints its table."""
    printed = run_smoke("choice.py", server=fork_server)
    assert "| sample, 120 rows | 6 |" in printed
    assert "| below 1,000 rows: mean of 1 |" in printed
    assert "| sample | 60 | majority, linear, features | 1 |" in printed
    assert "| sample | `minilm` | 4 | assay `features` | 1 |" in printed
    assert printed.rstrip().splitlines()[-1].startswith("| sample | 60 |")


def test_choice_benchmark_sums_up():
    """What is lost is the gap on test between the best method and the recommended one."""
    scores = [{"method": "linear", "test": 0.8}, {"method": "features", "test": 0.85}]
    entry = {
        "data": "banking77",
        "n_labels": 6,
        "n_train": 60,
        "recommended": "linear",
        "scores": scores,
    }
    lines = load_script("choice_draws").show_draws([entry, {**entry, "n_train": 2000}])
    assert "| banking77 (6 labels) | 60 | `linear` | 5.0 | `features` 0.850 |" in lines
    assert "| from 1,000 rows on: mean of 1 | | | 5.00, worst 5.0 | |" in lines


def test_choice_benchmark_sums_up_what_folds_cost():
    """The median ratio of the repeats, and for each method the seconds of its folds and of its fit."""
    fits = {"majority": [0.1, 0.1], "linear": [1, 2], "compact": [3, 9], "features": [5, 1]}
    entries = []
    for five_s in (30.0, 24.0, 60.0):
        clocks = {
            "seconds": {"never": 12.0, "five": five_s},
            "cpu_seconds": {"never": 9, "five": 18},
        }
        entries.append({"data": "a", "n_rows": 1000, **clocks, "methods": {"five": fits}})
    line = load_script("choice_draws").show_folds(entries).splitlines()[-1]
    shares = "`linear` 2.0, 1.0; `compact` 9.0, 3.0; `features` 1.0, 5.0"
    assert line == f"| a | 1,000 | 3 | 2.50 | 2.00 | {shares} |"


def test_labelling_benchmark_simulates_and_sums_up():
    """Every strategy labels the sample up to a hundred texts; accuracy, ratio and intervals are told."""
    labelling, strategies = load_script("labelling"), load_script("labelling_strategies").STRATEGIES
    cut = load_script("labelling_sets").load_sample().cut(0)
    runs = []
    for name, choose in strategies.items():
        found = labelling.simulate(cut, choose, batch=50, seed=0, n_labels=100, estimated_at=(100,))
        runs.append({"set": "sample", "batch": 50, "strategy": name, "seed": 0, **found})
    assert all(set(one["accuracy"]) == {"50", "100"} for one in runs)
    full = [{"set": "sample", "accuracy": 0.1}]
    printed = load_script("labelling_tables").summarise({"runs": runs, "full": full})
    assert "| sample | 50 | 1 | `core_set` |" in printed
    assert "| mean ratio to random | 50 | 1.00 of 1 |" in printed
    # None but assay draws at random beside what it chooses.
    assert "| sample | 50 | 100 | 1 |" in printed


def test_coverage_is_corrected_for_the_error_of_the_truth():
    """An interval that misses 140 fresh texts by less than these err holds the accuracy of all."""
    tables = load_script("labelling_tables")
    own = {"set": "s", "batch": 50, "accuracy": {"500": 0.86}}
    near = {**own, "seed": 0, "estimates": {"500": [0.90, 0.87, 0.93]}, "n_fresh": 140}
    far = {**own, "seed": 1, "estimates": {"500": [0.90, 0.87, 0.93]}, "n_fresh": 100_000}
    # The run of a seed that is among the sessions, too, counts once.
    runs, full = [{**near, "strategy": "assay"}], [{"set": "s", "accuracy": 0.9}]
    printed = tables.summarise({"runs": runs, "full": full, "sessions": [near, far]})
    assert "| s | 50 | 500 | 2 | 0.0 % | 50.0 % | 0.060 | +0.040 |" in printed


def test_labels_needed_are_read_off_the_curve():
    """Between two points of it, at the first, or never."""
    needed = load_script("labelling_tables").labels_needed
    curve = {50: 0.4, 100: 0.6, 150: 0.5}
    assert needed(curve, 0.5) == 75.0
    assert (needed(curve, 0.4), needed(curve, 0.7)) == (50.0, None)


def test_map_benchmark_runs_in_smoke_mode():
    """Two processes of one seed draw one map, which keeps the neighbours of random clusters."""
    row = next(line for line in run_smoke("map.py").splitlines() if line.startswith("| assay |"))
    cells = [cell.strip() for cell in row.split("|")]
    assert cells[3] == "2"
    assert float(cells[6]) > 0.95
    assert cells[7] == "yes"


def test_trustworthiness_is_that_of_scikit_learn():
    """Of all rows it is the library's own number; of some of them it is near it."""
    rng = np.random.default_rng(0)
    vectors, points = rng.normal(size=(300, 8)), rng.normal(size=(300, 2))
    points[:, 0] += 3 * vectors[:, 0]
    measure = load_script("map").trustworthiness
    expected = trustworthiness(vectors, points, n_neighbors=15, metric="cosine")
    assert measure(vectors, points, np.arange(300)) == pytest.approx(expected, abs=1e-12)
    assert measure(vectors, points, np.arange(0, 300, 3)) == pytest.approx(expected, abs=0.05)


def test_results_go_on_where_they_stopped(tmp_path):
    """What is added is in the file at once, and a later run neither measures nor loses it."""
    house = load_script("house")
    first = house.Results(tmp_path / "made.json", {"n_cpus": 2})
    first.add("samples", {"name": "a", "repeat": 0}, {"s": 1.5})
    second = house.Results(tmp_path / "made.json", {"n_cpus": 4})
    assert second.has("samples", {"name": "a", "repeat": 0})
    assert not second.has("samples", {"name": "a", "repeat": 1})
    second.add("samples", {"name": "a", "repeat": 1}, {"s": 2.5})
    content = json.loads((tmp_path / "made.json").read_text(encoding="utf-8"))
    assert [(one["s"], one["machine"]) for one in content["samples"]] == [(1.5, 0), (2.5, 1)]
    assert content["machines"] == [{"n_cpus": 2}, {"n_cpus": 4}]


def test_rows_that_peers_read_are_those_that_were_written(tmp_path):
    """One line per row, whatever line breaks the texts hold."""
    house, path = load_script("house"), tmp_path / "rows.jsonl"
    texts, labels = ["two\nlines", "ends\u2028of\x85line\x0b"], ["joy", "anger"]
    house.write_labelled(path, SimpleNamespace(texts=texts, labels=labels))
    assert house.read_labelled(path) == (texts, labels)
    house.write_rows(path, [{"text": "한", "labels": []}])
    assert house.read_rows(path) == [{"text": "한", "labels": []}]


def test_circumstances_name_the_machines_that_samples_are_from():
    """A machine whose samples were all taken away has measured nothing; a file may also know a single machine."""
    table = load_script("table")
    here, gone = (
        {"cpu": cpu, "n_cpus": 2, "system": "s", "python": "3", "versions": {}}
        for cpu in ("Here", "Gone")
    )
    samples = [
        {"when": "2026-11-26T00:00:00Z", "machine": 1},
        {"when": "2026-11-25T00:00:00Z", "machine": 1},
    ]
    said = table.show_circumstances({"machines": [gone, here], "samples": samples})
    assert said == "2026-11-25 to 2026-11-26; 2 CPUs (Here), s, Python 3; ."
    assert "Here" in table.show_circumstances(
        {"machine": here, "runs": [{"when": "2026-11-26T00:00:00Z"}]}
    )


CHILD = """
import json, os, sys
task = json.load(sys.stdin)
assert task["is_good"], "a bad task"
print("noise")
print(json.dumps({"found": [task["n_threads"], os.environ["OMP_NUM_THREADS"]]}))
"""


def test_child_has_its_thread_budget_and_its_failure_is_told(tmp_path):
    """A child reads its task, sees the budget in its environment too, and is quoted when it fails."""
    house, script = load_script("house"), tmp_path / "child.py"
    script.write_text(CHILD)
    assert house.run_child(script, {"is_good": True}, n_threads=3)["found"] == [3, "3"]
    with pytest.raises(SystemExit, match=r"(?s)child\.py .* failed with 1: .*a bad task"):
        house.run_child(script, {"is_good": False}, n_threads=3)


def made_samples(name, n_right, fit_s):
    """Return two samples of a contestant of the peers' benchmark."""
    return [
        {
            "data": "emotion",
            "contestant": name,
            "n_threads": 2,
            "repeat": i,
            "settings": {},
            "n_train": 100,
            "n_validation": 50,
            "n_right": n_right + i,
            "saved_s": 2 * fit_s,
            "fit_s": fit_s,
            "predict_s": 0.5,
            "peak_bytes": 1e8,
            "model_bytes": 5e6,
        }
        for i in range(2)
    ]


def test_peers_benchmark_sums_up():
    """Accuracy is a mean with its range, the goal of `linear` compares fits, and the order is the script's own."""
    peers = load_script("peers")
    content = {"samples": [*made_samples("tfidf", 44, 2.0), *made_samples("linear", 45, 3.0)]}
    lines = peers.summarise(content).splitlines()
    assert lines[0] == "emotion: 100 texts to train on, 50 of validation; 2 threads"
    assert lines[4].startswith(
        "| assay `linear` | 2 | 0.9100 (0.9000 to 0.9200) | 6.0 | 100 | 100 | 5.0 |"
    )
    assert (
        peers.goals(content)[0][2]
        == "0.9100 beside 0.8900, 1.50x its time to fit, with probabilities"
    )


def test_map_benchmark_sums_up():
    """Ratios are of medians, the first call and a warm cache apart; another map of one seed is said aloud."""
    made = load_script("map")
    seconds = {"assay": 5.0, "umap-learn, first call": 50.0, "umap-learn, warm numba cache": 30.0}
    content = {
        "samples": [
            {
                "system": system,
                "n_threads": 1,
                "seed": 0,
                "total_s": s,
                "import_s": 1.0,
                "trustworthiness": 0.7,
                "peak_bytes": 1e9,
                "n_texts": 16000,
                "n_columns": 384,
                "sha256": f"{i if system == 'assay' else 0}",
            }
            for system, s in seconds.items()
            for i in range(2)
        ]
    }
    ((what, _, measured),) = made.goals(content)
    assert what == "map of 16,000 x 384, seeded, 1 thread"
    assert (
        measured
        == "10.0x the first call, 6.0x with a warm cache; trustworthiness +0.0000; ANOTHER MAP"
    )


def test_page_of_benchmarks_is_current():
    """benchmarks/README.md holds what the results say; `make docs` writes it."""
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert load_script("table").generate(text) == text, "run: make docs"


def test_other_work_is_told_from_its_own(monkeypatch):
    """Of three processors that worked for ten seconds, one did this process's work."""
    hour = load_script("labelling_hour")
    times = {"busy": 100.0, "own": 5.0, "clock": 0.0}
    monkeypatch.setattr(hour, "busy_s", lambda: times["busy"])
    monkeypatch.setattr(hour, "own_s", lambda: times["own"])
    monkeypatch.setattr(hour.time, "monotonic", lambda: times["clock"])
    others = hour.OtherWork()
    times.update(busy=130.0, own=15.0, clock=10.0)
    assert others.processors() == 2.0


def test_hour_ends_with_its_minutes():
    """Decisions are made until the assumed seconds are over: 3 for a right suggestion, 8 for another one."""
    hour = load_script("labelling_hour")

    class FakePage:
        def __init__(self):
            self.seconds = []

        def state(self):
            i = len(self.seconds)
            item = {"text": str(i), "suggested": ["joy"] if i % 2 else None}
            return {
                "item": item,
                "estimate": {"n_labelled": 99, "accuracy": 0, "low": 0, "high": 0},
            }

        def decide(self, state, label, *, seconds):
            self.seconds.append(seconds)
            return self.state()

        def after_s(self):
            return {}

    page, labels = FakePage(), {str(i): "joy" for i in range(20)}
    found = hour.answer_page(page, labels, minutes=0.5, pace_s=0)
    assert page.seconds == [8, 3, 8, 3, 8]  # the next one would end after 33 of 30 seconds
    assert found["n_labels"] == 5


@pytest.mark.skipif(not Path("/proc/stat").is_file(), reason="there is no /proc here")
def test_processors_that_work_are_counted():
    """A process that computes makes the processors of the machine work as long at least."""
    hour = load_script("labelling_hour")
    busy_s, own_s = hour.busy_s(), hour.own_s()
    while hour.own_s() < own_s + 0.3:
        pass
    assert hour.busy_s() - busy_s > 0.15


@pytest.mark.slow
def test_label_page_benchmark_runs_in_smoke_mode():
    """It opens a made-up pool, labels the built-in sample on its page, trains, and scores the rest."""
    printed = run_smoke("labelling_pages.py")
    assert re.search(r"^\| 200 \| `terms` \| \d+\.\d s ", printed, flags=re.MULTILINE)
    assert "| the page opens on 1,024 texts |" in printed
    assert "| `assay train --method linear` |" in printed
    found = re.search(
        r"3 s for each of the (\d+) decisions .* 8 s for each of the other (\d+);", printed
    )
    n_right, n_others = map(int, found.groups())
    n, seconds = n_right + n_others, 3 * n_right + 8 * n_others
    assert 352 < seconds <= 360  # the six minutes, less what the next decision would take
    minutes = f"{seconds / 60:.1f} minutes"
    assert f"| {n} decisions (assumed) | {minutes} | {minutes} |" in printed
    shown = re.search(rf"right on (\d+\.\d) % of the {1024 - n} texts that were never", printed)
    assert 15 < float(shown[1]) < 90


@pytest.mark.slow
def test_explain_benchmark_runs_in_smoke_mode(fork_server):
    """The words of an explanation matter more than random ones, on the sample too."""
    row = next(
        line
        for line in run_smoke("explain.py", server=fork_server).splitlines()
        if line.startswith("| `linear` | 30 |")
    )
    assert float(row.split("|")[3].strip().removesuffix("%")) >= 80


@pytest.mark.slow
def test_serving_benchmark_runs_in_smoke_mode():
    """A server is loaded at two rates and alone, without its peers."""
    printed = run_smoke("serving.py")
    assert "| assay |" in printed
    assert "HTTP adds" in printed


@pytest.mark.slow
def test_children_of_the_prediction_benchmark_measure(tmp_path):
    """Each kind of measurement of assay prints its samples, with the peak memory of its own process."""
    save_model(small_estimator("linear").fit(*small_data(60)), tmp_path / "linear")
    texts = load_script("prediction").write_texts(tmp_path / "in.csv", small_data(60)[0], 120)
    for name, expected in [("files", {"s"}), ("linear", {"s"}), ("latency", {"p50_ms", "p99_ms"})]:
        command = [
            sys.executable,
            CHILDREN,
            name,
            tmp_path / "linear",
            texts,
            tmp_path / "out.jsonl",
        ]
        done = subprocess.run([*map(str, command)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert set(found) == {"n_texts", "peak_bytes", *expected}
        assert found["n_texts"] == 120
        assert 2e7 < found["peak_bytes"] < 1e9
    assert len((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()) == 120


def made_content():
    """Return what the prediction benchmark keeps, with round numbers."""
    rates = {
        "pipeline, batch 32": 50,
        "compact, file to file": 6000,
        "linear, file to file": 8000,
        "linear, in memory": 12000,
        "scikit-learn, in memory": 4000,
        "finetune, file to file": 175,
        "finetune int8, file to file": 250,
    }
    samples = {
        name: [{"n_texts": rate, "s": 1.0, "peak_bytes": 500 << 20}] for name, rate in rates.items()
    }
    samples |= {
        name: [{"n_texts": 9, "p50_ms": 0.4, "p99_ms": 0.9}]
        for name in ("compact, one text", "pipeline, one text")
    }
    samples |= {
        f"start: {name}": [{"s": 0.5}] for name in ("compact", "linear", "finetune", "pipeline")
    }
    samples["matrix product"] = [{"gflop_per_s": 100.0}]
    machine = {"n_cpus": 2, "system": "Linux", "python": "3.11"}
    seen = [
        {"s": i / 5, "rss_bytes": (100 + i) << 20 if i < 9 else 0, "n_shards": i // 2}
        for i in range(10)
    ]
    many = {"n_texts": 1000, "samples": seen, "resumed_s": 1.0, "is_exact": True}
    base = {"installed_bytes": 250_000_000, "compact": {"peak_bytes": 100 << 20}}
    return {
        "samples": samples,
        "compact_flops": 5e6,
        "base": base,
        "many": many,
        "machine": machine,
    }


def test_prediction_benchmark_sums_up():
    """Ratios are of medians, and the share of the machine is flops times texts."""
    table = load_script("prediction").summarise(made_content())
    assert "| 6,000 texts/s, 120x the pipeline; 30% of the machine's 100 GFLOP/s |" in table
    assert "| 12,000 texts/s, 3.0x scikit-learn |" in table
    assert "| 175 texts/s, 3.50x the pipeline |" in table
    assert "| 1,000 texts | 2 s, 102 to 108 MiB; killed and resumed: the same bytes |" in table
    assert "| 100 MiB, 0.20 of the pipeline's 500 MiB |" in table
    assert "| 250 MB |" in table
    assert "| 0.40 / 0.90 ms (pipeline 0 / 1 ms) |" in table


@pytest.mark.slow
def test_fault_benchmark_runs_in_smoke_mode():
    """Hundreds of connections, half of them broken off, slow clients, swaps: no wrong answer, nothing left behind."""
    found = json.loads(run_smoke("serving_faults.py"))
    assert found["problems"] == []
    assert found["connections"]["n_done"] == 300
    assert found["swaps"]["n"] > 10
    assert found["after"]["n"] == 50


def test_fault_benchmark_finds_what_is_wrong():
    """Each thing that it looks for is found where it is there: the judge can say no."""
    faults = load_script("serving_faults")
    seen, grown = (
        [{"memory_mb": 100.0}, {"memory_mb": 109.0}],
        [{"memory_mb": 100.0}, {"memory_mb": 111.0}],
    )
    part = {"n_wrong": 0}
    good = {
        "before": {"n_files": 10},
        "connections": {**part, "seen": seen, "n": 5, "n_done": 5},
        "held_back": part,
        "swaps": {**part, "n_loaded": 3, "n_swaps": 3, "seen": seen},
        "after": {**part, "memory_mb": 109.0, "n_files": 12},
        "left_in_flight": 0,
        "left_in_queue": 0,
    }
    assert faults.problems_of(good) == []
    for name, change in {
        "1 answers were wrong or lost": {"held_back": {"n_wrong": 1}},
        "requests or texts were left": {"left_in_queue": 2},
        "connections were left open": {"after": {**good["after"], "n_files": 40}},
        "not all connections were made in time": {
            "connections": {**good["connections"], "n_done": 4}
        },
        "memory grew with connections": {"connections": {**good["connections"], "seen": grown}},
        "memory grew with swaps": {"after": {**good["after"], "memory_mb": 111.0}},
        "a swap was missed": {"swaps": {**good["swaps"], "n_loaded": 2}},
    }.items():
        assert faults.problems_of({**good, **change}) == [name]
    row = {"joy": 0.75, "sadness": 0.25}
    body = b'[{"label":"joy","score":0.75},{"label":"sadness","score":0.25}]'
    assert faults.is_right(b"HTTP/1.1 200 OK\r\n\r\n" + body, row)
    assert not faults.is_right(b"HTTP/1.1 200 OK\r\n\r\n" + body, {"joy": 0.7, "sadness": 0.3})
    assert not faults.is_right(b"HTTP/1.1 500 \r\n\r\n" + body, row)
    assert not faults.is_right(b"", row)


@pytest.mark.slow
def test_workers_benchmark_runs_in_smoke_mode():
    """Both servers are loaded in turn, and every part of what a user waits for is counted."""
    printed = run_smoke("serving_workers.py")
    rates = re.findall(
        r"\| `linear`, (one worker|two workers) of one thread \| ([\d,]+) \|", printed
    )
    assert [name for name, _ in rates] == ["one worker", "two workers"]
    assert all(int(rate.replace(",", "")) > 0 for _, rate in rates)
    assert re.search(r"Two workers answer \d+\.\d\d times as much", printed)


def test_workers_benchmark_leaves_out_rounds_that_others_disturbed():
    """The ratio is the median over quiet rounds, or over all where fewer than two are."""
    workers = load_script("serving_workers")
    loads = [
        {"system": name, "round": i, "rate": rate, "other_cores": others}
        for i, (one, two, others) in enumerate([(100, 170, 0.0), (100, 190, 0.05), (100, 90, 0.9)])
        for name, rate in (("one worker", one), ("two workers", two))
    ]
    assert workers.median_ratio(loads) == pytest.approx(1.8)
    assert workers.median_ratio(loads[2:]) == pytest.approx(1.4)
    assert workers.goals({"model": "linear", "loads": loads}) == []
    goal = ("`finetune`, two workers beside one", ">= 1.6x", "1.80x")
    assert workers.goals({"model": "finetune", "loads": loads}) == [goal]


@pytest.mark.slow
def test_mixed_load_runs_in_smoke_mode():
    """Good, bad, slow and hostile clients at once, for three seconds: every answer is right."""
    printed = run_smoke("mixed_load.py")
    good = next(line for line in printed.splitlines() if line.startswith("| good |"))
    assert "right" in good
    assert "wrong" not in good


def test_mixed_load_finds_what_is_wrong():
    """Each thing that it looks for is found where it is there: the judge can say no."""
    mixed = load_script("mixed_load")
    counts = {"good": {"right": 9}, "bad": {"refused": 3}, "slow": {"cut off": 1}, "hostile": {}}
    good = {
        "counts": counts,
        "seen": [{"memory_mb": mb} for mb in [90.0, *[100.0] * 8, 105.0]],
        "left_in_flight": 0,
        "left_in_queue": 0,
    }
    assert mixed.problems_of(good) == []
    for sentence, change in {
        "answers were wrong": {"counts": {**counts, "good": {"right": 9, "wrong": 1}}},
        "answers were lost": {"counts": {**counts, "good": {"right": 9, "lost": 1}}},
        "no answer was right": {"counts": {**counts, "good": {}}},
        "bad requests were answered with 200": {
            "counts": {**counts, "bad": {"answered with 200": 1}}
        },
        "slow clients were never cut off": {"counts": {**counts, "slow": {"never cut off": 1}}},
        "there was a 500": {"counts": {**counts, "hostile": {"a 500": 1}}},
        "requests or texts were left": {"left_in_queue": 1},
        "memory grew from 100.0 to 106.0 MB": {"seen": [*good["seen"][:-1], {"memory_mb": 106.0}]},
    }.items():
        assert mixed.problems_of({**good, **change}) == [sentence]


def test_serving_benchmark_judges_rounds_by_the_control():
    """Rounds in which the machine was busy do not count where there are quiet ones; ratios come with their least."""
    serving = load_script("serving")

    def load(system, rate, p99_ms, *, is_quiet=True, counts=True):
        return {
            "system": system,
            "rate": rate,
            "p99_ms": p99_ms,
            "is_quiet": is_quiet,
            "counts": counts,
        }

    loads = [
        load("assay", 100, 5.0),
        load("assay", 100, 7.0),
        load("assay", 100, 90.0, is_quiet=False),
        load("assay", 100, 70.0, is_quiet=False, counts=False),
        load("assay", 300, 9.0),
        load("assay", 300, 9.0),
        *[load("peer", 100, 9.0)] * 2,
        *[load("peer", 200, 30.0)] * 2,
    ]
    assert serving.median_p99(loads, "assay", 100) == 6.0
    assert serving.best_rate(loads, "assay", 10.0) == 300
    assert serving.best_rate(loads, "assay", 1.0) == 0
    assert serving.compare_rates(loads, ["peer"], 10.0) == (
        "p99 <= 10 ms: 3.0 times the rate of peer (at least 1.5)."
    )
    assert serving.compare_rates(loads, ["peer"], 1.0).startswith(
        "p99 <= 1 ms: assay none of the rates offered"
    )
    assert serving.compare_rates(loads, ["peer"], 8.0) == (
        "p99 <= 8 ms: assay 100/s, peer not even the lowest rate offered, 100/s: more than 1.0 times."
    )
    assert serving.group_peers(["control", "assay", "litserve", "litserve + pipeline"]) == [
        ["litserve"],
        ["litserve + pipeline"],
    ]


@pytest.mark.slow
def test_training_benchmark_runs_in_smoke_mode(fork_server):
    """Steps of assay and of both ways of Trainer are measured; so are whole trainings, and features."""
    printed = run_smoke("training.py", "--threads", "1", server=fork_server)
    rows = [line.split("|")[1].strip() for line in printed.splitlines() if line.startswith("| ")]
    systems = ("assay", "Trainer, dynamic padding, grouped", "Trainer, as the notebook")
    assert rows[1:4] == [f"{system}, from 4 steps" for system in systems]
    careful = "Trainer, dynamic padding, grouped"
    assert rows[5:8] == ["assay", careful, f"{careful}, rate and epochs tuned on validation"]
    assert rows[9:] == ["assay"]


def test_training_benchmark_sums_up():
    """An epoch is extrapolated by the tokens of its steps; ratios are of medians; the share is needed operations."""
    script, children = load_script("training"), load_script("training_children")
    assert children.summarise_steps([0.0, 9.0, 10.0, 11.0, 13.0], [1, 1, 30, 50], 400, 7) == {
        "n_steps": 2,
        "s": 3.0,
        "step_tokens": 80,
        "epoch_tokens": 400,
        "epoch_s": 15.0,
        "n_texts": 7,
    }
    network = {"hidden_size": 10, "intermediate_size": 40, "num_hidden_layers": 2}
    assert script.needed_flops(network, 5, 2, n_frozen=0, frozen_readings=1.0) == 6 * (
        1200 * 5 + 200 * 5 + 1000 * 2
    )
    assert script.needed_flops(network, 5, 2, n_frozen=1, frozen_readings=0.5) == 1200 * 5 + 6 * (
        200 * 5 + 1000 * 2
    )
    sizes = {"hidden_size": 384, "intermediate_size": 1536, "num_hidden_layers": 6}
    own = {
        "epoch_s": 100.0,
        "n_steps": 20,
        "n_texts": 16_000,
        "real_tokens": 350_000,
        "peak_bytes": 1e9,
        "network": sizes,
        "n_frozen_layers": 3,
        "n_epochs": 2,
        "frozen_s": 20.0,
    }
    samples = {
        "matrix product": [{"gflop_per_s": 140.0}],
        "assay": [{**own, "epoch_s": s} for s in (90.0, 100.0, 300.0)],
        "Trainer, dynamic padding, grouped": [{**own, "epoch_s": 150.0, "peak_bytes": 2e9}],
        "Trainer, as the notebook": [{**own, "epoch_s": 700.0, "peak_bytes": 2e9}],
    }
    table = script.summarise_epoch(samples, "cpu, 2 threads")
    assert "| Trainer, dynamic padding, grouped, from 20 steps | 1 | 150 | 1.50x | 2,000 |" in table
    assert "| Trainer, as the notebook, from 20 steps | 1 | 700 | 7.00x | 2,000 |" in table
    flops = (6 * 2 + 3) * 12 * 384**2 * 350_000 + 6 * (2 * 384**2 * 350_000 + 10 * 384**2 * 16_000)
    assert f"does {flops / 100 / 140e9:.0%} of the 140 GFLOP/s" in table
    assert "0.50 of the memory of Trainer's" in table
    rates = {
        "assay": 100,
        "assay, int8": 180,
        "assay, again": 20_000,
        "notebook's loop": 20,
        "sentence-transformers": 50,
    }
    cosines = {"assay, int8": 0.975, "assay, again": 1.0, "sentence-transformers": 0.99999}
    content = {
        "epoch": [
            {"system": name, "device": "cpu", "n_threads": 2, **one}
            for name, own in samples.items()
            for one in own
        ],
        "features": [
            {"system": name, "n_threads": 2, "n_texts": n, "s": 1.0} for name, n in rates.items()
        ],
        "cosine": [{"system": name, "least": least} for name, least in cosines.items()],
        "probe": [
            {"precision": "float32", "accuracy": 0.66},
            {"precision": "int8", "accuracy": 0.659},
        ],
    }
    content["trainings"] = [
        {
            "system": "assay",
            "device": "cpu",
            "n_threads": 2,
            "seed": seed,
            "epochs_s": [50.0, 100.0 + seed],
            "n_right": [1800, n],
            "n_validation": 2000,
        }
        for seed, n in enumerate((1855, 1856, 1870))
    ]
    table = script.summarise(content)
    assert (
        "| assay | cpu, 2 | 3 | 101 | 0.9302 (0.9275 to 0.9350) | 101, 102; 2 of 3 seeds |" in table
    )
    assert "| assay, int8 | 2 | 1 | 180 | 1.80 | 0.975000 |" in table
    assert "0.10 points lost" in table
    measured = {what: found for what, _, found in script.goals(content)}
    assert measured["`finetune`, an epoch, cpu, 2 threads"].startswith("1.50x, 7.0x;")
    assert measured["peak memory of training, cpu, 2 threads"] == "0.50"
    assert measured["`features`, 2 threads"] == "2.00x, least cosine 0.999990; 5.0x"
    assert measured["`features`, int8, 2 threads"] == "1.80x, 0.10 points lost"
    assert measured["`features` again, 2 threads"] == "200x"


def test_languages_are_found_and_summed_up(tmp_path):
    """One set per language before the large ones; a language's mean is over what was measured."""
    languages = load_script("languages")
    (tmp_path / "sib200" / "kor_Hang").mkdir(parents=True)
    assert languages.find_sets(tmp_path) == ["sib200/kor_Hang", "klue_ynat", "wisesight"]
    scores = {"validation_accuracy": 0.8, "test_accuracy": 0.84, "test_f1_macro": 0.83}
    training = {"set": "sib200/kor_Hang", "method": "features", "total_s": 60, **scores}
    content = {
        "trainings": [{**training, "folder_bytes": 50_000_000}],
        "exports": [
            {
                "set": "klue_ynat",
                "folder_bytes": 40e6,
                "accuracy_before": 0.81,
                "accuracy_after": 0.809,
            }
        ],
        "first_labels": [{"first_label_s": [1.0, 0.9, 1.2]}],
        "throughput": [{"ratio": 1.4}],
    }
    table = languages.summarise(content)
    assert "| sib200/kor_Hang | `features` | 0.8000 | 0.8400 | 0.8300 | 60 | 50.0 |" in table
    assert "| mean of 1 languages | `features` | | 0.8400 | | | |" in table
    assert "40.0 MB, +0.0010 lost" in table
    assert "1.00 s" in table
    assert "1.40 times" in table


def test_languages_are_corrected_together():
    """Holm's method: the smallest of three p values counts thrice; the table gives them in order."""
    script = load_script("linear_languages")
    assert script.correct_by_holm([0.04, 0.01, 0.5]) == pytest.approx([0.08, 0.03, 0.5])
    entries = [
        {"language": name, "pipeline": "words and pairs", "n_test": 4, "p_value": p_value}
        | {"n_linear_right": 3, "n_pipeline_right": 2}
        for name, p_value in (("thai", 0.04), ("lao", 0.01))
    ]
    rows = script.summarise({"languages": entries}).splitlines()
    assert rows[2:] == [
        "| lao | 0.750 | words and pairs | 0.500 | 0.02 |",
        "| thai | 0.750 | words and pairs | 0.500 | 0.04 |",
        "| mean | 0.7500 | | 0.5000 | |",
    ]


def test_files_benchmark_finds_no_wrong_rows():
    """Tables as programs write them come back, or are refused; a few of them here."""
    counts = load_script("files").run(60)
    assert counts.wrong == []
    assert counts.outcomes["csv"]["same"] > 10


@pytest.mark.slow
def test_faults_benchmark_runs_in_smoke_mode(fork_server):
    """A few wrong models, files and requests of each kind are refused or answered."""
    rows = [line.split("|") for line in run_smoke("faults.py", server=fork_server).splitlines()[2:]]
    assert [row[1].strip() for row in rows] == list(load_script("faults_child").KINDS)
    for row in rows:
        n_inputs, refused, answered, wrong = map(int, row[2:6])
        assert (n_inputs, refused + answered, wrong) == (12, 12, 0)


def test_faults_are_made_again_from_their_number():
    """A finding can be tried again: the change follows from the seed alone, and it is one."""
    mutations = load_script("faults_mutations")
    rng, again = random.Random("x"), random.Random("x")
    source = json.dumps({"text": "so glad", "n": [1, 2.5, None]}).encode()
    changed = [mutations.mutate_json_bytes(rng, source) for _ in range(50)]
    assert changed == [mutations.mutate_json_bytes(again, source) for _ in range(50)]
    assert len(set(changed)) > 25
    assert mutations.mutate_bytes(rng, b"") is not None


def write_several(folder):
    """Write a set with several labels per text, each the word that is in its texts."""
    rng = np.random.default_rng(0)
    for name, n_texts in (("train", 200), ("validation", 60), ("test", 60)):
        lines = []
        for i, row in enumerate(rng.random((n_texts, 3)) < 0.4):
            own = np.array(["joy", "fear", "rage"])[row].tolist()
            text = " ".join([*own, "the day", f"{name}{i}"])
            lines.append(json.dumps({"text": text, "labels": own}))
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_several_labels_benchmark_measures_and_sums_up(tmp_path, monkeypatch):
    """A method, scikit-learn on the same TF-IDF, a peer's scores and flipped labels, in one table."""
    several, child = load_script("several"), load_script("several_child")
    data = tmp_path / "words"
    data.mkdir()
    write_several(data)
    task = {"data": str(data)}
    own = child.measure(
        {**task, "work": "train", "method": "linear", "out": str(tmp_path / "linear")}
    )
    monkeypatch.setattr("assay.models.linear.MACHINES", dict(MACHINES))
    peer = child.measure({**task, "work": "scikit-learn", "inverse_strengths": [1.0]})
    assert own["test"]["f1_macro"] > 0.95
    assert peer["test"]["f1_macro"] > 0.95
    several.write_texts(data, tmp_path)
    assert "labels" not in json.loads((tmp_path / "test.jsonl").read_text().splitlines()[0])
    for split in ("validation", "test"):
        np.save(tmp_path / f"{split}.npy", np.full((60, 3), 0.5))
    guess = child.measure({**task, "work": "score", "scores": str(tmp_path)})
    fits = [
        {"method": name, "fit_s": 1.0, **found}
        for name, found in (("linear", own), ("scikit-learn", peer), ("setfit", guess))
    ]
    planted = [
        child.measure({**task, "work": "planted", "kind": kind, "seed": 0, "n_texts": 200})
        for kind in several.KINDS
    ]
    assert planted[0]["found"]["assay"] > 0.5 * planted[0]["n_flipped"]
    for kind, one in zip(several.KINDS, planted, strict=True):
        one["kind"] = kind
    content = {"fits": fits, "planted": planted}
    rows = several.summarise(content).splitlines()
    assert [row.split(" | ")[0] for row in rows[2:5]] == [
        "| assay `linear`",
        "| scikit-learn, the TF-IDF of `linear` + logistic regression",
        "| SetFit, minilm, 16 texts per label",
    ]
    assert any(row.startswith("| 5 % of all pairs of text and label | 30 |") for row in rows)
    assert {what for what, _, _ in several.goals(content)} == {
        "`linear` on goemotions",
        "calibration error per label on goemotions, mean, test",
    }


def test_flips_are_as_many_as_said():
    """Of the given labels, half of the flips take one away and half add one."""
    truth = np.zeros((200, 5), dtype=np.int64)
    truth[:, 0] = 1
    draw = load_script("several_child").draw_flips
    given = draw(truth, "given", np.random.default_rng(0))
    assert (given[:, 0].sum(), given[:, 1:].sum()) == (5, 5)
    assert draw(truth, "entries", np.random.default_rng(0)).sum() == 50
