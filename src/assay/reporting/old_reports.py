"""Reports that earlier versions of assay wrote, in the form that is rendered today.

Schema version 1 held English sentences where version 2 holds facts. A sentence is told as it is, so
that an old report renders as it did, in English. A fact may hold less than its sentence says today:
what it lacks is taken from the scores beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.evaluation.several_scores import SEVERAL_METRICS

__all__ = ["REPORT_VERSION", "upgrade_report", "upgrade_several"]

REPORT_VERSION = 2


def upgrade_report(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a report as version 2 holds it, with its old sentences in the places of facts."""
    if report.get("schema_version") != 1:
        return _with_accuracy(report)
    verdict, problems = report["verdict"], report["problems"]
    audit = problems.get("audit")
    if audit:
        audit = {
            **audit,
            "is_checked": not audit["wrong_labels"]["why_not"],
            "label_check": _sentence(audit["label_check"]),
            "notable": list(map(_sentence, audit["notable"])),
        }
    return {
        **report,
        "verdict": {**verdict, "reasons": [verdict["why"], *verdict.get("remarks", [])]},
        "problems": {**problems, "audit": audit},
    }


def _with_accuracy(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a report whose sentence of a small test split says its score, as it does today."""
    verdict = report.get("verdict", {})
    warnings = _complete(
        verdict.get("warnings", []), "caveats.small_test", accuracy=verdict.get("accuracy")
    )
    if warnings is None:
        return report
    return {**report, "verdict": {**verdict, "warnings": warnings}}


def upgrade_several(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a report on texts with several labels as it is written today."""
    own = {one["method"]: one for one in report["methods"]}[report["recommended"]]
    score = own["test"][SEVERAL_METRICS[report["choice"]["metric"]]]
    caveats = _complete(report.get("caveats", []), "caveats.several_small_test", score=score)
    return report if caveats is None else {**report, "caveats": caveats}


def _complete(
    facts: Sequence[Mapping[str, Any]], kind: str, **values: float | None
) -> list[Mapping[str, Any]] | None:
    """Return facts with values that those of a kind lack; None if none lacks any."""
    lack = [fact["kind"] == kind and not values.keys() <= fact.keys() for fact in facts]
    if not any(lack):
        return None
    return [{**values, **fact} if lacks else fact for fact, lacks in zip(facts, lack, strict=True)]


def _sentence(text: str) -> str:
    """Begin with a capital letter and end with a full stop, as templates did in version 1."""
    return f"{text[:1].upper()}{text[1:]}."
