"""The command line: strings to types to recipes. Importing it loads typer only."""

from __future__ import annotations

import sys

from assay.cli.interrupt import EXIT_INTERRUPTED, settle_interrupt, was_interrupted
from assay.cli.streams import open_closed_streams, wait_on_streams

__all__ = ["main"]


def main() -> None:
    """Run the command line; the exit code is that of the design: 0, 1, 2, 3, 4 or 130."""
    open_closed_streams()
    wait_on_streams()
    try:
        from assay.cli.app import app

        app()
    except SystemExit as end:
        # The command had a page only if this is loaded
        if background := sys.modules.get("assay.review.background"):
            background.end_at_once(end.code)
        raise
    except (
        KeyboardInterrupt,
        Exception,
    ) as err:  # before a command took over: while it was being loaded
        if not was_interrupted(err):
            raise
        settle_interrupt()
        sys.stderr.write("error: stopped\n")
        sys.exit(EXIT_INTERRUPTED)
