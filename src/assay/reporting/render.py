"""The report as Markdown and as one self-contained HTML file. Computes nothing, reads no file back.

Every word of them comes from the catalogue of sentences, in the language that is asked for.
"""

from __future__ import annotations

import base64
import functools
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as quote_path

from assay._optional import require
from assay.catalogue import ENGLISH, Styled, open_language
from assay.errors import InputError
from assay.evaluation.recommendation import NOT_SHOWN
from assay.evaluation.score_draws import MACRO_F1
from assay.methods import FLOOR
from assay.reporting.coverage_figure import has_marks
from assay.reporting.environment import open_environment, tidy
from assay.reporting.escape import shorten, show_text
from assay.reporting.figures import draw_figures, find_word_unit
from assay.reporting.fonts import find_missing_glyphs
from assay.reporting.old_reports import upgrade_report

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["render_html", "render_markdown", "write_report"]

FIGURE_DIR = "report_files"
MAX_LABEL_CELLS = 80  # of a label in the first sentence


def render_markdown(
    report: Mapping[str, Any],
    figures: Mapping[str, bytes],
    *,
    figure_dir: str = FIGURE_DIR,
    language: str = ENGLISH,
) -> str:
    """Render the report as Markdown that reads well as it is on GitHub or a blog.

    Parameters
    ----------
    report : dict
        As `collect_report` returns it, or read back from report.json.
    figures : mapping of name to PNG bytes
        Only the names are used.
    figure_dir : str
        Folder beside the page where the pictures are expected, as ``NAME.png``.
    language : str
        One of `LANGUAGES`.
    """
    markup = require("markupsafe").Markup
    place = quote_path(figure_dir)
    paths = {name: markup(f"{place}/{name}.png") for name in figures}
    environment = open_environment(open_language(language), form="md")
    return tidy(_fill(environment, "report.md.j2", report, paths, language))


def render_html(
    report: Mapping[str, Any], figures: Mapping[str, bytes], *, language: str = ENGLISH
) -> str:
    """Render the report as one HTML file that needs nothing else.

    Styles and pictures are inside, and there is no script.

    Parameters
    ----------
    report : dict
        As `collect_report` returns it, or read back from report.json.
    figures : mapping of name to PNG bytes
    language : str
        One of `LANGUAGES`.
    """
    pictures = {
        name: f"data:image/png;base64,{base64.b64encode(png).decode()}"
        for name, png in figures.items()
    }
    environment = open_environment(open_language(language), form="html")
    return _fill(environment, "report.html.j2", report, pictures, language)


def _fill(
    environment: Environment,
    template: str,
    report: Mapping[str, Any],
    figures: Mapping[str, str],
    language: str,
) -> str:
    """Render a template; a report that lacks what it shows was not written by this version."""
    report = upgrade_report(report)
    shown = {
        "report": report,
        "figures": figures,
        "captions": _captions(report),
        "missing_glyphs": find_missing_glyphs(report["labels"], language=language),
        "verdict_sentence": functools.partial(_verdict_sentence, environment, report["verdict"]),
    }
    try:
        return str(environment.get_template(template).render(shown))
    except require("jinja2").UndefinedError as err:
        raise InputError(
            f"the report cannot be rendered: {err.message}",
            hint="do the run again with this version of assay",
        ) from err


def _captions(report: Mapping[str, Any]) -> dict[str, str]:
    """Return which sentence is below a figure, where that depends on what is drawn."""
    captions = {"words_per_text": f"{find_word_unit(report)}_per_text"}
    part = (report.get("coverage") or {}).get(report["verdict"]["method"])
    if part and has_marks(part):
        captions["coverage"] = "coverage_marked"
    return captions


def _verdict_sentence(environment: Environment, verdict: Mapping[str, Any]) -> str:
    """Return how a report begins: what to take, how often it is right, and its macro F1.

    Macro F1 is said where methods were chosen by it, and that nothing is promised where many texts
    are nearly the same.
    """
    said = _what_to_take(environment, verdict)  # markup stays markup
    say: Callable[..., str] = environment.globals["say"]
    if verdict.get("metric") == MACRO_F1:
        score = Styled(environment.filters["percent"](verdict["f1_macro"]), "strong")
        said = said + " " + say("verdict.macro", score=score)
    near = verdict.get("near")  # which reports of earlier versions lack
    if near is not None:
        n_texts = near["n_near"] + near["n_others"]
        said = said + " " + say("verdict.near", n=near["n_near"], n_texts=n_texts)
    return said


def _what_to_take(environment: Environment, verdict: Mapping[str, Any]) -> str:
    say: Callable[..., str] = environment.globals["say"]
    percent = environment.filters["percent"]
    floor = verdict["floor"]
    label = (floor or {}).get("label")
    values: dict[str, Any] = {
        "accuracy": Styled(percent(verdict["accuracy"]), "strong"),
        "n_texts": verdict["n_texts"],
        "split": verdict["split"],
    }
    end = ""  # of the name of the sentence
    if label:
        end = "_label"
        values["label"] = Styled(shorten(show_text(label), MAX_LABEL_CELLS), "isolated")
    if verdict["method"] == FLOOR:
        return say(f"verdict.floor{end}", **values)
    values["method"] = Styled(verdict["method"], "strong")
    if not floor:
        return say("verdict.take", **values)
    # Few test texts may even say the opposite of what the choice was made on. Runs of 0.1.0 give
    # their reasons as sentences.
    if any(not isinstance(one, str) and one["kind"] == NOT_SHOWN for one in verdict["reasons"]):
        return say(f"verdict.unsure{end}", **values)
    values["floor"] = floor["accuracy"]
    return say(f"verdict.take_over{end}", **values)


def write_report(
    report: Mapping[str, Any],
    out_dir: Path,
    *,
    language: str = ENGLISH,
    drawn: Mapping[str, bytes] | None = None,
) -> None:
    """Write report.md with report_files/*.png, report.html and report.json into an existing folder.

    Parameters
    ----------
    report : dict
        As `collect_report` returns it.
    out_dir : Path
    language : str
        One of `LANGUAGES`. report.json is the same in every language.
    drawn : mapping of name to PNG bytes, optional
        Figures of this report that were drawn before, in the same language.
    """
    figures = draw_figures(report, language=language, drawn=drawn)
    figure_dir = out_dir / FIGURE_DIR
    figure_dir.mkdir(exist_ok=True)
    for name, png in figures.items():
        (figure_dir / f"{name}.png").write_bytes(png)
    _write(out_dir / "report.md", render_markdown(report, figures, language=language))
    _write(out_dir / "report.html", render_html(report, figures, language=language))
    _write(out_dir / "report.json", _to_json(report))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _to_json(report: Mapping[str, Any]) -> str:
    """Write JSON with characters as they are, but escape unpaired surrogates for UTF-8."""
    text = json.dumps(report, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found.group()):04x}", text) + "\n"
