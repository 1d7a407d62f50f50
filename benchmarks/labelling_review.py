"""A part of `benchmarks/labelling.py`: planted wrong labels, corrected on the review page.

A simulated reviewer who is always right decides on the rows that the session behind the page gives,
one after the other. Whoever knows the truth can only correct what comes. So two shares are measured
beside: how many planted labels the first N suspects of the audit's list are, N being the number
planted, and how many the first 150 are, which is the most that 150 decisions down the list correct.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from choice_data import load_drawn, plant_wrong_labels
from house import Case, by

from assay.audit.checks import audit_data
from assay.audit.issues import Issue
from assay.data.texts import Splits
from assay.progress import Progress
from assay.review.journal import Journal, journal_path
from assay.review.review_session import Filter, ReviewSession
from assay.review.suspects import find_suspects

__all__ = ["REVIEWED_SETS", "measure_review", "show_review"]

REVIEWED_SETS = ("emotion", "banking77", "wisesight")
N_ROWS = 2_000
SHARE = 0.05
DECISIONS = (50, 100, 150, 300)
JUDGED = 150  # decisions that are compared with the audit's list
HELD = 0.75  # share of the planted labels from which the first N suspects hold them
CEILING = (
    f"What the first {JUDGED} suspects hold is the most that {JUDGED} decisions down the audit's list can correct. "
    f"`hold {HELD}` says whether its first N suspects are that share of the N planted labels."
)
LABEL_KINDS = ("wrong_label", "doubtful_label")  # the audit's list


def measure_review(case: Case, root: Path) -> Case:
    """Plant wrong labels in 2,000 rows of train, audit them, and review the first rows."""
    seed = case["seed"]
    splits = load_drawn(case["set"], root, n_rows=N_ROWS, seed=seed)
    train, labels = splits["train"], splits.label_set
    rng = np.random.default_rng(seed + 7)
    ids, is_planted = plant_wrong_labels(labels.ids(train.labels), len(labels), SHARE, rng)
    planted = replace(train, labels=tuple(labels[i] for i in ids))
    data = Splits({"train": planted}, labels, source=case["set"])
    issues = audit_data(data, method=case["method"], seed=seed, progress=Progress()).issues
    true_of = dict(zip(train.lines, train.labels, strict=True))
    wrong = {line for line, one in zip(train.lines, is_planted, strict=True) if one}
    listed = [one.row in wrong for one in issues if one.kind in LABEL_KINDS]
    return {
        "n_texts": len(train),
        "n_planted": len(wrong),
        "n_suspects": len(find_suspects(issues)),
        "n_listed": len(listed),
        "n_in_first": {str(n): sum(listed[:n]) for n in (len(wrong), JUDGED)},
        "n_corrected": review(issues, data, true_of),
    }


def review(issues: Sequence[Issue], data: Splits, true_of: dict[int, str]) -> dict[str, int]:
    """Decide on the rows of a session as they come; count the rows that got their true label back.

    Parameters
    ----------
    issues : sequence of Issue
        Findings of an audit of `data`.
    data : Splits
    true_of : dict of int to str
        True label of each row, by its line.
    """
    n_corrected = {}
    with TemporaryDirectory() as folder:
        out = Path(folder) / "decisions.csv"
        journal = Journal(journal_path(out))
        session = ReviewSession(find_suspects(issues), data.label_set, journal, out)
        for n in range(1, max(DECISIONS) + 1):
            suspect = session.current(Filter())
            if suspect is not None:
                label = true_of[suspect.issue.row]
                session.decide(str(n), (suspect.key,), version=session.version, label=label)
            if n in DECISIONS:
                n_corrected[str(n)] = len(session.changed_labels())
        journal.close()
    return n_corrected


def show_review(entries: Sequence[Case]) -> str:
    """Return the tables: the share of planted labels that is corrected, and how many could be."""
    return f"{_show_shares(entries)}\n\n{_show_ceilings(entries)}"


def _show_shares(entries: Sequence[Case]) -> str:
    """Return the table of the share of planted labels that is corrected, means over seeds."""
    lines = [
        "| set | audit | seeds | " + " | ".join(f"{n} decisions" for n in DECISIONS) + " |",
        "|---|---|---|" + "---|" * len(DECISIONS),
    ]
    for (name, method), own in by(entries, "set", "method").items():
        shares = []
        for n in DECISIONS:
            found = [one["n_corrected"][str(n)] / one["n_planted"] for one in own]
            shares.append(f"{np.mean(found):.3f}")
        lines.append(f"| {name} | `{method}` | {len(own)} | {' | '.join(shares)} |")
    return "\n".join(lines)


def _show_ceilings(entries: Sequence[Case]) -> str:
    """Return the table of what the audit's list holds beside what is corrected, draw by draw."""
    lines = [
        f"| set | audit | seed | planted, N | the first N suspects hold | hold {HELD} | "
        f"the first {JUDGED} hold | corrected after {JUDGED} decisions |",
        "|---|---|---|---|---|---|---|---|",
    ]
    counted = [one for one in entries if "n_in_first" in one]  # earlier results lack it
    for one in sorted(counted, key=lambda one: (one["set"], one["method"], one["seed"])):
        n_planted = one["n_planted"]
        first, most = (one["n_in_first"][str(n)] / n_planted for n in (n_planted, JUDGED))
        corrected = one["n_corrected"][str(JUDGED)] / n_planted
        lines.append(
            f"| {one['set']} | `{one['method']}` | {one['seed']} | {n_planted} | {first:.2f} | "
            f"{'yes' if first >= HELD else 'no'} | {most:.2f} | {corrected:.2f} |"
        )
    return "\n".join([*lines, "", CEILING])
