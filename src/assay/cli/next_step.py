"""The command that applies decisions, ready to paste: `audit` and `review` end with it."""

from __future__ import annotations

import shlex
from pathlib import Path

from assay._paths import expand_home

__all__ = ["fix_command_for"]


def fix_command_for(data: str, decisions: Path, flags: str) -> str:
    """Return the `assay fix` that writes corrected data beside the data.

    Parameters
    ----------
    data : str
        As it was given. What is no file or folder of a person's own cannot be corrected: the empty
        string is returned.
    decisions : Path
    flags : str
        How the data were read, as flags.

    Examples
    --------
    >>> fix_command_for("sample", Path("issues.csv"), "")
    ''
    """
    path = expand_home(data)
    if not path.exists():
        return ""
    fixed = _free_name(path.with_name(f"fixed-{path.name}"))
    command = ["assay", "fix", data, "--decisions", str(decisions), "--out", str(fixed)]
    return f"{shlex.join(command)} {flags}".rstrip()


def _free_name(path: Path) -> Path:
    """Return a name that nothing has yet: ``fixed-2-a.csv`` where ``fixed-a.csv`` exists."""
    name = path.name.removeprefix("fixed-")
    number = 2
    while path.exists():
        path = path.with_name(f"fixed-{number}-{name}")
        number += 1
    return path
