"""The write-up of a run: typed results and sections, one JSON-able dict of them, then rendered."""

from __future__ import annotations

from assay.reporting.card import render_card
from assay.reporting.collect import collect_report
from assay.reporting.figures import draw_figures, draw_summary
from assay.reporting.render import render_html, render_markdown, write_report
from assay.reporting.results import Results
from assay.reporting.sections import ReportSections, gather_sections

__all__ = [
    "ReportSections",
    "Results",
    "collect_report",
    "draw_figures",
    "draw_summary",
    "gather_sections",
    "render_card",
    "render_html",
    "render_markdown",
    "write_report",
]
