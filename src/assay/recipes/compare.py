"""`assay compare`: a run's leaderboard with paired tests, worked out again from the predictions that the run kept."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assay.errors import InputError
from assay.evaluation.compare import Comparison, compare_methods
from assay.evaluation.recommendation import recommend

__all__ = ["RunComparison", "compare_run"]

DECIDING_SPLIT = "validation"


@dataclass(frozen=True)
class RunComparison:
    """How the methods of a run compare, text by text.

    Parameters
    ----------
    run : str
    recommended, why : str
        Decided on validation alone, times included in the price.
    comparisons : list of Comparison
        On validation, from cheap to dear.
    test : dict of method to Comparison
        The same tests on the test split: they confirm or not, and decide nothing.
    methods : list of dict
        Of results.json: scores, sizes.
    timings : dict
    """

    run: str
    recommended: str
    why: str
    comparisons: list[Comparison]
    test: dict[str, Comparison]
    methods: list[dict[str, Any]]
    timings: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "run": self.run,
            "recommended": self.recommended,
            "why": self.why,
            "validation": [comparison.to_dict() for comparison in self.comparisons],
            "test": [comparison.to_dict() for comparison in self.test.values()],
        }


def compare_run(run: str | Path) -> RunComparison:
    """Compare the methods of a run.

    Raises
    ------
    InputError
        The folder is no run, or a file of it is missing or broken.
    """
    root = Path(run)
    results = _read_results(root)
    methods = [row["method"] for row in results["methods"]]
    correct: dict[str, dict[str, np.ndarray]] = {DECIDING_SPLIT: {}, "test": {}}
    for method in methods:
        for split, flags in _read_correct(root / "predictions" / f"{method}.jsonl.gz").items():
            correct.setdefault(split, {})[method] = flags
    comparisons = compare_methods(correct[DECIDING_SPLIT])
    timings = results.get("timings", {})
    recommended, why = recommend(
        comparisons,
        fit_s={method: timings[method]["fit_s"] for method in methods if method in timings},
        model_bytes={row["method"]: row["model_bytes"] for row in results["methods"]},
    )
    test = {one.method: one for one in compare_methods(correct["test"])} if correct["test"] else {}
    return RunComparison(
        str(root), recommended, why, comparisons, test, results["methods"], timings
    )


def _read_results(root: Path) -> dict[str, Any]:
    path = root / "results.json"
    if not path.is_file():
        raise InputError(
            f"{root} is no run: it has no results.json",
            hint="give the folder that assay run wrote with --out",
        )
    try:
        results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not results["methods"]:
            raise KeyError("methods")
    except (ValueError, KeyError, TypeError) as err:
        raise InputError(f"{path} is damaged: {err}", hint="run it again with --overwrite") from err
    return results


def _read_correct(path: Path) -> dict[str, np.ndarray]:
    """Return, for each split, whether each text got its label: bool of shape (n_texts,)."""
    flags: dict[str, list[bool]] = {}
    try:
        with gzip.open(path, "rt", encoding="utf-8", errors="surrogatepass") as stream:
            for line in stream:
                row = json.loads(line)
                flags.setdefault(row["split"], []).append(row["label"] == row["predicted_label"])
    except FileNotFoundError as err:
        raise InputError(f"{path} is missing", hint="run it again with --overwrite") from err
    except (OSError, EOFError, ValueError, KeyError, TypeError) as err:
        raise InputError(f"{path} is damaged: {err}", hint="run it again with --overwrite") from err
    return {split: np.asarray(values, dtype=bool) for split, values in flags.items()}
