"""Which learning rate does transformers.Trainer want? Tuned on validation, as a careful user would.

    python benchmarks/trainer_rate.py --device cuda  every rate, seed and number of epochs
    python benchmarks/trainer_rate.py                the same on the CPU: hours
    python benchmarks/trainer_rate.py --folder DIR   another copy of the checkpoint

A peer whose rate was never tuned is no fair peer. All settings but the rate and the number of
epochs are those of the row "Trainer, dynamic padding, grouped" in benchmarks/training.py; the
products are in float32 on every device, so that the accuracy does not depend on the device but for
rounding. Validation accuracy is of the last epoch. Test is not read.

Raw samples go to benchmarks/results/trainer_rate.json as they come; a case that is there is not
measured again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from house import DATA, RESULTS, Case, Results, by, describe_machine, log
from training_children import make_rows, make_trainer

PATH = RESULTS / "trainer_rate.json"
RATES = (2e-5, 5e-5, 1e-4, 2e-4, 3e-4)
SEEDS = (0, 1, 2)
EPOCHS = (2, 3)
MAX_TOKENS = 128


def read_lines(path: Path) -> tuple[list[str], list[str]]:
    """Read `text;label` lines; the script runs where assay's own reader may not be installed."""
    texts, labels = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            text, _, label = line.rpartition(";")
            texts.append(text)
            labels.append(label)
    return texts, labels


def find_minilm() -> str:
    """Return the folder of assay's own checkpoint."""
    from assay.checkpoints.resolve import resolve_checkpoint

    return str(resolve_checkpoint("minilm").folder)


def train_once(plan: Case, data: Path, *, n_epochs: int) -> dict[str, Any]:
    """Train Trainer to its end; return how many validation texts it is right on, and the seconds."""
    import numpy as np

    texts, labels = read_lines(data / "train.txt")
    held_out = read_lines(data / "val.txt")
    names = sorted(set(labels))
    tokenizer, encode = make_rows(plan, names)
    trainer = make_trainer(
        plan, tokenizer, encode(texts, labels), len(names), num_train_epochs=n_epochs
    )
    started_s = time.perf_counter()
    trainer.train()
    fit_s = time.perf_counter() - started_s
    found = trainer.predict(encode(*held_out))
    n_right = int((np.argmax(found.predictions, axis=-1) == found.label_ids).sum())
    return {"n_right": n_right, "n_validation": len(held_out[0]), "fit_s": round(fit_s, 2)}


def summarise(content: Case) -> str:
    """Return the table: mean accuracy per rate and number of epochs."""
    lines = [
        "| Trainer, dynamic padding, grouped, batches of 64: rate | epochs | seeds "
        "| validation accuracy | device |",
        "|---|---|---|---|---|",
    ]
    groups = by(content.get("trainings", []), "learning_rate", "n_epochs", "device")
    for (rate, n_epochs, device), own in sorted(groups.items()):
        found = [one["n_right"] / one["n_validation"] for one in own]
        span = f"{statistics.mean(found):.4f} ({min(found):.4f} to {max(found):.4f})"
        lines.append(f"| {rate:g} | {n_epochs} | {len(own)} | {span} | {device} |")
    return "\n".join(lines)


def main() -> None:
    """Measure what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--folder", help="folder of the checkpoint; assay's minilm if not given")
    parser.add_argument("--data", type=Path, default=DATA / "emotion")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=PATH)
    given = parser.parse_args()
    folder = given.folder or find_minilm()
    import torch

    name = torch.cuda.get_device_name() if given.device == "cuda" else "CPU"
    results = Results(
        given.out, describe_machine(("torch", "transformers", "accelerate"), accelerator=name)
    )
    for n_epochs in EPOCHS:
        for rate in RATES:
            for seed in SEEDS:
                case = {
                    "learning_rate": rate,
                    "n_epochs": n_epochs,
                    "seed": seed,
                    "device": given.device,
                }
                if results.has("trainings", case):
                    continue
                with TemporaryDirectory() as scratch:
                    plan = {
                        **case,
                        "folder": folder,
                        "padding": "batch",
                        "max_tokens": MAX_TOKENS,
                        "n_threads": given.threads,
                        "scratch": scratch,
                        "bf16": False,
                    }
                    found = train_once(plan, given.data, n_epochs=n_epochs)
                results.add("trainings", case, found)
                log(json.dumps({**case, **found}))
    sys.stdout.write(summarise(results.content) + "\n")


if __name__ == "__main__":
    main()
