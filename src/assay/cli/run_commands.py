"""`assay run` and `report`: the whole job, and what can be made of a saved run."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay._display import percent
from assay.catalogue import ENGLISH, Fact, open_language
from assay.cli.command import add_command, resumable
from assay.cli.next_step import review_command_for
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
    reading_flags,
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
    from assay.recipes.run import RunOptions

__all__ = ["register"]

PANEL = "The whole job"
MACRO_F1 = "macro-f1"  # the metric by which methods may be chosen, beside accuracy
EXPLAINED = {MACRO_F1: " (every label counts the same in it, however rare)"}
OTHER_METHODS = "; with --methods, those that take too long can be left out"
# Kinds of the audit that propose another label, as the terminal calls them
SUSPECTS = {
    "wrong_label": "probably wrong",
    "missing_label": "probably missing",
    "extra_label": "probably too many",
}
INTERVAL = "95 % interval"
# How a sentence about scores begins, and what their texts are called: by the kind of the evidence
ON_TEXTS = {
    "test": ("On test:", "texts"),
    "held_out": ("Validation:", "texts"),
    "out_of_fold": ("Out of fold:", "texts, each by models that had not seen it,"),
}
ResumeRun = Annotated[
    bool,
    typer.Option(
        "--resume", help="Continue an interrupted run where it stopped, or with other --methods."
    ),
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
    with resumable(out, progress, what="finished methods are kept", also=OTHER_METHODS):
        results = run_data(
            data, out, options=options, overwrite=overwrite, resume=resume, progress=progress
        )
    if common.json:
        print_json(results)
    else:
        _show_run(results, data, out, options)
    refuse_broken_rule(_rule_of(results), as_json=common.json)


def _rule_of(results: Mapping[str, Any]) -> RuleOutcomeEntry | None:
    """Return what was chosen for the recommended method; None if nothing was asked for."""
    found: RuleOutcomeEntry | None = _find_recommended(results).get("label_rule")
    return found


def _find_recommended(results: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what was measured of the recommended method."""
    found: Mapping[str, Any]
    (found,) = [one for one in results["methods"] if one["method"] == results["recommended"]]
    return found


def _show_run(results: dict[str, Any], data: str, out: Path, options: RunOptions) -> None:
    """Print the leaderboard, the recommendation and what to do next."""
    if results.get("task") == "multi":
        _show_several(results)
    else:
        _show_single(results)
    _show_suspects(results, data, out, reading_flags(options.data.recorded(data)))
    print_line(f"Look at:     {out / 'report.html'}")
    print_line(f"Predict:     assay predict {shlex.quote(str(out / 'model'))} FILE")


def _show_single(results: Mapping[str, Any]) -> None:
    """Print the leaderboard of a run whose texts have one label each."""
    own = _find_recommended(results)
    by_evidence = _leads_with_evidence(own)
    rows = [_leaderboard_row(row, results, by_evidence=by_evidence) for row in results["methods"]]
    print_table(rows, right=("evidence", "test", "accuracy", "F1", "fit s", "MB"))
    print_sentence(_name_scores(results["choice"]["metric"], by_evidence=by_evidence))
    _print_ratings(own)
    outcome = _rule_of(results)
    if outcome is not None:
        print_rule(outcome)
    print_sentence(f"Recommended: {results['why']}")
    _print_doubts(results["doubts"])
    told = _print_how_sure(own, results, by_evidence=by_evidence)
    notes = [*results["warnings"], *results["choice"]["remarks"]]
    _print_notes(notes, [*results["doubts"], *told])
    more = results["more_texts"]
    said = (more or {}).get("said") or results["no_more_texts"]
    if said:
        print_sentence(f"More texts:  {said}")


def _show_suspects(results: Mapping[str, Any], data: str, out: Path, flags: str) -> None:
    """Say how many labels are probably wrong, and how they are corrected."""
    counts = {one["kind"]: one["n_rows"] for one in results["data"]["audit"]["counts"]}
    said = [f"{counts[kind]:,} {name}" for kind, name in SUSPECTS.items() if kind in counts]
    if not said:
        return
    line = f"Labels:      {', '.join(said)}; the report lists them."
    command = review_command_for(data, out / "issues.csv", flags)
    if not command:
        print_sentence(line)
        return
    print_sentence(f"{line} Decide on them on a page:")
    print_line(f"             {command}")


def _print_doubts(doubts: Sequence[str]) -> None:
    """Print the reasons to doubt what the scores promise."""
    for doubt in doubts:
        print_sentence(f"But:         {doubt}")


def _print_how_sure(
    own: Mapping[str, Any], results: Mapping[str, Any], *, by_evidence: bool
) -> list[str]:
    """Print what is right of the evidence and of test; return what need not be said again."""
    is_macro = results["choice"]["metric"] == MACRO_F1
    if not by_evidence:
        print_sentence(_how_sure(own["test"], is_macro=is_macro))
        return []
    print_sentence(_how_sure(own["evidence"], is_macro=is_macro))
    said, told = _how_sure(own["test"], is_macro=is_macro), _say_small_test(own)
    if any(one in results["warnings"] for one in told):  # few as they are, a fall may be no chance
        said += " So few texts say little."
    print_sentence(said)
    return told


def _print_notes(notes: Sequence[str], told: Sequence[str]) -> None:
    """Print what was not told yet."""
    for note in notes:
        if note not in told:
            print_sentence(f"Note:        {note}")


