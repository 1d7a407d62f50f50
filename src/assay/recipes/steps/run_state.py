"""What an interrupted run leaves behind, so that it can go on: which methods are done, for which data and options."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.errors import InputError, ModelError
from assay.recipes.train import FittedModel
from assay.runtime.folder import read_folder

__all__ = ["STATES", "RunState"]

STATE = "state.json"
LOG = "run.log"
STATES = "training"  # a folder a method, while it is trained
MEASURED = ("scores", "coverage_curve", "scope", "abstain")  # parts of assay.json


@dataclass
class RunState:
    """The facts of a run that its models do not keep; a file in ``RUN.partial`` that is gone once the run is whole.

    Parameters
    ----------
    path : Path
    content : dict
        ``identity`` (what a resumed run must match) and ``finished``: method -> fit_s, history,
        sha256.
    """

    path: Path
    content: dict[str, Any]

    @classmethod
    def open(cls, root: Path, *, identity: dict[str, Any]) -> RunState:
        """Read the state of a resumed run, or begin one. What an interrupted run left half done is deleted.

        Raises
        ------
        InputError
            The interrupted run had other data or options, or its state cannot be read.
        """
        path = root / STATE
        state = cls(path, {"identity": identity, "finished": {}})
        if path.is_file():
            state.content = _read(path)
            before = state.content["identity"]
            if changed := [name for name in identity if before.get(name) != identity[name]]:
                raise InputError(
                    f"{root} cannot be resumed: other {', '.join(changed)} than in the interrupted run",
                    hint="give the same data and options, or leave out --resume to start afresh",
                )
        state._delete_unfinished(root)
        state._write()
        return state

    def finished(self, method: str, folder: Path) -> FittedModel | None:
        """Return a method's model if it is whole and as it was when its training ended."""
        facts = self.content["finished"].get(method)
        try:
            if facts is None or _fingerprint(folder) != facts["sha256"]:
                return None
        except ModelError:  # a file of it is gone or changed: it is trained again
            return None
        return FittedModel(folder, facts["fit_s"], facts["history"])

    def finish(self, method: str, fitted: FittedModel) -> None:
        """Note that a method's model is whole."""
        facts = {
            "fit_s": fitted.fit_s,
            "history": fitted.history,
            "sha256": _fingerprint(fitted.folder),
        }
        self.content["finished"][method] = facts
        self._write()

    def close(self) -> None:
        """Forget it all: the run is whole."""
        self.path.unlink()

    def _write(self) -> None:
        # Beside and then in its place: a process that is killed meanwhile leaves the old state, not
        # half a new one.
        beside = self.path.with_name(f"{STATE}.partial")
        beside.write_text(
            json.dumps(self.content, ensure_ascii=True, indent=1) + "\n", encoding="utf-8"
        )
        beside.replace(self.path)

    def _delete_unfinished(self, root: Path) -> None:
        """Delete all but the log, finished models and states of trainings: nothing old may mix with what is new."""
        models = root / "models"
        kept = {
            self.path,
            root / LOG,
            root / STATES,
            models,
            *(models / method for method in self.content["finished"]),
        }
        for path in {*root.iterdir(), *models.glob("*")} - kept:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {name: dict(content[name]) for name in ("identity", "finished")}
    except (ValueError, KeyError, TypeError) as err:
        raise InputError(
            f"{path.parent} cannot be resumed: its {path.name} is damaged",
            hint="leave out --resume to start afresh",
        ) from err


def _fingerprint(folder: Path) -> str:
    """Return a hash of a model but for what is measured of it, which is written when all methods are trained."""
    manifest = {**read_folder(folder).to_dict(), **dict.fromkeys(MEASURED)}
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
