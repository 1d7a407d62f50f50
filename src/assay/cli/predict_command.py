"""`assay predict`: labels and scores of texts, from one line of input to a whole folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypedDict, cast

import typer

from assay._display import percent
from assay.cli.command import add_command
from assay.cli.options import (
    AnyModel,
    Common,
    Escape,
    Header,
    LabelMap,
    LongTextsInstead,
    Overwrite,
    Quoting,
    Sheet,
    TextColumn,
)
from assay.cli.row_warnings import first_texts, warn_of_first_rows, warn_of_rows
from assay.cli.show import print_json, print_line, printable
from assay.cli.standard_input import STDIN, open_source, source_name
from assay.errors import cut, plural

if TYPE_CHECKING:
    from assay.batch.blank_rows import BlankRows
    from assay.data.files.reading import ReadingOptions
    from assay.runtime.limits.abstain import AbstainRule
    from assay.runtime.limits.scripts import UnseenScripts
    from assay.runtime.predictor import Model

    class ReadingArguments(ReadingOptions):
        """Arguments of the functions that read texts."""

        text_column: str | None

    class AnswerArguments(TypedDict):
        """Arguments of the functions that predict: what is answered about each text."""

        top_k: int | None
        rule: AbstainRule | None
        with_scope: bool

    class FileArguments(ReadingArguments, AnswerArguments):
        """Arguments of `predict_file`."""

    class FolderArguments(AnswerArguments):
        """Arguments of `predict_dataset`."""

        text_column: str | None
        address: str | None


__all__ = ["ReadingFlags", "register"]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    add_command(app, "predict", panel="One model")(predict_command)


@dataclass(frozen=True)
class ReadingFlags:
    """The flags that say how the texts are read."""

    text_column: TextColumn = None
    delimiter: Annotated[str | None, typer.Option(help="Between columns of .csv and .tsv.")] = None
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of text files.  [default: utf-8]")
    ] = None
    quoting: Quoting = None
    escape: Escape = None
    header: Header = True
    sheet: Sheet = None

    def to_dict(self) -> ReadingArguments:
        """Return the arguments of the functions that read texts."""
        return cast("ReadingArguments", asdict(self))

    def as_trained(self, model: Model, source: str) -> ReadingFlags:
        """Return these flags, completed by those with which the data of the model were read."""
        from assay.data.files.remembered import complete_reading

        recorded = model.manifest.training_data.get("reading", {})
        return ReadingFlags(**complete_reading(self.to_dict(), recorded, source))


@dataclass(frozen=True)
class AnswerFlags:
    """The flags that say what is answered about each text."""

    top_k: Annotated[
        int | None, typer.Option(help="Only the best K labels.  [default: all scores]", min=1)
    ] = None
    abstain_below: Annotated[
        float | None,
        typer.Option(
            metavar="P", help="No label where the best score is below P.  [default: the model's]"
        ),
    ] = None
    target_accuracy: Annotated[
        float | None,
        typer.Option(
            metavar="A", help="Abstain so that answers are right this often, such as 0.95."
        ),
    ] = None
    scope: Annotated[
        bool, typer.Option("--scope", help="Say whether a text looks like the training data.")
    ] = False

    def rule(self, model: Model) -> AbstainRule | None:
        """Return the rule to abstain by. None: the model's own, if it has one."""
        from assay.errors import InputError
        from assay.runtime.limits.abstain import choose_rule

        if self.target_accuracy is not None and model.label_rule is not None:
            raise InputError(
                f"--target-accuracy was given, and the model in {model.folder} gives labels by a "
                "rule; the threshold of such an accuracy is known for labels with the highest "
                "score alone",
                hint="give the threshold itself: --abstain-below",
            )
        return choose_rule(
            model.coverage_curve,
            abstain_below=self.abstain_below,
            target_accuracy=self.target_accuracy,
        )

    def to_dict(self, rule: AbstainRule | None) -> AnswerArguments:
        """Return the arguments of the functions that predict."""
        return {"top_k": self.top_k, "rule": rule, "with_scope": self.scope}


