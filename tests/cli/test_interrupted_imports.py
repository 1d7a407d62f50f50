"""Ctrl-C that lands where Python hides it: in the middle of an import.

Also tests `command`, which sets every command up.
"""

import os
import subprocess
import sys

import pytest

from assay.cli.interrupt import was_interrupted

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are otherwise there")
# A command whose work is interrupted at that very place, by a real signal to itself; run with
# `python -m`, the one way of starting Python that looks at its note of an unhandled interrupt.
COMMAND = """
import os, signal, sys, typer
from assay.cli.command import add_command
from assay.cli.options import Common
from assay.cli import app as application, main, show

def press(): os.kill(os.getpid(), signal.SIGINT); [None for _ in range(10**6)]

@add_command(application.app, "interrupted", panel="x")
def interrupted(*, common: Common):
    {work}

sys.argv = ["assay", "interrupted"{flag}]
main()
"""
NAMED = "class Field:\n        def __set_name__(self, owner, name): press()\n    class Owner: field = Field()"


@pytest.mark.parametrize("flag", ["", ', "--json"'], ids=["message", "json"])
@pytest.mark.parametrize(
    "work", ["press()", "exec('press()')", NAMED], ids=["plain", "exec", "set_name"]
)
def test_interrupt_is_130_wherever_it_lands(tmp_path, work, flag):
    """One sentence and 130: not the signal's own end (-2), not `internal error`."""
    (tmp_path / "interrupted_command.py").write_text(
        COMMAND.format(work=work, flag=flag), encoding="utf-8"
    )
    command = [sys.executable, "-m", "interrupted_command"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    said = "" if flag else "error: stopped\n"
    assert (done.returncode, done.stderr) == (130, said)
    assert done.stdout == (
        '{"error": "stopped", "error_type": "Interrupted", "hint": ""}\n' if flag else ""
    )


def raised(first, then, *, chained):
    """Return the error a library raises after another one: on purpose (`from`), or while it cleans up."""
    with pytest.raises(type(then)) as caught:  # noqa: PT012 (two errors are the point)
        try:
            raise first
        except BaseException as err:
            if chained:
                raise then from err
            raise then  # noqa: B904
    return caught.value


@pytest.mark.parametrize("chained", [True, False])
def test_only_what_stems_from_ctrl_c_is_an_interrupt(chained):
    """An error of another origin, even with causes of its own, stays that error."""
    assert was_interrupted(raised(KeyboardInterrupt(), RuntimeError("b"), chained=chained))
    assert not was_interrupted(raised(KeyError("a"), RuntimeError("b"), chained=chained))