def _leads_with_evidence(own: Mapping[str, Any]) -> bool:
    """Tell whether the evidence says more of a method than a test split of few texts."""
    from assay.evaluation.caveats import says_more  # loads NumPy

    return says_more(own["evidence"]["n_texts"], own["test"]["n_texts"])


def _name_scores(metric: str, *, by_evidence: bool) -> str:
    """Say which scores are in the leaderboard."""
    said = f"Scores:      evidence and test are {name_metric(metric)}, by which methods are chosen"
    where = "test"
    if by_evidence:
        where = "the evidence, as the interval is: test has few texts"
    if metric == MACRO_F1:
        return f"{said}{EXPLAINED[metric]}; accuracy is that of {where}."
    return f"{said}; F1 is the weighted one of {where}."


def _how_sure(scores: Mapping[str, Any], *, is_macro: bool) -> str:
    """Say how many texts of the evidence or of test are labelled right, and how sure that is."""
    title, texts = ON_TEXTS[scores.get("kind", "test")]
    interval = show_interval(*scores["intervals"]["accuracy"])
    share = percent(scores["accuracy"])
    said = f"{title:<13}{share} of {scores['n_texts']:,} {texts} are labelled right"
    said = f"{said} (95 % interval {interval})"
    if is_macro:
        interval = show_interval(*scores["intervals"]["f1_macro"])
        said += f"; macro F1 is {percent(scores['f1_macro'])} ({interval})"
    return f"{said}."


def _say_small_test(own: Mapping[str, Any]) -> list[str]:
    """Return what warnings say of a test split of few texts: the lines of both scores say it."""
    evidence, test = own["evidence"], own["test"]
    low, high = evidence["intervals"]["accuracy"]
    values = {
        "n_texts": test["n_texts"],
        "accuracy": test["accuracy"],
        "n_evidence": evidence["n_texts"],
        "promised": evidence["accuracy"],
        "low": low,
        "high": high,
    }
    kinds = ("caveats.small_test", "caveats.small_test_near")
    return [open_language(ENGLISH).tell(Fact.of(kind, **values)) for kind in kinds]


def _show_several(results: Mapping[str, Any]) -> None:
    """Print the leaderboard of a run whose texts may have several labels."""
    from assay.evaluation.several_choice import METRIC_NAMES
    from assay.evaluation.several_scores import SEVERAL_METRICS

    metric = results["choice"]["metric"]
    field, recommended = SEVERAL_METRICS[metric], _find_recommended(results)
    by_evidence = _leads_with_evidence(recommended)
    rows = []
    for one in results["methods"]:
        row = {
            "": "→" if one["method"] == results["recommended"] else "",
            "method": one["method"],
            "evidence": percent(one["evidence"][field]),
            **_several_cells(one, field, by_evidence=by_evidence),
            "fit s": f"{results['timings'][one['method']]['fit_s']:.1f}",
            "MB": f"{one['model_bytes'] / 1e6:.1f}",
        }
        rows.append(row)
    print_table(rows, right=("evidence", "test", "macro F1", "micro F1", "fit s", "MB"))
    chosen = f"{METRIC_NAMES[metric]}, by which methods are chosen{EXPLAINED.get(metric, '')}"
    said = f"the evidence is {chosen}; macro and micro F1 are those of test"
    if by_evidence:
        said = f"evidence and test are {chosen}; the interval is the evidence's: test has few texts"
    print_sentence(f"Scores:      {said}.")
    outcome = _rule_of(results)
    if outcome is not None:
        print_rule(outcome, measure=EXACT_MATCH)
    if recommended["min_labels"]:
        print_sentence(
            "Note:        every text of the evidence has a label, so each text gets its best label "
            "at least"
        )
    for one in results["skipped"]:
        print_sentence(f"Left out:    {one['method']}: {one['reason']}")
    print_sentence(f"Recommended: {results['why'].rstrip('.')}.")
    _print_doubts(results["doubts"])
    _print_notes(results["warnings"], results["doubts"])


def _several_cells(one: Mapping[str, Any], field: str, *, by_evidence: bool) -> dict[str, str]:
    """Return what is beside the evidence: of this the interval, or macro and micro F1 on test."""
    test = one["test"]
    if by_evidence:
        return {
            INTERVAL: show_interval(*one["evidence"]["intervals"][field]),
            "test": percent(test[field]),
        }
    return {
        "macro F1": percent(test["f1_macro"]),
        INTERVAL: show_interval(*test["intervals"]["f1_macro"]),
        "micro F1": percent(test["f1_micro"]),
    }


def _print_ratings(row: Mapping[str, Any]) -> None:
    """Print how far off the predictions of a method are, if the labels are ratings."""
    if sentence := rating_sentence("test", row["test"]):
        print_sentence(f"{row['method']}, {sentence}")


def _leaderboard_row(
    row: Mapping[str, Any], results: Mapping[str, Any], *, by_evidence: bool
) -> dict[str, str]:
    evidence, test = row["evidence"], row["test"]
    is_macro = results["choice"]["metric"] == MACRO_F1
    key = "f1_macro" if is_macro else "accuracy"
    first = evidence if by_evidence else test
    shown = {
        "": "→" if row["method"] == results["recommended"] else "",
        "method": row["method"],
        "evidence": percent(evidence[key]),
    }
    interval = show_interval(*first["intervals"][key])
    if by_evidence:
        shown |= {INTERVAL: interval, "test": percent(test[key])}
    else:
        shown |= {"test": percent(test[key]), INTERVAL: interval}
    if is_macro:
        shown["accuracy"] = percent(first["accuracy"])
    else:
        shown["F1"] = percent(first["f1_weighted"])
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
