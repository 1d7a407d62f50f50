"""`assay predict`: labels and scores of texts, from a line of standard input to a folder on a cluster."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from assay.cli.command import add_command
from assay.cli.options import AnyModel, Common, LabelMap, LongTextsInstead, Overwrite
from assay.cli.show import print_json, print_line, print_table, printable

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    add_command(app, "predict", panel="One model")(predict_command)


def predict_command(
    model: AnyModel,
    common: Common,
    source: Annotated[
        str, typer.Argument(metavar="FILE|-", help="A file, or - for lines of standard input.")
    ] = "-",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help=".jsonl .csv .tsv (.gz) or .parquet  [default: stdout]"),
    ] = None,
    top_k: Annotated[
        int | None, typer.Option(help="Only the best K labels.  [default: all scores]", min=1)
    ] = None,
    text_column: Annotated[
        str | None, typer.Option(help="Column with the texts.  [default: by name]")
    ] = None,
    delimiter: Annotated[str | None, typer.Option(help="Between columns of .csv and .tsv.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of text files.  [default: utf-8]")] = None,
    abstain_below: Annotated[
        float | None,
        typer.Option(
            metavar="P", help="No label where the best score is below P.  [default: the model's]"
        ),
    ] = None,
    target_accuracy: Annotated[
        float | None,
        typer.Option(
            metavar="A", help="Abstain so that answers are right this often, such as 0.95."
        ),
    ] = None,
    label_map: LabelMap = None,
    long_texts: LongTextsInstead = None,
    scope: Annotated[
        bool, typer.Option("--scope", help="Say whether a text looks like the training data.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at a row that cannot be scored.")
    ] = False,
    overwrite: Overwrite = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an interrupted --out stopped.")
    ] = False,
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(metavar="E", help="local, or ray: a folder of files on a cluster."),
    ] = "local",
    address: Annotated[
        str | None, typer.Option(metavar="A", help="Of the Ray cluster.  [default: start Ray here]")
    ] = None,
) -> None:
    """Predict labels, with the scores of all labels, by name.

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
    from assay.batch.rows import open_rows, predict_rows
    from assay.errors import InputError
    from assay.models.open import open_model
    from assay.runtime.limits.abstain import choose_rule

    if resume and (out is None or source == "-"):
        what = (
            "what is printed cannot be resumed"
            if out is None
            else "standard input cannot be read again"
        )
        raise InputError(f"{what}: --resume goes with a FILE and --out")
    loaded = open_model(
        model, label_map=label_map, long_texts=long_texts, progress=common.progress()
    )
    stream = sys.stdin.buffer if source == "-" else source
    reading: dict[str, Any] = {
        "text_column": text_column,
        "delimiter": delimiter,
        "encoding": encoding,
    }
    rule = choose_rule(
        loaded.coverage_curve, abstain_below=abstain_below, target_accuracy=target_accuracy
    )
    wanted: dict[str, Any] = {"top_k": top_k, "rule": rule, "with_scope": scope}
    if rule is not None and target_accuracy is not None and not common.quiet:
        sys.stderr.write(_describe_rule(rule))
    if engine == "ray":
        if out is None or source == "-":
            raise InputError("--engine ray takes a file or folder and --out")
        if strict or any(one is not None for one in (delimiter, encoding, label_map, long_texts)):
            raise InputError(
                "--strict, --delimiter, --encoding, --label-map and --long-texts do not go with --engine ray"
            )
        given = {**wanted, "text_column": text_column, "address": address}
        _predict_dataset(
            Path(model), source, out, given, overwrite=overwrite, resume=resume, common=common
        )
        return
    if out is not None:
        from assay.batch.files import predict_file

        try:
            summary = predict_file(
                loaded,
                stream,
                out,
                **reading,
                **wanted,
                strict=strict,
                overwrite=overwrite,
                resume=resume,
                progress=common.progress(),
            )
        except KeyboardInterrupt:
            if not common.quiet and (partial := out.with_name(f"{out.name}.partial")).is_dir():
                sys.stderr.write(
                    f"what was done is kept in {printable(str(partial))}: add --resume to go on\n"
                )
            raise
        if common.json:
            print_json(summary.to_dict())
            return
        print_line(f"{summary.n_texts:,} texts predicted, written to {summary.out}")
        if summary.rejected:
            print_line(f"{summary.n_rejected:,} rows rejected, listed in {summary.rejected}")
        return
    if source == "-" and sys.stdin.isatty() and not common.quiet:
        sys.stderr.write("one text a line; end with Ctrl-D\n")
    rows, column = open_rows(stream, **reading)
    predictions = predict_rows(loaded, rows, text_column=column, **wanted)
    name = "standard input" if source == "-" else Path(source).name
    _print_predictions(predictions, column, where=name if strict else None, common=common)


def _predict_dataset(
    model: Path,
    source: str,
    out: Path,
    options: dict[str, Any],
    *,
    overwrite: bool,
    resume: bool,
    common: Common,
) -> None:
    from assay.ray_batch import predict_dataset

    summary = predict_dataset(
        model,
        source,
        out,
        **options,
        overwrite=overwrite,
        resume=resume,
        progress=common.progress(),
    )
    if common.json:
        print_json(summary.to_dict())
        return
    print_line(
        f"{summary.n_texts:,} texts predicted in {summary.n_parts:,} parts, written to {summary.out}"
    )
    if summary.n_resumed:
        print_line(f"{summary.n_resumed:,} of the parts were finished before")
    if summary.rejected:
        print_line(f"{summary.n_rejected:,} rows rejected, listed in {summary.rejected}")


def _describe_rule(rule: Any) -> str:
    return (
        f"answering from a score of {rule.threshold:.3f} on: {rule.coverage:.1%} of the {rule.n_texts:,} texts of "
        f"{rule.split}, of which {rule.accuracy:.1%} were right\n"
    )


def _print_predictions(predictions: Any, column: str, *, where: str | None, common: Common) -> None:
    """Print JSON Lines, or on a terminal a table with the three best labels of each text.

    A row that cannot be scored is an error that names it as a line of `where`; None: it is left out
    with a warning.
    """
    from assay.errors import DataError

    shown: list[dict[str, Any]] = []
    for one in predictions:
        if one.problem is not None:
            if where is not None:
                raise DataError(f"{where} line {one.line}: {one.problem}")
            if not common.quiet:
                sys.stderr.write(f"warning: line {one.line} rejected: {printable(one.problem)}\n")
        elif common.json or not sys.stdout.isatty():
            print_json(one.record)
        else:
            shown.append(_table_row(one.record, column))
    print_table(shown, elastic=("text",), right=("score",))


def _table_row(record: dict[str, Any], column: str) -> dict[str, Any]:
    scores = {
        name.removeprefix("score:"): value
        for name, value in record.items()
        if name.startswith("score:")
    }
    if "top_k" in record:
        scores = {entry["label"]: entry["score"] for entry in record["top_k"]}
    best = sorted(scores.items(), key=lambda item: -item[1])[1:3]
    return {
        "label": "–" if record["predicted_label"] is None else record["predicted_label"],
        "score": f"{record['predicted_score']:.3f}",
        **({"in scope": "yes" if record["in_scope"] else "no"} if "in_scope" in record else {}),
        "next": ", ".join(f"{label} {score:.2f}" for label, score in best),
        "text": record.get(column, ""),
    }
