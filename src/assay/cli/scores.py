"""Scores of a split as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.evaluation.result import ScoresEntry, WithoutLeaksEntry

__all__ = ["SCORE_COLUMNS", "rating_sentence", "score_rows"]

SCORE_COLUMNS = ("texts", "accuracy", "F1 weighted", "F1 macro")


def score_rows(split: str, scores: ScoresEntry) -> list[dict[str, str]]:
    """Return one row, and a second one for the texts that do not also occur in train.

    Parameters
    ----------
    split : str
    scores : ScoresEntry
        As `ScoredSplit.to_dict` returns it.
    """
    rows = [_score_row(split, scores)]
    others = scores.get("without_leaks")
    if others and others["n_texts"]:
        rows.append(_score_row(f"{split}, not in train", others))
    return rows


def rating_sentence(split: str, scores: ScoresEntry) -> str:
    """Say how far off predicted ratings are; empty if the labels are no ratings."""
    if "mean_absolute_error" not in scores:
        return ""
    return (
        f"as ratings, on {split}: mean absolute error {scores['mean_absolute_error']:.3f}, "
        f"quadratic weighted kappa {scores['quadratic_weighted_kappa']:.3f}"
    )


def _score_row(split: str, scores: ScoresEntry | WithoutLeaksEntry) -> dict[str, str]:
    low, high = scores["intervals"]["accuracy"]
    return {
        "split": split,
        "texts": f"{scores['n_texts']:,}",
        "accuracy": f"{scores['accuracy']:.4f}",
        "95 % interval": f"{low:.3f}–{high:.3f}",
        "F1 weighted": f"{scores['f1_weighted']:.4f}",
        "F1 macro": f"{scores['f1_macro']:.4f}",
    }
