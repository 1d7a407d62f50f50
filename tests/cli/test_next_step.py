"""The command after an audit or a review can be pasted as it is."""

import json
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


def test_records_of_tools_are_corrected_as_they_are_read(tmp_path):
    """They cannot be written again; those of Prodigy with one label can."""
    annotation = {"result": [{"from_name": "a", "value": {"choices": ["x"]}}]}
    one = {"text": "a", "answer": "accept"}
    cases = {
        "a.json": ([{"data": {"text": "a"}, "annotations": [annotation]}], "run"),
        "b.json": ([{**one, "accept": ["x"]}], "run"),
        "c.json": ([{**one, "label": "x"}], "fix"),
        "d.json": ([{"text": "a", "label": "x"}], "fix"),
    }
    decisions = tmp_path / "i.csv"
    for name, (records, command) in cases.items():
        path = tmp_path / name
        path.write_text(json.dumps(records), encoding="utf-8")
        words = shlex.split(fix_command_for(str(path), decisions, "--encoding utf-8"))
        assert words[:3] == ["assay", command, str(path)]
        assert words[-2:] == ["--encoding", "utf-8"]
        assert ("--corrections" in words) == (command == "run")


def test_what_is_no_file_has_no_command():
    """The sample and data sets of the Hub are nobody's file to correct."""
    assert fix_command_for("sample", Path("issues.csv"), "") == ""
