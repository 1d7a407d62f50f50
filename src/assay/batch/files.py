"""`predict_file`: rows of a file to a file with their scores, shard by shard, in bounded memory and in input order.

A shard is a run of rows whose ends depend on the rows alone, so that a resumed run has the same
shards and writes the same bytes. What cannot be scored goes to OUT.rejected.jsonl with its line and
reason.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from assay._version import __version__
from assay.batch.ahead import map_ahead
from assay.batch.partial import PartialOutput
from assay.batch.rows import Prediction, Scoring, open_rows, score_rows
from assay.data.files.parquet import count_rows
from assay.data.files.readers import Row, file_kind
from assay.data.files.writers import out_kind
from assay.errors import DataError, InputError, OutsideError
from assay.progress import Progress
from assay.runtime.folder import check_output
from assay.runtime.limits.abstain import AbstainRule
from assay.runtime.predictor import Model, load_model

__all__ = ["PredictionSummary", "cut_shards", "identify", "predict_file"]

# The end of a shard, whichever comes first: what is lost when a process is killed, and the memory
# that rows take.
SHARD_ROWS = 2048
SHARD_CHARS = (
    4_000_000  # of all columns; texts of 100,000 characters, the longest accepted, are 40 a shard
)
SCORED_BY = (
    "numpy",
    "onnxruntime",
    "tokenizers",
)  # what another version of could change the last digit of a score


@dataclass(frozen=True)
class PredictionSummary:
    """What `predict_file` did."""

    out: str
    n_texts: int
    n_rejected: int
    rejected: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def predict_file(
    model: Model | str | Path,
    source: str | Path | IO[Any],
    out: str | Path,
    *,
    text_column: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    top_k: int | None = None,
    rule: AbstainRule | None = None,
    with_scope: bool = False,
    strict: bool = False,
    overwrite: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
) -> PredictionSummary:
    """Score every row of a file and write the rows with their scores.

    Parameters
    ----------
    model : Model or path
    source : path or stream
        See `open_rows`.
    out : path
        ``.jsonl``, ``.csv``, ``.tsv``, each also with ``.gz``, or ``.parquet``.
    text_column, delimiter, encoding : str, optional
    top_k : int, optional
    rule : AbstainRule, optional
    with_scope : bool
        See `Scoring`.
    strict : bool
        Stop at the first row that cannot be scored, writing nothing.
    overwrite : bool
    resume : bool
        Go on where an interrupted call with the same arguments stopped: ``OUT.partial`` holds what
        it had finished. The result is byte for byte that of a call in one go. Starts afresh where
        there is nothing to resume.
    progress : Progress, optional

    Raises
    ------
    InputError
        The input or the output cannot be used; with `strict`, the first bad row; with `resume`,
        another model, input or option than before.
    OutsideError
        The disk refused.
    """
    out = Path(out)
    partial = PartialOutput(out, out.with_name(f"{out.name}.rejected.jsonl"))
    loaded = model if isinstance(model, Model) else load_model(model)
    wanted = Scoring("", top_k, rule, with_scope)
    options = {
        "text_column": text_column,
        "delimiter": delimiter,
        "encoding": encoding,
        "scoring": asdict(wanted),
        "strict": strict,
        "shard_rows": SHARD_ROWS,
        "shard_chars": SHARD_CHARS,
    }
    with _disk_errors(partial):
        if resume:
            _take_up(partial, identify(loaded, source, options))
        if not partial.is_finished:
            _check_outputs(partial, overwrite=overwrite)
            rows, column = open_rows(
                source, text_column=text_column, delimiter=delimiter, encoding=encoding
            )
            scoring = Scoring(column, top_k, rule, with_scope)
            scoring.check(loaded)
            job = _Job(loaded, source, partial, scoring, strict, progress or Progress())
            _run(job, rows, identify(loaded, source, options))
        partial.finish()
    n_rejected = sum(shard.n_rejected for shard in partial.shards)
    n_texts = sum(shard.n_texts for shard in partial.shards)
    return PredictionSummary(
        str(out), n_texts, n_rejected, str(partial.rejected_out) if n_rejected else None
    )


@dataclass(frozen=True)
class _Job:
    model: Model
    source: str | Path | IO[Any]
    partial: PartialOutput
    scoring: Scoring
    strict: bool
    progress: Progress


def identify(model: Model, source: str | Path | IO[Any], options: dict[str, Any]) -> dict[str, Any]:
    """Return what an interrupted call and the one that resumes it must have in common, as plain values."""
    return {
        "model": model.manifest.prediction_sha256(),
        "input": _stamp(source),
        "options": options,
        "versions": {
            "assay": __version__,
            **{name: importlib.metadata.version(name) for name in SCORED_BY},
        },
    }


def _stamp(source: str | Path | IO[Any]) -> dict[str, int] | None:
    """Return size and time of a file; None for a stream.

    The rows that were read are compared one by one as well.
    """
    if not isinstance(source, str | Path) or not Path(source).is_file():
        return None
    facts = Path(source).stat()
    return {"size_bytes": facts.st_size, "mtime_ns": facts.st_mtime_ns}


def _take_up(partial: PartialOutput, identity: dict[str, Any]) -> None:
    """Read what an interrupted call left, and check that it was this one."""
    before = partial.resume()
    if before is None:
        return
    if identity["input"] is None and not partial.is_finished:
        raise InputError(
            "a stream cannot be read again from its start, so --resume has nothing to go on with",
            hint="write it to a file first, or leave out --resume",
        )
    if changed := [name for name, value in identity.items() if before.get(name) != value]:
        raise InputError(
            f"{partial.folder} cannot be resumed: other {', '.join(changed)} than in the interrupted call",
            hint="give the same model, input and options, or leave out --resume to start afresh",
        )


def _check_outputs(partial: PartialOutput, *, overwrite: bool) -> None:
    """Say no before any work is done."""
    out_kind(partial.out)
    for path in (partial.out, partial.rejected_out):
        check_output(path, overwrite=overwrite)
        if path.is_dir():
            raise InputError(f"{path} is a folder; a file is accepted")


def _run(job: _Job, rows: Iterator[Row], identity: dict[str, Any]) -> None:
    """Read and score what is not there yet; what is finished stays if the work is cut short."""
    partial = job.partial
    if not partial.folder.is_dir() or identity["input"] is None or not partial.shards:
        partial.begin(identity)
    else:
        partial.cut()
    shards = cut_shards(rows)
    n_rows = _skip(job, shards)
    try:
        with job.progress.track("predict", max(0, _count_rows(job.source) - n_rows)) as advance:

            def score(shard: list[Row]) -> tuple[list[Prediction], str]:
                return score_rows(job.model, shard, job.scoring, advance=advance), _hash(shard)

            for predictions, rows_hash in map_ahead(score, shards):
                records = [one.record for one in predictions if one.problem is None]
                rejected = [
                    {"line": one.line, "reason": one.problem}
                    for one in predictions
                    if one.problem is not None
                ]
                if rejected and job.strict:
                    raise DataError(
                        f"{_name(job.source)} line {rejected[0]['line']:,}: {rejected[0]['reason']}"
                    )
                partial.append(records, rejected, rows_hash=rows_hash)
        if _stamp(job.source) != identity["input"]:
            raise DataError(
                f"{_name(job.source)} was changed while it was read", hint="run it again"
            )
    except BaseException as err:
        # The same call would trip over a wrong input again; anything else can be gone the next
        # time.
        if isinstance(err, InputError) or identity["input"] is None or not partial.shards:
            partial.discard()
        raise


def _skip(job: _Job, shards: Iterator[list[Row]]) -> int:
    """Read again the rows that are done, and make sure that they are the same; return how many there are."""
    done = job.partial.shards
    n_rows = sum(shard.n_rows for shard in done)
    if not done:
        return 0
    with job.progress.track("skip what is done", n_rows) as advance:
        for shard in done:
            if _hash(next(shards, [])) != shard.rows_hash:
                raise InputError(
                    f"{job.partial.folder} cannot be resumed: other input than in the interrupted call",
                    hint="give the same input, or leave out --resume to start afresh",
                )
            advance(shard.n_rows)
    return n_rows


def cut_shards(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Cut rows into shards, by their number and their size alone."""
    shard: list[Row] = []
    n_chars = 0
    for row in rows:
        shard.append(row)
        n_chars += sum(
            len(value if type(value) is str else repr(value)) for value in row.values.values()
        )
        if len(shard) >= SHARD_ROWS or n_chars >= SHARD_CHARS:
            yield shard
            shard, n_chars = [], 0
    if shard:
        yield shard


def _hash(rows: list[Row]) -> str:
    found = hashlib.sha256()
    for row in rows:
        found.update(repr((row.line, row.values, row.problem)).encode("utf-8", "backslashreplace"))
    return found.hexdigest()


@contextmanager
def _disk_errors(partial: PartialOutput) -> Iterator[None]:
    """Say what the disk refused, and whether what was done is kept."""
    try:
        yield
    except OSError as err:
        if isinstance(err, OutsideError):
            raise
        kept = "; what was done is kept: add --resume" if partial.folder.is_dir() else ""
        raise OutsideError(
            f"{partial.out} could not be written: {err.strerror or err}",
            hint=f"look at free space{kept}",
        ) from err


def _name(source: object) -> str:
    return Path(source).name if isinstance(source, str | Path) else "standard input"


def _count_rows(source: object) -> int:
    """Return how many rows a file has, for the time left; 0 where that is not known beforehand."""
    if not isinstance(source, str | Path) or str(source).casefold().endswith(".gz"):
        return 0
    if file_kind(source) == ".parquet":
        return count_rows(Path(source))
    with Path(source).open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))
