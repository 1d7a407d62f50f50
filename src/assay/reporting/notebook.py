"""The practitioner's notebook: the steps of a run, one by one, through assay's Python API.

Prose and code are apart: templates/tour.txt.j2 is the order of the cells, whose sentences are in
the catalogue, and templates/tour_code.txt is the code, in which the pictures alone know a language.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assay._optional import require
from assay.catalogue import ENGLISH, LANGUAGES, open_language
from assay.checkpoints.aliases import E5
from assay.methods import METHODS
from assay.reporting.environment import TEMPLATES
from assay.reporting.escape import quote
from assay.reporting.fonts import find_missing_glyphs

__all__ = ["LANGUAGES", "NotebookPlan", "make_notebook"]

SAMPLE_TEXT = "what a lovely surprise, thank you so much"
CELL = re.compile(r"^\[\[(\w+)\]\]$", re.MULTILINE)
CODE = re.compile(r"^=== (\w+) ===$", re.MULTILINE)
HEADING = re.compile(r"^## \d+\. ", re.MULTILINE)


@dataclass(frozen=True)
class NotebookPlan:
    """What differs from one data set to another.

    Parameters
    ----------
    data : str
        What `load_data` is given.
    options : mapping of str to value
        Options of `load_data`; those that are None are left out.
    needs_cut : bool
        Whether validation or test must be cut from train.
    methods : tuple of str
        The methods that the notebook trains.
    checkpoint : str
    rows, epochs : int
        Size of the fine-tuning.
    seed : int
    title : str
        The first heading, if the data are not the sample.
    labels : tuple of str
        What the pictures name; where no font here has their characters, the notebook says so.
    """

    data: str = "sample"
    options: Mapping[str, Any] = field(default_factory=dict)
    needs_cut: bool = False
    methods: tuple[str, ...] = field(default_factory=lambda: tuple(METHODS))
    checkpoint: str = "minilm"
    rows: int = 512
    epochs: int = 3
    seed: int = 0
    title: str = ""
    labels: tuple[str, ...] = ()

    @property
    def is_sample(self) -> bool:
        """Whether this is the tour."""
        return self.data == "sample"


def make_notebook(plan: NotebookPlan | None = None, *, language: str = ENGLISH) -> dict[str, Any]:
    """Make the notebook, not run yet.

    Parameters
    ----------
    plan : NotebookPlan, optional
        None: the tour on the built-in sample.
    language : str
        One of `LANGUAGES`.

    Returns
    -------
    dict
        A notebook of format 4, ready for JSON; the same plan gives the same notebook.
    """
    plan = plan or NotebookPlan()
    nbformat = require("nbformat")
    code = _code_cells(plan, language)
    cells: list[Any] = []
    # The pattern has one group, so that prose and names of code cells alternate.
    prose = _number_headings(_render("tour.txt.j2", plan, language))
    for i, piece in enumerate(CELL.split(prose)):
        if i % 2:
            cells.append(nbformat.v4.new_code_cell(code[piece]))
        elif piece.strip():
            cells.append(nbformat.v4.new_markdown_cell(piece.strip()))
    for i, cell in enumerate(cells):
        cell["id"] = f"cell-{i}"  # those of nbformat are random
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}}
    )
    nbformat.validate(notebook)
    return dict(notebook)


def _number_headings(text: str) -> str:
    """Return the text with its sections numbered from 1, since some may have been left out."""
    numbers = itertools.count(1)
    return HEADING.sub(lambda found: f"## {next(numbers)}. ", text)


def _code_cells(plan: NotebookPlan, language: str) -> dict[str, str]:
    """Return the code of each cell, by its name."""
    _, *pieces = CODE.split(_render("tour_code.txt", plan, language))
    return {name: text.strip() for name, text in zip(pieces[::2], pieces[1::2], strict=True)}


def _render(template: str, plan: NotebookPlan, language: str) -> str:
    """Fill in a template: with Python literals, and a title without Markdown in it."""
    jinja2 = require("jinja2")
    environment = jinja2.Environment(  # no escaping: Python and Markdown, quoted below
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    methods = _methods_with_cells(plan)
    given = {name: value for name, value in plan.options.items() if value is not None}
    new_text = quote(SAMPLE_TEXT) if plan.is_sample else 'data["validation"].texts[0]'
    return str(
        environment.get_template(template).render(
            say=open_language(language).say,
            boxes=_tell_missing_glyphs(plan.labels, language),
            spoken="" if language == ENGLISH else f', language="{language}"',
            data=quote(plan.data),
            options="".join(f", {name}={value!r}" for name, value in given.items()),
            cut=plan.needs_cut,
            methods=methods,
            uses_checkpoint=any(METHODS[name].needs_checkpoint for name in methods),
            shown=methods[-1],
            is_stock=METHODS[methods[-1]].use_without_assay == "transformers",
            checkpoint=quote(plan.checkpoint),
            rows=plan.rows,
            epochs=plan.epochs,
            seed=plan.seed,
            is_sample=plan.is_sample,
            is_e5=plan.checkpoint == E5,
            title=re.sub(r"[^\w .-]", " ", plan.title),
            new_text=new_text,
        )
    )


def _tell_missing_glyphs(labels: Sequence[str], language: str) -> str:
    """Say that pictures will show characters as boxes here; empty where they will not.

    The tour, which has no labels here, is made for other machines.
    """
    if not labels:
        return ""
    found = find_missing_glyphs(labels, language=language)
    return "" if found is None else open_language(language).tell(found)


def _methods_with_cells(plan: NotebookPlan) -> list[str]:
    """Return the methods of the plan that the notebook has a cell for; all of them if none has."""
    code = (TEMPLATES / "tour_code.txt").read_text(encoding="utf-8")
    found = [name for name in plan.methods if f'method="{name}"' in code]
    return found or list(METHODS)
