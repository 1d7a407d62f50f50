"""What the child processes of benchmarks/peers.py do for assay: fit one method, save it, and predict validation."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from house import folder_bytes, peak_bytes


def fit_method(task: dict[str, Any]) -> dict[str, Any]:
    """Fit and save a method as `assay train` does; score the saved folder on validation.

    There is no test split.
    """
    from assay.data import load_data
    from assay.progress import Progress
    from assay.recipes.steps.fit import FitOptions, TrainingSet, fit_and_save
    from assay.runtime.predictor import load_model

    parts = {name: load_data(task[name]).parts["all"] for name in ("train", "validation")}
    splits = replace(load_data(task["train"]), parts=parts)
    out = Path(task["out"])
    fitted = fit_and_save(
        task["method"],
        TrainingSet(splits),
        out,
        options=FitOptions(seed=task["seed"], parameters=task["settings"]),
        progress=Progress(),
    )
    saved_s = time.time() - task["started_s"]
    model, validation = load_model(out), parts["validation"]
    started_s = time.perf_counter()
    predicted = model.predict(list(validation.texts))
    predict_s = time.perf_counter() - started_s
    labels = [one["label"] if isinstance(one, dict) else str(one) for one in predicted]
    n_right = sum(one == true for one, true in zip(labels, validation.labels, strict=True))
    return {
        "n_train": len(parts["train"]),
        "n_validation": len(validation),
        "n_right": n_right,
        "saved_s": round(saved_s, 3),
        "fit_s": round(fitted.fit_s, 3),
        "predict_s": round(predict_s, 4),
        "peak_bytes": peak_bytes(),
        "model_bytes": folder_bytes(out),
    }


if __name__ == "__main__":
    print("\n" + json.dumps(fit_method(json.loads(sys.stdin.read()))))
