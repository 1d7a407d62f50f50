"""One writer per output: the second is refused, and a lock that a dead process left is taken over."""

import os
import signal
import subprocess
import sys

import pytest

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
