"""The application: every command, registered. `assay --help` loads nothing heavy."""

from __future__ import annotations

from typing import Annotated

import typer

import assay
from assay.cli import data_commands, model_commands, run_commands

__all__ = ["app"]

app = typer.Typer(
    name="assay",
    help="From labelled texts to a classifier you can trust and ship.\n\nTry it: assay run sample --out runs/sample",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: it keeps the examples as they are written, and pipes well
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"assay {assay.__version__}")
        raise typer.Exit


@app.callback()
def _assay(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=lambda v: _print_version(wanted=v)
        ),
    ] = False,
) -> None: ...


run_commands.register(app)
data_commands.register(app)
model_commands.register(app)
