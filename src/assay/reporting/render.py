"""The report as Markdown and as one self-contained HTML file. Computes nothing, reads no file back.

The only file that imports jinja2. Whatever a template writes is escaped for the form it goes to,
Markdown as well as HTML, unless it was marked as safe here: a template cannot forget to.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as quote_path

from assay._optional import require
from assay.errors import InputError
from assay.methods import FLOOR
from assay.reporting import formats
from assay.reporting.escape import escape_markdown, quote, shorten, show_text
from assay.reporting.figures import draw_figures

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["make_environment", "render_html", "render_markdown", "tidy", "write_report"]

TEMPLATES = Path(__file__).parent / "templates"
FIGURE_DIR = "report_files"
# What each figure shows, for those who cannot see it, and its caption.
CAPTIONS = {
    "leaderboard": (
        "Accuracy of each method on validation and test, with intervals",
        "Accuracy with 95% intervals, methods from cheapest to most expensive.",
    ),
    "class_counts": ("Bars: texts per label", "Texts per label in the train split."),
    "words_per_text": (
        "Box plot: words per text for each label",
        "Words per text in the train split. Each box holds the middle half of the texts; "
        "the line inside the box is the median.",
    ),
    "confusion": (
        "Confusion matrix, normalised by true label",
        "Percentages of the texts of each true label: a row sums to 100. "
        "Cells off the diagonal are mistakes.",
    ),
    "reliability": (
        "Reliability: how often a method was right, against its score",
        "On the dashed line, a method is right exactly as often as its scores say. "
        "A larger dot stands for more texts.",
    ),
    "coverage": (
        "Accuracy of the answered texts against their share of all texts, one line for each method",
        "From left to right, fewer and fewer texts are answered: those that the method is most "
        "sure about. The dots show what the thresholds chosen on validation reach.",
    ),
    "training": (
        "Training loss and validation scores for each epoch",
        "Training loss and validation scores after each epoch.",
    ),
    "map": (
        "Map of the texts, one density panel for each label",
        "Each panel shows where the texts of one label are on a map of all texts (grey). "
        "Similar texts are close together.",
    ),
}


def render_markdown(
    report: Mapping[str, Any], figures: Mapping[str, bytes], *, figure_dir: str = FIGURE_DIR
) -> str:
    """Render the report as Markdown that reads well as it is on GitHub or a blog.

    Parameters
    ----------
    report : dict
        As `collect_report` returns it.
    figures : mapping of name to PNG bytes
        Only the names are used.
    figure_dir : str
        Folder beside the page where the pictures are expected, as ``NAME.png``.
    """
    environment = make_environment(escape_markdown)
    markup = require("markupsafe").Markup
    place = quote_path(figure_dir)
    paths = {name: markup(f"{place}/{name}.png") for name in figures}
    return tidy(_fill(environment, "report.md.j2", report=report, figures=paths, captions=CAPTIONS))


def render_html(report: Mapping[str, Any], figures: Mapping[str, bytes]) -> str:
    """Render the report as one HTML file that needs nothing else.

    Styles and pictures are inside, and there is no script.

    Parameters
    ----------
    report : dict
        As `collect_report` returns it.
    figures : mapping of name to PNG bytes
    """
    pictures = {
        name: f"data:image/png;base64,{base64.b64encode(png).decode()}"
        for name, png in figures.items()
    }
    return _fill(
        make_environment(show_text),
        "report.html.j2",
        report=report,
        figures=pictures,
        captions=CAPTIONS,
    )


def _fill(environment: Environment, template: str, **values: Any) -> str:
    """Render a template; a report that lacks what it shows was not written by this version."""
    try:
        return str(environment.get_template(template).render(**values))
    except require("jinja2").UndefinedError as err:
        raise InputError(
            f"the report cannot be rendered: {err.message}",
            hint="do the run again with this version of assay",
        ) from err


def write_report(report: Mapping[str, Any], out_dir: Path) -> None:
    """Write report.md with report_files/*.png, report.html and report.json into an existing folder.

    Parameters
    ----------
    report : dict
        As `collect_report` returns it, or read back from report.json.
    out_dir : Path
    """
    figures = draw_figures(report)
    figure_dir = out_dir / FIGURE_DIR
    figure_dir.mkdir(exist_ok=True)
    for name, png in figures.items():
        (figure_dir / f"{name}.png").write_bytes(png)
    _write(out_dir / "report.md", render_markdown(report, figures))
    _write(out_dir / "report.html", render_html(report, figures))
    _write(out_dir / "report.json", _to_json(report))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _to_json(report: Mapping[str, Any]) -> str:
    """Write JSON with characters as they are, but escape unpaired surrogates for UTF-8."""
    text = json.dumps(report, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found.group()):04x}", text) + "\n"


def tidy(text: str) -> str:
    """Leave at most one blank line in a row, where a template left out a part."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def make_environment(escape: Callable[[str], str]) -> Environment:
    """Make the templates' environment, in which every string that is written goes through `escape`.

    What `escape` returns for HTML is escaped by jinja2 after it; Markdown is whole with it.
    """
    jinja2, markup = require("jinja2"), require("markupsafe").Markup

    def finalize(value: Any) -> Any:
        if not isinstance(value, str) or hasattr(value, "__html__"):
            return value
        return escape(value) if escape is show_text else markup(escape(value))

    def code(text: str) -> Any:
        """Keep `text` inside a fenced block of Markdown: no backticks in it can close the fence."""
        return markup(show_text(text).replace("```", "'''"))

    environment: Environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {name: getattr(formats, name) for name in formats.__all__}
    environment.filters |= {"shorten": shorten, "shell": shlex.quote, "quote": quote, "code": code}
    environment.globals["FLOOR"] = FLOOR
    environment.filters["capital"] = lambda text: text[:1].upper() + text[1:]
    return environment
