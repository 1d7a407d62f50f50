"""Standard input: lines that come slowly, pipes that do not wait, and what is no text."""

import gzip
import json
import os
import subprocess
import threading

import pytest

from _support.small_runs import start_assay

POSIX = pytest.mark.skipif(os.name == "nt", reason="pipes wait there")
WAIT_S = 120


@POSIX
def test_a_line_is_answered_before_the_next_one_comes(linear_model):
    """A log that grows has no end: what it says is not kept until thousands of lines are there."""
    process = start_assay("predict", linear_model, "-", is_forked=True, stdin=subprocess.PIPE)
    timer = threading.Timer(WAIT_S, process.kill)
    timer.start()
    try:
        for text in ("so happy", "오늘 슬퍼요"):
            process.stdin.write(f"{text}\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["text"] == text
        out, err = process.communicate()
    finally:
        timer.cancel()
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in err


@POSIX
def test_stopping_while_a_line_is_awaited_says_so(linear_model):
    """The thread that reads does not hold up the end, and Python does not stumble over it."""
    process = start_assay("predict", linear_model, stdin=subprocess.PIPE)
    process.stdin.write("so happy\n")
    process.stdin.flush()
    assert process.stdout.readline()
    process.send_signal(2)
    out, err = process.communicate(timeout=WAIT_S)
    assert (process.returncode, out, err) == (130, "", "error: stopped\n")


@POSIX
def test_pipes_that_do_not_wait_lose_nothing(linear_model):
    """An input that has nothing yet was taken as ended, and what an output did not take was lost."""
    texts = [f"so happy {i}" for i in range(3000)]
    ends = os.pipe(), os.pipe()
    (source, feed), (drain, sink) = ends
    os.set_blocking(source, False)
    os.set_blocking(sink, False)
    process = start_assay("predict", linear_model, "-", stdin=source, stdout=sink)
    os.close(source)
    os.close(sink)

    def write():
        with os.fdopen(feed, "w", encoding="utf-8") as stream:
            stream.writelines(f"{text}\n" for text in texts)

    thread = threading.Thread(target=write)
    thread.start()
    with os.fdopen(drain, encoding="utf-8") as stream:
        found = [json.loads(line)["text"] for line in stream]
    thread.join()
    assert process.communicate()[1] == ""
    assert (process.returncode, found) == (0, texts)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (gzip.compress(b"so happy\n", mtime=0), "is packed by gzip"),
        (b"PK\x03\x04" + b"\0" * 60, "is a zip archive or a workbook"),
        ("so happy\nso glad\n".encode("utf-16"), "--encoding utf-16"),
    ],
)
def test_what_is_no_text_is_refused(linear_model, tmp_path, content, what):
    """As in a file: each line of it would be a text, or a row that is rejected."""
    (tmp_path / "in").write_bytes(content)
    for out in ((), ("--out", tmp_path / "out.csv")):
        with (tmp_path / "in").open("rb") as stream:
            process = start_assay("predict", linear_model, *out, is_forked=True, stdin=stream)
        found, err = process.communicate()
        assert (process.returncode, found) == (2, "")
        assert "error: standard input" in err
        assert what in err


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ('{"text": "so happy", "id": 1}\n', "lines of JSON"),
        ("id,text,label\n1,so happy,joy\n", "a table"),
        ("so happy, and glad\n", None),
    ],
)
def test_rows_that_are_taken_as_texts_are_said(linear_model, content, what):
    """Their lines are texts as ever, but nobody is surprised; --quiet is silent."""
    process = start_assay("predict", linear_model, is_forked=True, stdin=subprocess.PIPE)
    out, err = process.communicate(content)
    assert (process.returncode, len(out.splitlines())) == (0, len(content.splitlines()))
    assert err == "" if what is None else f"note: standard input looks like {what}," in err
    process = start_assay("predict", linear_model, "--quiet", is_forked=True, stdin=subprocess.PIPE)
    assert process.communicate(content)[1] == ""
