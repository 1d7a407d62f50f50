"""Where a training that takes long keeps its state, and whether there is one; without torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["STATE", "TrainingStates", "has_training_state"]

STATE = "training.json"


@dataclass(frozen=True)
class TrainingStates:
    """Where a training that takes long keeps its state, so that it can go on when it was cut short.

    Parameters
    ----------
    folder : Path
        Made when there is something to keep; whoever gives it deletes it.
    every_s : float
        Seconds between two states.
    resume : bool
        Go on from the state that is there. False: an old one is not looked at.
    """

    folder: Path
    every_s: float = 60.0
    resume: bool = True


def has_training_state(folder: Path) -> bool:
    """Tell whether a training that was cut short can go on from this folder."""
    return (folder / STATE).is_file()
