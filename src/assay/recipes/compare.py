"""`assay compare`: a run's methods compared again, from the predictions that the run saved."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from assay._arguments import checked
from assay._display import Brief
from assay.errors import InputError
from assay.evaluation.choice import TOLERANCE, Choice, choose_method
from assay.evaluation.compare import Comparison, ComparisonEntry, compare_methods
from assay.evaluation.evidence import HELD_OUT, OUT_OF_FOLD, EvidencePredictions
from assay.evaluation.score_draws import score_evidence
from assay.evaluation.scoring import PredictionEntry
from assay.json_text import parse_json
from assay.recipes.compare_several import SeveralRunComparison, compare_several_run
from assay.reporting.method_result import EVIDENCE

__all__ = ["RunComparison", "SavedMethod", "compare_run"]

Found = dict[str, EvidencePredictions]  # split, out_of_fold or method -> what was predicted
RowNumbers = dict[tuple[object, ...], int]


class ChoiceSettings(TypedDict):
    """How a run chose among its methods."""

    metric: str
    tolerance: float
    seed: int


@dataclass(frozen=True)
class SavedMethod:
    """What results.json says about one method.

    Parameters
    ----------
    method : str
    model_bytes : int
    n_leaked : int
        Number of test texts that also occur in train.
    accuracy_without_leaks : float, optional
        Accuracy on the other test texts. None if no text leaked, or if all did.
    """

    method: str
    model_bytes: int
    n_leaked: int = 0
    accuracy_without_leaks: float | None = None

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> SavedMethod:
        """Read one entry of results.json."""
        others = (plain.get("test") or {}).get("without_leaks") or {}
        return cls(
            method=plain["method"],
            model_bytes=plain["model_bytes"],
            n_leaked=others.get("n_leaked", 0),
            accuracy_without_leaks=others.get("accuracy"),
        )


class RunComparisonEntry(TypedDict):
    """A `RunComparison` as JSON holds it."""

    run: str
    recommended: str
    why: str
    validation: list[ComparisonEntry]
    test: list[ComparisonEntry]


@dataclass(frozen=True, repr=False)
class RunComparison(Brief):
    """How the methods of a run compare, text by text.

    Parameters
    ----------
    run : str
        The folder.
    choice : Choice
        Made on validation alone.
    test : dict of method to Comparison
        The same tests on the test split: they may confirm the choice, and decide nothing.
    methods : list of SavedMethod
    evidence_scores, test_scores : dict of method to float
        Scores by the metric of the choice, 0 to 1, on all texts that the method answered.
    """

    run: str
    choice: Choice
    test: dict[str, Comparison]
    methods: list[SavedMethod]
    evidence_scores: dict[str, float] = field(default_factory=dict)
    test_scores: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> RunComparisonEntry:
        """Return plain values, ready for JSON."""
        return {
            "run": self.run,
            "recommended": self.choice.recommended,
            "why": self.choice.why,
            "validation": [comparison.to_dict() for comparison in self.choice.comparisons],
            "test": [comparison.to_dict() for comparison in self.test.values()],
        }


@checked
def compare_run(run: str | Path) -> RunComparison | SeveralRunComparison:
    """Compare the methods of a run.

    Parameters
    ----------
    run : path
        A folder that `assay run` wrote.

    Returns
    -------
    RunComparison or SeveralRunComparison
        The second where texts may have several labels.

    Raises
    ------
    InputError
        The folder is no run, or a file of it is missing or broken.
    """
    root = Path(run)
    results = _read_results(root)
    if results.get("task") == "multi":
        try:
            return compare_several_run(root, results)
        except (OSError, EOFError, ValueError, KeyError, TypeError) as err:
            raise _damaged(root, err) from err
    methods = _read_methods(root, results)
    evidence: dict[str, EvidencePredictions] = {}
    test: dict[str, EvidencePredictions] = {}
    rows: RowNumbers = {}
    for one in methods:
        found = _read_answers(root / "predictions" / f"{one.method}.jsonl.gz", rows)
        for name in (OUT_OF_FOLD, EVIDENCE):
            if name in found:
                evidence.setdefault(one.method, found[name])
        if "test" in found:
            test[one.method] = found["test"]
    settings = _read_settings(root)
    choice = choose_method(
        evidence,
        **settings,
        model_bytes={one.method: one.model_bytes for one in methods},
    )
    return RunComparison(
        str(root),
        choice,
        _compare_test(test),
        methods,
        evidence_scores=_score_all(evidence, settings["metric"]),
        test_scores=_score_all(test, settings["metric"]),
    )


def _compare_test(test: Found) -> dict[str, Comparison]:
    """Test the methods on the test split too, if the run has predictions for it."""
    if not test:
        return {}
    found = compare_methods({method: one.correct for method, one in test.items()})
    return {one.method: one for one in found}


def _score_all(predictions: Found, metric: str) -> dict[str, float]:
    return {method: score_evidence(one, metric) for method, one in predictions.items()}


def _read_results(root: Path) -> Mapping[str, Any]:
    path = root / "results.json"
    if not path.is_file():
        raise InputError(
            f"{root} is no run: it has no results.json",
            hint="give a folder that `assay run` wrote",
        )
    try:
        results = parse_json(path.read_text(encoding="utf-8"))
        if not results["methods"]:
            raise KeyError("methods")
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise _damaged(path, err) from err
    found: Mapping[str, Any] = results
    return found


def _read_methods(root: Path, results: Mapping[str, Any]) -> list[SavedMethod]:
    try:
        return [SavedMethod.from_dict(row) for row in results["methods"]]
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise _damaged(root / "results.json", err) from err


def _read_settings(root: Path) -> ChoiceSettings:
    """Return how the run chose; runs of schema version 1 chose by accuracy."""
    results = parse_json((root / "results.json").read_text(encoding="utf-8"))
    choice = results.get("choice") or {}
    return {
        "metric": choice.get("metric", "accuracy"),
        "tolerance": choice.get("tolerance", TOLERANCE),
        "seed": results.get("seed", 0),
    }


def _read_answers(path: Path, rows: RowNumbers) -> Found:
    """Return what a method answered to the texts of each split, and out of fold.

    `rows` numbers the rows of all methods alike; new ones are added.
    """
    by_split: dict[str, list[PredictionEntry]] = {}
    try:
        for row in _read_rows(path):
            name = OUT_OF_FOLD if "fold" in row else row["split"]
            by_split.setdefault(name, []).append(row)
        return {name: _predictions(own, rows) for name, own in by_split.items()}
    except FileNotFoundError as err:
        raise InputError(f"{path} is missing", hint="run it again with --overwrite") from err
    except (OSError, EOFError, ValueError, KeyError, TypeError) as err:
        raise _damaged(path, err) from err


def _predictions(written: list[PredictionEntry], rows: RowNumbers) -> EvidencePredictions:
    """Return the predictions that were written: one row per text and division into folds."""
    n_repeats = 1 + max(row.get("repeat", 0) for row in written)
    first = written[: len(written) // n_repeats]
    numbers = []
    for place, row in enumerate(first):
        # files of schema version 1 may lack the row: there, texts are told apart by their order
        key: tuple[object, ...] = (row["split"], row.get("row", place))
        if "group" not in row:
            key = (*key, place)
        numbers.append(rows.setdefault(key, len(rows)))
    names: dict[str, int] = {}
    predicted = [names.setdefault(row["predicted_label"], len(names)) for row in written]
    true = [names.setdefault(row["label"], len(names)) for row in first]
    groups = [row.get("group", number) for row, number in zip(first, numbers, strict=True)]
    n_folds = 1 + max(row.get("fold", -1) for row in first)
    return EvidencePredictions(
        kind=OUT_OF_FOLD if n_folds else HELD_OUT,
        label_ids=np.array(true, dtype=np.int64),
        predicted_ids=np.array(predicted, dtype=np.int64).reshape(n_repeats, -1),
        groups=np.array(groups, dtype=np.int64),
        rows=np.array(numbers, dtype=np.int64),
        n_folds=n_folds,
    )


def _read_rows(path: Path) -> Iterator[PredictionEntry]:
    with gzip.open(path, "rt", encoding="utf-8", errors="surrogatepass") as stream:
        for line in stream:
            yield parse_json(line)


def _damaged(path: Path, err: Exception) -> InputError:
    return InputError(f"{path} is damaged: {err}", hint="run it again with --overwrite")
