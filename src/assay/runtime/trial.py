"""Loading a model in a process of its own, under limits of memory and time.

A folder from a stranger can ask for more than can be told by reading it. What happens here happens
to a process that has nothing to lose: ``python -m assay.runtime.trial FOLDER BYTES SECONDS``.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from assay.errors import AssayError, ModelError, OutsideError

__all__ = ["TrialLimits", "try_model"]

logger = logging.getLogger(__name__)

KILLED = "took more memory or time than a model of its size needs"


@dataclass(frozen=True)
class TrialLimits:
    """What a trial may take.

    Parameters
    ----------
    base_bytes : int
        Memory of the libraries and of a small model.
    times_size : int
        What is added to it, in sizes of the folder: ONNX Runtime holds a network several times
        while it loads it.
    seconds : int
        Compute time; twice as much may pass on the clock.
    """

    base_bytes: int = 2 << 30
    times_size: int = 8
    seconds: int = 60


def try_model(folder: Path, *, limits: TrialLimits | None = None) -> str:
    """Load a model and score a few texts in a process of its own.

    Parameters
    ----------
    folder : Path
    limits : TrialLimits, optional
        Where the system has no limits of memory, only the time is limited.

    Returns
    -------
    str
        `Manifest.prediction_sha256` of what was tried.

    Raises
    ------
    ModelError
        The model cannot be loaded, cannot answer, or takes more than the limits.
    OutsideError
        No process could be started.
    """
    limits = limits or TrialLimits()
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    n_bytes = limits.base_bytes + limits.times_size * size
    # -P: the folder that the process is started in may hold a module called numpy.
    command = [sys.executable, "-P", "-m", "assay.runtime.trial", str(folder)]
    command += [str(n_bytes), str(limits.seconds)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, capture_output=True, timeout=2 * limits.seconds, check=False
        )
    except subprocess.TimeoutExpired as err:
        raise ModelError(f"the model in {folder} {KILLED}") from err
    except OSError as err:
        raise OutsideError(f"no process could be started to try {folder}: {err}") from err
    return _read_answer(folder, done)


def _read_answer(folder: Path, done: subprocess.CompletedProcess[bytes]) -> str:
    """Return the hash that the process printed, or raise what it said."""
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        answer = {}
    if "sha256" in answer and done.returncode == 0:
        return str(answer["sha256"])
    if "error" in answer:
        raise ModelError(answer["error"], hint=answer.get("hint", ""))
    logger.info("a trial ended with %d", done.returncode)
    raise ModelError(f"the model in {folder} {KILLED}")


def _limit(n_bytes: int, seconds: int) -> None:
    """Limit this process, as far as the system can."""
    if os.name != "posix":
        return
    import resource

    # Of data where the system counts it: address space is mostly reserved and never used.
    memory = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    limits = {memory: n_bytes, resource.RLIMIT_CPU: seconds, resource.RLIMIT_CORE: 0}
    for kind, limit in limits.items():
        highest = resource.getrlimit(kind)[1]  # what the system allows may be less
        if highest != resource.RLIM_INFINITY:
            limit = min(limit, highest)
        with suppress(OSError, ValueError):  # macOS refuses limits of memory
            resource.setrlimit(kind, (limit, limit))


def _main(folder: str, n_bytes: str, seconds: str) -> int:
    """Load the model; print its hash, or why it cannot be used."""
    _limit(int(n_bytes), int(seconds))
    from assay.runtime.predictor import load_model

    try:
        model = load_model(folder, n_threads=1)
        answer = {"sha256": model.manifest.prediction_sha256()}
    except AssayError as err:
        answer = {"error": err.message, "hint": err.hint}
    except MemoryError:
        answer = {"error": f"the model in {folder} {KILLED}"}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0 if "sha256" in answer else 1


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
