"""The label page as a person meets it: how soon it begins, how quickly it answers, what an hour brings.

    python benchmarks/labelling_pages.py                  what is missing: 15 minutes
    python benchmarks/labelling_pages.py --only begin
    python benchmarks/labelling_pages.py --show           the tables of what is there
    python benchmarks/labelling_pages.py --smoke          does it still run? (seconds)

Everything is done by the commands that a person gives, in processes of their own; the annotator is
simulated, and answers over HTTP as the page does.

begin   pools of made-up short texts: the time until the page can be opened and until a sample of the
        texts is read, and how long a decision takes from the key to the next text, meanwhile
hour    5,000 texts of train of banking77 without their labels, 500 of which an annotator labels, at a
        pace that leaves the model time; then `assay run` on them. The accuracy is that on all texts
        of the pool that were never shown. No test text takes part

Processor time is that of the process and its threads: it is believable on a busy machine, too.
Raw results stay in benchmarks/results/labelling_pages.json.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from house import DATA, RESULTS, Results, by, describe_machine, log

from assay.data.load import load_data

PATH = RESULTS / "labelling_pages.json"
POOLS = (5_000, 1_000_000)
CHECKPOINTS = ("minilm", "e5")
N_TIMED = 200  # decisions
READ_FIRST = 1_000  # texts: from then on the page has a sample to choose from
LIMIT_S = 600
SMOKE_RUN = ("--methods", "linear", "--folds", "never")
WORDS = """
    the a of to in my is was not please card account refund order parcel late broken app screen
    payment invoice login password error update phone again still never today thanks help bill
