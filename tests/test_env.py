"""What the environment says: network, threads, device, cache."""

import os
import tempfile

import pytest

from assay import _env
from assay.errors import InputError

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
    assert tempfile.tempdir == os.environ["TMPDIR"] == str(tmp_path)
