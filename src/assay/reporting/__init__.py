"""The write-up of a run: one function gathers a JSON-able dict, others render it.

Nothing is computed here.
"""

from __future__ import annotations

from assay.reporting.card import render_card
from assay.reporting.collect import ReportParts, collect_report
from assay.reporting.figures import draw_figures, draw_summary
from assay.reporting.render import render_html, render_markdown, write_report

__all__ = [
    "ReportParts",
    "collect_report",
    "draw_figures",
    "draw_summary",
    "render_card",
    "render_html",
    "render_markdown",
    "write_report",
]
