"""Tests of assay.runtime.memory."""

import ctypes

from assay.runtime.memory import give_back_memory


def test_the_c_library_is_asked(monkeypatch):
    """Where it can hand back pages, it is told to keep none."""
    asked = []
    library = type("Library", (), {"malloc_trim": staticmethod(asked.append)})
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    give_back_memory()
    assert asked == [0]


def test_another_c_library_is_left_alone(monkeypatch):
    """Without glibc's function, or a library of that kind, nothing happens and nothing fails."""
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    give_back_memory()

    def absent(name):
        raise OSError("no such library")

    monkeypatch.setattr(ctypes, "CDLL", absent)
    give_back_memory()
