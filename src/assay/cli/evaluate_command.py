"""`assay evaluate`: scores of a model on labelled texts, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay._display import percent
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
from assay.cli.outputs import hold_output
from assay.cli.scores import (
    SCORE_COLUMNS,
    print_rule_effect,
    print_several,
    rating_sentence,
    score_rows,
    show_interval,
)
from assay.cli.show import cell_width, print_json, print_line, print_sentence, print_table
from assay.errors import cut

if TYPE_CHECKING:
    from assay.data.texts import Splits
    from assay.evaluation.mistakes import Mistake
    from assay.evaluation.several_slices import SeveralSlice
    from assay.evaluation.slices import SliceScores
    from assay.progress import Progress
    from assay.recipes.evaluate import Evaluation
    from assay.recipes.evaluate_several import SeveralEvaluation
    from assay.recipes.steps.prepare import DataOptions

__all__ = ["register"]

MAX_MATRIX_CLASSES = 8  # a wider confusion matrix does not fit 80 columns; --json has it
# Width of all labels together that fit beside the first column; else columns are numbered.
MAX_NAMED_COLUMNS = 48
VALUE = "value"  # of a column
RIGHT_OF_SLICES = ("texts", "right", "unseen", "unseen right")

ByColumn = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="A column of DATA: scores for each of its values; many numbers or days in ranges.",
    ),
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

    Metrics with intervals, confusion matrix, the surest answers and the most confident mistakes.

    \b
    Examples:
      assay evaluate runs/sample/model sample --split validation
      assay evaluate runs/sample/model tickets.csv --by Priority
      assay evaluate runs/sample/model reviews.csv --out judged.csv
      assay evaluate someone/their-classifier tweets/ --label-map labels.json
    """
    from assay.evaluation.text_table import check_table, with_column, write_table
    from assay.output_place import check_apart
    from assay.recipes.evaluate import evaluate_model
    from assay.recipes.evaluate_several import SeveralEvaluation
    from assay.recipes.steps.by_column import check_column

    if out is not None:
        check_table(out, overwrite=overwrite)
        check_apart(label_map, out, what="the map of labels")
    with hold_output(out, overwrite=overwrite, apart=data):
        loaded = _load(data, flags.options().as_trained(model, data), common.progress())
        if by is not None:
            check_column(loaded, split or "test", by)
        found = evaluate_model(
            model,
            loaded,
            split=split,
            label_map=label_map,
            seed=common.seed,
            long_texts=long_texts,
            progress=common.progress(),
        )
        values = _read_values(found, loaded, by)
        found = _score_values(found, by, values, seed=common.seed)
        if out is not None:
            write_table(with_column(found.table_rows(out), by, values), out, overwrite=overwrite)
    if common.json:
        print_json(found.to_dict())
        return
    if isinstance(found, SeveralEvaluation):
        _show_several(found)
    else:
        _show(found, flags.id_column, unit=loaded.unit)
    if out is not None:
        print_line(f"{found.scores.n_texts:,} texts with their scores are written to {out}")


def _read_values(
    found: Evaluation | SeveralEvaluation, loaded: Splits, column: str | None
) -> list[str]:
    """Return what a column of the data says of each text; nothing where none was asked for."""
    from assay.recipes.steps.by_column import read_column

    if column is None:
        return []
    return read_column(loaded, found.split, found.scored.labelled.lines, column)


def _load(data: str, options: DataOptions, progress: Progress) -> Splits:
    """Read the data, and say how many rows were left out."""
    from assay.recipes.steps.run_facts import describe_dropped

    loaded = options.load(data)
    if left_out := describe_dropped(loaded):
        progress.say(left_out)
    return loaded


def _score_values(
    found: Evaluation | SeveralEvaluation, column: str | None, values: list[str], *, seed: int
) -> Evaluation | SeveralEvaluation:
    """Add the scores for each value of a column of the data, if one was asked for."""
    from assay.recipes.evaluate_several import SeveralEvaluation
    from assay.recipes.steps.by_column import score_several_values, score_values

    if column is None:
        return found
    if isinstance(found, SeveralEvaluation):
        several = found.scored
        own = score_several_values(
            column, values, several.truth, several.predicted, seed=seed, seen=several.seen
        )
        return replace(found, by=own)
    scored = found.scored
    return replace(found, by=score_values(column, values, scored.correct, seen=scored.seen))


