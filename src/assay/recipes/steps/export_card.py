"""The card of an exported copy: how it is read, and how it compares with its model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assay.runtime.layout import Layout
from assay.runtime.predictor import Model

if TYPE_CHECKING:
    from assay.recipes.export import Export

__all__ = ["render_export_card", "show_accuracy"]

# What the graph returns, by task
RETURNED = {"single": "`probs`", "multi": "independent `probs`, and the `logits` behind them,"}


def show_accuracy(accuracy: float | None) -> str:
    """Return an accuracy as people read it."""
    return "unknown" if accuracy is None else f"{accuracy:.4f}"


def render_export_card(model: Model, report: Export) -> str:
    """Return the README.md of a copy."""
    layout = Layout(Path())
    name = layout.quantized if report.format == "onnx-int8" else layout.onnx
    difference = f"the largest difference of a score is {report.max_difference:.2g}"
    accuracy_before = show_accuracy(report.accuracy_before)
    accuracy_after = show_accuracy(report.accuracy_after)
    returned = RETURNED[model.manifest.task]
    changed = f"{report.say_changed()}, {difference}"
    return f"""# {model.method} for ONNX Runtime

Labels: {", ".join(model.labels)}

`{name.as_posix()}` takes int64 `input_ids` and `attention_mask` of shape (n_texts, n_tokens),
made by `tokenizer.json`, and returns {returned} of shape (n_texts, n_classes), in the order of
`labels` in `assay.json`, which the file's metadata has too. `assay predict` reads this folder as
it is.

| on {report.n_texts:,} texts ({report.split}) | before | after |
|---|---|---|
| {report.accuracy_name} | {accuracy_before} | {accuracy_after} |
| MB | {report.bytes_before / 1e6:.1f} | {report.bytes_after / 1e6:.1f} |
| texts/s | {report.texts_per_s_before:,.0f} | {report.texts_per_s_after:,.0f} |

{changed}.
"""
