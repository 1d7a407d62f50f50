"""Commands about one model: train, evaluate, info, verify, with predict between them; and the cache of features."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.cli import predict_command
from assay.cli.common import (
    AnyModel,
    Checkpoint,
    ClassWeight,
    Common,
    Corrections,
    Data,
    DataFlags,
    KeepTexts,
    LabelMap,
    LongTexts,
    LongTextsInstead,
    Out,
    Overwrite,
    add_command,
    first_speaks,
)
from assay.cli.show import cell_width, print_json, print_line, print_sentence, print_table
from assay.errors import InputError
from assay.methods import METHODS, join_names, methods_where

__all__ = ["register"]

PANEL = "One model"
IN_EPOCHS = join_names(methods_where(lambda method: method.trains_in_epochs))
KEPT = join_names(methods_where(lambda method: method.keeps_states))
ModelFolder = Annotated[Path, typer.Argument(metavar="MODEL", help="A model folder.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    add_command(app, "train", panel=PANEL)(train_command)
    add_command(app, "evaluate", panel=PANEL)(evaluate_command)
    predict_command.register(app)
    add_command(app, "info", panel=PANEL)(info_command)
    add_command(app, "verify", panel=PANEL)(verify_command)
    add_command(app, "cache", panel="Housekeeping")(cache_command)


def train_command(
    data: Data,
    out: Out,
    method: Annotated[str, typer.Option(help=f"{join_names(METHODS, 'or')}.", metavar="M")],
    flags: DataFlags,
    common: Common,
    checkpoint: Checkpoint = "minilm",
    epochs: Annotated[
        int | None, typer.Option(help=f"Of {IN_EPOCHS}.  [default: by the data]", min=1)
    ] = None,
    long_texts: LongTexts = "truncate",
    class_weight: ClassWeight = "none",
    max_rows: Annotated[
        int | None, typer.Option(help="Rows a split, at most; a stratified sample.", min=2)
    ] = None,
    validation_fraction: Annotated[
        float, typer.Option(help="Of train, where there is no validation split.")
    ] = 0.1,
    test_fraction: Annotated[
        float, typer.Option(help="Of train, where there is no test split.")
    ] = 0.1,
    corrections: Corrections = None,
    target_accuracy: Annotated[
        float | None,
        typer.Option(
            metavar="A", help="The model abstains so that its answers are right this often."
        ),
    ] = None,
    keep_texts: KeepTexts = False,
    overwrite: Overwrite = False,
    resume: Annotated[
        bool, typer.Option("--resume", help=f"Go on with a training of {KEPT} that stopped.")
    ] = False,
    save_every: Annotated[
        str,
        typer.Option(
            metavar="TIME", help=f"Between two states of {KEPT} that --resume can go on from."
        ),
    ] = "60s",
) -> None:
    """Train one method and save it as a model folder.

    The folder predicts without torch.

    \b
    Examples:
      assay train sample --method compact --out models/compact
      torchrun --nproc_per_node 2 -m assay train sample --method finetune --out m
    """
    from assay.models import select_parameters
    from assay.recipes.steps.budget import parse_duration
    from assay.recipes.train import train_model

    options = flags.options(
        validation_fraction=validation_fraction,
        test_fraction=test_fraction,
        max_rows=max_rows,
        corrections=corrections,
    )
    parameters: dict[str, Any] = {
        "checkpoint": checkpoint,
        "long_texts": long_texts,
        "class_weight": None if class_weight == "none" else class_weight,
    }
    parameters = select_parameters(method, parameters)
    if epochs is not None:  # refused where the method has no epochs
        parameters["n_epochs"] = epochs
    every_s = 0.0 if save_every == "0s" else parse_duration(save_every)
    progress = common.progress()
    with first_speaks():
        try:
            result = train_model(
                data,
                out,
                method=method,
                seed=common.seed,
                options=options,
                parameters=parameters,
                target_accuracy=target_accuracy,
                keep_texts=keep_texts,
                overwrite=overwrite,
                resume=resume,
                save_every_s=every_s,
                progress=progress,
            )
        except (KeyboardInterrupt, Exception) as err:
            if not isinstance(err, InputError) and (partial := Path(f"{out}.partial")).is_dir():
                progress.say(
                    f"the state of the training is kept in {partial}: add --resume to go on"
                )
            raise
    if not result:  # not the first of several processes
        return
    if common.json:
        print_json(result)
        return
    print_line(
        f"{method}: fitted in {result['fit_s']:.1f} s, {result['model_bytes'] / 1e6:.1f} MB, written to {out}"
    )
    print_table(
        [row for split in ("validation", "test") for row in _score_rows(split, result[split])],
        right=SCORE_COLUMNS,
    )
    if rule := result.get("abstain"):
        print_line(
            f"abstains below a score of {rule['threshold']:.3f}: answers {rule['coverage']:.1%} of {rule['split']}, "
            f"{rule['accuracy']:.1%} of them right"
        )


SCORE_COLUMNS = ("texts", "accuracy", "F1 weighted", "F1 macro")


def _score_rows(split: str, scores: dict[str, Any]) -> list[dict[str, str]]:
    """Return a row, and one for the texts that do not stand in train too, where some do."""
    rows = [_score_row(split, scores)]
    if (others := scores.get("without_leaks")) and others["n_texts"]:
        rows.append(_score_row(f"{split}, not in train", others))
    return rows


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
    model: AnyModel,
    data: Data,
    flags: DataFlags,
    common: Common,
    split: Annotated[
        str | None, typer.Option(help="Which split.  [default: test, or the only one]")
    ] = None,
    label_map: LabelMap = None,
    long_texts: LongTextsInstead = None,
) -> None:
    """Score a model on labelled texts.

    Metrics with 95 % intervals, confusion matrix, what is right of the surest answers, most
    confident mistakes.

    \b
    Examples:
      assay evaluate runs/sample/model sample --split validation
      assay evaluate someone/their-classifier tweets/ --label-map labels.json
    """
    from assay.recipes.evaluate import evaluate_model

    found = evaluate_model(
        model,
        flags.options().load(data),
        split=split,
        label_map=label_map,
        seed=common.seed,
        long_texts=long_texts,
        progress=common.progress(),
    )
    if common.json:
        print_json(found.to_dict())
        return
    scores = found.scores
    print_table(_score_rows(found.split, found.scored.to_dict()), right=SCORE_COLUMNS)
    for warning in found.warnings():
        print_sentence(f"Note: {warning}")
    print_table(
        [
            {
                "label": one.label,
                "texts": f"{one.n_texts:,}",
                "precision": f"{one.precision:.3f}",
                "recall": f"{one.recall:.3f}",
                "F1": f"{one.f1:.3f}",
            }
            for one in scores.per_class
        ],
        right=("texts", "precision", "recall", "F1"),
        elastic=("label",),
    )
    if len(found.labels) <= MAX_MATRIX_CLASSES:
        _print_matrix(found.labels, scores.confusion_by_true)
    print_table(
        [
            {
                "to be right": "its rule" if one["is_rule"] else f"{one['target_accuracy']:.0%}",
                "from score": f"{one['threshold']:.3f}",
                "answered": f"{one['coverage']:.1%}",
                "right": "" if one["accuracy"] is None else f"{one['accuracy']:.1%}",
            }
            for one in found.answered
        ],
        title="Where only the surest texts are answered",
        right=("to be right", "from score", "answered", "right"),
    )
    print_table(
        [
            {
                "part": one.kind,
                "texts that are": one.name.strip(),
                "texts": f"{one.n_texts:,}",
                "right": f"{one.accuracy:.3f}",
                "95 % interval": f"{one.interval[0]:.3f}–{one.interval[1]:.3f}",
            }
            for one in found.slices
        ],
        title="Parts of the split",
        right=("texts", "right"),
        elastic=("texts that are",),
    )
    print_table(
        [
            {
                "line": one.line,
                "label": one.label,
                "predicted": one.predicted_label,
                "score": f"{one.predicted_score:.2f}",
                "text": one.text,
            }
            for one in found.mistakes
        ],
        title="Most confident mistakes",
        right=("line", "score"),
        elastic=("label", "predicted", "text"),
    )


MAX_MATRIX_CLASSES = 8  # a wider confusion matrix does not fit 80 columns; --json has it
MAX_NAMED_COLUMNS = (
    48  # letters of all labels together that fit beside the first column; else columns are numbered
)


def _print_matrix(labels: Sequence[str], fractions: Sequence[Sequence[float]]) -> None:
    """Print the confusion matrix as fractions of each true class; long names head their rows only."""
    is_named = (
        sum(cell_width(label) + 3 for label in labels) + max(map(cell_width, labels))
        <= MAX_NAMED_COLUMNS
    )
    columns = list(labels) if is_named else [str(i) for i in range(1, len(labels) + 1)]
    rows = list(labels) if is_named else [f"{i} {label}" for i, label in enumerate(labels, start=1)]
    first = "true \\ predicted"
    print_table(
        [
            {
                first: name,
                **{column: f"{value:.2f}" for column, value in zip(columns, row, strict=True)},
            }
            for name, row in zip(rows, fractions, strict=True)
        ],
        right=columns,
        elastic=(first,),
    )


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
    data, checkpoint = manifest.training_data, manifest.checkpoint
    size = manifest.n_bytes
    print_line(
        f"method       {manifest.method}" + (f" ({checkpoint['name']})" if checkpoint else "")
    )
    print_line(f"labels       {', '.join(manifest.labels)}")
    print_line(
        f"trained on   {data.get('n_texts', 0):,} texts of {data.get('source', '?')}, seed {manifest.seed}"
    )
    print_line(f"temperature  {manifest.temperature:.3f}, folded in")
    if rule := manifest.abstain:
        print_line(f"abstains     below a score of {rule['threshold']:.3f}")
    if kept := manifest.kept_texts:
        print_line(
            f"texts        keeps {kept['n_texts']:,} of its {kept['n_train']:,} training texts; push leaves them out"
        )
    else:
        print_line("texts        keeps none of its training texts")
    print_line(f"size         {size / 1e6:.1f} MB in {len(manifest.files)} files")
    print_table(
        [
            {
                "split": one["split"],
                "metric": one["metric"],
                "value": f"{one['value']:.4f}",
                "95 % interval": "{:.3f}–{:.3f}".format(*one["interval"]),
                "texts": f"{one['n_texts']:,}",
            }
            for one in manifest.scores
        ],
        right=("value", "texts"),
    )


def verify_command(
    model: ModelFolder,
    flags: DataFlags,
    common: Common,
    data: Annotated[
        str | None, typer.Argument(metavar="DATA", help="Score it again on these texts.")
    ] = None,
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
        [
            {
                "split": one["split"],
                "metric": one["metric"],
                "recorded": f"{one['value']:.4f}",
                "found": f"{one['found']:.4f}",
            }
            for one in found.claims
        ],
        right=("recorded", "found"),
    )


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
    from assay.checkpoints.cache import clear_cache, measure_cache
    from assay.errors import InputError

    if action not in ("show", "clear"):
        raise InputError(
            f"'assay cache {action}' is not known; 'assay cache' and 'assay cache clear' are"
        )
    freed = clear_cache() if action == "clear" else 0
    folder, n_arrays, n_bytes = measure_cache()
    if common.json:
        print_json(
            {"folder": str(folder), "n_arrays": n_arrays, "n_bytes": n_bytes, "freed_bytes": freed}
        )
    elif action == "clear":
        print_line(f"{freed / 1e6:.1f} MB freed in {folder}")
    else:
        print_line(f"{n_arrays} arrays, {n_bytes / 1e6:.1f} MB in {folder}")
