"""Commands about one model: train, evaluate, predict, info, verify; and the cache of features."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from assay.cli.common import Checkpoint, Common, Corrections, Data, DataFlags, Out, Overwrite, add_command
from assay.cli.show import cell_width, print_json, print_line, print_table, printable

__all__ = ["register"]

PANEL = "One model"
ModelFolder = Annotated[Path, typer.Argument(metavar="MODEL", help="A model folder.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    add_command(app, "train", panel=PANEL)(train_command)
    add_command(app, "evaluate", panel=PANEL)(evaluate_command)
    add_command(app, "predict", panel=PANEL)(predict_command)
    add_command(app, "info", panel=PANEL)(info_command)
    add_command(app, "verify", panel=PANEL)(verify_command)
    add_command(app, "cache", panel="Housekeeping")(cache_command)


def train_command(
    data: Data,
    out: Out,
    method: Annotated[str, typer.Option(help="majority, linear, compact, features or finetune.", metavar="M")],
    flags: DataFlags,
    common: Common,
    checkpoint: Checkpoint = "minilm",
    epochs: Annotated[int | None, typer.Option(help="Of compact and finetune.  [default: by the data]", min=1)] = None,
    max_rows: Annotated[int | None, typer.Option(help="Rows a split, at most; a stratified sample.", min=2)] = None,
    validation_fraction: Annotated[float, typer.Option(help="Of train, where there is no validation split.")] = 0.1,
    test_fraction: Annotated[float, typer.Option(help="Of train, where there is no test split.")] = 0.1,
    corrections: Corrections = None,
    target_accuracy: Annotated[
        float | None, typer.Option(metavar="A", help="The model abstains so that its answers are right this often.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Train one method and save it as a model folder.

    The folder predicts without torch.

    \b
    Example:
      assay train sample --method compact --out models/compact
    """
    from assay.recipes.train import train_model

    options = flags.options(
        validation_fraction=validation_fraction, test_fraction=test_fraction, max_rows=max_rows, corrections=corrections
    )
    parameters: dict[str, Any] = {"checkpoint": checkpoint}
    if epochs is not None:
        parameters["n_epochs"] = epochs
    result = train_model(
        data,
        out,
        method=method,
        seed=common.seed,
        options=options,
        parameters=parameters,
        target_accuracy=target_accuracy,
        overwrite=overwrite,
        progress=common.progress(),
    )
    if common.json:
        print_json(result)
        return
    print_line(f"{method}: fitted in {result['fit_s']:.1f} s, {result['model_bytes'] / 1e6:.1f} MB, written to {out}")
    print_table([_score_row(split, result[split]) for split in ("validation", "test")], right=SCORE_COLUMNS)


SCORE_COLUMNS = ("texts", "accuracy", "F1 weighted", "F1 macro")


def _score_row(split: str, scores: dict[str, Any]) -> dict[str, str]:
    low, high = scores["intervals"]["accuracy"]
    return {
        "split": split,
        "texts": f"{scores['n_texts']:,}",
        "accuracy": f"{scores['accuracy']:.4f}",
        "95 % interval": f"{low:.3f}–{high:.3f}",
        "F1 weighted": f"{scores['f1_weighted']:.4f}",
        "F1 macro": f"{scores['f1_macro']:.4f}",
    }


def evaluate_command(
    model: ModelFolder,
    data: Data,
    flags: DataFlags,
    common: Common,
    split: Annotated[str | None, typer.Option(help="Which split.  [default: test, or the only one]")] = None,
) -> None:
    """Score a model on labelled texts.

    Metrics with 95 % intervals, confusion matrix, what is right of the surest answers, most confident mistakes.

    \b
    Example:
      assay evaluate runs/sample/model sample --split validation
    """
    from assay.recipes.evaluate import evaluate_model

    found = evaluate_model(model, flags.options().load(data), split=split, seed=common.seed, progress=common.progress())
    if common.json:
        print_json(found.to_dict())
        return
    scores = found.scores
    print_table([_score_row(found.split, scores.to_dict())], right=SCORE_COLUMNS)
    print_table(
        [{"label": one.label, "texts": f"{one.n_texts:,}", "precision": f"{one.precision:.3f}",
          "recall": f"{one.recall:.3f}", "F1": f"{one.f1:.3f}"} for one in scores.per_class],
        right=("texts", "precision", "recall", "F1"), elastic=("label",),
    )  # fmt: skip
    if len(found.labels) <= MAX_MATRIX_CLASSES:
        _print_matrix(found.labels, scores.confusion_by_true)
    print_table(
        [{"to be right": "its rule" if one["is_rule"] else f"{one['target_accuracy']:.0%}",
          "from score": f"{one['threshold']:.3f}", "answered": f"{one['coverage']:.1%}",
          "right": "" if one["accuracy"] is None else f"{one['accuracy']:.1%}"} for one in found.answered],
        title="Where only the surest texts are answered", right=("to be right", "from score", "answered", "right"),
    )  # fmt: skip
    print_table(
        [{"line": one.line, "label": one.label, "predicted": one.predicted_label, "score": f"{one.predicted_score:.2f}",
          "text": one.text} for one in found.mistakes],
        title="Most confident mistakes", right=("line", "score"), elastic=("label", "predicted", "text"),
    )  # fmt: skip


