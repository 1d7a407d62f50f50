"""`assay run`: the whole job."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.cli.common import (
    Checkpoint,
    ClassWeight,
    Common,
    Corrections,
    Data,
    DataFlags,
    KeepTexts,
    LongTexts,
    Out,
    Overwrite,
    add_command,
    first_speaks,
)
from assay.cli.show import print_json, print_line, print_sentence, print_table
from assay.errors import InputError

__all__ = ["register"]

PANEL = "The whole job"


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    add_command(app, "run", panel=PANEL)(run_command)
    add_command(app, "compare", panel=PANEL)(compare_command)
    add_command(app, "report", panel=PANEL)(report_command)


def run_command(
    data: Data,
    out: Out,
    flags: DataFlags,
    common: Common,
    methods: Annotated[
        str | None,
        typer.Option(help="Methods, separated by commas.  [default: all five]", metavar="M,M"),
    ] = None,
    checkpoint: Checkpoint = "minilm",
    budget: Annotated[
        str | None, typer.Option(help="Time for the whole run, such as 90s, 10m, 1h.")
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
    keep_texts: KeepTexts = False,
    overwrite: Overwrite = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an interrupted run stopped.")
    ] = False,
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
        methods=tuple(METHODS)
        if methods is None
        else tuple(name.strip() for name in methods.split(",")),
        checkpoint=checkpoint,
        long_texts=long_texts,
        class_weight=None if class_weight == "none" else class_weight,
        seed=common.seed,
        budget_s=None if budget is None else parse_duration(budget),
        keep_texts=keep_texts,
        data=flags.options(
            validation_fraction=validation_fraction,
            test_fraction=test_fraction,
            max_rows=max_rows,
            corrections=corrections,
        ),
        command=shlex.join(["assay", *sys.argv[1:]]),
    )
    progress = common.progress()
    with first_speaks():
        try:
            results = run_data(
                data, out, options=options, overwrite=overwrite, resume=resume, progress=progress
            )
        except (KeyboardInterrupt, Exception) as err:
            if not isinstance(err, InputError) and (partial := Path(f"{out}.partial")).is_dir():
                progress.say(f"finished methods are kept in {partial}: add --resume to go on")
            raise
    if common.json:
        print_json(results)
        return
    _show_leaderboard(results)
    print_sentence(f"Recommended: {results['why']}")
    for warning in results["warnings"]:
        print_sentence(f"Note:        {warning}")
    print_line(f"Look at:     {out / 'report.html'}")
    print_line(f"Predict:     assay predict {shlex.quote(str(out / 'model'))} FILE")


def _show_leaderboard(results: dict[str, Any]) -> None:
    timings = results["timings"]
    rows = []
    for row in results["methods"]:
        test, timing = row["test"], timings[row["method"]]
        low, high = test["intervals"]["accuracy"]
        rows.append(
            {
                "": "→" if row["method"] == results["recommended"] else "",
                "method": row["method"],
                "validation": f"{row['validation']['accuracy']:.3f}",
                "test": f"{test['accuracy']:.3f}",
                "95 % interval": f"{low:.3f}–{high:.3f}",
                "F1": f"{test['f1_weighted']:.3f}",
                "fit s": f"{timing['fit_s']:.1f}",
                "MB": f"{row['model_bytes'] / 1e6:.1f}",
            }
        )
    print_table(rows, right=("validation", "test", "F1", "fit s", "MB"))


def compare_command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A folder that assay run wrote.")],
    common: Common,
) -> None:
    """Compare the methods of a run, with paired tests.

    \b
    Example:
      assay compare runs/sample
    """
    from assay.recipes.compare import compare_run

    found = compare_run(run)
    if common.json:
        print_json(found.to_dict())
        return
    rows = []
    for one in found.comparisons:
        test = found.test.get(one.method)
        rows.append(
            {
                "": "→" if one.method == found.recommended else "",
                "method": one.method,
                "validation": f"{one.accuracy:.3f}",
                "won": "" if one.is_best else f"{one.n_only_method_right:,}",
                "lost": "" if one.is_best else f"{one.n_only_best_right:,}",
                "p": "best" if one.is_best else _p_value(one.p_adjusted),
                "worse?": "yes" if one.significantly_worse else "no",
                "test": "" if test is None else f"{test.accuracy:.3f}",
                "p test": ""
                if test is None
                else ("best" if test.is_best else _p_value(test.p_adjusted)),
            }
        )
    print_table(rows, right=("validation", "won", "lost", "p", "test", "p test"))
    print_sentence(f"Recommended: {found.why}")
    if said := _without_leaks(found.methods):
        print_sentence(said)
    print_line("won, lost: validation texts that only this method, or only the best, labels right.")
    print_line("p: exact McNemar test of these two counts, Holm-corrected. Test decides nothing.")


def report_command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A folder that assay run wrote.")],
    out: Out,
    common: Common,
    format: Annotated[
        str | None, typer.Option(metavar="md|html|ipynb", help="[default: by the ending of --out]")
    ] = None,
    language: Annotated[str, typer.Option(metavar="en|ko", help="Of the notebook.")] = "en",
    overwrite: Overwrite = False,
) -> None:
    """Write the report of a run again, as Markdown, HTML or a notebook.

    The notebook takes the steps of the run one by one, to run and to change.

    \b
    Examples:
      assay report runs/sample --out report.md
      assay report runs/sample --format ipynb --out sample.ipynb
    """
    from assay.recipes.report import write_report_file

    found = write_report_file(run, out, format=format, language=language, overwrite=overwrite)
    if common.json:
        print_json(found.to_dict())
        return
    beside = f", with {len(found.pictures)} pictures beside it" if found.pictures else ""
    print_line(f"written to {found.out}{beside}")


def _p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


def _without_leaks(methods: Sequence[dict[str, Any]]) -> str:
    """Say each method's test accuracy without the texts that stand in train too; empty where there are none."""
    scores = {row["method"]: (row.get("test") or {}).get("without_leaks") for row in methods}
    listed = [
        f"{name} {one['accuracy']:.3f}" for name, one in scores.items() if one and one["n_texts"]
    ]
    if not listed:
        return ""
    n_leaked = next(one["n_leaked"] for one in scores.values() if one)
    return f"test without the {n_leaked:,} texts that stand in train too: {', '.join(listed)}"
