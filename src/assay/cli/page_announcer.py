"""How `label` and `review` say where their page is."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Callable

from assay.cli.options import Common
from assay.cli.show import print_json

__all__ = ["page_announcer"]


def page_announcer(common: Common, *, what: str, open_browser: bool) -> Callable[[str, int], None]:
    """Return the function that says the address of a page and how much waits there.

    Parameters
    ----------
    common : Common
    what : str
        What waits: "texts".
    open_browser : bool
        Also open the page.
    """

    def announce(url: str, n_waiting: int) -> None:
        if common.json:
            print_json({"url": url, "n_waiting": n_waiting})
            sys.stdout.flush()
        elif not common.quiet:
            sys.stderr.write(f"{n_waiting:,} {what} wait at {url} (Ctrl-C ends it)\n")
        if open_browser:
            webbrowser.open(url)

    return announce
