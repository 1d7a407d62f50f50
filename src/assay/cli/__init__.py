"""The command line: strings to types to recipes. Importing it loads typer only."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command line; the exit code is that of the design: 0, 1, 2, 3, 4 or 130."""
    from assay.cli.app import app

    app()
