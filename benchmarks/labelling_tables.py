"""The tables of what benchmarks/labelling.py measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from house import by
from labelling_review import show_review

__all__ = ["summarise"]

BUDGETS = (50, 100, 200, 500, 1000)
SHARE_OF_FULL = 0.9
# Fresh texts of sessions that were measured before their number was kept.
N_FRESH = {"sib200/eng_Latn": 140, "sib200/kor_Hang": 140}
N_FRESH_ELSE = 1_000
CORRECTED = (
    "`corrected` takes the error of the accuracy on fresh texts into account, 1.96 standard errors of it: "
    "140 fresh texts of sib200 are 3 points uncertain themselves."
)
Entry = dict[str, Any]


def summarise(content: dict[str, Any]) -> str:
    """Return all tables as Markdown."""
    runs: list[Entry] = content.get("runs", [])
    full: list[Entry] = content.get("full", [])
    sessions: list[Entry] = content.get("sessions", [])
    tables = []
    if runs:
        tables += [show_accuracy(runs, full), show_needed(runs, full)]
    tables.append(show_coverage([*runs, *sessions]))
    if content.get("review"):
        tables.append(show_review(content["review"]))
    return "\n\n".join(tables)


def mean_curve(entries: Iterable[Entry]) -> dict[int, float]:
    """Return the mean accuracy by number of labels, where every session has one."""
    curves = [{int(n): value for n, value in one["accuracy"].items()} for one in entries]
    shared = sorted(set.intersection(*map(set, curves)))
    return {n: float(np.mean([curve[n] for curve in curves])) for n in shared}


def labels_needed(curve: dict[int, float], wanted: float) -> float | None:
    """Return the number of labels at which a curve reaches an accuracy; None: it does not."""
    before: tuple[int, float] | None = None
    for n, accuracy in curve.items():
        if accuracy >= wanted:
            if before is None:
                return float(n)
            share = (wanted - before[1]) / (accuracy - before[1])
            return before[0] + share * (n - before[0])
        before = n, accuracy
    return None


def show_accuracy(runs: Sequence[Entry], full: Sequence[Entry]) -> str:
    """Return the mean accuracy at each budget."""
    lines = [
        "| set | batch | seeds | strategy | " + " | ".join(map(str, BUDGETS)) + " | all |",
        "|---|---|---|---|" + "---|" * (len(BUDGETS) + 1),
    ]
    top = {name: np.mean([one["accuracy"] for one in own]) for name, own in by(full, "set").items()}
    for (name, batch, strategy), own in by(runs, "set", "batch", "strategy").items():
        curve = mean_curve(own)
        cells = [f"{curve[n]:.3f}" if n in curve else "" for n in BUDGETS]
        lines.append(
            f"| {name} | {batch} | {len(own)} | `{strategy}` | {' | '.join(cells)} "
            f"| {top[name]:.3f} |"
        )
    return "\n".join(lines)


def show_needed(runs: Sequence[Entry], full: Sequence[Entry]) -> str:
    """Return the labels needed for 90 % of the accuracy with all labels, beside random order."""
    wanted = {
        name: SHARE_OF_FULL * float(np.mean([one["accuracy"] for one in own]))
        for name, own in by(full, "set").items()
    }
    needed: dict[tuple[str, int], dict[str, float | None]] = {}
    last: dict[tuple[str, int], int] = {}
    for (name, batch, strategy), own in by(runs, "set", "batch", "strategy").items():
        curve = mean_curve(own)
        needed.setdefault((name, batch), {})[strategy] = labels_needed(curve, wanted[name])
        last[name, batch] = max(curve)
    strategies = list(dict.fromkeys(one["strategy"] for one in runs))
    lines = [
        "| set | batch | " + " | ".join(f"`{one}`" for one in strategies) + " |",
        "|---|---|" + "---|" * len(strategies),
    ]
    ratios: dict[tuple[int, str], list[float]] = {}
    for (name, batch), of in needed.items():
        # Where all labels of a session are too few, as many are what is needed at least.
        n_last = last[name, batch]
        n_random = of.get("random") or n_last
        cells = []
        for strategy in strategies:
            if strategy not in of:
                cells.append("")
                continue
            n = of[strategy]
            cells.append(f"over {n_last:,}" if n is None else f"{n:.0f}")
            if "random" in of:
                ratios.setdefault((batch, strategy), []).append((n or n_last) / n_random)
        lines.append(f"| {name} | {batch} | {' | '.join(cells)} |")
    for batch in sorted({batch for _, batch in needed}):
        means = []
        for strategy in strategies:
            own = ratios.get((batch, strategy), [])
            means.append(f"{np.mean(own):.2f} of {len(own)}" if own else "")
        lines.append(f"| mean ratio to random | {batch} | {' | '.join(means)} |")
    return "\n".join(lines)


def show_coverage(runs: Sequence[Entry]) -> str:
    """Return how many of the page's intervals hold the accuracy on fresh texts, and by how much it errs.

    The sets of sib200 have 140 fresh texts: the accuracy on these is 3 points uncertain itself.
    The column `corrected` says how many intervals of the difference hold 0: their ends are as far
    away as the root of the sum of both squares, that of the page's end and that of 1.96 standard
    errors of the accuracy on fresh texts.
    """
    lines = [
        "| set | batch | labels | sessions | intervals that hold it | corrected | mean width | mean error |",
        "|---|---|---|---|---|---|---|---|",
    ]
    estimated = [one for one in runs if one.get("estimates")]
    found: dict[tuple[str, int, str], list[tuple[bool, bool, float, float]]] = {}
    # A run and a session of one seed and batch are the same: it counts once.
    for one in {(one["set"], one["batch"], one["seed"]): one for one in estimated}.values():
        for n, (estimate, low, high) in one["estimates"].items():
            accuracy = one["accuracy"][n]
            n_fresh = one.get("n_fresh") or N_FRESH.get(one["set"], N_FRESH_ELSE)
            room = 1.96**2 * accuracy * (1 - accuracy) / n_fresh
            end = high if accuracy > estimate else low
            holds = (accuracy - estimate) ** 2 <= (end - estimate) ** 2 + room
            held = (low <= accuracy <= high, holds, high - low, estimate - accuracy)
            for name in (one["set"], "all"):
                found.setdefault((name, one["batch"], n), []).append(held)
    for (name, batch, n), own in sorted(
        found.items(), key=lambda pair: (*pair[0][:2], int(pair[0][2]))
    ):
        share, corrected, width, error = np.mean(np.array(own, dtype=np.float64), axis=0)
        lines.append(
            f"| {name} | {batch} | {n} | {len(own)} | {100 * share:.1f} % | {100 * corrected:.1f} % "
            f"| {width:.3f} | {error:+.3f} |"
        )
    return "\n".join([*lines, "", CORRECTED])
