"""`push_model`: a model folder to a repository of the Hub.

What is sent was complete and checked on disk before.
"""

from __future__ import annotations

import glob
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assay._display import html_block, html_table
from assay.checkpoints.torch_state import quiet_hub
from assay.errors import InputError
from assay.hub.access import ask_patiently, check_repo_id, connect, explain_refusals, read_account
from assay.hub.card import address_card, check_license, set_license
from assay.notebook import default_progress
from assay.progress import Progress
from assay.runtime.folder import Layout, Manifest, is_free, read_folder, render_manifest

__all__ = ["Pushed", "push_model"]

UPLOAD_WAITS_S = (
    2.0,
)  # the client itself repeats what can be repeated; this is for a commit that was cut off


@dataclass(frozen=True)
class Pushed:
    """What was sent, or with a dry run would be.

    Parameters
    ----------
    repo : str
    url : str or None
        None after a dry run, like the two below.
    commit : str or None
        Name of the commit that holds the model.
    commit_url : str or None
    is_changed : bool
        Whether there was anything to send: False where the repository held the same files already.
    is_private : bool or None
    files : list of {path, size_bytes}
    n_bytes : int
    left_out : list of {path, size_bytes}
        What stays here: training texts that the model keeps, unless they were asked for.
    """

    repo: str
    url: str | None
    commit: str | None
    commit_url: str | None
    is_changed: bool
    is_private: bool | None
    files: list[dict[str, Any]]
    n_bytes: int
    left_out: list[dict[str, Any]]

    def _repr_html_(self) -> str:
        done = "nothing was sent" if self.commit is None else f"commit {self.commit}"
        rows = [{"file": one["path"], "bytes": one["size_bytes"]} for one in self.files]
        return html_block(
            self.repo,
            f"{len(self.files)} files, {self.n_bytes / 1e6:.1f} MB; {done}",
            html_table(rows),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def push_model(
    folder: str | Path,
    repo: str,
    *,
    private: bool = False,
    message: str | None = None,
    license_id: str | None = None,
    with_texts: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Pushed:
    """Send a model folder to the Hub. It can be repeated: files that are there already are not sent twice.

    Parameters
    ----------
    folder : path
        A model. Its hashes are checked first; a broken one is never sent.
    repo : str
        ``OWNER/NAME``, or ``NAME`` under the account that is logged in. It is made if need be.
    private : bool
        Make it so that only its owner sees it.
    message : str, optional
        Of the commit.
    license_id : str, optional
        The Hub's identifier of the licence, such as ``apache-2.0``, for the card; None: what the
        card says.
    with_texts : bool
        Send the training texts that the model keeps, too; left out otherwise, with all that
        assay.json says of them.
    dry_run : bool
        Say what would be sent, and send nothing: it needs no network.
    progress : Progress, optional

    Raises
    ------
    ModelError
        The folder is no model, or a broken one.
    InputError
        Not logged in, no right to write there, or a name that the Hub does not take.
    OutsideError
        The Hub cannot be reached or failed: run it again.
    """
    folder, progress = Path(folder), progress or default_progress()
    manifest = read_folder(folder)
    check_repo_id(repo)
    if license_id is not None:
        check_license(license_id)
    bare = manifest.without_texts() if manifest.keeps_texts and not with_texts else None
    files, left_out = _files_to_send(folder, bare)
    if dry_run:
        return _describe(repo, files, left_out)
    api = connect()
    account = read_account(api, progress=progress)
    repo = repo if "/" in repo else f"{account.name}/{repo}"
    if account.role == "read":
        raise InputError(
            f"the token of '{account.name}' may only read: it has no write permission",
            hint="make one that may write on the settings page of your account, then run: assay login --new",
        )
    again = shlex.join(["assay", "push", str(folder), repo])
    with (
        explain_refusals(f"push to '{repo}'", again=again, repo=repo),
        _staged(folder, files, repo, license_id, bare) as staged,
        nullcontext() if progress.draws_bars else quiet_hub(),
    ):
        ask_patiently(
            lambda: api.create_repo(repo, private=private or None, exist_ok=True), progress=progress
        )
        before = ask_patiently(lambda: api.model_info(repo), progress=progress)
        _check_repository(before, private=private, repo=repo)
        progress.say(f"sending {len(files)} files to {repo}")
        commit = ask_patiently(
            lambda: api.upload_folder(
                repo_id=repo,
                folder_path=staged,
                commit_message=message
                or f"Add a {manifest.method} model of {len(manifest.labels)} labels",
                allow_patterns=[glob.escape(one["path"]) for one in files],
                delete_patterns=[glob.escape(name) for name in _stale(before, files)] or None,
            ),
            progress=progress,
            waits_s=UPLOAD_WAITS_S,
        )
    return _describe(
        repo,
        files,
        left_out,
        url=f"{api.endpoint}/{repo}",
        commit=commit,
        is_changed=commit.oid != before.sha,
        is_private=bool(before.private),
    )


def _describe(
    repo: str,
    files: list[dict[str, Any]],
    left_out: list[dict[str, Any]],
    *,
    url: str | None = None,
    commit: Any = None,
    is_changed: bool = False,
    is_private: bool | None = None,
) -> Pushed:
    return Pushed(
        repo=repo,
        url=url,
        commit=None if commit is None else str(commit.oid),
        commit_url=None if commit is None else str(commit.commit_url),
        is_changed=is_changed,
        is_private=is_private,
        files=files,
        n_bytes=sum(one["size_bytes"] for one in files),
        left_out=left_out,
    )


def _files_to_send(
    folder: Path, bare: Manifest | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """List all but hidden files: the rest was held against assay.json when the folder was read.

    With `bare`, an assay.json without training texts, these are listed apart: they stay here.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    named = [(path.relative_to(folder), path.stat().st_size) for path in paths]
    files = [
        {"path": inside.as_posix(), "size_bytes": size}
        for inside, size in named
        if not any(part.startswith(".") for part in inside.parts)
    ]
    if bare is None:
        return files, []
    layout, n_bytes = Layout(Path()), len(_manifest_bytes(bare))
    kept = layout.training_texts.name
    sent = [
        {**one, "size_bytes": n_bytes} if one["path"] == layout.manifest.name else one
        for one in files
        if one["path"] != kept
    ]
    return sent, [one for one in files if one["path"] == kept]


def _manifest_bytes(manifest: Manifest) -> bytes:
    return render_manifest(manifest).encode("utf-8", "backslashreplace")


@contextmanager
def _staged(
    folder: Path,
    files: list[dict[str, Any]],
    repo: str,
    license_id: str | None,
    bare: Manifest | None,
) -> Iterator[Path]:
    """Yield a folder with the same files, the card naming repository and licence; with `bare` as its assay.json."""
    card, manifest = Layout(folder).card, Layout(folder).manifest
    with tempfile.TemporaryDirectory(prefix="assay-push-") as temporary:
        staged = Path(temporary)
        for path in (Path(one["path"]) for one in files):
            (staged / path).parent.mkdir(parents=True, exist_ok=True)
            try:
                (staged / path).symlink_to((folder / path).resolve())
            except OSError:  # no links here: Windows without the right to make them
                shutil.copyfile(folder / path, staged / path)
        if bare is not None:
            (staged / manifest.name).unlink()
            (staged / manifest.name).write_bytes(_manifest_bytes(bare))
        if card.is_file():
            (staged / card.name).unlink()
            text = address_card(card.read_text(encoding="utf-8"), repo)
            text = text if license_id is None else set_license(text, license_id)
            (staged / card.name).write_text(text, encoding="utf-8", newline="\n")
        yield staged


def _check_repository(info: Any, *, private: bool, repo: str) -> None:
    """Refuse to show a model that was meant to be private, and to write over something else."""
    if private and not info.private:
        raise InputError(
            f"'{repo}' exists and is public; --private cannot hide it",
            hint="make it private on its settings page, or choose another name",
        )
    names = [sibling.rfilename for sibling in info.siblings or ()]
    others = [name for name in names if not is_free(Path(name))]
    if others and Layout(Path()).manifest.name not in names:
        raise InputError(
            f"'{repo}' holds something else than a model of assay: {', '.join(others[:5])}",
            hint="choose another name",
        )


def _stale(info: Any, files: list[dict[str, Any]]) -> list[str]:
    """Return the files of an earlier model that this one has not: a folder that holds them is refused when pulled."""
    sent = {one["path"] for one in files}
    names = [sibling.rfilename for sibling in info.siblings or ()]
    return [name for name in names if name not in sent and not is_free(Path(name))]
