"""How much one row of a file may hold: beyond that it is refused instead of filling the memory.

Each bound can be set by a variable of the environment, which the refusal names.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from assay import _env

__all__ = ["FileBounds", "is_deeper"]

MAX_LINE_CHARS = 1 << 24  # far above any text; a line of more would be held several times over
MAX_COLUMNS = 10_000
MAX_OBJECT_CHARS = 1 << 28  # of a JSON file that is read as a whole
CONTAINERS = (dict, list, tuple)  # tuples are read from cells that Python wrote
MAX_NESTING = 100  # arrays and objects inside each other; Python's own limit is about 1,000


@dataclass(frozen=True)
class FileBounds:
    """How much one row may hold.

    Parameters
    ----------
    line_chars : int
        Characters of one line, or of one object of a JSON array.
    columns : int
        Columns of a table.
    nesting : int
        How deep arrays and objects of JSON may be nested.
    object_chars : int
        Characters of a JSON file that holds one object, and so is read as a whole.
    """

    line_chars: int = MAX_LINE_CHARS
    columns: int = MAX_COLUMNS
    nesting: int = MAX_NESTING
    object_chars: int = MAX_OBJECT_CHARS

    @classmethod
    def from_environment(cls) -> FileBounds:
        """Return the bounds that the environment sets, and the default for the others.

        Raises
        ------
        InputError
            A variable is not a whole number of at least 1.
        """
        return cls(
            line_chars=_env.bound("ASSAY_MAX_LINE_CHARS", MAX_LINE_CHARS),
            columns=_env.bound("ASSAY_MAX_COLUMNS", MAX_COLUMNS),
            nesting=_env.bound("ASSAY_MAX_NESTING", MAX_NESTING),
            object_chars=_env.bound("ASSAY_MAX_OBJECT_CHARS", MAX_OBJECT_CHARS),
        )

    @property
    def long_line(self) -> str:
        """The sentence on a line that is too long."""
        return f"a line of more than {self.line_chars:,} characters (ASSAY_MAX_LINE_CHARS)"

    @property
    def deep_value(self) -> str:
        """The sentence on a value that is nested too deep."""
        return f"arrays or objects nested deeper than {self.nesting:,} (ASSAY_MAX_NESTING)"

    @property
    def large_object(self) -> str:
        """The sentence on an object that is too large to be read as a whole."""
        return f"one object of more than {self.object_chars:,} characters (ASSAY_MAX_OBJECT_CHARS)"

    @staticmethod
    def long_number() -> str:
        """Return the sentence on a whole number that Python does not read."""
        n_digits = sys.get_int_max_str_digits()
        return f"a whole number of more than {n_digits:,} digits (PYTHONINTMAXSTRDIGITS)"


def is_deeper(value: Any, n_levels: int) -> bool:
    """Tell whether arrays and objects of a JSON value are nested deeper than `n_levels`.

    It goes level by level, so that no depth is too deep for it.

    >>> is_deeper({"a": [1]}, 2), is_deeper({"a": [1]}, 1), is_deeper("text", 0)
    (False, True, False)
    """
    level = [value] if isinstance(value, CONTAINERS) else []
    for _ in range(n_levels):
        level = [inner for one in level for inner in _children(one)]
        if not level:
            return False
    return bool(level)


def _children(value: dict[str, Any] | list[Any] | tuple[Any, ...]) -> list[Any]:
    """Return the arrays and objects directly inside another."""
    inside = value.values() if isinstance(value, dict) else value
    return [one for one in inside if isinstance(one, CONTAINERS)]
