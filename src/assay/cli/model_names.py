"""How two models are told apart in a table that has no place for their whole paths."""

from __future__ import annotations

from itertools import takewhile
from pathlib import PurePath

__all__ = ["tell_apart"]

MAX_NAME_CHARS = 14  # a longer name would be cut, perhaps before it differs from the other
LEFT_OUT = "…"


def tell_apart(first: str, second: str) -> tuple[str, str]:
    """Return short names of two models, by the parts of their paths in which they differ.

    >>> tell_apart("linear", "compact")
    ('linear', 'compact')
    >>> tell_apart("/home/me/projects/news/runs/a/model", "/home/me/projects/news/runs/b/model")
    ('…/a/model', '…/b/model')
    """
    if max(len(first), len(second)) <= MAX_NAME_CHARS or first == second:
        return first, second
    parts = PurePath(first).parts, PurePath(second).parts
    n_same = len(list(takewhile(_are_equal, zip(*parts, strict=False))))
    n_same = min(n_same, *(len(own) - 1 for own in parts))
    ends = [own[n_same:] for own in parts]
    n_same_end = len(list(takewhile(_are_equal, zip(*map(reversed, ends), strict=False))))
    names = [_join(own, is_cut=n_same > 0, n_same_end=n_same_end) for own in ends]
    return names[0], names[1]


def _are_equal(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1]


def _join(parts: tuple[str, ...], *, is_cut: bool, n_same_end: int) -> str:
    """Return the parts as a path, without the equal ones at the end if it is too long with them."""
    begin = (LEFT_OUT,) if is_cut else ()
    name = str(PurePath(*begin, *parts))
    if len(name) <= MAX_NAME_CHARS or not 0 < n_same_end < len(parts):
        return name
    return str(PurePath(*begin, *parts[: len(parts) - n_same_end], LEFT_OUT))
