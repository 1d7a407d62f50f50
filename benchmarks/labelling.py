"""Labels needed: what `assay label` chooses beside random order and the strategies of small-text.

    python benchmarks/labelling.py                        what is missing, seed by seed: hours
    python benchmarks/labelling.py --seeds 3 --sets emotion --batches 50
    python benchmarks/labelling.py --coverage             only sessions for the page's intervals: 400 per batch
    python benchmarks/labelling.py --coverage --batches 50
    python benchmarks/labelling.py --show                 the tables of what is there
    python benchmarks/labelling.py --smoke                does it still run? (seconds)

A simulated annotator gives each text its own label, batch by batch. Every strategy uses the
classifier of `features` on the same frozen features; a session starts anew with each seed, with
another pool and other fresh texts. No test text takes part.

runs   accuracy on fresh texts at each number of labels; of `assay`, also the estimate that the page
       shows, with its 95 % interval
       (the model knows nothing of the names of labels, unlike that of the page)
full   accuracy with all labels of the pool
sessions  as `runs`, of `assay` alone and up to 500 labels: for the estimate and its interval
review wrong labels planted in train, and how many come first on the page of `assay review`

Raw results stay in benchmarks/results/labelling.json, one entry per session. A session that is there
is not run again, so that the whole can be interrupted.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from house import DATA, RESULTS, Results, describe_machine, log
from labelling_review import REVIEWED_SETS, measure_review
from labelling_sets import SETS, Cut, LabelledFeatures, load_features, load_sample
from labelling_strategies import ASK_A_MODEL, STRATEGIES, Moment, Strategy
from labelling_tables import summarise

from assay.models.head import AffineHead
from assay.review.estimate import C, estimate_accuracy
from assay.review.guesses import MIN_LABELLED

PATH = RESULTS / "labelling.json"
N_SEEDS = 20
BATCHES = (10, 50)
REVIEW_SEEDS = (0, 1, 2)
MAX_LABELS = 1_000
MEASURED_EVERY = 50  # labels
ESTIMATED_AT = (100, 200, 500)  # labels
COVERAGE_SEEDS = 80  # times five sets

Found = dict[str, Any]


def simulate(
    cut: Cut,
    choose: Strategy,
    *,
    batch: int,
    seed: int,
    n_labels: int,
    estimated_at: Sequence[int],
    measured_at: Sequence[int] | None = None,
) -> Found:
    """Label batch by batch; return the accuracy on fresh texts, and the page's estimates.

    Parameters
    ----------
    cut : Cut
    choose : callable
        One of `STRATEGIES`.
    batch, seed, n_labels : int
    estimated_at : sequence of int
        Numbers of labels at which the page's estimate is made.
    measured_at : sequence of int, optional
        Numbers of labels at which the accuracy is measured; None: each multiple of 50. Between
        these, only a strategy that asks a model of all labels needs one.
    """
    asks_a_model = choose in [STRATEGIES[name] for name in ASK_A_MODEL]
    is_assay = choose is STRATEGIES["assay"]
    rng = np.random.default_rng(seed)
    n_pool = len(cut.pool)
    order = rng.permutation(n_pool)
    is_open = np.ones(n_pool, dtype=bool)
    rows: list[int] = []
    probs, chosen_probs = None, None
    accuracy: dict[str, float] = {}
    estimates: dict[str, list[float]] = {}
    while len(rows) < min(n_labels, n_pool):
        n = min(batch, min(n_labels, n_pool) - len(rows))
        moment = Moment(cut.points, cut.directions, is_open, probs, order, rng, chosen_probs)
        chosen = choose(moment, n)
        is_open[chosen] = False
        rows += chosen
        ids = cut.pool_ids[rows]
        if len(rows) < MIN_LABELLED or len(np.unique(ids)) < 2:
            continue
        if is_assay:
            chosen_probs = _predict_without(cut, rows, moment.drawn())
        is_measured = len(rows) % MEASURED_EVERY == 0
        if measured_at is not None:
            is_measured = len(rows) in measured_at
        if is_measured or asks_a_model:
            head = AffineHead(C=C).fit(cut.pool[rows], ids)
        if asks_a_model:
            probs = head.predict_proba(cut.pool)
        if is_measured:
            accuracy[str(len(rows))] = _accuracy(head, cut)
        if len(rows) in estimated_at:
            is_drawn = np.isin(rows, moment.drawn())
            made = estimate_accuracy(cut.pool[rows], ids, is_drawn, seed=seed, with_curve=False)
            if made is not None:
                estimates[str(len(rows))] = [made.accuracy, *made.interval]
    return {"accuracy": accuracy, "estimates": estimates, "n_fresh": len(cut.fresh_ids)}


def _predict_without(cut: Cut, rows: list[int], drawn: np.ndarray) -> np.ndarray | None:
    """Return what a model says that was fitted without the texts drawn at random."""
    own = np.setdiff1d(rows, drawn)
    ids = cut.pool_ids[own]
    if len(own) < MIN_LABELLED or len(np.unique(ids)) < 2:
        return None
    probs: np.ndarray = AffineHead(C=C).fit(cut.pool[own], ids).predict_proba(cut.pool)
    return probs


def full_accuracy(cut: Cut) -> float:
    """Return the accuracy on fresh texts with all labels of the pool."""
    return _accuracy(AffineHead(C=C).fit(cut.pool, cut.pool_ids), cut)


def _accuracy(head: AffineHead, cut: Cut) -> float:
    return round(float((head.predict(cut.fresh) == cut.fresh_ids).mean()), 6)


def run_seed(
    results: Results, name: str, labelled: LabelledFeatures, seed: int, given: argparse.Namespace
) -> None:
    """Run the sessions of one set and seed that are not there yet."""
    cut = labelled.cut(seed)
    own = {"set": name, "seed": seed}
    if not results.has("full", own):
        results.add("full", own, {"accuracy": full_accuracy(cut), "n_pool": len(cut.pool)})
    for batch in given.batches:
        for strategy in given.strategies:
            case = {"set": name, "strategy": strategy, "batch": batch, "seed": seed}
            if results.has("runs", case):
                continue
            started_s = time.perf_counter()
            found = simulate(
                cut,
                STRATEGIES[strategy],
                batch=batch,
                seed=seed,
                n_labels=given.labels,
                estimated_at=ESTIMATED_AT if strategy == "assay" else (),
            )
            seconds = round(time.perf_counter() - started_s, 2)
            results.add("runs", case, {**found, "seconds": seconds})
            log(f"{case}: {seconds:.0f} s")


def run_sessions(
    results: Results, name: str, labelled: LabelledFeatures, seed: int, batches: Sequence[int]
) -> None:
    """Run the sessions for the intervals of one set and seed that are not there yet.

    A run of `assay` with the same seed and batch is the same session: it has its estimates.
    """
    for batch in batches:
        case = {"set": name, "batch": batch, "seed": seed}
        if results.has("sessions", case) or results.has("runs", {**case, "strategy": "assay"}):
            continue
        found = simulate(
            labelled.cut(seed),
            STRATEGIES["assay"],
            batch=batch,
            seed=seed,
            n_labels=max(ESTIMATED_AT),
            estimated_at=ESTIMATED_AT,
            measured_at=ESTIMATED_AT,
        )
        results.add("sessions", case, found)
        log(f"{case}")


def run_reviews(results: Results, given: argparse.Namespace) -> None:
    """Run the reviews that are not there yet."""
    for seed in REVIEW_SEEDS:
        for name in REVIEWED_SETS:
            for method in ("linear", "auto"):
                case = {"set": name, "method": method, "seed": seed}
                if not results.has("review", case):
                    results.add("review", case, measure_review(case, given.data))
                    log(f"review {case}")


def main() -> None:
    """Run what is missing, keep everything, print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--batches", nargs="+", type=int, default=list(BATCHES))
    parser.add_argument("--strategies", nargs="+", default=list(STRATEGIES), choices=STRATEGIES)
    parser.add_argument("--labels", type=int, default=MAX_LABELS, help="per session")
    parser.add_argument("--seeds", type=int, help=f"how many: {N_SEEDS}, or {COVERAGE_SEEDS}")
    parser.add_argument("--coverage", action="store_true", help="the page's intervals alone")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=PATH)
    parser.add_argument("--show", action="store_true", help="run nothing")
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    if given.seeds is None:
        given.seeds = COVERAGE_SEEDS if given.coverage else N_SEEDS
    results = Results(None if given.smoke else given.out, describe_machine())
    if given.smoke:
        given.seeds, given.labels, given.batches = 1, 100, [50]
        sets = {"sample": load_sample()}
    else:
        sets = {} if given.show else {name: load_features(name, given.data) for name in given.sets}
    for seed in range(given.first_seed, given.first_seed + given.seeds):
        for name, labelled in sets.items():
            if given.coverage:
                run_sessions(results, name, labelled, seed, given.batches)
            else:
                run_seed(results, name, labelled, seed, given)
    if not (given.smoke or given.show or given.coverage):
        run_reviews(results, given)
    sys.stdout.write(summarise(results.content) + "\n")


if __name__ == "__main__":
    main()