"""

Case = dict[str, Any]


class Page:
    """A running `assay label`, asked as its page asks.

    Parameters
    ----------
    process : subprocess.Popen
    url : str
    started_s : float
        When the process was started.
    """

    def __init__(self, process: subprocess.Popen[str], url: str, started_s: float) -> None:
        self.process = process
        self.started_s = started_s
        self._line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

    def state(self) -> Case:
        """Return what the page shows."""
        return self._ask("GET", "/state")

    def decide(self, state: Case, label: str) -> Case:
        """Give the text of a state a label; return the next state."""
        content = {
            "id": f"{state['version']}",
            "version": state["version"],
            "position": state["item"]["position"],
            "labels": [label],
            "seconds": 5,
        }
        return self._ask("POST", "/decide", content)

    def after_s(self) -> Case:
        """Return the time since the start, that of the processor, and the most memory so far."""
        folder = Path(f"/proc/{self.process.pid}")
        fields = folder.joinpath("stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        status = folder.joinpath("status").read_text()
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return {
            "s": round(time.time() - self.started_s, 2),
            "processor_s": round(ticks / os.sysconf("SC_CLK_TCK"), 2),
            "peak_mb": int(peak.split()[1]) // 1024,
        }

    def _ask(self, method: str, path: str, content: Case | None = None) -> Case:
        body = None if content is None else json.dumps(content)
        self._line.request(method, path, body, {"Content-Type": "application/json"})
        answer = self._line.getresponse()
        found: Case = json.loads(answer.read())
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status}, {found}")
        return found


@contextmanager
def open_page(
    pool: Path, out: Path, labels: Sequence[str], *, checkpoint: str = "auto"
) -> Iterator[Page]:
    """Run `assay label`, and end it as Ctrl-C does."""
    command = [sys.executable, "-m", "assay", "label", str(pool), "--out", str(out), "--json"]
    command += ["--labels", ",".join(labels), "--checkpoint", checkpoint, "--port", "0"]
    started_s = time.time()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        said = json.loads(process.stdout.readline())
        yield Page(process, said["url"], started_s)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        if process.returncode:
            raise SystemExit(f"assay label ended with {process.returncode}")
    finally:
        process.kill()
        process.wait()


def measure_begin(n_texts: int, checkpoint: str, folder: Path) -> Case:
    """Open a pool, and decide while its texts are read."""
    pool, out = folder / "pool.csv", folder / "labelled.jsonl"
    write_made_up(pool, n_texts)
    rng = random.Random(0)
    labels = ("billing", "delivery", "other")
    with open_page(pool, out, labels, checkpoint=checkpoint) as page:
        state = page.state()
        found = {"opens": page.after_s()}
        wait_until_read(page, 1)
        found["first_read"] = page.after_s()
        times_ms = []
        for _ in range(min(N_TIMED, n_texts // 4)):
            started_s = time.perf_counter()
            state = page.decide(state, rng.choice(labels))
            times_ms.append(1_000 * (time.perf_counter() - started_s))
            time.sleep(0.05)  # a quick person; the texts are read meanwhile
        wait_until_read(page, min(READ_FIRST, n_texts))
        found["sample_read"] = page.after_s()
    median, high = np.percentile(times_ms, [50, 95])
    return {
        **found,
        "decision_ms": {"median": round(float(median), 1), "p95": round(float(high), 1)},
    }


def wait_until_read(page: Page, n_texts: int) -> None:
    """Wait until so many texts have been read."""
    started_s = time.monotonic()
    while page.state()["n_read"] < n_texts:
        if time.monotonic() - started_s > LIMIT_S:
            raise SystemExit(f"fewer than {n_texts} texts were read in {LIMIT_S} s")
        time.sleep(0.2)


def write_made_up(path: Path, n_texts: int) -> None:
    """Write different short texts: 6 to 14 words and a number."""
    rng, vocabulary = random.Random(0), WORDS.split()
    with path.open("w", encoding="utf-8") as stream:
        stream.write("text\n")
        for i in range(n_texts):
            words = rng.choices(vocabulary, k=rng.randint(6, 14))
            stream.write(f"{' '.join(words)} {i}\n")


def measure_hour(
    case: Case,
    label_of: Mapping[str, str],
    folder: Path,
    *,
    pace_s: float,
    options: Sequence[str] = (),
) -> Case:
    """Label some texts of a pool on the page, train on them, and score what was never shown.

    Parameters
    ----------
    case : dict
        `n_labels` says how many are labelled.
    label_of : mapping of str to str
        The pool: its texts, and what the annotator says of each.
    folder : Path
        An empty one.
    pace_s : float
        Time between an answer and the next decision.
    options : sequence of str
        Further options of `assay run`.
    """
    pool, out = folder / "tickets.csv", folder / "labelled.jsonl"
    write_pool(pool, list(label_of))
    labels = list(dict.fromkeys(label_of.values()))
    decided: set[str] = set()
    accepted = 0
    with open_page(pool, out, labels) as page:
        opens = page.after_s()
        state = page.state()
        while len(decided) < case["n_labels"]:
            item = state["item"]
            label = label_of[item["text"]]
            accepted += item["suggested"] == [label]
            decided.add(item["text"])
            state = page.decide(state, label)
            time.sleep(pace_s)
        labelled, estimate = page.after_s(), page.state()["estimate"]
    n_left_out = leave_out_single(out)
    trained = run_command("run", out, "--out", folder / "run", "--quiet", *options)
    unseen = [text for text in label_of if text not in decided]
    rest, answers = folder / "rest.csv", folder / "answers.csv"
    write_pool(rest, unseen)
    predicted = run_command("predict", folder / "run" / "model", rest, "--out", answers)
    with answers.open(encoding="utf-8-sig", newline="") as stream:
        given = {row["text"]: row["predicted_label"] for row in csv.DictReader(stream)}
    right = [given[text] == label_of[text] for text in unseen]
    model = json.loads((folder / "run" / "model" / "assay.json").read_text(encoding="utf-8"))
    return {
        "n_texts": len(label_of),
        "n_classes": len(labels),
        "opens": opens,
        "labelled": labelled,
        "n_suggested_right": accepted,
        "estimate": estimate and [estimate[name] for name in ("accuracy", "low", "high")],
        "n_left_out": n_left_out,
        "run": trained,
        "method": model["method"],
        "predict": predicted,
        "n_unseen": len(unseen),
        "accuracy": round(float(np.mean(right)), 4),
    }


def leave_out_single(path: Path) -> int:
    """Take out the rows whose label no other row has: `assay run` refuses them; return how many."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    counts = Counter(row["label"] for row in rows)
    kept = [row for row in rows if counts[row["label"]] > 1]
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in kept]
    path.write_text("".join(lines), encoding="utf-8")
    return len(rows) - len(kept)