@dataclass(frozen=True)
class WritingFlags:
    """The flags that say where predictions go, and what happens to rows that cannot be scored."""

    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help=".jsonl .csv .tsv .parquet .xlsx  [default: stdout]"),
    ] = None
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at a row that cannot be scored or is blank.")
    ] = False
    overwrite: Overwrite = False
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue where an interrupted --out stopped.")
    ] = False
    id_column: Annotated[
        str | None,
        typer.Option(help="Column that names a row where rows are listed.  [default: its line]"),
    ] = None
    guard: Annotated[
        bool,
        typer.Option(
            "--guard/--no-guard", help="In CSV, keep cells like =A1 from running in spreadsheets?"
        ),
    ] = True


def predict_command(
    model: AnyModel,
    common: Common,
    reading: ReadingFlags,
    answer: AnswerFlags,
    writing: WritingFlags,
    source: Annotated[
        str, typer.Argument(metavar="FILE|-", help="A file, or - for lines of standard input.")
    ] = STDIN,
    label_map: LabelMap = None,
    long_texts: LongTextsInstead = None,
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(metavar="E", help="local, or ray: a folder of files on a cluster."),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(metavar="A", help="Address of the Ray cluster.  [default: start Ray here]"),
    ] = None,
) -> None:
    """Predict labels, with the scores of all labels, by name.

    An .xlsx is for people: it has the best score alone, the second label, and how sure that is.
    A line of standard input or of a .txt file is one text. Repeat an interrupted
    command with --resume to go on: the result is that of a command in one go.

    \b
    Examples:
      echo "what a lovely day" | assay predict runs/sample/model
      assay predict runs/sample/model tweets.csv --out predictions.csv
      assay predict runs/sample/model tweets.jsonl --top-k 2 | jq .predicted_label
      assay predict runs/sample/model tweets.csv --out p.csv --abstain-below 0.8
      assay predict runs/sample/model tweets/ --engine ray --out scored/
    """
    from assay.models.open import open_model

    _check(source, writing, engine)
    loaded = open_model(
        model, label_map=label_map, long_texts=long_texts, progress=common.progress()
    )
    rule = answer.rule(loaded)
    if rule is not None and answer.target_accuracy is not None and not common.quiet:
        sys.stderr.write(_describe_rule(rule))
    wanted = answer.to_dict(rule)
    if engine == "ray":
        unused = (writing.strict, label_map, long_texts, writing.id_column)
        _check_ray(source, writing, reading, unused=unused)
        column = reading.text_column
        cluster: FolderArguments = {**wanted, "text_column": column, "address": address}
        _warn(_predict_folder(Path(model), source, cluster, writing, common), common)
        return
    reading = reading.as_trained(loaded, source)
    first = [] if common.quiet else first_texts(source, reading.to_dict())
    is_said = warn_of_first_rows(loaded, first, is_marked=answer.scope)
    _say_label_rule(loaded, common)
    if writing.out is not None:
        done = _predict_file(loaded, source, {**reading.to_dict(), **wanted}, writing, common)
    else:
        done = _print_rows(loaded, source, reading, wanted, writing, common)
    _warn(done, common, is_said=is_said)


def _warn(done: tuple[BlankRows, UnseenScripts], common: Common, *, is_said: bool = False) -> None:
    """Say on stderr what was odd about the rows; `is_said`: scripts were spoken of before."""
    if not common.quiet:
        warn_of_rows(done[0], None if is_said else done[1])


def _check(source: str, writing: WritingFlags, engine: str) -> None:
    from assay.errors import InputError

    if engine != "ray" and Path(source).is_dir():
        raise InputError(
            f"{source} is a folder; one file is accepted", hint="--engine ray predicts a folder"
        )
    if not writing.resume:
        return
    if writing.out is None:
        raise InputError("what is printed cannot be resumed: --resume goes with a FILE and --out")
    if source == STDIN:
        raise InputError("standard input cannot be read again: --resume goes with a FILE and --out")


def _check_ray(
    source: str, writing: WritingFlags, reading: ReadingFlags, *, unused: tuple[object, ...]
) -> None:
    from assay.errors import InputError

    if writing.out is None or source == STDIN:
        raise InputError("--engine ray takes a file or folder and --out")
    is_told_more = reading != ReadingFlags(text_column=reading.text_column)
    if is_told_more or any(one not in (None, False) for one in unused):
        raise InputError(
            "--strict, --label-map, --long-texts, --id-column and flags that say how a file is "
            "read, such as --delimiter and --encoding, do not go with --engine ray"
        )


