"""How many tokens go through a model in one pass: measured when it is loaded, on this machine.

A pass should be short, for whoever comes meanwhile waits for its end, and large enough that its
fixed costs are shared.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from typing import Any

__all__ = ["estimate_tokens", "measure_budget"]

BYTES_A_TOKEN = 4  # of UTF-8: about right for English, and for Korean (3 bytes a syllable) too
N_SPECIAL = 2
SHORT_PASS_S = (
    0.005  # a pass of up to 5 ms makes nobody wait noticeably: whatever fits in it goes together
)
LONG_PASS_S = 0.05  # no larger one is tried
ENOUGH = 0.9  # of the best throughput seen
MAX_TEXTS = 256

# Of the length and kind that people send: timing texts of one word, or of one script, would
# mislead.
SAMPLE = (
    "i feel like i am still looking at a blank canvas with blank pieces of paper",
    "what a lovely surprise, thank you so much!",
    "오늘 정말 행복해요. 다들 고마워요.",
    "im so tired and everything about this day went wrong from the first minute to the very last one",
    "how do i get my money back if the card was charged twice?",
    "not sure",
)


def estimate_tokens(text: str, max_tokens: int | None) -> int:
    """Estimate how many tokens a model reads of a text, without splitting it."""
    n_bytes = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    n_tokens = N_SPECIAL + n_bytes // BYTES_A_TOKEN
    return n_tokens if max_tokens is None else min(n_tokens, max_tokens)


def measure_budget(run: Callable[[list[str]], Sequence[Any]], *, max_tokens: int | None) -> int:
    """Return the tokens of a pass: all that 5 ms hold, or what it takes to come near the best throughput.

    Parameters
    ----------
    run : callable
        Scores texts.
    max_tokens : int or None
        That the model reads of a text.
    """
    run(list(SAMPLE))  # what is set up on the first call is no part of the measurement
    tried: list[tuple[int, float]] = []
    n_texts = 1
    while n_texts <= MAX_TEXTS:
        texts = list(islice(cycle(SAMPLE), n_texts))
        seconds = min(_time(run, texts) for _ in range(2))
        tried.append((n_texts, seconds))
        if seconds > LONG_PASS_S:
            break
        n_texts *= 2
    best = max(n / seconds for n, seconds in tried)
    n_chosen = max(
        next(n for n, seconds in tried if n / seconds >= ENOUGH * best),
        max((n for n, seconds in tried if seconds <= SHORT_PASS_S), default=1),
    )
    return sum(estimate_tokens(text, max_tokens) for text in islice(cycle(SAMPLE), n_chosen))


def _time(run: Callable[[list[str]], Sequence[Any]], texts: list[str]) -> float:
    started_s = time.perf_counter()
    run(texts)
    return max(time.perf_counter() - started_s, 1e-9)
