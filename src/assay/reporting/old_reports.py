"""Reports that earlier versions of assay wrote, in the form that is rendered today.

Schema version 1 held English sentences where version 2 holds facts. A sentence is told as it is, so
that an old report renders as it did, in English.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["REPORT_VERSION", "upgrade_report"]

REPORT_VERSION = 2


def upgrade_report(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a report as version 2 holds it, with its old sentences in the places of facts."""
    if report.get("schema_version") != 1:
        return report
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


def _sentence(text: str) -> str:
    """Begin with a capital letter and end with a full stop, as templates did in version 1."""
    return f"{text[:1].upper()}{text[1:]}."
