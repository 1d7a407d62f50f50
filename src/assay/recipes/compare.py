"""`assay compare`: a run's methods compared again, from the predictions that the run saved."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from assay.errors import InputError
from assay.evaluation.choice import Choice, choose_method
from assay.evaluation.compare import Comparison, ComparisonEntry, compare_methods
from assay.evaluation.evidence import Answers
from assay.evaluation.scoring import PredictionEntry
from assay.reporting.results import EVIDENCE

__all__ = ["RunComparison", "SavedMethod", "compare_run"]

Found = dict[str, Answers]  # split -> what one method answered


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


@dataclass(frozen=True)
class RunComparison:
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
    """

    run: str
    choice: Choice
    test: dict[str, Comparison]
    methods: list[SavedMethod]

    def to_dict(self) -> RunComparisonEntry:
        """Return plain values, ready for JSON."""
        return {
            "run": self.run,
            "recommended": self.choice.recommended,
            "why": self.choice.why,
            "validation": [comparison.to_dict() for comparison in self.choice.comparisons],
            "test": [comparison.to_dict() for comparison in self.test.values()],
        }


def compare_run(run: str | Path) -> RunComparison:
    """Compare the methods of a run.

    Parameters
    ----------
    run : path
        A folder that `assay run` wrote.

    Raises
    ------
    InputError
        The folder is no run, or a file of it is missing or broken.
    """
    root = Path(run)
    methods = _read_methods(root)
    evidence: dict[str, Answers] = {}
    test: dict[str, np.ndarray] = {}
    for one in methods:
        found = _read_answers(root / "predictions" / f"{one.method}.jsonl.gz")
        if EVIDENCE in found:
            evidence[one.method] = found[EVIDENCE]
        if "test" in found:
            test[one.method] = found["test"].correct
    choice = choose_method(evidence, model_bytes={one.method: one.model_bytes for one in methods})
    tested = compare_methods(test) if test else []
    return RunComparison(str(root), choice, {one.method: one for one in tested}, methods)


def _read_methods(root: Path) -> list[SavedMethod]:
    path = root / "results.json"
    if not path.is_file():
        raise InputError(
            f"{root} is no run: it has no results.json",
            hint="give the folder that assay run wrote with --out",
        )
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        methods = [SavedMethod.from_dict(row) for row in results["methods"]]
        if not methods:
            raise KeyError("methods")
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise _damaged(path, err) from err
    return methods


def _read_answers(path: Path) -> Found:
    """Return what a method answered to the texts of each split."""
    pairs: dict[str, list[tuple[str, str]]] = {}
    try:
        for row in _read_rows(path):
            pairs.setdefault(row["split"], []).append((row["label"], row["predicted_label"]))
    except FileNotFoundError as err:
        raise InputError(f"{path} is missing", hint="run it again with --overwrite") from err
    except (OSError, EOFError, ValueError, KeyError, TypeError) as err:
        raise _damaged(path, err) from err
    return {split: _answers(own) for split, own in pairs.items()}


def _answers(pairs: list[tuple[str, str]]) -> Answers:
    """Return the answers of one split, with labels as numbers."""
    numbers: dict[str, int] = {}
    ids = np.array(
        [[numbers.setdefault(name, len(numbers)) for name in pair] for pair in pairs], np.int64
    )
    return Answers.held_out(ids[:, 0], ids[:, 1])


def _read_rows(path: Path) -> Iterator[PredictionEntry]:
    with gzip.open(path, "rt", encoding="utf-8", errors="surrogatepass") as stream:
        for line in stream:
            yield json.loads(line)


def _damaged(path: Path, err: Exception) -> InputError:
    return InputError(f"{path} is damaged: {err}", hint="run it again with --overwrite")
