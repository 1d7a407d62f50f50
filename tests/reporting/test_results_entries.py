"""Every key of results.json has one name, one type and one line in docs/json.md."""

import types
import typing
from pathlib import Path

import pytest

from _support.documents import read_shapes
from assay.audit.result import AuditSummary
from assay.checkpoints.auto import CheckpointChoiceEntry
from assay.data.listed_rows import DroppedEntry, MendedEntry
from assay.evaluation.choice import ChoiceEntry, LossEntry
from assay.evaluation.compare import ComparisonEntry
from assay.evaluation.coverage import AnsweredEntry
from assay.evaluation.coverage_report import CoverageEntry, TargetEntry
from assay.evaluation.growth import GrowthEntry
from assay.evaluation.more_texts import MoreTextsEntry, PointEntry, StarvedLabelEntry
from assay.evaluation.near_evidence import NearEvidenceEntry
from assay.evaluation.result import (
    ClassEntry,
    ReliabilityEntry,
    ScoresEntry,
    WithoutLeaksEntry,
)
from assay.evaluation.rule_effects import LabelEffectEntry, RuleEffectEntry, RuleOutcomeEntry
from assay.evaluation.scoring import PredictionEntry
from assay.reporting.results_entries import (
    EvidenceEntry,
    MachineEntry,
    MethodEntry,
    MethodTimings,
    ResultsEntry,
    RunDataEntry,
    SkippedEntry,
    SplitFingerprint,
)
from assay.runtime.entries import LabelRuleEntry

PAGE = Path(__file__).resolve().parents[2] / "docs" / "json.md"
if not PAGE.is_file():
    pytest.skip("docs/ is not part of this copy", allow_module_level=True)
SHAPES = read_shapes(PAGE.read_text(encoding="utf-8"))
# The table of docs/json.md for each entry.
ENTRIES = {
    "Results": ResultsEntry,
    "Choice": ChoiceEntry,
    "ExpectedLoss": LossEntry,
    "RunData": RunDataEntry,
    "AuditSummary": AuditSummary,
    "SplitFingerprint": SplitFingerprint,
    "DroppedRow": DroppedEntry,
    "MendedRows": MendedEntry,
    "MethodResult": MethodEntry,
    "Evidence": EvidenceEntry,
    "WithoutLeaks": WithoutLeaksEntry,
    "Coverage": CoverageEntry,
    "CoverageTarget": TargetEntry,
    "Answered": AnsweredEntry,
    "Scores": ScoresEntry,
    "ClassScores": ClassEntry,
    "ReliabilityBin": ReliabilityEntry,
    "Comparison": ComparisonEntry,
    "Skipped": SkippedEntry,
    "CheckpointChoice": CheckpointChoiceEntry,
    "MethodTimings": MethodTimings,
    "Machine": MachineEntry,
    "RunPrediction": PredictionEntry,
    "MoreTexts": MoreTextsEntry,
    "Growth": GrowthEntry,
    "NearDuplicates": NearEvidenceEntry,
    "CurvePoint": PointEntry,
    "StarvedLabel": StarvedLabelEntry,
    "RuleOutcome": RuleOutcomeEntry,
    "LabelRule": LabelRuleEntry,
    "RuleEffect": RuleEffectEntry,
    "LabelEffect": LabelEffectEntry,
}
NAMES = {entry: name for name, entry in ENTRIES.items()}
WORDS = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def test_tables_of_a_run_have_their_entries():
    """No table that `results.json` leads to is without an entry."""
    reached, waiting = set(), ["Results"]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        for kind in SHAPES[name].values():
            words = kind.removesuffix(", optional").replace("(", " ").replace(")", " ").split()
            waiting += [word for word in words if word in SHAPES]
    assert reached <= set(ENTRIES)


@pytest.mark.parametrize("name", ENTRIES)
def test_page_and_entry_agree(name):
    """Keys, types, and which keys may be missing are the same in the code and on the page."""
    entry = ENTRIES[name]
    keys = typing.get_type_hints(entry, include_extras=True)
    described = {key: describe(kind) for key, kind in keys.items()}
    assert set(described) == set(SHAPES[name])
    for key, kind in SHAPES[name].items():
        assert simplify(kind) == described[key], (name, key)


def describe(kind):
    """Return a type in the words of the page, as a set of its alternatives."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.NotRequired:
        return {*describe(inner[0]), "optional"}
    if origin in (typing.Union, types.UnionType):
        return set().union(*map(describe, inner))
    if origin is typing.Literal:
        return {"string"}
    if origin is list:
        return {f"array of {join(describe(inner[0]))}"}
    if origin is dict:
        return {f"map of {join(describe(inner[1]))}"}
    return {WORDS.get(kind) or NAMES.get(kind) or "object"}


def simplify(kind):
    """Return a type of the page as a set of its alternatives, without brackets."""
    plain = kind.removesuffix(", optional")
    found = {plain.replace("(", "").replace(")", "")}
    if " of (" not in plain:
        found = set(plain.split(" or "))
    if kind != plain:
        found.add("optional")
    return found


def join(kinds):
    """Return alternatives as the page writes them inside an array or a map."""
    order = ["string", "number"]
    return " or ".join(sorted(kinds, key=lambda kind: order.index(kind) if kind in order else -1))
