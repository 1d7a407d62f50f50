"""Results on stdout, all else on stderr; one JSON object; errors as objects; tracebacks for those who ask.

Also tests `app`, `predict_command` and `run_commands`.
"""

import json
import os
import signal
import subprocess
import sys

import pytest

from _support.small_runs import run_assay, start_assay
from assay.audit.issues import hash_text
from assay.recipes import explore


@pytest.fixture(scope="module")
def runs(data, tmp_path_factory):
    """Do one small run in a process of its own, as a user would."""
    root = tmp_path_factory.mktemp("runs")
    out, methods = root / "r", "majority,linear"
    return out, run_assay("run", data, "--out", out, "--methods", methods, is_forked=True)


def test_run_reports_on_stdout_and_progress_on_stderr(runs):
    """The leaderboard and where to look are results; what happens meanwhile is not."""
    folder, done = runs
    assert done.returncode == 0
    assert "→   linear" in done.stdout
    assert f"Look at:     {folder / 'report.html'}" in done.stdout
    assert "66 train, 24 validation, 27 test texts in 3 classes" in done.stderr
    assert "writing the report" in done.stderr
    assert not set(done.stdout.splitlines()) & set(done.stderr.splitlines())
    table, _, _ = done.stdout.partition("\n\n")  # sentences follow, each on one line for programs
    assert max(map(len, table.splitlines())) <= 80


@pytest.mark.parametrize(
    "args",
    [
        ["explore", "{data}", "--first", "1"],
        ["evaluate", "{model}", "{data}"],
        ["info", "{model}"],
        ["verify", "{model}", "{data}"],
        ["cache"],
    ],
    ids=lambda args: args[0],
)
def test_json_is_one_object_and_nothing_else(invoke, data, linear_model, args):
    """Stdout parses as one JSON object on one line, with labels as they are; --quiet leaves stderr empty."""
    done = invoke(*[arg.format(data=data, model=linear_model) for arg in args], "--json", "--quiet")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    assert isinstance(json.loads(done.stdout), dict)
    assert "\\u" not in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX closes the streams")
