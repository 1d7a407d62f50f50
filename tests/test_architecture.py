"""The house keeps its shape: who may import whom, which files own which library, how large a file may grow."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import assay

SRC = Path(assay.__file__).parent
FILES = sorted(SRC.rglob("*.py"))
MODULES = {
    path: ".".join(("assay", *path.relative_to(SRC).with_suffix("").parts)).removesuffix(".__init__") for path in FILES
}

# Rooms from left to right: a room imports itself and rooms of a smaller number. `batch` stands beside features.
RANKS = {
    "errors": 0,
    "_optional": 0,
    "_env": 0,
    "_paths": 0,
    "_display": 0,
    "progress": 0,
    "notebook": 0,
    "data": 1,
    "tokenization": 2,
    "runtime": 3,
    "features": 4,
    "models": 5,
    "hub": 5,
    "evaluation": 6,
    "reporting": 7,
    "batch": 4,
    "server": 4,
    "ray_batch": 5,
    "recipes": 8,
    "cli": 9,
    "__main__": 10,
}
# Rooms that stand side by side above runtime do not know each other.
STRANGERS = {("features", "batch"), ("batch", "features"), ("models", "batch"), ("evaluation", "batch"),
             ("models", "hub"), ("hub", "models"), ("evaluation", "hub"), ("batch", "hub"), ("hub", "batch"),
             *((room, "ray_batch") for room in ("models", "evaluation", "reporting", "recipes", "hub")),
             *(("ray_batch", room) for room in ("features", "models", "server", "hub")),
             *((room, "server") for room in ("features", "models", "evaluation", "batch", "reporting", "recipes",
                                            "hub")),
             *(("server", room) for room in ("features", "batch", "hub"))}  # fmt: skip

# Heavy library -> the files that may import it, wherever in the file the import stands.
OWNERS = {
    "torch": {"features/frozen", "features/exported", "features/torch_state", "models/compact", "models/dropout",
              "models/features", "models/finetune", "models/first_token", "models/foreign", "models/frozen_states",
              "models/lean_bert", "models/network", "models/ranks", "models/schedule", "models/to_onnx",
              "models/side_by_side", "models/training", "models/training_state"},
    "transformers": {"features/frozen", "features/torch_state", "features/checkpoint_folder", "models/finetune",
                     "models/foreign", "models/lean_bert"},
    "sklearn": {"features/frozen", "features/map2d", "features/neighbours", "models/estimator", "models/compact",
                "models/features", "models/finetune", "models/head", "models/linear", "models/out_of_fold"},
    "scipy": {"data/near_duplicates", "data/shift", "features/layout", "models/calibrate", "models/linear",
              "models/term_counts", "evaluation/compare"},
    "matplotlib": {"reporting/canvas", "reporting/data_figures", "reporting/score_figures"},
    "onnx": {"features/exported", "models/to_onnx", "models/quantize"},
    "onnxruntime": {"features/exported", "runtime/session", "models/quantize"},
    "pandas": {"data/texts", "data/frames"},
    "pyarrow": {"data/parquet", "data/readers", "data/frames", "data/writers", "recipes/embed"},
    "datasets": {"data/load", "data/frames"},
    "huggingface_hub": {"data/load", "features/checkpoint", "features/torch_state", "hub/access",
                        "hub/card", "reporting/card"},
    "jinja2": {"reporting/render", "reporting/map_page", "reporting/notebook"},
    "cleanlab": {"evaluation/wrong_labels"},
    "rensa": {"data/near_duplicates"},
    "py3langid": {"data/languages"},
    "fastapi": {"server/app", "server/listen"},
    "starlette": {"server/app", "server/page", "server/routes"},
    "pydantic": {"server/schemas"},
    "uvicorn": {"server/listen", "server/protocol"},
    "prometheus_client": {"server/listen", "server/metrics"},
    "IPython": {"notebook"},
    "nbformat": {"reporting/notebook"},
    "ray": {"ray_batch"},
}  # fmt: skip
NETWORK_LIBRARIES = {"huggingface_hub", "httpx", "requests", "urllib.request", "socket", "http.client", "aiohttp"}
NETWORK_FILES = {
    "data/load",
    "features/checkpoint",
    "features/torch_state",  # only silences the Hub's client
    "hub/access",
    "hub/card",
    "reporting/card",  # cards only have the client write YAML
    "server/listen",  # listens, and calls nobody
}

# Files and functions that may pass the limits, each with its reason.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
MAX_FILE_LINES, MAX_FUNCTION_LINES = 400, 60


def stem(path: Path) -> str:
    """Return the path inside the package without its suffix."""
    return path.relative_to(SRC).with_suffix("").as_posix()


def imported(tree: ast.AST, *, at_runtime_only: bool = False) -> set[str]:
    """Return every dotted name that a file imports, `require("...")` literals included."""
    skipped: set[ast.AST] = set()
    if at_runtime_only:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
                skipped.update(child for part in node.body for child in ast.walk(part))
    names = set()
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in (
            "require",
            "import_module",
        ):
            names.update(arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))
    return names


TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_room_imports_only_rooms_before_it(path):
    """Data flows one way."""
    own = stem(path).split("/")[0]
    if own == "__init__":
        return
    wrong = []
    for name in imported(TREES[path]):
        parts = name.split(".")
        if parts[0] != "assay" or len(parts) == 1 or parts[1] not in RANKS:
            continue
        room = parts[1]
        if RANKS[room] > RANKS[own] or (own, room) in STRANGERS:
            wrong.append(name)
    assert not wrong


def test_every_room_has_a_rank():
    """A new room is put in its place before it is built."""
    rooms = {stem(path).split("/")[0] for path in FILES} - {"__init__"}
    assert rooms == set(RANKS)


@pytest.mark.parametrize("library", OWNERS)
def test_heavy_library_is_imported_by_its_owners_only(library):
    """Each heavy library stands in the files that own it."""
    users = {
        stem(path)
        for path in FILES
        if any(name.split(".")[0] == library for name in imported(TREES[path], at_runtime_only=True))
    }
    assert users <= OWNERS[library]


def test_network_is_used_in_few_files_only():
    """No other file can open a connection."""
    users = {
        stem(path)
        for path in FILES
        if any(name == lib or name.startswith(f"{lib}.") for name in imported(TREES[path], at_runtime_only=True)
               for lib in NETWORK_LIBRARIES)
    }  # fmt: skip
    assert users <= NETWORK_FILES


def test_environment_is_read_in_one_file():
    """Only _env.py knows the environment."""
    readers = {
        stem(path)
        for path in FILES
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "putenv")
    }
    assert readers == {"_env"}


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_file_and_its_functions_stay_readable(path):
    """No file over 400 lines, no function over 60, but where a reason stands beside it."""
    n_lines = len(path.read_text(encoding="utf-8").splitlines())
    assert n_lines <= MAX_FILE_LINES or stem(path) in LONG_FILES
    functions = (node for node in ast.walk(TREES[path]) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    long = {}
    for node in functions:
        docstring = ast.get_docstring(node, clean=False)
        n_doc = len(docstring.splitlines()) if docstring else 0
        n_body = (node.end_lineno or node.lineno) - node.body[0].lineno + 1 - n_doc
        if n_body > MAX_FUNCTION_LINES and f"{stem(path)}:{node.name}" not in LONG_FUNCTIONS:
            long[node.name] = n_body
    assert not long


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_module_says_what_it_is(path):
    """Each module opens with a docstring of one to a few lines, and names what it offers."""
    docstring = ast.get_docstring(TREES[path])
    assert docstring
    names = {target.id for node in TREES[path].body if isinstance(node, ast.Assign)
             for target in node.targets if isinstance(target, ast.Name)}  # fmt: skip
    has_public = any(
        isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_") for node in TREES[path].body
    )
    assert "__all__" in names or not has_public


def test_importing_assay_loads_nothing_heavy():
    """`import assay` and `assay.cli` load no heavy library."""
    heavy = sorted(OWNERS)
    code = (
        "import sys, assay, assay.cli, assay.batch, assay.runtime, assay.data, assay.recipes.run, assay.server\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_has_no_side_effects(tmp_path):
    """Importing every light module writes no file, starts no thread and sets no variable."""
    code = (
        "import os, sys, threading\n"
        "before = dict(os.environ)\n"
        "import assay, assay.cli, assay.batch, assay.recipes.run\n"
        "assert dict(os.environ) == before\n"
        "assert threading.active_count() == 1\n"
    )
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=environment)
    assert not list(tmp_path.iterdir())


def submodules():
    """Return the name of every module of the package but the one that runs it."""
    found = [name for _, name, _ in pkgutil.walk_packages(assay.__path__, "assay.")]
    return [name for name in found if not name.endswith("__main__")]


@pytest.mark.parametrize("name", submodules())
def test_public_names_exist_and_clash_with_no_module(name):
    """After every submodule was imported, each public name is still what it says."""
    for other in submodules():
        importlib.import_module(other)
    module = importlib.import_module(name)
    assert module.__doc__
    for public in getattr(module, "__all__", ()):
        value = getattr(module, public)
        assert not inspect.ismodule(value), f"{name}.{public} is hidden by a module of that name"


@pytest.mark.parametrize("public", assay.__all__)
def test_public_name_of_assay_resolves(public):
    """Every name that assay promises is there after all submodules were imported."""
    for other in submodules():
        importlib.import_module(other)
    assert callable(getattr(assay, public))


def test_unknown_public_name_is_an_attribute_error():
    """A misspelt name fails as Python users expect."""
    with pytest.raises(AttributeError, match="no attribute 'run_datas'"):
        _ = assay.run_datas
