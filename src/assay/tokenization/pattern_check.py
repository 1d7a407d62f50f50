r"""Whether a regular expression of a tokenizer can take for ever.

The engine behind tokenizers tries one way after another (backtracking). Some kinds of patterns
have too many ways, and no published tokenizer has one of them:

- A repeated group that holds a repetition or a choice, such as ``(a+)+`` or ``(a|aa)*``, has twice
  as many for each further character.
- Choices in a row have as many as the product of their numbers: ``a?`` thirty times has a billion.
- A repetition without an end gives back one character after the other if what follows it does not
  match. Two of them in a row, such as ``a*a*b``, do so for each length of the other; with the place
  where the search begins, the time grows with the third power of the length of a text.
- A group that looks ahead or behind, with a repetition in it, reads the rest of the text for each
  of its characters. So does a group with a repetition before something that may not match, however
  it is repeated: ``(?:a*b|a)++``.

A repetition without an end before something that may not match reads the rest of the text in vain,
once for each place where a search begins: the time grows with the square of the length, as that of
``\s+$``, which is published. How often a pattern does so is counted, and a tokenizer may do so a
few times.

What this module might read in another way than the engine is refused, too.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

__all__ = ["PatternCost", "judge_pattern"]

MAX_PATTERN_CHARS = 2_000
MAX_COUNT = 100  # of a counted repetition: {2,100}
MAX_WAYS = 128  # of choices in a row; the contractions in published patterns have 16
MAX_GIVING_BACK = 1  # repetitions without an end before something that may not match, in a row
LOOKS = ("(?=", "(?!", "(?<=", "(?<!")  # groups that look at what is beside them
ATOMIC = (*LOOKS, "(?>")  # groups that are not tried another way later

# Escapes that stand for one character or place, whatever comes next. Others, such as \c or \R,
# take more of the pattern or match in several ways.
ESCAPE = (
    r"\\(?:[pP]\{\^?[\w .=-]+\}|x\{[0-9a-fA-F]+\}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}"
    r"|[sSdDwWhHrntfvbBAzZ]|[^\w\n])"
)
POSIX = r"\[:\^?[a-z]{3,6}:\]"
NESTED = rf"\[\^?(?![\]:])(?:{ESCAPE}|[^\[\]\\])+\]"  # a class inside a class, holding no third one

# A character class, an escape, the start of a group, its end, a choice, a repetition, a character
# that has no meaning of its own. Where none of them matches, the engine may read something else
# than this module would: comments, classes in classes in classes, conditions, calls, white space
# that does not count.
TOKEN = re.compile(
    rf"(?P<set>\[\^?\]?(?:{ESCAPE}|{POSIX}|{NESTED}|[^\[\]\\])*\])"
    r"|(?P<back>\\(?:[1-9]|k|g))"
    rf"|(?P<escape>{ESCAPE})"
    r"|(?P<open>\((?:\?(?:[:=!>]|<[=!]|[ims]+:|<[A-Za-z]\w*>)|(?![?*])))"
    r"|(?P<close>\))"
    r"|(?P<choice>\|)"
    r"|(?P<repeat>(?:[*+?]|\{(?:(?P<low>\d+)(?P<comma>,?)(?P<high>\d*)|,(?P<most>\d+))\}))"
    r"(?P<mode>[?+]?)"
    r"|(?P<char>[^\[\\({])",
    re.DOTALL,
)
FLAGS = re.compile(r"\(\?[ims]+\)")  # for all of the pattern, at its start


@dataclass(frozen=True)
class PatternCost:
    """What is known of a pattern.

    Parameters
    ----------
    problem : str or None
        What is wrong with it, as the end of a sentence.
    n_vain : int
        How often it may read the rest of a text in vain at each place of the text.
    """

    problem: str | None = None
    n_vain: int = 0


def judge_pattern(pattern: str) -> PatternCost:
    """Return what is wrong with a pattern, and how often it reads in vain."""
    if len(pattern) > MAX_PATTERN_CHARS:
        shown = f"{len(pattern):,} characters; at most {MAX_PATTERN_CHARS:,} are accepted"
        return PatternCost(f"has {shown}")
    scan = _Scan()
    flags = FLAGS.match(pattern)
    at = flags.end() if flags else 0
    while at < len(pattern):
        token = TOKEN.match(pattern, at)
        if token is None:
            return PatternCost(f"has at character {at + 1:,} what cannot be judged")
        problem = scan.step(token)
        if problem is not None:
            return PatternCost(problem)
        at = token.end()
    return PatternCost(scan.end_part(), scan.n_vain)


@dataclass
class _Part:
    """What is known of a token, of a group, or of one of its branches up to here.

    Parameters
    ----------
    n_ways : int
        In how many ways it can match, repetitions without an end aside.
    n_ending : int
        Repetitions without an end that nothing follows yet that may not match.
    n_giving_back : int
        Those before something that may not match.
    n_open, n_vain : int
        The same of all repetitions without an end, also of those that give nothing back; of
        choices, `n_vain` is the sum.
    is_branching : bool
        Whether it holds a choice or a repetition.
    is_needed : bool
        Whether a text without it does not match.
    is_repeating : bool
        Whether it holds a repetition.
    """

    n_ways: int = 1
    n_ending: int = 0
    n_giving_back: int = 0
    n_open: int = 0
    n_vain: int = 0
    is_branching: bool = False
    is_needed: bool = True
    is_repeating: bool = False

    def append(self, part: _Part) -> None:
        """Let a part follow."""
        self.n_ways *= part.n_ways
        if part.is_needed:
            self.n_giving_back += self.n_ending
            self.n_vain += self.n_open
            self.n_ending = self.n_open = 0
        self.n_ending += part.n_ending
        self.n_giving_back += part.n_giving_back
        self.n_open += part.n_open
        self.n_vain += part.n_vain
        self.is_branching |= part.is_branching
        self.is_repeating |= part.is_repeating

    def repeat(self, low: int, most: float, *, is_possessive: bool) -> None:
        """Let it be there as often as a repetition says."""
        self.is_branching = self.is_repeating = True
        self.is_needed = low > 0
        if most == math.inf:
            self.n_open += 1
        if is_possessive:
            self.n_ways, self.n_ending = 1, 0
        elif most == math.inf:
            self.n_ending += 1
        else:
            self.n_ways += int(most) - low


@dataclass
class _Group:
    """A group that is open: its branches, and whether it is tried another way later."""

    is_atomic: bool = False
    is_look: bool = False
    branches: list[_Part] = field(default_factory=lambda: [_Part()])

    def close(self) -> _Part:
        """Return what the group is for what follows it."""
        choice = len(self.branches) > 1
        return _Part(
            1 if self.is_atomic else sum(one.n_ways for one in self.branches),
            0 if self.is_atomic else max(one.n_ending for one in self.branches),
            max(one.n_giving_back for one in self.branches),
            n_open=max(one.n_open for one in self.branches),
            n_vain=sum(one.n_vain for one in self.branches),
            is_branching=choice or self.branches[0].is_branching,
            is_repeating=any(one.is_repeating for one in self.branches),
        )


class _Scan:
    """What is known of a pattern up to one of its tokens."""

    def __init__(self) -> None:
        self._groups = [_Group()]
        self._last: _Part | None = None  # a token or a group, which may be repeated

    @property
    def n_vain(self) -> int:
        """How often the whole pattern reads in vain, once all of it was read."""
        return sum(branch.n_vain for group in self._groups for branch in group.branches)

    def step(self, token: re.Match[str]) -> str | None:
        """Read a token; return what is wrong with it."""
        if token["back"] is not None:
            return "refers back to what it found"
        if token["repeat"] is not None:
            return self._repeat(token)
        problem = self.end_part()
        if token["choice"] is not None:
            self._groups[-1].branches.append(_Part())
        elif token["open"] is not None:
            self._groups.append(_Group(token["open"] in ATOMIC, token["open"] in LOOKS))
        elif token["close"] is not None:
            problem = self._close() or problem
        else:
            self._last = _Part()
        return problem

    def _close(self) -> str | None:
        """Read the end of a group; return what is wrong with it."""
        if len(self._groups) == 1:
            return "closes a group that is not open"
        group = self._groups.pop()
        self._last = group.close()
        if group.is_look and self._last.is_repeating:
            return "looks ahead or behind with a repetition"
        return None

    def end_part(self) -> str | None:
        """Let the last token or group be a part of its branch; return what is wrong with that."""
        if self._last is None:
            return None
        branch = self._groups[-1].branches[-1]
        branch.append(self._last)
        self._last = None
        if branch.n_ways > MAX_WAYS:
            return f"has more than {MAX_WAYS} ways to match what its choices allow"
        if branch.n_giving_back > MAX_GIVING_BACK:
            return "has several repetitions one after the other before what may not match"
        return None

    def _repeat(self, token: re.Match[str]) -> str | None:
        """Read a repetition of what came before it."""
        most = _most(token)
        if MAX_COUNT < most < math.inf:
            return f"counts further than {MAX_COUNT}"
        if self._is_repeated_again(token):
            return "repeats a repetition"
        is_possessive = token["mode"] == "+"  # it never gives back what it took
        part = self._last or _Part()
        if part.is_branching and most > 1 and not is_possessive:
            return "repeats a group that holds a repetition or a choice"
        if part.n_vain and most > 1:
            return "repeats a group that holds a repetition before what may not match"
        part.repeat(_least(token), most, is_possessive=is_possessive)
        self._last = part
        return None

    def _is_repeated_again(self, token: re.Match[str]) -> bool:
        """Whether a sign after a counted repetition repeats it, and something may come after it.

        Only ``*+``, ``++`` and ``?+`` are possessive, and ``a{3}?`` is an ``a{3}`` that may be
        missing. At the end of a pattern there is nothing for whose sake another way is tried:
        ``[0-9]{1,3}+`` is like a branch of cl100k.
        """
        if not token["repeat"].startswith("{") or not token["mode"]:
            return False
        if token["mode"] == "?" and token["comma"]:
            return False
        is_last = token.string[token.end() :].startswith("|") or token.end() == len(token.string)
        return not is_last or len(self._groups) > 1


def _least(token: re.Match[str]) -> int:
    """Return how often a repetition must repeat."""
    sign = token["repeat"][0]
    if sign != "{":
        return int(sign == "+")
    return int(token["low"] or 0)


def _most(token: re.Match[str]) -> float:
    """Return how often a repetition may repeat."""
    sign = token["repeat"][0]
    if sign != "{":
        return 1.0 if sign == "?" else math.inf
    low = int(token["low"] or 0)
    if token["comma"] and not token["high"]:
        return low if low > MAX_COUNT else math.inf
    return float(max(low, int(token["high"] or token["most"] or 0)))
