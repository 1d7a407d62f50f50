"""The table of what was asked of the thresholds of several labels, and what that changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.reporting.escape import shorten, show_text
from assay.reporting.spoken_tables import LABEL, LABEL_CELLS, NUMBER, Row, Spoken, Table

__all__ = ["tell_rule"]


def tell_rule(own: Mapping[str, Any], spoken: Spoken) -> list[Table]:
    """Return the table of a method, or none where nothing was asked or it cannot be shown.

    Parameters
    ----------
    own : mapping
        What results.json says of the method.
    spoken : Spoken
    """
    outcome = own.get("label_rule")
    if outcome is None or outcome["refused"] is not None:
        return []
    rows: list[Row] = []
    for effect in outcome["effects"]:
        for one in effect["labels"]:
            row = _rule_row(one, effect["split"], outcome, spoken)
            rows.append(row)
        if effect["mean_cost"] is not None:
            rows.append(_cost_row(effect, spoken))
    note = spoken.say("several.rule_costs")
    kinds: tuple[str, ...] = (LABEL, NUMBER)
    if outcome["min_recall"] or outcome["min_precision"]:
        note, kinds = spoken.say("several.rule_note"), (LABEL, LABEL, NUMBER, LABEL, NUMBER)
    return [Table("rule", spoken.say("headings.rule"), rows, note, kinds)]


def _rule_row(
    one: Mapping[str, Any], split: str, outcome: Mapping[str, Any], spoken: Spoken
) -> Row:
    say, label = spoken.say, one["label"]
    kind = "precision"
    if label in outcome["min_recall"]:
        kind = "recall"
    target = outcome[f"min_{kind}"][label]
    return {
        say("columns.label"): shorten(show_text(label), LABEL_CELLS),
        say("columns.asked"): say(f"rule.{kind}", target=target),
        say("columns.threshold"): spoken.language.numbers.decimal(outcome["thresholds"][label]),
        say("columns.on_split"): spoken.language.word("splits", split),
        say("columns.recall"): _change(one["recall_without"], one["recall"], spoken),
        say("columns.precision"): _change(one["precision_without"], one["precision"], spoken),
    }


def _cost_row(effect: Mapping[str, Any], spoken: Spoken) -> Row:
    decimal = spoken.language.numbers.decimal
    before, after = decimal(effect["mean_cost_without"]), decimal(effect["mean_cost"])
    return {
        spoken.say("columns.on_split"): spoken.language.word("splits", effect["split"]),
        spoken.say("columns.mean_cost"): spoken.say("rule.change", before=before, after=after),
        spoken.say("several.exact_match"): _change(
            effect["accuracy_without"], effect["accuracy"], spoken
        ),
    }


def _change(before: float | None, after: float | None, spoken: Spoken) -> str:
    """Return a share without a rule and with it."""
    percent = spoken.language.numbers.percent
    return spoken.say("rule.change", before=percent(before), after=percent(after))
