"""Optional libraries: the module, or an error with the exact command that installs it."""

from __future__ import annotations

import importlib
from types import ModuleType

from assay import _env
from assay.errors import MissingDependencyError

__all__ = ["explain_missing", "require"]

# Import name of the top-level module -> the extra of assay that brings it.
EXTRA_OF = {
    "torch": "train",
    "transformers": "train",
    "datasets": "train",
    "huggingface_hub": "hub",
    "sklearn": "train",
    "scipy": "train",
    "pandas": "train",
    "matplotlib": "train",
    "jinja2": "train",
    "onnx": "train",
    "onnxscript": "train",
    "rensa": "train",
    "py3langid": "train",
    "IPython": "notebook",
    "nbformat": "notebook",
    "pyarrow": "parquet",
    "python_calamine": "xlsx",
    "openpyxl": "xlsx",
    "fastapi": "serve",
    "uvicorn": "serve",
    "prometheus_client": "serve",
    "ray": "ray",
}


def require(name: str) -> ModuleType:
    """Import and return the module `name` (dotted names are fine).

    Raises
    ------
    MissingDependencyError
        The library is not installed; the message holds the install command.
    """
    if name.partition(".")[0] == "onnxruntime":
        _env.keep_onnxruntime_quiet()
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as err:
        top = name.partition(".")[0]
        if err.name is not None and err.name.partition(".")[0] != top:
            raise  # the library is there, but one of its own needs is not: its message says more
        raise _missing(top) from err


def explain_missing(err: ModuleNotFoundError) -> MissingDependencyError | None:
    """Return the error for a library of an extra that a plain import did not find.

    Files of the rooms that train import their libraries at the top. None: the module is of no
    extra, so that its absence is a mistake of ours.
    """
    top = (err.name or "").partition(".")[0]
    return _missing(top) if top in EXTRA_OF else None


def _missing(library: str) -> MissingDependencyError:
    extra = EXTRA_OF.get(library, "all")
    return MissingDependencyError(
        f"this needs the library '{library}', which is not installed",
        hint=f"run: pip install 'assay[{extra}]'",
    )
