"""Make the tour: notebooks/tour.ipynb and tour.ko.ipynb, run from top to bottom, and docs/tour*.md.

    python docs/tour.py [LANGUAGE]   write, run and export both, or one (some minutes on 2 cores)
    python docs/tour.py --words      put today's prose into both where the code has not changed
    python docs/tour.py --check      exit 1 if a notebook holds other cells than assay makes today
"""

from __future__ import annotations

import copy
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import MarkdownExporter

from assay.reporting.notebook import LANGUAGES, make_notebook

ROOT = Path(__file__).resolve().parent.parent
CELL_TIMEOUT_S = 1200  # one fine-tuning on a busy machine


def notebook_path(language):
    """Return where the notebook of a language is."""
    return ROOT / "notebooks" / ("tour.ipynb" if language == "en" else f"tour.{language}.ipynb")


def run_notebook(content, folder):
    """Run a notebook in `folder`; return it with its outputs."""
    # A new kernel finds assay as this process does.
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    notebook = nbformat.from_dict(copy.deepcopy(content))
    NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    for cell in notebook.cells:
        cell.metadata = {}  # times of running: another diff each time
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not is_spent_bar(output)]
    return notebook


def is_spent_bar(output):
    """Tell whether an output is a progress bar whose work is done, or a library's warning."""
    if output.output_type == "stream":
        return output.name == "stderr"
    return output.output_type == "display_data" and not output.data.get("text/html", "x")


def export(notebook, stem):
    """Write docs/STEM.md with its pictures beside it."""
    body, resources = MarkdownExporter().from_notebook_node(
        notebook, resources={"output_files_dir": f"{stem}_files", "unique_key": stem}
    )
    folder = ROOT / "docs"
    shutil.rmtree(folder / f"{stem}_files", ignore_errors=True)
    for name, data in resources["outputs"].items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    alts = iter(alt_texts(notebook))
    body = re.sub(r"!\[png\]", lambda found: f"![{next(alts)}]", body)
    body = (
        re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+$", "", body, flags=re.MULTILINE)).strip() + "\n"
    )
    (folder / f"{stem}.md").write_text(body, encoding="utf-8")


def alt_texts(notebook):
    """Return what each picture shows, for those who cannot see it."""
    outputs = [
        output for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output
    ]
    plain = [output.data["text/plain"] for output in outputs if "image/png" in output.data]
    return [re.sub(r"^<(.*): PNG of .*>$", r"\1", text) for text in plain]


def sources(notebook):
    """Return kind and text of each cell."""
    return [(cell["cell_type"], cell["source"]) for cell in notebook["cells"]]


def check():
    """Compare the cells of the notebooks with those that assay makes."""
    for language in LANGUAGES:
        path = notebook_path(language)
        if sources(nbformat.read(path, as_version=4)) != sources(make_notebook(language=language)):
            raise SystemExit(f"{path.name} is out of date: run make tour")


def renew_words():
    """Put today's prose between the code cells, whose outputs stay."""
    for language in LANGUAGES:
        notebook, today = (
            nbformat.read(notebook_path(language), as_version=4),
            make_notebook(language=language),
        )
        for cell, new in zip(notebook.cells, today["cells"], strict=True):
            if new["cell_type"] == "code" and cell.source != new["source"]:
                raise SystemExit(
                    f"the code of {notebook_path(language).name} has changed: run make tour"
                )
            cell.source = new["source"]
        write(notebook, notebook_path(language))


def write(notebook, path):
    """Write the notebook and its Markdown."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    export(notebook, path.stem)


def main():
    """Write, run and export both notebooks."""
    if "--check" in sys.argv:
        return check()
    if "--words" in sys.argv:
        return renew_words()
    chosen = [language for language in LANGUAGES if language in sys.argv] or LANGUAGES
    for language in chosen:
        with tempfile.TemporaryDirectory() as folder:
            write(run_notebook(make_notebook(language=language), folder), notebook_path(language))
    return None


if __name__ == "__main__":
    main()
