"""The walk of a run: which files of assay a run enters, and what it does more than once.

Data, the built-in sample unless others are given, are run with a few methods into a temporary
folder while a profiler looks at every call. Only calls of Python functions of assay count.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType, FrameType
from typing import Any

METHODS = ("majority", "linear")
NORMALISERS = ("normalise_text", "normalise_texts")  # of one text, of a sequence of them
HASHERS = ("hash_file",)
# Functions that are called once in a run: the choice of a method, the search for leaks. (What finds
# leaks is asked for several times and hands out what was found the first time.)
WATCHED = ("choose_method", "_overlaps")
WRAPPERS = (
    "_arguments.py",
)  # files whose functions are no step of the walk: they call another one
STEPS, FIRST_ROOM = (
    "recipes",
    "tokenization",
)  # the room that calls the others in turn, and the first of them

# The rooms from left to right, for source that comes without tests/test_architecture.py.
ORDER = (
    "errors _optional _env _paths _display progress notebook _version disk methods tokenization"
    " data runtime checkpoints training models evaluation audit maps reporting recipes cli"
)


def read_ranks(src: Path) -> dict[str, int]:
    """Return the rank of each room: the table RANKS of the tests beside `src`, else `ORDER`."""
    test = src.resolve().parent.parent / "tests" / "test_architecture.py"
    tree = ast.parse(test.read_text("utf-8") if test.is_file() else "")
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and _is_ranks(node):
            return dict(ast.literal_eval(node.value))
    return {room: rank for rank, room in enumerate(ORDER.split())}


def _is_ranks(node: ast.Assign | ast.AnnAssign) -> bool:
    """Tell whether RANKS is assigned as a table that can be read without running the tests."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return names == ["RANKS"] and isinstance(node.value, ast.Dict)


class Walk:
    """A profiler (see `sys.setprofile`) that keeps what it saw of one package.

    Parameters
    ----------
    package : path
        Folder of the package.
    ranks : mapping of room to int
        Data flows from rooms of a small rank to rooms of a large one.

    Attributes
    ----------
    files : set of str
        Files with a function that was called.
    climbs : Counter of (str, str)
        Caller and callee, where the callee's room comes later than the caller's.
    n_turns : int
        How many times the recipes, which call one room after the other, went back to an earlier one
        (of `data` and the rooms after it).
    normalised : Counter of str
        How many times each text was normalised.
    hashed : Counter of path
        How many times each file was hashed.
    sizes : dict of path to int
        Bytes of each file that was hashed.
    calls : Counter of str
        Calls of the functions of `WATCHED`.
    """

    def __init__(self, package: Path, ranks: Mapping[str, int]) -> None:
        self._root = f"{package.resolve()}/"
        self._ranks = ranks
        self._names: dict[CodeType, str | None] = {}
        self.files: set[str] = set()
        self.climbs: Counter[tuple[str, str]] = Counter()
        self.n_turns = 0
        self._last_rank = 0
        self.normalised: Counter[str] = Counter()
        self.hashed: Counter[Path] = Counter()
        self.sizes: dict[Path, int] = {}
        self.calls: Counter[str] = Counter()

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        """Look at one event; only calls of functions of the package matter."""
        if event != "call":
            return
        callee = self._file_of(frame.f_code)
        if callee is None:
            return
        self.files.add(callee)
        self._note_room(frame, callee)
        name = frame.f_code.co_name
        if name in WATCHED:
            self.calls[name] += 1
        elif name in HASHERS:
            self._note_hash(Path(_first_argument(frame)))
        elif name in NORMALISERS:
            self._note_normalised(frame)

    def _file_of(self, code: CodeType) -> str | None:
        """Return the file of a function inside the package; None for all other code.

        Modules and bodies of classes run when they are imported: they are no functions.
        """
        if code not in self._names:
            is_inside = code.co_filename.startswith(self._root)
            is_function = bool(code.co_flags & inspect.CO_OPTIMIZED)
            name = code.co_filename.removeprefix(self._root)
            is_step = is_inside and is_function and name not in WRAPPERS
            self._names[code] = name if is_step else None
        return self._names[code]

    def _caller(self, frame: FrameType) -> tuple[str, str] | None:
        """Return file and function of the nearest caller in the package."""
        outer = frame.f_back
        while outer is not None:
            file = self._file_of(outer.f_code)
            if file is not None:
                return file, outer.f_code.co_name
            outer = outer.f_back
        return None

    def _note_room(self, frame: FrameType, callee: str) -> None:
        """Keep a call from an earlier room into a later one, and a recipe's turn to an earlier one.

        Generators are left out: each of their steps is an event, whoever asks for it.
        """
        caller = self._caller(frame)
        if caller is None or frame.f_code.co_flags & inspect.CO_GENERATOR:
            return
        callee_rank, caller_rank = self._rank_of(callee), self._rank_of(caller[0])
        if callee_rank is None or caller_rank is None:
            return
        if callee_rank > caller_rank:
            self.climbs[":".join(caller), f"{callee}:{frame.f_code.co_name}"] += 1
        is_step = caller_rank == self._ranks.get(STEPS) and callee_rank != caller_rank
        if is_step and callee_rank >= self._ranks.get(FIRST_ROOM, 0):
            self.n_turns += callee_rank < self._last_rank
            self._last_rank = callee_rank

    def _rank_of(self, file: str) -> int | None:
        return self._ranks.get(file.split("/")[0].removesuffix(".py"))

    def _note_hash(self, path: Path) -> None:
        self.hashed[path] += 1
        self.sizes[path] = path.stat().st_size

    def _note_normalised(self, frame: FrameType) -> None:
        """Count the texts that are normalised, once each where one normaliser calls another."""
        outer = frame.f_back
        while outer is not None:
            if outer.f_code.co_name in NORMALISERS:
                return
            outer = outer.f_back
        given = _first_argument(frame)
        self.normalised.update([given] if isinstance(given, str) else given)


