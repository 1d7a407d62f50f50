"""`require`: the module, or the command that installs it."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import assay
from assay._optional import EXTRA_OF, require
from assay.errors import MissingDependencyError

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
SAVED_COMPACT = Path(__file__).parent / "fixtures" / "v0.1.0" / "models" / "compact"


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


def test_onnxruntime_does_not_report_use(tmp_path):
    """Its builds do so by default: no number of this machine is kept at home, and nobody is called."""
    environment = {**os.environ, "HOME": str(tmp_path)}
    for name in ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"):
        environment.pop(name, None)
    program = (
        "import os, sys, assay\n"
        "assay.load_model(sys.argv[1]).predict(['what a day'])\n"
        "print(os.environ['ORT_DISABLE_TELEMETRY'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, SAVED_COMPACT],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "1"
    assert list(tmp_path.iterdir()) == []


def test_choice_of_the_user_about_reports_of_onnxruntime_holds(monkeypatch):
    """Whoever wants the library to report may say so."""
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    require("onnxruntime")
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "0"


def test_onnxruntime_is_loaded_by_require_alone():
    """`require` is what keeps it quiet, so no other way to it is taken."""
    sources = Path(assay.__file__).parent.rglob("*.py")
    found = [
        path
        for path in sources
        if re.search(r"^\s*(import|from) onnxruntime", path.read_text(encoding="utf-8"), re.M)
    ]
    assert found == []
