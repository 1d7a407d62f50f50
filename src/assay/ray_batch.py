"""Predict a folder of files on Ray Data: actors load the model once and score shards.

The shards are those of `batch.shards`. What travels through Ray is the name of a shard, not its
rows: workers read and write files themselves, so paths must mean the same on every machine (a
shared file system). Ray gives the next shard to whichever actor is free, and gives a shard to
another actor when the process that had it dies.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay import _env
from assay._arguments import checked
from assay._display import Brief
from assay._optional import require
from assay.batch.blank_rows import BlankRows, summary_to_dict
from assay.batch.identity import AFRESH, Identity, check_identity, identify, stamp_file
from assay.batch.rows import Scoring, open_rows
from assay.batch.shards import NOTES, REJECTED, Shard, ShardNote, plan_shards, score_shard
from assay.disk import atomic_folder, check_output, write_whole
from assay.errors import AssayError, InputError, OutsideError
from assay.output_place import check_apart, check_outside
from assay.progress import Progress
from assay.runtime.limits.abstain import AbstainRule
from assay.runtime.limits.scripts import UnseenScripts
from assay.runtime.predictor import Model, load_model

if TYPE_CHECKING:
    import numpy as np

__all__ = ["DatasetSummary", "predict_dataset"]

MANIFEST = "_manifest.json"
MAX_BLOCKS = 10_000  # Ray plans each block by itself; of more shards some share a block


@dataclass(frozen=True, repr=False)
class DatasetSummary(Brief):
    """What `predict_dataset` did.

    Parameters
    ----------
    out : str
    n_texts, n_rejected : int
        Rows that were scored, and rows that could not be.
    rejected : str or None
        The folder that lists the rejected rows; None if there are none.
    n_parts, n_resumed : int
        Shards of the data set, and how many of them an earlier call had finished.
    n_workers : int
        Processes that scored shards, including those of the earlier call.
    blank : BlankRows
        Rows that were scored though they hold no text; without their lines.
    unseen : UnseenScripts
        Texts in scripts that no training text is in.
    """

    out: str
    n_texts: int
    n_rejected: int
    rejected: str | None
    n_parts: int
    n_resumed: int
    n_workers: int
    blank: BlankRows = field(default_factory=BlankRows)
    unseen: UnseenScripts = field(default_factory=UnseenScripts)

    def to_dict(self) -> dict[str, object]:
        """Return plain values for JSON; blank rows and unseen scripts where there are any."""
        return summary_to_dict(self, self.blank, self.unseen)


class ShardScorer:
    """The actor: a loaded model, to which Ray hands one shard after another.

    Parameters
    ----------
    folder : str
        The model.
    scoring : Scoring
    root : str
        Where the outputs go.
    """

    def __init__(self, folder: str, scoring: Scoring, root: str) -> None:
        self.model = load_model(folder, n_threads=1)  # one CPU per actor; more CPUs, more actors
        self.scoring = scoring
        self.root = Path(root)

    def __call__(self, batch: Mapping[str, np.ndarray]) -> dict[str, list[str]]:
        """Score the shards of a batch; return the note of each, or what is wrong with it."""
        answers = []
        for text in batch["shard"].tolist():
            shard = Shard(**json.loads(text))
            try:
                answers.append(score_shard(self.model, shard, self.scoring, self.root).to_json())
            except AssayError as err:  # the input is wrong: another worker would fail as well
                answers.append(json.dumps({"error": f"{shard.path}: {err.message}"}))
        return {"answer": answers}


@checked
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
        Every worker must see them under these names. `out` becomes a folder with one Parquet file
        per shard, in the order of the input; ``_rejected`` lists the rows that cannot be scored.
    address : str, optional
        Address of a cluster, such as ``auto`` or ``ray://head:10001``. None: start Ray on this
        machine, and stop it afterwards.
    n_workers : int, optional
        Number of actors. None: one per CPU of the cluster.
    text_column, top_k, rule, with_scope
        As for `predict_rows`.
    overwrite : bool
    resume : bool
        Keep the shards that an interrupted call finished.
    progress : Progress, optional

    Raises
    ------
    InputError
        The model, the input or an option cannot be used, or with `resume` is another than before.
    OutsideError
        The cluster cannot be reached or gave up; finished shards are kept for `resume`. Or another
        process writes the same output.
    """
    model, out = load_model(model_folder), Path(out).absolute()
    shards = plan_shards(source)
    scoring = Scoring(_find_text_column(shards, text_column), top_k, rule, with_scope)
    scoring.check(model)
    cluster = _Cluster(address, n_workers, progress or Progress())
    check_output(out, overwrite=overwrite, is_folder=True)
    check_apart(source, out)
    check_outside(model_folder, out, what="the model")
    with atomic_folder(out, overwrite=overwrite, resume=resume, keep=_has_notes) as root:
        finished = _begin(root, _identify(model, shards, scoring))
        notes = finished + _score_missing(model, shards, scoring, root, finished, cluster)
        _tidy(root, notes)
    return _summarize(out, shards, notes, n_resumed=len(finished))


