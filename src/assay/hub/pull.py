"""`pull_model`: fetch a model folder from the Hub.

Files that could run code are refused by name before anything is fetched, and what arrived is
checked against its assay.json before it gets its place.
"""

from __future__ import annotations

import json
import shlex
import shutil
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assay._arguments import checked
from assay._display import Brief
from assay._paths import follow_links
from assay.checkpoints.torch_state import quiet_hub
from assay.disk import atomic_folder, check_output
from assay.errors import CheckError, ModelError, OutsideError
from assay.hub.access import check_repo_id, connect
from assay.hub.refusals import ask_patiently, explain_refusals
from assay.notebook import default_progress
from assay.progress import Progress
from assay.runtime.folder import read_folder
from assay.runtime.layout import Layout, is_unsafe
from assay.runtime.manifest import Manifest

__all__ = ["Pulled", "pull_model"]

HIDDEN_FILES = [".*", "*/.*"]
# Keys of config files that name code: transformers could be made to fetch and run it.
CODE_KEYS = ("auto_map", "custom_pipelines")
DOWNLOAD_WAITS_S = (2.0,)  # the client itself repeats what can be repeated
BYTES_PER_MB = 1e6
MAX_SHOWN = 5  # names of files in a message


@dataclass(frozen=True, repr=False)
class Pulled(Brief):
    """What was fetched.

    Parameters
    ----------
    repo : str
    revision : str
        The commit.
    out : str
    method : str
    labels : list of str
    n_files, n_bytes : int
        Number and size of the files that prediction reads.
    """

    repo: str
    revision: str
    out: str
    method: str
    labels: list[str]
    n_files: int
    n_bytes: int

    def to_dict(self) -> dict[str, str | int | list[str]]:
        """Return plain values, ready for JSON."""
        return asdict(self)


@checked
def pull_model(
    repo: str,
    out: str | Path,
    *,
    revision: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Pulled:
    """Fetch a model folder from the Hub: complete and verified, or not at all.

    Parameters
    ----------
    repo : str
        ``OWNER/NAME``.
    out : path
    revision : str, optional
        Branch, tag or commit; None: the main branch.
    overwrite : bool
    progress : Progress, optional

    Raises
    ------
    ModelError
        The repository holds no model of assay, or files that could run code.
    CheckError
        What arrived is not what its assay.json says.
    InputError
        There is no such repository or revision, or no access to it.
    OutsideError
        The Hub or the disk failed: run it again.
    """
    out, progress = Path(out), progress or default_progress()
    check_repo_id(repo)
    check_output(out, overwrite=overwrite, is_folder=True)
    api = connect()
    again = shlex.join(["assay", "pull", repo, "--out", str(out)])
    with explain_refusals(f"pull '{repo}'", again=again, repo=repo):
        info = ask_patiently(
            lambda: api.model_info(repo, revision=revision, files_metadata=True), progress=progress
        )
    _check_listing(info, repo=repo)
    _check_space(info, out)
    progress.say(f"fetching {len(info.siblings)} files of {repo}")
    with atomic_folder(out, overwrite=overwrite) as partial:
        with explain_refusals(f"pull '{repo}'", again=again, repo=repo):
            _download(api, repo, info.sha, partial, progress)
        manifest = _check_arrived(partial, repo)
    return Pulled(
        repo=repo,
        revision=str(info.sha),
        out=str(out),
        method=manifest.method,
        labels=list(manifest.labels),
        n_files=len(manifest.files),
        n_bytes=sum(int(facts["size_bytes"]) for facts in manifest.files.values()),
    )


def _download(api: Any, repo: str, commit: str, folder: Path, progress: Progress) -> None:
    """Fetch the files of a commit into a folder."""

    def download() -> None:
        api.snapshot_download(repo, revision=commit, local_dir=folder, ignore_patterns=HIDDEN_FILES)

    with nullcontext() if progress.draws_bars else quiet_hub():
        ask_patiently(download, progress=progress, waits_s=DOWNLOAD_WAITS_S)
    shutil.rmtree(folder / ".cache", ignore_errors=True)  # the client's own notes


def _check_listing(info: Any, *, repo: str) -> None:
    """Check the names of the files before anything is fetched."""
    names = [sibling.rfilename for sibling in info.siblings or ()]
    unsafe = [name for name in names if is_unsafe(Path(name))]
    if unsafe:
        shown = ", ".join(map(repr, unsafe[:MAX_SHOWN]))
        raise ModelError(
            f"'{repo}' holds {shown}: files of this kind can run code when loaded, "
            "and no model of assay needs one; nothing was fetched",
            hint="ask its owner for a repository without them",
        )
    if Layout(Path()).manifest.name not in names:
        raise ModelError(
            f"'{repo}' has no assay.json: it is not a model of assay; nothing was fetched",
            hint=f"a checkpoint of transformers is used as it is: assay evaluate {repo} DATA",
        )


def _check_space(info: Any, out: Path) -> None:
    """Refuse a long download that the disk could not hold."""
    needed = sum(sibling.size or 0 for sibling in info.siblings or ())
    place = follow_links(out)
    parent = next(folder for folder in (place, *place.parents) if folder.is_dir())
    free = shutil.disk_usage(parent).free
    if needed > free:
        raise OutsideError(
            f"the disk is too full: the model takes {needed / BYTES_PER_MB:,.0f} MB, "
            f"and {parent} has {free / BYTES_PER_MB:,.0f} MB free",
            hint="make room, or give another --out",
        )


def _check_arrived(partial: Path, repo: str) -> Manifest:
    """Check what was fetched, and return its manifest."""
    for path in sorted(partial.rglob("*.json")):
        keys = _find_code_keys(path)
        if keys:
            name = path.relative_to(partial).as_posix()
            raise ModelError(
                f"'{name}' of '{repo}' names code of its own ({', '.join(keys)}), "
                "which transformers could be made to run; nothing was kept",
                hint="ask its owner for a repository without it",
            )
    try:
        return read_folder(partial)
    except ModelError as err:
        message = err.message.replace(str(partial), f"'{repo}'")
        raise CheckError(
            f"{message}; nothing was kept", hint="pull it again, or do not trust it"
        ) from err


def _find_code_keys(path: Path) -> list[str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError):
        return []  # a file that cannot be read is judged where it is needed
    if not isinstance(content, dict):
        return []
    return [key for key in CODE_KEYS if key in content]
