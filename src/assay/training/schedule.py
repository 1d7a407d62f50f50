"""The settings of a training, and the learning rate of each of its steps.

A time limit shortens the schedule rather than cutting it off, so that the learning rate still
reaches zero.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch

from assay.errors import InputError
from assay.training.processes import Ranks

__all__ = ["PRECISIONS", "Schedule", "TrainingConfig"]

PRECISIONS = ("float32", "bfloat16")


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
        Share of the target spread evenly over the classes.
    max_gradient_norm : float
    seed : int
    time_limit_s : float, optional
        Wall-clock seconds after which the learning rate has reached zero and training ends. None:
        no limit.
    class_weights : array of shape (n_classes,), optional
        What a text of each class counts in the loss; None: all the same.
    precision : {"float32", "bfloat16"}
        Of the arithmetic inside the network; weights and what is saved are float32 always.

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
    precision: str = "float32"

    def __post_init__(self) -> None:
        accepted = {
            "n_epochs": (self.n_epochs >= 1, "at least 1"),
            "batch_size": (self.batch_size >= 1, "at least 1"),
            "learning_rate": (self.learning_rate > 0, "more than 0"),
            "warmup_fraction": (0 <= self.warmup_fraction < 1, "0 up to less than 1"),
            "label_smoothing": (0 <= self.label_smoothing <= 1, "0 to 1"),
            "time_limit_s": (self.time_limit_s is None or self.time_limit_s > 0, "more than 0"),
            "precision": (self.precision in PRECISIONS, " and ".join(PRECISIONS)),
        }
        for name, (is_accepted, what) in accepted.items():
            if not is_accepted:
                raise InputError(f"{name} is {getattr(self, name)}; {what} is accepted")


class Schedule:
    """Learning rates: up over the warm-up, down to zero at the last step or at the time limit."""

    def __init__(
        self, config: TrainingConfig, n_steps: int, ranks: Ranks, device: torch.device
    ) -> None:
        self.config, self.ranks, self.device = config, ranks, device
        self.n_steps = n_steps
        self.step = 0
        self.started_s = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds of training, those before an interruption included."""
        return time.monotonic() - self.started_s

    def go_on(self, step: int, elapsed_s: float) -> None:
        """Stand where a training that was cut short stood."""
        self.step, self.started_s = step, time.monotonic() - elapsed_s

    def next_rate(self) -> float | None:
        """Return the rate of the next step; None when the time is up."""
        done = self.step / self.n_steps
        if self.config.time_limit_s is not None:
            done = max(
                done,
                self.ranks.follow_first([self.elapsed_s / self.config.time_limit_s], self.device)[
                    0
                ],
            )
            if done >= 1 and self.step:
                return None
        self.step += 1
        warmup = self.config.warmup_fraction
        ahead = (done + 1 / self.n_steps) / warmup if warmup and done < warmup else 1.0
        return self.config.learning_rate * min(1.0, ahead, max(0.0, 1 - done) / (1 - warmup))
