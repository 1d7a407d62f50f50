"""What the child processes of several.py do for peers of another environment: fit, and write scores.

Runs in .venv-peers, without assay. The task comes as JSON on stdin. Scores of validation and test
texts go to files, columns in the order of the labels; no label of test is in any file that is read.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from house import Case, read_rows

N_PER_LABEL = 16  # texts of each label that SetFit learns from, as for one label per text
N_ITERATIONS = 20  # pairs per text and kind, as in its paper (Tunstall et al., 2022)

Predict = Callable[[list[str]], Any]


def read_several(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return texts and their lists of labels; no labels of test."""
    rows = read_rows(path)
    return [row["text"] for row in rows], [row.get("labels", []) for row in rows]


def fit_model2vec(task: Case, labels: list[str]) -> Predict:
    """Fit model2vec's trainable classifier; with lists of labels it gives independent scores."""
    from model2vec import StaticModel
    from model2vec.train import StaticModelForClassification

    folder = Path(task["texts"])
    texts, own = read_several(folder / "train.jsonl")
    held_out, held_out_labels = read_several(folder / "validation.jsonl")
    static = StaticModel.from_pretrained(task["static_model"])
    model = StaticModelForClassification.from_static_model(model=static)
    model.fit(texts, own, X_val=held_out, y_val=held_out_labels, device="cpu")
    columns = [list(model.classes_).index(label) for label in labels]
    return lambda new: np.asarray(model.predict_proba(new))[:, columns]


def fit_setfit(task: Case, labels: list[str]) -> Predict:
    """Fit SetFit, one head per label, on a few texts of each label, which is what it is for."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    texts, own = read_several(Path(task["texts"]) / "train.jsonl")
    order = np.random.default_rng(0).permutation(len(texts)).tolist()
    rows: set[int] = set()
    for label in labels:
        rows.update([i for i in order if label in own[i]][:N_PER_LABEL])
    few = Dataset.from_dict(
        {
            "text": [texts[i] for i in sorted(rows)],
            "label": [[int(label in own[i]) for label in labels] for i in sorted(rows)],
        }
    )
    model = SetFitModel.from_pretrained(
        task["checkpoint"], multi_target_strategy="one-vs-rest", device="cpu"
    )
    arguments = TrainingArguments(
        output_dir=str(Path(task["texts"]) / "trainer"),
        num_epochs=1,
        num_iterations=N_ITERATIONS,
        save_strategy="no",
        report_to="none",
        max_steps=task.get("max_steps", -1),
    )
    Trainer(model=model, args=arguments, train_dataset=few).train()
    return lambda new: np.asarray(model.predict_proba(new))


PEERS = {"model2vec": fit_model2vec, "setfit": fit_setfit}


def measure(task: Case) -> Case:
    """Fit a peer and write its scores; return seconds."""
    folder = Path(task["texts"])
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    started_s = time.perf_counter()
    predict = PEERS[task["peer"]](task, labels)
    fit_s = time.perf_counter() - started_s
    for split in ("validation", "test"):
        np.save(folder / f"{split}.npy", predict(read_several(folder / f"{split}.jsonl")[0]))
    return {"fit_s": round(fit_s, 2), "cpu_s": round(time.process_time(), 2)}


if __name__ == "__main__":
    print("\n" + json.dumps(measure(json.load(sys.stdin))))
