"""How a notebook shows the results of a run, and of one training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from assay._display import html_block, html_table
from assay.evaluation.evidence import OUT_OF_FOLD
from assay.evaluation.score_draws import MACRO_F1
from assay.reporting.results import Results

if TYPE_CHECKING:
    from assay.recipes.steps.trained import TrainedEntry

__all__ = ["show_results", "show_trained"]

EPOCH_COLUMNS = (
    "epoch",
    "train_loss",
    "validation_loss",
    "validation_accuracy",
    "validation_f1_weighted",
)


def show_results(results: Results) -> str:
    """Show the recommendation and a leaderboard in a notebook: the scores of the terminal."""
    name, key = "accuracy", "accuracy"
    if results.choice.metric == MACRO_F1:
        name, key = "macro F1", "f1_macro"
    rows = []
    for one in results.methods:
        evidence, test = one.evidence.scores, one.scored["test"].scores
        first, where = test, "test"
        if results.shown_split != "test":  # test has few texts
            first, where = evidence, "the evidence"
        low, high = first.intervals[key]
        rows.append(
            {
                "method": one.method,
                "evidence": getattr(evidence, key),
                "test": getattr(test, key),
                f"95 % interval on {where}": f"{low:.3f} to {high:.3f}",
                f"weighted F1 on {where}": first.f1_weighted,
                "fit, s": round(one.fit_s, 3),
                "MB": one.model.n_bytes / 1e6,
            }
        )
    return html_block(
        f"Recommended: {results.choice.recommended}.",
        results.choice.why,
        *results.doubts(),
        html_table(rows, caption=name),
    )


def show_trained(result: TrainedEntry) -> str:
    """Show a trained model in a notebook: what it cost, its epochs and its scores."""
    splits = []
    for split in ("validation", OUT_OF_FOLD, "test"):
        scores = cast("Mapping[str, Any]", result).get(split)
        if scores is None:
            continue
        low, high = scores["intervals"]["accuracy"]
        row = {
            "split": split.replace("_", " "),
            "texts": scores["n_texts"],
            "accuracy": scores["accuracy"],
            "f1_weighted": scores["f1_weighted"],
            "f1_macro": scores["f1_macro"],
            "95 % interval of accuracy": f"{low:.3f} to {high:.3f}",
        }
        splits.append(row)
    epochs = [_epoch_row(epoch) for epoch in result["epochs"]]
    cost = f"fitted in {result['fit_s']:.1f} s, {result['model_bytes'] / 1e6:.1f} MB"
    refused = [result.get("abstain_refused")]
    if "label_rule" in result:
        refused.append(result["label_rule"]["refused"])
    return html_block(
        result["method"],
        f"{cost}, saved in {result['model']}",
        *(f"No rule was saved: {one}" for one in refused if one),
        html_table(epochs, caption="epochs"),
        html_table(splits),
    )


def _epoch_row(epoch: Mapping[str, float]) -> dict[str, float]:
    return {name: epoch[name] for name in EPOCH_COLUMNS if name in epoch}
