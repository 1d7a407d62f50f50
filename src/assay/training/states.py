"""Where a long training saves its state, and whether there is one; without torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["STATE", "TrainingStates", "has_training_state"]

STATE = "training.json"


@dataclass(frozen=True)
class TrainingStates:
    """Where a long training saves its state, so that it can be resumed after an interruption.

    Parameters
    ----------
    folder : Path
        Created when the first state is written; the caller deletes it.
    every_s : float
        Seconds between two states.
    resume : bool
        Whether to resume from the state in the folder. If False, an old one is ignored.
    """

    folder: Path
    every_s: float = 60.0
    resume: bool = True


def has_training_state(folder: Path) -> bool:
    """Tell whether an interrupted training can be resumed from this folder."""
    return (folder / STATE).is_file()
