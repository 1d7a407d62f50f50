"""`assay compare`: a run's leaderboard, worked out again."""

import json

import pytest


@pytest.mark.slow
def test_compare_shows_what_the_run_decided(invoke, five):
    """The table fits, names every method, marks the recommended one and says why."""
    done = invoke("compare", five.folder)
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines[:8])) <= 80
    for method in ("majority", "linear", "compact", "features", "finetune"):
        assert f" {method} " in done.stdout
    marked = next(line for line in lines if "→" in line)
    assert marked.split()[1] == five.results["recommended"]
    assert "Recommended: " in done.stdout


@pytest.mark.slow
def test_compare_agrees_with_results(invoke, five):
    """What is worked out again from the predictions is what results.json says."""
    found = json.loads(invoke("compare", five.folder, "--json").stdout)
    assert found["validation"] == five.results["comparisons"]
    assert found["recommended"] == five.results["recommended"]


def test_compare_refuses_what_is_no_run(invoke, tmp_path):
    """Exit 2, and what a run is."""
    done = invoke("compare", tmp_path)
    assert done.exit_code == 2
    assert "is no run: it has no results.json" in done.stderr
    assert "hint: give a folder that `assay run` wrote" in done.stderr


def test_compare_wants_data_for_two_models(invoke, tmp_path):
    """Two arguments are neither a run nor two models with texts."""
    done = invoke("compare", tmp_path / "a", tmp_path / "b")
    assert done.exit_code == 2
    assert "one run, or two models and DATA are accepted" in done.stderr
    assert " DATA" in done.stderr
