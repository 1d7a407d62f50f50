"""The figures of how readable the source is: each counted on a few lines whose figure is known."""

from __future__ import annotations

import ast
import importlib
import json
import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
if not (ROOT / "dev" / "figures.py").is_file():
    pytest.skip("dev/ is not part of this copy", allow_module_level=True)


def load_script(name):
    """Import a script of dev/; they import one another by name."""
    if str(ROOT / "dev") not in sys.path:
        sys.path.append(str(ROOT / "dev"))
    return importlib.import_module(name)


figures = load_script("figures")
syntax = load_script("syntax")
walk = load_script("walk")

BRANCHING = '''
def branching(values):
    """Take a way for every branch that is counted."""
    def inner():
        return 0
    for value in values:
        if value:
            pass
        elif not value:
            pass
    while values and values[0] and values[1]:
        values = [v for v in values if v if v > 1]
    try:
        pass
    except ValueError:
        pass
    else:
        pass
    match values:
        case [1]:
            pass
        case _:
            pass
    return 1 if values else 2
'''


def sources_of(text, name="assay/module.py"):
    """Return a package of one file."""
    return [figures.read_source(name, text)]


def test_size_counts_lines_and_columns():
    """A wide line is found by its columns, of which an East Asian character takes two."""
    sources = sources_of("a = 1\nb = '" + "가" * 50 + "'\nc = 2  # fmt: skip\n")
    assert figures.measure_all(sources)["files"] == 1
    assert figures.count_lines(sources) == 3
    assert figures.widest_line(sources) == 106
    assert figures.find_wide_lines(sources) == ["assay/module.py:2 106"]
    assert figures.find_unformatted(sources) == ["assay/module.py:3"]


def test_long_file_is_one_over_400_lines():
    """400 lines are accepted, 401 are not."""
    assert figures.find_long_files(sources_of("a = 1\n" * 400)) == []
    assert figures.find_long_files(sources_of("a = 1\n" * 401)) == ["assay/module.py 401"]


def test_long_function_counts_its_docstring():
    """A function is as long as its reader sees it: from `def` to its last line."""
    short = "def short():\n" + "    a = 1\n" * 59
    long = '@decorated\ndef long():\n    """Say what.\n\n    More.\n    """\n' + "    a = 1\n" * 56
    assert figures.find_long_functions(sources_of(short)) == []
    assert figures.find_long_functions(sources_of(long)) == ["assay/module.py:2 long 61"]


def test_cyclomatic_counts_statements():
    """One for itself, inner, for, if, elif, while, except, else of try, and one of two cases."""
    function = ast.parse(BRANCHING).body[0]
    assert syntax.cyclomatic(function) == 9


def test_cyclomatic_with_expressions_counts_what_hides_in_them():
    """On top: two for `and`, three for a comprehension with two filters, one for a conditional."""
    function = ast.parse(BRANCHING).body[0]
    assert syntax.cyclomatic_with_expressions(function) == 9 + 6


def test_complex_functions_are_those_of_ruff(tmp_path):
    """Ruff finds the same complex functions, whatever the bound that a function is just over."""
    package = tmp_path / "assay"
    package.mkdir()
    branch = "    if values:\n        pass\n"
    text = BRANCHING + branch + "\n\n" + BRANCHING.replace("branching", "more") + branch * 2
    (package / "module.py").write_text(text, encoding="utf-8")
    found = figures.find_complex_functions(figures.read_sources(package))
    assert [place.split()[1:] for place in found] == [["more", "11"]]
    assert figures.ask_ruff(package) in ([found[0].split()[0]], None)
    assert figures.find_dense_functions(figures.read_sources(package))[0].endswith("branching 16")


def test_density_is_counted_per_1000_lines():
    """Every kind of comprehension counts once, however many loops it has."""
    text = "a = [x for x in b for y in x]\nc = {x for x in b}\nd = {x: 1 for x in b}\n"
    sources = sources_of(text + "e = sum(x for x in b)\nf = 1 if a else 2\n")
    assert figures.comprehensions_per_1000_lines(sources) == 800.0
    assert figures.conditionals_per_1000_lines(sources) == 200.0


def test_nodes_per_statement_leaves_docstrings_out():
    """`return 1` is two nodes; docstrings and what is outside functions are not counted."""
    plain = "x = [1, 2, 3]\ndef f():\n    return 1\n"
    documented = '"""Say what."""\ndef f():\n    """Return one."""\n    return 1\n'
    assert figures.nodes_per_statement(sources_of(plain)) == 2.0
    assert figures.nodes_per_statement(sources_of(documented)) == 2.0


def test_any_dicts_are_counted_each():
    """Two on a line are two."""
    sources = sources_of("def f(a: dict[str, Any]) -> dict[str, Any]: ...\n")
    assert len(figures.find_any_dicts(sources)) == 2


@pytest.mark.parametrize(
    "text",
    [
        '"""Return a result a text."""',
        '"""Tokens a batch, at most."""',
        "# One entry an epoch.",
        "# So many rows\n# a file.",
        'print(f"{rate} texts a second")',
        '"""One a method."""',
        'print("one label a text is accepted")',
    ],
)
def test_a_for_per_is_found(text):
    """A docstring, a comment and a string are read, over the ends of lines too."""
    assert len(figures.find_x_a_y(sources_of(text + "\n"))) == 1


@pytest.mark.parametrize(
    "text",
    [
        '"""Score a text."""',
        '"""Label a row of a file."""',
        'print("give each column a name of its own")',
        '"""Return how many rows a file holds."""',
        '"""Rows.\n\nA column that a row lacks."""',
        "texts_a_second = tokens * a // text",
    ],
)
def test_a_in_plain_sentences_is_not_found(text):
    """A verb before "a", or a clause after it, is plain English; code is not read."""
    assert figures.find_x_a_y(sources_of(text + "\n")) == []


