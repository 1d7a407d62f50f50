"""Errors become messages and exit codes: 1 our bug, 2 input, 3 a check, 4 outside, 130 stopped."""

from __future__ import annotations

import errno
import os
import shlex
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import typer

from assay import _env
from assay._optional import explain_missing
from assay.cli.interrupt import EXIT_INTERRUPTED, settle_interrupt, was_interrupted
from assay.errors import AssayError, OutsideError

__all__ = ["first_speaks", "guard", "say_error"]

EXIT_BUG = 1
# What the machine refuses, whatever the code does: no space or a limit of the size of files, no
# permission, a broken disk or one of the network that is gone, too many open files, no memory. Not
# every system has all of them.
OUTSIDE_NAMES = (
    *("ENOSPC", "EDQUOT", "EFBIG", "EIO", "EROFS", "EACCES", "EPERM", "EMFILE", "ENFILE"),
    *("ENOMEM", "ENAMETOOLONG", "ESTALE", "ETIMEDOUT", "ENOTCONN", "EHOSTDOWN", "ENODEV", "ENXIO"),
    *("EBUSY", "ETXTBSY", "EREMOTEIO", "ENOLCK"),
)
OUTSIDE_ERRNOS = {getattr(errno, name) for name in OUTSIDE_NAMES if hasattr(errno, name)}


NO_TEMPORARY = "No usable temporary directory"  # how Python says it


def guard(work: Callable[[], None], *, as_json: bool, debug: bool) -> None:
    """Run a command; turn whatever goes wrong into one message and an exit code."""
    try:
        work()
        sys.stdout.flush()
    except KeyboardInterrupt:
        raise typer.Exit(_say_stopped(as_json=as_json)) from None
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nothing is wrong, and nothing can be said.
        _close_stdout()
        raise typer.Exit(0) from None
    except typer.Exit:
        raise
    except Exception as err:
        if debug:
            traceback.print_exc()
        if was_interrupted(err):
            raise typer.Exit(_say_stopped(as_json=as_json)) from None
        raise typer.Exit(_say_exception(err, as_json=as_json)) from None
    except BaseException as err:
        if isinstance(err, SystemExit | GeneratorExit):
            raise
        if debug:
            traceback.print_exc()
        # A panic of a Rust library, which is no Exception.
        raise typer.Exit(_say_bug(err, as_json=as_json)) from None


@contextmanager
def first_speaks() -> Iterator[None]:
    """Let only the first of several processes that share a job say what went wrong.

    All of them end with the same exit code.
    """
    try:
        yield
    except (KeyboardInterrupt, Exception) as err:
        if _env.process_rank() == 0:
            raise
        code = EXIT_INTERRUPTED if was_interrupted(err) else getattr(err, "exit_code", EXIT_BUG)
        raise typer.Exit(code) from None


def _say_stopped(*, as_json: bool) -> int:
    settle_interrupt()
    say_error("stopped", "Interrupted", as_json=as_json)
    return EXIT_INTERRUPTED


def _say_exception(err: Exception, *, as_json: bool) -> int:
    """Say what went wrong in one message; return the exit code."""
    if isinstance(err, AssayError):
        say_error(err.message, type(err).__name__, err.hint, as_json=as_json)
        if not as_json:
            _show_commands(err.flags)
        return err.exit_code
    known = _recognise(err)
    if known is not None:
        say_error(known.message, type(known).__name__, known.hint, as_json=as_json)
        return known.exit_code
    return _say_bug(err, as_json=as_json)


def _say_bug(err: BaseException, *, as_json: bool) -> int:
    """Say what nobody foresaw in one line: the last resort."""
    hint = "this is a mistake in assay: run it again with --debug and report what it prints"
    message = f"internal error: {type(err).__name__}: {err}"
    say_error(message, "InternalError", hint, as_json=as_json)
    return EXIT_BUG


def _recognise(err: Exception) -> AssayError | None:
    """Return what an error of the system or of Python means; None: it is a mistake of ours."""
    if isinstance(err, OSError) and err.errno in OUTSIDE_ERRNOS:
        where = f" ({err.filename})" if err.filename else ""
        hint = "look at free space and permissions, and run it again"
        return OutsideError(f"the system refused: {err.strerror}{where}", hint=hint)
    if isinstance(err, FileNotFoundError) and NO_TEMPORARY in str(err):
        hint = "set TMPDIR to a folder that can be written"
        return OutsideError("the system has no folder for temporary files", hint=hint)
    if isinstance(err, MemoryError):
        hint = "take fewer rows (--max-rows)"
        return OutsideError("there is not enough memory", hint=hint)
    return explain_missing(err) if isinstance(err, ModuleNotFoundError) else None


def say_error(message: str, error_type: str, hint: str = "", *, as_json: bool) -> None:
    """Say what went wrong: two lines on stderr, or with --json one object on stdout."""
    from assay.cli.show import print_json, printable

    if as_json:
        try:
            print_json({"error": message, "error_type": error_type, "hint": hint})
            sys.stdout.flush()
        except OSError:  # a closed pipe, a full disk: the exit code has to do
            _close_stdout()
        return
    sys.stderr.write(f"error: {printable(message, keep_newlines=True)}\n")
    if hint:
        sys.stderr.write(f"hint: {printable(hint)}\n")


def _show_commands(flags: Iterable[str]) -> None:
    """Show the command that was given once more with each flag, ready to copy."""
    from assay.cli.show import printable

    for flag in flags:
        given = shlex.join(["assay", *_without_options(sys.argv[1:], flag)])
        sys.stderr.write(f"try:  {printable(given)} {flag}\n")


def _without_options(words: Sequence[str], flag: str) -> list[str]:
    """Return the words of a command without the options to which `flag` gives another value.

    >>> _without_options(["explore", "--encoding", "cp1252", "a.csv"], "--encoding cp949")
    ['explore', 'a.csv']
    """
    replaced = set()
    for name, following in pairwise([*flag.split(), "--"]):
        if name.startswith("--") and not following.startswith("--"):
            replaced.add(name)
    kept: list[str] = []
    is_value = False
    for word in words:
        if is_value:
            is_value = False
        elif word in replaced:
            is_value = True
        elif word.partition("=")[0] not in replaced:
            kept.append(word)
    return kept


def _close_stdout() -> None:
    """Discard what is still buffered: flushing it at exit would fail once more, and say so."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return  # stdout is no file, but what a test put in its place