MAX_MATRIX_CLASSES = 8  # a wider confusion matrix does not fit 80 columns; --json has it
MAX_NAMED_COLUMNS = 48  # letters of all labels together that fit beside the first column; else columns are numbered


def _print_matrix(labels: Sequence[str], fractions: Sequence[Sequence[float]]) -> None:
    """Print the confusion matrix as fractions of each true class; long names head their rows only."""
    is_named = sum(cell_width(label) + 3 for label in labels) + max(map(cell_width, labels)) <= MAX_NAMED_COLUMNS
    columns = list(labels) if is_named else [str(i) for i in range(1, len(labels) + 1)]
    rows = list(labels) if is_named else [f"{i} {label}" for i, label in enumerate(labels, start=1)]
    first = "true \\ predicted"
    print_table(
        [{first: name, **{column: f"{value:.2f}" for column, value in zip(columns, row, strict=True)}}
         for name, row in zip(rows, fractions, strict=True)],
        right=columns, elastic=(first,),
    )  # fmt: skip


def predict_command(
    model: ModelFolder,
    common: Common,
    source: Annotated[str, typer.Argument(metavar="FILE|-", help="A file, or - for lines of standard input.")] = "-",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help=".jsonl .csv .tsv (.gz) or .parquet  [default: stdout]")
    ] = None,
    top_k: Annotated[int | None, typer.Option(help="Only the best K labels.  [default: all scores]", min=1)] = None,
    text_column: Annotated[str | None, typer.Option(help="Column with the texts.  [default: by name]")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Between columns of .csv and .tsv.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of text files.  [default: utf-8]")] = None,
    abstain_below: Annotated[
        float | None,
        typer.Option(metavar="P", help="No label where the best score is below P.  [default: the model's]"),
    ] = None,
    target_accuracy: Annotated[
        float | None, typer.Option(metavar="A", help="Abstain so that answers are right this often, such as 0.95.")
    ] = None,
    scope: Annotated[bool, typer.Option("--scope", help="Say whether a text looks like the training data.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at a row that cannot be scored.")] = False,
    overwrite: Overwrite = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an interrupted --out stopped.")] = False,
    engine: Annotated[
        Literal["local", "ray"], typer.Option(metavar="E", help="local, or ray: a folder of files on a cluster.")
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
    from assay.runtime.abstain import choose_rule
    from assay.runtime.predictor import load_model

    if resume and (out is None or source == "-"):
        what = "what is printed cannot be resumed" if out is None else "standard input cannot be read again"
        raise InputError(f"{what}: --resume goes with a FILE and --out")
    loaded = load_model(model)
    stream = sys.stdin.buffer if source == "-" else source
    reading: dict[str, Any] = {"text_column": text_column, "delimiter": delimiter, "encoding": encoding}
    rule = choose_rule(loaded.coverage_curve, abstain_below=abstain_below, target_accuracy=target_accuracy)
    wanted: dict[str, Any] = {"top_k": top_k, "rule": rule, "with_scope": scope}
    if rule is not None and target_accuracy is not None and not common.quiet:
        sys.stderr.write(_describe_rule(rule))
    if engine == "ray":
        if out is None or source == "-" or strict or delimiter is not None or encoding is not None:
            raise InputError("--engine ray takes a file or folder and --out; --strict, --delimiter and --encoding do "
                             "not go with it")  # fmt: skip
        given = {**wanted, "text_column": text_column, "address": address}
        _predict_dataset(model, source, out, given, overwrite=overwrite, resume=resume, common=common)
        return
    if out is not None:
        from assay.batch.files import predict_file

        try:
            summary = predict_file(
                loaded, stream, out, **reading, **wanted,
                strict=strict, overwrite=overwrite, resume=resume, progress=common.progress(),
            )  # fmt: skip
        except KeyboardInterrupt:
            if not common.quiet and (partial := out.with_name(f"{out.name}.partial")).is_dir():
                sys.stderr.write(f"what was done is kept in {printable(str(partial))}: add --resume to go on\n")
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
    model: Path, source: str, out: Path, options: dict[str, Any], *, overwrite: bool, resume: bool, common: Common
) -> None:
    from assay.ray_batch import predict_dataset

    summary = predict_dataset(
        model, source, out, **options, overwrite=overwrite, resume=resume, progress=common.progress()
    )
    if common.json:
        print_json(summary.to_dict())
        return
    print_line(f"{summary.n_texts:,} texts predicted in {summary.n_parts:,} parts, written to {summary.out}")
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

    A row that cannot be scored is an error that names it as a line of `where`; None: it is left out with a warning.
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
    scores = {name.removeprefix("score:"): value for name, value in record.items() if name.startswith("score:")}
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


def info_command(model: ModelFolder, common: Common) -> None:
    """Say what a model is: method, labels, scores, training data.

    \b
    Example:
      assay info runs/sample/model
    """
    from assay.runtime.folder import read_folder

    manifest = read_folder(model, check_hashes=False)
    if common.json:
        print_json(manifest.to_dict())
        return
    data, checkpoint = manifest.training_data, manifest.checkpoint or {}
    size = sum(facts["size_bytes"] for facts in manifest.files.values())
    print_line(f"method       {manifest.method}" + (f" ({checkpoint['name']})" if checkpoint else ""))
    print_line(f"labels       {', '.join(manifest.labels)}")
    print_line(f"trained on   {data.get('n_texts', 0):,} texts of {data.get('source', '?')}, seed {manifest.seed}")
    print_line(f"temperature  {manifest.temperature:.3f}, folded in")
    if rule := manifest.abstain:
        print_line(f"abstains     below a score of {rule['threshold']:.3f}")
    print_line(f"size         {size / 1e6:.1f} MB in {len(manifest.files)} files")
    print_table(
        [{"split": one["split"], "metric": one["metric"], "value": f"{one['value']:.4f}",
          "95 % interval": "{:.3f}–{:.3f}".format(*one["interval"]), "texts": f"{one['n_texts']:,}"}
         for one in manifest.scores],
        right=("value", "texts"),
    )  # fmt: skip


def verify_command(
    model: ModelFolder,
    flags: DataFlags,
    common: Common,
    data: Annotated[str | None, typer.Argument(metavar="DATA", help="Score it again on these texts.")] = None,
) -> None:
    """Check a model's files and, with DATA, its recorded scores.

    Exit code 3: a file was changed, or a score is not what the model says of itself.

    \b
    Examples:
      assay verify runs/sample/model
      assay verify runs/sample/model sample
    """
    from assay.recipes.evaluate import verify_model

    splits = None if data is None else flags.options().load(data)
    found = verify_model(model, splits, progress=common.progress())
    if common.json:
        print_json(found.to_dict())
        return
    print_line(f"{found.n_files} files are what assay.json says")
    print_table(
        [{"split": one["split"], "metric": one["metric"],
          "recorded": f"{one['value']:.4f}", "found": f"{one['found']:.4f}"} for one in found.claims],
        right=("recorded", "found"),
    )  # fmt: skip


def cache_command(
    common: Common,
    action: Annotated[str, typer.Argument(metavar="clear", help="clear: delete them.")] = "show",
) -> None:
    """Say where cached features are and how large, or delete them.

    \b
    Examples:
      assay cache
      assay cache clear
    """
    from assay.errors import InputError
    from assay.features.cache import clear_cache, measure_cache

    if action not in ("show", "clear"):
        raise InputError(f"'assay cache {action}' is not known; 'assay cache' and 'assay cache clear' are")
    freed = clear_cache() if action == "clear" else 0
    folder, n_arrays, n_bytes = measure_cache()
    if common.json:
        print_json({"folder": str(folder), "n_arrays": n_arrays, "n_bytes": n_bytes, "freed_bytes": freed})
    elif action == "clear":
        print_line(f"{freed / 1e6:.1f} MB freed in {folder}")
    else:
        print_line(f"{n_arrays} arrays, {n_bytes / 1e6:.1f} MB in {folder}")
