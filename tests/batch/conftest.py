"""A small model in its folder, and a way to predict in a process that is killed at a chosen moment."""

from __future__ import annotations

import os
import subprocess

import pytest

from _support import forks
from _support.small_models import small_data, small_estimator
from _support.small_runs import write_data
from assay.models import save_model
from assay.recipes.train import train_model
from assay.runtime import load_model

# Every call that makes something last is counted; at a chosen one the process is killed, as by kill
# -9, before it.
KILLED = """
import os, pathlib, signal, sys
from assay.batch import chunks, predict_file

model, source, out, chunk_rows, moment, *flags = sys.argv[1:]
chunks.CHUNK_ROWS = int(chunk_rows)
left = int(moment)

def counted(real):
    def call(*args, **kwargs):
        global left
        # Giving the lock back comes after the output is whole: it is no step of the work.
        left -= not str(args[0]).endswith(".lock")
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)
    return call

os.fsync = counted(os.fsync)
pathlib.Path.replace = counted(pathlib.Path.replace)
pathlib.Path.unlink = counted(pathlib.Path.unlink)
pathlib.Path.mkdir = counted(pathlib.Path.mkdir)
predict_file(model, source, out, resume="resume" in flags)
"""


@pytest.fixture(scope="session")
def linear_folder(tmp_path_factory):
    """Save a small `linear` model; return its folder."""
    out = tmp_path_factory.mktemp("models") / "linear"
    save_model(small_estimator("linear").fit(*small_data(200)), out)
    return out


@pytest.fixture
def predict_until(linear_folder):
    """Predict in another process that is killed at the n-th lasting step; return its exit code."""

    def predict(source, out, *, moment, chunk_rows, resume=False):
        args = [linear_folder, source, out, chunk_rows, moment, *(["resume"] if resume else [])]
        return subprocess.run(
            [str(forks.shared.python), "-c", KILLED, *map(str, args)],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            check=False,
        ).returncode

    return predict


@pytest.fixture(scope="package")
def trained_model(tmp_path_factory):
    """Train a small `linear` model on English and Korean texts: it knows their scripts, and its scope."""
    root = tmp_path_factory.mktemp("models")
    data = write_data(root / "data", sizes={"train": 120, "validation": 60, "test": 27})
    train_model(data, root / "linear", method="linear")
    return load_model(root / "linear")
