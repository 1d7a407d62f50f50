"""The process-wide state of torch and transformers, set for a block and put back after it.

A library that changes the thread count or log level of its host for good surprises whoever embeds
it. Blocks may be open in several threads at the same time, and may close in any order.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from assay import _env
from assay._optional import require
from assay.errors import InputError

if TYPE_CHECKING:
    import torch

__all__ = [
    "compute_threads",
    "multiplies_bfloat16",
    "pick_device",
    "quiet_hub",
    "quiet_transformers",
    "unprinted_graphs",
]

# Instructions of x86 processors that multiply matrices of bfloat16. Elsewhere torch emulates it,
# which takes longer than float32.
BFLOAT16_INSTRUCTIONS = ("avx512_bf16", "amx_bf16")


def pick_device(name: str | None = None) -> torch.device:
    """Return the torch device to compute on.

    Parameters
    ----------
    name : str, optional
        `auto`, `cpu`, `cuda`, `cuda:0`, `mps`; None: what the user asked for. `auto` is CUDA where
        there is a CUDA device, else the CPU. Where several processes train together, `cuda` is a
        device of its own for each.

    Raises
    ------
    InputError
        The name is unknown, or this machine has no such device.
    """
    torch = require("torch")
    name = name or _env.device()
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and _env.n_processes() > 1:
        name = f"cuda:{_env.local_rank()}"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(
            f"device '{name}' is unknown; auto, cpu, cuda, cuda:N and mps are accepted"
        ) from None
    n_cuda = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not _is_here(device, n_cuda):
        counted = f" ({n_cuda} CUDA devices)" if device.type == "cuda" else ""
        raise InputError(
            f"this machine has no device '{name}'{counted}",
            hint="use --device auto or --device cpu",
        )
    return device


def _is_here(device: torch.device, n_cuda: int) -> bool:
    """Tell whether this machine has a device, given how many CUDA devices it has."""
    if device.type == "cuda":
        return (device.index or 0) < n_cuda
    if device.type == "mps":
        return bool(require("torch").backends.mps.is_available())
    return True


def multiplies_bfloat16(device: torch.device) -> bool:
    """Tell whether a device multiplies matrices of bfloat16 faster than those of float32.

    Its exponents are those of float32, so that no loss needs to be scaled.
    """
    torch = require("torch")
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        ask = getattr(torch.cpu, "get_capabilities", dict)  # which older releases may lack
        known: dict[str, bool] = ask()
        return any(known.get(name, False) for name in BFLOAT16_INSTRUCTIONS)
    return False


@contextmanager
def unprinted_graphs() -> Iterator[None]:
    """Keep torch's exporter from printing the whole graph to stdout where it fails, in the block.

    Its switch for this (`verbose`) has no effect in torch 2.13.
    """
    inside = require("torch")._C
    before = getattr(inside, "_jit_onnx_log", None)
    if before is None:
        yield
        return
    inside._jit_onnx_log = _say_nothing
    try:
        yield
    finally:
        inside._jit_onnx_log = before


def _say_nothing(*parts: object) -> None:
    """Take what would be printed."""


@contextmanager
def compute_threads(n: int | None = None) -> Iterator[None]:
    """Let torch compute with `n` threads in this thread, inside the block.

    Parameters
    ----------
    n : int, optional
        None: as many as the user asked for.

    Notes
    -----
    torch keeps a count for each thread that has used it, and gives new threads the count that was
    set last, by whichever thread. So a block puts back the count of its own thread only, and what
    counts as "before" is what the host had set when no block was open anywhere.
    """
    n_threads = n or _env.n_threads()
    before = _thread_counts.enter(n_threads)
    try:
        yield
    finally:
        _thread_counts.leave(before)


class _ThreadCounts:
    """The blocks of `compute_threads` that are open, in all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_open = 0
        self._of_host = 0
        self._local = threading.local()

    def enter(self, n_threads: int) -> int:
        """Set the count of this thread; return the one to put back."""
        torch = require("torch")
        depth: int = getattr(self._local, "depth", 0)
        with self._lock:
            # Asked in every case: the first question of a thread fixes that it has a count of its
            # own. A thread that is new to torch is told what another thread's block has set.
            current: int = torch.get_num_threads()
            if not self._n_open:
                self._of_host = current
            self._n_open += 1
            before = current if depth else self._of_host
            torch.set_num_threads(n_threads)
        self._local.depth = depth + 1
        return before

    def leave(self, before: int) -> None:
        """Put the count of this thread back."""
        with self._lock:
            self._n_open -= 1
            require("torch").set_num_threads(before)
        self._local.depth -= 1


_thread_counts = _ThreadCounts()


class _SharedQuiet:
    """A process-wide switch that is off while any thread needs it off.

    The first block to open silences and remembers what was there; the last one to close puts it
    back. Blocks may overlap in any order.

    Parameters
    ----------
    silence : callable
        Silences, and returns a function that puts back what was there before.
    """

    def __init__(self, silence: Callable[[], Callable[[], None]]) -> None:
        self._silence = silence
        self._lock = threading.Lock()
        self._n_open = 0
        self._restore: Callable[[], None] = lambda: None

    @contextmanager
    def block(self) -> Iterator[None]:
        """Keep it silent inside the block."""
        with self._lock:
            if not self._n_open:
                self._restore = self._silence()
            self._n_open += 1
        try:
            yield
        finally:
            with self._lock:
                self._n_open -= 1
                if not self._n_open:
                    self._restore()


def _silence_transformers() -> Callable[[], None]:
    logging = require("transformers.utils.logging")
    level, had_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()

    def restore() -> None:
        logging.set_verbosity(level)
        if had_bars:
            logging.enable_progress_bar()

    return restore


def _silence_hub() -> Callable[[], None]:
    utils, constants = require("huggingface_hub.utils"), require("huggingface_hub.constants")
    # Where the user's environment decides about bars, it wins over these calls, and each of them
    # warns of that.
    may_choose_bars = constants.HF_HUB_DISABLE_PROGRESS_BARS is None
    level, had_bars = utils.logging.get_verbosity(), not utils.are_progress_bars_disabled()
    utils.logging.set_verbosity_error()
    if may_choose_bars:
        utils.disable_progress_bars()

    def restore() -> None:
        utils.logging.set_verbosity(level)
        if may_choose_bars and had_bars:
            utils.enable_progress_bars()

    return restore


_quiet_transformers, _quiet_hub = _SharedQuiet(_silence_transformers), _SharedQuiet(_silence_hub)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep the load report, progress bar and warnings of transformers off stderr inside the block.

    The report names weights that were not found; whoever loads checks them through
    `output_loading_info`.
    """
    with quiet_hub(), _quiet_transformers.block():
        yield


@contextmanager
def quiet_hub() -> Iterator[None]:
    """Keep progress bars and warnings of huggingface_hub off stderr inside the block."""
    with _quiet_hub.block():
        yield
