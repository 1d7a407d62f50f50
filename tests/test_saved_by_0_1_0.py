"""Models and a run that version 0.1.0 wrote load, predict, verify and report as they did then, for good.

The folders in fixtures/v0.1.0 were written by that version and are never written again: a change
that breaks one of these tests breaks the models that people have. Also tests assay.reporting.old_reports.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from _support.small_runs import run_assay
from assay.data.load import load_data
from assay.errors import ModelError
from assay.recipes.verify import verify_model
from assay.runtime.predictor import load_model

FIXTURES = Path(__file__).parent / "fixtures" / "v0.1.0"
METHODS = ("majority", "linear", "compact", "features", "finetune")
# Processors add the products of a network in different orders: its scores differ in the last digits
# of float32.
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def recorded():
    """Read what version 0.1.0 answered to some texts, odd ones among them."""
    return json.loads((FIXTURES / "predictions.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("method", METHODS)
def test_model_of_0_1_0_predicts_as_recorded(method, recorded):
    """The same texts get the same probabilities, in the same order of labels."""
    model = load_model(FIXTURES / "models" / method)
    assert list(model.labels) == recorded["models"][method]["labels"]
    probs = model.predict_proba(recorded["texts"])
    np.testing.assert_allclose(probs, recorded["models"][method]["probs"], atol=TOLERANCE)


@pytest.mark.parametrize("method", METHODS)
def test_model_of_0_1_0_verifies_on_its_data(method):
    """Its hashes hold, and both splits score what assay.json says."""
    verified = verify_model(FIXTURES / "models" / method, load_data(FIXTURES / "data"))
    assert verified.method == method
    assert {claim["split"] for claim in verified.claims} == {"validation", "test"}
    assert all(claim["agrees"] for claim in verified.claims)


@pytest.mark.parametrize("method", METHODS)
def test_model_of_0_1_0_keeps_its_schema(method):
    """The manifest is of schema version 1, which this version goes on reading."""
    manifest = load_model(FIXTURES / "models" / method).manifest
    assert (manifest.schema_version, manifest.method) == (1, method)


def test_changed_model_of_0_1_0_is_refused(tmp_path):
    """The hashes that version 0.1.0 wrote are still checked."""
    folder = shutil.copytree(FIXTURES / "models" / "linear", tmp_path / "linear")
    with (folder / "vocabulary.json").open("a", encoding="utf-8") as stream:
        stream.write(" ")
    with pytest.raises(ModelError, match=r"'vocabulary.json' in .* bytes; assay.json says"):
        load_model(folder)


def test_run_of_0_1_0_is_compared():
    """The leaderboard is worked out again from the predictions that the run kept."""
    done = run_assay("compare", FIXTURES / "run", "--json", is_forked=True)
    assert done.returncode == 0, done.stderr
    compared = json.loads(done.stdout)
    results = json.loads((FIXTURES / "run" / "results.json").read_text(encoding="utf-8"))
    assert compared["recommended"] == results["recommended"]
    assert [one["method"] for one in compared["validation"]] == [
        one["method"] for one in results["comparisons"]
    ]


def test_run_of_0_1_0_is_reported(tmp_path):
    """Its report.json can be written up again."""
    pytest.importorskip("matplotlib")
    out = tmp_path / "report.html"
    done = run_assay("report", FIXTURES / "run", "--out", out, is_forked=True)
    assert done.returncode == 0, done.stderr
    page = out.read_text(encoding="utf-8")
    assert "linear" in page
    assert "화남" in page
