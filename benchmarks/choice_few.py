"""A part of `benchmarks/choice.py`: a few texts per label, `features` beside SetFit."""

from __future__ import annotations

import statistics
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from choice_data import load_drawn
from house import Case, by, run_child, write_labelled

__all__ = ["measure_few", "show_few"]

HERE = Path(__file__).parent
N_THREADS = 2
# Pairs per text and kind, as in the paper of SetFit (Tunstall et al., 2022, arXiv:2209.11055)
N_ITERATIONS = 20
TUNED, TUNED_EPOCHS = "assay, tuned", 4
# Small sets are read more often than that: see `MIN_STEPS` of assay's tuned_encoder
NAMES = {"assay": "assay `features`", TUNED: f"assay `features`, `--tuned-epochs {TUNED_EPOCHS}`"}


def measure_few(case: Case, root: Path) -> Case:
    """Draw as many texts of each label, fit on them, and score on test."""
    splits = load_drawn(case["data"], root)
    train = draw_per_label(splits["train"], case["n_per_label"], seed=case["seed"])
    with TemporaryDirectory() as folder:
        task = {
            "train": write_labelled(Path(folder) / "train.jsonl", train),
            "validation": write_labelled(Path(folder) / "test.jsonl", splits["test"]),
            "checkpoint": case["checkpoint"],
            "seed": case["seed"],
            "tuned_epochs": TUNED_EPOCHS if case["tool"] == TUNED else 0,
            "out": f"{folder}/model",
        }
        if case["tool"] in NAMES:
            found = run_child(HERE / "choice_few_child.py", task, n_threads=N_THREADS)
        else:
            found = _fit_setfit(task, n_per_label=case["n_per_label"])
    kept = ("n_train", "n_validation", "n_right", "fit_s", "fit_cpu_s", "predict_s")
    return {name: found[name] for name in kept if name in found}


def draw_per_label(labelled: Any, n_per_label: int, *, seed: int) -> Any:
    """Draw the same number of texts of each label at random."""
    labels = np.array(labelled.labels)
    order = np.random.default_rng(seed).permutation(len(labels))
    rows: list[int] = []
    for label in np.unique(labels):
        rows += order[labels[order] == label][:n_per_label].tolist()
    return labelled.take(sorted(rows))


def _fit_setfit(task: Case, *, n_per_label: int) -> Case:
    from peer_environment import make_peer_environment

    from assay.checkpoints.resolve import resolve_checkpoint

    settings = {"n_a_class": n_per_label, "num_iterations": N_ITERATIONS}
    own = {"peer": "setfit", "settings": settings}
    own["checkpoint"] = str(resolve_checkpoint(task["checkpoint"]).folder)
    python = make_peer_environment()
    return run_child(HERE / "peers_child.py", {**task, **own}, python=python, n_threads=N_THREADS)


def show_few(entries: list[Case]) -> str:
    """Return the table: mean accuracy on test with its range, and medians of the seconds.

    Seconds of the processor are comparable also where other work ran beside; SetFit has none.
    """
    lines = [
        "| data | encoder | texts per label | tool | draws | test accuracy | seconds to fit | of the processor |",
        "|---|---|---|---|---|---|---|---|",
    ]
    groups = by(entries, "data", "checkpoint", "n_per_label", "tool")
    for (data, checkpoint, n_per_label, tool), own in groups.items():
        accuracy = [one["n_right"] / one["n_validation"] for one in own]
        spread = f"{statistics.mean(accuracy):.3f} ({min(accuracy):.3f} to {max(accuracy):.3f})"
        fit_s = statistics.median(one["fit_s"] for one in own)
        name = NAMES.get(tool, "SetFit")
        cells = [data, f"`{checkpoint}`", str(n_per_label), name, str(len(own)), spread]
        cpu = [one["fit_cpu_s"] for one in own if "fit_cpu_s" in one]
        cpu_s = f"{statistics.median(cpu):.1f}" if cpu else "–"
        lines.append(f"| {' | '.join(cells)} | {fit_s:.1f} | {cpu_s} |")
    return "\n".join(lines)
