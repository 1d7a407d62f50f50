"""The commands that come next, ready to paste.

`audit` and `review` end with the one that applies decisions: `assay fix`, or `assay run` for files
that cannot be written again. `run` ends with the `assay review` on which decisions are made.
"""

from __future__ import annotations

import shlex
from contextlib import suppress
from pathlib import Path

from assay._paths import expand_home
from assay.errors import DataError

__all__ = ["fix_command_for", "review_command_for"]

KINDS_OF_TOOLS = (".json", ".jsonl", ".parquet")


def fix_command_for(data: str, decisions: Path, flags: str) -> str:
    """Return the `assay fix` that writes corrected data beside the data.

    For data that cannot be written again, such as records of tools for labelling, it is the
    `assay run` that corrects the labels as it reads them.

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
    if not _can_be_fixed(path):
        command = ["assay", "run", data, "--corrections", str(decisions)]
        return f"{shlex.join(command)} {flags}".rstrip()
    fixed = _free_name(path.with_name(f"fixed-{path.name}"))
    command = ["assay", "fix", data, "--decisions", str(decisions), "--out", str(fixed)]
    return f"{shlex.join(command)} {flags}".rstrip()


def review_command_for(data: str, issues: Path, flags: str) -> str:
    """Return the `assay review` of what the audit of a run found.

    Parameters
    ----------
    data : str
        As it was given. The empty string is returned for what is no file or folder of a person's
        own.
    issues : Path
    flags : str
        How the data were read, as flags.

    Examples
    --------
    >>> review_command_for("sample", Path("runs/sample/issues.csv"), "")
    ''
    """
    if not expand_home(data).exists():
        return ""
    command = ["assay", "review", data, "--issues", str(issues), "--out", str(_free_decisions())]
    return f"{shlex.join(command)} {flags}".rstrip()


def _can_be_fixed(path: Path) -> bool:
    """Tell whether `assay fix` writes a file, or all files of a folder, again."""
    from assay.data.files.formats import file_kind
    from assay.data.files.readers import read_rows
    from assay.data.files.relabelled import REWRITABLE
    from assay.data.files.tool_records import keeps_labels_inside

    files = sorted(filter(Path.is_file, path.iterdir())) if path.is_dir() else [path]
    for file in files:
        kind = file_kind(file)
        if kind in KINDS_OF_TOOLS:
            with suppress(DataError):
                if keeps_labels_inside(read_rows(file)):
                    return False
        elif kind is not None and kind not in REWRITABLE:
            return False
    return True


def _free_name(path: Path) -> Path:
    """Return a name that nothing has yet: ``fixed-2-a.csv`` where ``fixed-a.csv`` exists."""
    name = path.name.removeprefix("fixed-")
    number = 2
    while path.exists():
        path = path.with_name(f"fixed-{number}-{name}")
        number += 1
    return path


def _free_decisions() -> Path:
    """Return a name for decisions that no other decisions have."""
    path, number = Path("decisions.csv"), 2
    while path.exists() or path.with_name(f"{path.name}.journal").exists():
        path, number = Path(f"decisions-{number}.csv"), number + 1
    return path
