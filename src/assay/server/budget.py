"""How many tokens go through a model in one pass, measured when it is loaded, on this machine.

A pass should be short, because whoever comes meanwhile waits for its end. It should also be large
enough to share its fixed costs among many texts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from typing import Any

__all__ = ["estimate_tokens", "measure_budget"]

# UTF-8 bytes per token: about right for English, and for Korean (3 bytes per syllable) too.
BYTES_PER_TOKEN = 4
N_SPECIAL_TOKENS = 2
SHORT_PASS_S = 0.005  # nobody notices a wait of 5 ms: whatever fits in it goes together
LONG_PASS_S = 0.05  # once a pass takes this long, no larger one is tried
ENOUGH_FRACTION = 0.9  # of the best throughput seen
MAX_TEXTS = 256
N_TRIES = 2

# Texts of the length and the kind that people send. Texts of one word, or all in one script, would
# give misleading times.
SAMPLE = (
    "i feel like i am still looking at a blank canvas with blank pieces of paper",
    "what a lovely surprise, thank you so much!",
    "오늘 정말 행복해요. 다들 고마워요.",
    "im so tired and everything about this day went wrong from the first minute to the "
    "very last one",
    "how do i get my money back if the card was charged twice?",
    "not sure",
)


def estimate_tokens(text: str, max_tokens: int | None) -> int:
    """Estimate how many tokens a model reads of a text, without tokenizing it.

    Parameters
    ----------
    text : str
    max_tokens : int or None
        The length at which the model cuts; None if it cuts no text.
    """
    n_bytes = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    n_tokens = N_SPECIAL_TOKENS + n_bytes // BYTES_PER_TOKEN
    return n_tokens if max_tokens is None else min(n_tokens, max_tokens)


def measure_budget(run: Callable[[list[str]], Sequence[Any]], *, max_tokens: int | None) -> int:
    """Return how many tokens one pass should hold.

    That is all that goes through in 5 ms, or if that is more, the smallest pass whose throughput
    is close to the best.

    Parameters
    ----------
    run : callable
        Scores a list of texts.
    max_tokens : int or None
        As for `estimate_tokens`.
    """
    run(_sample_texts(len(SAMPLE)))  # what the first call sets up is not measured
    seconds_of: dict[int, float] = {}
    n_texts = 1
    while n_texts <= MAX_TEXTS:
        seconds = _time_pass(run, _sample_texts(n_texts))
        seconds_of[n_texts] = seconds
        if seconds > LONG_PASS_S:
            break
        n_texts *= 2
    n_chosen = max(_smallest_efficient_pass(seconds_of), _largest_short_pass(seconds_of))
    return sum(estimate_tokens(text, max_tokens) for text in _sample_texts(n_chosen))


def _smallest_efficient_pass(seconds_of: dict[int, float]) -> int:
    best = max(n_texts / seconds for n_texts, seconds in seconds_of.items())
    for n_texts, seconds in seconds_of.items():
        if n_texts / seconds >= ENOUGH_FRACTION * best:
            return n_texts
    raise AssertionError  # the best one is efficient


def _largest_short_pass(seconds_of: dict[int, float]) -> int:
    short = [n_texts for n_texts, seconds in seconds_of.items() if seconds <= SHORT_PASS_S]
    return max(short, default=1)


def _sample_texts(n_texts: int) -> list[str]:
    return list(islice(cycle(SAMPLE), n_texts))


def _time_pass(run: Callable[[list[str]], Sequence[Any]], texts: list[str]) -> float:
    """Return the seconds of the fastest of some tries."""
    tries = []
    for _ in range(N_TRIES):
        started_s = time.perf_counter()
        run(texts)
        tries.append(time.perf_counter() - started_s)
    return max(min(tries), 1e-9)