@pytest.mark.parametrize("closing", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_like_the_null_device(linear_model, tmp_path, closing):
    """Nothing is read from them, nothing is said, and no output takes their place."""
    (tmp_path / "in.jsonl").write_text('{"text": "so glad"}\n' * 3)
    assay = f"'{sys.executable}' -m assay predict '{linear_model}'"
    for source, n_texts in (("in.jsonl", 3), ("-", 0)):
        command = f"{assay} {source} --out {n_texts}.jsonl {closing}"
        nothing = subprocess.DEVNULL
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=tmp_path,
            stdin=nothing,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        lines = (tmp_path / f"{n_texts}.jsonl").read_text().splitlines()
        assert ["text" in json.loads(line) for line in lines] == [True] * n_texts
        assert b"Error" not in done.stderr


def test_predictions_are_json_lines(linear_model):
    """One object per text, in order, whatever the text; names of labels, no ids."""
    texts = ["so happy", "", "오늘 정말 슬퍼요", 'a "quoted" one']
    done = run_assay("predict", linear_model, stdin="\n".join(texts) + "\n")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (
        0,
        "warning: 1 row holds no text (line 2): its label and scores say nothing about it\n",
    )
    assert [record["text"] for record in records] == texts
    assert list(records[0]) == [
        "text",
        "predicted_label",
        "predicted_score",
        "score:sadness",
        "score:joy",
        'score:화남, "분노"',
    ]
    assert sum(
        value for name, value in records[2].items() if name.startswith("score:")
    ) == pytest.approx(1, abs=1e-5)


def test_rejected_rows_are_warned_of_unless_quiet(invoke, linear_model, tmp_path):
    """A row that cannot be scored is left out and named on stderr; --quiet is silent; --strict stops with the line."""
    path = tmp_path / "t.csv"
    path.write_text("text,label\ngood day,joy\nragged,joy,more\n", encoding="utf-8")
    done = invoke("predict", linear_model, path)
    assert (done.exit_code, done.stdout.count("\n")) == (0, 1)
    assert "warning: line 3 rejected: 3 fields where the header has 2" in done.stderr
    assert invoke("predict", linear_model, path, "--quiet").stderr == ""
    strict = invoke("predict", linear_model, path, "--strict")
    assert strict.exit_code == 2
    assert "error: t.csv line 3: 3 fields where the header has 2" in strict.stderr


def test_what_is_said_of_a_file_is_said_once(invoke, linear_model, tmp_path):
    """However often a command opens it: equal names of columns, rows of empty cells at the end."""
    path = tmp_path / "t.csv"
    path.write_text("text,note,note\ngood day,a,b\n", encoding="utf-8")
    done = invoke("predict", linear_model, path)
    assert (done.exit_code, done.stderr.count("several columns have the same name")) == (0, 1)
    again = invoke("predict", linear_model, path)
    assert again.stderr == done.stderr
    path.write_text("text,label\ngood day,joy\nbad day,sadness\n,\n,\n", encoding="utf-8")
    issues = tmp_path / "i.csv"
    sha256 = hash_text("good day")
    header = "kind,split,row,text,label,proposed_label,score,group,text_sha256,accept"
    row = f"wrong_label,all,2,good day,joy,sadness,0.9,,{sha256}"
    issues.write_text(f"{header}\n{row},yes\n", encoding="utf-8")
    done = invoke("fix", path, "--decisions", issues, "--out", tmp_path / "fixed.csv")
    assert (done.exit_code, done.stderr.count("nothing is in the cells")) == (0, 1)
    issues.write_text(f"{header}\n{row},\n", encoding="utf-8")
    done = invoke("fix", path, "--decisions", issues, "--out", tmp_path / "none.csv")
    assert done.exit_code == 2
    assert "error: i.csv: no row is accepted, so no label changes and nothing is written" in (
        done.stderr
    )
    assert not (tmp_path / "none.csv").exists()


def test_column_of_ids_has_to_be_there(invoke, linear_model, tmp_path):
    """A name that is not there is named with the one that was meant; lines of text have no columns."""
    path = tmp_path / "t.csv"
    path.write_text("ticket,text\nT-1,good day\nT-2,\n", encoding="utf-8")
    done = invoke("predict", linear_model, path, "--id-column", "tickt")
    assert done.exit_code == 2
    assert "column 'tickt' not in t.csv; columns: ticket, text. Did you mean 'ticket'?" in (
        done.stderr
    )
    done = invoke("predict", linear_model, path, "--id-column", "ticket")
    assert "warning: 1 row holds no text (T-2): " in done.stderr
    lines = tmp_path / "t.txt"
    lines.write_text("good day\n", encoding="utf-8")
    done = invoke("predict", linear_model, lines, "--id-column", "ticket")
    assert done.exit_code == 2
    assert "--id-column is for tables" in done.stderr


@pytest.mark.parametrize("quiet", [True, False])
def test_error_with_json_is_an_object(invoke, tmp_path, quiet):
    """{error, error_type, hint} on stdout, nothing on stderr, and the exit code all the same."""
    done = invoke("evaluate", tmp_path, "sample", "--json", *(["--quiet"] if quiet else []))
    assert (done.exit_code, done.stderr) == (2, "")
    found = json.loads(done.stdout)
    assert list(found) == ["error", "error_type", "hint"]
    assert found["error"] == f"{tmp_path} has no assay.json: it is not a model of assay"
    assert found["error_type"] == "ModelError"
    assert "RUN/models/METHOD" in found["hint"]


def test_traceback_is_for_debug_only(invoke, tmp_path):
    """Without --debug a message, with it the traceback too; the exit code is the same."""
    plain = invoke("info", tmp_path / "nothing")
    debug = invoke("info", tmp_path / "nothing", "--debug")
    assert plain.exit_code == debug.exit_code == 2
    assert plain.stderr == f"error: there is no model folder at {tmp_path / 'nothing'}\n"
    assert "Traceback" in debug.stderr
    assert plain.stderr in debug.stderr


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (
            ZeroDivisionError("boom"),
            1,
            "error: internal error: ZeroDivisionError: boom\nhint: this is a mistake in assay",
        ),
        (
            OSError(28, "No space left on device", "/x"),
            4,
            "error: the system refused: No space left on device (/x)\n",
        ),
        (MemoryError(), 4, "error: there is not enough memory\n"),
        (KeyboardInterrupt(), 130, "error: stopped\n"),
        (BrokenPipeError(), 0, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_whatever_goes_wrong_has_its_exit_code(invoke, monkeypatch, raised, code, message):
    """1 is our bug, 4 the world outside, 130 the user; a closed pipe is none of them.

    No traceback.
    """

    def fail(*args, **kwargs):
        raise raised

    monkeypatch.setattr(explore, "explore_data", fail)
    done = invoke("explore", "sample")
    assert done.exit_code == code
    assert done.stderr.startswith(message)
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == (0 if not message else 1 + ("hint" in done.stderr))


@pytest.mark.parametrize(
    "args", [["explore", "sample"], ["explore", "sample", "--json"]], ids=["table", "json"]
)
@pytest.mark.skipif(os.name == "nt", reason="pipes end otherwise there")
def test_closed_pipe_ends_quietly(args):
    """`assay ... | head -1`: no traceback, no message, no failure."""
    with start_assay(*args) as process:
        process.stdout.close()
        error = process.stderr.read()
        assert (process.wait(60), error) == (0, "")


def test_closed_pipe_in_the_middle_of_predictions_ends_quietly(linear_model, tmp_path):
    """A reader that leaves after one of many thousand lines ends the work."""
    path = tmp_path / "many.txt"
    path.write_text("good day\n" * 20_000, encoding="utf-8")
    with start_assay("predict", linear_model, path) as process:
        assert json.loads(process.stdout.readline())["text"] == "good day"
        process.stdout.close()
        assert (process.wait(60), process.stderr.read()) == (0, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")  # noqa: PTH110
@pytest.mark.parametrize("flag", [[], ["--json"]])
def test_full_disk_behind_stdout_is_an_outside_error(flag):
    """Results that could not be written are no success."""
    with open("/dev/full", "w") as full:  # noqa: PTH123
        process = start_assay("explore", "sample", *flag, stdout=full)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 4
    assert "Traceback" not in error
    assert "Exception ignored" not in error


@pytest.mark.skipif(os.name == "nt", reason="signals are otherwise there")
def test_interrupt_while_starting_has_no_traceback():
    """Ctrl-C before the command line is loaded is as quiet as later."""
    program = "import sys, assay.cli\nsys.modules['assay.cli.app'] = None\n"
    program += "class Stop:\n    def find_spec(self, *args):\n        raise KeyboardInterrupt\n"
    program += "del sys.modules['assay.cli.app']\nsys.meta_path.insert(0, Stop())\nassay.cli.main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (
        128 + signal.SIGINT,
        "",
        "error: stopped\n",
    )


def test_threads_device_and_offline_reach_the_environment(invoke, monkeypatch):
    """The flags are read in one place by all libraries: the environment of the process."""
    seen = {}
    monkeypatch.setattr(
        explore, "explore_data", lambda *args, **more: seen.update(os.environ) or sys.exit(0)
    )
    invoke("explore", "sample", "--threads", "3", "--offline", "--device", "cpu")
    assert {seen[name] for name in ("ASSAY_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")} == {"3"}
    assert (seen["ASSAY_OFFLINE"], seen["HF_HUB_OFFLINE"], seen["ASSAY_DEVICE"]) == (
        "1",
        "1",
        "cpu",
    )


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:x", "cpu:0", ""])
def test_unknown_device_is_refused(invoke, device):
    """What no library knows is said before any of them is loaded."""
    done = invoke("explore", "sample", "--device", device)
    assert done.exit_code == 2
    assert (
        f"error: --device is '{device}'; auto, cpu, cuda, cuda:N and mps are accepted"
        in done.stderr
    )
