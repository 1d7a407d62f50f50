"""The process-wide state of torch and transformers, set for a block and put back after it.

A library that changes the thread count or log level of its host for good surprises whoever embeds
it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from assay import _env
from assay._optional import require
from assay.errors import InputError

if TYPE_CHECKING:
    import torch

__all__ = ["compute_threads", "pick_device", "quiet_hub", "quiet_transformers"]


def pick_device(name: str | None = None) -> torch.device:
    """Return the torch device to compute on.

    Parameters
    ----------
    name : str, optional
        `auto`, `cpu`, `cuda`, `cuda:0`, `mps`; None: what the user asked for. `auto` is CUDA where
        there is one. Of several processes that train together, each has a CUDA device of its own.

    Raises
    ------
    InputError
        There is no such device here.
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
    absent = (device.type == "cuda" and (device.index or 0) >= n_cuda) or (
        device.type == "mps" and not torch.backends.mps.is_available()
    )
    if absent:
        raise InputError(
            f"device '{name}' is not here ({n_cuda} CUDA devices)", hint="use --device auto or cpu"
        )
    return device


@contextmanager
def compute_threads(n: int | None = None) -> Iterator[None]:
    """Let torch compute with `n` threads inside the block; None: as many as the user asked for."""
    torch = require("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(n or _env.n_threads())
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep the load report, its progress bar and warnings of transformers off stderr inside the block.

    The report names weights that were not found; whoever loads checks them through
    `output_loading_info`.
    """
    logging = require("transformers.utils.logging")
    level, had_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    with quiet_hub():
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        try:
            yield
        finally:
            logging.set_verbosity(level)
            if had_bars:
                logging.enable_progress_bar()


@contextmanager
def quiet_hub() -> Iterator[None]:
    """Keep progress bars and warnings of huggingface_hub off stderr inside the block."""
    utils = require("huggingface_hub.utils")
    level, had_bars = utils.logging.get_verbosity(), not utils.are_progress_bars_disabled()
    with warnings.catch_warnings():
        # Where HF_HUB_DISABLE_PROGRESS_BARS is set, it wins over these calls, and each of them
        # warns of that.
        warnings.filterwarnings("ignore", message="Cannot (en|dis)able progress bars")
        utils.logging.set_verbosity_error()
        utils.disable_progress_bars()
        try:
            yield
        finally:
            utils.logging.set_verbosity(level)
            if had_bars:
                utils.enable_progress_bars()
