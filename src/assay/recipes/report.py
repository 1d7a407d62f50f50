"""`assay report`: the write-up of a run again, from its report.json alone."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assay.catalogue import ENGLISH, open_language
from assay.disk import atomic_folder, check_output, refusals_of_disk, write_whole
from assay.errors import InputError, did_you_mean
from assay.output_lock import lock_output
from assay.reporting.figures import draw_figures
from assay.reporting.notebook import NotebookPlan, make_notebook
from assay.reporting.old_reports import REPORT_VERSION
from assay.reporting.render import render_html, render_markdown
from assay.reporting.several_figures import draw_several
from assay.reporting.several_report import render_several_html, render_several_markdown

__all__ = ["FORMATS", "WrittenReport", "write_report_file"]

logger = logging.getLogger(__name__)

FORMATS = ("md", "html", "ipynb")
READING_OPTIONS = (
    "text_column",
    "label_column",
    "labels",
    "delimiter",
    "encoding",
    "quoting",
    "escape",
    "header",
    "sheet",
)
# Of fine-tuning in a notebook, which is for trying things.
MAX_NOTEBOOK_ROWS, NOTEBOOK_EPOCHS = 2000, 2


@dataclass(frozen=True)
class WrittenReport:
    """What was written: the file, its format, and the pictures beside it."""

    out: str
    format: str
    pictures: list[str]

    def to_dict(self) -> dict[str, str | list[str]]:
        """Return plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Pages:
    """How the report of one task is drawn and rendered."""

    draw: Callable[..., dict[str, bytes]]
    render_markdown: Callable[..., str]
    render_html: Callable[..., str]
    has_notebook: bool


PAGES = {
    "single": Pages(draw_figures, render_markdown, render_html, has_notebook=True),
    "multi": Pages(draw_several, render_several_markdown, render_several_html, has_notebook=False),
}  # by task


def write_report_file(
    run: str | Path,
    out: str | Path,
    *,
    format: str | None = None,
    language: str = ENGLISH,
    overwrite: bool = False,
) -> WrittenReport:
    """Write the report of a run again.

    Parameters
    ----------
    run : path
        A folder that `assay run` wrote.
    out : path
        The file. Pictures of Markdown go into ``OUT_files`` beside it (``report.md``:
        ``report_files``).
    format : str, optional
        `md`, `html` or `ipynb`: a notebook that takes the steps of the run one by one, not run yet.
        None: by the ending of `out`.
    language : str
        Code of a file of the catalogue, such as `ko`. What assay 0.1.0 wrote holds English
        sentences, so that its Markdown and HTML stay English, with a warning.
    overwrite : bool

    Raises
    ------
    InputError
        There is no such run, the format or the language is unknown, or `out` is there already.
    OutsideError
        The disk refused, or another process writes the file.
    """
    run, out = Path(run), Path(out)
    format = _choose_format(format, out)
    open_language(language)  # refuses one that there is not
    check_output(out, overwrite=overwrite)
    report = _read_report(run)
    pages = PAGES[report.get("task", "single")]
    if format == "ipynb" and not pages.has_notebook:
        raise InputError(
            f"{run} is a run on texts with several labels, of which no notebook is made; "
            "md and html are accepted"
        )
    if format != "ipynb":
        language = _language_of(report, run, language)
    pictures: list[str] = []
    with _explained(run, out), lock_output(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        if format == "ipynb":
            notebook = make_notebook(_plan(report), language=language)
            write_whole(out, json.dumps(notebook, indent=1) + "\n")
        elif format == "html":
            figures = pages.draw(report, language=language)
            write_whole(out, pages.render_html(report, figures, language=language))
        else:
            pictures = _write_markdown(report, pages, out, language=language, overwrite=overwrite)
    return WrittenReport(str(out), format, pictures)


def _language_of(report: Mapping[str, Any], run: Path, wanted: str) -> str:
    """Return the language that a report can be written in: old ones hold English sentences."""
    if report["schema_version"] >= REPORT_VERSION or wanted == ENGLISH:
        return wanted
    logger.warning(
        "%s is of an earlier version and holds English sentences: the report stays English; "
        "do the run again to have it in another language",
        run / "report.json",
    )
    return ENGLISH


@contextmanager
def _explained(run: Path, out: Path) -> Iterator[None]:
    """Say what went wrong in the block: a report that lacks what is rendered, or the disk."""
    try:
        with refusals_of_disk(out):
            yield
    except (KeyError, TypeError, AttributeError) as err:
        raise _damaged(run) from err


def _choose_format(given: str | None, out: Path) -> str:
    """Return the format: the given one, else that of the ending; the two must agree."""
    ending = out.suffix.removeprefix(".").casefold()
    chosen = given or ending
    if chosen not in FORMATS:
        what = f"--format is '{given}'" if given else f"the ending of {out} says no format"
        raise InputError(
            f"{what}; {', '.join(FORMATS)} are accepted.{did_you_mean(chosen, FORMATS)}"
        )
    if ending != chosen:
        raise InputError(
            f"--out is {out}, and the format is {chosen}; a name that ends in .{chosen} is accepted"
        )
    return chosen


def _read_report(run: Path) -> Mapping[str, Any]:
    path = run / "report.json"
    if not path.is_file():
        raise InputError(
            f"{run} has no report.json: it is not a run",
            hint="a run is what `assay run DATA --out RUN` wrote",
        )
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as err:
        raise _damaged(run) from err
    if not isinstance(report, dict) or not isinstance(report.get("schema_version"), int):
        raise _damaged(run)
    version = report["schema_version"]
    if version > REPORT_VERSION:
        raise InputError(
            f"{path} has schema {version}; this assay reads up to {REPORT_VERSION}",
            hint="upgrade assay",
        )
    return report


def _damaged(run: Path) -> InputError:
    return InputError(
        f"{run / 'report.json'} is damaged, or of another version of assay", hint="do the run again"
    )


def _write_markdown(
    report: Mapping[str, Any], pages: Pages, out: Path, *, language: str, overwrite: bool
) -> list[str]:
    """Write the pictures, all or none, and then the page that shows them."""
    figures = pages.draw(report, language=language)
    folder = out.with_name(f"{out.stem}_files")
    page = pages.render_markdown(report, figures, figure_dir=folder.name, language=language)
    with atomic_folder(folder, overwrite=overwrite) as root:
        for name, png in figures.items():
            (root / f"{name}.png").write_bytes(png)
    write_whole(out, page)
    return [str(folder / f"{name}.png") for name in figures]


def _plan(report: Mapping[str, Any]) -> NotebookPlan:
    """Say what the notebook of this run loads and trains, and how large its fine-tuning is."""
    options = report["how"]["options"]
    source = str(report["data"]["source"])
    n_train = int(report["data"]["splits"]["train"]["n_texts"])
    reading = {}
    for name in READING_OPTIONS:
        value = options.get(name)
        if value not in (None, True):  # which are the defaults
            reading[name] = value
    return NotebookPlan(
        data=source,
        options=reading,
        needs_cut=source != "sample",
        methods=tuple(row["method"] for row in report["leaderboard"]),
        checkpoint=str(options.get("checkpoint", "minilm")),
        rows=min(MAX_NOTEBOOK_ROWS, n_train),
        epochs=NOTEBOOK_EPOCHS,
        seed=int(report["how"]["seed"] or 0),
        title=str(report["title"]),
        labels=tuple(report["labels"]),
    )