def run_command(*args: object) -> Case:
    """Run a command; return its time and that of the processor."""
    started_s, before = time.time(), os.times()
    command = [sys.executable, "-m", "assay", *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}: {done.stderr[-2000:]}")
    after = os.times()
    processor_s = (
        after.children_user + after.children_system - before.children_user - before.children_system
    )
    return {"s": round(time.time() - started_s, 2), "processor_s": round(processor_s, 2)}


def write_pool(path: Path, texts: Sequence[str]) -> None:
    """Write texts without labels."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text"])
        writer.writerows([text] for text in texts)


def draw_pool(name: str, root: Path, *, n_texts: int) -> dict[str, str]:
    """Return different texts of train with their labels, drawn at random."""
    train = load_data(name if name == "sample" else root / name)["train"]
    label_of = dict(zip(train.texts, train.labels, strict=True))
    texts = random.Random(0).sample(list(label_of), min(n_texts, len(label_of)))
    return {text: label_of[text] for text in texts}


def summarise(content: Case) -> str:
    """Return the tables."""
    parts = []
    if content.get("begin"):
        parts.append(show_begin(content["begin"]))
    parts += [show_hour(one) for one in content.get("hour", [])]
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


def show_hour(one: Case) -> str:
    """Return what an hour brings, in sentences."""
    estimate = one["estimate"]
    shown = "no estimate"
    if estimate:
        accuracy, low, high = (100 * value for value in estimate)
        shown = f"{accuracy:.1f} % ({low:.1f} to {high:.1f})"
    return (
        f"{one['set']}: {one['n_labels']} of {one['n_texts']:,} texts labelled, {one['n_classes']} labels; "
        f"{one['n_suggested_right']} suggestions were right. The page opened in {show_times(one['opens'])}; "
        f"`assay run` took {show_times(one['run'])} and recommended `{one['method']}`; "
        f"`assay predict` of the other {one['n_unseen']:,} texts took {show_times(one['predict'])}. "
        f"The page expected {shown} right; {100 * one['accuracy']:.1f} % of the texts that were never shown are."
    )


def show_times(times: Case) -> str:
    """Return a time, and that of the processor."""
    return f"{times['s']:.1f} s ({times['processor_s']:.1f} on a processor)"


def main() -> None:
    """Measure what is missing, keep everything, print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--only", choices=("begin", "hour"))
    parser.add_argument("--out", type=Path, default=PATH)
    parser.add_argument("--show", action="store_true", help="measure nothing")
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    results = Results(None if given.smoke else given.out, describe_machine())
    pools = [(200, "terms")] if given.smoke else list(product(POOLS, CHECKPOINTS))
    begins = [{"n_texts": n_texts, "checkpoint": checkpoint} for n_texts, checkpoint in pools]
    hour: Case = {"set": "banking77", "n_labels": 500}
    if given.smoke:
        hour = {"set": "sample", "n_labels": 60}
    for case in begins if given.only != "hour" and not given.show else []:
        if not results.has("begin", case):
            with tempfile.TemporaryDirectory() as folder:
                results.add("begin", case, measure_begin(**case, folder=Path(folder)))
            log(f"begin {case}")
    if given.only != "begin" and not given.show and not results.has("hour", hour):
        label_of = draw_pool(hour["set"], given.data, n_texts=5_000)
        pace_s, options = (0.02, SMOKE_RUN) if given.smoke else (0.5, ())
        with tempfile.TemporaryDirectory() as folder:
            found = measure_hour(hour, label_of, Path(folder), pace_s=pace_s, options=options)
        results.add("hour", hour, found)
    sys.stdout.write(summarise(results.content) + "\n")


if __name__ == "__main__":
    main()
