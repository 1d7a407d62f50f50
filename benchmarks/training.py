"""How fast finetune trains and features are computed, against transformers.Trainer and sentence-transformers.

    python benchmarks/training.py finetune-epoch          an epoch, extrapolated from some steps of it
    python benchmarks/training.py features                raw texts to features
    python benchmarks/training.py                         both
    python benchmarks/training.py --smoke                 a minute: does the script still run?

Every measurement is a process of its own, the contestants take turns, all compute with the same number of threads, and
what is reported are medians. sentence-transformers takes part where `--peers PYTHON` names an interpreter that has it.
Raw samples stay in benchmarks/results/training-TARGET.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from methods import describe_machine

ROOT = Path(__file__).resolve().parent.parent
CHILDREN = Path(__file__).resolve().with_name("training_children.py")
RESULTS = ROOT / "benchmarks" / "results"
MAX_COSINE_LOSS = 1e-4
Samples = dict[str, list[dict[str, Any]]]


def run_child(name: str, plan: dict[str, Any], *, python: str = sys.executable) -> dict[str, Any]:
    """Run one measurement in a fresh process; its whole time comes with it."""
    path = Path(plan["scratch"]) / "plan.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    n = str(plan["n_threads"])
    environment = {**os.environ, "OMP_NUM_THREADS": n, "MKL_NUM_THREADS": n, "ASSAY_THREADS": n,  # noqa: TID251
                   "HF_HUB_OFFLINE": "1", "ASSAY_DEVICE": plan["device"], "TOKENIZERS_PARALLELISM": "true",
                   "ASSAY_CACHE": str(Path(plan["scratch"]) / "cache")}  # fmt: skip
    started_s = time.perf_counter()
    command = [python, str(CHILDREN), name, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(f"{name} failed: {done.stderr[-3000:]}")
    return {**json.loads(done.stdout.splitlines()[-1]), "process_s": time.perf_counter() - started_s}


def take_turns(contestants: dict[str, tuple[str, dict[str, Any], str]], repeats: int) -> Samples:
    """Let the contestants take turns; return every sample of each."""
    samples: Samples = {name: [] for name in contestants}
    for i in range(repeats):
        for name, (child, plan, python) in contestants.items():
            samples[name].append(run_child(child, plan, python=python))
            print(f"{i + 1}/{repeats} {name}: {samples[name][-1]}", file=sys.stderr)
    return samples


def describe_network(folder: str) -> dict[str, int]:
    """Return the sizes that the arithmetic of an encoder hangs on."""
    config = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    return {name: config[name] for name in ("hidden_size", "intermediate_size", "num_hidden_layers")}


def needed_flops(network: dict[str, int], n_tokens: int, n_texts: int) -> float:
    """Return the operations of the matrix products that an epoch needs: twice forward for the way back, no padding.

    The last layer needs keys and values of every token and all else of one token a text. Attention's own products,
    two in a hundred for short texts, are left out.
    """
    d, f = network["hidden_size"], network["intermediate_size"]
    a_layer = 4 * d * d + 2 * d * f
    whole = (network["num_hidden_layers"] - 1) * a_layer * n_tokens
    return 6.0 * (whole + 2 * d * d * n_tokens + (2 * d * d + 2 * d * f) * n_texts)


# --- what is measured ---


def measure_epoch(plan: dict[str, Any], repeats: int, parameters: dict[str, Any]) -> dict[str, Any]:
    """Measure steps of an epoch of assay and of Trainer's two ways."""
    own = {**plan, "parameters": parameters}
    contestants = {
        "matrix product": ("matrix", plan, sys.executable),
        "assay": ("assay_epoch", own, sys.executable),
        "Trainer, dynamic padding, grouped": ("trainer_epoch", {**plan, "padding": "batch"}, sys.executable),
        "Trainer, as the notebook": ("trainer_epoch", {**plan, "padding": "dataset"}, sys.executable),
    }
    return {"samples": take_turns(contestants, repeats), "network": describe_network(plan["folder"])}


