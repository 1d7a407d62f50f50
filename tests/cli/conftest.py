"""The command line in this process, leaving no traces in it; a small data set, a model and a run to call it on."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from _support.small_runs import shared_run, write_data
from assay.cli.app import app
from assay.recipes.train import train_model

SET_BY_FLAGS = (
    "ASSAY_OFFLINE",
    "HF_HUB_OFFLINE",
    "HF_DATASETS_OFFLINE",
    "ASSAY_THREADS",
    "ASSAY_DEVICE",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


@pytest.fixture
def invoke(monkeypatch):
    """Call `assay ARGS` in this process; return its exit code, stdout and stderr."""
    for (
        name
    ) in SET_BY_FLAGS:  # set and then deleted, so that pytest restores them whatever a flag writes
        monkeypatch.setenv(name, "0")
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("ASSAY_THREADS", "1")

    def call(*args, stdin=None):
        return CliRunner().invoke(app, [str(arg) for arg in args], input=stdin, prog_name="assay")

    return call


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """Write the small data set."""
    return write_data(tmp_path_factory.mktemp("cli") / "tweets")


@pytest.fixture(scope="session")
def linear_model(tmp_path_factory, data):
    """Train a linear model on it."""
    out = tmp_path_factory.mktemp("models") / "linear"
    train_model(data, out, method="linear")
    return out


@pytest.fixture(scope="session")
def five(tmp_path_factory):
    """Run all five methods, once per session."""
    return shared_run(tmp_path_factory)
