"""The report of a run on texts with several labels: sentences and tables, as Markdown and HTML.

In English alone. It computes nothing: `collect_several` looks numbers up, the others lay them out.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.reporting.escape import shorten, show_text

__all__ = ["collect_several", "render_several_html", "render_several_markdown"]

LABEL_CELLS = 40
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .7rem;text-align:right;"
    "border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}"
)


@dataclass(frozen=True)
class _Table:
    """A table of texts with a title and a sentence under it."""

    title: str
    rows: Sequence[Mapping[str, str]]
    note: str


def collect_several(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return what report.json holds: the results, of which the pages are made."""
    return {"task": "multi", **results}


def render_several_markdown(report: Mapping[str, Any]) -> str:
    """Render the report as Markdown."""
    lines = [f"# {_markdown(report['title'])}", ""]
    for sentence in _sentences(report):
        lines += [_markdown(sentence), ""]
    for table in _tables(report):
        lines += [f"## {table.title}", ""]
        if table.rows:
            columns = list(table.rows[0])
            lines.append("| " + " | ".join(columns) + " |")
            lines.append("|---" + "|---:" * (len(columns) - 1) + "|")
            for row in table.rows:
                lines.append("| " + " | ".join(map(_markdown, row.values())) + " |")
            lines.append("")
        lines += [table.note, ""]
    return "\n".join(lines)


def render_several_html(report: Mapping[str, Any]) -> str:
    """Render the report as one HTML file that needs nothing else."""
    title = html.escape(show_text(report["title"]))
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
        f"<style>{STYLE}</style></head><body><h1>{title}</h1>",
    ]
    parts += [f"<p>{html.escape(show_text(sentence))}</p>" for sentence in _sentences(report)]
    for table in _tables(report):
        parts.append(f"<h2>{table.title}</h2>")
        if table.rows:
            parts.append("<table>" + _html_row("th", list(table.rows[0])))
            parts += [_html_row("td", list(row.values())) for row in table.rows]
            parts.append("</table>")
        parts.append(f"<p>{html.escape(table.note)}</p>")
    return "\n".join([*parts, "</body></html>", ""])


def _html_row(cell: str, values: Sequence[str]) -> str:
    cells = [f"<{cell}>{html.escape(show_text(value))}</{cell}>" for value in values]
    return f"<tr>{''.join(cells)}</tr>"


def _markdown(text: str) -> str:
    """Return a text that Markdown shows as it is, in one line."""
    escaped = "".join(f"\\{char}" if char in "\\`*_[]<>|#" else char for char in show_text(text))
    return escaped.replace("\n", " ")


def _sentences(report: Mapping[str, Any]) -> list[str]:
    """Return the first sentences: what to take, how good it is, and what to know."""
    row = _recommended(report)
    test, low_high = row["test"], row["test"]["intervals"]
    low, high = low_high["f1_macro"]
    micro_low, micro_high = low_high["f1_micro"]
    data = report["data"]
    return [
        f"Take {report['recommended']}: macro F1 {test['f1_macro']:.3f} ({low:.3f} to {high:.3f}) "
        f"and micro F1 {test['f1_micro']:.3f} ({micro_low:.3f} to {micro_high:.3f}) on "
        f"{test['n_texts']:,} test texts that took part in no choice.",
        f"Why: {report['why']}.",
        f"{test['exact_match']:.1%} of the texts get exactly their labels; "
        f"{test['hamming_loss']:.2%} of all label entries are wrong.",
        f"{data['source']}: {len(data['labels']):,} labels, "
        f"{data['together']['mean']:.2f} per text on average.",
        *report["warnings"],
    ]


def _recommended(report: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(
        one for one in report["methods"] if one["method"] == report["recommended"]
    )
    return found


def _tables(report: Mapping[str, Any]) -> list[_Table]:
    test = _recommended(report)["test"]
    return [
        _Table(
            "Methods",
            [_method_row(one, report) for one in report["methods"]],
            "Evidence: validation, each text judged by thresholds that were chosen without it. "
            "Test takes part in no choice.",
        ),
        _Table(
            f"Labels of {report['recommended']} on test",
            [_label_row(one) for one in test["per_label"]],
            "A label is given where its score is at least its threshold. Thresholds are chosen for "
            "F1 on validation, and scores are calibrated for each label there.",
        ),
        _Table(
            "Labels that texts of train have together",
            [_pair_row(one) for one in report["data"]["together"]["pairs"]],
            "Times chance: how many times more often than if the two were independent.",
        ),
        _Table("Left out", [], _left_out(report)),
    ]


def _method_row(one: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, str]:
    test = one["test"]
    low, high = test["intervals"]["f1_macro"]
    return {
        "method": one["method"],
        "macro F1, evidence": f"{one['validation']['f1_macro']:.3f}",
        "macro F1, test": f"{test['f1_macro']:.3f}",
        "95 % interval": f"{low:.3f}–{high:.3f}",
        "micro F1": f"{test['f1_micro']:.3f}",
        "exact match": f"{test['exact_match']:.3f}",
        "average precision": f"{test['average_precision']:.3f}",
        "calibration error": f"{test['ece']:.4f}",
        "fit s": f"{report['timings'][one['method']]['fit_s']:.1f}",
    }


def _label_row(one: Mapping[str, Any]) -> dict[str, str]:
    low, high = one["f1_interval"]
    precision = one["average_precision"]
    return {
        "label": shorten(show_text(one["label"]), LABEL_CELLS),
        "texts": f"{one['n_texts']:,}",
        "precision": f"{one['precision']:.3f}",
        "recall": f"{one['recall']:.3f}",
        "F1": f"{one['f1']:.3f}",
        "95 % interval": f"{low:.3f}–{high:.3f}",
        "average precision": "" if precision is None else f"{precision:.3f}",
        "threshold": f"{one['threshold']:.3f}",
    }


def _pair_row(one: Mapping[str, Any]) -> dict[str, str]:
    names = [shorten(show_text(label), LABEL_CELLS) for label in one["labels"]]
    return {
        "labels": " + ".join(names),
        "texts": f"{one['n_texts']:,}",
        "times chance": f"{one['lift']:.1f}",
    }


def _left_out(report: Mapping[str, Any]) -> str:
    skipped = [f"{one['method']} ({one['reason']})" for one in report["skipped"]]
    methods = f"Methods: {', '.join(skipped)}. " if skipped else ""
    return (
        f"{methods}Checks of labels, the map and the figures are made for data with one label per "
        "text alone."
    )
