"""What a training leaves behind so that it can go on: weights, optimiser, random states, place; nothing that runs code.

A folder with `training.json` and the tensors that it names, as safetensors with their hashes. Every
file is written beside its place and renamed, `training.json` last: whenever the process is killed,
the folder holds one whole state.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from assay.disk import write_whole
from assay.errors import InputError, OutsideError
from assay.tokenization.batches import EncodedTexts
from assay.training.states import STATE

__all__ = ["TrainingState", "StateStore", "fingerprint_texts", "random_states", "restore_random"]

SCHEMA_VERSION = 1
MAX_SHARE = 0.01  # of the time that writing may take: on a slow disk states are written less often
AFRESH = "leave out --resume to start afresh"


def fingerprint_texts(encoded: EncodedTexts, label_ids: np.ndarray) -> str:
    """Return the sha256 of texts as the network reads them, and of their classes."""
    digest = hashlib.sha256()
    for array, kind in ((encoded.ids, "<i4"), (encoded.offsets, "<i8"), (label_ids, "<i8")):
        digest.update(np.ascontiguousarray(array, dtype=kind).tobytes())
    return digest.hexdigest()


@dataclass
class TrainingState:
    """How far a training is.

    Parameters
    ----------
    epoch : int
        From 1: the one that is being read.
    n_batches, n_seen : int
        Batches and texts of it that were read.
    n_steps : int
        Steps of the schedule that were taken, over all epochs.
    loss_sum : Tensor
        Over the texts of this epoch, float32 of shape ().
    batches_rng : dict
        State of numpy's generator before the batches of this epoch were drawn.
    history : list of dict
        An entry a finished epoch.
    best_rank : (accuracy, -loss), optional
        Of the best epoch on validation; `best` holds its weights.
    best : dict of Tensor
    is_over : bool
        The last step was taken.
    """

    loss_sum: Tensor
    batches_rng: dict[str, Any]
    epoch: int = 1
    n_batches: int = 0
    n_seen: int = 0
    n_steps: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    best_rank: tuple[float, float] | None = None
    best: dict[str, Tensor] = field(default_factory=dict)
    is_over: bool = False

    PLAIN = (
        "batches_rng",
        "epoch",
        "n_batches",
        "n_seen",
        "n_steps",
        "history",
        "best_rank",
        "is_over",
    )


class StateStore:
    """Writes the state of a training now and then, and finds it again.

    Parameters
    ----------
    folder : Path
        Made when there is something to keep.
    identity : mapping
        What a training that goes on must have in common with the one before: name -> plain value.
    every_s : float
        Seconds between two states; more where writing one takes over a hundredth of that.
    resume : bool
        Whether `read` looks for a state.

    Raises
    ------
    InputError
        `every_s` is negative.
    """

    def __init__(
        self, folder: Path, *, identity: Mapping[str, Any], every_s: float, resume: bool = True
    ) -> None:
        if every_s < 0:
            raise InputError(f"the time between two states is {every_s} s; 0 or more is accepted")
        self.folder = folder
        self.identity: dict[str, Any] = json.loads(json.dumps(dict(identity)))
        self.every_s = every_s
        self.resume = resume
        self._started_s = time.monotonic()
        self._due_s = self._started_s + every_s
        self._best: dict[str, Any] | None = (
            None  # file, sha256 and epoch of the best weights that were written
        )

    @property
    def has_taken_long(self) -> bool:
        """Whether the training took at least as long as there is between two states."""
        return time.monotonic() >= self._started_s + self.every_s

    @property
    def is_due(self) -> bool:
        """Whether it is time to write."""
        return time.monotonic() >= self._due_s

    def write(
        self, place: TrainingState, tensors: Mapping[str, Tensor], *, elapsed_s: float
    ) -> None:
        """Write a state in place of the one before.

        Parameters
        ----------
        place : TrainingState
        tensors : mapping
            Weights, state of the optimiser, random states; on any device.
        elapsed_s : float
            Seconds of training up to here.

        Raises
        ------
        OutsideError
            The disk refused.
        """
        started_s = time.monotonic()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if place.best and (
                self._best is None or self._best["rank"] != list(place.best_rank or ())
            ):
                named = self._write_tensors(
                    f"best-{place.epoch}-{place.n_steps}.safetensors", place.best
                )
                self._best = {**named, "rank": list(place.best_rank or ())}
            state = self._write_tensors(
                f"state-{place.epoch}-{place.n_steps}.safetensors",
                {**tensors, "loss_sum": place.loss_sum},
            )
            content = {
                "schema_version": SCHEMA_VERSION,
                "identity": self.identity,
                "state": state,
                "best": self._best,
                "elapsed_s": elapsed_s,
                "place": {name: getattr(place, name) for name in TrainingState.PLAIN},
            }
            write_whole(self.folder / STATE, json.dumps(content, indent=1) + "\n")
            self._delete_others(state, self._best)
        except OSError as err:
            reason = err.strerror or err
            raise OutsideError(
                f"{self.folder} could not be written: {reason}", hint="look at free space"
            ) from err
        took_s = time.monotonic() - started_s
        self._due_s = time.monotonic() + max(
            self.every_s, took_s / MAX_SHARE if self.every_s else 0.0
        )

    def read(self) -> tuple[TrainingState, dict[str, Tensor], float] | None:
        """Return place, tensors and seconds of the training that was cut short; None: there is none.

        Raises
        ------
        InputError
            It had other settings or data, or its files are damaged.
        """
        path = self.folder / STATE
        if not self.resume or not path.is_file():
            return None
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            before, plain, elapsed_s = (
                content["identity"],
                content["place"],
                float(content["elapsed_s"]),
            )
            version = content["schema_version"]
        except (ValueError, KeyError, TypeError) as err:
            raise InputError(
                f"{self.folder} cannot be resumed: its {STATE} is damaged", hint=AFRESH
            ) from err
        if version != SCHEMA_VERSION:
            raise InputError(
                f"{self.folder} cannot be resumed: its schema is {version}, {SCHEMA_VERSION} is accepted",
                hint=AFRESH,
            )
        names = dict.fromkeys([*self.identity, *before])
        if changed := [name for name in names if before.get(name) != self.identity.get(name)]:
            raise InputError(
                f"{self.folder} cannot be resumed: other {', '.join(changed)} than in the interrupted training",
                hint=f"give the same data and options, or {AFRESH}",
            )
        tensors = self._read_tensors(content["state"])
        best = self._read_tensors(content["best"]) if content["best"] else {}
        self._best = content["best"]
        rank = plain.pop("best_rank")
        place = TrainingState(
            tensors.pop("loss_sum"), best=best, best_rank=tuple(rank) if rank else None, **plain
        )
        return place, tensors, elapsed_s

    def _write_tensors(self, name: str, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Write a file of tensors whole; return its name and hash."""
        path = self.folder / name
        beside = path.with_name(f".{name}.partial")
        try:
            save_file(_separate(tensors), beside)
        except SafetensorError as err:
            raise OSError(f"{err}") from err
        digest = _hash(beside)
        beside.replace(path)
        return {"file": name, "sha256": digest}

    def _read_tensors(self, facts: dict[str, Any]) -> dict[str, Tensor]:
        path = self.folder / Path(str(facts["file"])).name
        if not path.is_file() or _hash(path) != facts["sha256"]:
            raise InputError(
                f"{self.folder} cannot be resumed: its {path.name} is missing or damaged",
                hint=AFRESH,
            )
        # Copies: views into the mapped file begin where the header ends, and arithmetic on
        # unaligned memory may round otherwise.
        return {name: value.clone() for name, value in load_file(path).items()}

    def _delete_others(self, *named: dict[str, Any] | None) -> None:
        kept = {STATE, *(one["file"] for one in named if one)}
        for path in self.folder.iterdir():
            if path.name not in kept:
                path.unlink()


def _separate(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors on the CPU, none sharing its memory with another: weights that are tied are written twice."""
    separate: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, value in tensors.items():
        plain = value.detach().cpu().contiguous()
        if plain.data_ptr() in seen:
            plain = plain.clone()
        seen.add(plain.data_ptr())
        separate[name] = plain
    return separate


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def random_states(device: torch.device) -> dict[str, Tensor]:
    """Return the states of torch's generators, of the CPU and of the device."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def restore_random(states: Mapping[str, Tensor], device: torch.device) -> None:
    """Put torch's generators back to where they were."""
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
