"""The only reader of the environment: device, threads, offline, cache folder, API key."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from assay.errors import InputError, OutsideError
from assay.output_place import TEMPORARY

__all__ = [
    "api_key",
    "bound",
    "cache_dir",
    "cache_path",
    "device",
    "find_temporary_folder",
    "has_hub_token",
    "is_offline",
    "keep_onnxruntime_quiet",
    "local_rank",
    "n_processes",
    "n_threads",
    "process_rank",
    "quiet_ray",
    "set_device",
    "set_offline",
    "set_threads",
]

TRUE_WORDS = {"1", "true", "yes", "on"}


def is_offline() -> bool:
    """Tell whether the user asked for no network (`ASSAY_OFFLINE`, `HF_HUB_OFFLINE`)."""
    names = ("ASSAY_OFFLINE", "HF_HUB_OFFLINE")
    return any(os.environ.get(name, "").casefold() in TRUE_WORDS for name in names)


def set_offline() -> None:
    """Ask for no network in this process and in the libraries that it loads from here on."""
    for name in ("ASSAY_OFFLINE", "HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        os.environ[name] = "1"


def has_hub_token() -> bool:
    """Tell whether the environment holds a token of the Hub.

    It is used instead of the token of an earlier login.
    """
    return any(os.environ.get(name) for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"))


def n_threads() -> int:
    """Return how many compute threads to use.

    `ASSAY_THREADS` if it is set, else the CPUs that this process may use, divided among the
    processes that were started together on this machine.

    Raises
    ------
    InputError
        `ASSAY_THREADS` is not a whole number of at least 1.
    """
    given = os.environ.get("ASSAY_THREADS", "")
    if not given:
        n_cpus = (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1
        )
        return max(1, n_cpus // _launched("LOCAL_WORLD_SIZE", 1))
    return _whole_number("ASSAY_THREADS", given)


def set_threads(n: int) -> None:
    """Set the compute threads of this process, once, before any library starts its own pool.

    Callers that need another count for one call pass it: `n_threads` of `load_model`, `n` of
    `compute_threads`.

    Raises
    ------
    InputError
        `n` is below 1.
    """
    if n < 1:
        raise InputError(f"--threads is {n}; a whole number of at least 1 is accepted")
    for name in (
        "ASSAY_THREADS",
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "NUMBA_NUM_THREADS",
    ):
        os.environ[name] = str(n)


def n_processes() -> int:
    """Return how many processes `torchrun` or `accelerate launch` started to work together.

    1 if this process is alone.
    """
    return max(1, _launched("WORLD_SIZE", 1))


def process_rank() -> int:
    """Return the number of this process among those that work together, from 0."""
    return _launched("RANK", 0) if n_processes() > 1 else 0


def local_rank() -> int:
    """Return the number of this process among those on this machine, from 0.

    It is the number of the device that the process uses.
    """
    return _launched("LOCAL_RANK", 0) if n_processes() > 1 else 0


def _launched(name: str, default: int) -> int:
    """Read a number that a launcher set.

    It counts only if the launcher also set an address at which the processes meet: other programs
    set variables of the same names.
    """
    given = os.environ.get(name, "")
    return int(given) if given.isdecimal() and os.environ.get("MASTER_ADDR") else default


def keep_onnxruntime_quiet() -> None:
    """Keep ONNX Runtime from reporting use to its maker, unless the user chose otherwise.

    Its official builds do so by default, from 1.32 on: they keep a number for the machine in the
    home folder and send events over the network. It is read once, when the library is loaded.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def quiet_ray() -> None:
    """Keep Ray from reporting usage and from warning about its plans, here and in its workers."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")


def device() -> str:
    """Return the training device that was asked for: `auto`, `cpu`, `cuda`, `cuda:0`, `mps`."""
    return os.environ.get("ASSAY_DEVICE", "auto")


def set_device(name: str) -> None:
    """Set the training device of this process, once. For one call, `pick_device` takes a name."""
    os.environ["ASSAY_DEVICE"] = name


def find_temporary_folder(out: Path | None) -> None:
    """Let libraries put temporary files beside an output where the system has no place for them.

    So one folder that can be written is enough, for example in a container whose root file system
    is read-only. They are in a hidden folder, deleted when the process ends.

    Parameters
    ----------
    out : Path, optional
        The output of the command. None: it has none, and nothing can be done.
    """
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        if out is None:
            return
        near = next(path for path in out.absolute().parents if path.is_dir())
        if out.is_dir() and not os.access(near, os.W_OK):
            near = out.absolute()  # a volume of a container, worked on inside
        try:
            made = tempfile.mkdtemp(prefix=TEMPORARY, dir=near)
        except OSError:
            return  # whoever writes the output says why it cannot be written
        atexit.register(shutil.rmtree, made, ignore_errors=True)
        os.environ["TMPDIR"] = tempfile.tempdir = made


def bound(name: str, default: int) -> int:
    """Return a bound on what is read, such as `ASSAY_MAX_LINE_CHARS`, or its default.

    Raises
    ------
    InputError
        The variable is not a whole number of at least 1.
    """
    given = os.environ.get(name, "")
    return _whole_number(name, given) if given else default


def _whole_number(name: str, given: str) -> int:
    if not given.isdecimal() or int(given) < 1:
        raise InputError(f"{name} is '{given}'; a whole number of at least 1 is accepted")
    return int(given)


def api_key() -> str | None:
    """Return the key that clients of `assay serve` have to bring (`ASSAY_API_KEY`), if any."""
    return os.environ.get("ASSAY_API_KEY") or None


def cache_dir() -> Path:
    """Return the folder for what can be made again (`ASSAY_CACHE`, else that of the desktop).

    The folder is not created here, except where this user has no home folder: then it is a folder
    of this process, deleted when the process ends.

    Raises
    ------
    OutsideError
        There is neither a home folder nor a place for temporary files.
    """
    given = os.environ.get("ASSAY_CACHE")
    if given:
        return Path(given).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        caches = Path(base) if base else Path.home() / ".cache"
    except RuntimeError:  # an unknown user without HOME, as in many containers
        return _own_cache()
    return caches / "assay"


def cache_path(*parts: str) -> Path:
    """Return the place of one file or folder of the cache.

    It is in `cache_dir` if it is there already or can be written there, or if the user chose that
    folder; else in a folder of this process, deleted when the process ends.

    Raises
    ------
    OutsideError
        See `cache_dir`.
    """
    kept = cache_dir().joinpath(*parts)
    if kept.exists() or os.environ.get("ASSAY_CACHE"):
        return kept
    nearest = next(folder for folder in kept.absolute().parents if folder.is_dir())
    return kept if os.access(nearest, os.W_OK) else _own_cache().joinpath(*parts)


def _own_cache() -> Path:
    """Return a cache that only this process sees: what others put there could be forged."""
    if _own_caches.get("process") != os.getpid():
        try:
            folder = tempfile.mkdtemp(prefix="assay-cache-")
        except OSError as err:
            raise OutsideError(
                "there is no home folder and no place for temporary files to keep a cache in",
                hint="set ASSAY_CACHE to a folder that can be written",
            ) from err
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        _own_caches.update(process=os.getpid(), folder=folder)
    return Path(str(_own_caches["folder"]))


_own_caches: dict[str, int | str] = {}
