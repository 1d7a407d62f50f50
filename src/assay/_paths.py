"""What a person meant by an argument that may be a path or a name of the Hub: said before any network is asked."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from assay.errors import did_you_mean

__all__ = ["is_meant_as_path", "nearby"]


def is_meant_as_path(given: str, *, suffixes: Iterable[str] = ()) -> bool:
    """Tell whether `given`, which does not exist, looks like a path rather than a name of the Hub.

    Parameters
    ----------
    given : str
    suffixes : iterable of str
        Endings of the files that are wanted: one that is nearly one of them, such as ``.cvs``, is a
        file's too.

    Examples
    --------
    >>> is_meant_as_path("ok.cvs", suffixes=[".csv"]), is_meant_as_path("dair-ai/emotion")
    (True, False)
    """
    if (
        given.startswith((".", "/", "~"))
        or given.endswith("/")
        or "\\" in given
        or given.count("/") > 1
    ):
        return True
    path = Path(given)
    suffix = path.suffix.casefold()
    if suffix.removeprefix(".").isalpha() and difflib.get_close_matches(
        suffix, list(suffixes), n=1, cutoff=0.7
    ):
        return True
    try:
        return "/" in given and path.parent.is_dir()
    except OSError:
        return False


def nearby(path: Path) -> str:
    """Return a "did you mean" among what stands beside a path that does not exist."""
    try:
        names = [entry.name for entry in path.parent.iterdir() if not entry.name.startswith(".")]
    except OSError:
        return ""
    return did_you_mean(path.name, names)
