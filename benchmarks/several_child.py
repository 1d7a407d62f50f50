"""One measurement of several.py in a fresh process: a training, scikit-learn, a run, planted flips.

The task comes as JSON on stdin; what was measured goes to stdout as the last line. Times are wall
clock; `cpu_s` is what the process computed, which other work on the machine changes less.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from house import Case, folder_bytes

METRICS = ("f1_macro", "f1_micro", "average_precision", "ece")
WITH_INTERVALS = ("f1_macro", "f1_micro")
RUN_METHODS = "majority,linear,compact,features"
# Inverse strengths that scikit-learn's logistic regression may take; validation chooses
INVERSE_STRENGTHS = (1.0, 3.0, 10.0)
FLIPPED = 0.05


def keep_scores(scores: Case) -> Case:
    """Return the scores that are kept of a split."""
    kept = {name: scores[name] for name in ("n_texts", *METRICS)}
    kept["intervals"] = {name: scores["intervals"][name] for name in WITH_INTERVALS}
    return kept


def train_once(task: Case) -> Case:
    """Train and save one model as `assay train` does; return its scores, times and size."""
    from assay.methods import METHODS as TABLE
    from assay.recipes.train import train_model

    method, out = task["method"], Path(task["out"])
    parameters = {"checkpoint": "minilm"} if TABLE[method].needs_checkpoint else {}
    started_s = time.perf_counter()
    unfinished = out.with_name(f"{out.name}.partial").exists()
    result: Case = train_model(
        task["data"],
        out,
        method=method,
        parameters=parameters,
        overwrite=not unfinished,
        resume=unfinished,
    )
    return {
        **{split: keep_scores(result[split]) for split in ("validation", "test")},
        "fit_s": result["fit_s"],
        "total_s": round(time.perf_counter() - started_s, 2),
        "cpu_s": round(time.process_time(), 2),
        "is_resumed": unfinished,
        "folder_bytes": folder_bytes(out),
    }


def fit_peer(task: Case) -> Case:
    """Fit scikit-learn's logistic regression, one per label, on exactly the TF-IDF of `linear`.

    C is chosen by mean average precision on validation, thresholds as assay chooses its own. `fit_s`
    holds TF-IDF and one fit with the C that was chosen, not the others.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    from assay.models import linear
    from assay.models.several_machines import SeveralMachines

    class Logistic(SeveralMachines):
        def fit(self, matrix: Any, *, C: float) -> tuple[np.ndarray, np.ndarray]:
            machine = LogisticRegression(C=C, solver="liblinear", random_state=self.seed)
            own = OneVsRestClassifier(machine).fit(matrix, self.indicator).estimators_
            return np.vstack([one.coef_[0] for one in own]), np.array(
                [one.intercept_[0] for one in own]
            )

    linear.MACHINES = {**linear.MACHINES, "multi": Logistic}
    splits = read_splits(task)
    train, validation = splits["train"], splits["validation"]
    found = []
    for C in task.get("inverse_strengths", INVERSE_STRENGTHS):
        started_s = time.perf_counter()
        fitted = linear.Linear(C=C).fit(train.texts, train.labels)
        fit_s = time.perf_counter() - started_s
        columns = [fitted.classes_.tolist().index(label) for label in splits.label_set]
        probs = {
            split: fitted.predict_proba(splits[split].texts)[:, columns]
            for split in ("validation", "test")
        }
        truth = splits.label_set.encode(validation.labels)
        found.append((mean_precision(truth, probs["validation"]), C, fit_s, probs))
    _, C, fit_s, probs = max(found, key=lambda one: one[0])
    return {"C": C, "fit_s": round(fit_s, 2), **score_probs(splits, probs)}


def score_peer(task: Case) -> Case:
    """Score what a peer of another environment wrote: its scores of validation and test texts."""
    folder = Path(task["scores"])
    probs = {split: np.load(folder / f"{split}.npy") for split in ("validation", "test")}
    return score_probs(read_splits(task), probs)


def score_probs(splits: Any, probs: dict[str, np.ndarray]) -> Case:
    """Choose thresholds on validation as assay does, and score both splits by its rules."""
    from assay.data.duplicates import duplicate_groups
    from assay.evaluation.several_scores import score_several
    from assay.evaluation.several_scoring import cross_fit
    from assay.training.thresholds import fit_thresholds

    truth = {name: splits.label_set.encode(splits[name].labels) for name in probs}
    thresholds = fit_thresholds(probs["validation"], truth["validation"])
    groups = duplicate_groups(splits["validation"])
    predicted = {
        "validation": cross_fit(probs["validation"], truth["validation"], groups, seed=0),
        "test": thresholds.decide(probs["test"]),
    }
    scores = {}
    for name in probs:
        own = score_several(
            truth[name], probs[name], predicted[name], splits.label_set, thresholds.scores, seed=0
        )
        scores[name] = keep_scores(own.to_dict())
    return scores


