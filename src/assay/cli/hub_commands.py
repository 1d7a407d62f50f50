"""Commands about the Hub: login, push, pull, datasets."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.cli.command import add_command
from assay.cli.options import Common, Out, Overwrite
from assay.cli.show import print_json, print_line, print_table

__all__ = ["register"]

PANEL = "The Hub"


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    add_command(app, "login", panel=PANEL)(login_command)
    add_command(app, "push", panel=PANEL)(push_command)
    add_command(app, "pull", panel=PANEL)(pull_command)
    add_command(app, "datasets", panel=PANEL)(datasets_command)


def login_command(
    common: Common,
    new: Annotated[
        bool, typer.Option("--new", help="Ask for a token although there is one already.")
    ] = False,
) -> None:
    """Log in to the Hub, or say who is logged in.

    The token comes from HF_TOKEN, an earlier login, the prompt, or a line of standard input. It is
    never shown.

    \b
    Examples:
      assay login
      assay login --new < token.txt
    """
    from assay.hub import login

    account = login(_read_token()) if new else login(ask=_read_token)
    if common.json:
        print_json(account.to_dict())
        return
    may = {"read": ", the token may only read", "write": ", the token may write"}.get(
        account.role, ""
    )
    where = {"HF_TOKEN": "by HF_TOKEN", "earlier login": "since an earlier login"}.get(
        account.token_source, "now"
    )
    print_line(f"logged in as {account.name} {where}{may}")


def _read_token() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Token (from the settings page of your account; it is not shown): ")
    from assay.errors import InputError

    if token := sys.stdin.readline().strip():
        return token
    raise InputError(
        "not logged in to the Hub: there is no token in HF_TOKEN, none of an earlier login, "
        "and nobody to ask",
        hint="set HF_TOKEN, or give the token as a line of standard input",
    )


def push_command(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model folder.")],
    repo: Annotated[
        str, typer.Argument(metavar="REPO", help="OWNER/NAME, or NAME under your own account.")
    ],
    common: Common,
    private: Annotated[bool, typer.Option("--private", help="Only you can see it.")] = False,
    message: Annotated[
        str | None, typer.Option("--message", "-m", help="Message of the commit.")
    ] = None,
    license_id: Annotated[
        str | None,
        typer.Option("--license", metavar="ID", help="For the card, such as apache-2.0."),
    ] = None,
    with_texts: Annotated[
        bool, typer.Option("--with-texts", help="Send the training texts that it keeps, too.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be sent; send nothing.")
    ] = False,
) -> None:
    """Send a model to the Hub, with its card.

    It can be repeated: files that are there already are not sent again. Training texts that a model
    keeps stay here.

    \b
    Examples:
      assay push runs/sample/model mood --dry-run
      assay push runs/sample/model me/mood --private
    """
    from assay.hub import push_model

    found = push_model(
        model,
        repo,
        private=private,
        message=message,
        license_id=license_id,
        with_texts=with_texts,
        dry_run=dry_run,
        progress=common.progress(),
    )
    if common.json:
        print_json(found.to_dict())
        return
    if dry_run:
        print_table(
            [{"file": one["path"], "bytes": f"{one['size_bytes']:,}"} for one in found.files],
            right=("bytes",),
            elastic=("file",),
        )
        size = f"{len(found.files)} files, {found.n_bytes / 1e6:.1f} MB"
        print_line(f"{size} would go to {repo}; nothing was sent")
        _say_left_out(found.left_out)
        return
    done = "sent to" if found.is_changed else "nothing new to send to"
    print_line(f"{done} {found.url}{' (private)' if found.is_private else ''}")
    print_line(f"commit {found.commit}")
    _say_left_out(found.left_out)


def _say_left_out(left_out: Sequence[Mapping[str, Any]]) -> None:
    for one in left_out:
        print_line(
            f"left out: {one['path']}, the training texts it keeps (--with-texts sends them)"
        )


def pull_command(
    repo: Annotated[str, typer.Argument(metavar="REPO", help="OWNER/NAME.")],
    out: Out,
    common: Common,
    revision: Annotated[
        str | None, typer.Option(help="Branch, tag or commit.  [default: main]")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Fetch a model of assay from the Hub, and check it.

    A model that could run code is refused. What arrives is checked against its hashes before it
    counts.

    \b
    Example:
      assay pull me/mood --out models/mood
    """
    from assay.hub import pull_model

    found = pull_model(
        repo, out, revision=revision, overwrite=overwrite, progress=common.progress()
    )
    if common.json:
        print_json(found.to_dict())
        return
    size = f"{len(found.labels)} labels, {found.n_bytes / 1e6:.1f} MB"
    print_line(f"{found.method} model of {size}, written to {out}")
    print_line(f"{found.n_files} files are what assay.json says; commit {found.revision}")


def datasets_command(
    common: Common,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="Part of the name.")] = "",
    limit: Annotated[int, typer.Option(help="How many to list, at most.", min=1, max=1000)] = 20,
) -> None:
    """List data sets of the Hub.

    An id from the list can be given to `assay run`.

    \b
    Example:
      assay datasets emotion
    """
    from assay.hub import find_datasets

    found = find_datasets(query, limit=limit, progress=common.progress())
    if common.json:
        print_json(found.to_dict())
        return
    print_table(
        [
            {
                "id": one.id,
                "downloads": f"{one.n_downloads:,}",
                "likes": f"{one.n_likes:,}",
                "changed": one.last_modified,
                "access": "on request" if one.is_gated else "free",
            }
            for one in found.datasets
        ],
        right=("downloads", "likes"),
        elastic=("id",),
    )
    about = f" with '{query}' in their names" if query else ""
    print_line(f"{'' if found.is_all_counted else 'at least '}{found.n_matches:,} data sets{about}")
