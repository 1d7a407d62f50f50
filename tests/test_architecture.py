"""The house keeps its shape: who may import whom, which files own which library, how large a file may grow."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import pkgutil
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import assay

SRC = Path(assay.__file__).parent
FILES = sorted(SRC.rglob("*.py"))
MODULES = {
    path: ".".join(("assay", *path.relative_to(SRC).with_suffix("").parts)).removesuffix(
        ".__init__"
    )
    for path in FILES
}

# Rooms from left to right: a room imports itself and rooms before it.
ROOMS = (
    (
        "_flags",
        "errors",
        "json_text",
        "_optional",
        "_lazy",
        "_env",
        "_arguments",
        "_paths",
        "_display",
        "progress",
        "notebook",
        "_version",
        "_hub_errors",
        "bounds",
        "output_place",
        "output_lock",
        "disk",
        "methods",
        "catalogue",
    ),
    ("tokenization",),
    ("data",),
    ("runtime",),
    ("checkpoints",),
    ("training",),
    ("models",),
    ("evaluation",),
    ("audit",),
    ("maps",),
    ("reporting",),
    ("recipes",),
    ("cli",),
    ("__main__",),
)
RANKS = {room: rank for rank, rooms in enumerate(ROOMS) for room in rooms}
# Rooms beside that line: which rooms each may import, and that only the command line imports them.
BASE = {*ROOMS[0], "data", "tokenization", "runtime"}
BESIDE = {
    "batch": BASE,
    "server": BASE,
    "hub": BASE | {"checkpoints"},
    "ray_batch": BASE | {"batch"},
    "review": BASE
    | {"checkpoints", "training", "models", "evaluation", "audit", "batch", "maps", "server"},
}

# Heavy library -> the rooms that may import it, wherever in a file the import is.
OWNERS = {
    "torch": {"checkpoints", "training", "models"},
    "transformers": {"checkpoints", "training", "models"},
    "sklearn": {"checkpoints", "training", "models", "evaluation", "maps"},
    "scipy": {"training", "models", "evaluation", "audit", "maps"},
    "matplotlib": {"reporting"},
    "onnx": {"checkpoints", "models"},
    "onnxruntime": {"runtime", "checkpoints", "models"},
    "pandas": {"data"},
    "pyarrow": {"data", "recipes"},
    "datasets": {"data"},
    "huggingface_hub": {"_hub_errors", "data", "checkpoints", "hub", "reporting"},
    "jinja2": {"reporting"},
    "rensa": {"audit"},
    "py3langid": {"data"},
    "fastapi": {"server"},
    "starlette": {"server", "review"},
    "pydantic": {"server"},
    "uvicorn": {"server", "review"},
    "prometheus_client": {"server"},
    "IPython": {"notebook"},
    "nbformat": {"reporting"},
    "ray": {"ray_batch"},
}
NETWORK_LIBRARIES = {
    "huggingface_hub",
    "httpx",
    "requests",
    "urllib.request",
    "socket",
    "http.client",
    "aiohttp",
}
NETWORK_FILES = {
    "data/hub_data",
    "checkpoints/fetch",
    "checkpoints/torch_state",  # only silences the Hub's client
    "_hub_errors",  # only names the exceptions of the Hub's client
    "hub/access",
    "hub/refusals",
    "hub/card",
    "reporting/card",  # cards only have the client write YAML
    "server/listen",  # listens, and calls nobody
    "server/address",  # opens the socket that listens
    "server/worker",  # gets its sockets from its parent
    "server/workers",  # a pair of sockets between parent and worker
    "server/channel",  # talks over that pair
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
        elif isinstance(node, ast.Call) and getattr(
            node.func, "id", getattr(node.func, "attr", "")
        ) in (
            "require",
            "import_module",
        ):
            names.update(
                arg.value
                for arg in node.args
                if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            )
    return names


TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


@cache
def imported_at_runtime(path: Path) -> set[str]:
    """Return what `imported` finds outside of blocks for type checkers."""
    return imported(TREES[path], at_runtime_only=True)


def room_of(path: Path) -> str:
    """Return the room of a file."""
    return stem(path).split("/")[0]


def imported_rooms(path: Path) -> set[str]:
    """Return the rooms of assay that a file imports."""
    names = (name.split(".") for name in imported(TREES[path]))
    known = {*RANKS, *BESIDE}
    return {
        parts[1] for parts in names if parts[0] == "assay" and len(parts) > 1 and parts[1] in known
    }


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_room_imports_only_rooms_before_it(path):
    """Data flows one way."""
    own = room_of(path)
    if own == "__init__":
        return
    if own in BESIDE:
        allowed = BESIDE[own] | {own}
    else:
        allowed = {room for room, rank in RANKS.items() if rank <= RANKS[own]}
    if own == "cli":
        allowed |= set(BESIDE)
    assert imported_rooms(path) <= allowed


def test_every_room_has_a_place():
    """A new room is put in its place before it is built."""
    rooms = {room_of(path) for path in FILES} - {"__init__"}
    assert rooms == {*RANKS, *BESIDE}


@pytest.mark.parametrize("library", OWNERS)
def test_heavy_library_is_imported_by_its_owners_only(library):
    """Each heavy library belongs to the rooms that own it."""
    users = {
        room_of(path)
        for path in FILES
        if any(name.split(".")[0] == library for name in imported_at_runtime(path))
    }
    assert users <= OWNERS[library]


def test_network_is_used_in_few_files_only():
    """No other file can open a connection."""
    users = {
        stem(path)
        for path in FILES
        if any(
            name == lib or name.startswith(f"{lib}.")
            for name in imported_at_runtime(path)
            for lib in NETWORK_LIBRARIES
        )
    }
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
    """No file over 400 lines, no function over 60, but where a reason is given beside it."""
    n_lines = len(path.read_text(encoding="utf-8").splitlines())
    assert n_lines <= MAX_FILE_LINES or stem(path) in LONG_FILES
    functions = (
        node
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    long = {}
    for node in functions:
        n_lines = (node.end_lineno or node.lineno) - node.lineno + 1  # docstring included
        if n_lines > MAX_FUNCTION_LINES and f"{stem(path)}:{node.name}" not in LONG_FUNCTIONS:
            long[node.name] = n_lines
    assert not long


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_module_says_what_it_is(path):
    """Each module opens with a docstring of one to a few lines, and names what it offers."""
    docstring = ast.get_docstring(TREES[path])
    assert docstring
    names = {
        target.id
        for node in TREES[path].body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    has_public = any(
        isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        for node in TREES[path].body
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
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=environment)
    assert not list(tmp_path.iterdir())


FOUND = [name for _, name, _ in pkgutil.walk_packages(assay.__path__, "assay.")]
SUBMODULES = [name for name in FOUND if not name.endswith("__main__")]


@pytest.fixture(scope="module")
def _every_submodule():
    """Import every module of the package but the one that runs it."""
    for name in SUBMODULES:
        importlib.import_module(name)


@pytest.mark.usefixtures("_every_submodule")
@pytest.mark.parametrize("name", SUBMODULES)
def test_public_names_exist_and_clash_with_no_module(name):
    """After every submodule was imported, each public name is still what it says."""
    module = importlib.import_module(name)
    assert module.__doc__
    for public in getattr(module, "__all__", ()):
        value = getattr(module, public)
        assert not inspect.ismodule(value), f"{name}.{public} is hidden by a module of that name"


@pytest.mark.usefixtures("_every_submodule")
@pytest.mark.parametrize("public", assay.__all__)
def test_public_name_of_assay_resolves(public):
    """Every name that assay promises is there after all submodules were imported."""
    assert callable(getattr(assay, public))


def test_unknown_public_name_is_an_attribute_error():
    """A misspelt name fails as Python users expect."""
    with pytest.raises(AttributeError, match="no attribute 'run_datas'"):
        _ = assay.run_datas


TESTS = Path(__file__).parent
DESIGN = TESTS.parent / "docs" / "design.md"
OWN_MODULES = [path.relative_to(SRC) for path in FILES if path.stem not in ("__init__", "__main__")]


def described_tests():
    """Return the docstring of every test file, by its path below tests/."""
    found = {}
    for path in TESTS.rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        found[path.relative_to(TESTS)] = re.match(r'"""(.*?)"""', text, re.DOTALL)[1]
    return found


def sentences_on_tests(docstring):
    """Return the sentences that say what a file tests."""
    sentences = re.split(r"[.:]\s", f"{docstring} ".replace("\n", " "))
    return [one for one in sentences if re.search(r"\btest(s|ed)\b", one, re.IGNORECASE)]


def test_every_module_has_its_tests():
    """In a file of its name, or in one whose docstring names it: its folder's, or by full name."""
    tests = described_tests()
    missing = []
    for module in OWN_MODULES:
        if module.with_name(f"test_{module.stem.lstrip('_')}.py") in tests:
            continue
        full_name = ".".join(("assay", *module.with_suffix("").parts))
        for path, docstring in tests.items():
            names = [full_name]
            if path.parent == module.parent:
                names.append(module.stem)
            named = rf"(?<![\w.])({'|'.join(map(re.escape, names))})(?!\w)"
            if any(re.search(named, one) for one in sentences_on_tests(docstring)):
                break
        else:
            missing.append(full_name)
    assert missing == []


def test_every_module_is_named_in_the_design():
    """The list of the house says what is in each room; who adds a file adds it there."""
    if not DESIGN.is_file():
        pytest.skip("docs/ is not part of this copy")
    listed = DESIGN.read_text(encoding="utf-8").partition("src/assay/\n")[2].partition("```")[0]
    names = {}
    for line in listed.splitlines():
        if re.match(r"  \S", line):
            room = line.split()[0].removesuffix("/")
            names[room] = set()
        if line.startswith("  "):
            names[room] |= set(re.findall(r"\w+", line))
    missing = []
    for module in OWN_MODULES:
        room = module.parts[0]
        if room not in names or module.stem not in names[room]:
            missing.append(str(module))
    assert missing == []
