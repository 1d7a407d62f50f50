"""How a data set is called where strangers read it."""

from __future__ import annotations

from pathlib import PurePath

__all__ = ["source"]


def source(given: str) -> str:
    """Name a data set in public: a Hub id as it is, a path on somebody's machine by its last part.

    >>> source("dair-ai/emotion"), source("/home/me/secret/mails.csv")
    ('dair-ai/emotion', 'mails.csv')
    """
    is_path = given.startswith(("/", ".", "~")) or given.count("/") > 1 or "\\" in given
    return PurePath(given.replace("\\", "/")).name if is_path else given
