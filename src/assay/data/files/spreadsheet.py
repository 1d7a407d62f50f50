"""Cells that a spreadsheet would run as a formula: made harmless, and restored.

The rule is OWASP's (CSV injection): an apostrophe before what starts a formula. It can be undone
exactly, because texts that start like a guarded one get an apostrophe of their own.
"""

from __future__ import annotations

import re

__all__ = ["guard_cell", "guard_value", "unguard_cell"]

# Excel and LibreOffice also trim white space before they look for a formula; the wide forms are
# those of East Asian keyboards, which Excel takes for the narrow ones.
RISKY = re.compile("'*[\\s\ufeff]*[=+\\-@\t\r\n＝＋－＠]")

NUMBER = re.compile("[+-]?[0-9]+([.,][0-9]+)?")


def guard_cell(value: str) -> str:
    """Return a cell that a spreadsheet shows as text.

    >>> guard_cell("=1+1"), guard_cell("so happy")
    ("'=1+1", 'so happy')
    """
    return f"'{value}" if RISKY.match(value) else value


def guard_value(value: str) -> str:
    """Return a value as a spreadsheet shows it; a number stays one, because it runs nothing.

    >>> guard_value("-1"), guard_value("=1+1"), guard_value("joy")
    ('-1', "'=1+1", 'joy')
    """
    if value[:1].isalnum() or NUMBER.fullmatch(value):  # most begin with a letter
        return value
    return guard_cell(value)


def unguard_cell(value: str) -> str:
    """Return what `guard_cell` was given.

    >>> unguard_cell(guard_cell("-5 °C")), unguard_cell("'quoted'")
    ('-5 °C', "'quoted'")
    """
    return value[1:] if value.startswith("'") and RISKY.match(value) else value
