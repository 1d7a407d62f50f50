"""`push_model`: send a model folder to a repository of the Hub.

What is sent was complete and checked on disk before.
"""

from __future__ import annotations

import shlex
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assay._arguments import checked
from assay._display import Brief, html_block, html_table
from assay.checkpoints.torch_state import quiet_hub
from assay.errors import InputError
from assay.hub.access import check_repo_id, connect, read_account
from assay.hub.card import check_license
from assay.hub.refusals import ask_patiently, explain_refusals
from assay.hub.shipment import SentFile, Shipment, find_stale, plan_shipment, stage_shipment
from assay.notebook import default_progress
from assay.progress import Progress
from assay.runtime.folder import read_folder
from assay.runtime.layout import Layout, is_free

__all__ = ["Pushed", "push_model"]

# The client itself repeats what can be repeated; this is for a commit that was cut off.
UPLOAD_WAITS_S = (2.0,)
MAX_SHOWN = 5  # names of files in a message


@dataclass(frozen=True, repr=False)
class Pushed(Brief):
    """What was sent, or what a dry run would have sent.

    Parameters
    ----------
    repo : str
    url : str or None
        None after a dry run, as are the next two.
    commit : str or None
        Name of the commit that holds the model.
    commit_url : str or None
    is_changed : bool
        False if the repository held the same files already.
    is_private : bool or None
        None after a dry run.
    files : list of {path, size_bytes}
    n_bytes : int
    left_out : list of {path, size_bytes}
        What was not sent: the training texts that the model keeps, unless they were asked for.
    """

    repo: str
    url: str | None
    commit: str | None
    commit_url: str | None
    is_changed: bool
    is_private: bool | None
    files: list[SentFile]
    n_bytes: int
    left_out: list[SentFile]

    def _repr_html_(self) -> str:
        done = "nothing was sent" if self.commit is None else f"commit {self.commit}"
        rows = [{"file": one["path"], "bytes": one["size_bytes"]} for one in self.files]
        summary = f"{len(self.files)} files, {self.n_bytes / 1e6:.1f} MB; {done}"
        return html_block(self.repo, summary, html_table(rows))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


@checked
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
    """Send a model folder to the Hub. Repeating it is safe: the same files are not sent twice.

    Parameters
    ----------
    folder : path
        A model. Its hashes are checked first; a broken one is never sent.
    repo : str
        ``OWNER/NAME``, or ``NAME`` under the account that is logged in. It is made if need be.
    private : bool
        Make it visible to its owner only.
    message : str, optional
        The message of the commit.
    license_id : str, optional
        The Hub's identifier of the licence for the card, such as ``apache-2.0``; None: what the
        card says.
    with_texts : bool
        Also send the training texts that the model keeps. Otherwise they are left out, with all
        that assay.json says about them.
    dry_run : bool
        Only say what would be sent; this needs no network.
    progress : Progress, optional

    Raises
    ------
    ModelError
        The folder is no model, or a broken one.
    InputError
        Nobody is logged in, may not write there, or the Hub does not take the name; or a link in
        the folder leads out of it.
    OutsideError
        The Hub cannot be reached or failed: run it again.
    """
    folder = Path(folder)
    manifest = read_folder(folder)
    check_repo_id(repo)
    if license_id is not None:
        check_license(license_id)
    shipment = plan_shipment(folder, manifest, license_id=license_id, with_texts=with_texts)
    if dry_run:
        return _describe(repo, shipment)
    message = message or f"Add a {manifest.method} model of {len(manifest.labels)} labels"
    return _send(shipment, repo, message, private=private, progress=progress or default_progress())


def _send(
    shipment: Shipment, repo: str, message: str, *, private: bool, progress: Progress
) -> Pushed:
    api = connect()
    repo = _complete_name(api, repo, progress)
    again = shlex.join(["assay", "push", str(shipment.folder), repo])
    with (
        explain_refusals(f"push to '{repo}'", again=again, repo=repo),
        stage_shipment(shipment, repo) as staged,
        nullcontext() if progress.draws_bars else quiet_hub(),
    ):
        ask_patiently(
            lambda: api.create_repo(repo, private=private or None, exist_ok=True), progress=progress
        )
        before = ask_patiently(lambda: api.model_info(repo), progress=progress)
        _check_repository(before, private=private, repo=repo)
        progress.say(f"sending {len(shipment.files)} files to {repo}")
        commit = ask_patiently(
            lambda: api.upload_folder(
                repo_id=repo,
                folder_path=staged,
                commit_message=message,
                allow_patterns=shipment.patterns(),
                delete_patterns=find_stale(before, shipment) or None,
            ),
            progress=progress,
            waits_s=UPLOAD_WAITS_S,
        )
    return _describe(repo, shipment, url=f"{api.endpoint}/{repo}", commit=commit, before=before)


def _complete_name(api: Any, repo: str, progress: Progress) -> str:
    """Return ``OWNER/NAME``, and refuse an account that may not write."""
    account = read_account(api, progress=progress)
    if account.role == "read":
        raise InputError(
            f"the token of '{account.name}' may only read: it has no write permission",
            hint="make one that may write on the settings page of your account, "
            "then run: assay login --new",
        )
    return repo if "/" in repo else f"{account.name}/{repo}"


def _describe(
    repo: str, shipment: Shipment, *, url: str | None = None, commit: Any = None, before: Any = None
) -> Pushed:
    """Return the summary; without `commit` that of a dry run.

    `before` is what the repository held before the commit.
    """
    is_sent = commit is not None
    return Pushed(
        repo=repo,
        url=url,
        commit=str(commit.oid) if is_sent else None,
        commit_url=str(commit.commit_url) if is_sent else None,
        is_changed=is_sent and commit.oid != before.sha,
        is_private=bool(before.private) if is_sent else None,
        files=shipment.files,
        n_bytes=sum(one["size_bytes"] for one in shipment.files),
        left_out=shipment.left_out,
    )


def _check_repository(info: Any, *, private: bool, repo: str) -> None:
    """Refuse to publish what was meant to be private, and to overwrite something else."""
    if private and not info.private:
        raise InputError(
            f"'{repo}' exists and is public; --private cannot hide it",
            hint="make it private on its settings page, or choose another name",
        )
    names = [sibling.rfilename for sibling in info.siblings or ()]
    others = [name for name in names if not is_free(Path(name))]
    if others and Layout(Path()).manifest.name not in names:
        raise InputError(
            f"'{repo}' holds something else than a model of assay: {', '.join(others[:MAX_SHOWN])}",
            hint="choose another name",
        )
