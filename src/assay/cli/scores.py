"""Scores of a split as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay._display import hundredfold, hundredfold_bounds, percent
from assay.catalogue import ENGLISH, open_language
from assay.cli.show import print_line, print_table

if TYPE_CHECKING:
    from assay.evaluation.result import ScoresEntry, WithoutLeaksEntry
    from assay.evaluation.rule_effects import RuleEffectEntry, RuleOutcomeEntry

__all__ = [
    "EXACT_MATCH",
    "SCORE_COLUMNS",
    "name_metric",
    "print_rule",
    "print_rule_effect",
    "print_several",
    "rating_sentence",
    "score_rows",
    "show_interval",
    "title_metric",
]

SEVERAL_TITLES = {
    "f1_micro": "micro F1",
    "f1_macro": "macro F1",
    "f1_weighted": "weighted F1",
    "exact_match": "exact match",
    "hamming_loss": "Hamming loss",
    "average_precision": "average precision, mean",
    "ranking_precision": "label ranking precision",
    "ece": "calibration error, mean",
}
EXACT_MATCH = SEVERAL_TITLES["exact_match"]
MAX_LABELS = 200  # of a table; --json has them all
RULE_TITLE = "Without→with its rule; recall and precision in %"
COST_TITLE = "Without→with its rule"
SCORE_COLUMNS = ("texts", "accuracy", "F1 weighted", "F1 macro")


def show_interval(low: float, high: float) -> str:
    """Return an interval of shares in percent.

    >>> show_interval(0.5421, 0.75)
    '54.2–75.0%'
    """
    return "{}–{}%".format(*hundredfold_bounds(low, high))


def title_metric(metric: str) -> str:
    """Return what a metric of assay.json is called.

    >>> title_metric("f1_macro"), title_metric("accuracy")
    ('macro F1', 'accuracy')
    """
    return SEVERAL_TITLES.get(metric, metric)


def name_metric(metric: str) -> str:
    """Return what a metric is called by which methods are chosen.

    >>> name_metric("macro-f1"), name_metric("accuracy")
    ('macro F1', 'accuracy')
    """
    return open_language(ENGLISH).word("metrics", metric)


def score_rows(split: str, scores: ScoresEntry) -> list[dict[str, str]]:
    """Return one row, and a second one for the texts that the model was not trained on.

    Parameters
    ----------
    split : str
    scores : ScoresEntry
        As `ScoredSplit.to_dict` returns it.
    """
    rows = [_score_row(split, scores)]
    others = scores.get("without_leaks")
    if others and others["n_texts"]:
        rows.append(_score_row(f"{split}, unseen", others))
    return rows


def print_several(split: str, scores: Mapping[str, Any], *, with_labels: bool = True) -> None:
    """Print the scores of a split whose texts may have several labels, and a table of labels.

    Where the model was trained on some of the texts, the scores of the others are beside those of
    all, and the labels are scored on the others alone.
    """
    others = scores.get("without_leaks")
    new = None if others is None else others["scores"]
    rows = []
    for metric, title in SEVERAL_TITLES.items():
        row = {split: title, **_several_metric(metric, scores, "score", "95 % interval")}
        if new is not None:
            row |= _several_metric(metric, new, "unseen", "unseen, 95 %")
        rows.append(row)
    print_line(f"{split}: {scores['n_texts']:,} texts{_count_unseen(new)}")
    print_table(rows, right=tuple(rows[0])[1:])
    if with_labels:
        shown, title = scores, ""
        if new is not None:
            shown, title = new, f"Labels, on the {new['n_texts']:,} unseen texts"
        labels = [_several_row(one) for one in shown["per_label"]]
        right = tuple(labels[0])[1:]
        print_table(labels[:MAX_LABELS], title=title, right=right, elastic=("label",))
        if len(labels) > MAX_LABELS:
            print_line(f"and {len(labels) - MAX_LABELS:,} labels more; --json lists them all")


def _count_unseen(new: Mapping[str, Any] | None) -> str:
    if new is None:
        return ""
    return f", {new['n_texts']:,} of them unseen"


def _several_metric(
    metric: str, scores: Mapping[str, Any], title: str, interval_title: str
) -> dict[str, str]:
    """Return a metric and its interval under their titles."""
    pair = scores["intervals"].get(metric)
    interval = "" if pair is None else show_interval(*pair)
    return {title: percent(scores[metric], 2), interval_title: interval}


def _several_row(one: Mapping[str, Any]) -> dict[str, str]:
    pair = one["f1_interval"]
    is_absent = one["n_texts"] == 0 and one["n_predicted"] == 0  # it counts in no macro F1
    shown = {}
    for title, metric in (("precision", "precision"), ("recall", "recall"), ("F1", "f1")):
        shown[title] = "" if is_absent else percent(one[metric])
    return {
        "label": one["label"],
        "texts": f"{one['n_texts']:,}",
        **shown,
        "95 % interval": "" if pair is None else show_interval(*pair),
        "threshold": f"{one['threshold']:.3f}",
    }


def rating_sentence(split: str, scores: ScoresEntry) -> str:
    """Say how far off predicted ratings are; empty if the labels are no ratings."""
    if "mean_absolute_error" not in scores:
        return ""
    return (
        f"as ratings, on {split}: mean absolute error {scores['mean_absolute_error']:.3f}, "
        f"quadratic weighted kappa {scores['quadratic_weighted_kappa']:.3f}"
    )


def print_rule(outcome: RuleOutcomeEntry, *, measure: str = "accuracy") -> None:
    """Print what a rule for giving labels changes on the evidence and on test."""
    rows = []
    for effect in outcome["effects"]:
        for row in _effect_rows(effect):
            if "label" in row:
                row = {**_asked(outcome, row["label"]), **row}
            rows.append(row)
    if rows:
        _print_effects(rows)
    for effect in outcome["effects"]:
        print_line(_accuracy_sentence(effect, measure, is_evidence=effect["split"] != "test"))


def print_rule_effect(effect: RuleEffectEntry) -> None:
    """Print what a rule for giving labels changes on one split."""
    _print_effects(_effect_rows(effect))
    print_line(f"{_accuracy_sentence(effect)}; all other scores are by the highest score alone")


def _print_effects(rows: Sequence[Mapping[str, str]]) -> None:
    has_labels = any("label" in row for row in rows)
    title = RULE_TITLE if has_labels else COST_TITLE
    print_table(rows, title=title, elastic=("label",))


def _accuracy_sentence(
    effect: RuleEffectEntry, measure: str = "accuracy", *, is_evidence: bool = False
) -> str:
    accuracy = _change(effect["accuracy_without"], effect["accuracy"])
    texts = _name(effect)
    if is_evidence:
        texts += ", where the rule was chosen"
    return f"{measure} on {texts}: {accuracy}"


def _name(effect: RuleEffectEntry) -> str:
    """Return the texts of an effect in words."""
    return {"out_of_fold": "texts out of fold"}.get(effect["split"], effect["split"])


def _asked(outcome: RuleOutcomeEntry, label: str) -> dict[str, str]:
    """Return what is asked for a label, and the score from which it is given."""
    written = {name: f"{score:.3f}" for name, score in outcome["thresholds"].items()}
    measure, targets = "recall", outcome["min_recall"]
    if label not in targets:
        measure, targets = "precision", outcome["min_precision"]
    return {
        "label": label,
        "asked": f"{measure} {targets[label]:g}",
        "from": written.get(label, "highest"),
    }


def _effect_rows(effect: RuleEffectEntry) -> list[dict[str, str]]:
    """Return a row for each label, and one for the costs if they are known."""
    split = effect["split"].replace("_", " ")
    rows = []
    if effect["mean_cost"] is not None:
        cost = f"{effect['mean_cost_without']:.4f}→{effect['mean_cost']:.4f}"
        rows.append({"on": split, "mean cost per text": cost})
    for one in effect["labels"]:
        row = {
            "label": one["label"],
            "on": split,
            "recall": _change(one["recall_without"], one["recall"]),
            "precision": _change(one["precision_without"], one["precision"]),
        }
        rows.append(row)
    return rows


def _change(before: float | None, after: float | None) -> str:
    """Return two shares in percent."""
    return f"{_percent(before)}→{_percent(after)}"


def _percent(share: float | None) -> str:
    if share is None:
        return "–"
    return hundredfold(share)


def _score_row(split: str, scores: ScoresEntry | WithoutLeaksEntry) -> dict[str, str]:
    low, high = scores["intervals"]["accuracy"]
    return {
        "split": split,
        "texts": f"{scores['n_texts']:,}",
        "accuracy": percent(scores["accuracy"], 2),
        "95 % interval": show_interval(low, high),
        "F1 weighted": percent(scores["f1_weighted"], 2),
        "F1 macro": percent(scores["f1_macro"], 2),
    }
