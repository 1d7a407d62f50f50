"""Which form of a word goes with a number. A language names one of these rules."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["PLURAL_RULES", "PluralRule"]

PluralRule = Callable[[int], int]


def _no_forms(n: int) -> int:
    """One form for every number, as in Korean, Japanese and Chinese."""
    return 0


def _one_and_others(n: int) -> int:
    """One form for 1, another for everything else, as in English and German."""
    return 0 if n == 1 else 1


def _up_to_one_and_others(n: int) -> int:
    """One form for 0 and 1, another for everything else, as in French."""
    return 0 if n in (0, 1) else 1


def _slavic(n: int) -> int:
    """Three forms, as in Russian and Ukrainian: 1 and 21; 2 to 4 and 22; everything else."""
    if n % 10 == 1 and n % 100 != 11:
        return 0
    if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14):
        return 1
    return 2


# Name of a rule -> the rule, and how many forms it chooses from.
PLURAL_RULES: dict[str, tuple[PluralRule, int]] = {
    "none": (_no_forms, 1),
    "one_other": (_one_and_others, 2),
    "zero_one_other": (_up_to_one_and_others, 2),
    "slavic": (_slavic, 3),
}