def _show_several(found: SeveralEvaluation) -> None:
    """Print the scores of a model of several labels per text."""
    if sentence := _several_leaks(found):
        print_sentence(sentence)
    if sentence := _unseen_sentence(found):
        print_sentence(sentence)
    print_several(found.split, found.scored.to_dict())
    _print_several_slices(found.by)


def _print_several_slices(slices: Sequence[SeveralSlice]) -> None:
    right = ("texts", "micro F1", "exact match", "unseen", "unseen F1")
    _print_values(slices, list(map(_several_slice_row, slices)), right=right)


def _print_values(
    slices: Sequence[SliceScores | SeveralSlice],
    rows: Sequence[dict[str, str]],
    *,
    right: Sequence[str],
) -> None:
    """Print the scores by the values of a column, which the title names."""
    if slices:
        title = f"By the values of '{cut(slices[0].kind)}'"
        print_table(rows, title=title, right=right, elastic=(VALUE,))


def _several_slice_row(one: SeveralSlice) -> dict[str, str]:
    """Return the scores of one value; the interval is that of unseen texts, if there are such."""
    row = {
        VALUE: one.name.strip(),
        "texts": f"{one.n_texts:,}",
        "micro F1": percent(one.f1_micro),
    }
    if one.unseen is None:
        row["95 % interval"] = _interval(one.f1_micro_interval)
        row["exact match"] = percent(one.exact_match)
        return row
    row["unseen"] = f"{one.unseen.n_texts:,}"
    row["unseen F1"] = _share(one.unseen.f1_micro)
    row["unseen, 95 %"] = _interval(one.unseen.f1_micro_interval)
    return row


def _interval(pair: tuple[float, float] | None) -> str:
    return "" if pair is None else show_interval(*pair)


def _several_leaks(found: SeveralEvaluation) -> str:
    """Say how many of the texts the model was trained on; empty if that is none."""
    scored = found.scored
    if not scored.n_leaked:
        return ""
    n_texts = len(scored.labelled)
    said = f"Note: the model was trained on {scored.n_leaked:,} of these {n_texts:,} texts"
    new = scored.without_leaks
    if new is None:
        return f"{said}: no text is left to measure anything but memory on."
    n_new = n_texts - scored.n_leaked
    return (
        f"{said}: on the other {n_new:,} micro F1 is {percent(new.f1_micro, 2)}, "
        f"macro F1 {percent(new.f1_macro, 2)} and exact match {percent(new.exact_match, 2)}."
    )


def _show(found: Evaluation, id_column: str | None, *, unit: str) -> None:
    """Print scores, classes, parts and mistakes as tables."""
    print_table(score_rows(found.split, found.scored.to_dict()), right=SCORE_COLUMNS)
    if sentence := rating_sentence(found.split, found.scored.to_dict()):
        print_sentence(sentence)
    for warning in found.warnings():
        print_sentence(f"Note: {warning}")
    if sentence := _unseen_sentence(found):
        print_sentence(sentence)
    _print_classes(found)
    if len(found.labels) <= MAX_MATRIX_CLASSES:
        _print_matrices(found)
    if found.rule_effect is not None:
        print_rule_effect(found.rule_effect.to_dict())
    _print_answered(found)
    _print_values(found.by, list(map(_value_row, found.by)), right=RIGHT_OF_SLICES)
    _print_slices(found.slices, title="Parts of the split with ten texts or more")
    _print_mistakes(found, id_column, unit)


def _unseen_sentence(found: Evaluation | SeveralEvaluation) -> str:
    """Say what the columns of unseen texts are; empty if there are none."""
    if found.scored.without_leaks is None:
        return ""
    n_unseen = found.scored.without_leaks.n_texts
    return (
        "Below, 'unseen' is about the "
        f"{n_unseen:,} texts that the model was not trained on; all else counts the others too."
    )


