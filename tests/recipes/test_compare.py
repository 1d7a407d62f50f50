"""Tests of assay.recipes.compare."""

from __future__ import annotations

import gzip
import json

import pytest

from assay.errors import InputError
from assay.recipes.compare import compare_run


def write_run(root, right):
    """Write what `compare_run` reads of a run: `right` is method -> split -> list of bool."""
    (root / "predictions").mkdir(parents=True)
    methods = [{"method": method, "model_bytes": 1000} for method in right]
    timings = {method: {"fit_s": 1.0} for method in right}
    (root / "results.json").write_text(json.dumps({"methods": methods, "timings": timings}))
    for method, splits in right.items():
        with gzip.open(
            root / "predictions" / f"{method}.jsonl.gz", "wt", encoding="utf-8"
        ) as stream:
            for split, flags in splits.items():
                for flag in flags:
                    row = {
                        "split": split,
                        "label": "기쁨",
                        "predicted_label": "기쁨" if flag else "슬픔",
                    }
                    stream.write(json.dumps(row) + "\n")
    return root


def test_compare_run_decides_on_validation_alone(tmp_path):
    """Whatever the test split says, the recommendation is that of validation."""
    good, bad = [True] * 90 + [False] * 10, [False] * 60 + [True] * 40
    run = write_run(
        tmp_path / "run",
        {"linear": {"validation": bad, "test": good}, "compact": {"validation": good, "test": bad}},
    )
    found = compare_run(run)
    assert found.choice.recommended == "compact"
    assert [one.accuracy for one in found.choice.comparisons] == [0.4, 0.9]
    assert found.test["linear"].is_best
    assert json.loads(json.dumps(found.to_dict()))["validation"][0]["significantly_worse"] is True


def test_compare_run_without_results_says_what_a_run_is(tmp_path):
    """A folder that is no run is refused."""
    with pytest.raises(InputError, match=r"is no run: it has no results\.json"):
        compare_run(tmp_path)


def test_compare_run_names_the_missing_predictions(tmp_path):
    """A run that lost a file says which."""
    run = write_run(tmp_path / "run", {"linear": {"validation": [True]}})
    (run / "predictions" / "linear.jsonl.gz").unlink()
    with pytest.raises(InputError, match=r"linear\.jsonl\.gz is missing"):
        compare_run(run)


@pytest.mark.parametrize("cut", [5, 40])
def test_compare_run_names_the_damaged_file(tmp_path, cut):
    """A file that was cut is named, never half read."""
    run = write_run(tmp_path / "run", {"linear": {"validation": [True] * 50}})
    path = run / "predictions" / "linear.jsonl.gz"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputError, match=r"linear\.jsonl\.gz is damaged"):
        compare_run(run)


def test_compare_run_with_damaged_results_is_refused(tmp_path):
    """results.json that is no JSON is said to be damaged."""
    (tmp_path / "results.json").write_text("{")
    with pytest.raises(InputError, match=r"results\.json is damaged"):
        compare_run(tmp_path)
