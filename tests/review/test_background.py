"""A page that ends does not wait for what is still being worked out behind it."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

from _support.small_runs import start_assay, write_rows
from assay.checkpoints.resolve import resolve_checkpoint
from assay.errors import AssayError
from assay.review.background import Stoppable, StoppedError, end_at_once, run_aside

ENDS_S = 6.0  # about 1.5 s on a machine that does nothing else; before, the batches took 20 s

LEFT_BEHIND = """
import sys, time
from assay.review.background import end_at_once, start_thread
start_thread(lambda: time.sleep(600), "test")
print("kept", end="")
end_at_once(int(sys.argv[1]))
"""

ENDS_MEANWHILE = """
import os, signal, threading, time, urllib.request
from contextlib import closing, suppress
from starlette.applications import Starlette
from starlette.routing import Route
from assay.review.background import end_at_once, run_aside
from assay.review.label_page import run_page
from assay.review.page_gate import PageGate
from assay.server.address import open_listener

async def draw(request):
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    await run_aside(lambda: time.sleep(600), "map")

def ask(url):
    with suppress(OSError):
        urllib.request.urlopen(url + "/map")

def announce(url):
    threading.Thread(target=ask, args=(url,), daemon=True).start()

def make_app(address):
    return PageGate(Starlette(routes=[Route("/map", draw)]), hosts=None)

with closing(open_listener("127.0.0.1", 0)) as listener:
    run_page(make_app, listener, host="127.0.0.1", announce=announce)
print("ended", end="")
end_at_once(0)
"""


def test_reading_stops_after_a_batch():
    """As soon as it is to stop, and not before."""
    is_stopping = threading.Event()
    with Stoppable(is_stopping).track("texts", 3) as advance:
        advance(1)
        is_stopping.set()
        with pytest.raises(StoppedError):
            advance(1)


def test_work_aside_answers_or_fails_as_it_would_here():
    """What it returns and what it raises arrives where it was asked for."""

    def fail():
        raise ValueError("no")

    assert asyncio.run(run_aside(lambda: 3, "test")) == 3
    with pytest.raises(ValueError, match="no"):
        asyncio.run(run_aside(fail, "test"))


def test_loop_does_not_wait_for_work_aside():
    """As it would for `asyncio.to_thread`."""
    is_over = threading.Event()

    async def ask():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(run_aside(lambda: is_over.wait(60), "test"), 0.01)

    asyncio.run(ask())
    assert not is_over.is_set()
    is_over.set()


@pytest.mark.parametrize("code", [0, 4])
def test_process_leaves_threads_behind(code):
    """With its exit code, and with all that it has said."""
    done = subprocess.run(
        [sys.executable, "-c", LEFT_BEHIND, str(code)], capture_output=True, timeout=60, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, "kept", "")


@pytest.mark.skipif(os.name == "nt", reason="signals are otherwise there")
def test_page_that_ends_while_a_map_is_drawn_says_nothing_of_it():
    """No traceback of the server, and no remark about what it cancels."""
    done = subprocess.run(
        [sys.executable, "-c", ENDS_MEANWHILE], capture_output=True, timeout=60, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended", "")


def test_process_without_threads_ends_as_ever():
    """Nothing happens here, or this would be the end of all tests."""
    wait_for_threads()
    end_at_once(3)


def wait_for_threads():
    """Wait for the threads of other tests."""
    while any(one.name.startswith("assay-page-") for one in threading.enumerate()):
        time.sleep(0.01)  # there is nothing else to wait for


def ask(url, **content):
    """Ask a page for its state, or send it a decision first."""
    data = json.dumps(content).encode() if content else None
    headers = {"Content-Type": "application/json"}
    path = "/decide" if content else "/state"
    request = urllib.request.Request(url + path, data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals are otherwise there")
def test_page_ends_while_long_texts_are_read(tmp_path):
    """Ctrl-C is a plain end then, too: soon, with the decision in the output, and with what comes next."""
    try:
        resolve_checkpoint("minilm")
    except AssayError as err:
        pytest.skip(f"the package with minilm is not installed: {err}")
    texts = [f"{i} " + "the parcel is late again " * 100 for i in range(400)]
    pool = write_rows(tmp_path / "pool.csv", texts, [""] * len(texts))
    out = tmp_path / "labelled.jsonl"
    args = ["--labels", "a,b", "--checkpoint", "minilm", "--port", 0]
    process = start_assay("label", pool, "--out", out, *args)
    try:
        url = re.search(r"http://\S+", process.stderr.readline())[0]
        state = ask(url)
        decision = {"position": state["item"]["position"], "labels": ["b"], "seconds": 1}
        ask(url, id="1", version=state["version"], **decision)
        while not ask(url)["reads_by"]:  # the network is loaded, and reads
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        started_s = time.monotonic()
        said, complaints = process.communicate(timeout=60)
        assert time.monotonic() - started_s < ENDS_S
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, complaints) == (0, "")
    assert said.startswith("1 text labelled, 0 skipped, 399 left; written to ")
    assert "one text only: b; assay run needs two of each label" in said
    assert "labels without a text: a; they are not in the file" in said
    assert [json.loads(line)["label"] for line in out.read_text().splitlines()] == ["b"]
