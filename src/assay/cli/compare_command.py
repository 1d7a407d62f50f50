"""`assay compare`: the methods of a run, or two models on the same texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay._display import percent, points_between
from assay.cli.command import add_command
from assay.cli.model_names import tell_apart
from assay.cli.options import Common, DataFlags
from assay.cli.scores import name_metric, show_interval, title_metric
from assay.cli.show import print_json, print_line, print_sentence, print_table
from assay.errors import InputError, plural

if TYPE_CHECKING:
    from assay.evaluation.compare import Comparison
    from assay.recipes.compare import RunComparison
    from assay.recipes.compare_several import SeveralRunComparison
    from assay.recipes.compare_several_models import SeveralModelComparison
    from assay.recipes.model_comparison import ModelComparison

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    add_command(app, "compare", panel="The whole job")(compare_command)


def compare_command(
    run: Annotated[
        str, typer.Argument(metavar="RUN|MODEL", help="A folder that assay run wrote, or a model.")
    ],
    flags: DataFlags,
    common: Common,
    other: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="Another model.", show_default=False)
    ] = None,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA", help="Labelled texts for the two models.", show_default=False
        ),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Which split of DATA.  [default: test, or the only one]")
    ] = None,
) -> None:
    """Compare the methods of a run, or two models on DATA.

    \b
    Examples:
      assay compare runs/sample
      assay compare models/old models/new reviews.csv
    """
    if other is None:
        _compare_run(Path(run), common)
        return
    if data is None:
        raise InputError(
            "compare got two arguments; one run, or two models and DATA are accepted",
            hint=f"assay compare {run} {other} DATA",
        )
    from assay.recipes.model_comparison import ModelComparison, compare_models

    splits = flags.options().as_trained(run, data).load(data)
    found = compare_models(
        run, other, splits, split=split, seed=common.seed, progress=common.progress()
    )
    if common.json:
        print_json(found.to_dict())
        return
    if isinstance(found, ModelComparison):
        _show_models(found)
    else:
        _show_several_models(found)
    for warning in found.warnings():
        print_sentence(f"Note: {warning}")


def _show_models(found: ModelComparison) -> None:
    rows = []
    names = tell_apart(*found.names)
    for name, one, n_only in zip(names, found.evaluations, found.n_only_right, strict=True):
        low, high = one.scores.intervals["accuracy"]
        rows.append(
            {
                "model": name,
                "method": one.method,
                "accuracy": percent(one.scores.accuracy),
                "95 % interval": show_interval(low, high),
                "macro F1": percent(one.scores.f1_macro),
                "only it right": f"{n_only:,}",
            }
        )
    print_table(rows, right=("accuracy", "macro F1", "only it right"), elastic=("model",))
    print_sentence(found.why)
    p_value = _show_p(found.p_value)
    print_sentence(
        f"Exact McNemar test of the texts that only one of them labels right: p {p_value}."
    )


def _show_several_models(found: SeveralModelComparison) -> None:
    """Print the scores of two models that give any number of labels per text."""
    plain = found.to_dict()
    rows = []
    names = tell_apart(*(one["model"] for one in plain["models"]))
    for name, one in zip(names, plain["models"], strict=True):
        row = {
            "model": name,
            "method": one["method"],
            "macro F1": percent(one["f1_macro"]),
            "micro F1": percent(one["f1_micro"]),
            "exact match": percent(one["exact_match"]),
            "only it right": f"{one['n_only_right']:,}",
        }
        rows.append(row)
    print_table(rows, right=tuple(rows[0])[2:], elastic=("model",))
    differences = []
    for change, own in zip(plain["differences"], found.differences, strict=True):
        low, high = change["interval"]
        row = {
            "second minus first": title_metric(change["metric"]),
            "difference": f"{points_between(*own.scores)} points",
            "95 % interval": f"{100 * low:+.1f} to {100 * high:+.1f}",
        }
        differences.append(row)
    print_table(differences, right=("difference",))
    print_sentence(found.why)
    print_sentence(
        "Exact McNemar test of the texts that only one of them gives exactly their labels: "
        f"p {_show_p(found.p_value)}."
    )


def _show_p(p_value: float) -> str:
    return "below 0.001" if p_value < 0.001 else f"{p_value:.2g}"


def _compare_run(run: Path, common: Common) -> None:
    from assay.recipes.compare import RunComparison, compare_run

    found = compare_run(run)
    if common.json:
        print_json(found.to_dict())
        return
    if not isinstance(found, RunComparison):
        _show_several(found)
        return
    rows = [_comparison_row(one, found) for one in found.choice.comparisons]
    print_table(rows, right=("evidence", "won", "lost", "p", "test", "p test"))
    print_sentence(f"Recommended: {found.choice.why}")
    without_leaks = _without_leaks(found)
    if without_leaks:
        print_sentence(without_leaks)
    metric = name_metric(found.choice.metric)
    print_line(f"evidence, test: {metric}, by which methods are chosen; test decides nothing.")
    print_line("won, lost: texts that only this method, or only the best, labels right.")
    print_line("p: exact McNemar test of these two counts, Holm-corrected.")


def _show_several(found: SeveralRunComparison) -> None:
    """Print how methods compare where texts may have several labels."""
    from assay.evaluation.several_choice import METRIC_NAMES

    rows = []
    scores = {one.method: one.score for one in found.choice.comparisons}
    for one in found.choice.comparisons:
        row = {
            "": "→" if one.method == found.choice.recommended else "",
            "method": one.method,
            "evidence": percent(one.score),
            "to the best": "best",
            "95 % interval": "",
            "test": "",
        }
        if one.method != one.best:
            low, high = one.interval
            row["to the best"] = f"{points_between(scores[one.best], one.score)} points"
            row["95 % interval"] = f"{100 * low:+.1f} to {100 * high:+.1f}"
        if one.method in found.test:
            row["test"] = percent(found.test[one.method].score)
        rows.append(row)
    print_table(rows, right=("evidence", "to the best", "test"))
    print_sentence(f"Recommended: {found.choice.why}")
    metric = METRIC_NAMES[found.choice.metric]
    print_line(f"Scores are {metric}, intervals those of a paired bootstrap.")
    print_line("Test decides nothing.")


def _comparison_row(one: Comparison, found: RunComparison) -> dict[str, str]:
    test = found.test.get(one.method)
    return {
        "": "→" if one.method == found.choice.recommended else "",
        "method": one.method,
        "evidence": percent(found.evidence_scores[one.method]),
        "won": "" if one.is_best else f"{one.n_only_method_right:,}",
        "lost": "" if one.is_best else f"{one.n_only_best_right:,}",
        "p": _p_value(one),
        "worse?": "yes" if one.significantly_worse else "no",
        "test": "" if test is None else percent(found.test_scores[one.method]),
        "p test": "" if test is None else _p_value(test),
    }


def _p_value(one: Comparison) -> str:
    if one.is_best:
        return "best"
    return "< 0.001" if one.p_adjusted < 0.001 else f"{one.p_adjusted:.2g}"


def _without_leaks(found: RunComparison) -> str:
    """Say each method's test accuracy without the texts that are training texts too.

    Empty if there are no such texts, or no others.
    """
    listed = [
        f"{one.method} {percent(one.accuracy_without_leaks)}"
        for one in found.methods
        if one.accuracy_without_leaks is not None
    ]
    if not listed:
        return ""
    n_leaked = max(one.n_leaked for one in found.methods)
    verb = "is a training text" if n_leaked == 1 else "are training texts"
    texts = f"the {plural(n_leaked, 'text')} that {verb} too"
    return f"test without {texts}: {', '.join(listed)}"
