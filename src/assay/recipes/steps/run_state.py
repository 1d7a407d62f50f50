"""What an interrupted run leaves behind, so that it can be resumed."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict

from assay.disk import write_whole
from assay.errors import InputError, ModelError
from assay.evaluation.fold_predictions import FoldPredictions
from assay.json_text import parse_json
from assay.recipes.steps.fit import FittedModel
from assay.runtime.manifest import Manifest
from assay.training.states import has_training_state

__all__ = ["FOLDS", "STATES", "RunState", "forget_state", "has_work", "run_log"]

STATE = "state.json"
AFRESH = "put --overwrite in the place of --resume to start afresh"
LOG = "run.log"
FOLDS = "folds"  # holds one file of predictions per method that is judged out of fold
STATES = "training"  # holds one folder per method, while it is trained
METHODS = "methods"  # of an identity: a resumed run may have others, since each is trained alone
CHECKPOINT = ("checkpoint", "checkpoint_sha256")  # the second is null where no method reads one
MEASURED = ("scores", "coverage_curve", "scope", "abstain", "label_rule")  # entries of assay.json


class _Finished(TypedDict):
    """What is recorded about a finished method; `sha256` is `_fingerprint` of its manifest."""

    fit_s: float
    history: list[Mapping[str, float]]
    sha256: str
    has_folds: NotRequired[bool]


class _Content(TypedDict):
    """What the file holds: what a resumed run must match, and the finished methods."""

    identity: Mapping[str, object]
    finished: dict[str, _Finished]


@dataclass
class RunState:
    """The facts about a run that its models do not hold.

    They are a file in ``RUN.partial``; see `forget_state`.
    """

    path: Path
    content: _Content

    @classmethod
    def open(cls, root: Path, *, identity: Mapping[str, object]) -> RunState:
        """Read the state of a resumed run, or begin one; delete what was left unfinished.

        A resumed run may leave methods out, or have others as well: the work on those that it does
        not have is deleted.

        Raises
        ------
        InputError
            The interrupted run had other data or options, or its state cannot be read.
        """
        path = root / STATE
        state = cls(path, {"identity": identity, "finished": {}})
        if path.is_file():
            state.content = _read(path)
            _check_same(root, before=state.content["identity"], now=identity)
            state.content["identity"] = identity
            state._leave_out_others(root)
        state._delete_unfinished(root)
        state._write()
        return state

    def finished(self, method: str, folder: Path) -> FittedModel | None:
        """Return a method's model if it is complete and unchanged since its training ended."""
        facts = self.content["finished"].get(method)
        if facts is None:
            return None
        folds = None
        if facts.get("has_folds"):
            folds = FoldPredictions.load(self.path.parent / FOLDS / f"{method}.npz")
            if folds is None:
                return None
        fitted = FittedModel(folder, facts["fit_s"], facts["history"], folds)
        try:
            is_same = _fingerprint(fitted.model.manifest) == facts["sha256"]
        except ModelError:  # a file is missing or changed: the method is trained again
            return None
        return fitted if is_same else None

    def finish(self, method: str, fitted: FittedModel) -> None:
        """Note that a method's model is complete."""
        self.content["finished"][method] = {
            "fit_s": fitted.fit_s,
            "history": list(fitted.history),
            "sha256": _fingerprint(fitted.model.manifest),
            "has_folds": fitted.folds is not None,
        }
        self._write()

    def _write(self) -> None:
        # Whole or not at all: a process that is killed meanwhile leaves the old state.
        write_whole(self.path, json.dumps(self.content, ensure_ascii=True, indent=1) + "\n")

    def _leave_out_others(self, root: Path) -> None:
        """Forget the work on methods that the resumed run does not have."""
        methods = self.content["identity"].get(METHODS, ())
        assert isinstance(methods, list | tuple)
        finished = self.content["finished"]
        self.content["finished"] = {name: finished[name] for name in finished if name in methods}
        for path in root.glob(f"{FOLDS}/*.npz"):
            if path.stem not in methods:
                path.unlink()
        for path in root.glob(f"{STATES}/*"):
            if path.name not in methods:
                shutil.rmtree(path)

    def _delete_unfinished(self, root: Path) -> None:
        """Delete everything but the log, finished models and states of trainings.

        Nothing old may mix with what is new.
        """
        models = root / "models"
        kept = {self.path, root / LOG, root / STATES, root / FOLDS, models}
        kept |= {models / method for method in self.content["finished"]}
        for path in {*root.iterdir(), *models.glob("*")} - kept:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _check_same(root: Path, *, before: Mapping[str, object], now: Mapping[str, object]) -> None:
    free = {METHODS}
    if None in (before.get(CHECKPOINT[1]), now.get(CHECKPOINT[1])):
        free |= set(CHECKPOINT)  # one of the two runs has no method that reads one
    changed = [name for name in now if name not in free and before.get(name) != now[name]]
    if changed:
        raise InputError(
            f"{root} cannot be resumed: other {', '.join(changed)} than in the interrupted run",
            hint=f"give the same data and options, or {AFRESH}",
        )


def _read(path: Path) -> _Content:
    try:
        content = parse_json(path.read_text(encoding="utf-8"))
        return {"identity": dict(content["identity"]), "finished": dict(content["finished"])}
    except (ValueError, KeyError, TypeError) as err:
        raise InputError(
            f"{path.parent} cannot be resumed: its {path.name} is damaged",
            hint=AFRESH,
        ) from err


def _fingerprint(manifest: Manifest) -> str:
    """Return a hash of a manifest, without what is measured after all methods are trained."""
    facts = {**manifest.to_dict(), **dict.fromkeys(MEASURED)}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def forget_state(run: Path) -> None:
    """Delete the saved state of a run that is complete and in its place."""
    with suppress(OSError):  # the run is whole with it, too
        shutil.rmtree(run / FOLDS, ignore_errors=True)
        (run / STATE).unlink()


def has_work(partial: Path) -> bool:
    """Tell whether an interrupted run left something that a resumed one can use."""
    states = (partial / STATES).glob("*")
    models = (partial / "models").glob("*/assay.json")
    return any(map(has_training_state, states)) or any(models)


@contextmanager
def run_log(root: Path) -> Iterator[None]:
    """Write what happens to the log of a run while the block runs.

    Messages carry counts and names, never texts.
    """
    handler = logging.FileHandler(root / LOG, mode="a", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    package = logging.getLogger("assay")
    level = package.level
    package.addHandler(handler)
    package.setLevel(logging.INFO)
    try:
        yield
    finally:
        package.setLevel(level)
        package.removeHandler(handler)
        handler.close()
