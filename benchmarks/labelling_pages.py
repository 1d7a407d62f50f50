"""The label page as a person meets it: how soon it begins, how quickly it answers, what an hour brings.

    python benchmarks/labelling_pages.py                  what is missing: 15 minutes
    python benchmarks/labelling_pages.py --only begin
    python benchmarks/labelling_pages.py --show           the tables of what is there
    python benchmarks/labelling_pages.py --smoke          does it still run? (seconds)

Everything is done by the commands that a person gives, in processes of their own; the annotator is
simulated, and answers over HTTP as the page does.

begin   pools of made-up short texts: the time until the page can be opened and until a sample of the
        texts is read, and how long a decision takes from the key to the next text, meanwhile
hour    5,000 texts of train of banking77 without their labels; an annotator labels 500 of them, then
        `assay train` on the decisions of the first 50 minutes, and `assay predict` (8 minutes). What
        a person takes for a decision is assumed, the rest is measured; the annotator of the
        measurement answers within 0.2 s, which leaves the model less time than a person does. One
        thread per command, since threads that wait for each other count as work where other work
        runs beside them. The accuracy is that on all texts of the pool that were never shown. No
        test text takes part

Processor time is that of the process and its threads: it is believable on a busy machine, too.
Raw results stay in benchmarks/results/labelling_pages.json.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from house import DATA, RESULTS, Results, by, describe_machine, log
from labelling_annotator import open_page, show_times
from labelling_hour import draw_pool, measure_labelling, measure_model, show_hour

PATH = RESULTS / "labelling_pages.json"
POOLS = (5_000, 1_000_000)
CHECKPOINTS = ("minilm", "e5")
N_TIMED = 200  # decisions
READ_FIRST = 1_000  # texts: from then on the page has a sample to choose from
PACE_S = 1.0  # between an answer and the next decision: the model has some of the time that a person would leave it
HOUR = {"set": "banking77", "minutes": 50, "n_threads": 1}
SMOKE_HOUR = {"set": "sample", "minutes": 6, "n_threads": 1}
MODEL = {"method": "features"}
SMOKE_MODEL = {"method": "linear"}
WORDS = """
    the a of to in my is was not please card account refund order parcel late broken app screen
    payment invoice login password error update phone again still never today thanks help bill
"""

Case = dict[str, Any]


def measure_begin(n_texts: int, checkpoint: str, folder: Path) -> Case:
    """Open a pool, and decide while its texts are read."""
    pool, out = folder / "pool.csv", folder / "labelled.jsonl"
    write_made_up(pool, n_texts)
    rng = random.Random(0)
    labels = ("billing", "delivery", "other")
    with open_page(pool, out, labels, checkpoint=checkpoint) as page:
        state = page.state()
        found = {"opens": page.after_s()}
        page.wait_until_read(1)
        found["first_read"] = page.after_s()
        times_ms = []
        for _ in range(min(N_TIMED, n_texts // 4)):
            started_s = time.perf_counter()
            state = page.decide(state, rng.choice(labels))
            times_ms.append(1_000 * (time.perf_counter() - started_s))
            time.sleep(0.05)  # a quick person; the texts are read meanwhile
        page.wait_until_read(min(READ_FIRST, n_texts))
        found["sample_read"] = page.after_s()
    median, high = np.percentile(times_ms, [50, 95])
    return {
        **found,
        "decision_ms": {"median": round(float(median), 1), "p95": round(float(high), 1)},
    }


def write_made_up(path: Path, n_texts: int) -> None:
    """Write different short texts: 6 to 14 words and a number."""
    rng, vocabulary = random.Random(0), WORDS.split()
    with path.open("w", encoding="utf-8") as stream:
        stream.write("text\n")
        for i in range(n_texts):
            words = rng.choices(vocabulary, k=rng.randint(6, 14))
            stream.write(f"{' '.join(words)} {i}\n")


def summarise(content: Case) -> str:
    """Return the tables."""
    parts = []
    if content.get("begin"):
        parts.append(show_begin(content["begin"]))
    if content.get("hour"):
        parts.append(show_hour(content["hour_labels"], content["hour"]))
    return "\n\n".join(parts)


def show_begin(entries: Sequence[Case]) -> str:
    """Return how soon pools can be labelled."""
    lines = [
        "| texts | read by | page opens | first 64 texts read | 1,000 read | peak MB | key to next text, median | p95 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (n, checkpoint), own in by(entries, "n_texts", "checkpoint").items():
        one = own[-1]
        cells = [show_times(one[name]) for name in ("opens", "first_read", "sample_read")]
        decision = one["decision_ms"]
        lines.append(
            f"| {n:,} | `{checkpoint}` | {' | '.join(cells)} | {one['sample_read']['peak_mb']:,} "
            f"| {decision['median']:.0f} ms | {decision['p95']:.0f} ms |"
        )
    return "\n".join(lines)


def spend_hour(results: Results, hour: Case, given: argparse.Namespace, *, folder: Path) -> None:
    """Label, train and predict; what the folder and the results hold already is not done again."""
    folder.mkdir(parents=True, exist_ok=True)
    label_of = draw_pool(hour["set"], given.data, n_texts=5_000)
    if not results.has("hour_labels", hour):
        pace_s = 0.02 if given.smoke else PACE_S
        found = measure_labelling(hour, label_of, folder, pace_s=pace_s)
        results.add("hour_labels", hour, found)
        log(f"hour: labelled {found['n_labels']} texts")
    case = {**hour, **(SMOKE_MODEL if given.smoke else MODEL)}
    if given.only != "labels" and not results.has("hour", case):
        results.add("hour", case, measure_model(case, label_of, folder))


def main() -> None:
    """Measure what is missing, keep everything, print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--only", choices=("begin", "labels", "hour"))
    parser.add_argument(
        "--work", type=Path, help="folder that is kept, to go on after --only labels"
    )
    parser.add_argument("--out", type=Path, default=PATH)
    parser.add_argument("--show", action="store_true", help="measure nothing")
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    results = Results(None if given.smoke else given.out, describe_machine())
    pools = [(200, "terms")] if given.smoke else list(product(POOLS, CHECKPOINTS))
    begins = [{"n_texts": n_texts, "checkpoint": checkpoint} for n_texts, checkpoint in pools]
    hour = SMOKE_HOUR if given.smoke else HOUR
    for case in begins if given.only in (None, "begin") and not given.show else []:
        if not results.has("begin", case):
            with tempfile.TemporaryDirectory() as folder:
                results.add("begin", case, measure_begin(**case, folder=Path(folder)))
            log(f"begin {case}")
    if given.only != "begin" and not given.show:
        with tempfile.TemporaryDirectory() as folder:
            spend_hour(results, hour, given, folder=given.work or Path(folder))
    sys.stdout.write(summarise(results.content) + "\n")


if __name__ == "__main__":
    main()
