"""What a notebook shows of a model: its size, its labels, and its recorded scores."""

from __future__ import annotations

from assay._display import html_block, html_table
from assay.data.labels import list_labels
from assay.runtime.manifest import Manifest

__all__ = ["model_html"]

N_SHOWN_LABELS = 30


def model_html(manifest: Manifest) -> str:
    """Return the model that a manifest describes, as HTML."""
    made = f"of {manifest.checkpoint['name']}, " if manifest.checkpoint else ""
    labels = list_labels(manifest.labels[:N_SHOWN_LABELS])
    if len(manifest.labels) > N_SHOWN_LABELS:
        labels += " …"
    rows = []
    for one in manifest.scores:
        low, high = one["interval"]
        rows.append(
            {
                "split": one["split"],
                "metric": one["metric"],
                "value": one["value"],
                "95 % interval": f"{low:.3f} to {high:.3f}",
                "texts": one["n_texts"],
            }
        )
    sentence = f"{made}{manifest.n_bytes / 1e6:.1f} MB, {len(manifest.labels)} labels: {labels}"
    return html_block(f"{manifest.method} model", sentence, html_table(rows))
