"""Predict a folder of files on Ray Data: the parts of `batch.parts`, scored by actors that load the model once.

What travels through Ray is which part to score, not its rows: workers read and write files
themselves, so the paths must mean the same on every machine (a shared file system). Ray hands out
parts as actors get free, and hands a part out again when the process that had it dies.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assay import _env
from assay._optional import require
from assay.batch.files import identify
from assay.batch.parts import NOTES, REJECTED, Part, plan_parts, score_part
from assay.batch.rows import Scoring, open_rows
from assay.disk import atomic_folder, write_whole
from assay.errors import AssayError, InputError, OutsideError
from assay.progress import Progress
from assay.runtime.limits.abstain import AbstainRule
from assay.runtime.predictor import Model, load_model

__all__ = ["DatasetSummary", "predict_dataset"]

MANIFEST = "_manifest.json"
BLOCKS = 10_000  # parts that Ray plans one by one; of more, some go together


@dataclass(frozen=True)
class DatasetSummary:
    """What `predict_dataset` did.

    Parameters
    ----------
    n_parts, n_resumed : int
        Parts of the data set, and those of them that were finished before.
    n_workers : int
        Processes that scored parts, those of before included.
    rejected : str or None
        The folder with the rows that could not be scored.
    """

    out: str
    n_texts: int
    n_rejected: int
    rejected: str | None
    n_parts: int
    n_resumed: int
    n_workers: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


class PartScorer:
    """The actor: a loaded model, to which Ray hands one part after the other.

    Parameters
    ----------
    folder : str
        Of the model.
    scoring : Scoring
    root : str
        Where the outputs go.
    """

    def __init__(self, folder: str, scoring: Scoring, root: str) -> None:
        self.model = load_model(folder, n_threads=1)  # one CPU an actor; more actors do more
        self.scoring = scoring
        self.root = Path(root)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """Score the parts of a batch; return a note of each, or what is wrong with it."""
        notes = []
        for part in (Part(**json.loads(text)) for text in batch["part"].tolist()):
            try:
                notes.append(score_part(self.model, part, self.scoring, self.root))
            except (
                AssayError
            ) as err:  # of this input, not of this worker: trying again would not help
                notes.append({"error": f"{part.path}: {err.message}"})
        return {"note": [json.dumps(note) for note in notes]}


def predict_dataset(
    model_folder: str | Path,
    source: str | Path,
    out: str | Path,
    *,
    address: str | None = None,
    n_workers: int | None = None,
    text_column: str | None = None,
    top_k: int | None = None,
    rule: AbstainRule | None = None,
    with_scope: bool = False,
    overwrite: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
) -> DatasetSummary:
    """Score a folder of Parquet or JSON Lines files on a Ray cluster, or on Ray on this machine.

    Parameters
    ----------
    model_folder, source, out : path
        Seen under these names by every worker. `out` becomes a folder of Parquet files, one a part,
        in the order of the input; rows that cannot be scored are listed in ``_rejected``.
    address : str, optional
        Of a cluster, such as ``auto`` or ``ray://head:10001``. None: Ray is started on this
        machine, and stopped.
    n_workers : int, optional
        Actors. None: one a CPU of the cluster.
    text_column, top_k, rule, with_scope
        As for `predict_rows`.
    overwrite : bool
    resume : bool
        Parts that an interrupted call finished are not scored again.
    progress : Progress, optional

    Raises
    ------
    InputError
        The model, the input or an option cannot be used; with `resume`, they are others than
        before.
    OutsideError
        The cluster cannot be reached, or gave up. What was finished is kept for `resume`.
    """
    model, out = load_model(model_folder), Path(out).absolute()
    parts = plan_parts(source)
    column = open_rows(parts[0].path, text_column=text_column)[1]
    scoring = Scoring(column, top_k, rule, with_scope)
    scoring.check(model)
    identity = _identity(model, parts, scoring)
    with atomic_folder(out, overwrite=overwrite, resume=resume, keep=_has_notes) as root:
        notes = _begin(root, identity)
        done = {note["number"] for note in notes}
        left = [part for part in parts if part.number not in done]
        if left:
            with _started(address):
                notes += _score(
                    model.folder.absolute(), left, scoring, root, n_workers, progress or Progress()
                )
        for path in [*root.glob(".*.partial"), *root.glob("_*/.*.partial")]:
            path.unlink()  # of processes that died
        if not any(note["n_rejected"] for note in notes):
            (root / REJECTED).rmdir()
    n_rejected = sum(note["n_rejected"] for note in notes)
    return DatasetSummary(
        out=str(out),
        n_texts=sum(note["n_texts"] for note in notes),
        n_rejected=n_rejected,
        rejected=str(out / REJECTED) if n_rejected else None,
        n_parts=len(parts),
        n_resumed=len(parts) - len(left),
        n_workers=len({note["process"] for note in notes}),
    )


def _identity(model: Model, parts: list[Part], scoring: Scoring) -> dict[str, Any]:
    """Return what an interrupted call and the one that resumes it must have in common."""
    options = {"scoring": asdict(scoring), "parts": [asdict(part) for part in parts]}
    stamps = {
        path: identify(model, path, {})["input"]
        for path in dict.fromkeys(part.path for part in parts)
    }
    return {**identify(model, parts[0].path, options), "input": stamps}


def _has_notes(root: Path) -> bool:
    return any((root / NOTES).glob("*.json"))


def _begin(root: Path, identity: dict[str, Any]) -> list[dict[str, Any]]:
    """Write the manifest, or hold it against the one that is there; return the notes of finished parts."""
    path = root / MANIFEST
    if path.is_file():
        try:
            before = dict(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as err:
            raise InputError(
                f"{root} cannot be resumed: {path.name} is damaged",
                hint="leave out --resume to start afresh",
            ) from err
        if changed := [name for name, value in identity.items() if before.get(name) != value]:
            raise InputError(
                f"{root} cannot be resumed: other {', '.join(changed)} than in the interrupted call",
                hint="give the same model, input and options, or leave out --resume to start afresh",
            )
    else:
        write_whole(path, json.dumps(identity, ensure_ascii=True, indent=1) + "\n")
    for name in (REJECTED, NOTES):
        (root / name).mkdir(exist_ok=True)
    return [
        json.loads(note.read_text(encoding="utf-8"))
        for note in sorted((root / NOTES).glob("*.json"))
    ]


def _score(
    folder: Path,
    parts: list[Part],
    scoring: Scoring,
    root: Path,
    n_workers: int | None,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Let actors score parts; return a note of each."""
    ray_data = require("ray.data")
    n_cpus = max(1, int(require("ray").cluster_resources().get("CPU", 1)))
    items = [{"part": json.dumps(asdict(part))} for part in parts]
    planned = ray_data.from_items(items, override_num_blocks=min(len(items), BLOCKS)).map_batches(
        PartScorer,
        batch_size=1,
        compute=ray_data.ActorPoolStrategy(size=min(n_workers or n_cpus, n_cpus, len(parts))),
        num_cpus=1,
        fn_constructor_args=(str(folder), scoring, str(root)),
    )
    notes: dict[int, dict[str, Any]] = {}
    with progress.track("parts", len(parts)) as advance, _ray_errors():
        for row in planned.iter_rows():
            note = json.loads(row["note"])
            if "error" in note:
                raise InputError(note["error"])
            notes[note["number"]] = note
            advance(1)
    return list(notes.values())


@contextmanager
def _started(address: str | None) -> Iterator[None]:
    """Connect to a cluster, or start Ray here; leave it as it was found."""
    _env.quiet_ray()
    ray = require("ray")
    if ray.is_initialized():
        yield
        return
    options: dict[str, Any] = {
        "address": address or "local",
        "log_to_driver": False,
        "logging_level": "ERROR",
    }
    if address is None:
        options |= {"include_dashboard": False, "num_cpus": _env.n_threads()}
    with _ray_errors():
        ray.init(**options)
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)  # it reports every plan
        yield
    finally:
        ray.shutdown()


@contextmanager
def _ray_errors() -> Iterator[None]:
    """Turn what Ray raises into a sentence."""
    ray = require("ray")
    try:
        yield
    except (ray.exceptions.RayError, ConnectionError, RuntimeError) as err:
        lines = [line for line in str(err).splitlines() if line.strip()] or [type(err).__name__]
        raise OutsideError(
            f"Ray could not do it: {lines[-1].strip()}",
            hint="what was finished is kept: run it again with --resume",
        ) from err
