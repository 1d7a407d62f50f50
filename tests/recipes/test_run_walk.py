"""The walk of data through `run_data`: nothing is computed twice, and the recipe is short.

`python dev/figures.py --walk` prints the same figures for the built-in sample.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
import textwrap
from pathlib import Path

import pytest

import assay
from _support.small_models import small_data
from _support.small_runs import SIZES, write_rows

DEV = Path(__file__).resolve().parents[2] / "dev"
if not (DEV / "walk.py").is_file():
    pytest.skip("dev/ is not part of this copy", allow_module_level=True)

MAX_BODY_LINES = 15


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """Run three methods on texts of which no two are equal, under the profiler of dev/walk.py."""
    folder = tmp_path_factory.mktemp("walk") / "data"
    folder.mkdir()
    for split, n_texts in SIZES.items():
        texts, labels = small_data(n_texts)
        texts = [f"{text} {split}{i}" for i, text in enumerate(texts)]
        write_rows(folder / f"{split}.csv", texts, labels)
    if str(DEV) not in sys.path:
        sys.path.append(str(DEV))
    walk = importlib.import_module("walk")
    src = Path(assay.__file__).parent
    return walk.walk_run(src, folder, methods=("majority", "linear", "compact"), folds=2)


def test_each_text_is_normalised_once(walked):
    """What compares texts asks the split, which keeps their normal form."""
    assert walked["normalisations per text of train, most"] == 1


@pytest.mark.parametrize("function", ["choose_method", "_overlaps"])
def test_choice_and_leaks_are_worked_out_once(walked, function):
    """The recommendation is made once and carried; leaks are found once per data set."""
    assert walked[f"calls of {function}"] == 1


def test_each_model_folder_is_hashed_when_it_is_sealed_and_when_it_is_loaded(walked):
    """Each file is read twice at most: written and sealed, then loaded and compared."""
    hashed = walked["times that a folder was hashed"]
    assert {"run/models/majority", "run/models/linear", "run/models/compact"} <= set(hashed)
    for folder, sentence in hashed.items():
        assert float(re.match(r"[\d.]+", sentence).group()) <= 2.0, (folder, sentence)


def test_run_data_fits_on_half_a_page():
    """At most fifteen lines, its docstring aside."""
    source = textwrap.dedent(inspect.getsource(inspect.unwrap(assay.run_data)))
    body = ast.parse(source).body[0].body[1:]
    assert body[-1].end_lineno - body[0].lineno + 1 <= MAX_BODY_LINES
