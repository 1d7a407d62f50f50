"""Several labels per text: methods beside their peers, a whole run, flipped labels that are found.

    python benchmarks/several.py                      everything that is missing: hours
    python benchmarks/several.py --only linear scikit-learn
    python benchmarks/several.py --only planted

Each measurement is a process of its own. Methods and peers learn from train of GoEmotions; epochs,
C, calibration and thresholds come from validation; test is scored once and chooses nothing. Peers
get thresholds as assay chooses its own, which are better than the 0.5 that they use.

Raw samples go to benchmarks/results/several.json as they come; what is there is not measured again.
Models stay in --keep, where an interrupted training of `finetune` is resumed. The peers' own
environment is made on first use: see peer_environment.py.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from house import (
    DATA,
    RESULTS,
    ROOT,
    Case,
    Results,
    by,
    describe_machine,
    log,
    run_child,
    write_rows,
)
from peer_environment import ENVIRONMENT, make_peer_environment, peer_versions

PATH = RESULTS / "several.json"
DATA_SET = "goemotions"
METHODS = ("linear", "compact", "features", "finetune")
TFIDF = "scikit-learn"
PEERS = ("model2vec", "setfit")
KINDS = ("given", "entries")
SEEDS = (0, 1, 2)
PLANTED_TEXTS = 10_000
WORKS = (TFIDF, *METHODS, *PEERS, "run", "planted")
LABELS = {
    **{name: f"assay `{name}`" for name in METHODS},
    TFIDF: "scikit-learn, the TF-IDF of `linear` + logistic regression",
    "model2vec": "model2vec, distilled from minilm, trained",
    "setfit": "SetFit, minilm, 16 texts per label",
}
GAINS = {"f1_macro": "macro F1", "f1_micro": "micro F1"}
BERT_BASE = 0.46  # macro F1 on test in the paper of the data (Demszky et al., 2020)
CHILD = Path(__file__).with_name("several_child.py")
PEER_CHILD = Path(__file__).with_name("several_peers.py")


def measure(work: str, results: Results, given: argparse.Namespace) -> None:
    """Do all measurements of one work that are missing."""
    if work == "planted":
        for kind in KINDS:
            for seed in SEEDS:
                case = {"data": DATA_SET, "kind": kind, "seed": seed, "n_texts": PLANTED_TEXTS}
                add(results, "planted", case, {"work": "planted"}, given)
        return
    case = {"data": DATA_SET, "threads": given.threads}
    if work == "run":
        add(results, "runs", case, {"work": "run", "out": str(given.keep / "run")}, given)
    elif work in METHODS:
        out = str(given.keep / work)
        add(results, "fits", {**case, "method": work}, {"work": "train", "out": out}, given)
    elif work == TFIDF:
        add(results, "fits", {**case, "method": work}, {"work": TFIDF}, given)
    elif not results.has("fits", {**case, "method": work}):
        results.add("fits", {**case, "method": work}, fit_other(work, given))
        log(work)


def add(results: Results, part: str, case: Case, task: Case, given: argparse.Namespace) -> None:
    """Measure a case in a process of its own, unless it is there."""
    if results.has(part, case):
        return
    task = {**case, **task, "data": str(given.data / DATA_SET)}
    found = run_child(CHILD, task, n_threads=given.threads)
    results.add(part, case, found)
    log(json.dumps({**case, **found}))


def fit_other(peer: str, given: argparse.Namespace) -> Case:
    """Fit a peer in its own environment, and score what it wrote in ours."""
    with tempfile.TemporaryDirectory() as folder:
        write_texts(given.data / DATA_SET, Path(folder))
        task = {"peer": peer, "texts": folder, **base_model(peer, given)}
        python = make_peer_environment()
        fitted = run_child(PEER_CHILD, task, python=python, n_threads=given.threads)
        task = {"work": "score", "scores": folder, "data": str(given.data / DATA_SET)}
        return {**run_child(CHILD, task, n_threads=given.threads), **fitted}


def write_texts(data: Path, folder: Path) -> None:
    """Write what a peer may see: labels of train and validation, and texts alone of test."""
    from assay.data import load_data

    splits = load_data(data)
    for name in ("train", "validation", "test"):
        rows: list[Case] = [{"text": text} for text in splits[name].texts]
        if name != "test":
            for row, labels in zip(rows, splits[name].labels, strict=True):
                row["labels"] = list(labels)
        write_rows(folder / f"{name}.jsonl", rows)
    (folder / "labels.json").write_text(json.dumps(list(splits.label_set)), encoding="utf-8")


def base_model(peer: str, given: argparse.Namespace) -> Case:
    """Return where the peer's base model is; distil model2vec's on first use."""
    from assay.checkpoints.resolve import resolve_checkpoint

    checkpoint = str(resolve_checkpoint("minilm").folder)
    if peer == "setfit":
        return {"checkpoint": checkpoint}
    static = ENVIRONMENT / "model2vec-minilm"
    if not (static / "config.json").exists():
        task = {"peer": "distil", "checkpoint": checkpoint, "out": str(static)}
        script = Path(__file__).with_name("peers_child.py")
        run_child(script, task, python=make_peer_environment(), n_threads=given.threads)
    return {"static_model": str(static)}


def summarise(content: Case) -> str:
    """Return the tables of what was measured so far."""
    lines = [
        "| what | macro F1 on test | micro F1 | average precision | calibration error | fit, s "
        "| processor, s |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    fits = {one["method"]: one for one in content.get("fits", [])}
    lines += [show_fit(name, fits[name]) for name in LABELS if name in fits]
    lines += ["", "The seconds of a fit are wall clock, which other work on the machine lengthens."]
    for one in content.get("runs", []):
        lines += [
            "",
            f"A whole `assay run` without `finetune`: {one['total_s'] / 60:.1f} minutes, "
            f"{one['cpu_s'] / 60:.1f} of them on a processor; it recommends `{one['recommended']}`.",
        ]
    planted = content.get("planted", [])
    if planted:
        lines += ["", show_planted(planted)]
    return "\n".join(lines)


def show_fit(name: str, one: Case) -> str:
    """Return the row of a method or peer."""
    test = one["test"]
    cells = []
    for metric in GAINS:
        low, high = test["intervals"][metric]
        cells.append(f"{test[metric]:.3f} ({low:.3f} to {high:.3f})")
    seconds = f"{one['fit_s']:.0f} | {one['cpu_s']:.0f}"
    if one.get("is_resumed"):
        seconds = "resumed | "
    return (
        f"| {LABELS[name]} | {' | '.join(cells)} | {test['average_precision']:.3f} "
        f"| {test['ece']:.4f} | {seconds} |"
    )


def show_planted(entries: list[Case]) -> str:
    """Return the share of the flipped among the first suspects, mean and range over the seeds."""
    lines = [
        "| flipped, of the labels of 10,000 texts | how many | found by assay | by cleanlab "
        "| in all of assay's suspects |",
        "|---|---:|---|---|---|",
    ]
    named = {
        "given": "5 % of the given labels, half taken away and half added",
        "entries": "5 % of all pairs of text and label",
    }
    for kind, own in by(entries, "kind").items():
        shares = [
            spread([one["found"][name] / one["n_flipped"] for one in own])
            for name in ("assay", "cleanlab")
        ]
        recall = spread([one["found_of_all_suspects"] / one["n_flipped"] for one in own])
        suspects = statistics.mean(one["n_suspects"] for one in own)
        flipped = statistics.mean(one["n_flipped"] for one in own)
        lines.append(
            f"| {named[kind]} | {flipped:,.0f} | {' | '.join(shares)} | {recall} of {suspects:,.0f} |"
        )
    return "\n".join(lines)


def spread(values: list[float]) -> str:
    """Return the mean, with the range where there are several."""
    mean = f"{statistics.mean(values):.3f}"
    if len(values) == 1:
        return mean
    return f"{mean} ({min(values):.3f} to {max(values):.3f})"


def goals(content: Case) -> list[tuple[str, str, str]]:
    """Return rows: what was asked, the goal, what was measured."""
    fits = {one["method"]: one for one in content.get("fits", [])}
    rows = []

    def test(name: str, metric: str = "f1_macro") -> float:
        return float(fits[name]["test"][metric])

    if {"linear", TFIDF} <= {*fits}:
        # Of whole processes, in which both choose C: other work changes that less than a clock.
        ratio = fits["linear"]["cpu_s"] / fits[TFIDF]["cpu_s"]
        what = "test macro F1 no worse than scikit-learn on the same TF-IDF, <= 1.5x its time"
        found = f"{test('linear'):.3f} beside {test(TFIDF):.3f}, {ratio:.2f}x its processor time"
        rows.append((f"`linear` on {DATA_SET}", what, found))
    if {"linear", "compact"} <= {*fits}:
        pairs = [
            f"{name} {test('compact', metric):.3f} beside {test('linear', metric):.3f}"
            for metric, name in GAINS.items()
        ]
        what = "better than `linear` on macro or micro F1"
        rows.append((f"`compact` on {DATA_SET}", what, "; ".join(pairs)))
    if "finetune" in fits:
        what = f"test macro F1 >= {BERT_BASE} (0.50)"
        rows.append((f"`finetune` on {DATA_SET}, minilm", what, f"{test('finetune'):.3f}"))
    peers = [name for name in PEERS if name in fits]
    if "features" in fits and peers:
        beside = ", ".join(f"{name} {test(name):.3f}" for name in peers)
        what = "test macro F1 beside model2vec and SetFit (better than both)"
        rows.append((f"`features` on {DATA_SET}", what, f"{test('features'):.3f}; {beside}"))
    errors = [f"`{name}` {test(name, 'ece'):.4f}" for name in METHODS if name in fits]
    if errors:
        what = f"calibration error per label on {DATA_SET}, mean, test"
        rows.append((what, "<= 0.01", ", ".join(errors)))
    for one in content.get("runs", []):
        what = f"`assay run {DATA_SET}` without `finetune`"
        measured = f"{one['total_s'] / 60:.1f} minutes, {one['cpu_s'] / 60:.1f} on a processor"
        rows.append((what, "<= 5 minutes", measured))
    return rows


def main() -> None:
    """Measure what is missing, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--keep", type=Path, default=ROOT / "runs" / "several")
    parser.add_argument("--out", type=Path, default=PATH)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=WORKS, default=WORKS)
    given = parser.parse_args()
    given.keep.mkdir(parents=True, exist_ok=True)
    peers: dict[str, Any] = {}
    if set(PEERS) & set(given.only):
        peers = {"peers": peer_versions()}
    results = Results(given.out, describe_machine(**peers))
    for work in given.only:
        measure(work, results, given)
    sys.stdout.write(summarise(results.content) + "\n")


if __name__ == "__main__":
    main()
