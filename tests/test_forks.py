"""Tests of tests/_support/forks.py: a forked command line is as good as a process of its own, and nothing stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from _support import forks

pytestmark = pytest.mark.skipif(not forks.IS_POSSIBLE, reason="there is no fork server here")

# Prints all that a process knows of itself, and ends with a code of its own.
DESCRIBE = """
import json, os, sys
print(json.dumps([sys.argv, os.getcwd(), os.environ.get("ASSAY_ONE"), sys.stdin.read(), __name__]))
print("to stderr", file=sys.stderr)
sys.exit(7)
"""
HAS_TORCH = "import sys; print('torch' in sys.modules)"
WAIT = "import time; print('here', flush=True); time.sleep(600)"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Start a server."""
    with forks.ForkServer(os.environ, tmp_path_factory.mktemp("programs")) as server:
        yield server


def run(python, *args, env=None, **more):
    """Run Python, real or forked."""
    command = [str(python), *map(str, args)]
    return subprocess.run(
        command, env={**os.environ, **(env or {})}, capture_output=True, text=True, **more
    )


def is_alive(pid):
    """Tell whether a process runs; one that has ended and is not yet waited for does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):  # the latter if it ends between open and read
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_for_end(pid):
    """Wait until a process has ended."""
    started_s = time.monotonic()
    while is_alive(pid):
        assert time.monotonic() - started_s < 30
        time.sleep(0.01)  # between two looks at another process


@pytest.mark.parametrize("how", ["text", "file", "unbuffered"])
def test_forked_process_has_its_own_line_folder_streams_and_code(server, tmp_path, how):
    """It says the same as a process that Python started: all that it was given, and how it ended."""
    if how == "file":
        (tmp_path / "script.py").write_text(DESCRIBE, encoding="utf-8")
        given = ["script.py"]
    else:
        given = [*(["-u"] if how == "unbuffered" else []), "-c", DESCRIBE]
    said = [
        run(python, *given, "-x", "한 글", cwd=tmp_path, input="in\n", env={"ASSAY_ONE": "1"})
        for python in (sys.executable, server.python)
    ]
    results = [(one.returncode, one.stdout, one.stderr) for one in said]
    assert results[0] == results[1]
    assert results[0][0] == 7


def test_module_is_run_as_python_runs_it(server, tmp_path):
    """A module of the folder is found, its name is `__main__`, and a traceback is its own."""
    (tmp_path / "own.py").write_text("import sys; print(__name__, sys.argv[1:]); 1 / 0\n")
    real, forked = (
        run(python, "-m", "own", "a", cwd=tmp_path) for python in (sys.executable, server.python)
    )
    assert (
        (forked.returncode, forked.stdout)
        == (real.returncode, real.stdout)
        == (1, "__main__ ['a']\n")
    )
    assert forked.stderr.splitlines()[-1] == real.stderr.splitlines()[-1]


def test_libraries_are_there_and_compute(server):
    """What a process needs of torch is loaded when it begins; it computes with two threads."""
    code = (
        f"{HAS_TORCH}; import torch; torch.set_num_threads(2); "
        "a = torch.ones(700, 700); print(float((a @ a).min()), torch.get_num_threads())"
    )
    done = run(server.python, "-c", code, timeout=60)
    assert (done.returncode, done.stdout) == (0, "True\n700.0 2\n"), done.stderr


@pytest.mark.parametrize(
    ("env", "args"),
    [
        ({"HF_HOME": "/elsewhere"}, []),
        ({"OMP_NUM_THREADS": "3"}, []),
        ({"ASSAY_OFFLINE": "1"}, []),
        ({}, ["--offline"]),
        ({}, ["--threads=2"]),
        ({}, ["-I"]),
    ],
)
def test_what_libraries_read_when_they_load_needs_a_fresh_process(server, env, args):
    """Another environment than the server's is not forked; nor are options that change it."""
    options = [one for one in args if one == "-I"]
    done = run(server.python, *options, "-c", HAS_TORCH, *args, env=env)
    assert done.stdout == "False\n", done.stderr


def test_options_of_a_script_are_its_own(server, tmp_path):
    """They say nothing to assay, so the script is forked."""
    (tmp_path / "script.py").write_text(HAS_TORCH, encoding="utf-8")
    done = run(server.python, "script.py", "--threads", "1", cwd=tmp_path)
    assert done.stdout == "True\n", done.stderr


def start(python, code, env=None):
    """Start Python, real or forked, with pipes."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([str(python), "-c", code], env=env, text=True, **pipes)


def test_signals_reach_the_process(server):
    """Ctrl-C ends it as it ends Python; a handler of its own is called."""
    with start(server.python, WAIT) as process:
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    assert error.endswith("KeyboardInterrupt\n")
    code = f"import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(9)); {WAIT}"
    with start(server.python, code) as process:
        assert process.stdout.readline() == "here\n"
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 9


def start_waiting(python, env=None):
    """Start a process that waits; return it with the number of the one that was forked."""
    process = start(python, f"import os; print(os.getpid(), flush=True); {WAIT}", env)
    pid = int(process.stdout.readline())
    assert pid != process.pid
    assert is_alive(pid)
    return process, pid


def test_kill_ends_the_forked_process_too(server):
    """When its streams are closed there is nothing left of it."""
    process, pid = start_waiting(server.python)
    process.kill()
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    wait_for_end(pid)


def test_forked_process_that_is_killed_is_told_of(server):
    """Its end by a signal is the end of what stands for it."""
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert run(server.python, "-c", code).returncode == -signal.SIGKILL


@pytest.mark.slow
def test_nothing_is_left_when_the_tests_are_killed(tmp_path):
    """The server ends with the process that started it, kill -9 included, and its children end too."""
    code = f"""
import os, sys, time
from pathlib import Path
from _support import forks
forks.LIBRARIES, forks.modules_of_assay = (), list
server = forks.ForkServer(os.environ, Path({str(tmp_path)!r}))
print(server.python, server._process.pid, flush=True)
time.sleep(600)
"""
    given = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", code]
    tests = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=given)
    python, server_pid = tests.stdout.readline().split()
    waiting, pid = start_waiting(python, given)
    tests.kill()
    tests.communicate(timeout=30)
    wait_for_end(int(server_pid))
    wait_for_end(pid)
    _, error = waiting.communicate(timeout=30)
    assert waiting.returncode == 1
    assert error == "the fork server of the tests has ended\n"
