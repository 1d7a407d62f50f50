"""The budget of a pass: short where passes are dear, larger where they share a fixed cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import assay.server.budget
from assay.server.budget import LONG_PASS_S, SAMPLE, estimate_tokens, measure_budget


class Clock:
    """A model whose passes take a fixed time and a time a text, and the clock that shows it."""

    def __init__(self, *, fixed_s, a_text_s):
        self.now_s, self.fixed_s, self.a_text_s, self.largest = 0.0, fixed_s, a_text_s, 0

    def perf_counter(self):
        """Show the time."""
        return self.now_s

    def run(self, texts):
        """Take the time of a pass."""
        self.now_s += self.fixed_s + self.a_text_s * len(texts)
        self.largest = max(self.largest, len(texts))
        return texts


def texts_of(budget):
    """Return how many of the sample's texts a budget holds."""
    spent, n_texts = 0, 0
    while (spent := spent + estimate_tokens(SAMPLE[n_texts % len(SAMPLE)], None)) <= budget:
        n_texts += 1
    return n_texts


@pytest.mark.parametrize(
    ("fixed_s", "a_text_s", "n_texts"),
    [(0.0, 0.0001, 32), (0.0, 0.006, 1), (0.0, 0.2, 1), (0.004, 0.0005, 64), (0.0, 1e-6, 256)],
    ids=["light", "heavy", "very-heavy", "fixed-cost", "free"],
)
def test_budget_fits_the_costs(monkeypatch, fixed_s, a_text_s, n_texts):
    """What 5 ms hold, or what comes near the best throughput; no pass of minutes is tried to find out."""
    clock = Clock(fixed_s=fixed_s, a_text_s=a_text_s)
    monkeypatch.setattr(assay.server.budget, "time", clock)
    assert texts_of(measure_budget(clock.run, max_tokens=None)) == n_texts
    assert (
        clock.largest == max(len(SAMPLE), n_texts)
        or (clock.largest / 2) * a_text_s + fixed_s <= LONG_PASS_S
    )


@given(st.text(), st.integers(1, 100))
def test_estimate_is_at_least_one_and_never_more_than_is_read(text, max_tokens):
    """A long text costs what the model reads of it."""
    assert 1 <= estimate_tokens(text, max_tokens) <= max_tokens
    assert estimate_tokens(text, None) >= 1


def test_estimate_counts_scripts_alike():
    """A Korean sentence costs about what it costs in tokens, not in letters."""
    assert estimate_tokens("오늘 정말 행복해요", None) == 2 + 26 // 4
    assert estimate_tokens("a" * 40, None) == 12
