"""The settings of a training, and the learning rate of each of its steps.

A time limit shortens the schedule rather than cutting it off, so that the learning rate still
reaches zero.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import torch

from assay.bounds import COUNT, FRACTION, POSITIVE, SEED, Bounds
from assay.data.labels import Task
from assay.errors import InputError
from assay.training.processes import Processes

__all__ = ["PRECISIONS", "Schedule", "TrainingConfig"]

PRECISIONS = ("float32", "bfloat16")
ACCEPTED = {
    "n_epochs": COUNT,
    "batch_size": COUNT,
    "learning_rate": POSITIVE,
    "weight_decay": Bounds(at_least=0),
    "warmup_fraction": Bounds(at_least=0, below=1),
    "label_smoothing": FRACTION,
    "seed": SEED,
    "time_limit_s": replace(POSITIVE, is_optional=True),
}


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of one training.

    Parameters
    ----------
    name : str
        Shown by the progress bar.
    n_epochs, batch_size : int
    learning_rate : float
        Reached after `warmup_fraction` of the steps, then falling to zero in a straight line.
    weight_decay : float
        Not applied to biases and normalisation layers.
    label_smoothing : float
        Fraction of the target that is spread evenly over the classes.
    max_gradient_norm : float
    seed : int
    time_limit_s : float, optional
        Wall-clock seconds after which the learning rate has reached zero and training ends. None
        sets no limit.
    class_weights : array of shape (n_classes,), optional
        Weight of each class in the loss; None if all count the same.
    task : {"single", "multi"}
        Whether a text has one class, or any number of labels.
    precision : {"float32", "bfloat16"}
        Precision of the arithmetic inside the network. Weights are always float32.

    Raises
    ------
    InputError
        A setting is out of its range.
    """

    name: str
    n_epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    warmup_fraction: float
    label_smoothing: float
    max_gradient_norm: float
    seed: int
    time_limit_s: float | None = None
    class_weights: np.ndarray | None = None
    task: Task = "single"
    precision: str = "float32"

    def __post_init__(self) -> None:
        for name, bounds in ACCEPTED.items():
            bounds.check(name, getattr(self, name))
        if self.precision not in PRECISIONS:
            raise InputError(
                f"precision is {self.precision!r}; {' and '.join(PRECISIONS)} are accepted"
            )


class Schedule:
    """Learning rates: up over the warm-up, down to zero at the last step or at the time limit.

    Parameters
    ----------
    config : TrainingConfig
    n_steps : int
        Steps of the whole training.
    processes : Processes
        All follow the clock of the first.
    device : torch.device
    """

    def __init__(
        self, config: TrainingConfig, n_steps: int, processes: Processes, device: torch.device
    ) -> None:
        self.config = config
        self.n_steps = n_steps
        self.processes = processes
        self.device = device
        self.step = 0
        self.started_s = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds of training, including those before an interruption."""
        return time.monotonic() - self.started_s

    def resume(self, step: int, elapsed_s: float) -> None:
        """Continue after `step` steps, which took `elapsed_s` seconds."""
        self.step, self.started_s = step, time.monotonic() - elapsed_s

    def next_rate(self) -> float | None:
        """Return the rate of the next step; None if the time is up."""
        done = self.step / self.n_steps
        if self.config.time_limit_s is not None:
            spent = self.elapsed_s / self.config.time_limit_s
            done = max(done, self.processes.follow_first([spent], self.device)[0])
            if done >= 1 and self.step:
                return None
        self.step += 1
        warmup = self.config.warmup_fraction
        rising = 1.0
        if done < warmup:
            rising = min(1.0, (done + 1 / self.n_steps) / warmup)
        falling = max(0.0, 1 - done) / (1 - warmup)
        return self.config.learning_rate * min(rising, falling)
