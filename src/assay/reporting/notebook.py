"""The practitioner's notebook: the steps of a run, one by one, through assay's Python API, in English or Korean.

Prose and code are apart (templates/tour.*.txt, templates/tour_code.txt), so that both languages
run the same code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assay._optional import require
from assay.reporting.escape import quote
from assay.reporting.render import TEMPLATES

__all__ = ["LANGUAGES", "NotebookPlan", "make_notebook"]

LANGUAGES = ("en", "ko")
SAMPLE_TEXT = "what a lovely surprise, thank you so much"
CELL = re.compile(r"^\[\[(\w+)\]\]$", re.MULTILINE)
CODE = re.compile(r"^=== (\w+) ===$", re.MULTILINE)


@dataclass(frozen=True)
class NotebookPlan:
    """What differs from data to data.

    Parameters
    ----------
    data : str
        What `load_data` is given.
    options : dict
        Of `load_data`; None is left out.
    needs_cut : bool
        Whether validation or test must be cut from train.
    checkpoint : str
    rows, epochs : int
        Of fine-tuning.
    seed : int
    title : str
        Of the first heading, where the data is not the sample.
    """

    data: str = "sample"
    options: Mapping[str, Any] = field(default_factory=dict)
    needs_cut: bool = False
    checkpoint: str = "minilm"
    rows: int = 512
    epochs: int = 3
    seed: int = 0
    title: str = ""

    @property
    def is_sample(self) -> bool:
        """Whether this is the tour."""
        return self.data == "sample"


def make_notebook(plan: NotebookPlan | None = None, *, language: str = "en") -> dict[str, Any]:
    """Make the notebook, not run yet.

    Parameters
    ----------
    plan : NotebookPlan, optional
        None: the tour on the built-in sample.
    language : str
        `en` or `ko`.

    Returns
    -------
    dict
        A notebook of format 4, ready for JSON; the same plan gives the same.
    """
    plan = plan or NotebookPlan()
    nbformat = require("nbformat")
    code = _code_cells(plan)
    parts = CELL.split(_render(f"tour.{language}.txt", plan))
    cells: list[Any] = []
    for i, part in enumerate(parts):
        if i % 2:
            cells.append(nbformat.v4.new_code_cell(code[part]))
        elif part.strip():
            cells.append(nbformat.v4.new_markdown_cell(part.strip()))
    for i, cell in enumerate(cells):
        cell["id"] = f"cell-{i}"  # those of nbformat are random
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}}
    )
    nbformat.validate(notebook)
    return dict(notebook)


def _code_cells(plan: NotebookPlan) -> dict[str, str]:
    """Return the code of each cell, by its name."""
    _, *parts = CODE.split(_render("tour_code.txt", plan))
    return {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}


def _render(template: str, plan: NotebookPlan) -> str:
    """Fill in a template; what is filled in is Python's own, quoted, or a title without Markdown in it."""
    jinja2 = require("jinja2")
    environment = jinja2.Environment(  # no escaping: Python and Markdown, quoted below
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    options = "".join(
        f", {name}={value!r}" for name, value in plan.options.items() if value is not None
    )
    return str(
        environment.get_template(template).render(
            data=quote(plan.data),
            options=options,
            cut=plan.needs_cut,
            checkpoint=quote(plan.checkpoint),
            rows=plan.rows,
            epochs=plan.epochs,
            seed=plan.seed,
            is_sample=plan.is_sample,
            title=re.sub(r"[^\w .-]", " ", plan.title),
            new_text=quote(SAMPLE_TEXT) if plan.is_sample else 'data["validation"].texts[0]',
        )
    )
