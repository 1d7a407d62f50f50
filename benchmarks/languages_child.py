"""One measurement of languages.py in a fresh process: a training, a copy, a first label, throughput.

The task comes as JSON on stdin; what was measured goes to stdout as the last line.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from house import Case, folder_bytes

ROUNDS = 5
THROUGHPUT_TEXTS = 512


def train_once(data: Path, method: str, out: Path) -> dict[str, Any]:
    """Train and save one model; return its scores and sizes. Runs in a process of its own."""
    from assay.methods import METHODS as TABLE
    from assay.recipes.train import train_model

    parameters = {"checkpoint": "e5"} if TABLE[method].needs_checkpoint else {}
    started_s = time.perf_counter()
    result = train_model(data, out, method=method, parameters=parameters, overwrite=True)
    total_s = time.perf_counter() - started_s
    manifest = json.loads((out / "assay.json").read_text(encoding="utf-8"))
    scores = {
        f"{split}_{metric}": result[split][metric]
        for split in ("validation", "test")
        for metric in ("accuracy", "f1_macro", "n_texts")
    }
    return {
        **scores,
        "fit_s": result["fit_s"],
        "total_s": round(total_s, 2),
        "folder_bytes": folder_bytes(out),
        "vocabulary": manifest.get("vocabulary", {}),
    }


def export_once(model: Path, data: Path, out: Path) -> dict[str, Any]:
    """Write the 8-bit copy of a model; return what it costs on test."""
    from assay.data.load import load_data
    from assay.recipes.export import ParityLimits, export_model

    found = export_model(
        model,
        out,
        export_format="onnx-int8",
        data=load_data(data),
        limits=ParityLimits(max_accuracy_loss=1.0),
        overwrite=True,
    )
    return {
        "n_texts": found.n_texts,
        "accuracy_before": found.accuracy_before,
        "accuracy_after": found.accuracy_after,
        "changed": found.changed,
        "folder_bytes": folder_bytes(out),
    }


def measure_throughput(texts: Sequence[str], *, n_threads: int) -> dict[str, Any]:
    """Read texts with assay and with sentence-transformers, in turn, with the same weights."""
    import numpy as np
    import torch
    from sentence_transformers import SentenceTransformer, models

    from assay.checkpoints.frozen import FrozenEncoder
    from assay.checkpoints.resolve import resolve_checkpoint

    torch.set_num_threads(n_threads)
    checkpoint = resolve_checkpoint("e5")
    transformer = models.Transformer(str(checkpoint.folder), max_seq_length=checkpoint.max_tokens)
    pooling = models.Pooling(checkpoint.hidden_size, pooling_mode="mean")
    theirs = SentenceTransformer(modules=[transformer, pooling], device="cpu")
    ours = FrozenEncoder(checkpoint)
    readers = {"assay": ours.transform, "sentence_transformers": theirs.encode}
    vectors = {name: np.asarray(read(list(texts[:32]))) for name, read in readers.items()}
    rates: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(ROUNDS):
        for name, read in readers.items():
            started_s = time.perf_counter()
            read(list(texts))
            rates[name].append(len(texts) / (time.perf_counter() - started_s))
    pairs = zip(rates["assay"], rates["sentence_transformers"], strict=True)
    return {
        "n_texts": len(texts),
        "texts_per_s": {name: [round(rate, 1) for rate in own] for name, own in rates.items()},
        "ratio": round(statistics.median(own / other for own, other in pairs), 3),
        "max_difference": float(np.abs(vectors["assay"] - vectors["sentence_transformers"]).max()),
    }


def first_label(model: Path, started_s: float) -> dict[str, Any]:
    """Load a model and label one text; count from the start of the process."""
    from assay import load_model

    load_model(model).predict(["오늘 날씨가 정말 좋네요"])
    return {"first_label_s": round(time.time() - started_s, 3)}


def measure(task: Case) -> dict[str, Any]:
    """Do what the task says."""
    if task["work"] == "train":
        return train_once(Path(task["data"]), task["method"], Path(task["out"]))
    if task["work"] == "export":
        return export_once(Path(task["model"]), Path(task["data"]), Path(task["out"]))
    if task["work"] == "first label":
        return first_label(Path(task["model"]), task["started_s"])
    from assay.data.load import load_data

    texts = load_data(task["data"])["train"].texts[:THROUGHPUT_TEXTS]
    return measure_throughput(texts, n_threads=task["n_threads"])


if __name__ == "__main__":
    found = measure(json.load(sys.stdin))
    sys.stdout.write("\n" + json.dumps(found) + "\n")
