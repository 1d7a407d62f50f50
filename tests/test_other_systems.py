"""What Windows and macOS are known to answer, simulated here: files are written, memory is left alone.

These are also the only tests of those answers: nobody has run them on the systems themselves.
"""

import ctypes
import errno
import fcntl
import os
import re
import resource
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from assay import _env, disk
from assay._paths import is_meant_as_path
from assay.errors import InputError, OutsideError
from assay.output_lock import lock_output
from assay.output_place import check_apart, check_outside
from assay.runtime import trial
from assay.runtime.memory import give_back_memory

ROOT = Path(__file__).resolve().parent.parent


def test_package_says_of_itself_what_was_tried():
    """Its classifiers name the systems and versions that docs/library.md says it was tried on."""
    page = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    tried = page.partition("## Where it was tried\n")[2].partition("; the tests")[0]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    said = [one.split(" :: ") for one in project["classifiers"]]
    systems = [one[-1] for one in said if one[0] == "Operating System"]
    versions = [one[-1] for one in said if one[:2] == ["Programming Language", "Python"]]
    assert versions == re.findall(r"3\.\d+", tried)
    assert systems == re.findall(r"Linux|Windows|macOS", tried)


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


def test_threads_are_those_of_the_machine_where_a_process_has_no_cores_of_its_own(monkeypatch):
    """Windows and macOS do not say which cores a process may use."""
    monkeypatch.delenv("ASSAY_THREADS", raising=False)
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert _env.n_threads() == 3
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert _env.n_threads() == 1


def test_trial_of_a_folder_goes_on_where_memory_cannot_be_limited(monkeypatch):
    """Limits of address space are refused by macOS with a ValueError; the limit of time still holds."""
    held = {}

    def limit(kind, limits):
        if kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
            raise ValueError("current limit exceeds maximum limit")
        held[kind] = limits

    monkeypatch.setattr(resource, "setrlimit", limit)
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (resource.RLIM_INFINITY,) * 2)
    for system in ("darwin", "linux"):
        monkeypatch.setattr(trial.sys, "platform", system)
        held.clear()
        trial._limit(1 << 30, 20)
        assert held == {resource.RLIMIT_CPU: (20, 20), resource.RLIMIT_CORE: (0, 0)}


def test_trial_asks_for_no_more_than_the_system_allows(monkeypatch):
    """A container may have lower limits, which only their owner may raise."""
    held = {}
    monkeypatch.setattr(resource, "setrlimit", held.__setitem__)
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (10, 10))
    trial._limit(1 << 30, 20)
    assert set(held.values()) == {(10, 10), (0, 0)}


@pytest.mark.parametrize("given", ["C:data.csv", "c:/data", "D:emotion", "C:\\data\\train"])
def test_what_begins_with_a_drive_is_a_path(given):
    """`D:emotion` has the form of an id of the Hub with a configuration."""
    assert is_meant_as_path(given)


def test_data_under_another_spelling_of_its_name_is_not_overwritten(tmp_path):
    """Windows and macOS find one file under both names, as if it were linked here."""
    data = tmp_path / "Caf\u00e9.csv"
    data.write_text("text\na\n", encoding="utf-8")
    other, linked = tmp_path / "cafe\u0301.CSV", tmp_path / "linked.csv"
    os.link(data, other)
    os.link(data, linked)
    with pytest.raises(InputError, match="holds the data itself"):
        check_apart(data, other)
    check_apart(data, linked)  # what replaces a link to the same file leaves the file alone


def test_folder_under_another_spelling_of_its_name_is_not_overwritten(tmp_path, monkeypatch):
    """The same for what is in it."""
    folder = tmp_path / "Model"
    folder.mkdir()
    monkeypatch.setattr(Path, "samefile", lambda one, other: is_one(one, other))
    monkeypatch.setattr(Path, "exists", lambda one: True)
    for out in (tmp_path / "model", tmp_path / "MODEL" / "a.csv"):
        with pytest.raises(InputError, match="is the model itself, or a part of it"):
            check_outside(folder, out, what="the model")
    check_outside(folder, tmp_path / "models", what="the model")


def is_one(path, other):
    """Tell whether two paths are one to a system that does not tell cases apart."""
    return str(path).casefold() == str(other).casefold()


def test_lock_that_cannot_be_deleted_while_it_is_held_is_taken_again(tmp_path, monkeypatch):
    """Windows deletes no file that is open, and lets nobody read one that is locked."""

    def refuse(path, *args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    for name in ("unlink", "write_text", "read_text"):
        monkeypatch.setattr(Path, name, refuse)
    out = tmp_path / "a.csv"
    for _ in range(2):
        with lock_output(out):
            pass
    assert [path.name for path in tmp_path.iterdir()] == [".a.csv.lock"]
