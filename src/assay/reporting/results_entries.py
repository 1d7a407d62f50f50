"""What results.json holds, every key by name.

docs/json.md describes the same keys to readers, and a test holds one against the other. The entries
inside (scores, coverage, choice, comparisons, audit) are named beside what they are written from.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from assay.audit.result import AuditSummary
from assay.checkpoints.auto import CheckpointChoiceEntry
from assay.data.listed_rows import DroppedEntry, MendedEntry
from assay.evaluation.choice import ChoiceEntry
from assay.evaluation.compare import ComparisonEntry
from assay.evaluation.coverage_report import CoverageEntry
from assay.evaluation.more_texts import MoreTextsEntry
from assay.evaluation.near_evidence import NearEvidenceEntry
from assay.evaluation.result import ScoresEntry
from assay.evaluation.rule_effects import RuleOutcomeEntry

__all__ = [
    "EvidenceEntry",
    "MachineEntry",
    "MethodEntry",
    "MethodTimings",
    "ResultsEntry",
    "RunDataEntry",
    "SavedScores",
    "SkippedEntry",
    "SplitFingerprint",
]


class EvidenceEntry(TypedDict):
    """What choices rest on, without the scores of each class."""

    kind: str
    n_texts: int
    n_folds: int
    n_repeats: int
    accuracy: float
    f1_weighted: float
    f1_macro: float
    intervals: dict[str, list[float]]
    log_loss: float | None
    ece: float | None
    note: str
    near_duplicates: NearEvidenceEntry | None


class SavedScores(TypedDict):
    """Scores of a saved model: `validation` is None if the model was fitted on it.

    `label_rule` is there if a recall, a precision or costs were asked for.
    """

    validation: ScoresEntry | None
    test: NotRequired[ScoresEntry]
    label_rule: NotRequired[RuleOutcomeEntry]


class MethodEntry(SavedScores):
    """One method, without times."""

    method: str
    model: str
    model_bytes: int
    evidence: EvidenceEntry
    fitted_on: list[str]
    coverage: CoverageEntry | None


class MethodTimings(TypedDict):
    """What one method cost in seconds, and its throughput of prediction."""

    fit_s: float
    folds_s: float
    predict_texts_per_s: float


class SkippedEntry(TypedDict):
    """A method that was asked for and not trained."""

    method: str
    reason: str


class SplitFingerprint(TypedDict):
    """The size of a split, and the SHA-256 over its texts and labels.

    `drawn_from` is its size before `--max-rows` drew some texts.
    """

    n_texts: int
    sha256: str
    drawn_from: NotRequired[int]


class RunDataEntry(TypedDict):
    """What was trained and scored on."""

    source: str
    labels: list[str]
    splits: dict[str, SplitFingerprint]
    dropped: list[DroppedEntry]
    mended: list[MendedEntry]
    corrections: int
    audit: AuditSummary


class MachineEntry(TypedDict):
    """Where the run was made."""

    python: str
    system: str
    n_threads: int
    device: str


class MoreTextsResult(TypedDict):
    """What twice as many texts would bring, or why that was not worked out."""

    more_texts: MoreTextsEntry | None
    no_more_texts: str | None


class ResultsEntry(MoreTextsResult):
    """The whole file.

    `timings` holds one entry per method, and seconds under names that end in _s.
    """

    schema_version: int
    assay_version: str
    seed: int
    recommended: str
    why: str
    doubts: list[str]
    choice: ChoiceEntry
    warnings: list[str]
    data: RunDataEntry
    methods: list[MethodEntry]
    comparisons: list[ComparisonEntry]
    skipped: list[SkippedEntry]
    checkpoint: CheckpointChoiceEntry | None
    timings: dict[str, MethodTimings | float]
    machine: MachineEntry
