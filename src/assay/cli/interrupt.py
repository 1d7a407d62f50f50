"""Ctrl-C, wherever it lands: recognised inside other errors, and always the same exit code."""

from __future__ import annotations

__all__ = ["EXIT_INTERRUPTED", "settle_interrupt", "was_interrupted"]

EXIT_INTERRUPTED = 130


def was_interrupted(err: BaseException) -> bool:
    """Tell whether an error stems from Ctrl-C: Python and libraries wrap it in errors of their own.

    (A Ctrl-C in `__set_name__`, while a library is imported, becomes a RuntimeError in Python
    3.11.)
    """
    seen: set[int] = set()
    link: BaseException | None = err
    while link is not None and id(link) not in seen:
        if isinstance(link, KeyboardInterrupt):
            return True
        seen.add(id(link))
        link = link.__cause__ or link.__context__
    return False


def settle_interrupt() -> None:
    """Make the interpreter forget a Ctrl-C that was caught, so that it ends with our exit code.

    Where Ctrl-C lands inside `exec(STRING)` (dataclasses, named tuples: while libraries are
    imported), CPython notes an unhandled interrupt at once, and `python -m` ends with SIGINT in
    place of the exit code, whatever was caught since. The next string that is run resets that note
    (Python/pythonrun.c, run_eval_code_obj).
    """
    exec("")  # noqa: S102 (an empty string)
