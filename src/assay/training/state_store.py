"""The saved state of an interrupted training: weights, optimiser, random states, position.

A folder with `training.json` and the tensors that it names, as safetensors with their hashes.
Nothing in it runs code. Every file is written under another name and renamed, `training.json` last:
whenever the process is killed, the folder holds one complete state.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from assay.disk import atomic_file, write_whole
from assay.errors import InputError, OutsideError
from assay.json_text import parse_json
from assay.tokenization.batches import EncodedTexts
from assay.training.states import STATE, TrainingStates

__all__ = [
    "TrainingState",
    "StateStore",
    "find_setting",
    "fingerprint_texts",
    "random_states",
    "restore_random",
]

SCHEMA_VERSION = 2  # 1 held another dropout, whose numbers cannot be continued
# Fraction of the time that writing may take: on a slow disk states are written less often
MAX_WRITING_FRACTION = 0.01
AFRESH = "put --overwrite in the place of --resume to start afresh"


def fingerprint_texts(encoded: EncodedTexts, label_ids: np.ndarray) -> str:
    """Return the sha256 of token ids and class ids: equal for equal training data."""
    digest = hashlib.sha256()
    for array, kind in ((encoded.ids, "<i4"), (encoded.offsets, "<i8"), (label_ids, "<i8")):
        digest.update(np.ascontiguousarray(array, dtype=kind).tobytes())
    return digest.hexdigest()


@dataclass
class TrainingState:
    """The position of a training.

    Parameters
    ----------
    loss_sum : Tensor
        Sum of the loss over the texts read in this epoch, float32 of shape ().
    batches_rng : mapping
        State of numpy's generator before the batches of this epoch were drawn.
    epoch : int
        The epoch that is being read, from 1.
    n_batches, n_seen : int
        Batches and texts of this epoch that were read.
    n_steps : int
        Steps taken over all epochs.
    history : list of dict
        One entry per finished epoch.
    best_quality : (accuracy, -loss), optional
        Validation scores of the best epoch; None until there is one.
    best : dict of Tensor
        The weights of the best epoch.
    is_over : bool
        Whether the last step was taken.
    """

    loss_sum: Tensor
    batches_rng: Mapping[str, Any]
    epoch: int = 1
    n_batches: int = 0
    n_seen: int = 0
    n_steps: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best_quality: tuple[float, float] | None = None
    best: dict[str, Tensor] = field(default_factory=dict)
    is_over: bool = False

    PLAIN = (
        "batches_rng",
        "epoch",
        "n_batches",
        "n_seen",
        "n_steps",
        "history",
        "best_quality",
        "is_over",
    )


class SavedTensors(TypedDict):
    """A file of tensors beside training.json, and its hash."""

    file: str
    sha256: str


class BestWeights(SavedTensors):
    """The weights of the best epoch, and what `TrainingState.best_quality` was."""

    quality: list[float]


class _Content(TypedDict):
    """What training.json holds; `place` is the fields of `TrainingState.PLAIN`."""

    schema_version: int
    identity: Mapping[str, object]
    state: SavedTensors
    best: BestWeights | None
    elapsed_s: float
    place: Mapping[str, Any]


class StateStore:
    """Writes the state of a training at intervals, and reads it again.

    Parameters
    ----------
    folder : Path
        Created when the first state is written.
    identity : mapping
        What a resumed training must have in common with the interrupted one: name -> plain value.
    every_s : float
        Seconds between two states; longer if writing one takes over a hundredth of that.
    resume : bool
        Whether `read` looks for a state.

    Raises
    ------
    InputError
        `every_s` is negative.
    """

    def __init__(
        self, folder: Path, *, identity: Mapping[str, object], every_s: float, resume: bool = True
    ) -> None:
        if every_s < 0:
            raise InputError(f"the time between two states is {every_s} s; 0 or more is accepted")
        self.folder = folder
        self.identity: Mapping[str, object] = json.loads(json.dumps(dict(identity)))
        self.every_s = every_s
        self.resume = resume
        self._started_s = time.monotonic()
        self._due_s = self._started_s + every_s
        # File, sha256 and quality of the best weights that were written
        self._best: BestWeights | None = None

    @property
    def has_taken_long(self) -> bool:
        """Whether the training took at least as long as the time between two states."""
        return time.monotonic() >= self._started_s + self.every_s

    @property
    def is_due(self) -> bool:
        """Whether it is time to write."""
        return time.monotonic() >= self._due_s

    def write(
        self, state: TrainingState, tensors: Mapping[str, Tensor], *, elapsed_s: float
    ) -> None:
        """Write a state, replacing the one before.

        Parameters
        ----------
        state : TrainingState
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
            self._write(state, tensors, elapsed_s)
        except OSError as err:
            reason = err.strerror or err
            raise OutsideError(
                f"{self.folder} could not be written: {reason}", hint="look at free space"
            ) from err
        took_s = time.monotonic() - started_s
        pause_s = self.every_s
        if self.every_s:
            pause_s = max(self.every_s, took_s / MAX_WRITING_FRACTION)
        self._due_s = time.monotonic() + pause_s

    def _write(self, state: TrainingState, tensors: Mapping[str, Tensor], elapsed_s: float) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        position = f"{state.epoch}-{state.n_steps}"
        quality = list(state.best_quality or ())
        if state.best and (self._best is None or self._best["quality"] != quality):
            named = self._write_tensors(f"best-{position}.safetensors", state.best)
            self._best = {**named, "quality": quality}
        tensors = {**tensors, "loss_sum": state.loss_sum}
        written = self._write_tensors(f"state-{position}.safetensors", tensors)
        content: _Content = {
            "schema_version": SCHEMA_VERSION,
            "identity": self.identity,
            "state": written,
            "best": self._best,
            "elapsed_s": elapsed_s,
            "place": {name: getattr(state, name) for name in TrainingState.PLAIN},
        }
        write_whole(self.folder / STATE, json.dumps(content, indent=1) + "\n")
        self._delete_others(written, self._best)

    def read(self) -> tuple[TrainingState, dict[str, Tensor], float] | None:
        """Return state, tensors and seconds of the interrupted training; None if there is none.

        Raises
        ------
        InputError
            It had other settings or data, or its files are damaged.
        """
        if not self.resume or not (self.folder / STATE).is_file():
            return None
        content = self._read_content()
        self._check_identity(content["identity"])
        tensors = self._read_tensors(content["state"])
        best = self._read_tensors(content["best"]) if content["best"] else {}
        self._best = content["best"]
        plain = dict(content["place"])
        quality = plain.pop("best_quality")
        state = TrainingState(
            tensors.pop("loss_sum"),
            best=best,
            best_quality=tuple(quality) if quality else None,
            **plain,
        )
        return state, tensors, float(content["elapsed_s"])

    def _read_content(self) -> _Content:
        """Read training.json, after checking its schema."""
        try:
            content: _Content = parse_json((self.folder / STATE).read_text(encoding="utf-8"))
            version = content["schema_version"]
            is_whole = {"identity", "state", "best", "elapsed_s", "place"} <= set(content)
        except (ValueError, KeyError, TypeError) as err:
            raise self._refused(f"its {STATE} is damaged") from err
        if version != SCHEMA_VERSION:
            raise self._refused(f"its schema is {version}, {SCHEMA_VERSION} is accepted")
        if not is_whole:
            raise self._refused(f"its {STATE} is damaged")
        return content

    def _check_identity(self, before: Mapping[str, object]) -> None:
        """Make sure that the interrupted training had the same settings and data."""
        names = dict.fromkeys([*self.identity, *before])
        changed = [name for name in names if before.get(name) != self.identity.get(name)]
        if changed:
            raise self._refused(
                f"other {', '.join(changed)} than in the interrupted training",
                hint=f"give the same data and options, or {AFRESH}",
            )

    def _refused(self, reason: str, *, hint: str = AFRESH) -> InputError:
        return InputError(f"{self.folder} cannot be resumed: {reason}", hint=hint)

    def _write_tensors(self, name: str, tensors: Mapping[str, Tensor]) -> SavedTensors:
        """Write a file of tensors, complete or not at all; return its name and hash."""
        with atomic_file(self.folder / name) as partial:
            try:
                save_file(_separate(tensors), partial)
            except SafetensorError as err:
                raise OSError(f"{err}") from err
            digest = _hash(partial)
        return {"file": name, "sha256": digest}

    def _read_tensors(self, facts: SavedTensors) -> dict[str, Tensor]:
        path = self.folder / Path(str(facts["file"])).name
        if not path.is_file() or _hash(path) != facts["sha256"]:
            raise self._refused(f"its {path.name} is missing or damaged")
        # Copies: views into the mapped file begin where the header ends, and arithmetic on
        # unaligned memory may round otherwise.
        return {name: value.clone() for name, value in load_file(path).items()}

    def _delete_others(self, *named: SavedTensors | None) -> None:
        kept = {STATE, *(one["file"] for one in named if one)}
        for path in self.folder.iterdir():
            if path.name not in kept:
                path.unlink()


def _separate(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors on the CPU, none sharing memory with another: tied weights are copied."""
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


def find_setting(states: TrainingStates | None, name: str) -> object:
    """Return a setting of the training that is to be resumed; None if there is none to resume.

    `StateStore.read` says what is damaged.
    """
    if states is None or not states.resume:
        return None
    try:
        content: _Content = parse_json((states.folder / STATE).read_text(encoding="utf-8"))
        return content["identity"].get(name)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def random_states(device: torch.device) -> dict[str, Tensor]:
    """Return the states of torch's generators, of the CPU and of the device."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def restore_random(states: Mapping[str, Tensor], device: torch.device) -> None:
    """Restore the states of torch's generators."""
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
    elif device.type == "mps" and "mps" in states:
        torch.mps.set_rng_state(states["mps"])
