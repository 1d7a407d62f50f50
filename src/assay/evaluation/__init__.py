"""Scores with intervals, mistakes and paired comparisons: plain functions over arrays.

Results are frozen dataclasses. Scoring needs numpy only, so that a base install can evaluate; the
exact test of `compare_methods` needs scipy.
"""

from __future__ import annotations

from assay.evaluation.choice import Choice, choose_method
from assay.evaluation.compare import Comparison, compare_methods
from assay.evaluation.evidence import EvidencePredictions
from assay.evaluation.metrics import score_predictions
from assay.evaluation.mistakes import Confusion, Mistake, costly_confusions, worst_mistakes
from assay.evaluation.result import ClassScores, ReliabilityBin, SplitScores

__all__ = [
    "EvidencePredictions",
    "Choice",
    "ClassScores",
    "Comparison",
    "Confusion",
    "Mistake",
    "ReliabilityBin",
    "SplitScores",
    "choose_method",
    "compare_methods",
    "costly_confusions",
    "score_predictions",
    "worst_mistakes",
]