def _first_argument(frame: FrameType) -> Any:
    """Return the first argument of the function that a frame has just begun."""
    return frame.f_locals[frame.f_code.co_varnames[0]]


def walk_run(
    src: Path, data: Any = "sample", *, methods: tuple[str, ...] = METHODS, **options: Any
) -> dict[str, Any]:
    """Run data under the profiler, with some options of a run; return the figures of the walk."""
    sys.path.insert(0, str(src.resolve().parent))
    assay = importlib.import_module("assay")
    if Path(assay.__file__).resolve().parent != src.resolve():
        raise SystemExit(f"error: assay was imported from {assay.__file__}, not from {src}")
    train = assay.load_data(data)["train"].texts
    run_options = assay.RunOptions(methods=methods, **options)
    walk = Walk(src, read_ranks(src))
    with TemporaryDirectory() as folder:
        out = Path(folder).resolve() / "run"
        threading.setprofile(walk)
        sys.setprofile(walk)
        try:
            assay.run_data(data, out, options=run_options)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
    return describe_walk(walk, train, out)


def describe_walk(walk: Walk, train: tuple[str, ...], out: Path) -> dict[str, Any]:
    """Return the figures of a walk, each under a title for people."""
    times = [walk.normalised[text] for text in train]
    climbs = {
        f"{caller} -> {callee}": n_calls for (caller, callee), n_calls in walk.climbs.most_common()
    }
    return {
        "files entered": len(walk.files),
        "calls into a later room": sum(walk.climbs.values()),
        "... between so many pairs of functions": len(walk.climbs),
        "turns of the recipes to an earlier room": walk.n_turns,
        "normalisations per text of train, mean": round(sum(times) / len(times), 2),
        "normalisations per text of train, most": max(times),
        **{f"calls of {name}": walk.calls[name] for name in WATCHED},
        "calls into a later room, by caller": climbs,
        "times that a folder was hashed": describe_hashes(walk, out),
    }


def describe_hashes(walk: Walk, out: Path) -> dict[str, str]:
    """Return per folder of the run how often its files and its bytes were hashed."""
    n_calls: Counter[str] = Counter()
    sizes: dict[str, int] = {}
    for path, n in walk.hashed.items():
        name = _final_name(path, out)
        n_calls[name] += n
        sizes[name] = walk.sizes[path]
    by_folder: dict[str, list[str]] = {}
    for name in sorted(n_calls):
        by_folder.setdefault(name.rpartition("/")[0], []).append(name)

    described = {}
    for folder, names in by_folder.items():
        n_bytes = sum(sizes[name] for name in names)
        calls_per_file = sum(n_calls[name] for name in names) / len(names)
        times = sum(n_calls[name] * sizes[name] for name in names) / max(n_bytes, 1)
        described[folder] = (
            f"{calls_per_file:.1f} calls per file ({len(names)} files),"
            f" {times:.1f} times its {n_bytes:,} bytes"
        )
    return described


def _final_name(path: Path, out: Path) -> str:
    """Return where a file is when the run is done: folders are written as ``NAME.partial``."""
    parts = path.relative_to(out.parent).parts
    return "/".join(part.removesuffix(".partial") for part in parts)


def print_walk(walked: dict[str, Any]) -> None:
    """Print what the walk of a run found, if there was one."""
    if walked:
        print("\nthe walk of a run: the built-in sample with majority and linear")
    for title, value in walked.items():
        if not isinstance(value, dict):
            print(f"{title:42}{value:>9}")
            continue
        print(title)
        for name, entry in value.items():
            print(f"    {name} {entry}")
