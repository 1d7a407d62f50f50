"""The report of a run on texts with several labels: sentences and tables, as Markdown and HTML.

It computes nothing: `collect_several` looks numbers up, `tell_several` says them in a language,
and the two renderers lay them out.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.catalogue import ENGLISH, open_language
from assay.disk import write_whole
from assay.reporting.escape import show_text
from assay.reporting.several_figures import FIGURES, draw_several
from assay.reporting.several_tables import Table, tell_several, tell_tables

__all__ = [
    "collect_several",
    "render_several_html",
    "render_several_markdown",
    "write_several_report",
]

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .7rem;text-align:right;"
    "border-bottom:1px solid #ddd}td:first-child,th:first-child,.text td,.text th{text-align:left}"
    ".scroll{overflow-x:auto}img{max-width:100%}.text td{overflow-wrap:anywhere}"
    "td:first-child{white-space:nowrap}"
)
FIGURE_DIR = "report_files"
# By whether the cells of a table are texts
ALIGNED = {True: "|---", False: "|---:"}
CLASS = {True: ' class="text"', False: ""}


def collect_several(
    results: Mapping[str, Any], sections: Mapping[str, Any], *, title: str
) -> dict[str, Any]:
    """Return what report.json holds: results and sections, of which the pages are made.

    Parameters
    ----------
    results : mapping
        What results.json holds.
    sections : mapping
        `reading` (facts), `surprising`, `missed_pairs` and `thresholds`, of the recommended method
        on test.
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
    say = open_language(language).say
    lines = [f"# {_markdown(report['title'])}", ""]
    for sentence in tell_several(report, language=language):
        lines += [_markdown(sentence), ""]
    for table in tell_tables(report, language=language):
        lines += [f"## {table.title}", ""]
        lines += _markdown_rows(table)
        lines += [_markdown(table.note), ""]
        for name in FIGURES.get(table.name, ()):
            if name in figures:
                lines += [f"![{say(f'alt.{name}')}]({figure_dir}/{name}.png)", ""]
    return "\n".join(lines)


def _markdown_rows(table: Table) -> list[str]:
    if not table.rows:
        return []
    columns = list(table.rows[0])
    aligned = ALIGNED[table.is_text]
    lines = ["| " + " | ".join(columns) + " |", "|---" + aligned * (len(columns) - 1) + "|"]
    lines += ["| " + " | ".join(map(_markdown, row.values())) + " |" for row in table.rows]
    return [*lines, ""]


def render_several_html(
    report: Mapping[str, Any], figures: Mapping[str, bytes], *, language: str = ENGLISH
) -> str:
    """Render the report as one HTML file that needs nothing else."""
    say = open_language(language).say
    title = html.escape(show_text(report["title"]))
    parts = [
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>",
    ]
    sentences = tell_several(report, language=language)
    parts += [f"<p>{html.escape(show_text(sentence))}</p>" for sentence in sentences]
    for table in tell_tables(report, language=language):
        parts.append(f"<h2>{html.escape(table.title)}</h2>")
        parts += _html_rows(table)
        parts.append(f"<p>{html.escape(show_text(table.note))}</p>")
        for name in FIGURES.get(table.name, ()):
            if name in figures:
                data = base64.b64encode(figures[name]).decode()
                alt = html.escape(say(f"alt.{name}"))
                parts.append(f'<img src="data:image/png;base64,{data}" alt="{alt}">')
    return "\n".join([*parts, "</body></html>", ""])


def _html_rows(table: Table) -> list[str]:
    if not table.rows:
        return []
    kind = CLASS[table.is_text]
    rows = [_html_row("td", list(row.values())) for row in table.rows]
    head = _html_row("th", list(table.rows[0]))
    return [f'<div class="scroll"><table{kind}>{head}', *rows, "</table></div>"]


def _html_row(cell: str, values: Sequence[str]) -> str:
    cells = [f'<{cell} dir="auto">{html.escape(show_text(value))}</{cell}>' for value in values]
    return f"<tr>{''.join(cells)}</tr>"


def _markdown(text: str) -> str:
    """Return a text that Markdown shows as it is, in one line."""
    escaped = "".join(f"\\{char}" if char in "\\`*_[]<>|#" else char for char in show_text(text))
    return " ".join(escaped.split())