def test_stands_is_found_but_not_stands_for():
    """The line of the word is named, inside a docstring too."""
    docstring = '"""Say.\n\nThe text that stands in train.\n"""\n'
    sources = sources_of(docstring + "# x stands for y, as a stand-in\n")
    assert figures.find_stands(sources) == ["assay/module.py:3 stands"]


def test_description_that_opens_with_of_is_found():
    """Only below a name: a sentence that goes on with "of" is none."""
    parameters = [
        "    seed : int",
        "        Of the bootstrap.",
        "    other : int",
        "        Number",
        "        of.",
    ]
    text = "\n".join(["def f(seed):", '    """Do.', "", *parameters, '    """', ""])
    assert figures.find_opening_of(sources_of(text)) == ["assay/module.py:5 Of the bootstrap."]


def test_copies_are_counted_by_file():
    """Two renames in one file and one in another."""
    renames = "partial.replace(path)\nos.replace(a, b)\ntext.replace('a', 'b')\n"
    one = figures.read_source("assay/one.py", renames)
    other = "def _first_line(err): ...\nPath(name).rename(target)\n"
    two = figures.read_source("assay/two.py", other)
    copies = figures.count_copies([one, two])
    assert copies["atomic writing"] == {"assay/one.py": 2, "assay/two.py": 1}
    assert copies["first line of an error"] == {"assay/two.py": 1}


def test_counts_do_not_depend_on_where_lines_break():
    """Formatting to another width changes no count."""
    wide = "try: pass\nexcept (errors.GatedRepoError, ValueError): partial.replace(path)\n"
    narrow = (
        "try: pass\nexcept (\n    errors.GatedRepoError,\n    ValueError,\n):\n"
        "    partial.replace(\n        path\n    )\n"
    )
    assert figures.count_copies(sources_of(narrow)) == figures.count_copies(sources_of(wide))
    assert figures.count_copies(sources_of(wide))["Hub error translation"] == {"assay/module.py": 1}


def test_bounds_are_held_to_the_figures():
    """A figure at its bound is accepted, one above it is named."""
    measured = figures.measure_all(sources_of("a = 1\n"))
    assert figures.find_worse(measured) == []
    measured["any_dicts"] = ["assay/module.py:1"] * 91
    assert figures.find_worse(measured) == ["dict[str, Any]: 91; at most 90 accepted"]


def test_main_prints_and_checks(tmp_path, capsys):
    """The exit status is 1 only with --check, and --json prints one object."""
    package = tmp_path / "assay"
    package.mkdir()
    (package / "module.py").write_text("# it stands here\n", encoding="utf-8")
    assert figures.main([str(package), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["stands"] == ["assay/module.py:1 stands"]
    assert figures.main([str(package), "--check", "--list"]) == 1
    printed = capsys.readouterr()
    assert "    assay/module.py:1 stands\n" in printed.out
    assert printed.err == 'prose: "stands" for "is": 1; at most 0 accepted\n'


def test_ranks_are_read_from_the_architecture_test(tmp_path):
    """Without that test, the order that is written down holds."""
    src = tmp_path / "src" / "assay"
    src.mkdir(parents=True)
    assert walk.read_ranks(src)["data"] < walk.read_ranks(src)["models"]
    (tmp_path / "tests").mkdir()
    table = tmp_path / "tests" / "test_architecture.py"
    table.write_text('RANKS = {"data": 7}\n', encoding="utf-8")
    assert walk.read_ranks(src) == {"data": 7}
    own = walk.read_ranks(ROOT / "src" / "assay")
    assert own["data"] < own["cli"]


def test_walk_sees_files_climbs_and_repeated_work(tmp_path):
    """A call into a later room is a climb; texts and files are counted each time."""
    package, out = tmp_path / "assay", tmp_path / "run"
    hashed = tmp_path / "run.partial" / "models" / "one.partial" / "weights"
    hashed.parent.mkdir(parents=True)
    hashed.write_bytes(b"12345")
    early = "def normalise_text(text): return text\ndef call(back): return back()\n"
    late = """
def run(call, normalise, path):
    normalise("a")
    normalise("a")
    call(choose_method)
    hash_file(path)

def choose_method(): return 1
def hash_file(path): return path
"""
    rooms = {}
    for room, text in {"early": early, "late": late}.items():
        rooms[room] = types.ModuleType(room)
        exec(compile(text, str(package / room / "module.py"), "exec"), vars(rooms[room]))

    seen = walk.Walk(package, {"early": 0, "late": 1})
    sys.setprofile(seen)
    try:
        rooms["late"].run(rooms["early"].call, rooms["early"].normalise_text, hashed)
    finally:
        sys.setprofile(None)
    described = walk.describe_walk(seen, ("a", "b"), out)
    assert described["files entered"] == 2
    climb = "early/module.py:call -> late/module.py:choose_method"
    assert described["calls into a later room, by caller"] == {climb: 1}
    assert described["normalisations per text of train, most"] == 2
    assert described["calls of choose_method"] == 1
    assert described["times that a folder was hashed"] == {
        "run/models/one": "1.0 calls per file (1 files), 1.0 times its 5 bytes"
    }


def test_source_keeps_its_figures():
    """Prose, width, length, complexity, density and types of src stay within their bounds."""
    assert figures.find_worse(figures.measure_all(figures.read_sources(figures.SRC))) == []
