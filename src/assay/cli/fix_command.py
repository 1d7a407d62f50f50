"""`assay fix`: the person's own file with the labels that were accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assay.cli.command import add_command
from assay.cli.options import Common, DataFlags, Out, Overwrite
from assay.cli.show import print_json, print_line, print_sentence
from assay.errors import plural

__all__ = ["register"]

N_SHOWN = 10  # skipped rows that are printed; --json has them all


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    add_command(app, "fix", panel="Look at texts")(fix_command)


def fix_command(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A file, or a folder with train.*.")],
    decisions: Annotated[
        Path,
        typer.Option(metavar="FILE", help="Written by `assay audit`, with yes under accept."),
    ],
    out: Out,
    flags: DataFlags,
    common: Common,
    overwrite: Overwrite = False,
) -> None:
    """Write DATA with the labels that were accepted.

    The format, the encoding and all other cells stay as they are. Under accept, yes, y, x, 1, true
    and 예 accept a row; no, 0 and an empty cell do not. proposed_label may be edited. Files of
    all splits are corrected: it is your file. With --merge-labels, all spellings of a label become
    the usual one.

    \b
    Examples:
      assay fix tweets.csv --decisions issues.csv --out tweets2.csv
      assay fix tweets/ --decisions issues.csv --out tweets2
    """
    from assay.recipes.fix import fix_data

    fixed = fix_data(data, decisions, out, options=flags.options(), overwrite=overwrite)
    if common.json:
        print_json(fixed.to_dict())
        return
    already = f", {fixed.n_right_already:,} were right already" if fixed.n_right_already else ""
    print_line(
        f"{plural(fixed.n_applied, 'label')} corrected{already}, {len(fixed.skipped):,} skipped"
    )
    if fixed.n_changed_since:
        print_sentence(
            f"{plural(fixed.n_changed_since, 'skipped row')} got another label after the decision, "
            "which stays: decide on it again with `assay review`"
        )
    if fixed.n_merged:
        print_line(f"{plural(fixed.n_merged, 'row')} got the usual spelling of a label")
    n_changes = fixed.n_applied + fixed.n_merged
    if not (n_changes or fixed.n_right_already or fixed.skipped):
        print_line(f"no row of {decisions} has yes under accept, so all labels stay")
    for sentence in fixed.skipped[:N_SHOWN]:
        print_line(f"  skipped: {sentence}")
    if n_changes:
        print_line(f"written to {fixed.out}")
    else:
        print_line(f"no label changes: {fixed.out} is a copy of {data}")
