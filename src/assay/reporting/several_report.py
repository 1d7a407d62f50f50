"""The report of a run on texts with several labels: sentences and tables, as Markdown and HTML.

It computes nothing: `collect_several` looks numbers up, `assay.reporting.several_tables` says them
in a language, and two templates lay them out.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote as quote_path

from assay._optional import require
from assay.catalogue import ENGLISH
from assay.disk import write_whole
from assay.reporting.environment import tidy
from assay.reporting.fonts import find_missing_glyphs
from assay.reporting.old_reports import upgrade_several
from assay.reporting.several_figures import FIGURES, MAX_NUMBERED, draw_several
from assay.reporting.several_tables import (
    tell_facts,
    tell_several,
    tell_tables,
    tell_tiles,
)
from assay.reporting.spoken_tables import Spoken

__all__ = [
    "collect_several",
    "render_several_html",
    "render_several_markdown",
    "write_several_report",
]

FIGURE_DIR = "report_files"


def collect_several(
    results: Mapping[str, Any], sections: Mapping[str, Any], *, title: str
) -> dict[str, Any]:
    """Return what report.json holds: results and sections, of which the pages are made.

    Parameters
    ----------
    results : mapping
        What results.json holds.
    sections : mapping
        `command` (the command line), `caveats` and `reading` (facts),
        `leads_with_evidence` (whether its scores come first, since test has few texts),
        `surprising`,
        `missed_pairs` and `thresholds`, of the recommended method on test.
    title : str
    """
    return {"task": "multi", **results, **sections, "title": title}


def write_several_report(
    report: Mapping[str, Any], folder: Path, *, language: str = ENGLISH
) -> None:
    """Write report.md with its pictures beside it, and report.html, into a folder."""
    figures = draw_several(report, language=language)
    pictures = folder / FIGURE_DIR
    pictures.mkdir(exist_ok=True)
    for name, png in figures.items():
        (pictures / f"{name}.png").write_bytes(png)
    write_whole(folder / "report.md", render_several_markdown(report, figures, language=language))
    write_whole(folder / "report.html", render_several_html(report, figures, language=language))


def render_several_markdown(
    report: Mapping[str, Any],
    figures: Mapping[str, bytes],
    *,
    figure_dir: str = FIGURE_DIR,
    language: str = ENGLISH,
) -> str:
    """Render the report as Markdown; pictures are expected in `figure_dir` as ``NAME.png``."""
    markup = require("markupsafe").Markup
    place = quote_path(figure_dir)
    paths = {name: markup(f"{place}/{name}.png") for name in figures}
    return tidy(_fill(Spoken.open(language, form="md"), "several.md.j2", report, paths, language))


def render_several_html(
    report: Mapping[str, Any], figures: Mapping[str, bytes], *, language: str = ENGLISH
) -> str:
    """Render the report as one HTML file that needs nothing else."""
    pictures = {
        name: f"data:image/png;base64,{base64.b64encode(png).decode()}"
        for name, png in figures.items()
    }
    return _fill(Spoken.open(language, form="html"), "several.html.j2", report, pictures, language)


def _fill(
    spoken: Spoken,
    template: str,
    report: Mapping[str, Any],
    figures: Mapping[str, str],
    language: str,
) -> str:
    report = upgrade_several(report)
    sentences = tell_several(report, spoken)
    missing = find_missing_glyphs(report["data"]["labels"], language=language)
    if missing is not None:
        sentences.append(spoken.tell(missing.to_dict()))
    large = ["map"]  # figures that open at full size
    if len(report["data"]["labels"]) > MAX_NUMBERED:
        large.append("labels_together")
    shown = {
        "title": report["title"],
        "version": report.get("assay_version"),
        "sentences": sentences,
        "caveats": report.get("caveats", []),
        "tiles": tell_tiles(report, spoken),
        "tables": tell_tables(report, spoken),
        "facts": tell_facts(report, spoken),
        "figures": figures,
        "pictures": FIGURES,
        "large": large,
    }
    return str(spoken.environment.get_template(template).render(shown))
