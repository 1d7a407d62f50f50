"""The examples in the help of commands can be copied: the shell and the command take every one.

Tests assay.cli.app, too.
"""

import shlex

import pytest
import typer.main

from assay.cli.app import app

GROUP = typer.main.get_command(app)
LINES = [
    line.strip()
    for command in GROUP.commands.values()
    for line in (command.help or "").splitlines()
    if line.startswith("  assay ") or line.strip().startswith("assay ")
]
ENDS = ("|", "<")  # from here on, the shell reads


def test_most_commands_have_examples():
    """Otherwise the test below would see nothing."""
    assert len(LINES) > 40


@pytest.mark.parametrize("line", LINES)
def test_example_is_taken(line):
    """A remark behind an example is a comment, and options and arguments are known."""
    words = shlex.split(line, comments=True)
    end = next((i for i, word in enumerate(words) if word in ENDS), len(words))
    name, *args = words[1:end]
    context = GROUP.commands[name].make_context(name, list(args))
    assert not context.args
