"""The application: every command, registered. `assay --help` loads nothing heavy."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from assay._version import __version__
from assay.cli import (
    audit_command,
    compare_command,
    data_commands,
    explain_command,
    export_command,
    fix_command,
    hub_commands,
    label_command,
    model_commands,
    next_command,
    review_command,
    run_commands,
    serve_command,
)
from assay.cli.errors import say_error

__all__ = ["app"]

# The base of what a wrong command line raises. typer has its own copy of click, and older ones have
# click itself.
UsageError: Any = typer.BadParameter.__base__
EXIT_USAGE = 2


class Application(TyperGroup):
    """The commands. A wrong command line is reported as every other error, with --json as JSON."""

    def main(self, *positional: Any, **options: Any) -> Any:
        """Run a command line."""
        run: Any = super().main
        if not options.pop("standalone_mode", True):
            return run(*positional, standalone_mode=False, **options)
        args = positional[0] if positional else options.get("args")
        given = list(sys.argv[1:] if args is None else args)
        try:
            # In the other mode typer words errors itself.
            code = run(*positional, standalone_mode=False, **options)
        except UsageError as err:
            if given:
                _say_usage(err, as_json="--json" in given)
            else:
                err.show()  # the help
            code = EXIT_USAGE
        sys.exit(code if isinstance(code, int) else 0)


def _say_usage(err: Any, *, as_json: bool) -> None:
    message = err.format_message().rstrip(".")
    path = err.ctx.command_path if err.ctx is not None else "assay"
    say_error(message, "UsageError", f"see: {path} --help", as_json=as_json)


app = typer.Typer(
    name="assay",
    cls=Application,
    help=(
        "From labelled texts to a classifier you can trust and ship.\n\n"
        "Try it: assay run sample --out runs/sample"
    ),
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: it keeps the examples as they are written, and pipes well
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"assay {__version__}")
        raise typer.Exit


@app.callback()
def _assay(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version.",
            is_eager=True,
            callback=lambda v: _print_version(wanted=v),
        ),
    ] = False,
) -> None: ...


run_commands.register(app)
compare_command.register(app)
label_command.register(app)
next_command.register(app)
review_command.register(app)
data_commands.register(app)
audit_command.register(app)
fix_command.register(app)
model_commands.register(app)
explain_command.register(app)
export_command.register(app)
serve_command.register(app)
hub_commands.register(app)
