"""`assay review`: a page on this machine to decide on what an audit found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.command import add_command
from assay.cli.next_step import fix_command_for
from assay.cli.options import Common, Data, DataFlags, reading_flags
from assay.cli.page_announcer import page_announcer
from assay.cli.show import print_json, print_line
from assay.errors import InputError
from assay.methods import LABEL_CHECK, SECOND_CHECK, methods_where

if TYPE_CHECKING:
    from assay.data.texts import Splits
    from assay.review.review_page import Reviewed
    from assay.review.suspects import Suspect

__all__ = ["register"]

READERS = ", ".join(methods_where(lambda method: method.reads_texts))


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    add_command(app, "review", panel="Label texts")(review_command)


def review_command(
    data: Data,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="A .csv file with the decisions, for `assay fix`.")
    ],
    flags: DataFlags,
    common: Common,
    issues: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Written by `assay audit`.  [default: audit first]"),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="Whose models check the labels if there is no --issues: auto "
            f"({LABEL_CHECK}, and {SECOND_CHECK} where {LABEL_CHECK} is weak), {READERS}; or none. "
            f" [default: {LABEL_CHECK}]"
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the decisions of --out.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port on this machine; 0: any free one.")] = 8001,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
) -> None:
    """Decide on a page on the rows that an audit found.

    Each row comes once, in however many ways it was found, and has one decision. Enter accepts the
    proposed label, K keeps the label, 1-9 and letters give another one, Space skips, Z takes back.
    Every decision is on the disk (OUT.journal) before the next row is shown. Ctrl-C ends it;
    `assay fix` applies the decisions. Nothing leaves this machine.

    \b
    Examples:
      assay review tweets.csv --out decisions.csv
      assay review tweets.csv --issues issues.csv --out decisions.csv
      assay review tweets.csv --method auto --out decisions.csv   # finds more
    """
    from assay.output_place import check_apart
    from assay.recipes.audit import load_for_audit
    from assay.recipes.steps.row_ids import read_row_ids
    from assay.review.review_page import ReviewOptions, check_decisions_file, review_issues
    from assay.review.row_names import RowNames

    _check_method(method, issues)
    check_apart(issues, out)
    check_decisions_file(data, out, resume=resume)
    asked = flags.options()
    splits = load_for_audit(data, options=asked, seed=common.seed)
    suspects = _find_suspects(splits, issues, asked.label_separator, method or LABEL_CHECK, common)
    announce = page_announcer(common, what="rows to review", open_browser=open_browser)
    names = RowNames(flags.id_column, read_row_ids(splits, flags.id_column))
    options = ReviewOptions(port=port, seed=common.seed, resume=resume, names=names)
    done = review_issues(splits, suspects, out, options=options, announce=announce)
    if common.json:
        print_json(done.to_dict())
    else:
        _show(done, data, reading_flags(asked.recorded(data)))


def _show(done: Reviewed, data: str, flags: str) -> None:
    """Print what was decided, and how the decisions are applied."""
    print_line(
        f"{done.n_changed:,} labels change, {done.n_kept:,} stay, {done.n_skipped:,} skipped, "
        f"{done.n_left:,} left; written to {done.out}"
    )
    if not done.n_changed:
        print_line("no label changes, so there is nothing for assay fix to do")
    elif command := fix_command_for(data, Path(done.out), flags):
        print_line("next:")
        print_line(f"  {command}")


def _check_method(method: str | None, issues: Path | None) -> None:
    """Refuse a method where the labels are checked already."""
    if issues is not None and method is not None:
        raise InputError(
            f"--method {method} and --issues exclude each other: the labels of {issues} are "
            "checked already",
            hint="leave out one of them",
        )


def _find_suspects(
    splits: Splits, issues: Path | None, separator: str | None, method: str, common: Common
) -> list[Suspect]:
    """Return the rows of the file of an audit, or audit the data."""
    from assay.audit.checks import audit_data
    from assay.review.suspects import find_suspects, read_suspects

    if issues is not None:
        return read_suspects(issues, splits, separator=separator)
    audit = audit_data(
        splits,
        method=None if method == "none" else method,
        seed=common.seed,
        progress=common.progress(),
    )
    return find_suspects(audit.issues)
