"""`require`: the module, or the command that installs it."""

import sys
import tomllib
from pathlib import Path

import pytest

from assay._optional import EXTRA_OF, require
from assay.errors import MissingDependencyError

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"


def test_require_returns_the_module():
    """Plain and dotted names give the very module that an import gives."""
    import json.decoder

    assert require("json.decoder") is json.decoder
    assert require("numpy") is sys.modules["numpy"]


@pytest.mark.parametrize(
    ("name", "library", "extra"),
    [
        ("rensa", "rensa", "train"),
        ("sklearn.svm", "sklearn", "train"),
        ("pyarrow.parquet", "pyarrow", "parquet"),
        ("not_a_library_of_ours", "not_a_library_of_ours", "all"),
    ],
)
def test_missing_library_says_how_to_install_it(monkeypatch, name, library, extra):
    """The error names the library and the one command that brings it, and is an ImportError."""
    for loaded in [module for module in sys.modules if module.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(
        sys.modules, library, None
    )  # how Python marks a module that cannot be imported
    with pytest.raises(
        MissingDependencyError,
        match=rf"'{library}', which is not installed.*pip install 'assay\[{extra}\]'",
    ):
        require(name)


def test_need_of_a_library_is_not_mistaken_for_it(monkeypatch, tmp_path):
    """A library that is there but lacks a need of its own fails with its own message."""
    (tmp_path / "half_there.py").write_text("import a_need_that_is_missing\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        ModuleNotFoundError, match="No module named 'a_need_that_is_missing'"
    ) as caught:
        require("half_there")
    assert not isinstance(caught.value, MissingDependencyError)


def test_extras_exist():
    """Every extra that a message names is one of the package's, and brings the library."""
    extras = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    distributions = {
        "sklearn": "scikit-learn",
        "prometheus_client": "prometheus-client",
        "IPython": "ipykernel",  # which needs ipython
        "python_calamine": "python-calamine",
    }
    for module, extra in EXTRA_OF.items():
        wanted = distributions.get(module, module)
        assert any(requirement.startswith(wanted) for requirement in extras[extra]), module
