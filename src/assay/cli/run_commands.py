"""`assay run` and `report`: the whole job, and what can be made of a saved run."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay._display import percent
from assay.cli.command import add_command, resumable
from assay.cli.options import (
    Checkpoint,
    ChoiceFlags,
    ClassWeight,
    Common,
    CutFlags,
    Data,
    DataFlags,
    KeepTexts,
    LongTexts,
    Out,
    Overwrite,
    ReportLanguage,
    RuleFlags,
    split_names,
)
from assay.cli.rule_check import refuse_broken_rule
from assay.cli.scores import (
    EXACT_MATCH,
    name_metric,
    print_rule,
    rating_sentence,
    show_interval,
)
from assay.cli.show import print_json, print_line, print_sentence, print_table

if TYPE_CHECKING:
    from assay.evaluation.rule_effects import RuleOutcomeEntry

__all__ = ["register"]

PANEL = "The whole job"
MACRO_F1 = "macro-f1"  # the metric by which methods may be chosen, beside accuracy
ResumeRun = Annotated[
    bool, typer.Option("--resume", help="Continue an interrupted run where it stopped.")
]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A folder that assay run wrote.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    add_command(app, "run", panel=PANEL)(run_command)
    add_command(app, "report", panel=PANEL)(report_command)


def run_command(
    data: Data,
    out: Out,
    flags: DataFlags,
    cuts: CutFlags,
    choice: ChoiceFlags,
    rule: RuleFlags,
    common: Common,
    methods: Annotated[
        str | None,
        typer.Option(help="Methods, separated by commas.  [default: all five]", metavar="M,M"),
    ] = None,
    checkpoint: Checkpoint = "auto",
    budget: Annotated[
        str | None, typer.Option(help="Time for the whole run, such as 90s, 10m, 1h.")
    ] = None,
    long_texts: LongTexts = "truncate",
    class_weight: ClassWeight = "none",
    keep_texts: KeepTexts = False,
    report_language: ReportLanguage = "en",
    overwrite: Overwrite = False,
    resume: ResumeRun = False,
) -> None:
    """Do the whole job: train, compare, recommend, write it up.

    \b
    Examples:
      assay run sample --out runs/sample
      assay run tweets/ --out runs/tweets --methods linear,compact --budget 10m
      assay run reviews.csv --text-column review --label-column stars --out runs/r
    """
    from assay.methods import METHODS
    from assay.recipes.run import RunOptions, run_data
    from assay.recipes.steps.budget import parse_duration

    options = RunOptions(
        methods=tuple(METHODS if methods is None else split_names(methods)),
        checkpoint=checkpoint,
        long_texts=long_texts,
        class_weight=None if class_weight == "none" else class_weight,
        seed=common.seed,
        budget_s=None if budget is None else parse_duration(budget),
        keep_texts=keep_texts,
        **choice.to_dict(),
        **rule.to_dict(),
        data=flags.options(**cuts.to_dict()),
        command=shlex.join(["assay", *sys.argv[1:]]),
        report_language=report_language,
    )
    progress = common.progress()
    with resumable(out, progress, what="finished methods are kept"):
        results = run_data(
            data, out, options=options, overwrite=overwrite, resume=resume, progress=progress
        )
    if common.json:
        print_json(results)
    else:
        _show_run(results, out)
    refuse_broken_rule(_rule_of(results), as_json=common.json)


def _rule_of(results: dict[str, Any]) -> RuleOutcomeEntry | None:
    """Return what was chosen for the recommended method; None if nothing was asked for."""
    own = next(one for one in results["methods"] if one["method"] == results["recommended"])
    found: RuleOutcomeEntry | None = own.get("label_rule")
    return found


def _show_run(results: dict[str, Any], out: Path) -> None:
    """Print the leaderboard, the recommendation and what to do next."""
    if results.get("task") == "multi":
        _show_several(results, out)
        return
    rows = [_leaderboard_row(row, results) for row in results["methods"]]
    print_table(rows, right=("evidence", "test", "accuracy", "F1", "fit s", "MB"))
    print_sentence(_name_scores(results["choice"]["metric"]))
    for row in results["methods"]:
        if row["method"] == results["recommended"]:
            _print_ratings(row)
    outcome = _rule_of(results)
    if outcome is not None:
        print_rule(outcome)
    for warning in results["warnings"]:
        print_sentence(f"Note:        {warning}")
    print_sentence(f"Recommended: {results['why']}")
    print_sentence(_how_sure(results))
    for remark in results["choice"]["remarks"]:
        print_sentence(f"Note:        {remark}")
    if results["more_texts"] is not None:
        print_sentence(f"More texts:  {results['more_texts']['said']}")
    print_line(f"Look at:     {out / 'report.html'}")
    print_line(f"Predict:     assay predict {shlex.quote(str(out / 'model'))} FILE")


def _name_scores(metric: str) -> str:
    """Say which scores are in the leaderboard."""
    said = f"Scores:      evidence and test are {name_metric(metric)}, by which methods are chosen"
    if metric == MACRO_F1:
        return f"{said}; accuracy is that of test."
    return f"{said}; F1 is the weighted one of test."


def _how_sure(results: dict[str, Any]) -> str:
    """Say how many test texts the recommended model labels right, and how sure that is."""
    own = next(one for one in results["methods"] if one["method"] == results["recommended"])
    test = own["test"]
    interval = show_interval(*test["intervals"]["accuracy"])
    share = percent(test["accuracy"])
    said = f"On test:     {share} of {test['n_texts']:,} texts are labelled right"
    said = f"{said} (95 % interval {interval})"
    if results["choice"]["metric"] == MACRO_F1:
        interval = show_interval(*test["intervals"]["f1_macro"])
        said += f"; macro F1 is {percent(test['f1_macro'])} ({interval})"
    return f"{said}."


def _show_several(results: dict[str, Any], out: Path) -> None:
    """Print the leaderboard of a run whose texts may have several labels."""
    from assay.evaluation.several_choice import METRIC_NAMES
    from assay.evaluation.several_scores import SEVERAL_METRICS

    metric = results["choice"]["metric"]
    rows = []
    for one in results["methods"]:
        low, high = one["test"]["intervals"]["f1_macro"]
        row = {
            "": "→" if one["method"] == results["recommended"] else "",
            "method": one["method"],
            "evidence": percent(one["evidence"][SEVERAL_METRICS[metric]]),
            "macro F1": percent(one["test"]["f1_macro"]),
            "95 % interval": show_interval(low, high),
            "micro F1": percent(one["test"]["f1_micro"]),
            "fit s": f"{results['timings'][one['method']]['fit_s']:.1f}",
            "MB": f"{one['model_bytes'] / 1e6:.1f}",
        }
        rows.append(row)
    print_table(rows, right=("evidence", "macro F1", "micro F1", "fit s", "MB"))
    print_line(
        f"Scores:      the evidence is {METRIC_NAMES[metric]}, by which methods are chosen; "
        "macro and micro F1 are those of test."
    )
    outcome = _rule_of(results)
    if outcome is not None:
        print_rule(outcome, measure=EXACT_MATCH)
    recommended = next(one for one in results["methods"] if one["method"] == results["recommended"])
    if recommended["min_labels"]:
        print_sentence(
            "Note:        every text of the evidence has a label, so each text gets its best label "
            "at least"
        )
    for one in results["skipped"]:
        print_sentence(f"Left out:    {one['method']}: {one['reason']}")
    for warning in results["warnings"]:
        print_sentence(f"Note:        {warning}")
    print_sentence(f"Recommended: {results['why']}")
    print_line(f"Look at:     {out / 'report.html'}")
    print_line(f"Predict:     assay predict {shlex.quote(str(out / 'model'))} FILE")


def _print_ratings(row: dict[str, Any]) -> None:
    """Print how far off the predictions of a method are, if the labels are ratings."""
    if sentence := rating_sentence("test", row["test"]):
        print_sentence(f"{row['method']}, {sentence}")


def _leaderboard_row(row: dict[str, Any], results: dict[str, Any]) -> dict[str, str]:
    test = row["test"]
    is_macro = results["choice"]["metric"] == MACRO_F1
    key = "f1_macro" if is_macro else "accuracy"
    shown = {
        "": "→" if row["method"] == results["recommended"] else "",
        "method": row["method"],
        "evidence": percent(row["evidence"][key]),
        "test": percent(test[key]),
        "95 % interval": show_interval(*test["intervals"][key]),
    }
    if is_macro:
        shown["accuracy"] = percent(test["accuracy"])
    else:
        shown["F1"] = percent(test["f1_weighted"])
    shown["fit s"] = f"{results['timings'][row['method']]['fit_s']:.1f}"
    shown["MB"] = f"{row['model_bytes'] / 1e6:.1f}"
    return shown


def report_command(
    run: RunFolder,
    out: Out,
    common: Common,
    format: Annotated[
        str | None, typer.Option(metavar="md|html|ipynb", help="[default: by the ending of --out]")
    ] = None,
    report_language: ReportLanguage = "en",
    language: Annotated[str | None, typer.Option(hidden=True)] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write the report of a run again: Markdown, HTML or a notebook.

    The notebook takes the steps of the run one by one, to run and to change.

    \b
    Examples:
      assay report runs/sample --out report.md
      assay report runs/sample --out report.html --report-language ko
      assay report runs/sample --format ipynb --out sample.ipynb
    """
    from assay.recipes.report import write_report_file

    found = write_report_file(
        run, out, format=format, language=language or report_language, overwrite=overwrite
    )
    if common.json:
        print_json(found.to_dict())
        return
    beside = f", with {len(found.pictures)} pictures beside it" if found.pictures else ""
    print_line(f"written to {found.out}{beside}")