@dataclass(frozen=True)
class _Cluster:
    """Where the work is done, and who is told about it."""

    address: str | None
    n_workers: int | None
    progress: Progress


def _find_text_column(shards: Sequence[Shard], text_column: str | None) -> str:
    _, column = open_rows(shards[0].path, text_column=text_column)
    return column


def _summarize(
    out: Path, shards: Sequence[Shard], notes: Sequence[ShardNote], *, n_resumed: int
) -> DatasetSummary:
    n_rejected = sum(note.n_rejected for note in notes)
    return DatasetSummary(
        out=str(out),
        n_texts=sum(note.n_texts for note in notes),
        n_rejected=n_rejected,
        rejected=str(out / REJECTED) if n_rejected else None,
        n_parts=len(shards),
        n_resumed=n_resumed,
        n_workers=len({note.process for note in notes}),
        blank=BlankRows(sum(note.n_blank for note in notes)),
        unseen=UnseenScripts.of(UnseenScripts(note.n_texts, note.unseen_scripts) for note in notes),
    )


def _identify(model: Model, shards: Sequence[Shard], scoring: Scoring) -> Identity:
    """Return what an interrupted call and the one that resumes it must have in common."""
    stamps = {shard.path: stamp_file(shard.path) for shard in shards}
    options = {"scoring": asdict(scoring), "parts": list(map(asdict, shards))}
    return identify(model, stamps, options)


def _has_notes(root: Path) -> bool:
    return any((root / NOTES).glob("*.json"))


def _begin(root: Path, identity: Identity) -> list[ShardNote]:
    """Write the manifest or compare it with the one there is; return notes of finished shards."""
    path = root / MANIFEST
    if path.is_file():
        check_identity(root, _read_manifest(path), identity)
    else:
        write_whole(path, json.dumps(identity, ensure_ascii=True, indent=1) + "\n")
    for name in (REJECTED, NOTES):
        (root / name).mkdir(exist_ok=True)
    notes = sorted((root / NOTES).glob("*.json"))
    return [ShardNote.from_json(note.read_text(encoding="utf-8")) for note in notes]


def _read_manifest(path: Path) -> Mapping[str, object]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as err:
        raise InputError(
            f"{path.parent} cannot be resumed: {path.name} is damaged", hint=AFRESH
        ) from err


def _tidy(root: Path, notes: Sequence[ShardNote]) -> None:
    """Delete what processes that died left, and the folder of rejected rows if there are none."""
    for pattern in (".*.partial", "_*/.*.partial"):
        for path in root.glob(pattern):
            path.unlink()
    if not any(note.n_rejected for note in notes):
        (root / REJECTED).rmdir()


def _score_missing(
    model: Model,
    shards: Sequence[Shard],
    scoring: Scoring,
    root: Path,
    finished: Sequence[ShardNote],
    cluster: _Cluster,
) -> list[ShardNote]:
    """Let actors score the shards that have no note yet; return their notes."""
    done = {note.number for note in finished}
    missing = [shard for shard in shards if shard.number not in done]
    if not missing:
        return []
    with _ray_session(cluster.address):
        answers = _plan(model.folder.absolute(), missing, scoring, root, cluster.n_workers)
        notes: dict[int, ShardNote] = {}
        with cluster.progress.track("parts", len(missing)) as advance, _ray_errors():
            for row in answers.iter_rows():
                note = _read_answer(row["answer"])
                notes[note.number] = note
                advance(1)
    return list(notes.values())


def _plan(
    folder: Path, shards: Sequence[Shard], scoring: Scoring, root: Path, n_workers: int | None
) -> Any:
    """Return the data set of Ray whose rows are the answers; reading it does the work."""
    ray_data = require("ray.data")
    n_cpus = max(1, int(require("ray").cluster_resources().get("CPU", 1)))
    n_actors = min(n_workers or n_cpus, n_cpus, len(shards))
    items = [{"shard": json.dumps(asdict(shard))} for shard in shards]
    planned = ray_data.from_items(items, override_num_blocks=min(len(items), MAX_BLOCKS))
    return planned.map_batches(
        ShardScorer,
        batch_size=1,
        compute=ray_data.ActorPoolStrategy(size=n_actors),
        num_cpus=1,
        fn_constructor_args=(str(folder), scoring, str(root)),
    )


def _read_answer(text: str) -> ShardNote:
    answer = json.loads(text)
    if "error" in answer:
        raise InputError(answer["error"])
    return ShardNote(**answer)


@contextmanager
def _ray_session(address: str | None) -> Iterator[None]:
    """Connect to a cluster or start Ray here, and leave it as it was found."""
    _env.quiet_ray()
    ray = require("ray")
    if ray.is_initialized():
        yield
        return
    options: dict[str, str | int | bool] = {
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
        lines = [line.strip() for line in str(err).splitlines() if line.strip()]
        reason = lines[-1] if lines else type(err).__name__
        raise OutsideError(
            f"Ray could not do it: {reason}",
            hint="what was finished is kept: run it again with --resume",
        ) from err
