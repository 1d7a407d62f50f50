"""Names of a package that are resolved when they are first used."""

import sys

import pytest

from assay._lazy import resolve_lazily

PACKAGE = "toy_lazy"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Write a package of one module, and import the package alone."""
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "shapes.py").write_text("square, circle = 4, 0\n", encoding="utf-8")
    (tmp_path / PACKAGE / "__init__.py").write_text(
        "from assay._lazy import resolve_lazily\n"
        "n_lines = 2\n"
        "__getattr__, __dir__ = resolve_lazily(__name__, {'square': 'shapes'})\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__(PACKAGE)
    for name in (PACKAGE, f"{PACKAGE}.shapes"):
        sys.modules.pop(name, None)


def test_module_is_imported_with_the_first_name_that_it_holds(package):
    """And the name is then an ordinary one."""
    assert f"{PACKAGE}.shapes" not in sys.modules
    assert "square" not in vars(package)
    assert package.square == 4
    assert vars(package)["square"] == 4


def test_names_are_listed_before_they_are_resolved(package):
    """Completion in a notebook shows them beside the others."""
    assert {"square", "n_lines"} <= set(dir(package))
    assert f"{PACKAGE}.shapes" not in sys.modules


def test_other_names_are_no_attributes(package):
    """Also those that the module holds, but the package does not publish."""
    with pytest.raises(AttributeError, match="module 'toy_lazy' has no attribute 'circle'"):
        _ = package.circle
    with pytest.raises(AttributeError, match="module 'toy_lazy' has no attribute 'circle'"):
        resolve_lazily(PACKAGE, {})[0]("circle")
