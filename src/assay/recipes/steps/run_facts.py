"""What a run says about its data when it begins, and about the machine that it ran on."""

from __future__ import annotations

import platform
from collections import Counter

from assay import _env
from assay.data.reading import count_reasons
from assay.data.texts import Splits
from assay.errors import plural
from assay.reporting.results import Machine

__all__ = ["describe_dropped", "describe_machine", "describe_splits"]


def describe_splits(splits: Splits) -> str:
    """Return the size of the data in one sentence."""
    sizes = ", ".join(f"{len(labelled):,} {name}" for name, labelled in splits.items())
    n_labels = len(splits.label_set)
    held = f"in {n_labels:,} classes"
    if splits.label_set.task == "multi":
        held = f"with any number of {n_labels:,} labels each"
    sentence = f"{splits.source}: {sizes} texts {held}"
    if splits.drawn_from:
        sentence += f", drawn from {sum(map(splits.n_before, splits)):,}"
    if n_dropped := len(splits.dropped):
        sentence += f"; {n_dropped:,} row{'s' if n_dropped > 1 else ''} left out"
    return sentence


def describe_dropped(splits: Splits) -> str:
    """Say which rows of the data take no part, and why; empty if all do."""
    said = []
    if splits.dropped:
        counts = Counter(row.reason for row in splits.dropped)
        said.append(f"{plural(counts.total(), 'row')} left out ({count_reasons(counts)})")
    if splits.drawn_from:
        n_texts = sum(map(len, splits.values()))
        said.append(
            f"{n_texts:,} of {sum(map(splits.n_before, splits)):,} texts drawn (--max-rows)"
        )
    return f"{splits.source}: {'; '.join(said)}" if said else ""


def describe_machine() -> Machine:
    """Return the machine as results.json names it."""
    return Machine(
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        n_threads=_env.n_threads(),
        device=_env.device(),
    )
