"""How readable is the source? Counts what a reader feels, and prints it as a table.

    python dev/figures.py [SRC]      figures of src/assay, or of another package's folder
    python dev/figures.py --list     name the places behind every count
    python dev/figures.py --walk     run the built-in sample too and follow the calls (walk.py)
    python dev/figures.py --json     print everything as one object
    python dev/figures.py --check    exit with 1 if a figure is worse than its bound

Only the standard library is needed. Where ruff is installed beside the interpreter, the complex
functions are compared with those that `ruff check --select C901` finds.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from prose import OF_A, OPENING_OF, STANDS, X_A_Y, find_pattern
from syntax import (
    COMPREHENSIONS,
    FUNCTIONS,
    body_statements,
    cyclomatic,
    cyclomatic_with_expressions,
    nodes_without_docstrings,
)
from walk import print_walk, walk_run

SRC = Path(__file__).resolve().parent.parent / "src" / "assay"
NEWLINE = "\n"
MAX_COLUMNS, MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_COMPLEXITY = 100, 400, 60, 10

# One idea and how its implementations are recognised, wherever lines break. More than one file
# per idea means that the idea was written more than once.
COPIES = {
    "Wilson's interval": r"^ *def \w*wilson\w*\(",
    "nearest neighbours": r"\bnp\.(arg)?partition\(|argsort\(-cosine|NearestNeighbors\(",
    "pattern of Hub ids": r"""re\.compile\(\s*r?["'][^"']*\[\\w\.-\][^"']*/""",
    "first line of an error": r"^ *def _?first_line\(",
    "Hub error translation": r"\bexcept\s+\(?\s*(errors\.\w+Error|.*HfHubHTTPError)",
    "atomic writing": r"\bos\.(replace|rename)\(|[\w)]\.(replace|rename)\(\s*[\w.]+,?\s*\)",
    "resume checks": r"cannot be resumed",
}


@dataclass(frozen=True)
class Source:
    """One Python file: its name for people, its text and its syntax tree."""

    name: str
    text: str
    tree: ast.Module

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends."""
        return self.text.splitlines()

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the tree."""
        return list(ast.walk(self.tree))


def read_source(name: str, text: str) -> Source:
    """Parse one file."""
    return Source(name, text, ast.parse(text))


def read_sources(src: Path) -> list[Source]:
    """Read every Python file below `src`, in the order of their names."""
    root = src.resolve().parent
    paths = sorted(src.resolve().rglob("*.py"))
    return [
        read_source(path.relative_to(root).as_posix(), path.read_text("utf-8")) for path in paths
    ]


def places_and_lines(sources: Sequence[Source]) -> Iterator[tuple[str, str]]:
    """Yield `path:line` and the text of every line."""
    for source in sources:
        for number, line in enumerate(source.lines, start=1):
            yield f"{source.name}:{number}", line


# Size


def count_lines(sources: Sequence[Source]) -> int:
    """Count all lines: code, comments, docstrings and empty ones."""
    return sum(len(source.lines) for source in sources)


def width_of(line: str) -> int:
    """Return how many columns a line takes on a screen, where East Asian characters take two."""
    if line.isascii():
        return len(line)
    return len(line) + sum(unicodedata.east_asian_width(character) in "WF" for character in line)


def widest_line(sources: Sequence[Source]) -> int:
    """Return the width of the widest line, in columns."""
    return max((width_of(line) for _, line in places_and_lines(sources)), default=0)


def find_wide_lines(sources: Sequence[Source]) -> list[str]:
    """Find the lines over 100 columns."""
    widths = [(place, width_of(line)) for place, line in places_and_lines(sources)]
    return [f"{place} {width}" for place, width in widths if width > MAX_COLUMNS]


def find_unformatted(sources: Sequence[Source]) -> list[str]:
    """Find the marks that switch the formatter off."""
    return find_lines(sources, r"#\s*fmt:\s*(skip|off)")


def find_long_files(sources: Sequence[Source]) -> list[str]:
    """Find the files over 400 lines."""
    sizes = [(source.name, len(source.lines)) for source in sources]
    return [f"{name} {n_lines}" for name, n_lines in sizes if n_lines > MAX_FILE_LINES]


def find_long_functions(sources: Sequence[Source]) -> list[str]:
    """Find the functions over 60 lines, counted from `def` to the last line."""
    return _measure_functions(sources, _function_lines, MAX_FUNCTION_LINES)


def _function_lines(function: ast.AST) -> int:
    return function.end_lineno - function.lineno + 1


# Complexity


def find_complex_functions(sources: Sequence[Source]) -> list[str]:
    """Find the functions whose cyclomatic complexity is over 10."""
    return _measure_functions(sources, cyclomatic, MAX_COMPLEXITY)


def find_dense_functions(sources: Sequence[Source]) -> list[str]:
    """Find the functions over 10 when branches inside expressions count too."""
    return _measure_functions(sources, cyclomatic_with_expressions, MAX_COMPLEXITY)


def _measure_functions(
    sources: Sequence[Source], measure: Callable[[ast.AST], int], bound: int
) -> list[str]:
    """Return `path:line name n` for each function that measures more than the bound."""
    found = []
    for source in sources:
        functions = [node for node in source.nodes if isinstance(node, FUNCTIONS)]
        sizes = [(function, measure(function)) for function in functions]
        found += [
            f"{source.name}:{function.lineno} {function.name} {size}"
            for function, size in sizes
            if size > bound
        ]
    return found


def ask_ruff(src: Path) -> list[str] | None:
    """Return `path:line` of the functions that ruff finds too complex; None without ruff."""
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.is_file():
        return None
    options = ["--isolated", "--no-cache", "--ignore-noqa", "--exit-zero", "--select", "C901"]
    bound = f"lint.mccabe.max-complexity={MAX_COMPLEXITY}"
    command = [ruff, "check", *options, "--config", bound, "--output-format", "json", src.resolve()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    root = src.resolve().parent
    return [
        f"{Path(one['filename']).relative_to(root).as_posix()}:{one['location']['row']}"
        for one in json.loads(done.stdout)
    ]


def compare_with_ruff(src: Path, complex_functions: Sequence[str]) -> str:
    """Say whether ruff finds the same complex functions."""
    by_ruff = ask_ruff(src)
    if by_ruff is None:
        return "ruff is not installed beside this interpreter"
    differing = {place.split()[0] for place in complex_functions} ^ set(by_ruff)
    return "ruff differs: " + ", ".join(sorted(differing)) if differing else "ruff agrees"


# Density


def _per_1000_lines(sources: Sequence[Source], kinds: tuple[type[ast.AST], ...]) -> float:
    """Return how many nodes of some kinds there are per 1,000 lines."""
    n_found = 0
    for source in sources:
        n_found += sum(isinstance(node, kinds) for node in source.nodes)
    return round(1000 * n_found / max(count_lines(sources), 1), 1)


def comprehensions_per_1000_lines(sources: Sequence[Source]) -> float:
    """Return how many comprehensions there are per 1,000 lines, generator expressions included."""
    return _per_1000_lines(sources, COMPREHENSIONS)


def conditionals_per_1000_lines(sources: Sequence[Source]) -> float:
    """Return how many conditional expressions there are per 1,000 lines."""
    return _per_1000_lines(sources, (ast.IfExp,))


def nodes_per_statement(sources: Sequence[Source]) -> float:
    """Return the mean number of syntax nodes per statement in the bodies of functions.

    Docstrings are left out. A statement inside another one is counted, and so are its nodes.
    """
    n_nodes = n_statements = 0
    for source in sources:
        for statement in body_statements(source.tree):
            nodes = nodes_without_docstrings(statement)
            n_nodes += len(nodes)
            n_statements += sum(isinstance(node, ast.stmt) for node in nodes)
    return round(n_nodes / max(n_statements, 1), 1)


# Words


def find_any_dicts(sources: Sequence[Source]) -> list[str]:
    """Find each `dict[str, Any]`: a type that does not say what it holds."""
    return find_lines(sources, r"\bdict\[\s*str,\s*Any,?\s*\]")


def find_x_a_y(sources: Sequence[Source]) -> list[str]:
    """Find "X a Y" where "X per Y" is meant."""
    return find_prose(sources, X_A_Y)


def find_stands(sources: Sequence[Source]) -> list[str]:
    """Find "stands" where "is" is meant."""
    return find_prose(sources, STANDS)


def find_opening_of(sources: Sequence[Source]) -> list[str]:
    """Find descriptions of parameters that open with "Of"."""
    return [*find_prose(sources, OPENING_OF), *find_prose(sources, OF_A)]


def find_prose(sources: Sequence[Source], pattern: re.Pattern[str]) -> list[str]:
    """Return the place and the words of each match in docstrings, comments and strings."""
    found = []
    for source in sources:
        matches = find_pattern(source.text, pattern)
        found += [f"{source.name}:{line} {words}" for line, words in matches]
    return found


def find_lines(sources: Sequence[Source], pattern: str) -> list[str]:
    """Return the place of each match of a pattern, which may go on in the next line."""
    found = []
    for source in sources:
        starts = [match.start() for match in re.finditer(pattern, source.text, re.MULTILINE)]
        found += [f"{source.name}:{source.text.count(NEWLINE, 0, start) + 1}" for start in starts]
    return found


def count_copies(sources: Sequence[Source]) -> dict[str, dict[str, int]]:
    """Return for each idea of `COPIES` how often which file implements it."""
    copies = {}
    for idea, pattern in COPIES.items():
        places = find_lines(sources, pattern)
        copies[idea] = dict(Counter(place.rpartition(":")[0] for place in places))
    return copies


# Figures and bounds


@dataclass(frozen=True)
class Figure:
    """One figure: how it is called, measured and bounded.

    Parameters
    ----------
    title : str
    measure : callable
        Sources -> a number, or a list of places whose length is the figure.
    bound : float, optional
        The largest value that is accepted; None if there is no bound.
    is_listed : bool
        Whether the places are always printed, also without --list.
    """

    title: str
    measure: Callable[[Sequence[Source]], float | list[str]]
    bound: float | None = None
    is_listed: bool = False


FIGURES = {
    "files": Figure("files", len),
    "lines": Figure("lines", count_lines),
    "widest_line": Figure("columns of the widest line", widest_line, MAX_COLUMNS),
    "wide_lines": Figure("lines over 100 columns", find_wide_lines, 0),
    "unformatted": Figure("fmt: skip or fmt: off", find_unformatted),
    "long_files": Figure("files over 400 lines", find_long_files, 0, is_listed=True),
    "long_functions": Figure("functions over 60 lines", find_long_functions, 0, is_listed=True),
    "complex": Figure("functions over 10 by C901", find_complex_functions, 0, is_listed=True),
    "dense": Figure("the same with expressions", find_dense_functions, 15, is_listed=True),
    "comprehensions": Figure("comprehensions per 1,000 lines", comprehensions_per_1000_lines, 18),
    "conditionals": Figure(
        "conditional expressions per 1,000 lines", conditionals_per_1000_lines, 9
    ),
    "nodes_per_statement": Figure("syntax nodes per statement", nodes_per_statement),
    "any_dicts": Figure("dict[str, Any]", find_any_dicts, 90),
    "x_a_y": Figure('prose: "X a Y" for "X per Y"', find_x_a_y, 0),
    "stands": Figure('prose: "stands" for "is"', find_stands, 0),
    "opening_of": Figure('prose: descriptions opening with "Of"', find_opening_of, 0),
}


def measure_all(sources: Sequence[Source]) -> dict[str, float | list[str]]:
    """Measure every figure."""
    return {key: figure.measure(sources) for key, figure in FIGURES.items()}


def value_of(measured: float | list[str]) -> float:
    """Return the number that a figure is: of a list of places, their count."""
    return len(measured) if isinstance(measured, list) else measured


def find_worse(measured: dict[str, float | list[str]]) -> list[str]:
    """Return a sentence for each figure that is worse than its bound."""
    worse = []
    for key, figure in FIGURES.items():
        value = value_of(measured[key])
        if figure.bound is not None and value > figure.bound:
            worse.append(f"{figure.title}: {value:g}; at most {figure.bound:g} accepted")
    return worse


def print_figures(measured: dict[str, float | list[str]], *, list_all: bool) -> None:
    """Print one line per figure, and below it the places that were asked for."""
    for key, figure in FIGURES.items():
        bound = "" if figure.bound is None else f"(at most {figure.bound:g})"
        print(f"{figure.title:42}{value_of(measured[key]):>9,g}  {bound}".rstrip())
        if isinstance(measured[key], list) and (figure.is_listed or list_all):
            for place in measured[key]:
                print(f"    {place}")


def print_copies(copies: dict[str, dict[str, int]]) -> None:
    """Print which files implement which idea."""
    print("\nwhere one idea is implemented")
    for idea, files in copies.items():
        print(f"{idea:42}{sum(files.values()):>9} in {len(files)} files")
        for name, n_places in files.items():
            print(f"    {name} {n_places}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and check; return the exit status."""
    parser = argparse.ArgumentParser(description="How readable is the source?")
    parser.add_argument("src", nargs="?", type=Path, default=SRC, help="folder of the package")
    parser.add_argument("--list", action="store_true", help="name the places behind every count")
    parser.add_argument("--walk", action="store_true", help="run the sample and follow the calls")
    parser.add_argument("--json", action="store_true", help="print everything as one object")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bound is passed")
    options = parser.parse_args(arguments)

    sources = read_sources(options.src)
    if not sources:
        parser.error(f"{options.src} holds no Python files")
    measured, copies = measure_all(sources), count_copies(sources)
    ruff = compare_with_ruff(options.src, measured["complex"])
    walked = walk_run(options.src) if options.walk else {}
    if options.json:
        figures = {**measured, "ruff": ruff, "copies": copies, "walk": walked}
        print(json.dumps(figures, indent=1))
    else:
        print_figures(measured, list_all=options.list)
        print(f"functions over 10 by C901: {ruff}")
        print_copies(copies)
        print_walk(walked)
    worse = find_worse(measured) if options.check else []
    for sentence in worse:
        print(sentence, file=sys.stderr)
    return int(bool(worse))


if __name__ == "__main__":
    sys.exit(main())
