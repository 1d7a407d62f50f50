"""A training that is killed goes on with --resume and ends with the very files of one that was not.

Also tests `train_command`.
"""

import os
import signal
import time

import pytest

from _support.small_runs import listing, read_json, run_assay, start_assay

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="signals are otherwise there"),
]
N_EPOCHS = 8
WRITTEN = "model.safetensors"


def command(data, checkpoint, out, *more):
    """Return the command line of a training that keeps a state after every step."""
    return [
        "train",
        data,
        "--method",
        "finetune",
        "--checkpoint",
        checkpoint,
        "--epochs",
        N_EPOCHS,
        "--out",
        out,
        "--save-every",
        "0s",
        *more,
    ]


def n_steps(state):
    """Return how many steps the last state has behind it."""
    return read_json(state)["place"]["n_steps"] if state.is_file() else 0


def stop_at(step, number, *args, states):
    """Start a training and send it a signal once it kept a state of that step; return what it said."""
    process = start_assay(*args, is_forked=True)
    started_s = time.monotonic()
    while n_steps(states / "training.json") < step:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - started_s < 120
        time.sleep(0.002)  # between two looks at the disk: a signal has no other moment to wait for
    process.send_signal(number)
    out, error = process.communicate(timeout=120)
    return process.returncode, out, error


def test_killed_training_ends_with_the_same_model(data, tiny_bert, tmp_path):
    """Ctrl-C, then kill -9, then to the end: weights, epochs and scores are those of a training in one go."""
    whole, out = tmp_path / "whole", tmp_path / "m"
    partial = tmp_path / "m.partial"
    done = run_assay(*command(data, tiny_bert, whole, "--json"), is_forked=True)
    assert done.returncode == 0, done.stderr

    code, _, error = stop_at(
        5, signal.SIGINT, *command(data, tiny_bert, out), states=partial / "training"
    )
    assert code == 130
    assert (
        f"the state of the training is kept in {partial}: add --resume to go on"
        in error.replace("\n", " ")
    )
    assert error.endswith("error: stopped\n")
    assert "Traceback" not in error
    assert not out.exists()

    resume = command(data, tiny_bert, out, "--resume")
    after = n_steps(partial / "training" / "training.json")
    assert 5 <= after < 3 * N_EPOCHS
    assert (
        stop_at(after + 4, signal.SIGKILL, *resume, states=partial / "training")[0]
        == -signal.SIGKILL
    )

    done = run_assay(*resume, is_forked=True)
    assert done.returncode == 0, done.stderr
    assert listing(out) == listing(whole)
    assert not partial.exists()
    assert (out / WRITTEN).read_bytes() == (whole / WRITTEN).read_bytes()
    assert read_json(out / "assay.json")["scores"] == read_json(whole / "assay.json")["scores"]
