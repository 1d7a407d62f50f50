"""What a syntax tree says about a function: how many branches it has, and how much it packs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DOCUMENTED = (*FUNCTIONS, ast.ClassDef, ast.Module)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, *FUNCTIONS)


def cyclomatic(function: ast.AST) -> int:
    """Return the cyclomatic complexity by the rule of ruff's C901 (McCabe, 1976).

    It is 1 for the function itself and 1 for each branch in it, a function inside included.
    """
    return sum(count_branches(node) for node in ast.walk(function))


def cyclomatic_with_expressions(function: ast.AST) -> int:
    """Return the cyclomatic complexity with the branches that hide inside expressions."""
    nodes = ast.walk(function)
    return sum(count_branches(node) + count_hidden_branches(node) for node in nodes)


def count_branches(node: ast.AST) -> int:
    """Return how many branches a statement adds by itself, without what is inside it."""
    if isinstance(node, BRANCHES):
        return 1
    if isinstance(node, (ast.Try, ast.TryStar)):
        return int(bool(node.orelse))
    if isinstance(node, ast.Match):
        return len(node.cases) - int(_is_catch_all(node.cases[-1]))
    return 0


def _is_catch_all(case: ast.match_case) -> bool:
    """Tell whether a case takes every value, as `else` does."""
    is_name = isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
    return is_name and case.guard is None


def count_hidden_branches(node: ast.AST) -> int:
    """Return the branches of an expression: loops and filters, `and` and `or`, conditionals."""
    if isinstance(node, COMPREHENSIONS):
        return 1 + sum(len(generator.ifs) for generator in node.generators)
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    return int(isinstance(node, ast.IfExp))


def body_statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements of each function, but not those of functions inside it once more."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, FUNCTIONS):
            yield from _without_docstring(child)
        else:
            yield from body_statements(child)


def nodes_without_docstrings(node: ast.AST) -> list[ast.AST]:
    """Return a node and all nodes below it except docstrings."""
    nodes = list(ast.walk(node))
    skipped: set[ast.AST] = set()
    for inner in nodes:
        if isinstance(inner, DOCUMENTED):
            n_docstrings = len(inner.body) - len(_without_docstring(inner))
            for docstring in inner.body[:n_docstrings]:
                skipped.update(ast.walk(docstring))
    return [inner for inner in nodes if inner not in skipped]


def _without_docstring(node: Any) -> list[ast.stmt]:
    has_docstring = ast.get_docstring(node, clean=False) is not None
    return node.body[1:] if has_docstring else node.body
