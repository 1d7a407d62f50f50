"""What the environment says: network, threads, device, cache."""

import os
import tempfile
from pathlib import Path

import pytest

from assay import _env
from assay.errors import InputError, OutsideError
from assay.output_place import find_place

VARIABLES = (
    "ASSAY_OFFLINE",
    "HF_HUB_OFFLINE",
    "HF_DATASETS_OFFLINE",
    "ASSAY_THREADS",
    "ASSAY_DEVICE",
    "ASSAY_CACHE",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "XDG_CACHE_HOME",
)


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch):
    """Unset every variable, and put all back afterwards, whatever the test sets."""
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.mark.parametrize("name", ["ASSAY_OFFLINE", "HF_HUB_OFFLINE"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1", True),
        ("TRUE", True),
        ("yes", True),
        ("on", True),
        ("0", False),
        ("", False),
        ("no", False),
    ],
)
def test_offline_is_asked_for_by_either_variable(monkeypatch, name, value, expected):
    """The variable of assay and the Hub's both count, in the spellings that the Hub accepts."""
    monkeypatch.setenv(name, value)
    assert _env.is_offline() is expected


def test_set_offline_reaches_the_libraries():
    """Going offline is seen by assay and by the libraries that read their own variables."""
    assert not _env.is_offline()
    _env.set_offline()
    assert _env.is_offline()
    assert os.environ["HF_HUB_OFFLINE"] == os.environ["HF_DATASETS_OFFLINE"] == "1"


def test_threads_are_the_cpus_of_this_process():
    """Unless told otherwise, as many threads as CPUs that this process may use: not more, in a container."""
    assert 1 <= _env.n_threads() <= os.cpu_count()


def test_threads_that_were_set_win():
    """What was set is what is used, by every library that starts a pool."""
    _env.set_threads(3)
    assert _env.n_threads() == 3
    assert os.environ["OMP_NUM_THREADS"] == os.environ["NUMBA_NUM_THREADS"] == "3"


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", " "])
def test_bad_thread_count_is_an_error(monkeypatch, value):
    """A count that cannot be used is quoted."""
    monkeypatch.setenv("ASSAY_THREADS", value)
    with pytest.raises(
        InputError, match=f"ASSAY_THREADS is '{value}'; a whole number of at least 1 is accepted"
    ):
        _env.n_threads()


def test_set_threads_refuses_none_at_all():
    """Zero threads are no threads, and nothing is set then."""
    with pytest.raises(InputError, match="n_threads is 0; a whole number of at least 1"):
        _env.set_threads(0)
    assert "ASSAY_THREADS" not in os.environ


def test_device_is_auto_unless_set():
    """The device that was set is kept for this process."""
    assert _env.device() == "auto"
    _env.set_device("cuda:1")
    assert _env.device() == "cuda:1"


def test_cache_folder_follows_the_variables(monkeypatch, tmp_path):
    """The variable of assay, else XDG's, else ~/.cache; asking creates nothing."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert _env.cache_dir() == tmp_path / "home" / ".cache" / "assay"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert _env.cache_dir() == tmp_path / "xdg" / "assay"
    monkeypatch.setenv("ASSAY_CACHE", "~/mine")
    assert _env.cache_dir() == tmp_path / "home" / "mine"
    assert list(tmp_path.iterdir()) == []


def test_cache_without_a_home_is_of_this_process(monkeypatch, tmp_path):
    """An unknown user of a container has no home: nothing that others could have put there is read."""

    def refuse():
        raise RuntimeError("Could not determine home directory.")

    for name in ("ASSAY_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", refuse)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(_env, "_own_caches", {})
    folder = _env.cache_dir()
    assert folder.parent == tmp_path
    assert folder.stat().st_mode & 0o077 == 0
    assert _env.cache_path("features", "a.npy") == folder / "features" / "a.npy"
    assert list(tmp_path.iterdir()) == [folder]
    monkeypatch.setattr(_env, "_own_caches", {})
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(OutsideError, match="no home folder and no place for temporary files"):
        _env.cache_dir()


def test_cache_that_cannot_be_written_is_read_and_not_added_to(monkeypatch, tmp_path):
    """What an image brought is used; what is made anew goes to a folder of this process."""
    for name in ("ASSAY_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(_env, "_own_caches", {})
    brought = tmp_path / "home" / ".cache" / "assay" / "encoders" / "a.onnx"
    brought.parent.mkdir(parents=True)
    brought.touch()
    assert _env.cache_path("encoders", "b.onnx") == brought.with_name("b.onnx")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert _env.cache_path("encoders", "a.onnx") == brought
    assert _env.cache_path("encoders", "b.onnx").parent.parent.parent == tmp_path
    monkeypatch.setenv("ASSAY_CACHE", str(tmp_path / "mine"))
    assert _env.cache_path("encoders", "b.onnx") == tmp_path / "mine" / "encoders" / "b.onnx"


def test_api_key_comes_from_the_environment(monkeypatch):
    """ASSAY_API_KEY, where it is set to something."""
    monkeypatch.setenv("ASSAY_API_KEY", "s3cret")
    assert _env.api_key() == "s3cret"
    monkeypatch.setenv("ASSAY_API_KEY", "")
    assert _env.api_key() is None


@pytest.mark.parametrize(("given", "expected"), [("", 7), ("1", 1), ("20", 20)])
def test_bound_is_the_default_or_what_was_set(monkeypatch, given, expected):
    """A bound that is not set, or set to nothing, has its default."""
    monkeypatch.setenv("ASSAY_MAX_COLUMNS", given)
    assert _env.bound("ASSAY_MAX_COLUMNS", 7) == expected


@pytest.mark.parametrize("given", ["0", "-1", "1e6", "many"])
def test_bound_that_is_no_number_is_refused(monkeypatch, given):
    """The message names the variable."""
    monkeypatch.setenv("ASSAY_MAX_COLUMNS", given)
    with pytest.raises(InputError, match=f"ASSAY_MAX_COLUMNS is '{given}'; a whole number"):
        _env.bound("ASSAY_MAX_COLUMNS", 7)


def test_temporary_files_go_beside_the_output_where_there_is_no_other_place(tmp_path, monkeypatch):
    """Only then: a system with a place of its own keeps it, and a command without output cannot help."""

    def refuse():
        if tempfile.tempdir is None:
            raise FileNotFoundError(2, "No usable temporary directory found")
        return tempfile.tempdir

    monkeypatch.setenv("TMPDIR", "")
    monkeypatch.setattr(tempfile, "tempdir", "/elsewhere")
    monkeypatch.setattr(tempfile, "gettempdir", refuse)
    _env.find_temporary_folder(tmp_path / "new" / "deeper" / "out.csv")
    assert tempfile.tempdir == "/elsewhere"
    tempfile.tempdir = None
    _env.find_temporary_folder(None)
    assert tempfile.tempdir is None
    _env.find_temporary_folder(tmp_path / "new" / "deeper" / "out.csv")
    assert tempfile.tempdir == os.environ["TMPDIR"]
    assert Path(tempfile.tempdir).parent == tmp_path
    # The folder above the output cannot be written: the output is a volume, which counts as empty.
    volume = tmp_path / "volume"
    volume.mkdir()
    tempfile.tempdir = None
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) == volume)
    _env.find_temporary_folder(volume)
    assert Path(os.environ["TMPDIR"]).parent == volume
    assert find_place(volume).content() == []
