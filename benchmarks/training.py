"""How fast finetune trains and features are computed, against transformers.Trainer and sentence-transformers.

    python benchmarks/training.py finetune-epoch  one epoch, extrapolated from some steps of it
    python benchmarks/training.py finetune        whole trainings: seconds, accuracy on validation
    python benchmarks/training.py features        raw texts to features
    python benchmarks/training.py                 all three
    python benchmarks/training.py --threads 1     the same with one thread each
    python benchmarks/training.py --device cuda   finetune-epoch on a GPU, kept apart
    python benchmarks/training.py --smoke         a minute, without the peers' environment: does it
                                                  still run?

Every measurement is a process of its own, the contestants take turns, all compute with the same
number of threads, and what is reported are medians. Trainer runs at the notebook's batch size and
rate, assay at its defaults; the accuracy of either is in the table of whole trainings.
sentence-transformers runs in the peers' environment.

Raw samples go to benchmarks/results/training.json as they come; what is there is not measured
again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from house import (
    DATA,
    RESULTS,
    ROOT,
    Case,
    Results,
    by,
    count_threads,
    describe_machine,
    load_splits,
    log,
    n_cpus,
    run_child,
)
from peer_environment import make_peer_environment, peer_versions

CHILDREN = ROOT / "benchmarks" / "training_children.py"
PATH = RESULTS / "training.json"
TARGETS = ("finetune-epoch", "finetune", "features")
CAREFUL, NOTEBOOK = "Trainer, dynamic padding, grouped", "Trainer, as the notebook"
TUNED = "Trainer, dynamic padding, grouped, rate and epochs tuned on validation"
FULL = "assay, every layer learns"
PEER, LOOP = "sentence-transformers", "notebook's loop"
# Who takes part: the child process, and what its task holds beside what all have in common. A new
# length of text costs some milliseconds once, which some twenty steps would count for much more
# than a whole epoch does: hence 3,840 texts.
EPOCHS: dict[str, tuple[str, Case]] = {
    "matrix product": ("matrix", {}),
    "assay": ("assay_epoch", {"n_steps": 120}),
    FULL: ("assay_epoch", {"n_steps": 120, "parameters": {"frozen_layers": 0}}),
    CAREFUL: ("trainer_epoch", {"padding": "batch", "n_steps": 60}),
    NOTEBOOK: ("trainer_epoch", {"padding": "dataset", "n_steps": 20}),
}
FEATURES: dict[str, tuple[str, Case]] = {
    "matrix product": ("matrix", {}),
    "assay": ("assay_features", {"precision": "float32"}),
    "assay, int8": ("assay_features", {"precision": "int8"}),
    "assay, again": ("cached_features", {}),
    LOOP: ("notebook_features", {}),
    PEER: ("peer_features", {}),
}
# The rate and the epochs that did best on validation in benchmarks/trainer_rate.py.
TUNED_RATE, TUNED_EPOCHS = 2e-4, 3
TRAININGS: dict[str, tuple[str, Case]] = {
    "assay": ("assay_training", {}),
    FULL: ("assay_training", {"parameters": {"frozen_layers": 0}}),
    CAREFUL: ("trainer_training", {"padding": "batch"}),
    TUNED: (
        "trainer_training",
        {"padding": "batch", "learning_rate": TUNED_RATE, "n_epochs": TUNED_EPOCHS},
    ),
}
WANTED_ACCURACY = 0.928  # of validation: the notebook's, after 237 s on a T4
N_REPEATS, N_TEXTS, N_COMPARED = 5, 5000, 256
N_TRAININGS = {"assay": 3, FULL: 3, CAREFUL: 1, TUNED: 1}  # seeds; Trainer takes ten minutes each
N_SMOKE_STEPS = 4


def describe_network(folder: str) -> dict[str, int]:
    """Return the sizes that the arithmetic of an encoder hangs on."""
    config = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    return {
        name: config[name] for name in ("hidden_size", "intermediate_size", "num_hidden_layers")
    }


def needed_flops(
    network: dict[str, int], n_tokens: int, n_texts: int, *, n_frozen: int, frozen_readings: float
) -> float:
    """Return the operations of the matrix products that an epoch needs, without padding.

    Twice those of the forward pass for the way back, but for layers that are frozen, which are read
    `frozen_readings` times per epoch. The last layer needs keys and values of every token and all
    else of one token per text. Attention's own products, two in a hundred for short texts, are left
    out.
    """
    d, f = network["hidden_size"], network["intermediate_size"]
    a_layer = 4 * d * d + 2 * d * f
    learning = (network["num_hidden_layers"] - 1 - n_frozen) * a_layer * n_tokens
    last = 2 * d * d * n_tokens + (2 * d * d + 2 * d * f) * n_texts
    return 6.0 * (learning + last) + 2.0 * frozen_readings * n_frozen * a_layer * n_tokens


# --- what is measured ---


def measure_epoch(results: Results, common: Case, *, n_threads: int, repeats: int) -> None:
    """Measure steps of an epoch of assay and of Trainer's two ways: what is missing, in turns."""
    given = {
        name: common[name]
        for name in ("folder", "device", "labels", "texts", "max_tokens", "scratch")
    }
    for repeat in range(repeats):
        for system, (child, more) in EPOCHS.items():
            if common["shorter"] and system == FULL:
                continue
            case = {
                "system": system,
                "device": common["device"],
                "n_threads": n_threads,
                "repeat": repeat,
            }
            if results.has("epoch", case):
                continue
            task = {**given, **more, **common["shorter"], "do": child}
            found = run_child(
                CHILDREN, task, n_threads=n_threads, environment={"ASSAY_DEVICE": common["device"]}
            )
            results.add("epoch", case, {**found, "network": common["network"]})
            log(
                f"{repeat + 1}/{repeats} {system}, {n_threads} threads: {found.get('epoch_s', found)}"
            )