def mean_precision(truth: np.ndarray, probs: np.ndarray) -> float:
    """Return the mean average precision of the labels that some text has."""
    from assay.evaluation.several_scores import average_precision

    columns = zip(truth.T, probs.T, strict=True)
    found = [average_precision(own, scores) for own, scores in columns]
    return float(np.mean([one for one in found if one is not None]))


def time_run(task: Case) -> Case:
    """Do a whole `assay run` without `finetune` in a process of its own, with an empty cache."""
    out = Path(task["out"])
    command = [sys.executable, "-m", "assay", "run", task["data"], "--out", str(out), "--overwrite"]
    command += ["--methods", RUN_METHODS, "--checkpoint", "minilm", "--json", "--quiet"]
    environment = {**os.environ, "ASSAY_CACHE": str(out.parent / "cache")}  # noqa: TID251
    started_s = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    total_s = time.perf_counter() - started_s
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr[-2000:]}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    results = json.loads(done.stdout)
    return {
        "total_s": round(total_s, 1),
        "cpu_s": round(used.ru_utime + used.ru_stime, 1),
        "recommended": results["recommended"],
        "fit_s": {
            one["method"]: results["timings"][one["method"]]["fit_s"] for one in results["methods"]
        },
    }


def measure_planted(task: Case) -> Case:
    """Flip entries of train texts, judge them out of fold, and count the flipped among the first.

    `kind` "entries": any entry, a text and a label, is flipped with the same probability, so that
    most flips add a label. "given": as many labels are taken away as are added.
    """
    from cleanlab.multilabel_classification import rank

    from assay.audit.several_check import find_suspect_entries
    from assay.data.duplicates import duplicate_groups
    from assay.evaluation.fold_predictions import SeveralFoldTexts, predict_folds
    from assay.evaluation.several_folds import judge_division
    from assay.models import make_estimator
    from assay.progress import Progress

    splits, seed = read_splits(task), task["seed"]
    rng = np.random.default_rng(seed)
    n_texts = min(task["n_texts"], len(splits["train"]))
    train = splits["train"].take(np.sort(rng.permutation(len(splits["train"]))[:n_texts]).tolist())
    truth = splits.label_set.encode(train.labels)
    is_flipped = draw_flips(truth, task["kind"], rng)
    given = truth ^ is_flipped
    texts = SeveralFoldTexts(train.texts, given, duplicate_groups(train), len(splits.label_set))
    folds = predict_folds(
        texts,
        lambda: make_estimator("linear", seed=seed),
        n_folds=5,
        n_repeats=1,
        seed=seed,
        progress=Progress(),
    )
    assert folds is not None
    probs, _ = judge_division(folds.logits[0], given, folds.folds[0])
    if "keep" in task:
        np.savez(task["keep"], truth=truth, given=given, probs=probs)
    suspects = [(one.row, one.label) for one in find_suspect_entries(given, probs)]
    names = [np.flatnonzero(row).tolist() for row in given]
    quality = np.asarray(rank.get_label_quality_scores_per_class(names, probs))
    order = np.argsort(quality, axis=None, kind="stable")
    orders: dict[str, list[tuple[int, ...]]] = {
        "assay": suspects,
        "cleanlab": list(zip(*np.unravel_index(order, quality.shape), strict=True)),
    }
    n_flipped = int(is_flipped.sum())
    found = {
        name: int(sum(is_flipped[entry] for entry in own[:n_flipped]))
        for name, own in orders.items()
    }
    return {
        "n_flipped": n_flipped,
        "n_suspects": len(suspects),
        "found": found,
        "found_of_all_suspects": int(sum(is_flipped[entry] for entry in suspects)),
    }


def draw_flips(truth: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    """Return which entries are flipped, zeros and ones of the shape of `truth`."""
    flips = np.zeros_like(truth)
    if kind == "entries":
        n_flipped = round(FLIPPED * truth.size)
        flips.flat[rng.choice(truth.size, size=n_flipped, replace=False)] = 1
        return flips
    n_each = round(FLIPPED * truth.sum() / 2)
    for value in (0, 1):
        entries = np.flatnonzero(truth == value)
        flips.flat[rng.choice(entries, size=n_each, replace=False)] = 1
    return flips


def read_splits(task: Case) -> Any:
    """Load the data set."""
    from assay.data import load_data

    return load_data(task["data"])


WORKS: dict[str, Callable[[Case], Case]] = {
    "train": train_once,
    "scikit-learn": fit_peer,
    "score": score_peer,
    "run": time_run,
    "planted": measure_planted,
}


def measure(task: Case) -> Case:
    """Do what the task says."""
    found = WORKS[task["work"]](task)
    return {"cpu_s": round(time.process_time(), 2), **found}


if __name__ == "__main__":
    print("\n" + json.dumps(measure(json.load(sys.stdin))))
