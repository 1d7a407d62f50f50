"""The notebook of a run: its steps with the methods that the run used, and no others."""

import ast
import builtins as builtins_module
import re

import pytest

from assay.methods import METHODS
from assay.reporting.notebook import LANGUAGES, NotebookPlan, make_notebook

CHOICES = [
    ("majority",),
    ("majority", "linear"),
    ("linear", "compact"),
    ("features",),
    ("finetune",),
    tuple(METHODS),
]


def sources(plan, language="en"):
    """Return the code and the prose of a notebook."""
    cells = make_notebook(plan, language=language)["cells"]
    code = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    prose = [cell["source"] for cell in cells if cell["cell_type"] == "markdown"]
    return code, "\n\n".join(prose)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("methods", CHOICES, ids=",".join)
def test_notebook_trains_the_methods_of_the_run(methods, language):
    """Each method has its cell, no other method is named in the code, and every cell is Python."""
    code, prose = sources(NotebookPlan(data="x.csv", title="x", methods=methods), language)
    text = "\n".join(code)
    assert re.findall(r'method="(\w+)"', text) == list(methods)
    assert set(re.findall(r'tour/(\w+)"', text)) == set(methods)
    for cell in code:
        ast.parse(cell)
    numbers = [int(number) for number in re.findall(r"^## (\d+)\. ", prose, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("methods", CHOICES, ids=",".join)
def test_cells_use_only_names_that_earlier_cells_define(methods):
    """A cell that is left out takes nothing with it that a later cell needs."""
    code, _ = sources(NotebookPlan(data="x.csv", title="x", methods=methods))
    known = set()
    for cell in code:
        tree = ast.parse(cell)
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                bound |= {(alias.asname or alias.name) for alias in node.names}
            elif isinstance(node, ast.Lambda):
                bound |= {argument.arg for argument in node.args.args}
        used = {node.id for node in names if isinstance(node.ctx, ast.Load)}
        builtins = {name for name in used if name in vars(builtins_module)}
        assert used - builtins - bound <= known, cell
        known |= bound


def test_stock_pipeline_is_shown_for_a_stock_checkpoint_only():
    """Only `finetune` saves what the pipeline of transformers reads."""
    assert "pipeline" in "\n".join(sources(NotebookPlan(data="x.csv", methods=("finetune",)))[0])
    assert "pipeline" not in "\n".join(sources(NotebookPlan(data="x.csv", methods=("linear",)))[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_notebook_of_e5_explains_its_own_tokens(language):
    """The pieces of `e5` begin words with a sign of their own, and its package is another extra."""
    plan = NotebookPlan(data="x.csv", title="x", checkpoint="e5")
    _, prose = sources(plan, language)
    assert "`▁`" in prose
    assert "`<s>`" in prose
    assert "assay[train,multilingual,notebook]" in prose
    assert "[CLS]" not in prose
    _, prose = sources(NotebookPlan(data="x.csv", title="x"), language)
    assert "`[CLS]`" in prose
    assert "`▁`" not in prose


def test_korean_notebook_comments_in_korean():
    """The comment on missing splits was English in every language."""
    for cut, missing in ((True, 1), (False, 0)):
        code, _ = sources(NotebookPlan(data="x.csv", title="x", needs_cut=cut), "ko")
        comments = re.findall(r"  # (.*)", "\n".join(code))
        assert sum("없으면 잘라서" in comment for comment in comments) == missing
        assert not [one for one in comments if "where the data has none" in one]
