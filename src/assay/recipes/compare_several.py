"""`assay compare` of a run on texts with several labels, from the predictions that it saved."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from assay._display import Brief
from assay.data.labels import LabelSet
from assay.evaluation.evidence import HELD_OUT, OUT_OF_FOLD
from assay.evaluation.several_choice import (
    DifferenceEntry,
    SeveralChoice,
    SeveralDifference,
    SeveralEvidencePredictions,
    choose_several,
    compare_several,
)
from assay.json_text import parse_json

__all__ = ["SeveralRunComparison", "compare_several_run"]

Rows = list[Mapping[str, Any]]


class SeveralRunEntry(TypedDict):
    """A `SeveralRunComparison` as JSON holds it."""

    run: str
    task: str
    recommended: str
    why: str
    evidence: list[DifferenceEntry]
    test: list[DifferenceEntry]


@dataclass(frozen=True, repr=False)
class SeveralRunComparison(Brief):
    """How the methods of a run compare, by a paired bootstrap of the metric that it chose by.

    Parameters
    ----------
    run : str
        The folder.
    choice : SeveralChoice
        Made on the evidence alone.
    test : dict of method to SeveralDifference
        The same on the test split: it may confirm the choice, and decides nothing.
    """

    run: str
    choice: SeveralChoice
    test: dict[str, SeveralDifference]

    def to_dict(self) -> SeveralRunEntry:
        """Return plain values, ready for JSON."""
        return {
            "run": self.run,
            "task": "multi",
            "recommended": self.choice.recommended,
            "why": self.choice.why,
            "evidence": [one.to_dict() for one in self.choice.comparisons],
            "test": [one.to_dict() for one in self.test.values()],
        }


def compare_several_run(root: Path, results: Mapping[str, Any]) -> SeveralRunComparison:
    """Compare the methods of a run on the evidence, choose again, and compare them on test.

    Parameters
    ----------
    root : Path
    results : mapping
        What results.json holds.

    Raises
    ------
    OSError, EOFError, ValueError, KeyError, TypeError
        A file is missing or damaged.
    """
    label_set = LabelSet(tuple(results["data"]["labels"]), "multi")
    choice, seed = results["choice"], int(results["seed"])
    numbers: dict[tuple[object, ...], int] = {}
    evidence: dict[str, SeveralEvidencePredictions] = {}
    test: dict[str, SeveralEvidencePredictions] = {}
    for one in results["methods"]:
        method = str(one["method"])
        rows = list(_read_rows(root / "predictions" / f"{method}.jsonl.gz"))
        of_evidence = [row for row in rows if "group" in row]
        evidence[method] = _read_answers(of_evidence, label_set, numbers)
        of_test = [row for row in rows if row["split"] == "test"]
        if of_test:
            test[method] = _read_answers(of_test, label_set, numbers)
    tested = compare_several(test, metric=choice["metric"], seed=seed) if test else ()
    chosen = choose_several(
        evidence, metric=choice["metric"], tolerance=choice["tolerance"], seed=seed
    )
    return SeveralRunComparison(str(root), chosen, {one.method: one for one in tested})


def _read_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8", errors="surrogatepass") as stream:
        for line in stream:
            yield parse_json(line)


def _read_answers(
    rows: Sequence[Mapping[str, Any]],
    label_set: LabelSet,
    numbers: dict[tuple[object, ...], int],
) -> SeveralEvidencePredictions:
    """Return the predictions that were written: one row per text and division into folds.

    `numbers` counts the texts of all methods alike; new ones are added.
    """
    n_repeats = 1 + max(int(row.get("repeat", 0)) for row in rows)
    first = rows[: len(rows) // n_repeats]
    own = [numbers.setdefault((row["split"], row["row"]), len(numbers)) for row in first]
    groups = [row.get("group", number) for row, number in zip(first, own, strict=True)]
    predicted = label_set.encode([row["predicted_labels"] for row in rows])
    n_folds = 1 + max(int(row.get("fold", -1)) for row in first)
    return SeveralEvidencePredictions(
        kind=OUT_OF_FOLD if n_folds else HELD_OUT,
        truth=label_set.encode([row["labels"] for row in first]),
        predicted=predicted.reshape(n_repeats, len(first), len(label_set)),
        groups=np.array(groups, dtype=np.int64),
        rows=np.array(own, dtype=np.int64),
        n_folds=n_folds,
    )
