"""What an hour brings: texts without labels, a person for most of the hour, and a model at its end.

Part of `labelling_pages.py`, which says what is measured and writes the results.
"""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from house import count_threads, read_rows, write_rows
from labelling_annotator import LIMIT_S, Page, open_page, write_pool

from assay.data.load import load_data
from assay.errors import plural

Case = dict[str, Any]
# Nobody was watched: what a decision takes is assumed, and said wherever it is used.
ACCEPT_S = 3.0  # reading a text, and Enter because the suggestion is right
CHOOSE_S = 8.0  # reading a text, and finding another label than the one suggested, or one at all
FIRST_READ = 64  # texts: from then on they are chosen, and have suggestions
ESTIMATE_EVERY = 10  # decisions between two estimates on the page


def measure_labelling(
    case: Case, label_of: Mapping[str, str], folder: Path, *, pace_s: float
) -> Case:
    """Label some texts of a pool on the page; labelled.jsonl in the folder holds them.

    Parameters
    ----------
    case : dict
        `minutes` says for how long a person labels at the times that are assumed, `n_threads` how
        many threads the command has.
    label_of : mapping of str to str
        The pool: its texts, and what the annotator says of each.
    folder : Path
    pace_s : float
        Time between an answer and the next decision.
    """
    pool, out = folder / "tickets.csv", folder / "labelled.jsonl"
    write_pool(pool, list(label_of))
    labels = list(dict.fromkeys(label_of.values()))
    give_threads(case)
    others = OtherWork()
    with open_page(pool, out, labels) as page:
        found: Case = {"opens": page.after_s()}
        page.wait_until_read(min(FIRST_READ, len(label_of)))
        found["first_read"] = page.after_s()
        found |= answer_page(page, label_of, minutes=case["minutes"], pace_s=pace_s)
    return {
        "n_texts": len(label_of),
        "n_classes": len(labels),
        "pace_s": pace_s,
        "assumed_s": {"accept": ACCEPT_S, "choose": CHOOSE_S},
        **found,
        "other_processors": others.processors(),
    }


def measure_model(case: Case, label_of: Mapping[str, str], folder: Path) -> Case:
    """Train on the texts that were labelled, and score what was never shown.

    Parameters
    ----------
    case : dict
        `method` says what is trained, and `n_threads` how many threads each command has.
    label_of : mapping of str to str
        As of `measure_labelling`.
    folder : Path
        The same.
    """
    kept, rest, answers = (folder / name for name in ("kept.jsonl", "rest.csv", "answers.csv"))
    decided = read_rows(folder / "labelled.jsonl")
    shown = {row["text"] for row in decided}
    unseen = [text for text in label_of if text not in shown]
    n_left_out = leave_out_single(decided, kept)
    write_pool(rest, unseen)
    give_threads(case)
    others, model = OtherWork(), folder / "model"
    trained = run_command("train", kept, "--method", case["method"], "--out", model, "--overwrite")
    predicted = run_command("predict", model, rest, "--out", answers, "--overwrite")
    with answers.open(encoding="utf-8-sig", newline="") as stream:
        given = [row["predicted_label"] for row in csv.DictReader(stream)]  # in the order of texts
    right = [label == label_of[text] for label, text in zip(given, unseen, strict=True)]
    return {
        "n_accepted": sum(row["suggested_label"] == row["label"] for row in decided),
        "n_suggested": sum(row["suggested_label"] is not None for row in decided),
        "minutes_decided": round(sum(row["seconds"] for row in decided) / 60, 1),
        "n_left_out": n_left_out,
        "train": trained,
        "predict": predicted,
        "n_unseen": len(unseen),
        "accuracy": round(float(np.mean(right)), 4),
        "other_processors": others.processors(),
    }


def give_threads(case: Case) -> None:
    """Let the commands have so many threads each."""
    os.environ["ASSAY_THREADS"] = str(case["n_threads"])  # noqa: TID251


def answer_page(page: Page, label_of: Mapping[str, str], *, minutes: float, pace_s: float) -> Case:
    """Label for so many minutes, at what a decision is assumed to take; return how it went."""
    state = page.state()
    spent_s, answers_s = 0.0, []
    while state["item"] is not None:
        item = state["item"]
        label = label_of[item["text"]]
        seconds = ACCEPT_S if item["suggested"] == [label] else CHOOSE_S
        spent_s += seconds
        if spent_s > 60 * minutes:
            break
        started_s = time.perf_counter()
        state = page.decide(state, label, seconds=seconds)
        answers_s.append(time.perf_counter() - started_s)
        time.sleep(pace_s)
    estimate = wait_for_estimate(page, len(answers_s))
    return {
        "n_labels": len(answers_s),
        "labelled": page.after_s(),
        "answers_s": round(sum(answers_s), 2),
        "answer_p95_ms": round(1_000 * float(np.percentile(answers_s, 95)), 1),
        "estimate": estimate and [estimate[name] for name in ("accuracy", "low", "high")],
    }


def wait_for_estimate(page: Page, n_labels: int) -> Case | None:
    """Return the estimate that knows all labels but the last few; None if there is none yet."""
    started_s = time.monotonic()
    while True:
        estimate: Case | None = page.state()["estimate"]
        if estimate is not None and estimate["n_labelled"] > n_labels - ESTIMATE_EVERY:
            return estimate
        if time.monotonic() - started_s > (LIMIT_S if estimate else 10):
            return estimate
        time.sleep(0.2)


class OtherWork:
    """How much of the processors other processes take, from here on (Linux)."""

    def __init__(self) -> None:
        self._started_s = time.monotonic()
        self._busy_s, self._own_s = busy_s(), own_s()

    def processors(self) -> float | None:
        """Return how many processors others took on average; None where it cannot be told.

        Processes that this one started count as its own once they have ended.
        """
        if self._busy_s is None:
            return None
        others_s = (busy_s() or 0.0) - self._busy_s - (own_s() - self._own_s)
        return round(max(0.0, others_s) / (time.monotonic() - self._started_s), 2)


