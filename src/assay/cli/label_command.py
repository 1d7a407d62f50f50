"""`assay label`: a page on this machine to label texts, the most useful first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.command import add_command
from assay.cli.options import Checkpoint, Common, split_names
from assay.cli.page_announcer import page_announcer
from assay.cli.predict_command import ReadingFlags
from assay.cli.show import print_json, print_line, show_labels
from assay.errors import plural

if TYPE_CHECKING:
    from assay.review.label_page import Labelled

__all__ = ["register"]

PANEL = "Label texts"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    add_command(app, "label", panel=PANEL)(label_command)


def label_command(
    pool: Annotated[
        str, typer.Argument(metavar="POOL", help="A file with texts; labels in it are not used.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", help="Labelled texts: .jsonl, .csv or .tsv; .jsonl for several labels."
        ),
    ],
    reading: ReadingFlags,
    common: Common,
    labels: Annotated[
        str, typer.Option(help="Labels to begin with: a,b,c. More can be added on the page.")
    ] = "",
    several_labels: Annotated[
        bool, typer.Option("--several-labels", help="A text can have several labels, or none.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the decisions of --out.")
    ] = False,
    checkpoint: Checkpoint = "auto",
    port: Annotated[int, typer.Option(help="Port on this machine; 0: any free one.")] = 8001,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
) -> None:
    """Label texts on a page, the most useful first.

    Keys 1-9 and letters give labels, Enter takes the suggestion, Space skips, Z takes back. Every
    decision is on the disk (OUT.journal) before the next text is shown. Ctrl-C ends it, and
    --resume goes on, also with a larger POOL or more labels. Nothing leaves this machine.

    \b
    Examples:
      assay label tickets.csv --labels billing,bug,other --out labelled.jsonl
      assay label more-tickets.csv --out labelled.jsonl --resume
    """
    from assay.review.label_page import LabelOptions, label_pool

    given = reading.to_dict()
    text_column = given.pop("text_column")  # type: ignore[misc]
    options = LabelOptions(
        labels=tuple(split_names(labels)) if labels else (),
        several=several_labels,
        checkpoint=checkpoint,
        text_column=text_column,
        reading=given,
        port=port,
        seed=common.seed,
        resume=resume,
    )

    announce = page_announcer(common, what="texts", open_browser=open_browser)
    labelled = label_pool(pool, out, options=options, announce=announce)
    if common.json:
        print_json(labelled.to_dict())
    else:
        _show(labelled)


def _show(labelled: Labelled) -> None:
    """Print what was labelled, and what comes next."""
    print_line(
        f"{plural(labelled.n_labelled, 'text')} labelled, {labelled.n_skipped:,} skipped, "
        f"{labelled.n_left:,} left; written to {labelled.out}"
    )
    alone = [label for label, n in labelled.n_per_label.items() if n == 1]
    if alone and not labelled.several:
        print_line(f"one text only: {show_labels(alone)}; assay run needs two of each label")
    if unused := [label for label, n in labelled.n_per_label.items() if n == 0]:
        print_line(f"labels without a text: {show_labels(unused)}; they are not in the file")
    steps = ["the same command with --resume to label more"]
    if labelled.n_labelled:
        steps.insert(0, f"assay run {labelled.out} --out RUN")
    print_line(f"next: {', or '.join(steps)}")