def measure_features(plan: dict[str, Any], repeats: int, peers: str | None, n_probe: int) -> dict[str, Any]:
    """Measure features of the same texts; hold them against each other; train a head on both precisions."""
    scratch = Path(plan["scratch"])
    small = {**plan, "texts": plan["texts"][: max(64, len(plan["texts"]) // 4)]}  # of the slow one

    def task(child: str, python: str = sys.executable, **more: Any) -> tuple[str, dict[str, Any], str]:
        base = small if child == "notebook_features" else plan
        return child, {**base, **more}, python

    contestants = {
        "matrix product": task("matrix"),
        "assay": task("assay_features", precision="float32", out=str(scratch / "assay.npy")),
        "assay, int8": task("assay_features", precision="int8", out=str(scratch / "int8.npy")),
        "assay, again": task("cached_features", out=str(scratch / "again.npy")),
        "notebook's loop": task("notebook_features", out=str(scratch / "notebook.npy")),
    }
    if peers is not None:
        contestants["sentence-transformers"] = task("peer_features", peers, out=str(scratch / "peer.npy"))
    samples = take_turns(contestants, repeats)
    cosines = {name: least_cosine(scratch / "assay.npy", scratch / f"{name}.npy")
               for name in ("int8", "again", "notebook", "peer") if (scratch / f"{name}.npy").is_file()}  # fmt: skip
    probe = {**plan, "texts": plan["all_texts"][:n_probe], "labels": plan["labels"][:n_probe]}
    accuracy = {one: run_child("probe", {**probe, "precision": one})["accuracy"] for one in ("float32", "int8")}
    return {"samples": samples, "least_cosine": cosines, "probe_accuracy": accuracy}


def least_cosine(one: Path, other: Path) -> float:
    """Return the smallest cosine of two files' rows, as far as both go."""
    import numpy as np

    a, b = np.load(one, allow_pickle=False), np.load(other, allow_pickle=False)
    a, b = a[: len(b)].astype(np.float64), b.astype(np.float64)
    return float(((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min())


# --- the tables ---


def median_of(samples: list[dict[str, Any]], name: str) -> float:
    """Return the median of a value."""
    return statistics.median(one[name] for one in samples)


def summarise_epoch(content: dict[str, Any]) -> str:
    """Return the table of an epoch."""
    runs = content["samples"]
    own, careful, notebook = (runs[name] for name in list(runs)[1:4])
    epoch_s = median_of(own, "epoch_s")
    rate = median_of(runs["matrix product"], "gflop_per_s")
    flops = needed_flops(content["network"], own[0]["real_tokens"], own[0]["n_texts"])
    goals = {"Trainer, dynamic padding, grouped": ">= 2x", "Trainer, as the notebook": ">= 8x"}
    lines = ["| an epoch, extrapolated | s | assay is faster by | goal | peak memory, MB |", "|---|---|---|---|---|"]
    for name, samples in list(runs.items())[1:]:
        other_s = median_of(samples, "epoch_s")
        n_steps = samples[0]["n_steps"]
        faster = "" if name == "assay" else f"{other_s / epoch_s:.2f}x"
        memory = median_of(samples, "peak_bytes") / 1e6
        lines.append(
            f"| {name}, from {n_steps} steps | {other_s:,.0f} | {faster} | {goals.get(name, '')} | {memory:,.0f} |"
        )
    share = flops / epoch_s / 1e9 / rate
    memory = median_of(own, "peak_bytes") / min(median_of(careful, "peak_bytes"), median_of(notebook, "peak_bytes"))
    return "\n".join([*lines, "", f"assay's epoch needs {flops / 1e12:.1f} TFLOP in matrix products and does "
                      f"{share:.0%} of the {rate:,.0f} GFLOP/s that torch's product of two squares reaches here; "
                      f"its process takes {memory:.2f} of the memory of Trainer's (goal: half)."])  # fmt: skip


def summarise_features(content: dict[str, Any]) -> str:
    """Return the table of features."""
    runs = content["samples"]
    rate = {name: statistics.median(one["n_texts"] / one["s"] for one in samples)
            for name, samples in runs.items() if "s" in samples[0]}  # fmt: skip
    goals = {"assay, int8": ">= 1.6x assay", "assay, again": ">= 100x assay", "notebook's loop": "<= 1/4 of assay",
             "sentence-transformers": "<= 1/1.3 of assay"}  # fmt: skip
    cosine = {"assay, int8": "int8", "assay, again": "again", "notebook's loop": "notebook",
              "sentence-transformers": "peer"}  # fmt: skip
    lines = [
        "| features from raw text | texts/s | of assay's | goal | least cosine to assay's |",
        "|---|---|---|---|---|",
    ]
    for name, value in rate.items():
        least = content["least_cosine"].get(cosine.get(name, ""))
        lines.append(
            f"| {name} | {value:,.0f} | {value / rate['assay']:.2f} | {goals.get(name, '')} | "
            f"{'' if least is None else f'{least:.6f}'} |"
        )
    probe = content["probe_accuracy"]
    lost = 100 * (probe["float32"] - probe["int8"])
    return "\n".join([*lines, "", f"A head on 8-bit features is right on {probe['int8']:.4f} of validation, on float32 "
                      f"features on {probe['float32']:.4f}: {lost:.2f} points lost (goal: at most 0.3)."])  # fmt: skip


def prepare(given: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """Return what all measurements have in common."""
    import assay
    from assay.features.checkpoint import load_tokenizer, resolve_checkpoint

    splits = assay.load_data("sample" if given.smoke else given.data)
    checkpoint = given.checkpoint
    if given.smoke:
        sys.path.insert(0, str(ROOT / "tests"))
        from checkpoints import write_checkpoint

        checkpoint = str(write_checkpoint(scratch / "tiny", "bert"))
    resolved = resolve_checkpoint(checkpoint)
    train, validation = splits["train"], splits["validation"]
    tokens = load_tokenizer(resolved).encode_texts(train.texts).lengths
    return {
        "folder": str(resolved.folder),
        "scratch": str(scratch),
        "texts": list(train.texts),
        "all_texts": list(train.texts),
        "labels": list(train.labels),
        "validation_texts": list(validation.texts),
        "validation_labels": list(validation.labels),
        "longest": int(tokens.max()),
        "max_tokens": resolved.max_tokens,
        "n_steps": 4 if given.smoke else given.steps,
        "n_threads": given.threads or describe_machine()["n_cpus"],
        "device": given.device,
    }


def main() -> None:
    """Measure the targets, keep the samples, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", help="finetune-epoch, features; both where none is named")
    parser.add_argument("--data", default=str(ROOT.parent / "shared" / "data" / "emotion"))
    parser.add_argument("--checkpoint", default="minilm")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20, help="of an epoch, in each measurement")
    parser.add_argument("--texts", type=int, default=2000, help="whose features are measured")
    parser.add_argument("--threads", type=int, help="compute threads of all; every CPU where none is given")
    parser.add_argument("--device", default="cpu", help="cpu or cuda, of finetune-epoch")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help="a parameter of Finetune")
    parser.add_argument("--peers", help="a Python that has sentence-transformers")
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    targets = given.targets or ["finetune-epoch", "features"]
    if unknown := set(targets) - {"finetune-epoch", "features"}:
        parser.error(f"unknown target {', '.join(sorted(unknown))}; finetune-epoch and features are accepted")
    parameters = {name: json.loads(value) for name, _, value in (one.partition("=") for one in given.set)}
    repeats = 1 if given.smoke else given.repeats
    for target in targets:
        with TemporaryDirectory() as name:
            plan = prepare(given, Path(name))
            if target == "features":
                plan["texts"] = plan["texts"][: 128 if given.smoke else given.texts]
                found = measure_features(plan, repeats, given.peers, 200 if given.smoke else len(plan["all_texts"]))
            else:
                found = measure_epoch(plan, repeats, parameters)
        content = {
            "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": {**describe_machine(), "n_threads": plan["n_threads"], "device": plan["device"]},
            "data": given.data,
            "parameters": parameters,
            **found,
        }
        if not given.smoke:
            RESULTS.mkdir(exist_ok=True)
            suffix = "" if given.device == "cpu" else f"-{given.device}"
            path = RESULTS / f"training-{target}{suffix}.json"
            path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        print((summarise_features if target == "features" else summarise_epoch)(content), flush=True)


if __name__ == "__main__":
    main()
