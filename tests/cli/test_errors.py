"""Whatever goes wrong in a command becomes one message and the exit code of its kind."""

import errno
import json

import pytest
import typer

from assay.cli.errors import first_speaks, guard, say_error
from assay.errors import CheckError, DataError, OutsideError


def run(error, *, as_json=False, debug=False):
    """Guard work that raises; return the exit code."""

    def work():
        raise error

    with pytest.raises(typer.Exit) as stopped:
        guard(work, as_json=as_json, debug=debug)
    return stopped.value.exit_code


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (DataError("row 3 is empty", hint="fill it"), 2, "error: row 3 is empty\nhint: fill it\n"),
        (CheckError("a file was changed"), 3, "error: a file was changed\n"),
        (OutsideError("the Hub is down"), 4, "error: the Hub is down\n"),
        (
            OSError(errno.ENOSPC, "No space left", "out.csv"),
            4,
            "error: the system refused: No space left (out.csv)\n"
            "hint: look at free space and permissions, and run it again\n",
        ),
        (
            OSError(errno.EFBIG, "File too large"),
            4,
            "error: the system refused: File too large\n"
            "hint: look at free space and permissions, and run it again\n",
        ),
        (
            MemoryError(),
            4,
            "error: there is not enough memory\nhint: take fewer rows (--max-rows)\n",
        ),
        (
            FileNotFoundError(2, "No usable temporary directory found in ['/tmp']"),
            4,
            "error: the system has no folder for temporary files\n"
            "hint: set TMPDIR to a folder that can be written\n",
        ),
        (
            ModuleNotFoundError("No module named 'scipy.sparse'", name="scipy.sparse"),
            2,
            "error: this needs the library 'scipy', which is not installed\n"
            "hint: run: pip install 'assay[train]'\n",
        ),
        (
            ModuleNotFoundError("No module named 'assay.none'", name="assay.none"),
            1,
            "error: internal error: ModuleNotFoundError: No module named 'assay.none'\nhint: this "
            "is a mistake in assay: run it again with --debug and report what it prints\n",
        ),
        (
            ZeroDivisionError("by zero"),
            1,
            "error: internal error: ZeroDivisionError: by zero\nhint: this is a mistake in assay: "
            "run it again with --debug and report what it prints\n",
        ),
    ],
    ids=[
        "input",
        "check",
        "outside",
        "disk",
        "size",
        "memory",
        "temporary",
        "library",
        "module",
        "bug",
    ],
)
def test_error_has_its_exit_code_and_message(error, code, said, capsys):
    """One message on stderr, nothing on stdout."""
    assert run(error) == code
    assert capsys.readouterr() == ("", said)


def test_error_is_an_object_with_json(capsys):
    """One object on stdout, nothing on stderr."""
    assert run(DataError("row 3 is empty", hint="fill it"), as_json=True) == 2
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "error": "row 3 is empty",
        "error_type": "DataError",
        "hint": "fill it",
    }
    assert err == ""


def test_traceback_is_for_those_who_ask(capsys):
    """With --debug it comes before the message."""
    assert run(ZeroDivisionError("by zero"), debug=True) == 1
    said = capsys.readouterr().err
    assert said.startswith("Traceback (most recent call last):")
    assert "error: internal error: ZeroDivisionError: by zero" in said


def test_reader_that_left_is_no_error(capsys):
    """`assay ... | head` ends well, without a word."""
    assert run(BrokenPipeError()) == 0
    assert capsys.readouterr() == ("", "")


def test_work_that_succeeds_passes():
    """Nothing is raised; an exit code that the work chose itself stays."""
    done = []
    guard(lambda: done.append(1), as_json=False, debug=False)
    assert done == [1]
    assert run(typer.Exit(7)) == 7


def test_message_cannot_drive_the_terminal(capsys):
    """Control characters of a text in a message are spelt out."""
    say_error("row '\x1b[31m' is bad", "DataError", as_json=False)
    assert "\x1b" not in capsys.readouterr().err


def test_first_process_alone_speaks(monkeypatch, capsys):
    """The others end with the same exit code, in silence."""
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    with pytest.raises(typer.Exit) as stopped, first_speaks():
        raise DataError("row 3 is empty")
    assert stopped.value.exit_code == 2
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("RANK", "0")
    with pytest.raises(DataError, match="row 3"), first_speaks():
        raise DataError("row 3 is empty")


def test_answers_to_a_doubt_are_whole_commands(capsys, monkeypatch):
    """Each flag that may be the answer is shown with the command that was given, ready to copy."""
    monkeypatch.setattr("sys.argv", ["assay", "explore", "my data.csv"])
    flags = ("--encoding cp1252", "--escape '\\'")
    assert run(DataError("two ways", hint="choose", flags=flags)) == 2
    assert capsys.readouterr().err == (
        "error: two ways\n"
        "hint: choose\n"
        "try:  assay explore 'my data.csv' --encoding cp1252\n"
        "try:  assay explore 'my data.csv' --escape '\\'\n"
    )


def test_answer_takes_the_place_of_the_value_that_was_given(capsys, monkeypatch):
    """A command to copy has no option twice."""
    words = ["assay", "explore", "d.csv", "--encoding", "cp1252", "--escape=none", "--strict"]
    monkeypatch.setattr("sys.argv", words)
    flags = ("--encoding utf-8+cp1252", "--escape '\\' --no-header")
    assert run(DataError("two ways", flags=flags)) == 2
    assert capsys.readouterr().err == (
        "error: two ways\n"
        "try:  assay explore d.csv --escape=none --strict --encoding utf-8+cp1252\n"
        "try:  assay explore d.csv --encoding cp1252 --strict --escape '\\' --no-header\n"
    )


def test_panic_of_a_library_is_one_message(capsys):
    """It is no `Exception`, and a traceback says nothing to whoever gave the file."""

    class PanicException(BaseException):
        """As the one of Rust libraries."""

    def work():
        raise PanicException("retry-limit-in-match over")

    with pytest.raises(typer.Exit) as stopped:
        guard(work, as_json=False, debug=False)
    assert stopped.value.exit_code == 1
    said = capsys.readouterr().err
    assert "error: internal error: PanicException: retry-limit-in-match over" in said
    assert "Traceback" not in said
