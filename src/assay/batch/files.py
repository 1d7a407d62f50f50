"""`predict_file`: the rows of a file to a file with their scores, in order and bounded memory.

The work is done chunk by chunk (see `chunks`), and each finished chunk is on the disk before the
next one counts (see `resumable_output`). Rows that cannot be scored go to OUT.rejected.jsonl with
their line and the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import IO, Any, TypeAlias, Unpack

from assay._arguments import checked
from assay._display import Brief
from assay.batch import chunks
from assay.batch.blank_rows import NO_TEXT, BlankRows, summary_to_dict
from assay.batch.chunks import cut_chunks, hash_rows
from assay.batch.identity import AFRESH, Identity, check_identity, identify, stamp_file
from assay.batch.prefetch import prefetch_map
from assay.batch.resumable_output import ResumableOutput
from assay.batch.rows import Prediction, Scoring, open_rows, score_rows
from assay.data.files.parquet import count_rows, read_types
from assay.data.files.readers import Row, file_kind
from assay.data.files.reading import Reading, ReadingOptions
from assay.data.files.style import PLAIN_STYLES, style_of
from assay.data.files.writers import out_kind
from assay.disk import check_output
from assay.errors import DataError, InputError, OutsideError, cut
from assay.output_lock import lock_output
from assay.output_place import check_apart, check_outside
from assay.progress import Progress
from assay.runtime.label_cells import find_joint
from assay.runtime.limits.abstain import AbstainRule
from assay.runtime.limits.scripts import UnseenScripts
from assay.runtime.predictor import Model, load_model

__all__ = ["PredictionSummary", "predict_file"]

BLOCK_BYTES = 1 << 20

Source: TypeAlias = str | Path | IO[Any]


@dataclass(frozen=True, repr=False)
class PredictionSummary(Brief):
    """What `predict_file` did.

    Parameters
    ----------
    out : str
    n_texts : int
        Rows that were scored.
    n_rejected : int
        Rows that could not be scored.
    rejected : str or None
        The file that lists them; None if there are none.
    blank : BlankRows
        Rows that were scored though they hold no text.
    unseen : UnseenScripts
        Texts in scripts that no training text is in.
    """

    out: str
    n_texts: int
    n_rejected: int
    rejected: str | None
    blank: BlankRows = field(default_factory=BlankRows)
    unseen: UnseenScripts = field(default_factory=UnseenScripts)

    def to_dict(self) -> dict[str, object]:
        """Return plain values for JSON; blank rows and unseen scripts where there are any."""
        return summary_to_dict(self, self.blank, self.unseen)


@checked
def predict_file(
    model: Model | str | Path,
    source: Source,
    out: str | Path,
    *,
    text_column: str | None = None,
    top_k: int | None = None,
    rule: AbstainRule | None = None,
    with_scope: bool = False,
    id_column: str | None = None,
    strict: bool = False,
    overwrite: bool = False,
    resume: bool = False,
    guard: bool = True,
    progress: Progress | None = None,
    **reading: Unpack[ReadingOptions],
) -> PredictionSummary:
    """Score every row of a file and write the rows with their scores.

    Parameters
    ----------
    model : Model or path
    source, text_column, top_k, rule, with_scope, id_column
        What to read, as for `open_rows`, and what to write about each text, as for `Scoring`.
    out : path
        ``.jsonl .csv .tsv``, each also with ``.gz``, ``.parquet``; or ``.xlsx``, for people.
    strict : bool
        Stop at the first row that cannot be scored or holds no text, and write nothing.
    resume : bool
        Go on where an interrupted call with the same arguments stopped, to the same bytes as those
        of an uninterrupted one. Without it, `overwrite` has to say that finished work in
        ``OUT.partial`` may be thrown away.
    guard : bool
        In CSV and TSV, write an apostrophe before a cell that a spreadsheet would run as a formula,
        such as ``=1+1``; numbers are left as they are.
    progress : Progress, optional
    **reading
        How the input is read, such as ``delimiter`` and ``encoding``; the fields of `Reading`.

    Raises
    ------
    InputError
        The input or the output cannot be used; with `strict`, a row; with `resume`, the model, the
        input or an option is another one than before.
    OutsideError
        The disk refused, or another process writes the same output.
    """
    loaded = model if isinstance(model, Model) else load_model(model)
    task = _Task(
        model=loaded,
        source=source,
        output=ResumableOutput(Path(out)),
        text_column=text_column,
        reading=Reading(**reading),
        scoring=Scoring("", top_k, rule, with_scope, id_column=id_column),
        strict=strict,
        guard=guard,
        progress=progress or Progress(),
    )
    return _predict(task, overwrite=overwrite, resume=resume)


@dataclass(frozen=True)
class _Task:
    """What one call of `predict_file` was asked to do."""

    model: Model
    source: Source
    output: ResumableOutput
    text_column: str | None
    reading: Reading
    scoring: Scoring
    strict: bool
    guard: bool
    progress: Progress

    @cached_property
    def joined_by(self) -> str | None:
        """What is between several labels of a cell of a table; None: they are lists in JSON."""
        is_table = file_kind(self.output.out) in PLAIN_STYLES
        return find_joint(self.model) if is_table else None

    def identity(self) -> Identity:
        options = {
            "text_column": self.text_column,
            **self.reading.to_dict(),
            "scoring": asdict(self.scoring),
            "strict": self.strict,
            "guard": self.guard,
            "shard_rows": chunks.CHUNK_ROWS,
            "shard_chars": chunks.CHUNK_CHARS,
        }
        if self.joined_by is not None:
            options["joined_by"] = self.joined_by
        return identify(self.model, stamp_file(self.source), options)

    @property
    def source_name(self) -> str:
        if isinstance(self.source, str | Path):
            return Path(self.source).name
        return "standard input"


def _predict(task: _Task, *, overwrite: bool, resume: bool) -> PredictionSummary:
    output = task.output
    output.label_separator = find_joint(task.model)
    with _disk_errors(output), lock_output(output.out):
        identity = task.identity()
        if resume:
            _resume(output, identity)
        if not output.is_finished:
            _check_places(task, overwrite=overwrite)
            if not (resume or overwrite):
                output.refuse_unfinished()
            _write_chunks(task, identity)
        output.finish()
    n_rejected = sum(chunk.n_rejected for chunk in output.chunks)
    return PredictionSummary(
        out=str(output.out),
        n_texts=sum(chunk.n_texts for chunk in output.chunks),
        n_rejected=n_rejected,
        rejected=str(output.rejected_out) if n_rejected else None,
        blank=BlankRows.of([chunk.blank for chunk in output.chunks]),
        unseen=UnseenScripts.of(chunk.unseen for chunk in output.chunks),
    )


def _resume(output: ResumableOutput, identity: Identity) -> None:
    """Read what an interrupted call left, and check that it was the same call."""
    before = output.resume()
    if before is None:
        return
    if identity["input"] is None and not output.is_finished:
        raise InputError(
            "a stream cannot be read again from its start, so --resume has nothing to go on with",
            hint="write it to a file first, or leave out --resume",
        )
    check_identity(output.folder, before, identity)


def _check_places(task: _Task, *, overwrite: bool) -> None:
    """Refuse outputs that cannot be written before any work is done."""
    output = task.output
    out_kind(output.out)
    for path in (output.out, output.rejected_out):
        check_apart(task.source, path)
        check_outside(task.model.folder, path, what="the model")
        check_output(path, overwrite=overwrite)


def _write_chunks(task: _Task, identity: Identity) -> None:
    """Read and score the chunks that are not written yet."""
    rows, text_column = open_rows(
        task.source,
        text_column=task.text_column,
        id_column=task.scoring.id_column,
        **task.reading.to_dict(),
    )
    scoring = replace(task.scoring, text_column=text_column)
    scoring.check(task.model)
    task.output.text_column = text_column
    _follow_input(task)
    output, is_stream = task.output, identity["input"] is None
    if output.folder.is_dir() and output.chunks and not is_stream:
        output.cut_unfinished()
    else:
        output.begin(identity)
    unread = cut_chunks(rows)
    n_done = _skip_finished(task, unread)
    try:
        _score_chunks(task, scoring, unread, n_done=n_done)
        if stamp_file(task.source) != identity["input"]:
            raise DataError(
                f"{task.source_name} was changed while it was read", hint="run it again"
            )
    except BaseException as err:
        # A wrong input fails again at the same place; other causes may be gone the next time.
        can_be_resumed = output.chunks and not is_stream and not isinstance(err, InputError)
        if not can_be_resumed:
            output.discard()
        raise


def _follow_input(task: _Task) -> None:
    """Let the output be written as the input is, where both are of one kind."""
    output, kind = task.output, out_kind(task.output.out)
    style = PLAIN_STYLES.get(kind)
    if isinstance(task.source, str | Path):
        source = Path(task.source)
        style = style_of(source, task.reading, like=output.out) or style
        if kind == file_kind(source) == ".parquet":
            output.input_types = read_types(source)
    output.style = style and replace(style, is_guarded=task.guard)


def _score_chunks(
    task: _Task, scoring: Scoring, unread: Iterator[list[Row]], *, n_done: int
) -> None:
    n_left = max(0, _count_rows(task.source) - n_done)
    with task.progress.track("predict", n_left) as advance:

        def score(chunk: list[Row]) -> tuple[list[Prediction], str]:
            return score_rows(task.model, chunk, scoring, advance=advance), hash_rows(chunk)

        for predictions, rows_hash in prefetch_map(score, unread):
            if task.joined_by is not None:
                _join_labels(predictions, task.joined_by)
            fitting = task.output.reject_new_columns(predictions)
            if task.strict:
                _refuse_problems(task, fitting)
            try:
                task.output.append(fitting, rows_hash=rows_hash)
            except DataError:  # a value of another type than its column has
                fitting = task.output.reject_unwritable(fitting)
                if task.strict:
                    _refuse_problems(task, fitting)
                task.output.append(fitting, rows_hash=rows_hash)


def _join_labels(predictions: Sequence[Prediction], separator: str) -> None:
    """Change the lists of labels into cells such as those of the training data."""
    for one in predictions:
        labels = one.record.get("predicted_labels")
        if labels is not None:  # None: no label is sure
            one.record["predicted_labels"] = separator.join(labels)


def _refuse_problems(task: _Task, predictions: Sequence[Prediction]) -> None:
    """Stop at the first row that cannot be scored or written, or that holds no text."""
    for one in predictions:
        problem = NO_TEXT if one.has_no_text else one.problem
        if problem is not None:
            named = "" if one.row_id is None else f" ({cut(str(one.row_id))})"
            raise DataError(f"{task.source_name} line {one.line:,}{named}: {problem}")


def _skip_finished(task: _Task, unread: Iterator[list[Row]]) -> int:
    """Read the rows of the finished chunks again, check that they are the same, and count them."""
    finished = task.output.chunks
    n_rows = sum(chunk.n_rows for chunk in finished)
    if not finished:
        return 0
    with task.progress.track("skip what is done", n_rows) as advance:
        for chunk in finished:
            if hash_rows(next(unread, [])) != chunk.rows_hash:
                raise InputError(
                    f"{task.output.folder} cannot be resumed: "
                    "other input than in the interrupted call",
                    hint=f"give the same input, or {AFRESH}",
                )
            advance(chunk.n_rows)
    return n_rows


@contextmanager
def _disk_errors(output: ResumableOutput) -> Iterator[None]:
    """Say what the disk refused, and whether finished work is kept."""
    try:
        yield
    except OutsideError:
        raise
    except OSError as err:
        kept = "; what was done is kept: add --resume" if output.folder.is_dir() else ""
        raise OutsideError(
            f"{output.out} could not be written: {err.strerror or err}",
            hint=f"look at free space{kept}",
        ) from err


def _count_rows(source: Source) -> int:
    """Return how many rows a file has, for the progress; 0 if that is not known beforehand."""
    if not isinstance(source, str | Path) or str(source).casefold().endswith(".gz"):
        return 0
    path = Path(source)
    if file_kind(path) == ".parquet":
        return count_rows(path)
    n_lines = 0
    with path.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            n_lines += block.count(b"\n")
    return n_lines
