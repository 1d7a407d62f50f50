"""The command line: strings to types to recipes. Importing it loads typer only."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; the exit code is that of the design: 0, 1, 2, 3, 4 or 130."""
    try:
        from assay.cli.app import app

        app()
    except KeyboardInterrupt:  # before a command took over: while it was being loaded
        sys.stderr.write("error: stopped\n")
        sys.exit(130)
