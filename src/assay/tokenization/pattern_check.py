"""Whether a regular expression of a tokenizer can take for ever.

The engine behind tokenizers tries one way after another (backtracking). A repeated group that holds
a repetition or a choice, such as ``(a+)+`` or ``(a|aa)*``, has twice as many ways for each further
character. No pattern of a published tokenizer needs one.
"""

from __future__ import annotations

import math
import re

__all__ = ["find_slow_part"]

MAX_PATTERN_CHARS = 2_000
MAX_COUNT = 100  # of a counted repetition: {2,100}
MAX_OPEN_REPEATS = 4  # repetitions without an end, one right after the other

# A character class, an escape, the start of a group, its end, a choice, a repetition, anything.
TOKEN = re.compile(
    r"(?P<set>\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\])"
    r"|(?P<back>\\(?:[1-9]|k|g))"
    r"|(?P<escape>\\[pP]\{[^}]*\}|\\x\{[^}]*\}|\\.)"
    r"|(?P<open>\((?:\?(?:[:=!>|]|<[=!]|[imsx-]+[:)]|P?<\w+>|#))?)"
    r"|(?P<close>\))"
    r"|(?P<choice>\|)"
    r"|(?P<repeat>[*+?]|\{(?P<low>\d*)(?P<comma>,?)(?P<high>\d*)\})(?P<mode>[?+]?)"
    r"|(?P<char>.)",
    re.DOTALL,
)


def find_slow_part(pattern: str) -> str | None:
    """Return what is wrong with a pattern, as the end of a sentence; None if nothing is."""
    if len(pattern) > MAX_PATTERN_CHARS:
        return f"has {len(pattern):,} characters; at most {MAX_PATTERN_CHARS:,} are accepted"
    scan = _Scan()
    for token in TOKEN.finditer(pattern):
        problem = scan.step(token)
        if problem is not None:
            return problem
    return None


class _Scan:
    """What is known of a pattern up to one of its tokens."""

    def __init__(self) -> None:
        self._branches = [False]  # for each open group: whether it holds a choice or a repetition
        self._closed_branching = False  # whether the last token ended a group that did
        self._n_open = 0  # repetitions without an end, one right after the other
        self._was_repeat = True  # whether the last token was a repetition, or nothing came yet

    def step(self, token: re.Match[str]) -> str | None:
        """Read a token; return what is wrong with it."""
        if token["back"] is not None:
            return "refers back to what it found"
        if token["repeat"] is not None:
            return self._repeat(token)
        if not self._was_repeat:
            self._n_open = 0  # the token before this one is not repeated
        self._was_repeat = False
        self._closed_branching = False
        if token["choice"] is not None:
            self._branches[-1] = True
        elif token["open"] is not None:
            self._branches += [] if token["open"].endswith(")") else [False]
        elif token["close"] is not None and len(self._branches) > 1:
            self._closed_branching = self._branches.pop()
            self._branches[-1] |= self._closed_branching
        return None

    def _repeat(self, token: re.Match[str]) -> str | None:
        """Read a repetition of what came before it."""
        most = _most(token)
        if MAX_COUNT < most < math.inf:
            return f"counts further than {MAX_COUNT}"
        is_possessive = token["mode"] == "+"  # it never gives back what it took
        if self._closed_branching and most > 1 and not is_possessive:
            return "repeats a group that holds a repetition or a choice"
        self._branches[-1] = True
        self._closed_branching, self._was_repeat = False, True
        self._n_open += most == math.inf
        if self._n_open > MAX_OPEN_REPEATS:
            return f"has more than {MAX_OPEN_REPEATS} repetitions one after the other"
        return None


def _most(token: re.Match[str]) -> float:
    """Return how often a repetition may repeat."""
    sign = token["repeat"][0]
    if sign != "{":
        return 1.0 if sign == "?" else math.inf
    if token["comma"] and not token["high"]:
        low = int(token["low"] or 0)
        return low if low > MAX_COUNT else math.inf
    return float(max(int(token["low"] or 0), int(token["high"] or 0)))
