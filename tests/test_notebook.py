"""The bar in a notebook, and the notebooks themselves: the tour in both languages, run in a real kernel."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from _support.sample_files import write_sample
from assay.notebook import NotebookProgress, default_progress, in_notebook
from assay.progress import Progress
from assay.reporting.notebook import LANGUAGES, NotebookPlan, make_notebook

ROOT = Path(__file__).resolve().parent.parent
HANGUL = re.compile("[가-힣]")
SPOKEN = ', language="ko"'


class Screen:
    """Takes the place in which a notebook shows HTML; keeps all that was shown."""

    def __init__(self):
        self.shown = []

    def __call__(self, content):
        """Show something new."""
        self.shown.append(content)
        return self

    def update(self, content):
        """Change what is shown."""
        self.shown.append(content.data)


def test_bar_moves_and_is_gone_at_the_end():
    """Work shows its name, how far it is and inner work; nothing is left when it is done; texts are escaped."""
    screen = Screen()
    progress = NotebookProgress(screen)
    with progress.track("outer <b>", 10) as advance:
        advance(4)
        progress.say("a <sentence>")
        assert 'max="10" value="4"' in screen.shown[-1]
        assert "outer &lt;b&gt;: 4 of 10, about" in screen.shown[-1]
        assert "a &lt;sentence&gt;" in screen.shown[-1]
        with progress.track("inner", 0) as inner:
            inner(3)
            progress.say("more")
            assert "inner: 3 after" in screen.shown[-1]
        assert "inner" not in screen.shown[-1]
    assert screen.shown[-1] == ""


def test_outside_a_notebook_there_is_silence():
    """Scripts and tests get the progress that says nothing."""
    assert not in_notebook()
    assert type(default_progress()) is Progress


COMMENT = re.compile(r" +# .*")


def code_of(notebook):
    """Return the code cells' sources."""
    return [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]


def without_language(notebook):
    """Return the code as it is where pictures are English, without its comments."""
    return [COMMENT.sub("", source.replace(SPOKEN, "")) for source in code_of(notebook)]


def test_both_languages_run_the_same_code():
    """The tours differ in their words only; the Korean one is Korean in prose and pictures."""
    english, korean = (make_notebook(language=language) for language in LANGUAGES)
    assert "language=" not in "\n".join(code_of(english))
    assert without_language(english) == without_language(korean)
    comments = COMMENT.findall("\n".join(code_of(korean)))
    assert comments
    assert all(map(HANGUL.search, comments))
    drawn = re.findall(r"^assay\.draw_\w+\(.*", "\n".join(code_of(korean)), re.MULTILINE)
    assert len(drawn) == 6
    assert all(call.endswith(SPOKEN + ")") for call in drawn)
    kinds = [[cell["cell_type"] for cell in one["cells"]] for one in (english, korean)]
    assert kinds[0] == kinds[1]
    for cell in korean["cells"]:
        if cell["cell_type"] == "markdown":
            assert HANGUL.search(cell["source"])
    assert make_notebook() == english


def test_every_code_cell_stands_in_the_tour():
    """No piece of code is written and then left out."""
    text = (ROOT / "src/assay/reporting/templates/tour_code.txt").read_text(encoding="utf-8")
    prose = (ROOT / "src/assay/reporting/templates/tour.txt.j2").read_text(encoding="utf-8")
    assert re.findall(r"^=== (\w+) ===$", text, re.MULTILINE) == re.findall(
        r"^\[\[(\w+)\]\]$", prose, re.MULTILINE
    )


def test_plan_cannot_break_out_of_its_quotes():
    """Names of files and checkpoints, however odd, stay texts in the code."""
    odd = 'a"; import os; os.system("x") #\n{{ 7 * 7 }}'
    plan = NotebookPlan(
        data=odd, checkpoint=odd, title="# <b>", options={"text_column": odd, "delimiter": None}
    )
    code = "\n".join(code_of(make_notebook(plan)))
    compile(code, "notebook", "exec")
    assert "49" not in code
    assert "import os; os.system" in code  # inside a text
    assert "\nimport os" not in code
    assert "delimiter" not in code


@pytest.mark.parametrize("language", LANGUAGES)
def test_tour_on_disk_is_today_s_and_was_run(language):
    """The notebooks in the repository have today's cells, with outputs and pictures and without errors."""
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "tour.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    stem = "tour" if language == "en" else f"tour.{language}"
    notebook = nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error"]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 6
    page = (ROOT / "docs" / f"{stem}.md").read_text(encoding="utf-8")
    pictures = re.findall(rf"\]\(({re.escape(stem)}_files/[^)]+)\)", page)
    assert len(pictures) == 6
    assert all((ROOT / "docs" / picture).is_file() for picture in pictures)


@pytest.mark.slow
def test_tour_runs_from_top_to_bottom(tmp_path, monkeypatch):
    """Every cell runs in a fresh kernel; only the data are fewer here than in the tour.

    Once for all languages, whose code differs in the language of pictures alone.
    """
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    monkeypatch.setenv("ASSAY_CACHE", str(tmp_path / "cache"))
    plan = NotebookPlan(rows=48, epochs=1)
    english, *others = (make_notebook(plan, language=language) for language in LANGUAGES)
    assert all(without_language(other) == without_language(english) for other in others)
    notebook = nbformat.from_dict(english)
    write_sample(tmp_path / "some")
    (loading,) = [cell for cell in notebook.cells if 'load_data("sample")' in cell.source]
    loading.source = loading.source.replace('"sample"', repr(str(tmp_path / "some")))
    folder = tmp_path / "kernel"
    folder.mkdir()
    client = NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    model = json.loads((folder / "tour" / "finetune" / "assay.json").read_text(encoding="utf-8"))
    assert model["training_data"]["n_texts"] == 48
    shown = [
        output for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output
    ]
    assert sum("image/png" in output.data for output in shown) == 6
    bars = [output for output in shown if output.output_type == "display_data"]
    assert bars  # there were bars, and
    assert all(output.data["text/html"] == "" for output in bars)  # each is gone
