"""What Windows and macOS are known to answer, simulated here: files are written, memory is left alone.

These are also the only tests of those answers: nobody has run them on the systems themselves.
"""

import ctypes
import errno
import fcntl
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from assay import disk
from assay.errors import OutsideError
from assay.runtime.memory import give_back_memory


@pytest.fixture
def windows(monkeypatch):
    """Let disk.py see Windows: what is open for reading cannot be flushed, nor can a folder be opened."""

    def flush(descriptor):
        if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, "Bad file descriptor")

    def refuse_folder(path, flags):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    answers = {**vars(os), "name": "nt", "fsync": flush, "open": refuse_folder}
    monkeypatch.setattr(disk, "os", SimpleNamespace(**answers))


def test_files_and_folders_are_written_where_only_writers_can_flush(windows, tmp_path):
    """Whatever is flushed was opened for writing, and folders are not opened at all."""
    disk.write_whole(tmp_path / "a.txt", "new")
    with disk.atomic_files([tmp_path / "b.txt", tmp_path / "c.txt"]) as partials:
        for partial in partials:
            partial.write_text("new")
    with disk.atomic_folder(tmp_path / "out") as root:
        (root / "d.txt").write_text("new")
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in written} == {"a.txt", "b.txt", "c.txt", "d.txt"}
    assert {path.read_text() for path in written} == {"new"}


def test_file_that_is_open_elsewhere_stays_as_it_is(windows, tmp_path, monkeypatch):
    """Windows renames nothing over an open file: one sentence, the old content, and nothing beside it."""
    out = tmp_path / "a.txt"
    out.write_text("old")

    def refuse(self, target):
        raise PermissionError(errno.EACCES, "The process cannot access the file", str(target))

    monkeypatch.setattr(Path, "replace", refuse)
    with (
        pytest.raises(OutsideError, match=r"a\.txt could not be written: The process cannot"),
        disk.refusals_of_disk(out),
        disk.atomic_file(out) as partial,
    ):
        partial.write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert out.read_text() == "old"


@pytest.mark.parametrize(
    "error",
    [
        TypeError("bad argument type for built-in operation"),  # Windows: a library has a name
        OSError("no such library"),
        AttributeError("malloc_trim"),  # macOS, musl
    ],
    ids=["windows", "none", "macos"],
)
def test_memory_is_kept_where_the_c_library_is_another(monkeypatch, error):
    """Nothing happens, and nothing fails."""

    def refuse(name):
        raise error

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    give_back_memory()
