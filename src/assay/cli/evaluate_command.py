"""`assay evaluate`: scores of a model on labelled texts, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.command import add_command
from assay.cli.options import (
    AnyModel,
    Common,
    Data,
    DataFlags,
    LabelMap,
    LongTextsInstead,
    Overwrite,
    id_of,
)
from assay.cli.scores import (
    SCORE_COLUMNS,
    print_rule_effect,
    print_several,
    rating_sentence,
    score_rows,
)
from assay.cli.show import cell_width, print_json, print_line, print_sentence, print_table
from assay.errors import InputError

if TYPE_CHECKING:
    from assay.evaluation.slices import SliceScores
    from assay.recipes.evaluate import Evaluation
    from assay.recipes.evaluate_several import SeveralEvaluation

__all__ = ["register"]

MAX_MATRIX_CLASSES = 8  # a wider confusion matrix does not fit 80 columns; --json has it
# Width of all labels together that fit beside the first column; else columns are numbered.
MAX_NAMED_COLUMNS = 48

ByColumn = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="A column of DATA: scores for each of its values."),
]
RowsOut = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        help="A file for every text with its label, the predicted one and all scores: "
        ".csv .tsv .jsonl .parquet .xlsx.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    add_command(app, "evaluate", panel="One model")(evaluate_command)


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
    by: ByColumn = None,
    out: RowsOut = None,
    overwrite: Overwrite = False,
) -> None:
    """Score a model on labelled texts.

    Metrics with 95 % intervals, confusion matrix, what is right of the surest answers, most
    confident mistakes.

    \b
    Examples:
      assay evaluate runs/sample/model sample --split validation
      assay evaluate runs/sample/model tickets.csv --by Priority
      assay evaluate runs/sample/model reviews.csv --out judged.csv
      assay evaluate someone/their-classifier tweets/ --label-map labels.json
    """
    from assay.evaluation.text_table import check_table, write_table
    from assay.output_place import check_apart
    from assay.recipes.evaluate import evaluate_model
    from assay.recipes.evaluate_several import SeveralEvaluation
    from assay.recipes.steps.by_column import read_column, score_values

    if out is not None:
        check_table(out, overwrite=overwrite)
        check_apart(data, out)
    options = flags.options().as_trained(model, data)
    loaded = options.load(data)
    found = evaluate_model(
        model,
        loaded,
        split=split,
        label_map=label_map,
        seed=common.seed,
        long_texts=long_texts,
        progress=common.progress(),
    )
    if isinstance(found, SeveralEvaluation):
        _show_several(found, by=by, out=out, overwrite=overwrite, as_json=common.json)
        return
    if by is not None:
        values = read_column(loaded, found.split, found.scored.labelled.lines, by)
        found = replace(found, by=score_values(by, values, found.scored.correct))
    if out is not None:
        write_table(found.rows(), out, overwrite=overwrite)
    if common.json:
        print_json(found.to_dict())
        return
    _show(found, flags.id_column)
    if out is not None:
        print_line(f"{found.scores.n_texts:,} texts with their scores are written to {out}")


def _show_several(
    found: SeveralEvaluation, *, by: str | None, out: Path | None, overwrite: bool, as_json: bool
) -> None:
    """Print the scores of a model of several labels per text; write every text if asked to.

    Raises
    ------
    InputError
        Scores by a column are asked for.
    """
    from assay.evaluation.text_table import write_table

    if by is not None:
        raise InputError("--by takes one label per text; the data have several")
    if out is not None:
        write_table(found.rows(), out, overwrite=overwrite)
    if as_json:
        print_json(found.to_dict())
    else:
        print_several(found.split, found.scored.to_dict())


def _show(found: Evaluation, id_column: str | None) -> None:
    """Print scores, classes, parts and mistakes as tables."""
    print_table(score_rows(found.split, found.scored.to_dict()), right=SCORE_COLUMNS)
    if sentence := rating_sentence(found.split, found.scored.to_dict()):
        print_sentence(sentence)
    for warning in found.warnings():
        print_sentence(f"Note: {warning}")
    _print_classes(found)
    if len(found.labels) <= MAX_MATRIX_CLASSES:
        _print_matrix(found.labels, found.scores.confusion_by_true)
    if found.rule_effect is not None:
        print_rule_effect(found.rule_effect.to_dict())
    _print_answered(found)
    _print_slices(found.by, title="By the values of a column")
    _print_slices(found.slices, title="Parts of the split")
    _print_mistakes(found, id_column)


def _print_classes(found: Evaluation) -> None:
    rows = [
        {
            "label": one.label,
            "texts": f"{one.n_texts:,}",
            "precision": f"{one.precision:.3f}",
            "recall": f"{one.recall:.3f}",
            "F1": f"{one.f1:.3f}",
        }
        for one in found.scores.per_class
    ]
    print_table(rows, right=("texts", "precision", "recall", "F1"), elastic=("label",))


def _print_matrix(labels: Sequence[str], fractions: Sequence[Sequence[float]]) -> None:
    """Print the confusion matrix as fractions of each true class.

    Where the labels are too long to head the columns, columns are numbered and the rows say which
    number is which label.
    """
    widths = list(map(cell_width, labels))
    is_named = sum(widths) + 3 * len(widths) + max(widths) <= MAX_NAMED_COLUMNS
    columns = rows = list(labels)
    if not is_named:
        columns = list(map(str, range(1, len(labels) + 1)))
        rows = [f"{i} {label}" for i, label in enumerate(labels, start=1)]
    first = "true \\ predicted"
    table = []
    for name, values in zip(rows, fractions, strict=True):
        shown = [f"{value:.2f}" for value in values]
        table.append({first: name, **dict(zip(columns, shown, strict=True))})
    print_table(table, right=columns, elastic=(first,))


def _print_answered(found: Evaluation) -> None:
    """Print what is right if only the surest texts are answered."""
    rows = [
        {
            "to be right": "its rule" if one["is_rule"] else f"{one['target_accuracy']:.0%}",
            "from score": f"{one['threshold']:.3f}",
            "answered": f"{one['coverage']:.1%}",
            "right": "" if one["accuracy"] is None else f"{one['accuracy']:.1%}",
        }
        for one in found.answered
    ]
    print_table(
        rows,
        title="Where only the surest texts are answered",
        right=("to be right", "from score", "answered", "right"),
    )


def _print_slices(slices: Sequence[SliceScores], *, title: str) -> None:
    rows = [
        {
            "part": one.kind,
            "texts that are": one.name.strip(),
            "texts": f"{one.n_texts:,}",
            "right": f"{one.accuracy:.3f}",
            "95 % interval": "{:.3f}–{:.3f}".format(*one.interval),
        }
        for one in slices
    ]
    print_table(rows, title=title, right=("texts", "right"), elastic=("texts that are",))


def _print_mistakes(found: Evaluation, id_column: str | None) -> None:
    place = id_column or "line"
    rows = [
        {
            place: id_of(one.columns, id_column, one.line),
            "label": one.label,
            "predicted": one.predicted_label,
            "score": f"{one.predicted_score:.2f}",
            "text": one.text,
        }
        for one in found.mistakes
    ]
    print_table(
        rows,
        title="Most confident mistakes",
        right=(place, "score"),
        elastic=("label", "predicted", "text"),
    )
