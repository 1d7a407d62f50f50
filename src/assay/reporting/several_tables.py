"""What the report on texts with several labels says, in the words of a language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.data.labels import list_labels
from assay.evaluation.several_scores import SEVERAL_METRICS
from assay.reporting.environment import ROW_TITLES
from assay.reporting.escape import shorten, show_text
from assay.reporting.several_figures import MAX_LABELS, MAX_TOGETHER, find_drawn
from assay.reporting.several_rule_table import tell_rule
from assay.reporting.spoken_tables import LABEL, LABEL_CELLS, NUMBER, TEXT, Row, Spoken, Table

__all__ = ["Tile", "tell_facts", "tell_several", "tell_tables", "tell_tiles"]

TEXT_CELLS = 200
# What is said of a surprising text, by its kind
SURPRISES = {"missing": "several.probably_missing", "extra": "several.probably_extra"}
# The texts by which methods were chosen, by the kind of the evidence
CHOSEN_ON = {"held_out": "several.chosen_on", "out_of_fold": "several.chosen_on_folds"}
# What is taken, and the texts that its scores are of, by what these are called
TAKEN_BY = {
    "test": "several.take",
    "validation": "several.take_validation",
    "out_of_fold": "several.take_folds",
}
MEASURED_ON = {
    "test": "verdict.measured_texts",
    "validation": "verdict.measured_validation",
    "out_of_fold": "verdict.measured_out_of_fold",
}
# Score that is shown first -> its name
SHOWN_FIRST = {
    "f1_macro": "several.macro",
    "f1_micro": "several.micro",
    "exact_match": "several.exact_match",
}
# Tables that say nothing without rows; the note of the others does
LEFT_OUT_IF_EMPTY = ("together", "missed", "surprising")


@dataclass(frozen=True)
class Tile:
    """A number that is shown large, with its name above it and a note below."""

    name: str
    value: str
    note: str


def tell_several(report: Mapping[str, Any], spoken: Spoken) -> list[str]:
    """Return the first sentences: what to take, how good it is, and what to know."""
    shown, where = _shown_first(report)
    intervals = shown["intervals"]
    data = report["data"]
    return [
        spoken.say(
            TAKEN_BY[where],
            method=report["recommended"],
            macro=shown["f1_macro"],
            macro_low=intervals["f1_macro"][0],
            macro_high=intervals["f1_macro"][1],
            micro=shown["f1_micro"],
            micro_low=intervals["f1_micro"][0],
            micro_high=intervals["f1_micro"][1],
            n_texts=shown["n_texts"],
        ),
        spoken.say("several.explain_f1"),
        _why(report["choice"], spoken),
        spoken.say(
            "several.exact",
            share=shown["exact_match"],
            split=where,
            wrong_share=shown["hamming_loss"],
        ),
        spoken.say(
            "several.data",
            source=data["source"],
            n_labels=len(data["labels"]),
            mean=data["together"]["mean"],
        )
        + _sizes(data.get("splits", {}), spoken),
        *map(spoken.tell, report["reading"]),
    ]


def _sizes(splits: Mapping[str, Any], spoken: Spoken) -> str:
    """Say how many texts each split has, after another sentence."""
    said = ""  # markup stays markup
    for split, one in splits.items():
        between = ", " if said else " "
        said = said + between + spoken.say("data.texts_in", n=one["n_texts"], split=split)
    return said + "." if said else said


def tell_tiles(report: Mapping[str, Any], spoken: Spoken) -> list[Tile]:
    """Return the scores that are shown first."""
    say, numbers = spoken.say, spoken.language.numbers
    shown, where = _shown_first(report)
    tiles = []
    for metric, name in SHOWN_FIRST.items():
        interval = numbers.interval(shown["intervals"][metric])
        note = say("several.interval", interval=interval)
        tiles.append(Tile(say(name), numbers.percent(shown[metric]), note))
    n_texts = numbers.count(shown["n_texts"])
    note = say(MEASURED_ON[where], split=where)
    return [*tiles, Tile(say("verdict.measured_on"), n_texts, note)]


def tell_facts(report: Mapping[str, Any], spoken: Spoken) -> list[tuple[str, str]]:
    """Return what a run was made of: data, seed, time, machine, and hashes of the splits."""
    say, machine = spoken.say, report.get("machine", {})
    facts = [(say("how.data"), report["data"]["source"])]
    if report.get("command"):
        facts.append((say("how.command"), report["command"]))
    if "seed" in report:
        facts.append((say("how.seed"), str(report["seed"])))
    total_s = report["timings"].get("total_s")
    if total_s is not None:
        facts.append((say("how.time"), spoken.language.numbers.duration(total_s)))
    named = []
    for name, value in machine.items():
        named.append(f"{spoken.language.word('machine', name)} {value}")
    if named:
        facts.append((say("how.machine"), "; ".join(named)))
    for split, one in report["data"].get("splits", {}).items():
        facts.append((say("how.sha256", split=split), f"{one['sha256'][:16]}…"))
    return facts


def _why(choice: Mapping[str, Any], spoken: Spoken) -> str:
    """Say why the method is recommended, and on which texts that was found."""
    of_method = {one["method"]: one for one in choice["expected_losses"]}
    own = of_method[choice["recommended"]]
    where = spoken.say(CHOSEN_ON[choice["kind"]], n_texts=choice["n_texts"])
    metric = spoken.language.word("several_metrics", choice["metric"])
    if choice["recommended"] == choice["best"]:
        reason = spoken.say("several.best", method=own["method"], metric=metric, score=own["score"])
    else:
        reason = spoken.say(
            "several.close",
            method=own["method"],
            metric=metric,
            score=own["score"],
            best=choice["best"],
            best_score=of_method[choice["best"]]["score"],
            loss=own["expected_loss"],
            tolerance=choice["tolerance"],
        )
    return reason + " " + where  # markup stays markup


def _recommended(report: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(
        one for one in report["methods"] if one["method"] == report["recommended"]
    )
    return found


def _shown_first(report: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """Return the scores that come first, and the texts that they are of."""
    row = _recommended(report)
    if not report.get("leads_with_evidence"):
        return row["test"], "test"
    is_held_out = row["evidence"]["kind"] == "held_out"
    return row["evidence"], "validation" if is_held_out else "out_of_fold"


def tell_tables(report: Mapping[str, Any], spoken: Spoken) -> list[Table]:
    """Return the tables in the order of the report."""
    say, test = spoken.say, _recommended(report)["test"]
    tables = [
        _tell_methods(report, spoken),
        Table(
            "labels",
            say("several.labels", method=report["recommended"]),
            [_label_row(one, spoken) for one in test["per_label"]],
            _labels_note(test["per_label"], _recommended(report), spoken),
        ),
        *tell_rule(_recommended(report), spoken),
        Table(
            "together",
            say("several.together"),
            [_pair_row(one, spoken) for one in report["data"]["together"]["pairs"]],
            _together_note(report, spoken),
        ),
        Table(
            "missed",
            say("several.missed"),
            [_missed_row(one, spoken) for one in report["missed_pairs"]],
            say("several.missed_note"),
        ),
        Table(
            "problems",
            say("headings.problems"),
            [_problem_row(one, spoken) for one in report["data"]["audit"]["counts"]],
            _problems_note(report, spoken),
        ),
        Table(
            "surprising",
            say("several.surprising"),
            _surprising_rows(report["surprising"], spoken, unit=report.get("unit", "line")),
            say("several.surprising_note"),
            kinds=(NUMBER, TEXT, LABEL),
        ),
    ]
    found = [*filter(_says_something, tables)]
    if report.get("map"):
        found.append(Table("map", say("headings.map"), [], _map_note(report["map"], spoken)))
    elif report.get("no_map"):  # runs of 0.1.0 do not say why
        why_not = " ".join(map(spoken.tell, report["no_map"]))
        found.append(Table("map", say("headings.map"), [], why_not))
    skipped = [f"{one['method']} ({one['reason']})" for one in report["skipped"]]
    if skipped:
        note = say("several.skipped", methods=", ".join(skipped))
        found.append(Table("left_out", say("several.left_out"), [], note))
    return found


def _tell_methods(report: Mapping[str, Any], spoken: Spoken) -> Table:
    """Return the table of methods, with the recommended one marked."""
    rows, chosen = [], None
    for i, one in enumerate(report["methods"]):
        rows.append(_method_row(one, report, spoken))
        if one["method"] == report["recommended"]:
            chosen = i
    note = spoken.say("several.methods_note") + " " + spoken.say("several.explain_scores")
    return Table("methods", spoken.say("several.methods"), rows, note, chosen=chosen)


def _together_note(report: Mapping[str, Any], spoken: Spoken) -> str:
    """Say what the table holds, and which labels the figure shows where it does not show all."""
    note, n_labels = spoken.say("several.together_note"), len(report["data"]["labels"])
    if n_labels > MAX_TOGETHER:
        note += " " + spoken.say("several.together_some", shown=MAX_TOGETHER, n=n_labels)
    return note


def _problems_note(report: Mapping[str, Any], spoken: Spoken) -> str:
    """Say what the check of labels found, and what to do with it."""
    note, counts = spoken.tell(report["label_check"]), report["data"]["audit"]["counts"]
    if any(one["kind"] == "exact_duplicate" for one in counts):
        note = spoken.say("problems.every_copy") + " " + note
    if counts:
        note = note + " " + spoken.say("problems.accept") + " " + spoken.say("problems.review")
    return note


def _map_note(drawn: Mapping[str, Any], spoken: Spoken) -> str:
    """Say what the map shows, and of how many texts."""
    n_points, n_texts = len(drawn["label_ids"]), drawn["n_texts"]
    about = {"split": drawn["split"], "checkpoint": drawn["checkpoint"]}
    about["pooling"] = drawn["pooling"]
    if n_points < n_texts:
        intro = spoken.say("map.intro_some", n=n_points, n_texts=n_texts, **about)
    else:
        intro = spoken.say("map.intro", n=n_points, **about)
    return intro + " " + spoken.say("map_page.each_panel")  # markup stays markup


def _says_something(table: Table) -> bool:
    """Tell whether a table has rows, or a note that is worth reading without any."""
    return bool(table.rows) or table.name not in LEFT_OUT_IF_EMPTY


def _method_row(one: Mapping[str, Any], report: Mapping[str, Any], spoken: Spoken) -> Row:
    test, say, numbers = one["test"], spoken.say, spoken.language.numbers
    metric = report["choice"]["metric"]
    evidence = one["evidence"][SEVERAL_METRICS[metric]]
    fit_s = report["timings"][one["method"]]["fit_s"]
    return {
        say("columns.method"): one["method"],
        say("several.evidence", metric=metric): numbers.percent(evidence),
        say("several.test_macro"): numbers.percent(test["f1_macro"]),
        say("columns.interval"): numbers.interval(test["intervals"]["f1_macro"]),
        say("several.micro"): numbers.percent(test["f1_micro"]),
        say("several.exact_match"): numbers.percent(test["exact_match"]),
        say("several.average_precision"): numbers.percent(test["average_precision"]),
        say("several.calibration_error"): numbers.percent(test["ece"], 2),
        say("columns.training"): numbers.duration(fit_s),
    }


def _is_absent(one: Mapping[str, Any]) -> bool:
    """Tell whether no text has a label or is given it: there is nothing to score then."""
    return not (one["n_texts"] or one["n_predicted"])


def _labels_note(
    per_label: Sequence[Mapping[str, Any]], method: Mapping[str, Any], spoken: Spoken
) -> str:
    """Say when a label is given, and what a dash in the table means."""
    outcome = method.get("label_rule")
    is_by_rule = outcome is not None and outcome["refused"] is None
    note = spoken.say("several.labels_note_rule" if is_by_rule else "several.labels_note")
    if method.get("min_labels"):
        note = note + " " + spoken.say("several.labels_least")
    if any(map(_is_absent, per_label)):
        note = note + " " + spoken.say("several.labels_absent")  # markup stays markup
    n_drawn = len(find_drawn(per_label))
    if n_drawn > MAX_LABELS:
        note = note + " " + spoken.say("several.labels_some", shown=MAX_LABELS, n=n_drawn)
    return note


def _label_row(one: Mapping[str, Any], spoken: Spoken) -> Row:
    say, numbers = spoken.say, spoken.language.numbers
    if _is_absent(one):
        one = {**one, "precision": None, "recall": None, "f1": None}
    return {
        say("columns.label"): shorten(show_text(one["label"]), LABEL_CELLS),
        say("columns.texts"): numbers.count(one["n_texts"]),
        say("columns.precision"): numbers.percent(one["precision"]),
        say("columns.recall"): numbers.percent(one["recall"]),
        say("columns.f1"): numbers.percent(one["f1"]),
        say("columns.interval"): numbers.interval(one["f1_interval"]),
        say("several.average_precision"): numbers.percent(one["average_precision"]),
        say("columns.threshold"): numbers.decimal(one["threshold"]),
    }


def _both(labels: Sequence[str]) -> str:
    return " + ".join(shorten(show_text(label), LABEL_CELLS) for label in labels)


def _pair_row(one: Mapping[str, Any], spoken: Spoken) -> Row:
    return {
        spoken.say("several.pair"): _both(one["labels"]),
        spoken.say("columns.texts"): f"{one['n_texts']:,}",
        spoken.say("several.lift"): f"{one['lift']:.1f}",
    }


def _missed_row(one: Mapping[str, Any], spoken: Spoken) -> Row:
    return {
        spoken.say("several.pair"): _both(one["labels"]),
        spoken.say("columns.texts"): f"{one['n_texts']:,}",
        spoken.say("several.given_both"): f"{one['n_both']:,}",
        spoken.say("several.given_none"): f"{one['n_none']:,}",
    }


def _problem_row(one: Mapping[str, Any], spoken: Spoken) -> Row:
    return {
        spoken.say("columns.kind"): spoken.language.word("issues", one["kind"]),
        spoken.say("columns.rows_to_look_at"): f"{one['n_rows']:,}",
    }


def _surprising_rows(found: Sequence[Mapping[str, Any]], spoken: Spoken, *, unit: str) -> list[Row]:
    """Return the rows of surprising texts, each with the name of its row where one has a name."""
    title = spoken.say(ROW_TITLES[unit][0])
    if any("id" in one for one in found):
        title = spoken.say(ROW_TITLES[unit][1])
    rows: list[Row] = []
    for one in found:
        place = f"{one['line']}"
        if "id" in one:
            place += f" ({shorten(show_text(one['id']), LABEL_CELLS)})"
        rows.append({title: place, **_surprising_row(one, spoken)})
    return rows


def _surprising_row(one: Mapping[str, Any], spoken: Spoken) -> Row:
    say = spoken.say
    key = SURPRISES[one["kind"]]
    label = shorten(show_text(one["label"]), LABEL_CELLS)
    return {
        say("columns.text"): shorten(show_text(one["text"]), TEXT_CELLS),
        say("several.in_data"): _listed(one["labels"]),
        say("several.given"): _listed(one["predicted_labels"]),
        say("columns.why"): say(key, label=label, score=one["score"]),
    }


def _listed(labels: Sequence[str]) -> str:
    return list_labels(shorten(show_text(label), LABEL_CELLS) for label in labels) or "–"
