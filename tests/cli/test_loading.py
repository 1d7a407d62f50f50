"""What the command line loads, and what its help looks like."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

import assay
from _support.small_runs import run_assay
from assay.cli.app import app

HEAVY = [
    "torch",
    "transformers",
    "sklearn",
    "scipy",
    "pandas",
    "matplotlib",
    "umap",
    "fastapi",
    "ray",
    "onnxruntime",
    "datasets",
    "huggingface_hub",
]
COMMANDS = list(typer.main.get_command(app).commands)


@pytest.mark.parametrize("code", ["import assay", "from assay.cli import main; main()"])
@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_start_loads_nothing_heavy(code, flag):
    """Importing assay, `assay --help` and `assay --version` load no library that takes seconds."""
    program = f"""
import atexit, sys
atexit.register(lambda: sys.stderr.write(repr([name for name in {HEAVY!r} if name in sys.modules])))
sys.argv = ["assay", {flag!r}]
{code}"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "[]")
    is_command = "main()" in code
    assert (bool(done.stdout), "assay" in done.stdout) == (is_command, is_command)


def test_script_and_module_are_the_same_program():
    """The installed script and `python -m assay` say the same."""
    script = Path(sys.executable).with_name("assay")
    if not script.exists():
        pytest.skip("assay is on the path, but not installed")
    done = subprocess.run([script, "--version"], capture_output=True, text=True)
    assert done.stdout == run_assay("--version").stdout == f"assay {assay.__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_has_examples_and_fits(invoke, command):
    """Each help shows a command line to copy, on lines of at most 80 columns, at a width of 80 and unknown."""
    done = invoke(command, "--help")
    assert done.exit_code == 0
    examples = re.search(r"  Examples?:\n((?:    .+\n)+)", done.stdout)
    assert examples is not None
    assert all(f"assay {command}" in line for line in examples[1].splitlines())
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize("command", COMMANDS)
def test_command_takes_the_common_flags(invoke, command):
    """Seven flags work everywhere."""
    text = invoke(command, "--help").stdout
    missing = [
        flag
        for flag in ("--seed", "--json", "--quiet", "--debug", "--offline", "--threads", "--device")
        if flag not in text
    ]
    assert not missing


def test_list_of_commands_is_whole_sentences(invoke):
    """`assay --help` cuts no description off, and names every command of the design that is built."""
    text = invoke("--help").stdout
    assert "..." not in text.partition("Commands:")[2]
    assert "assay run sample --out runs/sample" in text
    assert max(map(len, text.splitlines())) <= 80
    built = {
        "run",
        "explore",
        "tokens",
        "embed",
        "map",
        "train",
        "evaluate",
        "predict",
        "info",
        "verify",
        "cache",
    }
    assert built <= set(COMMANDS)


def test_bare_call_shows_the_help(invoke):
    """`assay` alone is a usage error that helps."""
    done = invoke()
    assert done.exit_code == 2
    assert "Usage: assay" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("args", "message", "hint"),
    [
        (["trian"], "No such command 'trian'", "see: assay --help"),
        (["run"], "Missing argument 'DATA'", "see: assay run --help"),
        (["train", "x", "--out", "y"], "Missing option '--method'", "see: assay train --help"),
        (
            ["explore", "sample", "--theads", "1"],
            "No such option: --theads",
            "see: assay explore --help",
        ),
        (["info", "a", "b"], "unexpected extra argument", "see: assay info --help"),
        (["embed", "x", "--pooling", "max"], "'--pooling'", "see: assay embed --help"),
        (["explore", "sample", "--threads", "0"], "'--threads'", "see: assay explore --help"),
        (["explore", "sample", "--seed", "-1"], "'--seed'", "see: assay explore --help"),
        (["predict", "x", "--top-k", "0"], "'--top-k'", "see: assay predict --help"),
    ],
)
def test_wrong_usage_is_said_like_any_error(invoke, args, message, hint):
    """Exit code 2, one sentence and where to look; with --json one object."""
    done = invoke(*args)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert f"hint: {hint}\n" in done.stderr
    as_json = invoke(*args, "--json")
    assert (as_json.exit_code, as_json.stderr) == (2, "")
    assert f'"error_type": "UsageError", "hint": "{hint}"' in as_json.stdout


def test_id_column_names_rows_in_tables(invoke, tmp_path):
    """The number of a ticket is beside a mistake, in the table and in JSON."""
    rows = "".join(
        f"T{i},{('bad', 'good')[i % 2]} word{i % 5} nr{i},{'ab'[i % 2]}\n" for i in range(40)
    )
    (tmp_path / "d.csv").write_text("ticket,text,label\n" + rows)
    (tmp_path / "e.csv").write_text("ticket,text,label\nX-17,good good,a\nX-18,good word1,b\n")
    model = tmp_path / "model"
    assert invoke("train", tmp_path / "d.csv", "--method", "linear", "--out", model).exit_code == 0
    done = invoke("evaluate", model, tmp_path / "e.csv", "--id-column", "ticket")
    assert "ticket" in done.stdout
    assert "X-17" in done.stdout
    found = json.loads(invoke("evaluate", model, tmp_path / "e.csv", "--json").stdout)
    assert found["mistakes"][0]["columns"] == {"ticket": "X-17"}
