"""What a child process of choice_few.py does: fit `features` on a few texts, predict others.

The task comes as JSON on stdin; what was measured goes to stdout as the last line. The time of
fitting is counted as that of SetFit is: with the encoder loaded from disk, without imports.
"""

from __future__ import annotations

import importlib
import json
import sys
import time

from choice_draws import empty_feature_cache
from house import Case, read_labelled


def fit(task: Case) -> Case:
    """Fit on train, predict the other texts, count what is right."""
    train, others = read_labelled(task["train"]), read_labelled(task["validation"])
    importlib.import_module("transformers")
    from assay.models import make_estimator

    make_estimator("features")  # imports what it needs
    with empty_feature_cache():  # features that were kept from before would look fast
        started_s, started_cpu_s = time.perf_counter(), time.process_time()
        given = {name: task[name] for name in ("checkpoint", "seed", "tuned_epochs")}
        model = make_estimator("features", **given)
        model.fit(*train)
        fit_s, fit_cpu_s = time.perf_counter() - started_s, time.process_time() - started_cpu_s
        started_s = time.perf_counter()
        predicted = model.predict(others[0]).tolist()
        predict_s = time.perf_counter() - started_s
    n_right = sum(one == true for one, true in zip(predicted, others[1], strict=True))
    return {
        "n_train": len(train[0]),
        "n_validation": len(others[0]),
        "n_right": n_right,
        "fit_s": round(fit_s, 2),
        "fit_cpu_s": round(fit_cpu_s, 2),
        "predict_s": round(predict_s, 2),
    }


if __name__ == "__main__":
    print("\n" + json.dumps(fit(json.loads(sys.stdin.read()))))