def measure_trainings(results: Results, common: Case, *, n_threads: int) -> None:
    """Train to the end, a seed after the other, in turns: what is missing."""
    names = (
        "folder",
        "device",
        "labels",
        "texts",
        "max_tokens",
        "scratch",
        "validation_texts",
        "validation_labels",
    )
    given = {name: common[name] for name in names}
    for seed in range(1 if common["shorter"] else max(N_TRAININGS.values())):
        for system, (child, more) in TRAININGS.items():
            case = {
                "system": system,
                "device": common["device"],
                "n_threads": n_threads,
                "seed": seed,
            }
            is_left_out = seed >= N_TRAININGS[system] or (common["shorter"] and system == FULL)
            if is_left_out or results.has("trainings", case):
                continue
            task = {**given, **more, "do": child, "seed": seed}
            found = run_child(
                CHILDREN, task, n_threads=n_threads, environment={"ASSAY_DEVICE": common["device"]}
            )
            results.add("trainings", case, found)
            log(
                f"{system}, seed {seed}: {found['epochs_s']} s, {found['n_right']} of {found['n_validation']} right"
            )


def measure_features(
    results: Results,
    common: Case,
    systems: list[str],
    *,
    n_threads: int,
    repeats: int,
    n_texts: int,
    n_probe: int,
) -> None:
    """Measure features of the same texts, hold them against each other, train a head on both precisions."""
    given = {name: common[name] for name in ("folder", "longest")}
    scratch = Path(common["scratch"])

    def run(system: str, n: int, out: str) -> Case:
        child, more = FEATURES[system]
        task = {
            **given,
            **more,
            "do": child,
            "device": "cpu",
            "texts": common["texts"][:n],
            "out": str(scratch / out),
        }
        python = {"python": make_peer_environment()} if system == PEER else {}
        return run_child(
            CHILDREN,
            task,
            n_threads=n_threads,
            **python,
            environment={"ASSAY_CACHE": str(scratch / "cache")},
        )

    for repeat in range(repeats):
        for system in systems:
            case = {"system": system, "n_threads": n_threads, "repeat": repeat}
            if results.has("features", case):
                continue
            # The slow one reads a quarter of the texts: they come in no order, and it pads all to
            # one length.
            found = run(system, max(64, n_texts // 4) if system == LOOP else n_texts, "timed.npy")
            results.add("features", case, found)
            log(f"{repeat + 1}/{repeats} {system}, {n_threads} threads: {found}")
    if any(not results.has("cosine", {"system": system}) for system in systems[2:]):
        run(
            "assay", max(N_COMPARED, n_texts), "assay.npy"
        )  # as many as were timed: few are read another way
        for system in systems[2:]:
            run(system, N_COMPARED, "other.npy")
            least = least_cosine(scratch / "assay.npy", scratch / "other.npy")
            results.add("cosine", {"system": system}, {"least": least, "n_texts": N_COMPARED})
    for precision in ("float32", "int8") if n_probe else ():
        if not results.has("probe", {"precision": precision}):
            task = {
                name: common[name] for name in ("folder", "validation_texts", "validation_labels")
            }
            task |= {name: common[name][:n_probe] for name in ("texts", "labels")}
            found = run_child(
                CHILDREN, {**task, "do": "probe", "precision": precision}, n_threads=n_threads
            )
            results.add("probe", {"precision": precision}, found)


def least_cosine(one: Path, other: Path) -> float:
    """Return the smallest cosine of two files' rows, as far as both go."""
    import numpy as np

    a, b = np.load(one, allow_pickle=False), np.load(other, allow_pickle=False)
    a, b = a[: len(b)].astype(np.float64), b.astype(np.float64)
    return float(((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min())


# --- the tables ---


def median_of(samples: list[Case], name: str) -> float:
    """Return the median of a value."""
    return float(statistics.median(one[name] for one in samples))


def compare_epochs(runs: dict[str, list[Case]]) -> Case:
    """Return what the goals ask: how many times faster, the share of the machine's rate, the share of memory."""
    own = runs["assay"]
    epoch_s = median_of(own, "epoch_s")
    rate = median_of(runs["matrix product"], "gflop_per_s")
    sizes = own[0]["network"], own[0]["real_tokens"], own[0]["n_texts"]
    readings = 1 / own[0]["n_epochs"] if own[0]["frozen_s"] else 1.0
    flops = needed_flops(*sizes, n_frozen=own[0]["n_frozen_layers"], frozen_readings=readings)
    least_peak = min(median_of(runs[name], "peak_bytes") for name in (CAREFUL, NOTEBOOK))
    return {
        "careful": median_of(runs[CAREFUL], "epoch_s") / epoch_s,
        "notebook": median_of(runs[NOTEBOOK], "epoch_s") / epoch_s,
        "tflop": flops / 1e12,
        "gflop_per_s": rate,
        "share": flops / epoch_s / 1e9 / rate,
        "memory": median_of(own, "peak_bytes") / least_peak,
    }


def group_epochs(content: Case) -> dict[tuple[str, int], dict[str, list[Case]]]:
    """Return the samples of each system for each device and number of threads, where all have some."""
    groups = {
        where: by(own, "system")
        for where, own in by(content.get("epoch", []), "device", "n_threads").items()
    }
    return {
        where: runs
        for where, runs in groups.items()
        if {"matrix product", "assay", CAREFUL, NOTEBOOK} <= {*runs}
    }


def summarise_epoch(runs: dict[str, list[Case]], where: str) -> str:
    """Return the table of an epoch."""
    compared = compare_epochs(runs)
    epoch_s = median_of(runs["assay"], "epoch_s")
    lines = [
        f"| an epoch of `finetune`, {where}, extrapolated | runs | s | of assay's | peak memory, MB |",
        "|---|---|---|---|---|",
    ]
    for name, samples in runs.items():
        if name == "matrix product":
            continue
        other_s = median_of(samples, "epoch_s")
        lines.append(
            f"| {name}, from {samples[0]['n_steps']} steps | {len(samples)} | {other_s:,.0f} "
            f"| {other_s / epoch_s:.2f}x | {median_of(samples, 'peak_bytes') / 1e6:,.0f} |"
        )
    return "\n".join(
        [
            *lines,
            "",
            f"assay's epoch needs {compared['tflop']:.1f} TFLOP in matrix products and does "
            f"{compared['share']:.0%} of the {compared['gflop_per_s']:,.0f} GFLOP/s that torch's product of "
            f"two squares reaches here; its process takes {compared['memory']:.2f} of the memory of "
            "Trainer's.",
        ]
    )


def summarise_trainings(content: Case) -> str:
    """Return the table of whole trainings."""
    lines = [
        "| a whole training, judged on validation after each epoch | device, threads | seeds | s | validation accuracy "
        f"| seconds to {WANTED_ACCURACY} |",
        "|---|---|---|---|---|---|",
    ]
    for (device, n_threads, system), own in by(
        content["trainings"], "device", "n_threads", "system"
    ).items():
        found = [max(one["n_right"]) / one["n_validation"] for one in own]
        span = f" ({min(found):.4f} to {max(found):.4f})" if len(found) > 1 else ""
        took_s = statistics.median(one["epochs_s"][-1] for one in own)
        lines.append(
            f"| {system} | {device}, {n_threads} | {len(own)} | {took_s:,.0f} | {statistics.mean(found):.4f}{span} "
            f"| {show_reached(own)} |"
        )
    return "\n".join(lines)


def show_reached(own: list[Case]) -> str:
    """Return when the wanted accuracy was reached, for each seed that reached it."""
    reached = [
        next(
            s
            for s, n in zip(one["epochs_s"], one["n_right"], strict=True)
            if n >= WANTED_ACCURACY * one["n_validation"]
        )
        for one in own
        if max(one["n_right"]) >= WANTED_ACCURACY * one["n_validation"]
    ]
    return (
        f"{', '.join(f'{s:.0f}' for s in reached)}; {len(reached)} of {len(own)} seeds"
        if reached
        else "not reached"
    )


def rates_of(own: list[Case]) -> dict[str, float]:
    """Return the median texts per second of each system."""
    return {
        system: statistics.median(one["n_texts"] / one["s"] for one in samples)
        for system, samples in by(own, "system").items()
        if "s" in samples[0]
    }


def summarise_features(content: Case) -> str:
    """Return the table of features."""
    cosine = {one["system"]: one["least"] for one in content.get("cosine", [])}
    lines = [
        "| features from raw text | threads | runs | texts/s | of assay's | least cosine to assay's |",
        "|---|---|---|---|---|---|",
    ]
    for n_threads, own in by(content["features"], "n_threads").items():
        rates = rates_of(own)
        for system, rate in rates.items():
            least = f"{cosine[system]:.6f}" if system in cosine else ""
            n_runs = len(by(own, "system")[system])
            lines.append(
                f"| {system} | {n_threads} | {n_runs} | {rate:,.0f} | {rate / rates['assay']:.2f} | {least} |"
            )
    if probe := {one["precision"]: one["accuracy"] for one in content.get("probe", [])}:
        lines += [
            "",
            f"A head on 8-bit features is right on {probe['int8']:.4f} of validation, on float32 features on "
            f"{probe['float32']:.4f}: {100 * (probe['float32'] - probe['int8']):.2f} points lost.",
        ]
    return "\n".join(lines)


def summarise(content: Case) -> str:
    """Return all tables."""
    parts = [
        summarise_epoch(runs, f"{device}, {count_threads(n_threads)}")
        for (device, n_threads), runs in group_epochs(content).items()
    ]
    parts += [summarise_trainings(content)] if content.get("trainings") else []
    return "\n\n".join(
        [*parts, *([summarise_features(content)] if content.get("features") else [])]
    )


def goals(content: Case) -> list[tuple[str, str, str]]:
    """Return rows: what was asked, the goal, what was measured."""
    rows = []
    for (device, n_threads), runs in group_epochs(content).items():
        found = compare_epochs(runs)
        rows.append(
            (
                f"`finetune`, an epoch, {device}, {count_threads(n_threads)}",
                ">= 2x Trainer with dynamic padding and grouping, >= 8x the notebook's (3x, 15x)",
                f"{found['careful']:.2f}x, {found['notebook']:.1f}x; {found['share']:.0%} of the machine's "
                f"{found['gflop_per_s']:,.0f} GFLOP/s",
            )
        )
        rows.append(
            (
                f"peak memory of training, {device}, {count_threads(n_threads)}",
                "<= half of Trainer's process",
                f"{found['memory']:.2f}",
            )
        )
    for (device, n_threads, system), own in by(
        content.get("trainings", []), "device", "n_threads", "system"
    ).items():
        if system not in (CAREFUL, TUNED):
            accuracy = statistics.mean(max(one["n_right"]) / one["n_validation"] for one in own)
            rows.append(
                (
                    f"`finetune` to validation {WANTED_ACCURACY}, {system}, {device}, {count_threads(n_threads)}",
                    "3 seeds, within two epochs, 330 s (237 s)",
                    f"{show_reached(own)}; mean accuracy {accuracy:.4f}",
                )
            )
    for n_threads, own in by(content.get("features", []), "n_threads").items():
        rate = rates_of(own)
        if not {*FEATURES} - {"matrix product"} <= {*rate}:
            continue
        cosine = next(one["least"] for one in content["cosine"] if one["system"] == PEER)
        rows.append(
            (
                f"`features`, {count_threads(n_threads)}",
                f">= 1.3x {PEER}, cosine >= 0.9999 (1.5x); >= 4x the notebook's loop",
                f"{rate['assay'] / rate[PEER]:.2f}x, least cosine {cosine:.6f}; "
                f"{rate['assay'] / rate[LOOP]:.1f}x",
            )
        )
        probe = {one["precision"]: one["accuracy"] for one in content["probe"]}
        rows.append(
            (
                f"`features`, int8, {count_threads(n_threads)}",
                ">= 1.6x float32, <= 0.3 points lost (2x)",
                f"{rate['assay, int8'] / rate['assay']:.2f}x, "
                f"{100 * (probe['float32'] - probe['int8']):.2f} points lost",
            )
        )
        rows.append(
            (
                f"`features` again, {count_threads(n_threads)}",
                ">= 100x",
                f"{rate['assay, again'] / rate['assay']:,.0f}x",
            )
        )
    return rows


def prepare(given: argparse.Namespace, scratch: Path) -> Case:
    """Return what all measurements have in common."""
    from assay.checkpoints.resolve import load_tokenizer, resolve_checkpoint

    splits = load_splits("sample" if given.smoke else given.data, given.root)
    checkpoint = given.checkpoint
    if given.smoke:
        sys.path.insert(0, str(ROOT / "tests"))
        from _support.checkpoints import write_checkpoint

        checkpoint = str(write_checkpoint(scratch / "tiny", "bert"))
    resolved = resolve_checkpoint(checkpoint)
    train, validation = splits["train"], splits["validation"]
    every = 3 if given.smoke else 1
    return {
        "folder": str(resolved.folder),
        "network": describe_network(str(resolved.folder)),
        "scratch": str(scratch),
        "texts": list(train.texts)[::every],
        "labels": list(train.labels)[::every],
        "validation_texts": list(validation.texts)[::every],
        "validation_labels": list(validation.labels)[::every],
        "longest": int(load_tokenizer(resolved).encode_texts(train.texts).lengths.max()),
        "max_tokens": resolved.max_tokens,
        "shorter": {"n_steps": N_SMOKE_STEPS} if given.smoke else {},
        "device": given.device,
    }


def main() -> None:
    """Measure what is missing, keep everything, print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "targets",
        nargs="*",
        metavar="TARGET",
        help=f"{' or '.join(TARGETS)}; both if none is named",
    )
    parser.add_argument("--root", type=Path, default=DATA, help="the folder with the data sets")
    parser.add_argument("--data", default="emotion")
    parser.add_argument("--checkpoint", default="minilm")
    parser.add_argument("--repeats", type=int, default=N_REPEATS)
    parser.add_argument("--texts", type=int, default=N_TEXTS, help="whose features are measured")
    parser.add_argument(
        "--threads", type=int, default=n_cpus(), help="compute threads of all; default: every CPU"
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda, of finetune-epoch")
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    targets = given.targets or [*TARGETS]
    if unknown := {*targets} - {*TARGETS}:
        parser.error(
            f"unknown target {', '.join(sorted(unknown))}; {' and '.join(TARGETS)} are accepted"
        )
    systems = [*FEATURES][
        : 2 if given.smoke else None
    ]  # neither the peers' environment nor a minute of processes
    peers = {"peers": peer_versions()} if "features" in targets and not given.smoke else {}
    results = Results(None if given.smoke else PATH, describe_machine(**peers))
    turns = {"n_threads": given.threads, "repeats": 1 if given.smoke else given.repeats}
    with TemporaryDirectory() as name:
        common = prepare(given, Path(name))
        if "finetune-epoch" in targets:
            measure_epoch(results, common, **turns)
        if "finetune" in targets:
            measure_trainings(results, common, n_threads=given.threads)
        if "features" in targets and given.device == "cpu":
            n_probe = 0 if given.smoke else len(common["texts"])
            n_texts = 128 if given.smoke else given.texts
            measure_features(results, common, systems, **turns, n_texts=n_texts, n_probe=n_probe)
    print(summarise(results.content))


if __name__ == "__main__":
    main()