def busy_s() -> float | None:
    """Return for how long the processors of the machine have worked, all together."""
    path = Path("/proc/stat")
    if not path.is_file():
        return None
    user, nice, system, _idle, _wait, irq, softirq = map(int, path.read_text().split()[1:8])
    return (user + nice + system + irq + softirq) / float(os.sysconf("SC_CLK_TCK"))


def own_s() -> float:
    """Return the processor time of this process and of those that it started and that ended."""
    return sum(os.times()[:4])


def leave_out_single(rows: Sequence[Case], path: Path) -> int:
    """Write the rows whose label another row has: no training takes others; return how many those are."""
    counts = Counter(row["label"] for row in rows)
    kept = [row for row in rows if counts[row["label"]] > 1]
    write_rows(path, kept)
    return len(rows) - len(kept)


def run_command(*args: object) -> Case:
    """Run a command; return its time and that of the processor."""
    started_s, before_s = time.time(), own_s()
    command = [sys.executable, "-m", "assay", *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}: {done.stderr[-2000:]}")
    return {"s": round(time.time() - started_s, 2), "processor_s": round(own_s() - before_s, 2)}


def draw_pool(name: str, root: Path, *, n_texts: int) -> dict[str, str]:
    """Return different texts of train with their labels, drawn at random."""
    train = load_data(name if name == "sample" else root / name)["train"]
    label_of = dict(zip(train.texts, train.labels, strict=True))
    texts = random.Random(0).sample(list(label_of), min(n_texts, len(label_of)))
    return {text: label_of[text] for text in texts}


def show_hour(labelled: Sequence[Case], trained: Sequence[Case]) -> str:
    """Return the steps of the latest hour of each set, with their times."""
    label_steps = {one["set"]: one for one in labelled}
    parts = []
    for name, one in {one["set"]: one for one in trained}.items():
        others = [label_steps[name]["other_processors"], one["other_processors"]]
        parts.append(_show_steps({**label_steps[name], **one, "other_processors": others}))
    return "\n\n".join(parts)


def _steps(one: Case) -> list[tuple[str, float, float]]:
    """Return what is done with its seconds: as measured, and those of the processor."""
    opens, read, train, predict = (
        one[name] for name in ("opens", "first_read", "train", "predict")
    )
    decisions_s = 60 * one["minutes_decided"]
    return [
        (f"the page opens on {one['n_texts']:,} texts", opens["s"], opens["processor_s"]),
        (
            f"the first {FIRST_READ} texts are read: from here on texts are chosen",
            read["s"] - opens["s"],
            read["processor_s"] - opens["processor_s"],
        ),
        (f"{one['n_labels']} decisions (assumed)", decisions_s, decisions_s),
        (
            f"waiting for the next text, {one['n_labels']} times",
            one["answers_s"],
            one["answers_s"],
        ),
        (f"`assay train --method {one['method']}`", train["s"], train["processor_s"]),
        (
            f"`assay predict` on the other {one['n_unseen']:,} texts",
            predict["s"],
            predict["processor_s"],
        ),
    ]


def _show_steps(one: Case) -> str:
    steps = _steps(one)
    total_s, total_processor_s = (sum(step[i] for step in steps) for i in (1, 2))
    assumed, n_accepted = one["assumed_s"], one["n_accepted"]
    lines = [
        f"{one['set']}, {one['n_classes']} labels, each command with "
        f"{count_threads(one['n_threads'])}:",
        "",
        "| step | time | time of one processor |",
        "|---|---|---|",
        *(f"| {what} | {show_time(s)} | {show_time(own_s)} |" for what, s, own_s in steps),
        f"| in all | {show_time(total_s)} | {show_time(total_processor_s)} |",
        "",
        f"Assumed are {assumed['accept']:g} s for each of the {n_accepted} decisions where the label "
        f"that was suggested is right, and {assumed['choose']:g} s for each of the other "
        f"{one['n_labels'] - n_accepted}; all else is measured. "
        f"The annotator of the measurement answers after {one['pace_s']:g} s, and "
        f"{one['n_suggested']} of these texts came with a suggestion; a person leaves the model "
        f"more time for them. The next text is there within {one['answer_p95_ms']:.0f} ms "
        f"of a key (95 % of {one['n_labels']}). {show_outcome(one)}",
    ]
    return "\n".join(lines)


def show_time(time_s: float) -> str:
    """Return a time as people say it."""
    return f"{time_s:.1f} s" if time_s < 60 else f"{time_s / 60:.1f} minutes"


def show_outcome(one: Case) -> str:
    """Return how right the model is, and on what kind of machine it was measured."""
    unseen = f"the {one['n_unseen']:,} texts that were never shown"
    sentences = [f"The model is right on {100 * one['accuracy']:.1f} % of {unseen}."]
    if one["estimate"]:
        accuracy, low, high = (100 * value for value in one["estimate"])
        sentences.append(f"The page expected {accuracy:.1f} % ({low:.1f} to {high:.1f}).")
    else:
        sentences.append("The page had no estimate to show: decisions came too fast to make one.")
    if one["n_left_out"]:
        left_out = plural(one["n_left_out"], "labelled text")
        sentences.append(f"Left out: {left_out} whose label no other has.")
    most = max((value for value in one["other_processors"] if value is not None), default=0.0)
    if most >= 0.1:
        sentences.append(
            f"Other work took up to {most:.1f} processors on average meanwhile, so that the times "
            "are longer than on a machine of one's own: there they are about those of one processor."
        )
    return " ".join(sentences)