def _predict_folder(
    model: Path, source: str, options: FolderArguments, writing: WritingFlags, common: Common
) -> tuple[BlankRows, UnseenScripts]:
    """Predict a folder of files with Ray."""
    from assay.ray_batch import predict_dataset

    assert writing.out is not None
    summary = predict_dataset(
        model,
        source,
        writing.out,
        **options,
        overwrite=writing.overwrite,
        resume=writing.resume,
        progress=common.progress(),
    )
    odd = summary.blank, summary.unseen
    if common.json:
        print_json(summary.to_dict())
        return odd
    print_line(
        f"{plural(summary.n_texts, 'text')} predicted in {plural(summary.n_parts, 'part')}, "
        f"written to {summary.out}"
    )
    if summary.n_resumed:
        print_line(f"{summary.n_resumed:,} of the parts were finished before")
    _say_rejected(summary.n_rejected, summary.rejected)
    return odd


def _predict_file(
    model: Model, source: str, options: FileArguments, writing: WritingFlags, common: Common
) -> tuple[BlankRows, UnseenScripts]:
    """Predict a file, or standard input, into a file."""
    from assay.batch.files import predict_file

    out = writing.out
    assert out is not None
    with _resumable(out, quiet=common.quiet):
        summary = predict_file(
            model,
            open_source(source, common),
            out,
            **options,
            id_column=writing.id_column,
            strict=writing.strict,
            overwrite=writing.overwrite,
            guard=writing.guard,
            resume=writing.resume,
            progress=common.progress(),
        )
    odd = summary.blank, summary.unseen
    if common.json:
        print_json(summary.to_dict())
        return odd
    print_line(f"{plural(summary.n_texts, 'text')} predicted, written to {summary.out}")
    _say_rejected(summary.n_rejected, summary.rejected)
    return odd


def _say_rejected(n_rejected: int, where: str | None) -> None:
    if where:
        print_line(f"{plural(n_rejected, 'row')} rejected, listed in {where}")


@contextmanager
def _resumable(out: Path, *, quiet: bool) -> Iterator[None]:
    """Say how to go on if the block is stopped and left finished chunks."""
    try:
        yield
    except KeyboardInterrupt:
        partial = out.with_name(f"{out.name}.partial")
        if partial.is_dir() and not quiet:
            sys.stderr.write(
                f"what was done is kept in {printable(str(partial))}: add --resume to go on\n"
            )
        raise


def _describe_rule(rule: AbstainRule) -> str:
    from assay.runtime.limits.abstain import name_split

    return (
        f"answering from a score of {rule.threshold:.3f} on: {percent(rule.coverage)} of the "
        f"{rule.n_texts:,} texts of {name_split(rule.split)}, "
        f"of which {percent(rule.accuracy)} were right\n"
    )


def _say_label_rule(model: Model, common: Common) -> None:
    """Say on stderr if labels are given by a rule: one may have a lower score than another."""
    rule = model.label_rule
    if rule is None or common.quiet:
        return
    by = "what mistakes cost"
    if named := rule.named_thresholds(model.labels):
        by = ", ".join(f"'{cut(label)}' from {score:.3f} on" for label, score in named.items())
    sys.stderr.write(
        f"note: labels are given by the rule of the model ({by}), which is not always the label "
        "with the highest score\n"
    )


def _print_rows(
    model: Model,
    source: str,
    reading: ReadingFlags,
    wanted: AnswerArguments,
    writing: WritingFlags,
    common: Common,
) -> tuple[BlankRows, UnseenScripts]:
    """Predict row by row onto stdout."""
    from assay.batch.arrivals import cut_arrivals
    from assay.batch.chunks import CHUNK_ROWS
    from assay.batch.rows import open_rows, predict_rows
    from assay.cli.shown_predictions import Printing, print_predictions

    id_column = writing.id_column
    rows, column = open_rows(open_source(source, common), id_column=id_column, **reading.to_dict())
    cut = None
    if source == STDIN:  # which may be a log that grows
        cut = partial(cut_arrivals, most=CHUNK_ROWS, before_waiting=sys.stdout.flush)
    predictions = predict_rows(
        model, rows, text_column=column, id_column=id_column, cut=cut, **wanted
    )
    printing = Printing(
        column,
        id_column,
        refused_in=source_name(source) if writing.strict else None,
        is_quiet=common.quiet,
        as_json=common.json,
    )
    return print_predictions(predictions, printing)
