"""The room as a whole: light to import, all its names there, its examples true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

import assay.data

MODULES = [
    info.name
    for info in pkgutil.walk_packages(assay.data.__path__, "assay.data.")
    if not info.ispkg
]


def test_data_room_imports_nothing_heavy():
    """A process that imports the room has none of the optional libraries."""
    heavy = "pandas polars pyarrow datasets huggingface_hub torch transformers sklearn"
    code = f"import sys, assay.data; print([name for name in '{heavy}'.split() if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_data_room_exports_what_it_says():
    """Every public name is there, and none hides a module of the room."""
    assert all(hasattr(assay.data, name) for name in assay.data.__all__)
    names = {info.name for info in pkgutil.iter_modules(assay.data.__path__)}
    assert not set(assay.data.__all__) & names


@pytest.mark.parametrize("name", MODULES)
def test_data_modules_list_their_names_and_run_their_examples(name):
    """`__all__` holds names that are there; the docstrings' examples give what they show."""
    module = importlib.import_module(name)
    assert all(hasattr(module, public) for public in module.__all__)
    assert doctest.testmod(module).failed == 0
