"""The command after an audit or a review can be pasted as it is."""

import shlex
from pathlib import Path

from assay.cli.next_step import fix_command_for


def test_paths_are_quoted_and_the_output_is_free(tmp_path):
    """Spaces and quotes survive the shell; a name that is taken gets a number."""
    data = tmp_path / "my tickets'.csv"
    data.write_text("text,label\n", encoding="utf-8")
    decisions = tmp_path / "my decisions.csv"
    command = fix_command_for(str(data), decisions, "--delimiter ';'")
    fixed = tmp_path / "fixed-my tickets'.csv"
    assert shlex.split(command) == [
        *("assay", "fix", str(data), "--decisions", str(decisions)),
        *("--out", str(fixed), "--delimiter", ";"),
    ]
    fixed.touch()
    again = shlex.split(fix_command_for(str(data), decisions, ""))
    assert again[-1] == str(tmp_path / "fixed-2-my tickets'.csv")


def test_what_is_no_file_has_no_command():
    """The sample and data sets of the Hub are nobody's file to correct."""
    assert fix_command_for("sample", Path("issues.csv"), "") == ""