def _print_classes(found: Evaluation) -> None:
    rows = []
    new = found.scored.without_leaks
    for i, one in enumerate(found.scores.per_class):
        row = {
            "label": one.label,
            "texts": f"{one.n_texts:,}",
            "precision": percent(one.precision),
            "recall": percent(one.recall),
            "F1": percent(one.f1),
        }
        if new is not None:
            row["unseen"] = f"{new.per_class[i].n_texts:,}"
            row["unseen F1"] = percent(new.per_class[i].f1)
        rows.append(row)
    print_table(rows, right=tuple(rows[0])[1:], elastic=("label",))


def _print_matrices(found: Evaluation) -> None:
    """Print the confusion matrix, and that of the unseen texts if the model was trained on some."""
    new = found.scored.without_leaks
    title = "" if new is None else "All texts"
    _print_matrix(found.labels, found.scores.confusion_by_true, title=title)
    if new is not None:
        _print_matrix(found.labels, new.confusion_by_true, title="Unseen texts")


def _print_matrix(
    labels: Sequence[str], fractions: Sequence[Sequence[float]], *, title: str = ""
) -> None:
    """Print the confusion matrix as percentages of each true class.

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
        shown = [f"{value:.0%}" for value in values]
        table.append({first: name, **dict(zip(columns, shown, strict=True))})
    print_table(table, title=title, right=columns, elastic=(first,))


def _print_answered(found: Evaluation) -> None:
    """Print what is right if only the surest texts are answered."""
    rows = []
    for one in found.answered:
        row = {
            "to be right": "its rule" if one["is_rule"] else f"{one['target_accuracy']:.0%}",
            "from score": f"{one['threshold']:.3f}",
            "answered": percent(one["coverage"]),
            "right": _share(one["accuracy"]),
        }
        if "unseen" in one:
            row["unseen answered"] = _share(one["unseen"]["coverage"])
            row["unseen right"] = _share(one["unseen"]["accuracy"])
        rows.append(row)
    if rows:
        title = "Where only the surest texts are answered"
        print_table(rows, title=title, right=tuple(rows[0]))


def _share(fraction: float | None) -> str:
    return "" if fraction is None else percent(fraction)


def _print_slices(slices: Sequence[SliceScores], *, title: str) -> None:
    rows = list(map(_slice_row, slices))
    print_table(rows, title=title, right=RIGHT_OF_SLICES, elastic=("texts that are",))


def _slice_row(one: SliceScores) -> dict[str, str]:
    return {"part": one.kind, "texts that are": one.name.strip(), **_rates(one)}


def _value_row(one: SliceScores) -> dict[str, str]:
    return {VALUE: one.name.strip(), **_rates(one)}


def _rates(one: SliceScores) -> dict[str, str]:
    """Return the scores of one part; the interval is that of its unseen texts if there are such."""
    row = {"texts": f"{one.n_texts:,}", "right": percent(one.accuracy)}
    interval: tuple[float, float] | None = one.interval
    if one.unseen is not None:
        accuracy, interval = one.unseen.accuracy, one.unseen.interval
        row["unseen"] = f"{one.unseen.n_texts:,}"
        row["unseen right"] = _share(accuracy)
    title = "95 % interval" if one.unseen is None else "unseen, 95 %"
    row[title] = _interval(interval)
    return row


def _print_mistakes(found: Evaluation, id_column: str | None, unit: str) -> None:
    place = id_column or unit
    rows = [
        {
            place: id_of(one.columns, id_column, one.line),
            "label": one.label,
            "predicted": one.predicted_label,
            "score": f"{one.predicted_score:.2f}",
            **_trained_on(one, found),
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


def _trained_on(one: Mistake, found: Evaluation) -> dict[str, str]:
    """Return whether the model was trained on a text, where it was on some."""
    if not found.scored.n_leaked:
        return {}
    return {"unseen": "no" if one.is_trained_on else "yes"}
