"""Whether an argument is meant as a path or as an id of the Hub; neither is asked."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from assay.errors import did_you_mean

__all__ = ["expand_home", "follow_links", "is_hub_id", "is_meant_as_path", "nearby"]

# An id begins with a letter or a digit: what begins with a dot is a path.
OWNER = r"[A-Za-z0-9][\w.-]*/"
NAME = r"\w[\w.-]*"
CONFIGURATION = r":[\w.-]+"
DRIVE = re.compile("[A-Za-z]:")  # of Windows: no id of the Hub has one letter and a configuration
HUB_ID = re.compile(
    rf"(?=[A-Za-z0-9])(?P<owner>{OWNER})?{NAME}(?P<configuration>{CONFIGURATION})?", re.ASCII
)


def expand_home(given: str | Path) -> Path:
    """Return a path with a leading ``~`` replaced; as it is where nobody has that home."""
    path = Path(given)
    try:
        return path.expanduser()
    except RuntimeError:  # `~name` of an unknown user, or `~` of a user without a home
        return path


def follow_links(path: Path) -> Path:
    """Return where a path leads; as far as it can be followed, where links lead in a circle.

    `Path.resolve` raises a RuntimeError there before Python 3.13.
    """
    return Path(os.path.realpath(path))


def is_hub_id(given: str, *, with_owner: bool = False, with_configuration: bool = False) -> bool:
    """Tell whether `given` has the form of an id of the Hub; nobody is asked whether it exists.

    Parameters
    ----------
    given : str
    with_owner : bool
        Whether only ``OWNER/NAME`` will do. Otherwise ``NAME`` alone is an id too, as of the
        checkpoints and data sets that the Hub has had from its beginning.
    with_configuration : bool
        Whether a configuration of a data set may follow: ``OWNER/NAME:CONFIGURATION``.

    Examples
    --------
    >>> is_hub_id("dair-ai/emotion"), is_hub_id("imdb"), is_hub_id("imdb", with_owner=True)
    (True, True, False)
    >>> is_hub_id("imdb:plain"), is_hub_id("imdb:plain", with_configuration=True)
    (False, True)
    """
    found = HUB_ID.fullmatch(given)
    if found is None:
        return False
    if with_owner and found["owner"] is None:
        return False
    return with_configuration or found["configuration"] is None


def is_meant_as_path(given: str, *, suffixes: Iterable[str] = ()) -> bool:
    """Tell whether `given`, which does not exist, looks like a path rather than an id of the Hub.

    Parameters
    ----------
    given : str
    suffixes : iterable of str
        The suffixes of the files that are wanted. A suffix that is nearly one of them, such as
        ``.cvs``, makes `given` a path too.

    Examples
    --------
    >>> is_meant_as_path("ok.cvs", suffixes=[".csv"]), is_meant_as_path("dair-ai/emotion")
    (True, False)
    """
    if given.startswith((".", "/", "~")) or given.endswith("/"):
        return True
    if "\\" in given or given.count("/") > 1 or DRIVE.match(given):
        return True
    path = Path(given)
    if _is_nearly_one_of(path.suffix.casefold(), suffixes):
        return True
    try:
        return "/" in given and path.parent.is_dir()
    except OSError:
        return False


def _is_nearly_one_of(suffix: str, suffixes: Iterable[str]) -> bool:
    """Tell whether a suffix of letters is one of `suffixes`, or one of them mistyped."""
    if not suffix.removeprefix(".").isalpha():
        return False
    return bool(difflib.get_close_matches(suffix, list(suffixes), n=1, cutoff=0.7))


def nearby(path: Path) -> str:
    """Return a "did you mean" with the nearest name in the folder of a path that does not exist.

    Returns
    -------
    str
        Empty where no name is near. Hidden files are not suggested, nor is a name without an ending
        where one with an ending was given, unless the rest is the same. Where the name is there,
        and is a link that leads nowhere, that is said instead.
    """
    if os.path.islink(path):  # noqa: PTH114 - also of a name that no file can have
        return " It is a link that leads nowhere."
    try:
        names = [one.name for one in path.parent.iterdir() if _could_be_meant(one.name, path)]
    except OSError:
        return ""
    return did_you_mean(path.name, names)


def _could_be_meant(name: str, path: Path) -> bool:
    """Tell whether a file or folder beside a path may be what was meant."""
    if name.startswith("."):
        return False
    return not path.suffix or "." in name or name == path.stem
