"""The write-up of a run: one function gathers a JSON-able dict, others render it. Nothing is computed here."""

from __future__ import annotations

from assay.reporting.collect import ReportParts, collect_report

__all__ = ["ReportParts", "collect_report"]
