"""Ctrl-C: exit code 130, no output, no half model; what a run had finished is kept and not done again."""

import json
import os
import shutil
import signal
import time

import pytest

from _support.small_runs import comparable, listing, read_json, run_assay, start_assay
from assay.recipes.run import RunOptions, run_data

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="signals are otherwise there"),
]
METHODS = "majority,linear,compact"
# Folds would train `compact` 25 times over; tests/recipes/steps/test_fold_step.py resumes those.
OPTIONS = ["--methods", METHODS, "--folds", "never"]


def interrupt(process, *, when, limit_s=120):
    """Press Ctrl-C as soon as `when()` holds; return exit code, stdout and stderr."""
    started_s = time.monotonic()
    while not when():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - started_s < limit_s
        time.sleep(0.01)  # between two looks at the disk: a signal has no other moment to wait for
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=limit_s)
    return process.returncode, out, error


@pytest.fixture(scope="module")
def interrupted(data, tmp_path_factory):
    """Interrupt a run when its second method is done, while the third one trains."""
    out = tmp_path_factory.mktemp("interrupted") / "r"
    state = out.with_name("r.partial") / "state.json"

    def has_two():
        return state.is_file() and "linear" in read_json(state)["finished"]

    process = start_assay("run", data, "--out", out, *OPTIONS)
    return out, interrupt(process, when=has_two)


def test_interrupted_run_keeps_what_was_finished(interrupted):
    """130, one line that says how to go on, no OUT, no half model; two whole ones in OUT.partial."""
    out, (code, stdout, error) = interrupted
    partial = out.with_name("r.partial")
    assert (code, stdout) == (130, "")
    assert f"finished methods are kept in {partial}: add --resume to go on" in error
    assert error.endswith("error: stopped\n")
    assert "Traceback" not in error
    assert not out.exists()
    assert {path.name for path in (partial / "models").iterdir()} == {"majority", "linear"}
    assert set(read_json(partial / "state.json")["finished"]) == {"majority", "linear"}


def test_other_options_do_not_resume(invoke, interrupted, data, tmp_path):
    """Another seed or other data are exit 2 and named, and the partial run stays as it is."""
    out = shutil.copytree(interrupted[0].with_name("r.partial"), tmp_path / "r.partial").with_name(
        "r"
    )
    before = listing(tmp_path)
    for more, named in (
        [["--seed", "1"], "seed"],
        [["--max-rows", "20"], "data"],
    ):
        done = invoke("run", data, "--out", out, *OPTIONS, "--resume", *more)
        assert done.exit_code == 2
        assert f"r.partial cannot be resumed: other {named}" in done.stderr
        assert (
            "hint: give the same data and options, or put --overwrite in the place of --resume to start afresh"
            in done.stderr
        )
        assert listing(tmp_path) == before


def test_resumed_run_may_leave_methods_out(invoke, interrupted, data, tmp_path):
    """The message says so; what the others had done is taken as it is."""
    assert "with --methods, those that take too long can be left out" in interrupted[1][2]
    partial = shutil.copytree(interrupted[0].with_name("r.partial"), tmp_path / "r.partial")
    options = ["--methods", "majority,linear", "--folds", "never", "--resume"]
    done = invoke("run", data, "--out", partial.with_name("r"), *options)
    assert done.exit_code == 0, done.output
    assert done.stderr.count("finished before, taken as it is") == 2
    assert {one["method"] for one in read_json(tmp_path / "r/results.json")["methods"]} == {
        "majority",
        "linear",
    }
    assert {path.name for path in (tmp_path / "r/models").iterdir()} == {"majority", "linear"}


def test_resumed_run_is_the_run_that_was_not_interrupted(interrupted, data, tmp_path, monkeypatch):
    """Finished methods are not trained again; results.json is that of a run in one go, but for times."""
    out = shutil.copytree(interrupted[0].with_name("r.partial"), tmp_path / "r.partial").with_name(
        "r"
    )
    trained = {
        name: (tmp_path / "r.partial/models" / name / "assay.json").read_bytes()
        for name in ("majority", "linear")
    }
    log = (tmp_path / "r.partial/run.log").read_text(encoding="utf-8")
    done = run_assay("run", data, "--out", out, *OPTIONS, "--resume")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("finished before, taken as it is") == 2
    assert {path.name for path in tmp_path.iterdir()} == {"r"}
    assert not (out / "state.json").exists()
    for name, before in trained.items():
        found = read_json(out / "models" / name / "assay.json")
        kept = (
            "method",
            "labels",
            "temperature",
            "parameters",
            "training_data",
            "versions",
            "parity",
            "files",
        )
        assert {key: found[key] for key in kept} == {key: json.loads(before)[key] for key in kept}
        assert len(found["scores"]) == 6
    full_log = (out / "run.log").read_text(encoding="utf-8")
    assert full_log.startswith(log)
    assert full_log.count("linear: fitted") == 1

    monkeypatch.setenv("ASSAY_THREADS", "1")
    options = RunOptions(methods=tuple(METHODS.split(",")), folds=None)
    whole = run_data(data, tmp_path / "whole", options=options)
    assert comparable(read_json(out / "results.json")) == comparable(whole)


@pytest.mark.parametrize("flag", [[], ["--json"]], ids=["message", "json"])
def test_interrupted_training_leaves_nothing(data, tmp_path, flag):
    """`assay train` that is stopped in the middle of its epochs leaves no folder at all."""
    out = tmp_path / "model"
    args = ["train", data, "--method", "compact", "--out", out, "--epochs", "100000", *flag]
    started_s = time.monotonic()
    process = start_assay(*args)
    partial = out.with_name("model.partial")
    code, stdout, error = interrupt(
        process, when=lambda: partial.exists() and time.monotonic() - started_s > 4
    )
    assert code == 130
    assert listing(tmp_path) == set()
    if flag:
        assert json.loads(stdout) == {"error": "stopped", "error_type": "Interrupted", "hint": ""}
        assert error == ""
    else:
        assert (stdout, error) == ("", "error: stopped\n")
