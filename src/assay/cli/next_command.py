"""`assay next`: the rows that are most worth a label, for people who label elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.command import add_command
from assay.cli.options import Common, ModelFolder, Out, Overwrite
from assay.cli.outputs import hold_output
from assay.cli.predict_command import ReadingFlags
from assay.cli.show import print_json, print_line
from assay.errors import plural

if TYPE_CHECKING:
    from assay.review.next_texts import NextTexts

__all__ = ["register"]

MAX_ASKED = 20_000  # so many texts of a pool are scored


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    add_command(app, "next", panel="Label texts")(next_command)


def next_command(
    model: ModelFolder,
    pool: Annotated[str, typer.Argument(metavar="POOL", help="A file with texts to choose from.")],
    out: Out,
    reading: ReadingFlags,
    common: Common,
    n: Annotated[
        int, typer.Option("-n", "--texts", help="How many texts.", min=1, max=MAX_ASKED)
    ] = 50,
    label_column: Annotated[
        str | None, typer.Option(help="Column for the labels.  [default: by name, else label]")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write the rows of POOL that are most worth a label.

    Texts of which MODEL is unsure, that speak for many others and do not repeat each other; the
    most useful first, in the format of POOL. Rows with a label are left out, and texts of the data
    that MODEL was made of. Fill in the labels, add the rows to your data, and run again.

    \b
    Examples:
      assay next runs/tickets/model tickets.csv -n 50 --out to_label.csv
    """
    from assay.data.files.remembered import complete_reading
    from assay.review.next_texts import next_texts
    from assay.runtime.predictor import load_model

    with hold_output(out, overwrite=overwrite, apart=pool):
        loaded = load_model(model)
        recorded = loaded.manifest.training_data.get("reading", {})
        asked = {**reading.to_dict(), "label_column": label_column}
        done = next_texts(
            loaded,
            pool,
            out,
            n=n,
            seed=common.seed,
            overwrite=overwrite,
            progress=common.progress(),
            **complete_reading(asked, recorded, pool),
        )
    if common.json:
        print_json(done.to_dict())
        return
    print_line(f"{done.n_written:,} of {done.n_pool:,} texts written to {done.out}")
    if done.n_written < n:
        print_line(f"{n:,} were asked for: {_why_fewer(done)}")
    if done.n_labelled:
        verb = "has" if done.n_labelled == 1 else "have"
        n_labelled = plural(done.n_labelled, "text")
        print_line(f"{n_labelled} left out that {verb} a label already")
    if done.n_learnt:
        print_line(f"{plural(done.n_learnt, 'text')} of the data of the model left out")
    if done.n_held_out:
        print_line(f"{plural(done.n_held_out, 'text')} of the test split left out")


def _why_fewer(done: NextTexts) -> str:
    """Say why fewer texts were written than were asked for."""
    if not done.n_repeats:
        return "no others wait for a label"
    return "each of the others says nearly the same as one that is written"
